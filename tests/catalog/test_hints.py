"""A suggestion may be wrong; it never says the opposite of what was typed."""

from __future__ import annotations

import re

import pytest

from trunkline.catalog import load, nearest
from trunkline.catalog.hints import close, may_be_opposite

OPPOSITES = [
    ("Activate", "Deactivate"),
    ("DoRecord", "DontRecord"),
    ("IgnoreHolidays", "HonourHolidays"),
    ("PreRecord", "PostRecord"),
    ("PlaylistSuspend", "PlaylistResume"),
    ("Disabled", "Enabled"),
    ("Disbled", "Enabled"),
    ("disable-call-transfer", "EnableCallTransfer"),
    ("turnon", "TurnOff"),
    ("AllowIncoming", "AllowOutgoing"),
    ("AllowCalls", "BlockCalls"),
    ("IncludeNumber", "ExcludeNumber"),
    ("Extenal", "Internal"),
    ("outbound_rules", "inbound_rules"),
    ("StartRecording", "StopRecording"),
    ("Login", "Logout"),
    ("LoggedInQueue", "LoggedOutQueue"),
    ("WithRecording", "WithoutRecording"),
    ("IsNotRegistered", "IsRegistered"),
    ("isnotregistered", "IsRegistered"),
    ("Registerd", "Unregistered"),
    ("Unanswered", "Answered"),
    ("OpenHours", "CloseHours"),
    ("UserNumberFrom", "UserNumberTo"),
    ("MinCalls", "MaxCalls"),
    ("Inactive", "Active"),
    ("Incoming", "Outgoing"),
    ("NoAnswer", "Answer"),
    ("Unmute", "Mute"),
    ("AscendingOrder", "DescendingOrder"),
]


@pytest.mark.parametrize(("typed", "other"), OPPOSITES)
def test_the_opposite_is_never_suggested(typed: str, other: str) -> None:
    for one, two in ((typed, other), (other, typed), (typed.lower(), other), (typed.upper(), other)):
        assert may_be_opposite(one, two)
        assert nearest(one, iter([two])) == ""


SLIPS = [
    ("FristName", "FirstName"),
    ("Numbr", "Number"),
    ("Mobil", "Mobile"),
    ("DisableCallTransfr", "DisableCallTransfer"),
    ("Disbled", "Disabled"),
    ("internl", "Internal"),
    ("firstname", "FirstName"),
    ("OutboundCallerId", "OutboundCallerID"),
    ("RingTimout", "RingTimeout"),
]


@pytest.mark.parametrize(("typed", "meant"), SLIPS)
def test_a_slip_is_still_understood(typed: str, meant: str) -> None:
    assert close(typed, [meant, "Enabled", "External", "LastName"], most=3) == [meant]


def test_where_two_opposites_are_about_as_near_neither_is_suggested() -> None:
    assert close("ternal", ["Internal", "External"], most=3) == []


# Words that turn the meaning of a name round, as this test has them, each once in both directions.
TURNS = (
    "Enable/Disable Enabled/Disabled On/Off Allow/Block Include/Exclude Internal/External Inbound/Outbound Start/Stop \
Login/Logout With/Without Open/Close In/Out From/To Max/Min First/Last Incoming/Outgoing Source/Destination \
Public/Private Show/Hide Local/Remote Available/Busy"
)


def _turned(name: str) -> set[str]:
    """Names that mean the opposite of a name of the catalog."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|\W|_", name)
    pairs = [tuple(pair.split("/")) for pair in TURNS.split()]
    found = set()
    for at, word in enumerate(words):
        for one, other in [*pairs, *((b, a) for a, b in pairs)]:
            if word == one:
                found.add("".join([*words[:at], other, *words[at + 1 :]]))
    return found


def _denied(name: str) -> set[str]:
    return {f"Not{name}", f"Un{name[0].lower()}{name[1:]}", f"Non{name}"}


def test_no_name_of_the_catalog_is_suggested_for_its_opposite() -> None:
    catalog = load()
    fields = {field for name in catalog.types for field in catalog.fields(name)}
    values = {value for name in catalog.enums for value in catalog.enum_values(name)}
    names = sorted(fields | values)
    pairs = [(turned, name) for name in names for turned in _turned(name)]
    pairs += [(denied, name) for name in names[::20] for denied in _denied(name)]
    assert len(pairs) > 500
    assert [pair for pair in pairs if not may_be_opposite(*pair)] == []
