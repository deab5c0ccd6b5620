"""The tools that change a PBX, in two steps: a plan, at which somebody can look, and the same plan applied."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ..catalog import Action, load
from ..client import AsyncPbx
from ..errors import InvalidArgument, VersionWarning
from ..local.timestamps import format_timestamp
from ..node import Node
from ..node.items import Item, keys_of
from ..node.template import Scope
from ..references.stakes import aquestion_before
from ..request import Call, build
from ..request.shown import in_a_line
from ..work.drivers import adrive, run_in_loop
from ..work.guards import NotConfirmed, Question, check_confirmed, check_origin, check_rows
from ..work.ledger import Entry, MemoryLedger
from ..work.lists import list_facts, replaced_lists
from ..work.outcome import Outcome, as_record
from ..work.permission import risk_of
from ..work.planned import Planned, PlannedStep, planned
from ..work.run import Policy, Run
from ..work.state import State
from .arguments import AppliedPlan, ApplyPlan, PlanChange, PlannedChange
from .content import Budget, clean, in_one_line
from .plans import LIFETIME, Plan
from .reading import bound, check_conditions, note
from .service import Caller, Confirmation, Service

_MOST_SHOWN = 10  # changes that a question names
_MOST_FACTS = 5
_LONGEST_QUESTION = 2_000
_LONGEST_FACT = 300
_LONGEST_NAME = 60
_STEP = ("item", "key", "name")
_OUTCOME = ("item", "state", "key", "answer", "error")
_LEAST_OUTCOME = 100  # characters
_POLICY = Policy(concurrency=1, most_failures=1)
"""In order and one at a time; a failure ends it, since what comes next may depend on what failed."""


async def plan_change(service: Service, asked: PlanChange, caller: Caller) -> PlannedChange:
    """Check a change of one or several entities and read what it would change; nothing is sent.

    Raises NotPermitted, what the guards refuse, and what the reading raises.
    """
    action = load().action(asked.action)
    pbx = service.pbxs.name_of(asked.pbx)
    note(caller, pbx, action)
    if action.method == "GET":
        raise InvalidArgument(f"{action.id} only reads: there is nothing to plan.", hint="Call it, or list its rows.")
    service.permission.check(action)
    if action.kind == "upload":
        raise InvalidArgument(f"{action.id} sends a file, and no tool of this server reads files.")
    async with service.pbxs.turn(pbx) as client:
        with warnings.catch_warnings(record=True) as heard:  # nothing is awaited in here, so no other call is heard
            warnings.simplefilter("always", VersionWarning)
            calls = _calls(action, asked, [client.label, client.url, pbx])
        caller.noted["keys"] = [keys_of(action, call.values) for call in calls]
        caller.noted["fields"] = sorted({name for call in calls for name in call.body or {}})
        steps = [await adrive(planned(call), client) for call in calls]
        plan = Plan(caller.session, pbx, action, steps, *await _stakes(client, calls))
    facts = [*_question(plan).facts, *dict.fromkeys(str(warning.message) for warning in heard)]
    shown_facts = [in_one_line(fact, _LONGEST_FACT) for fact in facts[:_MOST_FACTS]]
    question = in_one_line(_question(plan).sentence(pbx), 500)
    budget = Budget(asked.budget)
    budget.left -= sum(map(len, shown_facts)) + len(question)
    shown = budget.fitting_shortened([clean(_shown(n, step)) for n, step in enumerate(steps)], _STEP)
    # Only now: nobody may apply what was not shown.
    plan = service.plans.add(plan)
    caller.noted["plan"] = plan.id
    return PlannedChange(
        pbx=pbx,
        plan=plan.id,
        expires=format_timestamp(datetime.now(UTC) + timedelta(seconds=LIFETIME)),
        action=action.id,
        risk=risk_of(action).value,
        question=question,
        changes=len(steps),
        steps=shown,
        not_shown=0,
        facts=shown_facts,
    )


def _calls(action: Action, asked: PlanChange, names: Sequence[str]) -> list[Call]:
    """Return the checked calls of a plan. ``names``: what the PBX is called. Raises what the guards refuse."""
    items: list[Item] = [{"json": each} for each in (asked.items if asked.items is not None else [{}])]
    if asked.items is not None and not asked.parameters:
        calls = [bound(action.id, {name: v for name, v in item["json"].items() if name != "pbx"}) for item in items]
    else:
        node = Node(action.id, asked.parameters)
        calls = [node.call(Scope(items, n)) for n in range(len(items))]
    for n, (item, call) in enumerate(zip(items, calls, strict=True)):
        check_conditions(call)
        check_rows(action, n, item["json"], partial(keys_of, action, call.values))
        check_origin(n, item["json"], names)
    seen: dict[str, int] = {}
    for n, call in enumerate(calls):
        if action.keys and (first := seen.setdefault(call.path, n)) != n:
            raise InvalidArgument(f"Items {first} and {n} are the same: {call.path}.", hint="Nothing was sent.")
    return calls


def _shown(n: int, step: Planned) -> dict[str, Any]:
    """Return what a step would do, for somebody to look at."""
    call = step.call
    line = in_a_line(build(call))
    shown: dict[str, Any] = {"item": n, "key": keys_of(call.action, call.values), "name": step.name}
    if call.action.kind == "delete":
        shown["removes"] = step.name
    elif before := step.before:
        shown |= {"before": before, "after": {name: (call.body or {})[name] for name in before}}
    return {**shown, "request": line}


async def _stakes(client: AsyncPbx, calls: Sequence[Call]) -> tuple[str, tuple[str, ...]]:
    """Read what one call is about, as the command line does before it asks: its phrase, and who refers to the thing."""
    if len(calls) != 1 or not (action := calls[0].action).asks:
        return "", ()
    question = await aquestion_before(client, action, calls[0].arguments, named=_quoted)
    return "" if action.kind == "delete" else question.phrase, question.facts


def _quoted(name: str) -> str:
    """Return a name that somebody wrote so that it can't read like a part of the question."""
    return f"“{in_one_line(name, _LONGEST_NAME)}”" if name else ""


