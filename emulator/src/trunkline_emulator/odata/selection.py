"""``$select`` and ``$expand``: which parts of a row are written, with options of their own in parentheses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from trunkline.catalog import Catalog, TypeSpec

from ..refusals import TOO_COSTLY, Refusal, bad_query
from ..values import Row
from .evaluation import step
from .options import system_name
from .rows import Convert, Expanded, Part, Plan, Query, converter, ordered_fields, whole

MAX_DEPTH = 5
COLLECTION_ONLY = frozenset({"$filter", "$orderby", "$count", "$skip", "$top", "$search"})
_NESTED = COLLECTION_ONLY | {"$select", "$expand", "$levels"}

Build = Callable[[Mapping[str, str], TypeSpec, int], Query]


class Selection(NamedTuple):
    select: tuple[str, ...] | None
    expand: dict[str, Query]
    plan: Plan | None


def read_selection(options: Mapping[str, str], spec: TypeSpec, catalog: Catalog, depth: int, build: Build) -> Selection:
    """Both options, for rows of a type; ``build`` reads the options of what is expanded. Raises Refusal (400)."""
    chosen = _select(options["$select"], spec, catalog) if "$select" in options else None
    expanded = _expand(options["$expand"], spec, catalog, depth, build) if "$expand" in options else []
    if chosen is None and not expanded:
        return Selection(None, {}, None)
    plan = whole(catalog, spec.name) if chosen is None else Plan(_chosen(chosen, spec, catalog))
    names = None if chosen is None else tuple(dict.fromkeys("/".join(path) for path in chosen))
    return Selection(names, {item.name: item.query for item in expanded}, plan._replace(expanded=tuple(expanded)))


def _select(text: str, spec: TypeSpec, catalog: Catalog) -> list[tuple[str, ...]] | None:
    """Every path as declared; None where ``*`` asks for all."""
    paths: list[tuple[str, ...]] = []
    everything = False
    for item in split_outside(text, ","):
        name, options = _item(item.strip(), frozenset({"$select"}))
        if name == "*":
            everything = True
            continue
        path, found = _path(name, spec, catalog)
        inner = _select(options["$select"], found._replace(collection=False), catalog) if options else None
        paths += [path] if inner is None else [(*path, *rest) for rest in inner]
    return None if everything else paths


def _path(name: str, spec: TypeSpec, catalog: Catalog) -> tuple[tuple[str, ...], TypeSpec]:
    steps: list[str] = []
    for text in name.split("/"):
        if spec.navigation and steps:
            raise bad_query(
                "Found a path with multiple navigation properties or a bad complex property path in a select clause. "
                "Please reword your query such that each level of select or expand only contains either TypeSegments "
                "or Properties."
            )
        found, spec = step(spec._replace(collection=False), text, catalog)
        steps.append(found)
    return tuple(steps), spec


def _chosen(paths: list[tuple[str, ...]], spec: TypeSpec, catalog: Catalog) -> tuple[tuple[str, Convert | None], ...]:
    """Return the fields to write, in their usual order, each whole or in part."""
    parts: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in paths:
        parts.setdefault(first, []).append(tuple(rest))
    fields: list[tuple[str, Convert | None]] = []
    for name, inner in ordered_fields(catalog, spec.name).items():
        if name not in parts:
            continue
        plan = None if () in parts[name] else Plan(_chosen(parts[name], inner, catalog))
        fields.append((name, converter(inner, catalog, Query(plan=plan))))
    return tuple(fields)


def _expand(text: str, spec: TypeSpec, catalog: Catalog, depth: int, build: Build) -> list[Expanded]:
    if depth >= MAX_DEPTH:
        raise _too_deep()
    found: dict[str, Expanded] = {}
    for item in split_outside(text, ","):
        name, options = _item(item.strip(), _NESTED)
        if name == "*":
            names = [field for field, inner in catalog.fields(spec.name).items() if inner.navigation]
        else:
            names = [name]
        for one in names:
            expanded = _expanded(one, options, spec, catalog, depth, build)
            if expanded.name in found and name != "*":
                raise bad_query(
                    f"Found multiple terms with same name '{expanded.name}' in $select or $expand expression."
                )
            found.setdefault(expanded.name, expanded)
    return list(found.values())


def _expanded(
    text: str, options: Mapping[str, str], spec: TypeSpec, catalog: Catalog, depth: int, build: Build
) -> Expanded:
    path, _, tail = text.partition("/")
    part: Part = "count" if tail == "$count" else "ref" if tail == "$ref" else "rows"
    name, target = step(spec, path, catalog)
    if not target.navigation or (tail and part == "rows"):
        raise bad_query(f"Property '{text}' on type '{spec.name}' is not a navigation property or complex property.")
    if not target.collection and (part == "count" or COLLECTION_ONLY & options.keys()):
        raise bad_query(
            f"Property '{name}' on type '{spec.name}' is not a collection. Query options $filter, $orderby, $count, "
            "$skip, and $top can be applied only on collections."
        )
    own = {option: value for option, value in options.items() if option != "$levels"}
    levels = _levels(options["$levels"], depth) if "$levels" in options else 1
    if levels > 1 and _again(name, target, catalog):
        again = f"{name}($levels={levels - 1})"
        own["$expand"] = f"{own['$expand']},{again}" if "$expand" in own else again
    query = build(own, target._replace(collection=False, nullable=False), depth + 1)
    return Expanded(name, target, query, part, _reference(target, catalog) if part == "ref" else None)


def _again(name: str, target: TypeSpec, catalog: Catalog) -> bool:
    """Whether a property leads to more of its own kind, as ``$levels`` wants to go on."""
    inner = catalog.fields(target.name).get(name)
    return inner is not None and inner.navigation


def _levels(text: str, depth: int) -> int:
    if text == "max":
        return MAX_DEPTH - depth
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise bad_query(f"Levels option must be a non-negative integer or 'max', it is set to '{text}' instead.")
    if int(text) > MAX_DEPTH - depth:
        raise _too_deep()
    return int(text)


def _too_deep() -> Refusal:
    return bad_query(
        f"The request includes a $expand path which is too deep. The maximum depth allowed is {MAX_DEPTH}.", TOO_COSTLY
    )


def _reference(target: TypeSpec, catalog: Catalog) -> Callable[[Row], Row]:
    """Return what writes where an entity is found; only entities of a set have such a place. Raises Refusal (400)."""
    sets = [name for name, found in catalog.sets.items() if found.type == target.name and not found.singleton]
    key = catalog.key(target.name)
    if not sets or len(key) != 1:
        raise bad_query(f"Entities of type '{target.name}' are in no entity set that a reference could name.")
    quoted = catalog.fields(target.name)[key[0]].name == "String"
    write = key_literal if quoted else str
    return lambda row: {"@odata.id": f"{sets[0]}({write(row[key[0]])})"}


def key_literal(value: str) -> str:
    """Return a text as it stands in a path, before percent-encoding."""
    return "'" + value.replace("'", "''") + "'"


def _item(text: str, allowed: frozenset[str]) -> tuple[str, dict[str, str]]:
    """``Groups($select=Name;$top=5)`` as the name and its own options."""
    name, bracket, rest = text.partition("(")
    if not bracket:
        return name, {}
    if not rest.endswith(")"):
        raise _bad_term(text)
    options: dict[str, str] = {}
    for part in split_outside(rest[:-1], ";"):
        if not part.strip():  # ``$expand=Groups($select=Name;)`` (docs/pbx.md, Requests)
            continue
        option, equals, value = part.strip().partition("=")
        if not equals:  # ``$expand=Groups(Rights())``
            option, equals, value = "$expand", "=", part.strip()
        known = "$levels" if option.lower() in ("$levels", "levels") else system_name(option)
        if not equals or known not in allowed or known in options:
            raise _bad_term(text)
        options[known] = value
    return name, options


def _bad_term(text: str) -> Refusal:
    return bad_query(f"Term '{text}' is not valid in a $select or $expand expression.")


def split_outside(text: str, separator: str) -> list[str]:
    """Split at separators that stand neither in quotes nor in parentheses."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif not quoted and depth == 0 and character == separator:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
