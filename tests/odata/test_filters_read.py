# ruff: noqa: SIM300 (operators build filters here, and F is not a constant)
"""Filters as somebody else reads them: odatapy reads and evaluates any that can be built, beside the same in Python."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import unquote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odatapy.data import Entity
from odatapy.edm.primitives import EdmPrimitiveTypeKind, Facets, get_primitive_type
from odatapy.server.eval import evaluate_filter
from odatapy.server.uri.expression_parser import ExpressionParser

from trunkline.errors import InvalidArgument
from trunkline.odata import F, query_string

UTC = dt.UTC
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs"])
TEXTS = st.one_of(st.text(st.sampled_from("aB'%&+ (/,;=é"), max_size=3), st.text(LETTERS, max_size=5))
WHOLES = st.one_of(st.integers(0, 5), st.integers(-(2**62), 2**62))
# Whole seconds: odatapy holds the literals of a filter to a column's precision, which is 0 unless declared.
MOMENTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
SPANS = st.integers(-(10**8), 10**8).map(lambda seconds: dt.timedelta(seconds=seconds))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "whole": WHOLES,
    "real": st.one_of(st.sampled_from([0.1, -0.0, 1e22, 1e-7, math.inf, -math.inf]), st.floats()),
    "exact": st.decimals(-1000, 1000, places=3),
    "truth": st.booleans(),
    "moment": MOMENTS,
    "day": st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)),
    "clock": st.times().map(lambda at: at.replace(microsecond=0)),
    "span": SPANS,
    "guid": st.uuids(),
}
PART = st.fixed_dictionaries({"Name": TEXTS, "Size": st.integers(0, 9), "Marks": st.lists(TEXTS, max_size=2)})
ROW = st.fixed_dictionaries(
    {
        "Name": TEXTS,
        "Mail": st.none() | TEXTS,
        "Id": WHOLES,
        "Rank": st.none() | st.integers(0, 9),
        "Rate": VALUES["real"],
        "Price": VALUES["exact"],
        "On": st.booleans(),
        "At": MOMENTS,
        "Day": VALUES["day"],
        "Clock": VALUES["clock"],
        "Took": SPANS,
        "Key": st.uuids(),
        "Kind": st.sampled_from(["A", "B", "A,B"]),
        "Hours": st.fixed_dictionaries({"Type": TEXTS}),
        "Marks": st.lists(TEXTS, max_size=2),
        "Parts": st.lists(PART, max_size=3),
    }
)
# Fields by kind, for a row and for a part of it; the ones that may be null are only tested for equality and applied.
FIELDS = [
    {
        "text": ["Name", "Hours/Type"],
        "whole": ["Id"],
        "real": ["Rate"],
        "exact": ["Price"],
        "truth": ["On"],
        "moment": ["At"],
        "day": ["Day"],
        "clock": ["Clock"],
        "span": ["Took"],
        "guid": ["Key"],
    },
    {"text": ["Name"], "whole": ["Size"]},
]
NULLABLE = [{"text": ["Mail"], "whole": ["Rank"]}, {}]
COMPARED = {"eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt}


class Made(NamedTuple):
    """Something built, and the same in Python. Each takes what stands for the rows around it, outermost first."""

    build: Callable[[tuple[Any, ...]], Any]
    value: Callable[[tuple[Any, ...]], Any]


def field(level: int, path: str) -> Made:
    def value(rows: tuple[Any, ...]) -> Any:
        found = rows[level]
        for name in path.split("/"):
            found = found[name]
        return found

    return Made(lambda rows: rows[level][path], value)


def literal(value: Any) -> Made:
    return Made(lambda rows: value, lambda rows: value)


def applied(build: Callable[..., Any], value: Callable[..., Any], *made: Made) -> Made:
    """A function of others: null where one of them is."""

    def evaluate(rows: tuple[Any, ...]) -> Any:
        given = [one.value(rows) for one in made]
        return None if None in given else value(*given)

    return Made(lambda rows: build(*(one.build(rows) for one in made)), evaluate)


def quotient(a: int, b: int) -> int:
    return abs(a) // b * (-1 if a < 0 else 1)


@st.composite
def operands(draw: st.DrawFn, kind: str, levels: int, nullable: bool = False) -> Made:
    """Something of a kind that isn't a mere literal: a field of a row around, or what is made of one."""
    level = draw(st.sampled_from([at for at in range(levels) if kind in FIELDS[at]] or [0]))
    names = [*FIELDS[level][kind], *(NULLABLE[level].get(kind, []) if nullable else [])]
    plain = field(level, draw(st.sampled_from(names)))
    small = literal(draw(st.integers(1, 5)))
    other = draw(st.sampled_from([plain, literal(draw(VALUES[kind]))]))
    size = (
        field(1, "Size") if levels > 1 else Made(lambda rows: rows[0].Parts.count(), lambda rows: len(rows[0]["Parts"]))
    )
    made: dict[str, list[Made]] = {
        "text": [
            applied(lambda a: a.lower(), str.lower, plain),
            applied(lambda a: a.upper(), str.upper, plain),
            applied(lambda a: a.trim(), str.strip, plain),
            applied(lambda a, b: a.concat(b), operator.add, plain, other),
            applied(lambda a, b: a.substring(b), lambda a, b: a[b:], plain, small),
            applied(lambda a, b: a.substring(1, b), lambda a, b: a[1 : 1 + b], plain, small),
        ],
        "whole": [
            size,
            applied(lambda a, b: a + b, operator.add, plain, other),
            applied(lambda a, b: b - a, lambda a, b: b - a, plain, other),
            applied(lambda a, b, c: a - (b + c) * 2, lambda a, b, c: a - (b + c) * 2, plain, size, other),
            applied(lambda a, b, c: a - (b - c), lambda a, b, c: a - (b - c), plain, size, other),
            applied(lambda a: -a, operator.neg, plain),
            applied(lambda a, b: a / b, quotient, plain, small),
            applied(lambda a, b: a % b, operator.mod, size, small),
            applied(lambda a: a.length(), len, draw(operands("text", levels, nullable))) if kind == "whole" else plain,
            applied(lambda a: a.At.year(), lambda a: a["At"].year, Made(lambda r: r[0], lambda r: r[0])),
            applied(lambda a: a.At.minute(), lambda a: a["At"].minute, Made(lambda r: r[0], lambda r: r[0])),
        ],
        "day": [applied(lambda a: a.At.date(), lambda a: a["At"].date(), Made(lambda r: r[0], lambda r: r[0]))],
        "clock": [applied(lambda a: a.At.time(), lambda a: a["At"].time(), Made(lambda r: r[0], lambda r: r[0]))],
        "span": [
            applied(lambda a, b: a + b, operator.add, plain, literal(draw(SPANS))),
            # A moment's sum goes back to a span: without a model, odatapy takes `At add duration'…'` for one.
            applied(lambda a, b: a.At + b - a.At, lambda a, b: b, Made(lambda r: r[0], lambda r: r[0]), plain),
        ],
    }
    return draw(st.sampled_from([plain, plain, *made.get(kind, [])]))


