# ruff: noqa: B002, E711, E712, PLW0177, SIM300 (operators build filters here, and F is not a constant)
"""Filters built in Python: their text, and what is refused. `test_filters_read` has what others make of them."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import math
import pickle
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trunkline
from trunkline import Pbx, catalog
from trunkline.errors import InvalidArgument, UnknownName, VersionWarning
from trunkline.odata import Expand, F, Field, Filter, option_text
from trunkline.odata.checks import checked_filter

CATALOG = catalog.load("20.0.10")
UTC = dt.UTC
NOON = dt.datetime(2026, 9, 12, 12, 30, tzinfo=UTC)
KEY = uuid.UUID("7b0c3a5e-0000-4000-8000-00000000000a")


class Peer(enum.Enum):
    EXTENSION = "Extension"


class Level(enum.IntEnum):
    HIGH = 3


def _said(value: object) -> str:
    """A name that is the same in every process: a function's own has its address in it."""
    return str(value) if isinstance(value, Filter) else "rows"


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (F.Number.startswith("8") & (F.Enabled == True), "startswith(Number,'8') and Enabled eq true"),
        (F.Number == "100", "Number eq '100'"),
        (F["Number"] != "100", "Number ne '100'"),
        (F.Id < 5, "Id lt 5"),
        (5 > F.Id, "Id lt 5"),
        (F.Id <= 5, "Id le 5"),
        (F.Id > -5, "Id gt -5"),
        (F.Id >= F.PrimaryGroupId, "Id ge PrimaryGroupId"),
        (F.Hours.Type == "OfficeHours", "Hours/Type eq 'OfficeHours'"),
        (F["Hours/Type"] == "OfficeHours", "Hours/Type eq 'OfficeHours'"),
        (F["Pbx.User/Number"] == "1", "Pbx.User/Number eq '1'"),
        (F["$it"].endswith("2"), "endswith($it,'2')"),
        # literals
        (F.A == None, "A eq null"),
        (F.A == "O'Dwyer's", "A eq 'O''Dwyer''s'"),
        (F.A == "' or 1 eq 1 or A eq '", "A eq ''' or 1 eq 1 or A eq '''"),
        (F.A == "", "A eq ''"),
        (F.A == 2**70, "A eq 1180591620717411303424"),
        (F.A == 0.1, "A eq 0.1"),
        (F.A == 1e22, "A eq 1e+22"),
        (F.A == -0.0, "A eq -0.0"),
        (F.A == math.inf, "A eq INF"),
        (F.A == -math.inf, "A eq -INF"),
        (F.A != math.nan, "A ne NaN"),
        (F.A == Decimal("1.10"), "A eq 1.10"),
        (F.A == Decimal("1E+3"), "A eq 1000"),
        (F.A == Decimal("-Infinity"), "A eq -INF"),
        (F.A == Decimal("NaN"), "A eq NaN"),
        (F.A > NOON, "A gt 2026-09-12T12:30:00Z"),
        (F.A > NOON.replace(microsecond=120), "A gt 2026-09-12T12:30:00.000120Z"),
        (F.A > NOON.astimezone(dt.timezone(dt.timedelta(hours=-7))), "A gt 2026-09-12T12:30:00Z"),
        (F.A == dt.date(2026, 9, 12), "A eq 2026-09-12"),
        (F.A == dt.time(9, 30), "A eq 09:30:00"),
        (F.A > dt.timedelta(seconds=5), "A gt duration'PT5S'"),
        (F.A > dt.timedelta(days=2), "A gt duration'P2D'"),
        (F.A > dt.timedelta(days=-1, microseconds=10), "A gt duration'-PT86399.99999S'"),
        (F.A > dt.timedelta(0), "A gt duration'PT0S'"),
        (F.A == KEY, "A eq 7b0c3a5e-0000-4000-8000-00000000000a"),
        (F.A == Peer.EXTENSION, "A eq 'Extension'"),
        (F.A == Level.HIGH, "A eq 3"),
        (F.Type == F.enum("Pbx.PeerType", "Extension"), "Type eq Pbx.PeerType'Extension'"),
        (F.A.has(F.enum("Pbx.TranscriptionType", "A", "B")), "A has Pbx.TranscriptionType'A,B'"),
        (F.A.has("Recordings"), "A has 'Recordings'"),
        # lists
        (F.Number.in_(["100", "1'1"]), "Number in ('100','1''1')"),
        (F.Id.in_(range(3)), "Id in (0,1,2)"),
        (F.Mail.in_({None}), "Mail in (null)"),
        (F.Type.in_([F.enum("Pbx.PeerType", "Queue")]), "Type in (Pbx.PeerType'Queue')"),  # type: ignore[list-item]
        # functions
        (F.A.lower().contains("x"), "contains(tolower(A),'x')"),
        (F.A.upper().endswith(F.B), "endswith(toupper(A),B)"),
        (F.A.trim().length() == 3, "length(trim(A)) eq 3"),
        (F.A.indexof("x") == -1, "indexof(A,'x') eq -1"),
        (F.A.substring(1) == "x", "substring(A,1) eq 'x'"),
        (F.A.substring(1, 2) == "x", "substring(A,1,2) eq 'x'"),
        (F.A.concat(", ").concat(F.B) == "x, y", "concat(concat(A,', '),B) eq 'x, y'"),
        (F.A.year() == 2026, "year(A) eq 2026"),
        (F.A.hour().in_([9, 10]), "hour(A) in (9,10)"),
        (F.A.date() == dt.date(2026, 9, 12), "date(A) eq 2026-09-12"),
        (F.A.time() > dt.time(17), "time(A) gt 17:00:00"),
        (F.A.round() == F.A.floor(), "round(A) eq floor(A)"),
        (F.now() - F.A < dt.timedelta(hours=1), "now() sub A lt duration'PT3600S'"),
        # arithmetic
        (F.A + 1 - F.B == 2, "A add 1 sub B eq 2"),
        (F.A - (F.B - 1) == 2, "A sub (B sub 1) eq 2"),
        ((F.A + 1) * 2 == 2, "(A add 1) mul 2 eq 2"),
        (1 + F.A * 2 == 2, "1 add A mul 2 eq 2"),
        (F.A / (F.B / 2) == 2, "A div (B div 2) eq 2"),
        (F.A % 2 == 1, "A mod 2 eq 1"),
        (7 % F.A == 1, "7 mod A eq 1"),
        (-(F.A + 1) * 2 == 1, "-(A add 1) mul 2 eq 1"),
        (-(-F.A) == 1, "-(-A) eq 1"),
        (10 - F.A > 1, "10 sub A gt 1"),
        (10 / F.A > 1, "10 div A gt 1"),
        # logic
        ((F.A == 1) | (F.B == 2) & (F.C == 3), "A eq 1 or B eq 2 and C eq 3"),
        (((F.A == 1) | (F.B == 2)) & (F.C == 3), "(A eq 1 or B eq 2) and C eq 3"),
        ((F.A == 1) & ((F.B == 2) & (F.C == 3)), "A eq 1 and B eq 2 and C eq 3"),
        (~(F.A == 1), "not (A eq 1)"),
        (~F.Enabled, "not (Enabled)"),
        (F.Enabled & ~F.Internal, "Enabled and not (Internal)"),
        (~~F.Enabled, "not (not (Enabled))"),
        (F.A.contains("x") == False, "contains(A,'x') eq false"),
        ((F.A == 1) == (F.B == 2), "(A eq 1) eq (B eq 2)"),
        (~(F.A == 1) == True, "(not (A eq 1)) eq true"),
        (F.raw("A eq 1 or B eq 2") & F.Enabled, "(A eq 1 or B eq 2) and Enabled"),
        (~F.raw("A eq 1"), "not (A eq 1)"),
        (F.raw("A eq 1"), "A eq 1"),
        # collections
        (F.Groups.any(), "Groups/any()"),
        (F.Groups.any(lambda g: g.Name == "Sales"), "Groups/any(x: x/Name eq 'Sales')"),
        (F.Groups.all(lambda g: g.Rights.Show), "Groups/all(x: x/Rights/Show)"),
        (F.Tags.any(lambda t: t == "a"), "Tags/any(x: x eq 'a')"),
        (F.Tags.any(lambda t: t.lower().in_(["a"])), "Tags/any(x: tolower(x) in ('a'))"),
        (F.Groups.count() > 1, "Groups/$count gt 1"),
        (F.A.any(lambda a: a.B.all(lambda b: b.X == a.Y)), "A/any(x: x/B/all(y: y/X eq x/Y))"),
        (F.A.any(lambda a: F.B.any(lambda b: b.X == a.Y)), "A/any(x: B/any(y: y/X eq x/Y))"),
        (F.A.any(lambda a: a.X) & F.B.any(lambda b: b.X), "A/any(x: x/X) and B/any(x: x/X)"),
        (F.A.any(lambda a: a.X == F.PrimaryGroupId), "A/any(x: x/X eq PrimaryGroupId)"),
        (F.A.any(lambda a: a.X == F.x), "A/any(x: x/X eq $it/x)"),
        (
            F.A.any(lambda a: a.B.any(lambda b: b.C.any(lambda c: c.D.any(lambda d: d == a.Y)))),
            "A/any(x: x/B/any(y: y/C/any(z: z/D/any(x4: x4 eq x/Y))))",
        ),
    ],
    ids=str,
)
def test_a_filter_s_text(built: Filter, text: str) -> None:
    assert str(built) == text
    assert repr(built) == f"<Filter {text}>"


