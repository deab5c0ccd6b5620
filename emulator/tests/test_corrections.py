"""One case for each fact of docs/pbx.md about what goes over the wire: how the emulator answers, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .raw import Plug, plugged

NOT_VALID = "The input was not valid.\n\ndelta:\nThe delta field is required."


@pytest.fixture(scope="module")
def plug() -> Iterator[Plug]:
    with plugged() as found:
        yield found


def nulls(value: Any) -> bool:
    """Whether a property is null, at any depth."""
    if isinstance(value, dict):
        return any(inner is None or nulls(inner) for inner in value.values())
    return isinstance(value, list) and any(map(nulls, value))


def numbers(answer: Any) -> list[str]:
    return [row["Number"] for row in answer.json["value"]]


LOG = (
    "/ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-06-01T00:00:00Z,periodTo=2026-06-03T00:00:00Z,sourceType=0,"
    "sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,"
    "callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)?$top=200"
)
ALWAYS_ONE = (
    "CallId", "SegmentId", "Indent", "SubrowDescNumber", "SourceType", "DestinationType", "ActionType", "ActionDnType",
)  # fmt: skip
NOWHERE = {"External": "", "To": "None", "Number": "", "Tags": []}


def log(plug: Plug) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = plug.ask("GET", LOG).json["value"]
    return rows


def send_back(plug: Plug, path: str, name: str) -> bool:
    """Whether a property can be sent back as it was answered."""
    value = plug.ask("GET", path).json[name]
    return plug.ask("PATCH", path, {name: value}).status == 204 and plug.ask("GET", path).json[name] == value


CASES: dict[str, Callable[[Plug], bool]] = {
    "a user needs no field": lambda plug: plug.ask("POST", "/Users", {}).json["Number"] != "",
    "the call log counts nothing in CallId and its like": lambda plug: (
        {row[name] for row in log(plug) for name in ALWAYS_ONE} == {1}
    ),
    "CallHistoryId groups the call log": lambda plug: (
        len({row["CallHistoryId"] for row in log(plug)}) < len({row["CdrId"] for row in log(plug)}) == len(log(plug))
    ),
    "an outside caller goes by the number": lambda plug: (
        {row["SourceDisplayName"] == row["SourceCallerId"] for row in log(plug) if len(row["SourceDn"]) == 5} == {True}
    ),
    "an extension has no DestinationCallerId": lambda plug: (
        {row["DestinationCallerId"] for row in log(plug) if row["CallType"] == "Extension"} == {""}
    ),
    "an outbound rule has five routes": lambda plug: (
        [route["TrunkId"] for route in plug.ask("GET", "/OutboundRules(2)").json["Routes"]][1:] == [-1] * 4
        and "TrunkName" not in plug.ask("GET", "/OutboundRules(2)").json["Routes"][-1]
    ),
    "five routes can be sent back": lambda plug: send_back(plug, "/OutboundRules(2)", "Routes"),
    "a trunk's password is concealed": lambda plug: (
        plug.ask("PATCH", "/Trunks(101)", {"AuthPassword": {"Value": "Abc1234567"}}).status == 204
        and plug.ask("GET", "/Trunks(101)").json["AuthPassword"] in ({"Value": "Abc1234567"}, {"Concealed": True})
    ),
    "a concealed password can be sent back": lambda plug: (
        plug.ask("PATCH", "/Trunks(101)", {"AuthPassword": {"Concealed": True}}).status == 204
    ),
    "an open type gives its fields back": lambda plug: (
        plug.ask("PATCH", "/Trunks(101)", {"Messaging": {"SMS_PREFIX": "1"}}).status == 204
        and plug.ask("GET", "/Trunks(101)").json["Messaging"]["SMS_PREFIX"] == "1"
    ),
    "an inbound rule may lead nowhere": lambda plug: (
        plug.ask("PATCH", "/InboundRules(1)", {"OfficeHoursDestination": NOWHERE}).status == 204
    ),
    "SystemStatus has no Id": lambda plug: "Id" not in plug.ask("GET", "/SystemStatus").json,
    "its times have an offset and seven digits": lambda plug: (
        re.fullmatch(r".*\.[0-9]{7}[+-][0-9]{2}:[0-9]{2}", plug.ask("GET", "/SystemStatus").json["ExpirationDate"])
        is not None
    ),
    "an entity has no nulls": lambda plug: not nulls(plug.ask("GET", "/Users(11)").json),
    "nor has a list, or what it expands": lambda plug: (
        not nulls(plug.ask("GET", "/Users?$top=20&$expand=Groups($expand=Rights),Phones").json)
    ),
    "nor has an object": lambda plug: not nulls(plug.ask("GET", "/Queues?$select=ForwardNoAnswer").json),
    "an empty text is sent": lambda plug: (
        plug.ask("PATCH", "/Users(12)", {"Mobile": ""}).status == 204
        and plug.ask("GET", "/Users(12)?$select=Mobile").json["Mobile"] == ""
    ),
    "Id and Number come first": lambda plug: list(plug.ask("GET", "/Users(11)").json)[1:3] == ["Id", "Number"],
    "objects come after plain properties": lambda plug: [
        isinstance(value, dict) for value in plug.ask("GET", "/Queues?$top=1").json["value"][0].values()
    ][-1],
    "not in the order of $select": lambda plug: (
        list(plug.ask("GET", "/Users(11)?$select=FirstName,Number,Id").json)[1:] == ["Id", "Number", "FirstName"]
    ),
    "a plus in $filter is a space": lambda plug: numbers(plug.ask("GET", "/Users?$filter=Number+eq+'100'")) == ["100"],
    "a plus in $orderby is a space": lambda plug: (
        numbers(plug.ask("GET", "/Users?$orderby=Number+desc&$top=3"))
        == numbers(plug.ask("GET", "/Users?$orderby=Number%20desc&$top=3"))
    ),
    "%2B is a plus": lambda plug: plug.ask("GET", "/Contacts?$filter=PhoneNumber%20eq%20'%2B1'").status == 200,
    "a semicolon before the bracket": lambda plug: (
        "RoleName"
        in plug.ask("GET", "/Users(11)?$expand=Groups($expand=Rights($select=RoleName;);)").json["Groups"][0]["Rights"]
    ),
    "Groups(Rights())": lambda plug: (
        "Rights" in plug.ask("GET", "/Users(11)?$expand=Groups(Rights())").json["Groups"][0]
    ),
    "select without a dollar sign": lambda plug: "FirstName" not in plug.ask("GET", "/Users(11)?select=Id").json,
    "an unknown property is not valid": lambda plug: (
        (answer := plug.ask("PATCH", "/Users(11)", {"Colour": 1})).status == 400
        and answer.json == {"error": {"code": "", "message": NOT_VALID}}
        and "Colour" in answer.headers["x-trunkline-reason"]
    ),
    "a wrapped property is not valid": lambda plug: (
        plug.ask("PATCH", "/Users(11)", {"user": {"FirstName": "A"}}).json["error"]["message"] == NOT_VALID
    ),
    "POST of agents is 404": lambda plug: plug.ask("POST", "/Queues(81)/Agents", {}).status == 404,
    "PUT of agents is 405": lambda plug: plug.ask("PUT", "/Queues(81)/Agents", {}).status == 405,
    "an answer is chunked": lambda plug: (
        (answer := plug.ask("GET", "/Users(11)")).headers["transfer-encoding"] == "chunked"
        and "content-length" not in answer.headers
    ),
    "an answer without a body is not": lambda plug: (
        (answer := plug.ask("PATCH", "/Users(11)", {})).status == 204
        and not {"transfer-encoding", "content-length"} & answer.headers.keys()
    ),
}


@pytest.mark.parametrize("fact", CASES)
def test_a_fact_of_the_wire(plug: Plug, fact: str) -> None:
    assert CASES[fact](plug)


def test_variants_send_nulls_and_other_bytes() -> None:
    with plugged(variants={"send_nulls": True, "header_bytes": True}) as plug:
        answer = plug.ask("GET", "/Users(11)")
        assert nulls(answer.json)
        assert b"Pf\xf6rtner" in answer.data


def test_times_of_day_have_seven_digits(plug: Plug) -> None:
    periods = [{"DayOfWeek": "Monday", "Start": "09:00", "Stop": "17:30:00"}]
    hours = {"Hours": {"Type": "SpecificHoursExcludingHolidays", "Periods": periods}}
    assert plug.ask("PATCH", "/Users(11)", hours).status == 204
    [shown] = plug.ask("GET", "/Users(11)").json["Hours"]["Periods"]
    assert (shown["Start"], shown["Stop"]) == ("09:00:00.0000000", "17:30:00.0000000")