def _question(plan: Plan) -> Question:
    calls = [step.call for step in plan.steps]
    lists = dict.fromkeys(name for call in calls for name in replaced_lists(load(), plan.action, call.body))
    facts = (*plan.facts, *(list_facts([*lists]) if lists else ()))
    if plan.action.destructive:
        facts = ("What it removes can't be restored.", *facts)
    if plan.action.disruptive:
        facts = ("It cuts off calls, phones or people at work.", *facts)
    name = _quoted(plan.steps[0].name) if len(calls) == 1 else ""
    return Question(plan.action, len(calls), name=name, facts=facts, phrase=plan.phrase)


def _asked(plan: Plan) -> str:
    """Return the text that the client shows to a person: the question, its facts, and the changes."""
    question = _question(plan)
    lines = [in_one_line(question.sentence(plan.pbx), 500)]
    lines += [in_one_line(fact, _LONGEST_FACT) for fact in question.facts[:_MOST_FACTS]]
    for step in plan.steps[:_MOST_SHOWN]:
        lines.append(f"- {in_one_line(step.name, 100)}: {in_one_line(in_a_line(build(step.call)), 200)}")
        changes: Mapping[str, Any] = clean(
            {name: [old, (step.call.body or {})[name]] for name, old in step.before.items()}
        )
        lines += [f"  {name}: {in_one_line(f'{old} → {new}', 150)}" for name, (old, new) in changes.items()]
    more = len(plan.steps) - _MOST_SHOWN
    lines += [f"and {more} more"] if more > 0 else []
    text = "\n".join(lines)
    return text if len(text) <= _LONGEST_QUESTION else f"{text[: _LONGEST_QUESTION - 1]}…"


