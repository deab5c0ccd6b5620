"""Plans expire, belong to a session, and are kept within bounds."""

from __future__ import annotations

import pytest

from trunkline.catalog import load
from trunkline.mcp.plans import LIFETIME, MOST, Plan, PlanGone, Plans


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_plan_expires() -> None:
    clock = Clock()
    plans = Plans(clock)
    plan = plans.add(Plan("s", "acme", load().action("users.update"), []))
    clock.now = LIFETIME - 1
    assert plans.look(plan.id, "s") == plan
    clock.now = LIFETIME
    with pytest.raises(PlanGone, match="has expired"):
        plans.take(plan.id, "s")


def test_a_plan_of_another_session_is_as_one_that_nobody_made() -> None:
    plans = Plans(Clock())
    plan = plans.add(Plan("s", "acme", load().action("users.update"), []))
    for session in ("", "t"):
        with pytest.raises(PlanGone, match="There is no plan"):
            plans.take(plan.id, session)
    plans.take(plan.id, "s")
    with pytest.raises(PlanGone, match="There is no plan"):
        plans.look(plan.id, "t")
    with pytest.raises(PlanGone, match="was applied already"):
        plans.look(plan.id, "s")


def test_the_oldest_plan_makes_room() -> None:
    plans = Plans(Clock())
    first, *others = [plans.add(Plan("s", "acme", load().action("users.update"), [])) for _ in range(MOST + 1)]
    with pytest.raises(PlanGone, match="was forgotten"):
        plans.look(first.id, "s")
    assert [plans.look(plan.id, "s") for plan in others] == others
    assert len({plan.id for plan in others}) == MOST


def test_how_an_applied_plan_ended_is_told_to_its_session_only() -> None:
    plans = Plans(Clock())
    plan = plans.add(Plan("s", "acme", load().action("users.update"), []))
    plans.applied(plans.take(plan.id, "s"), "was applied already, and cancelled: 1 of 2 are done")
    with pytest.raises(PlanGone, match=r"1 of 2 are done\. Nothing was sent\.") as gone:
        plans.take(plan.id, "s")
    assert gone.value.hint.text == "Look at what is there before you plan again."
    with pytest.raises(PlanGone, match="There is no plan"):
        plans.look(plan.id, "t")