@pytest.mark.parametrize(
    "make",
    [
        lambda: F.A == dt.datetime(2026, 9, 12),
        lambda: F.A == dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=5))),
        lambda: F.A == dt.time(9, tzinfo=UTC),
        lambda: F.A == "half a \ud83d smile",
        lambda: F.A == b"bytes",
        lambda: F.A == ["100", "101"],
        lambda: F.A == object(),
        lambda: F.A == 10**5000,
        lambda: F.A == Decimal("1E+400"),
        lambda: F.A.in_([]),
        lambda: F.A.in_("100"),
        lambda: F.A.in_(5),  # type: ignore[arg-type]
        lambda: F.A.in_([["1"]]),  # type: ignore[list-item]
        lambda: F.A < None,  # type: ignore[operator]
        lambda: F.A >= True,
        lambda: F.A.startswith(8),  # type: ignore[arg-type]
        lambda: F.A.contains(None),  # type: ignore[arg-type]
        lambda: F.A.substring("1"),  # type: ignore[arg-type]
        lambda: F.A.substring(True),
        lambda: F.A.has(1),  # type: ignore[arg-type]
        lambda: F.A + "x",  # type: ignore[operator]
        lambda: "x" + F.A,  # type: ignore[operator]
        lambda: F.A * True,
        lambda: F.A - None,  # type: ignore[operator]
        lambda: F["Number eq '1' or Id"],
        lambda: F["Odd Name"],
        lambda: F[""],
        lambda: F["A//B"],
        lambda: F["A/$count"],
        lambda: F["null"],
        lambda: F[0],
        lambda: F.raw(" "),
        lambda: F.raw(5),  # type: ignore[arg-type]
        lambda: F.raw("\ud83d"),
        lambda: F.enum("Pbx.PeerType"),
        lambda: F.enum("Pbx.PeerType", "a' or 'b"),
        lambda: F.enum("Pbx PeerType", "a"),
    ],
)
def test_what_no_literal_can_carry_is_refused_at_once(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgument):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bool(F.A == 1), "Write & for and"),
        (lambda: (F.A == 1) and (F.B == 2), "Write & for and"),
        (lambda: not F.A, "~ for not"),
        (lambda: 1 < F.A < 5, r"\(1 < F.X\) & \(F.X < 5\)"),
        (lambda: "8" in F.A, r"contains\(\)"),
        (lambda: F.A in ["8", "9"], "Write & for and"),
        (lambda: F.Enabled & True, "not a condition"),  # type: ignore[operator]
        (lambda: True & F.Enabled, "not a condition"),
        (lambda: F.A == 1 | F.B, "Put parentheses around each comparison"),
        (lambda: F.A.startswith("1") & F.B == "2", "Put parentheses around each comparison"),
        (lambda: F.A.startswith("1") == "yes", "true or false"),
        (lambda: F.A.any(F.B), "takes a lambda"),
        (lambda: F.A.all(None), "takes a lambda"),  # type: ignore[arg-type]
        (lambda: F.A.any(lambda a: True), "must give a condition"),  # type: ignore[arg-type, return-value]
        (lambda: list(F.A), "name of a field"),
    ],
)
def test_python_s_own_operators_are_refused_with_a_hint(make: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, InvalidArgument), match=message):
        make()


