"""Fields that the version of a PBX lacks: neither its published file has them, nor anything that the PBX answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..catalog import Catalog
from .forms import Form, forms
from .kinds import Kind, kind_of
from .model import Configuration, Entity, Fields, Id


@lru_cache(maxsize=1024)
def unpublished(catalog: Catalog, here: Catalog, kind: Kind) -> frozenset[str]:
    """Return the fields of files that a version has not published, as paths such as ``Routes.TrunkId``."""
    own = {name: form for name, form in kind.forms.items() if kind.part is None or name != kind.part.by}
    return frozenset(_paths(catalog, here, kind.type_name, own, "", ()))


def _paths(
    catalog: Catalog, here: Catalog, owner: str, known: Mapping[str, Form], path: str, within: tuple[str, ...]
) -> Iterator[str]:
    if owner not in here.types or owner in within:  # an unknown type says nothing of its fields
        return
    there = here.fields(owner)
    for name, form in known.items():
        if name not in there:
            yield f"{path}{name}"
        elif form.way == "object":
            inner = form.spec.name
            yield from _paths(catalog, here, inner, forms(catalog, inner), f"{path}{name}.", (*within, owner))


def unanswered(paths: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the paths that no row has. Late builds of a release have more than its file (docs/pbx.md, Answers)."""
    left = set(paths)
    for row in rows if left else ():
        left -= {path for path in left if _has(row, path.split("."))}
    return frozenset(left)


def _has(value: Any, names: list[str]) -> bool:
    if not names:
        return True
    if isinstance(value, list):
        return any(_has(each, names) for each in value)
    return isinstance(value, Mapping) and names[0] in value and _has(value[names[0]], names[1:])


def narrowed(entity: Entity, pbx: Configuration) -> tuple[Entity, list[str]]:
    """Return an entity without the fields that the version of a PBX lacks, and their paths."""
    paths = pbx.lacking_fields(entity.id)
    if not paths:  # most have all
        return entity, []
    left_out: dict[str, None] = {}
    fields = _without(entity.fields, "", paths, left_out)
    return (Entity(entity.id, fields, entity.places) if left_out else entity), list(left_out)


def _without(value: Any, path: str, lacking: frozenset[str], left_out: dict[str, None]) -> Any:
    if isinstance(value, list):
        return [_without(each, path, lacking, left_out) for each in value]
    if not isinstance(value, dict):
        return value
    kept: Fields = {}
    for name, inner in value.items():
        own = f"{path}.{name}" if path else name
        if own in lacking:
            left_out[own] = None
        else:
            kept[name] = _without(inner, own, lacking, left_out) if isinstance(inner, dict | list) else inner
    return kept


def lacking_sentences(pbx: Configuration, other: Configuration) -> list[str]:
    """Return what of another configuration the version of a PBX lacks, so that it is not compared."""
    if not (pbx.lacking or pbx.absent):
        return []
    found: dict[str, list[str]] = defaultdict(list)
    for id, entity in sorted(other.entities.items()):
        if pbx.has_none(id):
            found[absent_text(pbx.version, id)].append(str(id))
            continue
        for field in narrowed(entity, pbx)[1]:
            found[lacking_text(pbx.version, id, field)].append(str(id))
    return [f"{text}, so it is not compared: {some(ids)}." for text, ids in found.items()]


def lacking_text(version: str, id: Id, field: str) -> str:
    """Return the beginning of a sentence about a field that a version lacks."""
    owner = str(id) if id.kind == "settings" else id.kind
    return f"3CX {version or 'of this PBX'} has not published the field {field} of {owner}"


def absent_text(version: str, id: Id) -> str:
    """Return the beginning of a sentence about what a version lacks altogether."""
    return f"3CX {version or 'of this PBX'} has not published {id if id.kind == 'settings' else id.kind}"


def some(ids: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    first = ", ".join(ids[:5])
    return first if len(ids) <= 5 else f"{first} and {len(ids) - 5:,} more"


def lacking_of(catalog: Catalog, here: Catalog, id: Id, rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return what a version lacks of a kind, of which the PBX answered some rows."""
    return unanswered(unpublished(catalog, here, kind_of(catalog, id)), rows)
