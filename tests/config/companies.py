"""Companies made at random: what a PBX may hold, with names of every script and everything referring to everything.

Each is set up as somebody would set it up, by creating and changing through the API, so that it is as an emulated PBX
keeps it. First all that has a number is created, then what refers to others is filled in: circles come by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st

from trunkline_emulator import Emulator

Body = dict[str, Any]
T = TypeVar("T")

NAMES = (
    "Sales", "SALES", "Vertrieb & Einkauf", "B\u00fcro", "Bu\u0308ro", "O'Dwyer", "日本語", "اللغة", "🎺 Brass", "a/b",
    "a\\b", "..", ".hidden", "null", "yes", "No", "~", "007", "1e3", "0x1F", "12:30", "2026-01-01", "#1", "x: y", "- z",
    "&anchor", "*alias", "!remove", "!secret a/b", "{a}", "[b]", '"quoted"', "'single'", "100%", "${customer.prefix}",
    "$$", "C:", "CON", "a#2", "a #2", "line\nbreak", "tab\tstop", "Ω≈ç", "ß", "SS", "@at", "`tick`", "=sum", "|", ">",
    "?", "x" * 40,
)  # fmt: skip
"""Names that somebody's file system, YAML reader or template would trip over; two are one after normalization."""
ROLES = ("users", "receptionists", "managers", "group_admins", "group_owners")
PROFILES = ("Available", "Away", "Out of office", "Custom 1", "Custom 2")
DAYS = ("Monday", "Tuesday", "Saturday", "Sunday")
HOURS = ("OfficeHours", "SpecificHours", "OutOfOfficeHours", "Never")
LEADS_TO = {
    "Extension": "Users",
    "VoiceMail": "Users",
    "Queue": "Queues",
    "RingGroup": "RingGroups",
    "IVR": "Receptionists",
    "Fax": "Fax",
}
"""Where a destination of that type leads."""
MENU = ("Extension", "VoiceMail", "Queue", "RingGroup", "IVR")
"""Types of destinations that a key of a receptionist can have."""

randoms = st.randoms(use_true_random=False)
"""What `set_up` is given, so that hypothesis finds the smallest company that shows a fault."""


class _Group(NamedTuple):
    id: int
    name: str
    number: str


def set_up(emulator: Emulator, random: Random, size: int = 3) -> None:
    """Fill an empty emulated PBX with a company; of each kind it gets up to ``size`` entities."""
    _Company(emulator, random, size).set_up()


