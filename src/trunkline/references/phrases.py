"""How a question names each action that removes or cuts off: a phrase, and what follows from a yes.

``{it}`` is the entity of the key and ``{them}`` those of the body's Ids, both as the PBX calls them; ``{phone}`` is a
phone and whose it is; a name of `COUNTS` is a number of entities. `stakes` makes ``{models}``, ``{period}``,
``{secrets}`` and ``{services}``. Any other name is a value of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Phrase(NamedTuple):
    """The question up to "on acme?", and a sentence before it."""

    text: str
    fact: str = ""


class Count(NamedTuple):
    """Which list is counted. That ``IsArchived`` means the remote storage is assumed (docs/pbx.md, Answers)."""

    action: str
    filter: str | None = None


COUNTS: Mapping[str, Count] = {
    "archived_recordings": Count("recordings.list", "IsArchived eq true"),
    "backups": Count("backups.list"),
    "calls": Count("active_calls.list"),
    "contacts": Count("contacts.list"),
    "events": Count("event_logs.list"),
    "local_recordings": Count("recordings.list", "IsArchived eq false"),
}
_CALLS = "{calls} calls are in progress."
_PHONE = "A call on it drops."
_SIGNED_OUT = "Whoever uses it has to sign in again."
_SECRETS = "Phones and apps that use the old secrets are cut off."
_SYNCHRONISED = "Entries come back where synchronisation is still on."

PHRASES: Mapping[str, Phrase] = {
    "active_calls.drop_call": Phrase("Hang up the call {it}", "It ends for everybody on it."),
    "activity_log.purge_logs": Phrase("Erase the whole activity log"),
    "ai_settings.batch_delete_files": Phrase("Remove the chosen documents from a knowledge base at the AI provider"),
    "ai_settings.delete_open_ai_file": Phrase("Remove the document {fileid} from the account at OpenAI"),
    "ai_settings.delete_vector_store": Phrase("Remove the knowledge base {id} at the AI provider"),
    "ai_settings.delete_vector_store_file": Phrase("Take the document {fileid} out of the knowledge base {vectorid}"),
    "backups.purge_local_backups": Phrase("Delete all backup files of the own disk", "{backups} backups are listed."),
    "backups.restore": Phrase(
        "Restore the backup {it}", f"What was changed since then is lost, and calls drop. {_CALLS}"
    ),
    "black_list_numbers.bulk_numbers_delete": Phrase("Unblock {them}"),
    "blocklist.bulk_ips_delete": Phrase("Remove {them} from the blocklist"),
    "call_flow_apps.delete_audio_file": Phrase("Delete the sound {filename} of the call flow app {it}"),
    "call_flow_apps.delete_file": Phrase("Delete the file {filename} of the call flow app {it}"),
    "conference_settings.delete_api_key": Phrase("Revoke the key of web meetings", "Programs that use it lose access."),
    "contacts.all_contacts_bulk_delete": Phrase("Delete all {contacts} contacts"),
    "contacts.batch_contacts_delete": Phrase("Delete {them}"),
    "contacts.crm_contacts_bulk_delete": Phrase("Delete all contacts that came from the CRM"),
    "contacts.delete_contacts_by_id": Phrase("Delete {them}"),
    "contacts.delete_contacts_by_type": Phrase("Delete the contacts of the source {contactSource}", _SYNCHRONISED),
    "contacts.delete_department_contacts_by_type": Phrase(
        "Delete the contacts of the source {contactSource} in all departments", _SYNCHRONISED
    ),
    "contacts.delete_personal_contacts_by_type": Phrase(
        "Delete the personal contacts of the source {contactSource}", _SYNCHRONISED
    ),
    "contacts.google_personal_contacts_bulk_delete": Phrase("Delete all personal contacts from Google", _SYNCHRONISED),
    "contacts.office365_contacts_bulk_delete": Phrase("Delete all contacts from Microsoft 365", _SYNCHRONISED),
    "contacts.office365_personal_contacts_bulk_delete": Phrase(
        "Delete all personal contacts from Microsoft 365", _SYNCHRONISED
    ),
    "crm_integration.delete_crm_contacts": Phrase("Delete all contacts that came from the CRM"),
    "dn_properties.delete_dn_property": Phrase("Remove the value {propertyName} of the number {dnNumber}"),
    "event_logs.purge_event_log": Phrase("Erase all {events} system events"),
    "fax.bulk_fax_delete": Phrase("Delete {them}"),
    "fax_server_settings.clean_up_fax": Phrase("Delete the stored fax pages that are older than the configured age"),
    "firmwares.clean_up": Phrase("Delete the phone software that no provisioned phone uses"),
    "fxs.regenerate_web_credentials": Phrase("Replace the web password of the gateway {it}"),
    "groups.delete_company_by_id": Phrase("Remove the company {id}", "Its departments and settings go with it."),
    "groups.delete_company_by_number": Phrase(
        "Remove the company {number}", "Its departments and settings go with it."
    ),
    "inbound_rules.bulk_inbound_rules_delete": Phrase("Delete {them}"),
    "my_tokens.revoke_token": Phrase("Sign out {it}", _SIGNED_OUT),
    "outbound_rules.purge": Phrase("Delete {them}"),
    "playlists.delete_playlist_file": Phrase("Delete the sound {fileName} of the playlist {playlistKey}"),
    "purge_settings.purge_all_logs": Phrase("Delete all log files of the services"),
    "purge_settings.purge_calls": Phrase("Delete the call history, {period},"),
    "purge_settings.purge_chats": Phrase("Delete the chat history, {period},"),
    "purge_settings.purge_local_backups": Phrase(
        "Delete all backup files of the own disk", "{backups} backups are listed."
    ),
    "queues.reset_queue_statistics": Phrase("Set the statistics of queue {it} back to zero"),
    "recordings.bulk_recordings_delete": Phrase("Delete {them}"),
    "recordings.purge_archive": Phrase("Delete all {archived_recordings} recordings in the archive"),
    "recordings.purge_local": Phrase("Delete all {local_recordings} recordings stored"),
    "security_tokens.revoke_token": Phrase("Sign out {it}", _SIGNED_OUT),
    "services.disable": Phrase("Turn off {services}", "They don't start again by themselves."),
    "services.restart": Phrase("Restart {services}", _CALLS),
    "services.restart_all": Phrase("Restart all services", f"Calls drop. {_CALLS}"),
    "services.restart_operating_system": Phrase("Reboot the machine", f"Calls drop. {_CALLS}"),
    "services.stop": Phrase("Stop {services}", _CALLS),
    "system_status.revoke_remote_access": Phrase("End the access of support"),
    "updates.install_updates": Phrase("Install the chosen updates", f"Services restart. {_CALLS}"),
    "updates.upgrade_debian": Phrase("Upgrade the operating system", f"The machine reboots. {_CALLS}"),
    "users.batch_delete": Phrase("Delete {them}"),
    "users.install_firmware": Phrase("Install the newest tested software on {models}", "Phones restart."),
    "users.multi_delete_greeting": Phrase("Delete the greeting {filename} of {them}"),
    "users.reboot_phone": Phrase("Reboot phone {phone}", _PHONE),
    "users.regenerate": Phrase("Replace {secrets} of user {it}", _SECRETS),
    "users.regenerate_passwords": Phrase("Replace {secrets} of {them}", _SECRETS),
    "users.reprovision_all_phones": Phrase("Reprovision all phones of {them}", "Phones may restart."),
    "users.reprovision_phone": Phrase("Reprovision phone {phone}", "It may restart."),
    "users.upgrade_phone": Phrase("Install version {version} on phone {phone}", f"It restarts. {_PHONE}"),
    "voicemail_settings.delete_all_user_voicemails": Phrase("Delete the voicemail messages of all users"),
    "voicemail_settings.delete_converter_configuration": Phrase("Remove the transcription server {id}"),
    "website_links.bulk_links_delete": Phrase("Delete {them}"),
}

NAMES: Mapping[str, str] = {
    "Pbx.ActiveCall": "from {Caller} to {Callee}",
    "Pbx.BlackListNumber": "{CallerId} {Description}",
    "Pbx.BlocklistAddr": "{IPAddr}",
    "Pbx.Contact": "{FirstName} {LastName} {CompanyName} {PhoneNumber}",
    "Pbx.Firmware": "{Vendor} {Model} {Version}",
    "Pbx.InboundRule": "{RuleName} {Data}",
    "Pbx.OAuthClient": "{ClientId}",
    "Pbx.PromptSet": "{PromptSetName}",
    "Pbx.Recording": "from {FromDisplayName} to {ToDisplayName} at {StartTime}",
    "Pbx.RefreshToken": "{CreatedByUserAgent} of {Username}",
    "Pbx.Sbc": "{Name} {DisplayName}",
    "Pbx.Tenant": "{Name}",
    "Pbx.User": "{Number} {FirstName} {LastName}",
}
"""What a person calls an entity, where that isn't its number and its name."""
