"""What is learned from answers: the values of their secret fields, and names that no published file has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from ..catalog import Catalog, answered
from ..catalog.secret import HELD, NAMES, is_secret, is_sign_in_name, secrets_in, texts_in
from ..redaction import remember_texts, remember_values

_EXAMINED = 1_000
"""Rows of a type that are searched whole for unknown names. In the pages that come after them, the objects and enums
within rows are searched in one row of each length, and the rows' own fields always."""
_examined: Counter[str] = Counter()
_ANNOTATIONS = frozenset(f"@odata.{name}" for name in ("context", "etag", "type", "id", "editLink", "count"))


def learn(catalog: Catalog, type_name: str, rows: Sequence[Any]) -> None:
    """Keep the secrets of rows of a type for `redaction`, and their unknown names for `catalog.answered`."""
    shape = _shape(catalog, type_name)
    _keep_secrets(catalog, shape, rows)
    odd = [] if shape.is_open else [row for row in rows if not shape.fields.issuperset(row)]
    if len(rows) == 1 and not odd:  # searching a large entity whole costs as much as reading it
        answered.defer(partial(_note_unknown, catalog, type_name, rows[0]))
        return
    if _examined[type_name] >= _EXAMINED:
        rows = [*odd, *dict(zip(map(len, rows), rows, strict=True)).values()]
    else:
        _examined[type_name] += len(rows)
    for row in rows:
        _note_unknown(catalog, type_name, row)


class _Shape(NamedTuple):
    """Where the rows of a type have secrets, and what else is looked for in them.

    ``secrets`` are the fields that hold one, ``names`` those with a name to sign in with; ``within`` are the fields
    whose own type has some, with its name. ``by_name`` says that each row is to be searched by the names in it: a type
    that is open, or that holds a secret under another name.
    """

    secrets: tuple[str, ...]
    names: tuple[str, ...]
    within: tuple[tuple[str, str], ...]
    by_name: bool
    fields: frozenset[str]
    is_open: bool
    nested: tuple[tuple[str, str], ...]
    enums: tuple[tuple[str, str, frozenset[str]], ...]


@lru_cache(maxsize=1024)
def _shape(catalog: Catalog, type_name: str) -> _Shape:
    fields = catalog.fields(type_name)
    is_open = catalog.types[type_name].open
    nested = tuple((name, spec.name) for name, spec in fields.items() if spec.name in catalog.types)
    by_name = is_open or (bool(fields.keys() & {*HELD}) and bool(fields.keys() & {*NAMES, "Concealed"}))
    secrets = tuple(name for name, spec in fields.items() if is_secret(name) and spec.name != "Boolean")
    within = tuple((name, owner) for name, owner in nested if name not in secrets and _keeps_any(catalog, owner))
    enums = tuple(
        (name, spec.name, frozenset(member.name for member in catalog.enums[spec.name].members))
        for name, spec in fields.items()
        if spec.name in catalog.enums
    )
    names = tuple(name for name in secrets if is_sign_in_name(name))
    return _Shape(
        tuple(name for name in secrets if name not in names),
        names,
        within,
        by_name,
        frozenset(fields) | _ANNOTATIONS,
        is_open,
        nested,
        enums,
    )


@lru_cache(maxsize=1024)
def _keeps_any(catalog: Catalog, type_name: str) -> bool:
    """Whether a type, or one that it leads to, holds secrets; types lead to each other in circles."""
    waiting, known = [type_name], set()
    while waiting:
        owner = waiting.pop()
        if owner in known:
            continue
        known.add(owner)
        fields = catalog.fields(owner)
        if catalog.types[owner].open or (fields.keys() & {*HELD} and fields.keys() & {*NAMES, "Concealed"}):
            return True
        if any(is_secret(name) and spec.name != "Boolean" for name, spec in fields.items()):
            return True
        waiting += [spec.name for spec in fields.values() if spec.name in catalog.types]
    return False


def _keep_secrets(catalog: Catalog, shape: _Shape, rows: Sequence[Any]) -> None:
    if shape.by_name:
        remember_values(secrets_in(list(rows)))
        return
    for fields, are_names in ((shape.secrets, False), (shape.names, True)):
        if fields and (values := [value for row in rows for value in map(row.get, fields) if value]):
            try:
                remember_texts(values, are_names=are_names)
            except TypeError:  # some are objects that hold the secret
                remember_texts([text for value in values for text in texts_in(value)], are_names=are_names)
    for name, owner in shape.within:
        if inner := [value for row in rows if (value := row.get(name))]:
            _keep_secrets(catalog, _shape(catalog, owner), _flat(inner))


def _flat(values: Sequence[Any]) -> list[Mapping[str, Any]]:
    rows = [row for value in values for row in (value if isinstance(value, list) else (value,))]
    return [row for row in rows if isinstance(row, Mapping)]


def _note_unknown(catalog: Catalog, type_name: str, row: Mapping[str, Any]) -> None:
    shape = _shape(catalog, type_name)
    if not shape.is_open and not shape.fields.issuperset(row):
        unknown = [name for name in row if name not in shape.fields and "@" not in name]
        for name in unknown:
            answered.note(type_name, name)
        remember_values(secrets_in({name: row[name] for name in unknown}))
    for name, enum, members in shape.enums:
        if (value := row.get(name)) is not None and not (isinstance(value, str) and value in members):
            for each in value if isinstance(value, list) else str(value).split(","):
                if isinstance(each, str) and each.strip() not in members:
                    answered.note(enum, each.strip())
    for name, owner in shape.nested:
        if value := row.get(name):
            for inner in _flat([value]):
                _note_unknown(catalog, owner, inner)
