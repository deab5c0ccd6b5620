"""How files spell the fields of a type: which of them there are, in which order, and what stands in each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from ..catalog import Catalog, TypeSpec
from ..catalog.secret import HELD, is_secret
from ..references.fields import sorts_of
from .tables import ReferenceEntry, tables

Way = Literal["plain", "reference", "person", "roles", "secret", "object"]
"""What stands in a field: a plain value; the natural key of another entity; the number of somebody, or an object with
that number; departments with a role in each; a secret; an object with fields of its own."""

SECRET_TYPE = "Secret"  # noqa: S105 - the name of a type
ROLES_TYPE = "Roles"
_ROLES_OF = "Pbx.UserGroup"
_CONCEALED = "Pbx.Concealed"


class Form(NamedTuple):
    """One field in a file. ``spec`` is its type there: ``String`` for a reference, ``Secret``, ``Roles``.

    ``kind`` and ``by`` belong to a reference: what it names, and the field of that which the API has here. A loose one
    may be any text. ``is_set``: the order of the list means nothing. ``held`` is the field of a secret that the API has
    as an object. ``names``: a plain text that is somebody's number, or the name of a sound file.
    ``is_only_true``: it stands in a file only where it is true.
    """

    way: Way
    spec: TypeSpec
    kind: str = ""
    by: str = ""
    is_loose: bool = False
    is_set: bool = False
    held: str = ""
    names: Literal["", "number", "file"] = ""
    is_only_true: bool = False


@lru_cache(maxsize=1024)
def forms(catalog: Catalog, type_name: str) -> Mapping[str, Form]:
    """Return the fields of a type that files may have, in their order: what names it, plain ones, objects and lists."""
    key = catalog.key(type_name)
    first = tables().elements.get(type_name, "")
    found = {
        name: form
        for name, spec in catalog.fields(type_name).items()
        if (form := _form(catalog, type_name, name, spec, key)) is not None
    }

    def order(name: str) -> tuple[bool, bool, str]:
        form = found[name]
        return name != first, form.spec.collection or form.way in ("object", "roles"), name

    return {name: found[name] for name in sorted(found, key=order)}


def is_kept(type_name: str, field: str) -> bool:
    """Whether a field is neither computed nor one that changes by itself."""
    facts = tables()
    path = f"{type_name}.{field}"
    left_out = path in facts.computed or path in facts.not_expanded or f"*.{field}" in facts.computed
    return not (left_out or field in facts.volatile)


def people_fields(type_name: str) -> tuple[str, ...] | None:
    """Return what stands beside the number in an object that names somebody; None for other types."""
    return tables().people.get(type_name)


def _form(catalog: Catalog, owner: str, name: str, spec: TypeSpec, key: tuple[str, ...]) -> Form | None:
    facts = tables()
    if not is_kept(owner, name) or (name == "Id" and ("Id" in key or spec.name.startswith("Int"))):
        return None
    if spec.name not in catalog.types:
        return _plain(owner, name, spec)
    if spec.name == _ROLES_OF:
        return Form("roles", TypeSpec(ROLES_TYPE, nullable=True)) if name == "Groups" else None
    if spec.name.startswith(_CONCEALED):
        held = next(name for name in HELD if name in catalog.fields(spec.name))
        return Form("secret", TypeSpec(SECRET_TYPE, nullable=True), held=held)
    if spec.name in facts.people:
        reference = _reference(owner, name)
        if reference is not None:
            return Form("person", TypeSpec("String", spec.collection, True), reference.kind, reference.by)
        return Form("person", spec._replace(navigation=False))
    if spec.navigation and _is_listed(catalog, spec.name):
        return None
    return Form("object", spec._replace(navigation=False))


def _plain(owner: str, name: str, spec: TypeSpec) -> Form:
    facts = tables()
    reference, is_set = _reference(owner, name), spec.collection and name in facts.sets
    if reference is not None:
        text = TypeSpec("String", spec.collection, spec.nullable)
        return Form("reference", text, reference.kind, reference.by, reference.loose, is_set)
    if spec.name == "String" and not spec.collection and is_secret(name):
        return Form("secret", TypeSpec(SECRET_TYPE, nullable=True))
    sorts = sorts_of(owner, name, spec)
    names: Literal["", "number", "file"] = "number" if "number" in sorts else "file" if "file" in sorts else ""
    return Form("plain", spec, is_set=is_set, names=names, is_only_true=f"{owner}.{name}" in facts.only_true)


def _reference(owner: str, name: str) -> ReferenceEntry | None:
    known = tables().references
    return known.get(f"{owner}.{name}") or known.get(name)


@lru_cache(maxsize=1024)
def _is_listed(catalog: Catalog, type_name: str) -> bool:
    """Whether a set of its own lists the entities of a type, so that nobody needs them within others."""
    return any(not each.singleton and each.type == type_name for each in catalog.sets.values()) and (
        type_name != "Pbx.Peer"
    )