def test_a_misspelled_method_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no method 'starts_with'\. Did you mean startswith"):
        F.Number.starts_with("8")
    with pytest.raises(UnknownName, match=r"no method 'Any'\. Did you mean any"):
        F.Groups.Any(lambda g: g.Name == "x")


def test_a_variable_means_nothing_outside_of_its_lambda() -> None:
    leaked: list[Field] = []
    F.Groups.any(lambda g: leaked.append(g) or g.Enabled)
    with pytest.raises(InvalidArgument, match="outside of it"):
        str(leaked[0].Name == "Sales")
    assert repr(leaked[0].Name) == "<Field within any() or all()>"


def test_a_term_never_changes() -> None:
    with pytest.raises(AttributeError, match="to compare Enabled, write =="):
        F.Hours.Enabled = True
    with pytest.raises(AttributeError):
        F.Enabled = True  # type: ignore[attr-defined]
    base = F.Enabled & (F.Id > 1)
    _ = base & F.Internal
    assert str(base) == "Enabled and Id gt 1"


def test_terms_can_be_kept_in_dicts_copied_and_pickled() -> None:
    built = F.Groups.any(lambda g: g.Name == "Sales") & F.Enabled
    assert {built: 1}[built] == 1
    for other in (copy.copy(built), copy.deepcopy(built), pickle.loads(pickle.dumps(built))):
        assert str(other) == str(built)
    assert not hasattr(F.Number, "__iter__")
    assert not hasattr(F, "_repr_html_")


