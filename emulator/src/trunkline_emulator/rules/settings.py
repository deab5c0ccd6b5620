"""What settings ask for beyond their types: ranges, addresses, extensions that exist or are free, sensible hours.

Names and codes are 3CX's. The bounds of most figures nobody has published, so they are wide: they refuse what can't be
meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..evidence import ASSUMED
from ..refusals import bad_field
from ..values import Row
from ..warning_codes import ALREADY_IN_USE, FORBIDDEN_CHANGE, INVALID, REQUIRED, refuse
from . import addresses
from .checks import Check, between
from .rule import Rule

if TYPE_CHECKING:
    from ..store import Store

EMPTY = "WARNINGS.XAPI.CAN_NOT_BE_EMPTY_STRING"
NO_SUCH_NUMBER = "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER"

_DIGITS = re.compile(r"[0-9]+")
_DIAL_CODE = re.compile(r"[0-9A-Za-z*#]{1,12}")


def text(holds: Callable[[str], bool], code: str = INVALID) -> Check:
    """Return a text that may be empty, and otherwise holds."""
    return lambda store, value: None if not value or holds(value) else code


def each(holds: Callable[[str], bool], code: str = INVALID) -> Check:
    return lambda store, values: None if all(holds(value) for value in values) else code


def not_empty(store: Store, value: Any) -> str | None:
    return None if value else EMPTY


def known_number(store: Store, value: str) -> str | None:
    return None if not value or value in store.numbers() else NO_SUCH_NUMBER


def free_number(store: Store, value: str) -> str | None:
    """For an extension of the PBX itself, which is not a DN: digits that no DN has."""
    if not value:
        return EMPTY
    if not _DIGITS.fullmatch(value):
        return INVALID
    return ALREADY_IN_USE if value in store.numbers() else None


def time_zone(store: Store, value: str) -> str | None:
    """One of those that Defs lists, by any of its names."""
    zones = store.singletons["Defs"]["TimeZones"]
    known = {zone[name] for zone in zones for name in ("Id", "IanaName", "WindowsName") if zone.get(name)}
    return None if value in known else "WARNINGS.XAPI.INVALID_TIMEZONE"


def codecs(store: Store, values: list[str]) -> str | None:
    if not values:
        return REQUIRED
    known = {codec["RfcName"] for codec in store.singletons["Defs"]["Codecs"]}
    return None if known.issuperset(values) and len(set(values)) == len(values) else INVALID


def hours(store: Store, schedule: Row) -> str | None:
    """Periods end after they began, or at midnight, and don't overlap on one day."""
    by_day: dict[str | None, list[tuple[str, str]]] = {}
    for period in schedule.get("Periods") or []:
        start, stop = period.get("Start"), period.get("Stop")
        if start is None or stop is None:
            return REQUIRED
        by_day.setdefault(period.get("DayOfWeek"), []).append((start, "24:00" if stop[:5] == "00:00" else stop))
    for periods in by_day.values():
        ordered = sorted(periods)
        if any(start >= stop for start, stop in ordered):
            return INVALID
        if any(earlier[1] > later[0] for earlier, later in pairwise(ordered)):
            return INVALID
    return None


def setpoints(store: Store, values: list[Row]) -> str | None:
    return between(0, 1_000_000)(store, min((one.get("Value") or 0 for one in values), default=0))


_PORT = between(1, 65_535)
_MINUTES = between(0, 525_600)
_HOST = text(addresses.is_host)
_ADDRESS = text(addresses.is_address)
_MAIL = text(addresses.is_mail_address)

