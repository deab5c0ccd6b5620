"""What a yes is about: the question before one action that removes something or cuts somebody off.

The thing is read from the PBX and named as people call it. What can't be read keeps nobody from going on: then the
question has the key alone, and a fact says why.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from ..catalog import Action, Catalog
from ..errors import ConfigurationError, SignInError, Unreachable
from ..odata import literal
from ..request import Call, bind
from ..transport.retries import Retries
from ..work.drivers import AsyncSystem, System, adrive, drive
from ..work.guards import Question
from ..work.outcome import as_error
from ..work.step import Ask, Asks
from .deletion import deletion_question, has_users
from .phrases import COUNTS, NAMES, PHRASES, Phrase

_QUIET = frozenset(("blocklist.delete", "contacts.delete", "device_infos.delete", "fax.delete", "website_links.delete"))
"""Deletes by key that have never asked, on which scripts with a terminal rely."""
_HOPELESS = (ConfigurationError, SignInError, Unreachable)
"""After these the action itself can't be sent either, and a sign-in be tried again (docs/pbx.md, Signing in)."""
_OPTIONS = MappingProxyType({"retries": Retries(attempts=1)})
_NAMED = 6
"""Entities that a question names; of more it gives the number."""
_NAMING = ("Number", "Name")


def asks_before(action: Action) -> bool:
    """Whether a person is asked before one of them is sent."""
    return action.asks and action.id not in _QUIET


def question_before(pbx: System, action: Action, arguments: Mapping[str, Any]) -> Question:
    """Read what an action is about, and return the question that names it.

        question_before(pbx, pbx.action("users.reboot_phone"), {"body": {"mac": "805EC0000001"}}).sentence("acme")

    Nothing is changed. Raises InvalidArgument for arguments that the action can't take, and what keeps the PBX from
    being asked at all: ConfigurationError, SignInError, Unreachable.
    """
    question: Question = drive(_asked(pbx.catalog, pbx.url, action, arguments), pbx)
    return question


async def aquestion_before(
    pbx: AsyncSystem, action: Action, arguments: Mapping[str, Any], *, named: Callable[[str], str] = str
) -> Question:
    """Read as `question_before` does; before a deletion also who refers to the thing (`deletion_question`).

    ``named``: how the phrase is to have what the PBX calls the thing, such as in quotes.
    """
    if has_users(action):
        return await deletion_question(pbx, action, arguments)
    question: Question = await adrive(_asked(pbx.catalog, pbx.url, action, arguments, named), pbx)
    return question


def _asked(
    catalog: Catalog, url: str, action: Action, arguments: Mapping[str, Any], named: Callable[[str], str] = str
) -> Asks[Question]:
    call = bind(catalog, action, (), arguments, datetime.now(UTC))
    phrase = PHRASES.get(action.id) or _plain(action)
    facts: list[str] = []
    values: dict[str, str] = {}
    for name in _placeholders(phrase.text + phrase.fact):
        try:
            values[name] = yield from _value(catalog, call, name)
        except BaseException as problem:
            error = as_error(problem)
            if isinstance(error, _HOPELESS):
                raise error from None
            values[name] = _key(call) if name not in COUNTS else ""
            facts.append(f"What it is about could not be read: {error.message}")
        if name not in COUNTS:
            values[name] = named(values[name])
    text, fact = (_one_line(part.format_map(values)) for part in phrase)
    if fact and all(values[name] for name in _placeholders(phrase.fact)):
        facts.insert(0, fact)
    removals = int(action.destructive)
    return Question(action, 1, url, removals, name=values.get("it", ""), facts=tuple(facts), phrase=text)


def _plain(action: Action) -> Phrase:
    """Return the phrase of an action that has none of its own: a deletion by key has one."""
    return Phrase(f"Delete the {action.noun} {{it}}" if action.kind == "delete" else "")