class _Company:
    def __init__(self, emulator: Emulator, random: Random, size: int) -> None:
        self._emulator, self._random, self._size = emulator, random, size
        self._names = iter(random.sample(NAMES, len(NAMES)))
        self._numbers: dict[str, list[str]] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._groups = [_Group(1, "DEFAULT", "GRP0000")]
        self._trunks: list[tuple[int, str]] = []

    def set_up(self) -> None:
        self._departments()
        self._lines()
        self._numbered("Users", 100, self._user)
        self._numbered("Parkings", 0, lambda: {}, "SP{}")
        self._numbered("Fax", 880, lambda: {"OutboundCallerId": self._phone_number()})
        self._numbered("CallFlowApps", 830, lambda: {"Name": self._name(), "RoutingType": "Forward"})
        self._numbered("Queues", 800, self._queue)
        self._numbered("RingGroups", 810, self._ring_group)
        self._numbered("Receptionists", 820, lambda: {"Name": self._name(), "Timeout": self._random.randint(0, 60)})
        self._fill_in()
        self._rules()
        self._lists()
        self._settings()
        self._emulator.clear_journal()

    def _ask(self, method: str, path: str, body: Body) -> Any:
        answer = self._emulator.ask(method, path, json=body)
        assert answer.status in (201, 204), (method, path, body, answer.body)
        return answer.json() if answer.status == 201 else None

    # What there is.

    def _departments(self) -> None:
        for _ in self._several():
            made = self._ask("POST", "/Groups", {"Name": self._name(), "Hours": self._hours(), "Language": "DE"})
            self._groups.append(_Group(made["Id"], made["Name"], made["Number"]))

    def _lines(self) -> None:
        for place in self._several():
            gateway = {"Name": self._name(), "Type": "Provider", "Host": f"sip{place}.example.com", "Port": 5060}
            numbers = [self._phone_number() for _ in self._several()]
            body = {"Gateway": gateway, "AuthID": f"id{place}", "AuthPassword": {"Value": "not-a-real-password"}}
            made = self._ask("POST", "/Trunks", {**body, "DidNumbers": numbers, "SimultaneousCalls": 1 + place})
            self._trunks.append((made["Id"], made["Number"]))

    def _numbered(self, set_name: str, first: int, body: Callable[[], Body], pattern: str = "{}") -> None:
        for place in self._several():
            number = pattern.format(first + place)
            made = self._ask("POST", f"/{set_name}", {**body(), "Number": number, "Groups": self._memberships()})
            self._ids[set_name, number] = made["Id"]
            self._numbers.setdefault(set_name, []).append(number)

    def _user(self) -> Body:
        first, last = self._name(), self._name()
        phones = [
            {
                "MacAddress": f"805EC0{self._random.randrange(16**6):06X}",
                "Name": "Desk",
                "Settings": {"Codecs": ["G722"]},
            }
            for _ in range(self._random.randint(0, 2))
        ]
        return {
            "FirstName": first,
            "LastName": last,
            "Mobile": self._phone_number() if self._maybe() else "",
            "RecordCalls": self._maybe(),
            "VMPIN": "0815",
            "Phones": list({phone["MacAddress"]: phone for phone in phones}.values()),
            "Hours": self._hours(),
        }

    def _queue(self) -> Body:
        strategy = self._random.choice(["Hunt", "RingAll", "LongestWaiting"])
        return {"Name": self._name(), "PollingStrategy": strategy, "RingTimeout": self._random.randint(1, 60)}

    def _ring_group(self) -> Body:
        return {"Name": self._name(), "RingStrategy": self._random.choice(["Hunt", "RingAll"])}

    # What refers to others.

    def _fill_in(self) -> None:
        for group in self._groups:
            routes = {name: self._route() for name in ("OfficeRoute", "BreakRoute") if self._maybe()}
            self._ask("PATCH", f"/Groups({group.id})", routes)
        for (set_name, _), id_ in self._ids.items():
            fill = {
                "Users": self._forwarding,
                "Queues": self._agents,
                "RingGroups": self._members,
                "Receptionists": self._keys,
            }.get(set_name)
            if fill is not None:
                self._ask("PATCH", f"/{set_name}({id_})", fill())

    def _forwarding(self) -> Body:
        profiles = []
        for place, name in enumerate(PROFILES):
            profile: Body = {"Name": name, "CustomMessage": self._name() if self._maybe() else ""}
            if place in (0, 3):
                profile["NoAnswerTimeout"] = self._random.randint(5, 60)
                profile["AvailableRoute"] = {"NoAnswerAllCalls": self._maybe(), "NoAnswerExternal": self._destination()}
            else:
                profile["AwayRoute"] = {"External": self._destination(), "Internal": self._destination()}
            profiles.append(profile)
        exceptions = [
            {"Condition": "BasedOnCallerID", "Data": self._phone_number(), "Destination": self._destination()}
            for _ in range(self._random.randint(0, 2))
        ]
        return {"ForwardingProfiles": profiles, "ForwardingExceptions": exceptions}

    def _agents(self) -> Body:
        agents = [{"Number": number, "SkillGroup": str(self._random.randint(1, 3))} for number in self._people()]
        managers = [{"Number": number} for number in self._people()]
        return {"Agents": agents, "Managers": managers, "ForwardNoAnswer": self._destination(), **self._times()}

    def _members(self) -> Body:
        members = [{"Number": number} for number in self._people()]
        return {"Members": members, "ForwardNoAnswer": self._destination(), **self._times()}

    def _keys(self) -> Body:
        keys = []
        for key in self._random.sample("0123456789*#", self._random.randint(0, 4)):
            to = self._random.choice(["EndCall", "RepeatPrompt", *self._reachable(MENU)])
            number = self._random.choice(self._numbers[LEADS_TO[to]]) if to in LEADS_TO else ""
            keys.append({"Input": key, "ForwardType": to, "ForwardDN": number})
        return {"Forwards": keys, **self._times()}

    def _rules(self) -> None:
        for _ in self._several():
            if not self._trunks:
                break
            destinations = ("OfficeHoursDestination", "OutOfOfficeHoursDestination", "HolidaysDestination")
            rule: Body = {name: self._destination() for name in destinations}
            rule |= {"Condition": "BasedOnDID", "Data": self._phone_number(), "Hours": self._hours()}
            rule |= {"RuleName": self._one_of(["Main", "Main", self._name()])} if self._maybe() else {}
            self._ask("POST", "/InboundRules", {**rule, "TrunkDN": {"Number": self._one_of(self._trunks)[1]}})
        for place in self._several():
            routes = [
                {"TrunkId": self._one_of(self._trunks)[0] if self._trunks and self._maybe() else -1, "StripDigits": 1}
                for _ in range(self._random.randint(0, 5))
            ]
            groups = self._some(self._groups)
            rule = {
                "Name": self._name(),
                "Prefix": str(place),
                "Priority": self._random.randint(1, 9),
                "Routes": routes,
            }
            self._ask("POST", "/OutboundRules", {**rule, "GroupIds": [group.id for group in groups]})

    def _lists(self) -> None:
        number = self._phone_number
        for place in self._several():
            month = self._random.randint(1, 12)
            day = {"Day": 1, "DayEnd": 2, "Month": month, "MonthEnd": month, "Year": 2027, "YearEnd": 2027}
            times = {"TimeOfStartDate": "PT8H", "TimeOfEndDate": self._one_of(["PT23H59M", "PT12H30M15S"])}
            self._ask("POST", "/Holidays", {"Name": self._one_of(["Easter", self._name()]), **day, **times})
            person = {"FirstName": self._one_of(["Ada", self._name()]), "LastName": self._one_of(["", "Example"])}
            self._ask("POST", "/Contacts", {**person, "PhoneNumber": number(), "ContactType": "3CX"})
            self._ask("POST", "/Blocklist", {"IPAddrMask": f"192.0.2.{place}", "ExpiresAt": "2031-01-01T00:00:00Z"})
            self._ask("POST", "/BlackListNumbers", {"CallerId": number(), "Description": self._name()})
            self._ask("POST", "/Playlists", {"Name": f"List {place}", "Files": ["b.wav", "a.wav"], "Shuffle": True})
            self._ask("POST", "/Parameters", {"Name": f"OWN_{place}", "Value": self._name()})
            self._ask("POST", "/TenantProperties", {"Name": f"own.{place}", "Value": self._name()})
            body = {"DisplayName": self._name(), "Password": "not-a-real-password"}
            self._ask("POST", "/Sbcs", {"Name": f"{place:012}", **body})
            lines = [{"Key": 1, "Number": number} for number in self._people()[:1]]
            self._ask("POST", "/Fxs", {"MacAddress": f"C074AD{place:06X}", "Name": "Hall", "FxsLines": lines})
            named: Body = self._one_of([{"DN": {"Number": number}} for number in self._everybody()] or [{}])
            body = {"Name": self._name(), "Group": self._one_of(self._groups).name, **named}
            self._ask(
                "POST", "/WebsiteLinks", {"Link": f"link-{place}", "Website": ["https://www.example.com"], **body}
            )

    def _settings(self) -> None:
        self._ask("PATCH", "/OfficeHours", {"Hours": self._hours(), "TimeZoneId": "Europe/Berlin"})
        self._ask("PATCH", "/CallParkingSettings", {"MaximumParkedCalls": self._random.randint(1, 50)})
        self._ask("PATCH", "/MusicOnHoldSettings", {"MusicOnHold": f"{self._random.randint(1, 9)}.wav"})
        self._ask(
            "PATCH",
            "/MailSettings",
            {"MailServer": "mail.example.com", "MailPassword": {"Value": "not-a-real-password"}},
        )

    # Choices.

    def _maybe(self) -> bool:
        return self._random.random() < 0.5

    def _several(self) -> range:
        return range(self._random.randint(0, self._size))

    def _one_of(self, of: Sequence[T]) -> T:
        return of[self._random.randrange(len(of))]

    def _some(self, of: Sequence[T]) -> list[T]:
        return self._random.sample(of, self._random.randint(0, len(of)))

    def _name(self) -> str:
        """Return a name that nothing of this company has yet, as long as there is one."""
        return next(self._names, None) or f"Name {self._random.randrange(10**9)}"

    def _phone_number(self) -> str:
        return f"+1202555{self._random.randint(100, 199):04}"

    def _people(self) -> list[str]:
        return self._some(self._numbers.get("Users", []))

    def _everybody(self) -> Iterator[str]:
        return (number for set_name in ("Users", "Queues", "RingGroups") for number in self._numbers.get(set_name, []))

    def _reachable(self, types: Sequence[str]) -> list[str]:
        return [to for to in types if self._numbers.get(LEADS_TO[to])]

    def _memberships(self) -> list[Body]:
        groups = self._some(self._groups) or self._groups[:1]
        return [{"GroupId": group.id, "Rights": {"RoleName": self._one_of(ROLES)}} for group in groups]

    def _destination(self) -> Body:
        to = self._one_of(["None", "External", *self._reachable(tuple(LEADS_TO))])
        if to in LEADS_TO:
            return {"To": to, "Number": self._one_of(self._numbers[LEADS_TO[to]]), "External": ""}
        return {"To": to, "Number": "", "External": self._phone_number() if to == "External" else ""}

    def _route(self) -> Body:
        return {"IsPromptEnabled": self._maybe(), "Prompt": "closed.wav", "Route": self._destination()}

    def _times(self) -> Body:
        names = ("BreakRoute", "HolidaysRoute", "OutOfOfficeRoute")
        return {name: self._route() for name in names if self._maybe()}

    def _hours(self) -> Body:
        start, stop = self._one_of([("08:00:00", "12:30:00"), ("00:00:00", "23:59:59"), ("09:15:00", "17:00:00")])
        periods = [{"DayOfWeek": day, "Start": start, "Stop": stop} for day in self._some(DAYS)]
        return {"Type": self._one_of(HOURS), "IgnoreHolidays": self._maybe(), "Periods": periods}
