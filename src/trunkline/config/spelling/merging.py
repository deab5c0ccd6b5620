"""What an entity would be once fields of a file are put over it: what a file leaves out stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...catalog import Catalog
from ..forms import Form, forms
from ..kinds import Kind
from ..model import Fields
from ..tables import tables
from .comparing import compared
from .matching import matched, with_blanks


def changed_fields(catalog: Catalog, kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> Fields:
    """Return the fields of a file that would change an entity, both in file form, with their values from the file.

    At any depth a field that the file leaves out stays as it is, in objects and in elements that a field names. Other
    lists are replaced; their elements keep the empty fields of those in their places, which a terse file leaves out.
    """
    after = merged(catalog, kind, old, new)
    return {name: value for name, value in new.items() if not compared(old.get(name), after[name], name)}


def merged(catalog: Catalog, kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> Fields:
    """Return the fields that an entity would have, in file form, once those of a file are sent."""
    return _object(catalog, kind.forms, old, new)


def _object(catalog: Catalog, known: Mapping[str, Form], old: Mapping[str, Any], new: Mapping[str, Any]) -> Fields:
    after = dict(old)
    for name, value in new.items():
        form = known.get(name)
        after[name] = value if form is None else _value(catalog, form, old.get(name), value)
    return after


def _value(catalog: Catalog, form: Form, old: Any, new: Any) -> Any:
    if not form.spec.collection or not isinstance(new, list) or not isinstance(old, list):
        return _one(catalog, form, old, new)
    if form.way == "person":
        before = {_number(each): each for each in old}
        return [_one(catalog, form, before.get(_number(each)), each) for each in new]
    named = tables().elements.get(form.spec.name, "")
    if form.way != "object":
        return new
    pairs = matched(new, old, named)
    if not named:
        return [each if n is None else with_blanks(old[n], each) for each, n in pairs]
    return [each if n is None else _one(catalog, form, old[n], each) for each, n in pairs]


def _one(catalog: Catalog, form: Form, old: Any, new: Any) -> Any:
    if form.way == "person" and isinstance(old, dict) and new is not None:
        return {**old, **(new if isinstance(new, dict) else {"Number": new})}
    if form.way != "object" or not isinstance(new, dict) or not isinstance(old, dict):
        return new
    known = forms(catalog, form.spec.name)
    if form.spec.name in tables().whole:
        return {**{name: "" for name in old if name in known and known[name].spec.name == "String"}, **new}
    return _object(catalog, known, old, new)


def _number(value: Any) -> str:
    return str(value.get("Number", "") if isinstance(value, dict) else value)