def _placeholders(text: str) -> Iterator[str]:
    yield from dict.fromkeys(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(catalog: Catalog, call: Call, name: str) -> Asks[str]:
    if count := COUNTS.get(name):
        arguments = {"filter": count.filter} if count.filter else {}
        listing = bind(catalog, catalog.action(count.action), (), arguments)
        return f"{(yield Ask(listing, options=_OPTIONS, is_count=True)):,}"
    match name:
        case "it":
            return (yield from _it(catalog, call))
        case "them":
            return (yield from _them(catalog, call))
        case "phone":
            return (yield from _phone(catalog, str((call.body or {}).get("mac"))))
    body = call.body or {}
    return _FROM_BODY[name](body) if name in _FROM_BODY else str(body.get(name) or "")


def _key(call: Call) -> str:
    """Return what the command line itself says of the thing."""
    body = call.body or {}
    ids = _ids(body)
    return " ".join(map(str, call.values.values())) or str(body.get("mac") or ", ".join(map(str, ids[:_NAMED])))


def _it(catalog: Catalog, call: Call) -> Asks[str]:
    """Read the entity of the key; where its key is all the name that it has, nothing is asked."""
    (field, value), *_ = call.values.items()
    rows = yield from _rows(catalog, call.action.resource, field, [value])
    return _names(catalog, call.action.resource, field, [value], rows)[0]


def _them(catalog: Catalog, call: Call) -> Asks[str]:
    ids = _ids(call.body or {})
    resource = call.action.resource
    noun = _some(len(ids), call.action.noun)
    if not 0 < len(ids) <= _NAMED:
        return noun
    rows = yield from _rows(catalog, resource, "Id", ids)
    return f"{noun} ({'; '.join(_names(catalog, resource, 'Id', ids, rows))})"


def _ids(body: Mapping[str, Any]) -> Sequence[Any]:
    """Return the Ids of a body, or of the object in it."""
    for name, value in body.items():
        if name.lower() == "ids" and isinstance(value, list):
            return value
        if isinstance(value, Mapping) and (ids := _ids(value)):
            return ids
    return []


def _rows(catalog: Catalog, resource: str, field: str, keys: Sequence[Any]) -> Asks[Sequence[Mapping[str, Any]]]:
    """Read entities by their keys: one as such, where the PBX can do that, else by a filter."""
    verbs = catalog.resources[resource]
    reader = verbs.get("get") if len(keys) == 1 else None
    action = reader or verbs.get("list")
    fields = _fields(catalog, action)
    if action is None or not fields - {field}:
        return []
    arguments: dict[str, Any] = {"select": sorted(fields | {field})} if "select" in action.query else {}
    if action is reader and field in action.keys:
        answer = yield Ask(bind(catalog, action, (), {**arguments, field: keys[0]}), options=_OPTIONS)
        return [answer]
    action = verbs.get("list")
    if action is None or action.answer_type is None:
        return []
    spec = catalog.fields(action.answer_type.name)[field]
    arguments["filter"] = " or ".join(f"{field} eq {literal(key, spec)}" for key in keys)
    answer = yield Ask(bind(catalog, action, (), {**arguments, "top": len(keys)}), options=_OPTIONS)
    return list(answer)


def _fields(catalog: Catalog, action: Action | None) -> set[str]:
    """Return the fields that name an entity of an action's answer."""
    if action is None or action.answer_type is None:
        return set()
    known = catalog.fields(action.answer_type.name)
    template = NAMES.get(action.answer_type.name)
    return {name for name in (_placeholders(template) if template else _NAMING) if name in known}


def _names(
    catalog: Catalog, resource: str, field: str, keys: Sequence[Any], rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return the name of each key's entity; the key itself for one that has none."""
    verbs = catalog.resources[resource]
    action = verbs.get("list") or verbs.get("get")
    spec = action.answer_type if action else None
    template = NAMES.get(spec.name if spec else "", " ".join(f"{{{name}}}" for name in _NAMING))
    found = {}
    for row in rows:
        texts = {name: str(row.get(name) or "") for name in _placeholders(template)}
        if any(texts.values()):
            found[str(row.get(field))] = _one_line(template.format_map(texts))
    return [found.get(str(key)) or str(key) for key in keys]


def _phone(catalog: Catalog, mac: str) -> Asks[str]:
    """Return a phone and whose it is, by the list of devices that the PBX knows (docs/pbx.md, Answers)."""
    action = catalog.action("device_infos.list")
    where = f"MAC eq {literal(mac, catalog.fields('Pbx.DeviceInfo')['MAC'])}"
    arguments = {"filter": where, "select": ["Id", "MAC", "AssignedUser"], "top": 1}
    rows = yield Ask(bind(catalog, action, (), arguments), options=_OPTIONS)
    owner = str(rows[0].get("AssignedUser") or "") if rows else ""
    return f"{mac} of {owner}" if owner else mac


def _some(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun}es" if noun.endswith(("s", "x")) else f"{noun}s"
    return f"{number:,} {plural}"


def _period(body: Mapping[str, Any]) -> str:
    period = body.get("period") or {}
    if period.get("All"):
        return "all of it"
    return _one_line(f"from {period.get('Start') or 'its beginning'} to {period.get('Stop') or 'now'}")


def _secrets(body: Mapping[str, Any]) -> str:
    chosen = [name for name, is_chosen in (body.get("opts") or {}).items() if is_chosen is True]
    return ", ".join(chosen) or "the secrets"


_FROM_BODY: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "models": lambda body: str((body.get("phone") or {}).get("Model") or "phones of one model"),
    "period": _period,
    "secrets": _secrets,
    "services": lambda body: ", ".join((body.get("options") or {}).get("ServiceNames") or ()) or "no service",
}