def test_a_chain_of_thousands_is_no_deep_tree() -> None:
    built = F.Id == 0
    for number in range(1, 3000):
        built |= F.Id == number
    assert str(built).count(" or ") == 2999


def test_the_names_are_at_the_door() -> None:
    assert trunkline.F is F
    assert {"F", "Expand"} <= set(trunkline.__all__)


@given(st.text())
def test_any_text_is_a_name_a_path_or_refused(name: str) -> None:
    try:
        built = F[name]
    except InvalidArgument:
        return
    assert str(built) == name
    assert not set(name) & set(" '()=&;,")


# Against the catalog


@pytest.mark.parametrize(
    ("built", "type_name"),
    [
        (F.Number.startswith("8") & (F.Enabled == True), "Pbx.User"),
        (F.Enabled | ~F.Internal, "Pbx.User"),
        (F.QueueStatus == "LoggedIn", "Pbx.User"),
        (F.QueueStatus.in_(["LoggedIn", "LoggedOut"]), "Pbx.User"),
        (F.QueueStatus == F.enum("Pbx.QueueStatusType", "LoggedIn"), "Pbx.User"),
        (F.TranscriptionMode.has("Recordings"), "Pbx.User"),
        (F.TranscriptionMode == F.enum("Pbx.TranscriptionType", "Recordings"), "Pbx.User"),
        (F.Hours.Type == "OfficeHours", "Pbx.User"),
        (F.Hours == None, "Pbx.User"),
        (F.Hours.Periods.any(lambda p: (p.DayOfWeek == "Monday") & (p.Start <= dt.time(9))), "Pbx.User"),
        (F.Tags.any(lambda t: t == "AI"), "Pbx.User"),
        (F.Groups.any(lambda g: g.GroupId == F.PrimaryGroupId), "Pbx.User"),
        (F.Groups.count() > 1, "Pbx.User"),
        (F.PrimaryGroupId + 1 > F.Id / 2.5, "Pbx.User"),
        (F["Pbx.User/Number"] == "1", "Pbx.User"),
        (F.raw("Nope eq 1") & F.Enabled, "Pbx.User"),
        (F.StartTime > NOON, "Pbx.Recording"),
        (F.StartTime >= dt.date(2026, 9, 12), "Pbx.Recording"),
        (F.EndTime - F.StartTime > dt.timedelta(minutes=1), "Pbx.Recording"),
        (F.StartTime + dt.timedelta(days=1) > F.now(), "Pbx.Recording"),
        (F.StartTime.hour() == 9, "Pbx.Recording"),
        (F.TalkingDuration > dt.timedelta(minutes=1), "Pbx.CallLogData"),
        (-F.TalkingDuration < dt.timedelta(0), "Pbx.CallLogData"),
        (F.Id == KEY, "Pbx.OAuthClient"),
        (F.DidNumbers.any(lambda n: n.startswith("+44")), "Pbx.Trunk"),
        (F.Anything.Goes == 1, None),
        (F["$it"].endswith("2"), None),
    ],
    ids=str,
)
def test_what_fits_the_rows_passes(built: Filter, type_name: str | None) -> None:
    assert checked_filter(CATALOG, type_name, built) == str(built)


