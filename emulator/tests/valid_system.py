"""What the system side of a PBX asks of arguments and bodies beyond their types: values that it takes.

Used where every action is asked once with valid arguments (test_actions.py).
"""

from __future__ import annotations

from typing import Any

from trunkline.catalog import Catalog

_HOURS = {"Type": "OfficeHours", "Periods": [{"DayOfWeek": "Monday", "Start": "09:00:00", "Stop": "17:00:00"}]}

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
    "playlists.delete_playlist_file": {"playlistKey": "Jazz", "fileName": "one.wav"},
    "playlists.create": {"Files": ["one.wav"]},
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "playlists.download_playlist_file": {"playlistKey": "Jazz", "fileName": "one.wav"},
    "prompt_sets.delete": {"Id": 2},
}


def fit(version: Catalog, action_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what this PBX takes; fields that the version lacks are left out."""
    if action_id == "dial_code_settings.update":
        return {field: f"*7{place}" for place, field in enumerate(body)}
    return {**body, **{name: value for name, value in BODIES.get(action_id, {}).items() if name in body}}
