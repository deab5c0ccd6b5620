"""The order of fields in a file: what names an entity, then its plain fields by name, then its objects and lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...catalog import Catalog
from ..forms import Form, forms
from ..kinds import Kind
from ..model import Fields, Secret

_EMPTY: tuple[Any, ...] = (False, "", [], {})


def ordered(catalog: Catalog, kind: Kind, fields: Mapping[str, Any]) -> Fields:
    """Return the fields of an entity in the order of files, at every depth."""
    return _object(catalog, kind.forms, fields)


def terse(kind: Kind, fields: Mapping[str, Any]) -> Fields:
    """Return the fields without those that are false or empty; what names the entity stays."""
    key = {name.partition(".")[0] for name in kind.key}
    return {name: _terse(value) for name, value in fields.items() if name in key or not _is_empty(_terse(value))}


def _object(catalog: Catalog, known: Mapping[str, Form], fields: Mapping[str, Any]) -> Fields:
    """Put known fields first, then what an open type has besides."""
    names = [*(name for name in known if name in fields), *sorted(name for name in fields if name not in known)]
    return {name: _value(catalog, known.get(name), fields[name]) for name in names}


def _value(catalog: Catalog, form: Form | None, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(catalog, form, each) for each in value]
    if not isinstance(value, Mapping):
        return value
    if form is None or form.spec.name not in catalog.types:
        return dict(sorted(value.items()))
    if form.way == "person":
        return dict(sorted(value.items(), key=lambda item: (item[0] != "Number", item[0])))
    return _object(catalog, forms(catalog, form.spec.name), value)


def _terse(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: inner for name, each in value.items() if not _is_empty(inner := _terse(each))}
    return [_terse(each) for each in value] if isinstance(value, list) else value


def _is_empty(value: Any) -> bool:
    return value is None or (
        not isinstance(value, Secret) and any(value == each and type(value) is type(each) for each in _EMPTY)
    )