@st.composite
def comparisons(draw: st.DrawFn, levels: int) -> Made:
    kind = draw(st.sampled_from(sorted(VALUES)))
    name = draw(st.sampled_from(["eq", "ne"] if kind == "truth" else sorted(COMPARED)))
    equality = name in ("eq", "ne")
    compare = COMPARED[name]
    left = draw(operands(kind, levels, nullable=equality))
    right = draw(
        st.one_of(
            VALUES[kind].map(literal),
            operands(kind, levels, nullable=equality),
            *([st.just(literal(None))] if equality else []),
        )
    )
    return Made(
        lambda rows: compare(left.build(rows), right.build(rows)),
        lambda rows: compare(left.value(rows), right.value(rows)),
    )


@st.composite
def searches(draw: st.DrawFn, levels: int) -> Made:
    name, find = draw(
        st.sampled_from([("startswith", str.startswith), ("endswith", str.endswith), ("contains", lambda a, b: b in a)])
    )
    text = draw(operands("text", levels, nullable=True))
    part = draw(st.one_of(TEXTS.map(literal), operands("text", levels, nullable=True)))
    return applied(lambda a, b: getattr(a, name)(b), find, text, part)


@st.composite
def memberships(draw: st.DrawFn, levels: int) -> Made:
    kind = draw(st.sampled_from(["text", "whole", "guid", "day"]))
    options = draw(st.lists(VALUES[kind], min_size=1, max_size=3))
    return applied(lambda a: a.in_(options), lambda a: a in options, draw(operands(kind, levels)))


FLAGS = st.sampled_from(["A", "B"]).map(
    lambda flag: Made(
        lambda rows: rows[0].Kind.has(F.enum("Pbx.Kinds", flag)), lambda rows: flag in rows[0]["Kind"].split(",")
    )
)


