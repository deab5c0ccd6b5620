"""The tools that read the catalog only: finding an action, and what it takes."""

from __future__ import annotations

from ..catalog import Action, load
from ..catalog.defaults import default_of, needs_body, required_of
from ..catalog.facts import OPTION_MEANINGS, action_facts, field_facts, meaning_of, parameter_facts
from ..catalog.search import lacking, partly, search
from ..work.permission import Permission, risk_of
from .arguments import DescribeAction, DescribedAction, Field, FindActions, FoundAction, FoundActions
from .content import Budget, clean
from .service import Caller, Service

_MOST_FIELDS = 400


async def find_actions(service: Service, asked: FindActions, caller: Caller) -> FoundActions:
    """Find actions by words, best first."""
    actions = search(load(), asked.query) or partly(load(), asked.query)
    found = [_found(action, service.permission) for action in actions[: asked.limit]]
    return FoundActions(found, max(0, len(actions) - asked.limit), lacking(asked.query))


def _found(action: Action, permission: Permission) -> FoundAction:
    allowed = permission.allows(action)
    needs = [*required_of(action)]
    return FoundAction(action.id, action.summary, action.kind, needs, risk_of(action).value, allowed)


async def describe_action(service: Service, asked: DescribeAction, caller: Caller) -> DescribedAction:
    """Describe an action. Raises UnknownName with the nearest."""
    action = load().action(asked.action)
    caller.noted["action"] = action.id
    return described_action(action, service.permission, asked.budget)


def described_action(action: Action, permission: Permission, budget: int) -> DescribedAction:
    """Return all that the catalog says of an action, as much as fits."""
    catalog = load()
    answered = action.answer_type
    rows = catalog.fields(answered.name) if answered is not None and answered.name in catalog.types else {}
    left, left_out = Budget(budget), list[str]()
    left.left -= len(action.description) + len(action.summary) + 500

    def fitting(fields: list[Field], where: str) -> list[Field]:
        kept = [field for field in fields[:_MOST_FIELDS] if left.take(clean(field))]
        left_out.extend(f"{where} {field.name}" for field in fields if field not in kept)
        return kept

    parameters = fitting(_parameters(action), "parameter")
    body = fitting(_body(action), "body field")
    answer_fields = left.fitting(rows)
    return DescribedAction(
        action=action.id,
        summary=action.summary,
        description=action.description,
        method=action.method,
        path=action.path,
        kind=action.kind,
        risk=risk_of(action).value,
        allowed=permission.allows(action),
        facts=[*action_facts(catalog, action)],
        parameters=parameters,
        options=[f"{name}: {OPTION_MEANINGS.get(name, '')}" for name in action.query],
        body=body,
        answer=action.answer,
        answer_fields=answer_fields,
        left_out=left_out[:20],
    )


def _parameters(action: Action) -> list[Field]:
    catalog = load()
    return [
        Field(
            each.name,
            str(each.type),
            default_of(action, each) is None,
            " ".join(parameter_facts(catalog, action, each)),
        )
        for each in action.parameters
    ]


def _body(action: Action) -> list[Field]:
    """Return the fields of the body; those of an action's own parameters are needed where they can't be null."""
    catalog = load()
    is_needed = isinstance(action.body, dict) and needs_body(action)
    return [
        Field(
            name,
            str(spec),
            is_needed and not spec.nullable and not spec.collection,
            " ".join([*meaning_of(catalog, action, name), *field_facts(catalog, action, name, spec)]),
        )
        for name, spec in catalog.spec_fields(action.body).items()
    ]
