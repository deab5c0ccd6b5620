"""What differs between two versions of 3CX: actions that came and went, and what they take and answer otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, TypedDict

from ..catalog import Action, Catalog, TypeSpec


class ActionChange(TypedDict):
    """How an action differs between two versions.

    ``what`` says for a changed one where: ``parameter``, ``option``, ``body`` or ``answer``, and for a type that body
    or answer have within them, its field.
    """

    action: str
    change: Literal["added", "dropped", "changed"]
    what: list[str]


def changes(old: Catalog, new: Catalog) -> list[ActionChange]:
    """One record for each action that differs, by name."""
    before, after = _by_name(old), _by_name(new)
    inner = _types(old, new)
    records: list[ActionChange] = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            records.append({"action": name, "change": "added", "what": []})
        elif name not in after:
            records.append({"action": name, "change": "dropped", "what": []})
        elif what := _changed(old, new, before[name], after[name], inner):
            records.append({"action": name, "change": "changed", "what": what})
    return records


def _by_name(catalog: Catalog) -> dict[str, Action]:
    return {
        f"{resource}.{verb}": action
        for resource, verbs in catalog.resources.items()
        for verb, action in verbs.items()
        if action.published
    }


def _changed(old: Catalog, new: Catalog, before: Action, after: Action, inner: Mapping[str, list[str]]) -> list[str]:
    what = []
    if (before.method, before.path) != (after.method, after.path):
        what.append(f"path: {before.method} {before.path} → {after.method} {after.path}")
    what += _fields("parameter ", dict(before.params), dict(after.params))
    what += _fields("option ", dict.fromkeys(before.query, ""), dict.fromkeys(after.query, ""))
    what += _part("body", old, new, before.body, after.body, inner)
    if before.body is not None and after.body is not None and before.body_required != after.body_required:
        what.append(f"body: {'required' if after.body_required else 'no longer required'}")
    if before.answer != after.answer:
        what.append(f"answer: {before.answer} → {after.answer}")
    reached = _reached(new, [after.answer_type.name]) if after.answer_type else frozenset()
    return what + [f"answer: {text}" for name in sorted(reached) for text in inner.get(name, ())]


def _part(
    part: str,
    old: Catalog,
    new: Catalog,
    before: str | dict[str, str] | None,
    after: str | dict[str, str] | None,
    inner: Mapping[str, list[str]],
) -> list[str]:
    named = [type(body) is str for body in (before, after)]
    if before is None or after is None or all(named):
        what = [] if before == after else [f"{part}: {_said(before)} → {_said(after)}"]
    else:
        what = _fields(f"{part} ", _texts(old.spec_fields(before)), _texts(new.spec_fields(after)))
    names = [spec.name for spec in new.spec_fields(after).values()] + ([after] if isinstance(after, str) else [])
    return what + [f"{part}: {text}" for name in sorted(_reached(new, names)) for text in inner.get(name, ())]


def _said(body: str | dict[str, str] | None) -> str:
    return body if isinstance(body, str) else "none" if body is None else f"{{{', '.join(body)}}}"


def _texts(fields: Mapping[str, TypeSpec]) -> dict[str, str]:
    return {name: str(spec) for name, spec in fields.items()}


def _fields(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    texts = []
    for name in dict.fromkeys([*before, *after]):
        if name not in before:
            texts.append(f"{what}{name} added")
        elif name not in after:
            texts.append(f"{what}{name} dropped")
        elif before[name] != after[name]:
            texts.append(f"{what}{name}: {before[name]} → {after[name]}")
    return texts


def _types(old: Catalog, new: Catalog) -> dict[str, list[str]]:
    """Return what changed in each type and enum that both versions have."""
    changed = {}
    for name in new.types:
        before, after = (_texts(catalog.fields(name)) for catalog in (old, new))
        if before:
            changed[name] = _fields(f"{name.removeprefix('Pbx.')}.", before, after)
    for name in new.enums:
        known, now = (dict.fromkeys(catalog.enum_values(name), "") for catalog in (old, new))
        if known:
            changed[name] = _fields(f"{name.removeprefix('Pbx.')} value ", known, now)
    return {name: what for name, what in changed.items() if what}


def _reached(catalog: Catalog, names: list[str]) -> frozenset[str]:
    return frozenset().union(*(_within(catalog, name) for name in names))


@cache
def _within(catalog: Catalog, name: str) -> frozenset[str]:
    """Return the types and enums that a type has within it, itself among them; not what only ``expand`` brings."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen or not current.startswith("Pbx."):
            continue
        seen.add(current)
        if current in catalog.types:
            waiting += [spec.name for spec in catalog.fields(current).values() if not spec.navigation]
    return frozenset(seen)