def known(values: list[Any], decisive: bool) -> bool | None:
    """``and`` (decided by False) and ``or`` (by True) over true, false and unknown."""
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def joined(parts: list[Made], name: str) -> Made:
    def build(rows: tuple[Any, ...]) -> Any:
        first, *rest = [part.build(rows) for part in parts]
        for term in rest:
            first = first & term if name == "and" else first | term
        return first

    return Made(build, lambda rows: known([part.value(rows) for part in parts], name == "or"))


def denied(part: Made) -> Made:
    return applied(operator.invert, operator.not_, part)


@st.composite
def quantified(draw: st.DrawFn) -> Made:
    """any and all over the parts of a row, with a condition that may look at the part, at the row, and further in."""
    name, decide = draw(st.sampled_from([("any", any), ("all", all)]))
    inner = draw(conditions(2))

    def value(rows: tuple[Any, ...]) -> bool:
        return decide(inner.value((*rows, part)) is True for part in rows[0]["Parts"])

    return Made(lambda rows: getattr(rows[0].Parts, name)(lambda part: inner.build((*rows, part))), value)


@st.composite
def marked(draw: st.DrawFn, levels: int) -> Made:
    """any and all over a list of texts, compared with a literal or with a field of a row around."""
    name, decide = draw(st.sampled_from([("any", any), ("all", all)]))
    level = draw(st.integers(0, levels - 1))
    other = draw(st.one_of(TEXTS.map(literal), operands("text", levels)))
    if draw(st.booleans()):
        return Made(lambda rows: rows[level].Marks.any(), lambda rows: bool(rows[level]["Marks"]))
    return Made(
        lambda rows: getattr(rows[level].Marks, name)(lambda mark: mark == other.build(rows)),
        lambda rows: decide(mark == other.value(rows) for mark in rows[level]["Marks"]),
    )


def conditions(levels: int = 1) -> st.SearchStrategy[Made]:
    leaves = [comparisons(levels), searches(levels), memberships(levels), marked(levels), FLAGS]
    leaves += [st.just(field(0, "On")), *([quantified()] if levels == 1 else [])]
    return st.recursive(
        st.one_of(*leaves),
        lambda inner: st.one_of(
            st.builds(joined, st.lists(inner, min_size=2, max_size=3), st.sampled_from(["and", "or"])),
            st.builds(denied, inner),
        ),
        max_leaves=4,
    )


def theirs(built: object, row: dict[str, Any]) -> bool:
    """What odatapy, written by others, makes of a filter that went through an address."""
    text = unquote(query_string({"filter": str(built)}).removeprefix("$filter="))
    entity = Entity()
    for name, value in row.items():
        entity.set_property(name, value)
    return evaluate_filter(entity, ExpressionParser.parse_string(text))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(made=conditions(), row=ROW)
def test_another_reader_takes_every_filter_as_it_was_meant(made: Made, row: dict[str, Any]) -> None:
    assert theirs(made.build((F,)), row) is (made.value((row,)) is True)


@given(st.one_of(*VALUES.values(), st.text(LETTERS), st.decimals(), st.integers()))
def test_every_literal_is_read_back_as_the_value_it_was_made_from(value: Any) -> None:
    try:
        text = str(F.A == value).removeprefix("A eq ")
    except InvalidArgument:
        assert isinstance(value, Decimal)
        assert abs(value.adjusted()) > 308
        return
    read = ExpressionParser.parse_string(text).value  # type: ignore[attr-defined]
    if value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value):
        assert math.isnan(read)
    elif isinstance(value, float):
        assert float(read) == value
        assert math.copysign(1, float(read)) == math.copysign(1, value)
    else:
        assert read == value
        assert isinstance(read, bool) == isinstance(value, bool)


@given(st.datetimes(timezones=st.timezones()) | st.times() | st.timedeltas(dt.timedelta(-(10**4)), dt.timedelta(10**4)))
def test_no_microsecond_is_lost(value: Any) -> None:
    built = F.A == value
    text = str(built).removeprefix("A eq ").removeprefix("duration'").removesuffix("'")
    kind = {dt.datetime: "DateTimeOffset", dt.time: "TimeOfDay", dt.timedelta: "Duration"}[type(value)]
    read = get_primitive_type(EdmPrimitiveTypeKind[kind]).value_of_string(text, facets=Facets(precision=6))
    # Python finds no moment of an hour that occurs twice equal to one in another zone, so UTC is compared with UTC.
    assert read == (value.astimezone(UTC) if isinstance(value, dt.datetime) else value)