CHECKS: dict[str, dict[str, Check]] = {
    "AntiHackingSettings": {
        "HackAuthRequests": between(1, 100_000),
        "HackBarrierAmber": between(0, 1_000_000),
        "HackBarrierGreen": between(0, 1_000_000),
        "HackBarrierRed": between(0, 1_000_000),
        "HackBlacklistDuration": between(1, 315_360_000),
        "HackChallengeRequests": between(1, 1_000_000),
        "MaxRequestPerPeriod": between(1, 1_000_000),
        "ThrottlePeriodLength": between(1, 86_400),
    },
    "CDRSettings": {"LogSize": between(1, 100_000), "SocketIpAddress": _ADDRESS, "SocketPort": _PORT},
    "CallParkingSettings": {
        "AutoPickupTimeout": between(0, 86_400),
        "MaximumParkedCalls": between(1, 1000),
        "AutoPickupForwardDN": known_number,
    },
    "ChatLogSettings": {"AutoClearMonths": between(0, 240), "AutoCloseDays": between(0, 3650)},
    "CodecsSettings": {"ExternalCodecList": codecs, "LocalCodecList": codecs},
    "ConferenceSettings": {
        "Extension": free_number,
        "PinNumber": text(lambda value: _DIGITS.fullmatch(value) is not None, "WARNINGS.XAPI.INVALID_PIN_NUMBER"),
    },
    "ConsoleRestrictions": {"IpWhitelist": each(addresses.is_network, "WARNINGS.INVALID_IP_MASK")},
    "CountryCodes": {"CountryCodes": each(lambda value: _DIGITS.fullmatch(value) is not None)},
    "E164Settings": {
        "CountryCode": text(lambda value: _DIGITS.fullmatch(value.removeprefix("+")) is not None),
        "InternationalCode": text(lambda value: re.fullmatch(r"[0-9+*#]+", value) is not None),
    },
    "FaxServerSettings": {"Email": text(addresses.are_mail_addresses), "MaxAge": between(0, 36_500)},
    "GeneralSettingsForPbx": {"OperatorExtension": known_number, "BusyMonitorTimeout": between(0, 86_400)},
    "HotelServices": {"IpAddress": _ADDRESS, "Port": _PORT, "NoAnswerTimeout": between(0, 3600)},
    "LoggingSettings": {"KeepLogsDays": between(0, 3650), "LoggingLevel": between(0, 10)},
    "MailSettings": {"MailAddress": _MAIL, "MailServer": _HOST},
    "NetworkSettings": {
        "DirectSIPLocalDomain": _HOST,
        "FirewallKeepAliveInterval": between(1, 86_400),
        "PbxPublicFQDN": _HOST,
        "PublicStaticIP": _ADDRESS,
        "SipPort": _PORT,
        "StunPrimaryHost": _HOST,
        "StunPrimaryPort": _PORT,
        "StunQuery": between(0, 86_400),
        "StunSecondaryHost": _HOST,
        "StunSecondaryPort": _PORT,
        "StunThirdHost": _HOST,
        "StunThirdPort": _PORT,
        "TunnelPort": _PORT,
    },
    "NotificationSettings": {"EmailAddresses": text(addresses.are_mail_addresses), "Setpoints": setpoints},
    "OfficeHours": {"TimeZoneId": time_zone, "Hours": hours, "BreakTime": hours, "SystemLanguage": not_empty},
    "PhoneBookSettings": {"ResolvingLength": between(1, 30)},
    "PhonesSettings": {f"{vendor}UpdateInterval": _MINUTES for vendor in ("Fanvil", "Grandstream", "Snom", "Yealink")},
    "VoicemailSettings": {
        "Extension": free_number,
        "AutoDeleteDays": between(0, 36_500),
        "MinDuration": between(0, 3600),
        "Quota": between(0, 1_000_000),
        "SendEmailQuotaPercentage": between(1, 100),
    },
}


class Settings(Rule):
    """Each field that was sent is looked at by its own check, then the settings as a whole."""

    def __init__(self, fields: Mapping[str, Check]) -> None:
        self._fields = fields

    def check(self, store: Store, row: Row, given: Row, old: Row | None) -> None:
        for name, value in given.items():
            code = self._fields[name](store, value) if name in self._fields and value is not None else None
            if code:
                raise refuse(store, code, name, fact=ASSUMED)
        self.together(store, row, given, old or {})

    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        """Check what one field requires of another. Raises Refusal (400)."""