async def apply_plan(service: Service, asked: ApplyPlan, caller: Caller) -> AppliedPlan:
    """Send what a plan says, once, where each entity is still as the plan read it.

    Raises PlanGone, and NotConfirmed after a no; where nobody can be asked, the id of the plan is the confirmation.
    """
    plan = service.plans.look(asked.plan, caller.session)
    caller.noted.update(plan=plan.id, pbx=plan.pbx, action=plan.action.id)
    caller.noted["keys"] = [keys_of(plan.action, step.call.values) for step in plan.steps]
    service.permission.check(plan.action)
    if len(plan.steps) * _LEAST_OUTCOME > Budget(asked.budget).left:  # they can't be asked for again
        raise InvalidArgument(
            f"The outcomes of {len(plan.steps)} changes do not fit the budget.",
            hint="Nothing was sent, and the plan is kept. Give a larger budget.",
        )
    answer = await caller.confirm(_asked(plan))
    if answer is Confirmation.DECLINED:
        service.plans.decline(plan.id, caller.session)
    if answer is Confirmation.UNTICKED:
        raise NotConfirmed(
            "It was accepted, but “Apply this change” was not ticked. Nothing was sent.", hint="The plan is kept."
        )
    if answer is Confirmation.UNREADABLE:
        raise NotConfirmed(
            "The client's answer to the question can't be read. Nothing was sent.", hint="The plan is kept."
        )
    if answer is Confirmation.CANCELLED:
        raise NotConfirmed("The question was closed without an answer. Nothing was sent.", hint="The plan is kept.")
    is_confirmed = answer is not Confirmation.DECLINED
    check_confirmed(_question(plan), is_confirmed)
    plan = service.plans.take(plan.id, caller.session)
    service.audit.write({"session": caller.session, "tool": "apply_plan", **caller.noted, "outcome": "sending"})
    outcomes = await _sent(service, plan, caller)
    states = [outcome.state for outcome in outcomes]
    records = [
        clean(as_record(outcome, action=plan.action.id, key=_key(plan, outcome), pbx=plan.pbx, item=outcome.n))
        for outcome in sorted(outcomes, key=lambda outcome: outcome.state is State.DONE)
    ]
    budget = Budget(asked.budget)
    try:
        shown = budget.fitting_shortened([*map(_bounded, records)], _OUTCOME)
    except InvalidArgument:  # it is done: what fits is better than nothing
        shown = budget.fitting(map(_gist, records))
    return AppliedPlan(
        pbx=plan.pbx,
        plan=plan.id,
        action=plan.action.id,
        confirmed_by="person" if answer is Confirmation.ACCEPTED else "plan id",
        done=states.count(State.DONE),
        failed=states.count(State.FAILED),
        unknown=states.count(State.UNKNOWN),
        not_started=states.count(State.NOT_STARTED),
        outcomes=shown,
        not_shown=len(records) - len(shown),
    )


async def _sent(service: Service, plan: Plan, caller: Caller) -> list[Outcome]:
    ledger = MemoryLedger(plan.steps)

    def make(entry: Entry) -> PlannedStep:
        return PlannedStep(plan.steps[entry.n])

    run = Run(ledger, make, _POLICY)
    ended = False
    try:
        async with service.pbxs.turn(plan.pbx) as client:
            await run_in_loop(run, client)
        ended = True
    finally:
        run.stop()
        done = [n for n, outcome in sorted(ledger.outcomes.items()) if outcome.state is State.DONE]
        caller.noted["done"], caller.noted["of"] = len(done), len(plan.steps)
        how = "to its end" if ended else "and cancelled before its end; the item after those may be done as well"
        items = f" (items {', '.join(map(str, done))})" if done else ""
        service.plans.applied(plan, f"was applied already, {how}: {len(done)} of {len(plan.steps)} are done{items}")
    return [ledger.outcomes.get(n) or Outcome(n, State.NOT_STARTED) for n in range(len(plan.steps))]


def _key(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    return keys_of(plan.action, plan.steps[outcome.n].call.values)


def _gist(record: dict[str, Any]) -> dict[str, Any]:
    """Return the least of an outcome: which change it is, how it ended, and the Id of what was made."""
    gist = {name: record[name] for name in ("item", "state", "key")}
    answer = record.get("answer")
    return {**gist, "answer": {"Id": answer["Id"]}} if isinstance(answer, dict) and "Id" in answer else gist


def _bounded(record: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome that does not crowd out the others: of a large answer key and name, of an error its gist."""
    answer, error = record.get("answer"), record.get("error")
    if isinstance(answer, dict) and len(answer) > 8:
        names = ("Id", "Number", "Name", "FirstName", "LastName", "PhoneNumber")
        record = {**record, "answer": {name: answer[name] for name in names if name in answer}}
    if error is not None:
        short = {"code": error["code"], "status": error["status"], "message": in_one_line(error["message"], 500)}
        record = {**record, "error": {**short, "hint": in_one_line(error["hint"]["text"], 300)}}
    return record
