"""What the demo company's history is told of, and the history itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache

from ..telephony.company import Company, Line, Team, Trunk
from ..telephony.model import LAST_DAY, CallModel
from . import company

_RECORDED_DEPARTMENTS = ("Sales", "Support")


def _numbers(departments: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(100 + place for place, person in enumerate(company.PEOPLE) if person[2] in departments)


def _london(number: int) -> str:
    return f"+442079460{number:03}"


def _new_york(number: int) -> str:
    return f"+12025550{number}"


def demo_company() -> Company:
    """The company of ``company.py``, where every department has its part in the calls."""
    (london, london_name, _), (new_york, new_york_name, _) = company.TRUNKS
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
    return CallModel(demo_company())


@cache
def none() -> CallModel:
    """A PBX on which nobody has called."""
    return CallModel(demo_company(), last_day=date(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day), days=0)