@pytest.mark.parametrize(
    ("built", "type_name", "error", "message"),
    [
        (F.Number.Digits == 1, "Pbx.User", UnknownName, "takes Digits of text"),
        (F.Id == "8", "Pbx.User", InvalidArgument, r"compares Id \(a number\) with '8' \(text\)"),
        (F.Number == 100, "Pbx.User", InvalidArgument, r"compares Number \(text\) with 100 \(a number\)"),
        (F.Id.in_([1, "2"]), "Pbx.User", InvalidArgument, r"compares Id \(a number\) with '2'"),
        (F.Enabled == "true", "Pbx.User", InvalidArgument, "true or false"),
        (F.Enabled == 1, "Pbx.User", InvalidArgument, "true or false"),
        (F.Id == True, "Pbx.User", InvalidArgument, "true or false"),
        (F.Id == F.Number, "Pbx.User", InvalidArgument, "compares Id"),
        (F.Id == 2**63, "Pbx.User", InvalidArgument, "beyond any whole number"),
        (F.Enabled > F.Internal, "Pbx.User", InvalidArgument, "no order"),
        (F.Hours == F.BreakTime, "Pbx.User", InvalidArgument, "an object of type Pbx.Schedule"),
        (F.Groups == None, "Pbx.User", InvalidArgument, "a whole list"),
        (F.Groups.Name == "x", "Pbx.User", InvalidArgument, "takes Name of a whole list"),
        (F.Number.any(), "Pbx.User", InvalidArgument, r"asks any\(\) of Number, which is text and no list"),
        (F.Number.count() > 1, "Pbx.User", InvalidArgument, r"asks count\(\) of Number"),
        (F.Groups.any(lambda g: g.GroupId), "Pbx.User", InvalidArgument, "for a condition"),
        (F.QueueStatus == "Nope", "Pbx.User", InvalidArgument, "takes 'Nope' for a value of QueueStatusType"),
        (F.QueueStatus.in_(["LoggedIn", "Nope"]), "Pbx.User", InvalidArgument, "takes 'Nope'"),
        (F.QueueStatus == F.Number, "Pbx.User", InvalidArgument, "compares QueueStatus"),
        (F.QueueStatus == F.enum("Pbx.PeerType", "Queue"), "Pbx.User", InvalidArgument, "compares QueueStatus"),
        (F.QueueStatus == F.enum("Pbx.Nope", "Queue"), "Pbx.User", UnknownName, "not an enum"),
        (F.QueueStatus == F.enum("Pbx.QueueStatusType", "Nope"), "Pbx.User", InvalidArgument, "takes 'Nope'"),
        (F.Tags.any(lambda t: t == "Nope"), "Pbx.User", InvalidArgument, "takes 'Nope'"),
        (F.Number.has("x"), "Pbx.User", InvalidArgument, "has is for enums"),
        (F.Id.contains("8"), "Pbx.User", InvalidArgument, r"asks contains of Id \(a number\); it takes text"),
        (F.Number.substring(F.FirstName) == "1", "Pbx.User", InvalidArgument, "it takes a number"),
        (F.Number.year() == 1, "Pbx.User", InvalidArgument, "a date and time or a date"),
        (F.Number.length() == "1", "Pbx.User", InvalidArgument, "compares length"),
        (F.Number + 1 == 2, "Pbx.User", InvalidArgument, "calculates Number add 1"),
        (-F.Number == 1, "Pbx.User", InvalidArgument, "negates Number"),
        (F.Number, "Pbx.User", InvalidArgument, r"takes Number \(text\) for a condition"),
        (F.Enabled & F.Number, "Pbx.User", InvalidArgument, r"takes Number \(text\) for a condition"),
        (~F.Id, "Pbx.User", InvalidArgument, "for a condition"),
        (F.StartTime > "2026-09-12", "Pbx.Recording", InvalidArgument, "Give it a datetime with a zone"),
        (F.TalkingDuration > 60, "Pbx.CallLogData", InvalidArgument, "Give it a timedelta"),
        (F.Id == str(KEY), "Pbx.OAuthClient", InvalidArgument, "Give it a uuid.UUID"),
        (F.X.length() == "1", None, InvalidArgument, "compares length"),
    ],
    ids=str,
)
def test_what_can_t_be_is_refused_before_anything_is_sent(
    built: Filter, type_name: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        checked_filter(CATALOG, type_name, built)


def test_a_field_of_another_version_is_warned_of_and_sent() -> None:
    old = catalog.load("20.0.5")
    added = next(name for name in CATALOG.fields("Pbx.User") if name not in old.fields("Pbx.User"))
    with pytest.warns(VersionWarning, match=rf"User\.{added} was added in .*, and this PBX runs 20\.0\.5\."):
        assert checked_filter(old, "Pbx.User", F[added] == None) == f"{added} eq null"


def test_a_value_of_another_version_is_warned_of_and_sent() -> None:
    with pytest.warns(VersionWarning, match=r"VMEmailOptionsType 'EmailToExtrasOnly' was added in 20\.0\.9"):
        checked_filter(catalog.load("20.0.7"), "Pbx.User", F.VMEmailOptions == "EmailToExtrasOnly")


@pytest.mark.parametrize("option", ["select", "orderby"])
def test_a_chosen_field_of_another_version_is_warned_of_and_sent(option: str) -> None:
    with pytest.warns(VersionWarning, match=r"User\.AIAgent was added in 20\.0\.9"):
        assert option_text(option, F.AIAgent, catalog.load("20.0.7"), "Pbx.User") == "AIAgent"


def test_a_link_of_another_version_is_warned_of_and_sent() -> None:
    old = catalog.load("20.0.5")
    links = [
        (owner, name)
        for owner in CATALOG.types
        for name, spec in CATALOG.fields(owner).items()
        if spec.navigation and owner in old.types and name not in old.fields(owner) and old.elsewhere(owner, name)
    ]
    assert links
    for owner, name in links:
        with pytest.warns(VersionWarning, match=f"{name} was added in"):
            assert option_text("expand", Expand(name), old, owner) == name


# On the emulated PBX


@pytest.mark.parametrize(
    ("built", "meant"),
    [
        (F.Number.startswith("11"), lambda u: u["Number"].startswith("11")),
        (F.LastName == "O'Dwyer", lambda u: u["LastName"] == "O'Dwyer"),
        (F.FirstName.lower().contains("á"), lambda u: "á" in u["FirstName"].lower()),
        (F.Number.in_(["100", "103"]), lambda u: u["Number"] in ("100", "103")),
        (F.Enabled & (F.PrimaryGroupId == 2), lambda u: u["Enabled"] and u["PrimaryGroupId"] == 2),
        (~(F.Enabled & F.VMEnabled), lambda u: not (u["Enabled"] and u["VMEnabled"])),
        (F.Mobile != None, lambda u: u["Mobile"] is not None),
        (F.Mobile.startswith("+44 7700 9001"), lambda u: (u["Mobile"] or "").startswith("+44 7700 9001")),
        (F.QueueStatus != "LoggedIn", lambda u: u["QueueStatus"] != "LoggedIn"),
        (F.Groups.any(lambda g: g.Name == "Sales"), lambda u: any(g["Name"] == "Sales" for g in u["Groups"])),
        (
            F.Groups.all(lambda g: (g.Name != "Sales") & (g.GroupId == F.PrimaryGroupId)),
            lambda u: all(g["Name"] != "Sales" and g["GroupId"] == u["PrimaryGroupId"] for g in u["Groups"]),
        ),
        (F.Groups.count() == 1, lambda u: len(u["Groups"]) == 1),
        (F.Id % 2 == F.PrimaryGroupId % 2, lambda u: u["Id"] % 2 == u["PrimaryGroupId"] % 2),
        ((F.Id - 10) * 2 < 20, lambda u: (u["Id"] - 10) * 2 < 20),
        (F.LastName.length() + 1 > F.FirstName.length(), lambda u: len(u["LastName"]) + 1 > len(u["FirstName"])),
        (
            (F.LastName.concat(", ").concat(F.FirstName)).contains("y, "),
            lambda u: "y, " in f"{u['LastName']}, {u['FirstName']}",
        ),
        (F.LastName < F.FirstName, lambda u: u["LastName"] < u["FirstName"]),
    ],
    ids=_said,
)
def test_the_emulated_pbx_gives_the_rows_that_python_picks(
    pbx: Pbx, built: Filter, meant: Callable[[dict[str, Any]], bool]
) -> None:
    everyone = pbx.users.list(expand="Groups").all()
    picked = {user["Id"] for user in everyone if meant(user)}  # type: ignore[arg-type]
    assert {user["Id"] for user in pbx.users.list(filter=built, select=["Id"])} == picked
    assert picked


@pytest.mark.parametrize(
    ("built", "meant"),
    [
        (F.StartTime > NOON.replace(month=6, day=5), lambda at: at > NOON.replace(month=6, day=5)),
        (F.StartTime.day().in_([1, 2, 3]), lambda at: at.day in (1, 2, 3)),
        (F.StartTime.time() < dt.time(15), lambda at: at.time() < dt.time(15)),
        (
            F.StartTime + dt.timedelta(days=1) > NOON.replace(month=6, day=5),
            lambda at: at > NOON.replace(month=6, day=4),
        ),
    ],
    ids=_said,
)
def test_dates_on_the_emulated_pbx(pbx: Pbx, built: Filter, meant: Callable[[dt.datetime], bool]) -> None:
    recordings = pbx.recordings.list().all()
    picked = {row["Id"] for row in recordings if meant(dt.datetime.fromisoformat(row["StartTime"]))}  # type: ignore[arg-type]
    assert {row["Id"] for row in pbx.recordings.list(filter=built)} == picked


def test_nothing_is_sent_for_a_filter_that_can_t_be(pbx: Pbx, system: Any) -> None:
    before = len(system.emulator.journal)
    with pytest.raises(UnknownName, match="takes Digits of text"):
        pbx.users.list(filter=F.Number.Digits == 1).all()
    assert [entry.path for entry in system.emulator.journal[before:] if "Users" in entry.path] == []
