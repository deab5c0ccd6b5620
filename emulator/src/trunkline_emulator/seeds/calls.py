"""What the demo company's history is told of, and the history itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

from ..telephony.active import active_call
from ..telephony.company import Company, Line, Team, Trunk
from ..telephony.made import UnderWay
from ..telephony.model import SEEDED_AT, CallModel
from ..telephony.recordings import recording_row
from ..telephony.records import Kind, Party
from ..values import Row
from . import company

_RECORDED_DEPARTMENTS = ("Sales", "Support")


def _numbers(departments: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(100 + place for place, person in enumerate(company.PEOPLE) if person[2] in departments)


def _london(number: int) -> str:
    return f"+442079460{number:03}"


def _new_york(number: int) -> str:
    return f"+12025550{number}"


def demo_company() -> Company:
    """Return the company of ``company.py``, where every department has its part in the calls."""
    (london, london_name), (new_york, new_york_name) = company.TRUNKS
    menu, night_menu = company.RECEPTIONISTS
    return Company(
        extensions=range(100, 100 + len(company.PEOPLE)),
        name_of=company.name_of,
        operator=100,
        recorded=_numbers(_RECORDED_DEPARTMENTS),
        queues=tuple(Team(number, name, agents) for number, name, agents in company.QUEUES),
        ring_groups=tuple(Team(number, name, members) for number, name, members in company.RING_GROUPS),
        reception=0,
        on_call=1,
        menu=menu,
        night_menu=night_menu,
        trunks=(
            Trunk(london, london_name, "National", Decimal("0.02"), range(200, 800), _london),
            Trunk(new_york, new_york_name, "US", Decimal("0.05"), range(103, 200), _new_york),
        ),
        lines=(
            Line("+442079460100", "Sales line", 0, 0),
            Line("+442079460101", "Support line", 0, 1),
            Line("+442079460102", "Head office", 0, None),
        ),
        links=(("sales", 0), ("support", 1), ("billing", 2)),
    )


@cache
def demo() -> CallModel:
    """Ninety days of calls, the last of them 15 June 2026."""
    return CallModel(demo_company(), under_way=_under_way())


def _under_way() -> tuple[UnderWay, ...]:
    """Return calls in progress: two talking, one ringing and one waiting in a queue."""
    told = demo_company()
    london, new_york = told.trunks
    sales, support = (Party(Kind.QUEUE, team.number, team.number, team.name) for team in told.queues[:2])
    return (
        UnderWay(_outside(london, 123), told.person(101), _ago(158), _ago(150), sales, *_line(told, 0)),
        UnderWay(told.person(122), _outside(new_york, 155), _ago(73), _ago(61), rule=new_york.rule),
        UnderWay(told.person(132), told.person(137), _ago(8), None),
        UnderWay(_outside(london, 207), support, _ago(25), None, None, *_line(told, 1)),
    )


def _outside(trunk: Trunk, number: int) -> Party:
    return Party(Kind.EXTERNAL, trunk.number, trunk.contact(number), trunk.name)


def _line(told: Company, place: int) -> tuple[str, str]:
    return told.lines[place].did, told.lines[place].rule


def _ago(seconds: int) -> datetime:
    return SEEDED_AT - timedelta(seconds=seconds)


@cache
def recordings() -> tuple[Row, ...]:
    """Return the rows of ``Recordings``, as the history has them."""
    return tuple(recording_row(call, leg) for call, leg in demo().recordings())


def active_calls() -> list[Row]:
    """Return the rows of ``ActiveCalls``, with the times of ``SEEDED_AT``."""
    return [{"Id": n, **active_call(call)} for n, call in enumerate(demo().under_way, 1)]
