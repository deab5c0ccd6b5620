"""What the system side of a PBX asks of arguments and bodies beyond their types: values that it takes.

Used where every action is asked once with valid arguments (test_actions.py).
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from trunkline.catalog import Catalog

_HOURS = {"Type": "OfficeHours", "Periods": [{"DayOfWeek": "Monday", "Start": "09:00:00", "Stop": "17:00:00"}]}
_UPDATE_KEY = str(uuid5(NAMESPACE_DNS, "updates.example.com"))
_UPDATE = str(uuid5(NAMESPACE_DNS, "SBC.updates.example.com"))
_CONVERTER = str(uuid5(NAMESPACE_DNS, "converter1.example.com"))

# Fields in the place of those made from their types, by action.
BODIES: dict[str, dict[str, Any]] = {
    "backups.backup": {"description": {"Name": "abc"}},
    "backups.restore": {"password": ""},
    "call_parking_settings.update": {"AutoPickupForwardDN": "100"},
    "codecs_settings.update": {"LocalCodecList": ["PCMU"], "ExternalCodecList": ["PCMA"]},
    "conference_settings.update": {"Extension": "777", "PinNumber": "1234"},
    "console_restrictions.update": {"IpWhitelist": ["192.0.2.0/24"]},
    "country_codes.update": {"CountryCodes": ["44"]},
    "e164_settings.update": {"CountryCode": "44", "InternationalCode": "00"},
    "fax_server_settings.update": {"Email": "fax@example.com", "Number": "888"},
    "general_settings_for_pbx.update": {"OperatorExtension": "100"},
    "hotel_services.update": {"IpAddress": "192.0.2.20"},
    "mail_settings.update": {"MailAddress": "pbx@example.com"},
    "network_settings.update": {"PublicStaticIP": "192.0.2.10", "TunnelPort": 5090},
    "notification_settings.update": {"EmailAddresses": "admin@example.com"},
    "office_hours.update": {"TimeZoneId": "Europe/Paris", "Hours": _HOURS, "BreakTime": _HOURS},
    "voicemail_settings.update": {"Extension": "779"},
    "cdr_settings.update": {"SocketIpAddress": "192.0.2.20"},
    "dial_code_settings.update": {},
    "system_status.request_help": {
        "description": {"Name": "A", "IssueDescription": "B", "ReplyEmail": "a@example.com", "GrantPeriodDays": 7}
    },
    "license_status.edit_license_info": {"licenseParams": {"Email": "a@example.com", "Country": "Germany"}},
    "license_status.replace_license_key": {"licenseKey": "ABCD-EFGH-1234-5678"},
    "license_status.link_partner": {"resellerId": "4711"},
    "defs.send_email": {"sendEmail": {"Destination": "a@example.com", "Template": "Welcome"}},
    "mcp_servers.register": {"registrationEndpoint": "https://mcp.example.com/register"},
    "mcp_servers.exchange": {"tokenEndpoint": "https://mcp.example.com/token"},
    "prompt_sets.play_prompt": {"extension": "100", "promptId": "1"},
    "prompt_sets.record_prompt": {"extension": "100", "promptId": "1"},
    "custom_prompts.make_call_record_custom_prompt": {"dn": "100"},
    "playlists.delete_playlist_file": {"playlistKey": "Jazz", "fileName": "one.wav"},
    "playlists.create": {"Files": ["one.wav"]},
    "ai_settings.update_vector_store": {"model": {"Id": "vs_00000001", "Name": "B"}},
    "ai_settings.delete_vector_store": {"id": "vs_00000001"},
    "ai_settings.add_vector_store_files": {"model": {"VectorId": "vs_00000001", "FileIds": ["a"]}},
    "ai_settings.batch_delete_files": {"model": {"VectorId": "vs_00000001", "FileIds": ["a"]}},
    "ai_settings.delete_vector_store_file": {"vectorid": "vs_00000001", "fileid": "abc"},
    "conference_settings.update_mcu_request_status": {"request": {"State": "Success", "Operation": "Create"}},
    "voicemail_settings.delete_converter_configuration": {"id": _CONVERTER},
    "updates.install_updates": {"install": {"Key": _UPDATE_KEY, "Entries": [_UPDATE]}},
    "google_settings.get_google_users": {"options": {"Count": 7}},
    "microsoft365_integration.get_m365_users": {"options": {"Count": 7}},
    "microsoft365_integration.get_users": {"options": None},
    "syslog_settings.test_connection": {"config": {"IntegrationType": "None"}},
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "conference_settings.get_mcu_row": {"guid": "abc"},
    "get_update_details.get_update_details": {"key": _UPDATE_KEY, "id": _UPDATE},
    "ai_settings.get_ai_resources": {"provider": "OpenAI"},
    "ai_settings.get_ai_template_contents": {"id": "receptionist"},
    "ai_settings.get_vector_store": {"id": "vs_00000001"},
    "ai_settings.get_vector_store_files": {"id": "vs_00000001"},
    "crm_integration.get_crm_template_source": {"name": "ExampleCRM"},
    "license_status.partner_info": {"resellerId": "4711"},
    "mcp_servers.get_server_metadata": {"targetIssuer": "https://mcp.example.com"},
    "playlists.download_playlist_file": {"playlistKey": "Jazz", "fileName": "one.wav"},
    "prompt_sets.delete": {"Id": 2},
    "prompt_sets.record_prompt": {"Id": 3},
}

_KEY = ("PATCH", "/AISettings", {"APIKey": {"Concealed": False, "Value": "not-a-real-key"}})
_VECTOR_STORE = ("POST", "/AISettings/Pbx.CreateVectorStore", {"model": {"Name": "A"}})
_FILE = ("POST", "/AISettings/Pbx.AddVectorStoreFiles", {"model": {"VectorId": "vs_00000001", "FileIds": ["abc"]}})
_ELSEWHERE = (
    "PATCH",
    "/RemoteArchivingSettings",
    {"Location": {"FileSystemType": "Ftp", "FtpPath": "ftp.example.com"}},
)
_MCU = (
    "POST",
    "/ConferenceSettings/Pbx.UpdateMCURequestStatus",
    {"request": {"State": "Success", "Operation": "Create", "McuId": "abc"}},
)
_NEW_CONVERTER = ("POST", "/VoicemailSettings/Pbx.CreateConverterConfiguration", None)
_CONNECTOR = ("PATCH", "/DataConnectorSettings", {"OffloadDestination": "BigQuery"})
# Requests that an action needs to have gone before it.
BEFORE: dict[str, list[tuple[str, str, Any]]] = {
    "ai_settings.create_vector_store": [_KEY],
    **{
        f"ai_settings.{action}": [_KEY, _VECTOR_STORE, _FILE]
        for action in (
            "update_vector_store",
            "delete_vector_store",
            "get_vector_store",
            "get_vector_store_files",
            "add_vector_store_files",
            "batch_delete_files",
            "delete_vector_store_file",
        )
    },
    **{
        f"remote_archiving_settings.archive_{part}": [_ELSEWHERE]
        for part in ("chats", "faxes", "recordings", "voicemail")
    },
    "crm_integration.get_oauth": [
        (
            "POST",
            "/CrmIntegration/Pbx.SetOAuthState",
            {"state": {"Variable": "abc", "RedirectUri": "https://a.example.com"}},
        )
    ],
    "conference_settings.get_mcu_row": [_MCU],
    "voicemail_settings.delete_converter_configuration": [_NEW_CONVERTER],
    "voicemail_settings.get_converter_request_status": [_NEW_CONVERTER],
    "data_connector_settings.test_data_connector": [_CONNECTOR],
    "data_connector_settings.synchronize": [_CONNECTOR],
    "mcp_servers.exchange": [
        (
            "POST",
            "/McpServers/Pbx.Register",
            {"registrationEndpoint": "https://mcp.example.com/register", "scope": "tools"},
        )
    ],
    "microsoft365_integration.test_presence": [
        ("POST", "/Microsoft365Integration/Pbx.AuthorizePresence", {"accessToken": "abc"})
    ],
}


def fit(version: Catalog, action_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what this PBX takes; fields that the version lacks are left out."""
    if action_id == "dial_code_settings.update":
        return {field: f"*7{place}" for place, field in enumerate(body)}
    return {**body, **{name: value for name, value in BODIES.get(action_id, {}).items() if name in body}}
