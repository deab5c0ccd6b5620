"""What stands before a plan is sent: not too many removals, and a yes to those that there are."""

from __future__ import annotations

from collections import Counter

from ...catalog import load
from ...errors import Hint, InvalidArgument
from ...work.guards import Confirm, MostRemovals, Question, check_confirmed, check_removals
from ..kinds import kind_of
from ..kinds import kinds as all_kinds
from ..model import Id
from ..planning.model import Plan


def check_plan_removals(plan: Plan, max_removals: str | int) -> None:
    """Refuse a plan that removes more of a kind than is allowed; one is always let pass. Raises InvalidArgument."""
    most = MostRemovals.parse(max_removals)
    for kind, removals in Counter(id.kind for id in plan.removed).items():
        if removals > 1 or most.number == 0:
            present = plan.present.get(kind, 0)
            check_removals(removals, present, most, all_kinds(load())[kind].noun(present))


def removed_in_words(plan: Plan) -> str:
    """Return what a plan removes, by kind: ``7 entities (6 of 220 contacts, users/101)``."""
    kinds: dict[str, list[Id]] = {}
    for id in plan.removed:
        kinds.setdefault(id.kind, []).append(id)
    parts = [
        str(ids[0]) if len(ids) == 1 else f"{len(ids):,} of {plan.present.get(kind, 0):,} {kind.replace('_', ' ')}"
        for kind, ids in kinds.items()
    ]
    return parts[0] if len(parts) == 1 else f"{len(plan.removed):,} entities ({', '.join(parts)})"


def check_plan_confirmed(plan: Plan, confirm: Confirm | bool | None) -> None:
    """Ask whether to go on. Raises NotConfirmed, or InvalidArgument where removals need a yes and nobody was asked."""
    if not plan.steps:
        return
    removals, present = len(plan.removed), sum(plan.present.get(kind, 0) for kind in {id.kind for id in plan.removed})
    gone = removed_in_words(plan)
    last = next((step for step in plan.steps if step.change == "remove"), plan.steps[0])
    kind = kind_of(load(), last.id)
    action = load().action({"add": kind.creator, "remove": kind.deleter}.get(last.change, kind.updater))
    what = f"{len(plan.steps):,} {'step' if len(plan.steps) == 1 else 'steps'}"
    phrase = f"Apply {what}{f', which remove {gone},' if removals else ''}"
    question = Question(action, len(plan.steps), plan.url, removals, present, phrase=phrase)
    if removals and confirm is None:
        raise InvalidArgument(
            f"The plan would remove {gone}, and nobody has confirmed that.",
            hint=Hint("Nothing was sent. Look at what is to be removed, then confirm it.", arguments={"confirm": True}),
        )
    check_confirmed(question, confirm)