class DialCodes(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        """No code is used twice, nor is it a number that somebody has."""
        for name, value in given.items():
            if not value:
                continue
            if not _DIAL_CODE.fullmatch(value):
                raise refuse(store, INVALID, name, fact=ASSUMED)
            others = {other for field, other in row.items() if field != name}
            if value in others or value in store.numbers():
                raise refuse(store, ALREADY_IN_USE, name, fact=ASSUMED)


class Cdr(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        known = set(row["PossibleFields"])
        if any(field.get("Name") not in known for field in given.get("EnabledFields") or []):
            raise refuse(store, INVALID, "EnabledFields", fact=ASSUMED)
        if row["LogType"] == "ActiveSocket" and "LogType" in given and not row["SocketIpAddress"]:
            raise bad_field("SocketIpAddress", REQUIRED, fact=ASSUMED)


class Parking(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        needs = {"DN": "AutoPickupForwardDN", "ExtensionVoiceMail": "AutoPickupForwardDN"}
        needs["ExternalNumber"] = "AutoPickupForwardExternalNumber"
        field = needs.get(row["AutoPickupForwardType"] or "")
        if "AutoPickupForwardType" in given and field and not row[field]:
            raise bad_field(field, REQUIRED, fact=ASSUMED)


class Console(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        """Nobody locks everybody out."""
        if row["AccessRestricted"] and not row["IpWhitelist"]:
            raise bad_field("IpWhitelist", REQUIRED, fact=ASSUMED)


class E164(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        if row["Enabled"] and not row["InternationalCode"]:
            raise refuse(store, "WARNINGS.INTERNATIONALPREFIX_IS_MISSING", "InternationalCode", fact=ASSUMED)


class Mail(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        if row["MailServerType"] == "Custom":
            for field in ("MailServer", "MailAddress"):
                if not row[field]:
                    raise bad_field(field, REQUIRED, fact=ASSUMED)


class Network(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        if row["SipPort"] is not None and row["SipPort"] == row["TunnelPort"]:
            raise refuse(store, ALREADY_IN_USE, "TunnelPort" if "TunnelPort" in given else "SipPort", fact=ASSUMED)


class FaxServer(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        if given.get("Number", old["Number"]) != old["Number"]:
            raise bad_field("Number", FORBIDDEN_CHANGE, fact=ASSUMED)


class Syslog(Settings):
    def together(self, store: Store, row: Row, given: Row, old: Row) -> None:
        problem = syslog_problem(row)
        if problem:
            raise refuse(store, problem[1], problem[0], fact=ASSUMED)


def syslog_problem(row: Row) -> tuple[str, str] | None:
    """Return the wrong field and its code, if a relay lacks host or port."""
    if row["IntegrationType"] != "Custom":
        return None
    relay = row["CustomRelayConfig"] or {}
    if not relay.get("Host") or not relay.get("Port"):
        return ("Port" if relay.get("Host") else "Host"), REQUIRED
    if not addresses.is_host(relay["Host"]):
        return "Host", INVALID
    return None if 0 < relay["Port"] < 65_536 else ("Port", "WARNINGS.XAPI.OUT_OF_THE_RANGE")


class Named(Rule):
    """A name that is there and that no other row of the set has."""

    def __init__(self, resource: str) -> None:
        self._resource = resource

    def check(self, store: Store, row: Row, given: Row, old: Row | None) -> None:
        if not row["Name"]:
            raise bad_field("Name", REQUIRED, fact=ASSUMED)
        same = [other for other in store.rows(self._resource) if other["Name"] == row["Name"]]
        if any(old is None or other["Id"] != old["Id"] for other in same):
            raise bad_field("Name", ALREADY_IN_USE, fact=ASSUMED)


_TOGETHER: dict[str, type[Settings]] = {
    "CDRSettings": Cdr,
    "CallParkingSettings": Parking,
    "ConsoleRestrictions": Console,
    "DialCodeSettings": DialCodes,
    "E164Settings": E164,
    "FaxServerSettings": FaxServer,
    "MailSettings": Mail,
    "NetworkSettings": Network,
    "SyslogSettings": Syslog,
}
RULES: dict[str, Rule] = {
    **{name: _TOGETHER.get(name, Settings)(CHECKS.get(name, {})) for name in {**CHECKS, **dict.fromkeys(_TOGETHER)}},
    "Parameters": Named("Parameters"),
}
