"""Rows of the API as files spell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...catalog import Catalog
from ...catalog.secret import HELD, holds_secret, is_secret
from ..forms import Form, forms, people_fields
from ..kinds import Kind
from ..model import Fields, Secret
from ..tables import tables
from .names import Names
from .times import as_written

NOTHING: Any = object()


def spelled(catalog: Catalog, kind: Kind, row: Mapping[str, Any], names: Names, key: str = "") -> Fields:
    """Return an entity as a file has it: natural keys for ids, `Secret` for secrets, nothing that the PBX computes.

    ``key`` is its natural key, where the fields alone don't tell. A reference to what ``names`` doesn't know stays as
    the API has it. Raises InvalidArgument for a row that has no natural key.
    """
    speller = Speller(catalog, names, f"{kind.name}/{key or kind.key_of(row)}/")
    return speller.fields(kind.type_name, kind.forms, row)


class Speller:
    """Spells the values of one entity. ``root`` is what the paths of its secrets begin with."""

    def __init__(self, catalog: Catalog, names: Names, root: str) -> None:
        self._catalog, self._names, self._root = catalog, names, root

    def fields(self, owner: str, known: Mapping[str, Form], row: Mapping[str, Any], path: str = "") -> Fields:
        """Return the fields of an object of a type, in the order of files."""
        held = HELD if holds_secret(row) else ()
        found: Fields = {}
        for name, form in known.items():
            raw = row.get(name)
            if raw is None:
                continue
            if form.way == "plain" and not form.spec.collection and not (held and isinstance(raw, str)):
                if raw is True or not form.is_only_true:
                    found[name] = as_written(form.spec, raw)
            elif name in held and isinstance(raw, str):
                if raw:
                    found[name] = Secret(f"{self._root}{path}{name}")
            elif (value := self.value(owner, name, form, raw, f"{path}{name}")) is not NOTHING:
                found[name] = value
        return {**found, **self._open(owner, row, path)} if self._catalog.types[owner].open else found

    def value(self, owner: str, name: str, form: Form, raw: Any, path: str) -> Any:
        """Return the value of one field; `NOTHING` where a file has none."""
        if form.way == "roles":
            return dict(sorted(self._roles(raw)))
        if form.spec.collection and isinstance(raw, list):
            values = [each for each in self._elements(owner, name, form, raw, path) if each is not NOTHING]
            return sorted(values) if form.is_set and all(isinstance(each, str) for each in values) else values
        return self.one(form, raw, path)

    def one(self, form: Form, raw: Any, path: str) -> Any:
        """Return a value that is not a list, or an element of one."""
        match form.way:
            case "secret":
                return Secret(f"{self._root}{path}") if _is_held(raw) else NOTHING
            case "reference":
                return self._reference(form, raw)
            case "person":
                return self._person(form, raw)
            case "object" if isinstance(raw, dict):
                fields = self.fields(form.spec.name, forms(self._catalog, form.spec.name), raw, f"{path}.")
                return fields or NOTHING
        return as_written(form.spec, raw)

    def element(self, form: Form, raw: Any, path: str) -> Any:
        """Return an element of a list. An object of which a file says nothing is an empty one, for its place counts."""
        element = self.one(form, raw, path)
        return {} if element is NOTHING and form.way == "object" else element

    def _elements(self, owner: str, name: str, form: Form, raw: list[Any], path: str) -> Iterator[Any]:
        padding = tables().padded.get(f"{owner}.{name}")
        if padding is not None:
            used = [n for n, each in enumerate(raw, 1) if each.get(padding.field) not in (None, padding.unused)]
            raw = raw[: used[-1] if used else 0]
        named = tables().elements.get(form.spec.name, "")
        for n, each in enumerate(raw):
            label = each.get(named) if named and isinstance(each, dict) else None
            yield self.element(form, each, f"{path}[{n if label in (None, '') else label}]")

    def _reference(self, form: Form, raw: Any) -> Any:
        if raw in ("", 0, -1):
            return "" if raw == "" else NOTHING  # nothing is named
        key = self._names.key(form.kind, raw, form.by)
        return str(raw) if key is None else key

    def _person(self, form: Form, raw: Any) -> Any:
        if not isinstance(raw, dict) or not raw.get("Number"):
            return NOTHING
        number = str(raw["Number"])
        if form.kind:
            return self._names.key(form.kind, number, form.by) or number
        beside = {name: raw[name] for name in people_fields(form.spec.name) or () if raw.get(name) not in (None, "")}
        return {"Number": number, **beside} if beside else number

    def _roles(self, raw: Any) -> Iterator[tuple[str, str]]:
        for each in raw if isinstance(raw, list) else ():
            key = self._names.key("groups", each.get("GroupId")) or each.get("Name") or each.get("GroupId")
            yield str(key), (each.get("Rights") or {}).get("RoleName", "")

    def _open(self, owner: str, row: Mapping[str, Any], path: str) -> Fields:
        """Return what an object of an open type has besides its documented fields."""
        documented = self._catalog.fields(owner)
        found: Fields = {}
        for name in sorted(row):
            if name in documented or "@odata." in name or row[name] is None:
                continue
            if is_secret(name) and isinstance(row[name], str):
                if row[name]:
                    found[name] = Secret(f"{self._root}{path}{name}")
            else:
                found[name] = row[name]
        return found


def _is_held(raw: Any) -> bool:
    """Whether there is a secret: in a text, or in an object that says it is hidden."""
    if isinstance(raw, dict):
        return bool(raw.get("Concealed")) or any(raw.get(name) for name in HELD)
    return raw not in (None, "")
