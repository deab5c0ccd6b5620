"""Fields of files as the API takes them, over the row that a PBX has by now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...catalog import Catalog
from ...catalog.secret import HELD
from ...errors import InvalidArgument
from ..forms import Form, forms, is_kept
from ..kinds import Kind
from ..model import Id, Secret
from ..tables import tables
from .comparing import compared
from .matching import is_blank, matched
from .names import Names, Reference
from .times import as_sent
from .writing import NOTHING, Speller

SecretOf = Callable[[str], str | None]
"""The value of the secret of a path; None where nobody gave it."""


class Unresolved(InvalidArgument):
    """A field names an entity that this PBX does not have (yet)."""

    code = "unresolved"
    reference: Reference

    def __init__(self, reference: Reference) -> None:
        what = f"{reference.kind}/{reference.key}" if reference.kind else f"the number {reference.key}"
        super().__init__(f"{reference.field} refers to {what}, which the PBX does not have.")
        vars(self).update(reference=reference)


def sent(
    catalog: Catalog,
    kind: Kind,
    fields: Mapping[str, Any],
    names: Names,
    row: Mapping[str, Any] | None = None,
    secret: SecretOf = lambda path: None,
) -> dict[str, Any]:
    """Return the body that gives an entity these fields: objects and lists whole, as the API wants them.

    ``row`` is the entity as the PBX has it, expanded (``kind.expand``); None where it is to be added. What a file says
    nothing of within an object, and what it can't say, such as the Ids of elements, is taken from there; a value that
    is the same already is returned as it is in the row, so that `unchanged` tells what need not be sent. A secret that
    ``secret`` does not give is left as it is, on an addition left out.

    Raises Unresolved for a reference that ``names`` does not have, InvalidArgument for a field that the type lacks.
    """
    known, by = dict(kind.forms), {part.list: part.by for part in kind.parts}
    for part in kind.parts:
        known[part.list] = Form("object", catalog.fields(kind.type_name)[part.list]._replace(navigation=False))
    given = {
        name: [{k: v for k, v in each.items() if k != by[name]} for each in value] if name in by else value
        for name, value in fields.items()
    }
    body = Sender(catalog, names, secret).fields(kind.type_name, known, given, row or {})
    for part in kind.parts:
        if part.list in body:  # what no file can name stays, such as a phone without an address
            named = tables().elements[known[part.list].spec.name]
            body[part.list] += [each for each in (row or {}).get(part.list) or () if not each.get(named)]
    return body


class Sender:
    """Makes the values of one body."""

    def __init__(self, catalog: Catalog, names: Names, secret: SecretOf) -> None:
        self._catalog, self._names, self._secret = catalog, names, secret
        self._speller = Speller(catalog, names, "")

    def fields(
        self,
        owner: str,
        known: Mapping[str, Form],
        fields: Mapping[str, Any],
        row: Mapping[str, Any],
        path: str = "",
        *,
        is_new: bool = False,
    ) -> dict[str, Any]:
        """Return the values of the fields of an object of a type, without those of the row that no file names.

        ``is_new``: it takes the place of another one, so that nothing is left of the old values but what no file has.
        """
        body: dict[str, Any] = {}
        for name, value in fields.items():
            form = known.get(name)
            old = row.get(name)
            if form is None:
                body[name] = self._undocumented(owner, name, value, old, path)
            elif isinstance(value, Secret) and form.way != "secret":  # a value that is a secret by the name beside it
                body[name] = self._filled(value, old)
            else:
                body[name] = self._value(owner, name, form, value, old, f"{path}{name}", is_new)
        return {name: value for name, value in body.items() if value is not NOTHING}

    def _value(self, owner: str, name: str, form: Form, value: Any, old: Any, path: str, is_new: bool) -> Any:
        if value is None:
            return [] if form.spec.collection or form.way == "roles" else None
        if form.way == "secret":
            return self._concealed(form, value, old)
        if old is not None and self._is_same(owner, name, form, value, old):
            return old
        if form.way == "roles":
            return self._roles(value, old, path)
        if not form.spec.collection:
            return self._one(form, value, old, path, is_new)
        elements = value if isinstance(value, list) else [value]
        before = old if isinstance(old, list) else []
        return self._padded(owner, name, self._elements(form, elements, before, path, is_new), before)

    def _is_same(self, owner: str, name: str, form: Form, value: Any, old: Any) -> bool:
        """Whether the PBX has it already, as far as a file can tell, and there is no secret to fill in."""
        return not has_secret(value) and compared(self._speller.value(owner, name, form, old, ""), value, name)

    def _one(self, form: Form, value: Any, old: Any, path: str, is_new: bool) -> Any:
        match form.way:
            case "reference":
                return self._reference(form, value, old, path)
            case "person":
                return self._person(form, value, old, path)
            case "object":
                return self._object(form, value, old if isinstance(old, dict) else {}, path, is_new)
        return as_sent(form.spec, value)

    def _object(self, form: Form, value: Any, old: Mapping[str, Any], path: str, is_new: bool) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidArgument(f"{path} must be an object, not {value!r}.")
        owner, known = form.spec.name, forms(self._catalog, form.spec.name)
        new = self.fields(owner, known, value, old, f"{path}.", is_new=is_new)
        kept = {name: before for name, before in old.items() if "@odata." not in name}
        if is_new or owner in tables().whole:
            gone = [name for name in kept if name in known and name not in new and known[name].way != "secret"]
            gone = [name for name in gone if not is_blank(kept[name])]
            for name in gone:
                del kept[name]
            if not is_new:
                kept |= {name: "" for name in gone if known[name].spec.name == "String"}
        if any(name not in old or old[name] != each for name, each in {**kept, **new}.items()):
            # What the PBX made of the old values, such as the name of a number, is not that of the new ones.
            kept = {name: before for name, before in kept.items() if is_kept(owner, name)}
        return {**kept, **new}

    def _elements(self, form: Form, values: Sequence[Any], old: Sequence[Any], path: str, is_new: bool) -> list[Any]:
        """Return the elements of a list; one that no field names takes the place of the one that it is paired with."""
        is_placed = form.spec.name not in tables().elements
        return [
            self._one(form, each, before, f"{path}[{n}]", is_new or is_placed)
            for n, (each, before) in enumerate(self._pairs(form, values, old))
            if each is not None
        ]

    def _pairs(self, form: Form, values: Sequence[Any], old: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        if form.way == "person":
            numbers = {str(each.get("Number")): each for each in old if isinstance(each, dict)}
            return ((each, numbers.get(_number(each))) for each in values)
        if form.way != "object":
            return ((each, old) for each in values)
        spelled = [self._speller.element(form, each, "") for each in old]
        named = tables().elements.get(form.spec.name, "")
        return ((each, None if n is None else old[n]) for each, n in matched(values, spelled, named))

    def _padded(self, owner: str, name: str, elements: list[Any], old: Sequence[Any]) -> list[Any]:
        padding = tables().padded.get(f"{owner}.{name}")
        if padding is None:
            return elements
        used = [{padding.field: padding.unused, **each} for each in elements]
        fill = [each for each in old[len(used) :] if each.get(padding.field) == padding.unused]
        missing = padding.length - len(used) - len(fill)
        padded = [*used, *fill, *({padding.field: padding.unused} for _ in range(missing))]
        return padded[: max(padding.length, len(used))]

    def _reference(self, form: Form, value: Any, old: Any, path: str) -> Any:
        if value == "":
            return value
        found = self._names.api(Id(form.kind, str(value)), form.by)
        if found is not None:
            return found
        if form.is_loose:
            return value
        for raw in old if isinstance(old, list) else [old]:
            if raw is not None and str(raw) == str(value):  # a name that no set of the PBX has, as it answered it
                return raw
        raise Unresolved(Reference(path, form.kind, str(value)))

    def _person(self, form: Form, value: Any, old: Any, path: str) -> Any:
        beside = {k: v for k, v in value.items() if k != "Number"} if isinstance(value, dict) else {}
        number = _number(value)
        if form.kind:
            found = self._names.api(Id(form.kind, number), form.by)
            if found is None:
                raise Unresolved(Reference(path, form.kind, number))
            number = str(found)
        if isinstance(old, dict) and str(old.get("Number")) == number:
            return {name: each for name, each in {**old, **beside}.items() if "@odata." not in name}
        return {"Number": number, **beside}

    def _roles(self, value: Any, old: Any, path: str) -> list[dict[str, Any]]:
        if not isinstance(value, dict):
            raise InvalidArgument(f"{path} must be departments with a role each, not {value!r}.")
        present = {each.get("GroupId"): dict(each) for each in old if isinstance(each, dict)} if old else {}
        roles = []
        for key, role in value.items():
            number = self._names.api(Id("groups", str(key)), "Id")
            if number is None:
                raise Unresolved(Reference(f"{path}.{key}", "groups", str(key)))
            before: dict[str, Any] = present.get(number, {})
            is_same = (before.get("Rights") or {}).get("RoleName", "") == (role or "")
            new = {"GroupId": number, **({"Rights": {"RoleName": role}} if role else {})}
            roles.append(before if before and is_same else new)
        return roles

    def _concealed(self, form: Form, value: Any, old: Any) -> Any:
        """Return a secret in the shape of its field; what the PBX has where nobody gave it."""
        text = self._secret(value.path) if isinstance(value, Secret) else str(value)
        if text is None:
            return NOTHING if old is None else old
        match form.held:
            case "Value":
                return {"Value": text}
            case "Contents":
                kept = {k: v for k, v in (old or {}).items() if k not in (*HELD, "Concealed") and "@odata." not in k}
                return {**kept, "Contents": text}
        return text

    def _filled(self, value: Secret, old: Any) -> Any:
        text = self._secret(value.path)
        if text is not None:
            return text
        return NOTHING if old is None else old

    def _undocumented(self, owner: str, name: str, value: Any, old: Any, path: str) -> Any:
        if not self._catalog.types[owner].open:
            raise InvalidArgument(f"{path}{name} is not a field that a file can set.")
        return self._filled(value, old) if isinstance(value, Secret) else value


def has_secret(value: Any) -> bool:
    """Whether a secret stands anywhere in a value in file form."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, dict):
        return any(map(has_secret, value.values()))
    return isinstance(value, list) and any(map(has_secret, value))


def _number(value: Any) -> str:
    return str(value.get("Number", "") if isinstance(value, dict) else value)
