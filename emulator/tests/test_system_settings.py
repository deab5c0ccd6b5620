"""What settings ask for beyond their types."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Dial, Line

INVALID = "WARNINGS.INVALID"
RANGE = "WARNINGS.XAPI.OUT_OF_THE_RANGE"
IN_USE = "WARNINGS.XAPI.ALREADY_IN_USE"
REQUIRED = "WARNINGS.XAPI.REQUIRED"


def hours(*periods: tuple[str, str, str]) -> object:
    named = [{"DayOfWeek": day, "Start": start, "Stop": stop} for day, start, stop in periods]
    return {"Type": "OfficeHours", "Periods": named}


REFUSED = [
    ("AntiHackingSettings", {"HackAuthRequests": 0}, "HackAuthRequests", RANGE),
    ("AntiHackingSettings", {"ThrottlePeriodLength": -1}, "ThrottlePeriodLength", RANGE),
    ("CDRSettings", {"SocketPort": 65536}, "SocketPort", RANGE),
    ("CDRSettings", {"SocketIpAddress": "192.0.2.256"}, "SocketIpAddress", INVALID),
    ("CDRSettings", {"EnabledFields": [{"Name": "weather"}]}, "EnabledFields", INVALID),
    ("CDRSettings", {"LogType": "ActiveSocket"}, "SocketIpAddress", REQUIRED),
    (
        "CallParkingSettings",
        {"AutoPickupForwardDN": "555"},
        "AutoPickupForwardDN",
        "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER",
    ),
    ("CallParkingSettings", {"AutoPickupForwardType": "DN"}, "AutoPickupForwardDN", REQUIRED),
    ("CallParkingSettings", {"MaximumParkedCalls": 0}, "MaximumParkedCalls", RANGE),
    ("CodecsSettings", {"LocalCodecList": []}, "LocalCodecList", REQUIRED),
    ("CodecsSettings", {"LocalCodecList": ["PCMU", "PCMU"]}, "LocalCodecList", INVALID),
    ("CodecsSettings", {"ExternalCodecList": ["MORSE"]}, "ExternalCodecList", INVALID),
    ("ConferenceSettings", {"Extension": "100"}, "Extension", IN_USE),
    ("ConferenceSettings", {"Extension": "7OO"}, "Extension", INVALID),
    ("ConferenceSettings", {"Extension": ""}, "Extension", "WARNINGS.XAPI.CAN_NOT_BE_EMPTY_STRING"),
    ("ConferenceSettings", {"PinNumber": "12a4"}, "PinNumber", "WARNINGS.XAPI.INVALID_PIN_NUMBER"),
    ("ConsoleRestrictions", {"AccessRestricted": True}, "IpWhitelist", REQUIRED),
    ("ConsoleRestrictions", {"IpWhitelist": ["office"]}, "IpWhitelist", "WARNINGS.INVALID_IP_MASK"),
    ("CountryCodes", {"CountryCodes": ["44", "+1"]}, "CountryCodes", INVALID),
    ("DialCodeSettings", {"DialCodePickup": "SP"}, "DialCodePickup", IN_USE),
    ("DialCodeSettings", {"DialCodePickup": "100"}, "DialCodePickup", IN_USE),
    ("DialCodeSettings", {"DialCodePickup": "* 20"}, "DialCodePickup", INVALID),
    ("E164Settings", {"InternationalCode": ""}, "InternationalCode", "WARNINGS.INTERNATIONALPREFIX_IS_MISSING"),
    ("E164Settings", {"CountryCode": "GB"}, "CountryCode", INVALID),
    ("FaxServerSettings", {"Email": "fax"}, "Email", INVALID),
    ("FaxServerSettings", {"Number": "889"}, "Number", "WARNINGS.XAPI.FORBIDDEN_CHANGE"),
    (
        "GeneralSettingsForPbx",
        {"OperatorExtension": "555"},
        "OperatorExtension",
        "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER",
    ),
    ("HotelServices", {"Port": 0}, "Port", RANGE),
    ("LoggingSettings", {"KeepLogsDays": -1}, "KeepLogsDays", RANGE),
    ("MailSettings", {"MailAddress": "pbx@"}, "MailAddress", INVALID),
    ("MailSettings", {"MailAddress": "pbx@example.com, b@example.com"}, "MailAddress", INVALID),
    ("MailSettings", {"MailServer": "smtp example"}, "MailServer", INVALID),
    ("MailSettings", {"MailServer": ""}, "MailServer", REQUIRED),
    ("NetworkSettings", {"SipPort": 70000}, "SipPort", RANGE),
    ("NetworkSettings", {"SipPort": 5090}, "SipPort", IN_USE),
    ("NetworkSettings", {"PublicStaticIP": "pbx.example.com"}, "PublicStaticIP", INVALID),
    ("NetworkSettings", {"StunPrimaryHost": "stun..example"}, "StunPrimaryHost", INVALID),
    ("NotificationSettings", {"EmailAddresses": "a@example.com; b"}, "EmailAddresses", INVALID),
    ("OfficeHours", {"TimeZoneId": "Europe/Atlantis"}, "TimeZoneId", "WARNINGS.XAPI.INVALID_TIMEZONE"),
    ("OfficeHours", {"Hours": hours(("Monday", "17:00", "09:00"))}, "Hours", INVALID),
    ("OfficeHours", {"Hours": hours(("Monday", "09:00", "09:00"))}, "Hours", INVALID),
    (
        "OfficeHours",
        {"BreakTime": hours(("Monday", "09:00", "13:00"), ("Monday", "12:59", "14:00"))},
        "BreakTime",
        INVALID,
    ),
    ("OfficeHours", {"Hours": {"Type": "OfficeHours", "Periods": [{"DayOfWeek": "Monday"}]}}, "Hours", REQUIRED),
    ("PhoneBookSettings", {"ResolvingLength": 0}, "ResolvingLength", RANGE),
    ("SyslogSettings", {"IntegrationType": "Custom"}, "Host", REQUIRED),
    ("VoicemailSettings", {"Extension": "800"}, "Extension", IN_USE),
    ("VoicemailSettings", {"SendEmailQuotaPercentage": 101}, "SendEmailQuotaPercentage", RANGE),
]
ACCEPTED = [
    ("AntiHackingSettings", {"HackAuthRequests": 10, "HackBlacklistDuration": 3600}),
    ("CDRSettings", {"LogType": "ActiveSocket", "SocketIpAddress": "192.0.2.9", "SocketPort": 5678}),
    ("CDRSettings", {"EnabledFields": [{"Name": "callid", "Length": 20}]}),
    ("CallParkingSettings", {"AutoPickupForwardType": "DN", "AutoPickupForwardDN": "800"}),
    ("CodecsSettings", {"LocalCodecList": ["OPUS", "PCMU"]}),
    ("ConferenceSettings", {"Extension": "701", "PinNumber": "1234", "EnablePin": True}),
    ("ConsoleRestrictions", {"AccessRestricted": True, "IpWhitelist": ["192.0.2.0/24", "2001:db8::1"]}),
    ("DialCodeSettings", {"DialCodePickup": "*21*"}),
    ("E164Settings", {"Enabled": False, "InternationalCode": ""}),
    ("FaxServerSettings", {"Number": "888", "MaxAge": 10}),
    ("MailSettings", {"MailServer": "smtp.example.com:587", "MailAddress": "pbx@mail.example.com"}),
    ("MailSettings", {"MailServerType": "Tcx", "MailServer": "", "MailAddress": ""}),
    ("NetworkSettings", {"SipPort": 5070, "TunnelPort": 5091, "PublicStaticIP": "203.0.113.1"}),
    ("NotificationSettings", {"EmailAddresses": "a@example.com; b@example.com,c@example.com"}),
    ("OfficeHours", {"TimeZoneId": "America/New_York"}),
    ("OfficeHours", {"TimeZoneId": "W. Europe Standard Time"}),
    ("OfficeHours", {"TimeZoneId": "1"}),
    ("SyslogSettings", {"IntegrationType": "Custom", "CustomRelayConfig": {"Host": "log.example.com", "Port": 514}}),
    ("VoicemailSettings", {"Extension": "998", "Quota": 200}),
    ("GeneralSettingsForPbx", {"OperatorExtension": "800"}),
    ("LoggingSettings", {"KeepLogsDays": None}),
]


@pytest.mark.parametrize(("name", "change", "field", "code"), REFUSED)
def test_refused(pbx: Line, name: Any, change: Any, field: Any, code: Any) -> None:
    before = pbx.get(f"/{name}").json
    answer = pbx.ask("PATCH", f"/{name}", change)
    assert (answer.status, answer.message) == (400, f"{field}:\n{code}")
    assert pbx.get(f"/{name}").json == before


@pytest.mark.parametrize(("name", "change"), ACCEPTED)
def test_accepted(pbx: Line, name: Any, change: Any) -> None:
    before = pbx.get(f"/{name}").json
    assert pbx.ask("PATCH", f"/{name}", change).status == 204
    after = pbx.get(f"/{name}").json
    for field, value in before.items():
        wanted = change.get(field, value)
        if isinstance(wanted, dict) and field in change:
            assert wanted.items() <= after[field].items()
        elif isinstance(wanted, list) and field in change and wanted and isinstance(wanted[0], dict):
            assert after[field] == wanted
        else:
            assert after.get(field) == wanted


def test_office_hours_may_touch_and_end_at_midnight(pbx: Line) -> None:
    change = {"Hours": hours(("Monday", "09:00", "12:00"), ("Monday", "12:00", "00:00"), ("Tuesday", "09:00", "12:00"))}
    assert pbx.ask("PATCH", "/OfficeHours", change).status == 204
    assert len(pbx.get("/OfficeHours").json["Hours"]["Periods"]) == 3


def test_every_time_zone_on_the_list_may_be_chosen(pbx: Line) -> None:
    zones = pbx.get("/Defs/TimeZones?$top=100").rows
    assert len(zones) > 40
    for zone in zones:
        assert pbx.ask("PATCH", "/OfficeHours", {"TimeZoneId": zone["IanaName"]}).status == 204


def test_a_parameter_has_a_name_of_its_own(pbx: Line) -> None:
    answer = pbx.ask("POST", "/Parameters", {"Name": "MAXCALLTIME", "Value": "1"})
    assert (answer.status, answer.message) == (400, f"Name:\n{IN_USE}")
    assert pbx.ask("POST", "/Parameters", {"Value": "1"}).message == f"Name:\n{REQUIRED}"
    made = pbx.ask("POST", "/Parameters", {"Name": "MINE", "Value": "1"}).json
    assert pbx.ask("PATCH", f"/Parameters({made['Id']})", {"Name": "MINE", "Value": "2"}).status == 204
    assert pbx.ask("PATCH", f"/Parameters({made['Id']})", {"Name": "MAXCALLTIME"}).status == 400


@pytest.mark.parametrize(
    ("version", "path", "body", "message"),
    [
        ("20.0.10", "/MailSettings", {"MailAddress": "a"}, "MailAddress:\nWARNINGS.INVALID"),
        ("20.0.7", "/MailSettings", {"MailAddress": "a"}, "MailAddress:\nWARNINGS.XAPI.INVALID"),
        ("pre-20.0.5", "/NetworkSettings", {"PublicStaticIP": "a"}, "PublicStaticIP:\nWARNINGS.XAPI.INVALID"),
        ("pre-20.0.5", "/ConsoleRestrictions", {"IpWhitelist": ["a"]}, "IpWhitelist:\nWARNINGS.INVALID_IP_MASK"),
    ],
)
def test_codes_are_those_of_the_version(
    dial: Dial, version: str, path: str, body: dict[str, Any], message: str
) -> None:
    answer = dial(version=version).ask("PATCH", path, body)
    assert (answer.status, answer.message) == (400, message)
