"""What a PBX can be asked: every action, entity type and enum of the 3CX Configuration API, by version.

    >>> from trunkline import catalog
    >>> catalog.load().action("DeleteFax").path
    '/Fax({Id})'

The data file beside this module is compiled from 3CX's published OpenAPI files (`compile.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..errors import Hint, UnknownName
from . import names
from .hints import nearest
from .model import (
    Action,
    Data,
    Edition,
    EntitySet,
    EnumType,
    FieldForm,
    ObjectType,
    Param,
    TypeSpec,
    parse_type,
)

__all__ = [
    "Action",
    "Catalog",
    "EntitySet",
    "EnumType",
    "ObjectType",
    "Param",
    "TypeSpec",
    "load",
    "nearest",
    "parse_type",
    "read",
    "version_key",
]

DATA_FILE = Path(__file__).with_name("catalog.json")


def version_key(version: str) -> tuple[int, ...]:
    """Order versions as numbers: ``20.0.10`` after ``20.0.9``; of a build such as ``20.0.9.112`` the first three count.

    ``pre-20.0.5`` comes before 20.0.5. ValueError for text that is not a version.
    """
    before = version.startswith("pre-")
    numbers = [int(part) for part in version.removeprefix("pre-").split(".")[:3]]
    return (*numbers, -1) if before else (*numbers, 0)


class Counts(NamedTuple):
    """How many actions a catalog has.

    ``live``: those of ``version``, the newest of the catalog. ``forms``: those of all its versions, where an action
    that changed its path or its parameters counts once for each form. ``unlisted``: those that PBXs have and no
    published file lists, which neither figure counts.
    """

    version: str
    live: int
    forms: int
    unlisted: int


class Catalog:
    """All actions and types of one version, or of every version.

    ``version`` is None for the catalog of everything ever published; names then mean the newest form.
    """

    def __init__(self, data: Data, version: str | None = None) -> None:
        self._data = data
        self.version = version
        self.editions: tuple[Edition, ...] = data.editions
        self._span = self._editions_of(version)

    def _editions_of(self, version: str | None) -> tuple[int, int]:
        """Indexes of the first and last edition that describe a version; a later build takes the one before it."""
        last = len(self.editions) - 1
        if version is None:
            return 0, last
        wanted = version_key(version)
        keys = [version_key(e.version) for e in self.editions]
        known = [k for k in keys if k <= wanted] or keys[:1]
        return keys.index(known[-1]), len(keys) - 1 - keys[::-1].index(known[-1])

    @property
    def edition(self) -> Edition:
        """The published file that describes this version; of a version that has none, the one before it."""
        return self.editions[self._span[1]]

    def _has(self, since: int, until: int | None) -> bool:
        first, last = self._span
        return since <= last and (until is None or until >= first)

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """Every action, by resource and id. Superseded forms have ids such as ``fax.get_by_number@20.0.7``."""
        return tuple(self._as_of(a) for a in self._data.actions if self._has(a.since, a.until))

    def _as_of(self, action: Action) -> Action:
        """Return an action with the body, answer and options it had in this version's last edition."""
        before = next((b for b in action.before if b.until >= self._span[1]), None)
        if before is None:
            return action
        changes = {k: getattr(before, k) for k in before.__struct_fields__ if k != "until"}
        return msgspec.structs.replace(action, **{k: v for k, v in changes.items() if v is not None})

    @cached_property
    def counts(self) -> Counts:
        """How many actions there are, for every text that says so."""
        last = self._span[1]
        published = [action for action in self.actions if action.published]
        live = [a for a in published if a.since <= last and (a.until is None or a.until >= last)]
        return Counts(self.edition.version, len(live), len(published), len(self.actions) - len(published))

    @cached_property
    def _by_id(self) -> dict[str, Action]:
        """Ids and operationIds as they are; of a name with two forms the newest wins."""
        found: dict[str, Action] = {}
        for action in sorted(self.actions, key=lambda a: (a.until is None, a.until or 0, a.since)):
            found[action.operation_id] = action
            found[action.id] = action
            found[action.id.partition("@")[0]] = action
        return found

    @cached_property
    def _by_name(self) -> dict[str, Action]:
        """Operation ids and display names in lower case; made only where a name is not an id."""
        found: dict[str, Action] = {}
        for action in self._by_id.values():
            operation = names.display_words(action.operation_id)
            for name in (action.operation_id, operation, f"{names.display_words(action.tag)}: {operation}"):
                found[name.lower()] = self._by_id[action.operation_id] if name == operation else action
        return found

    @cached_property
    def resources(self) -> Mapping[str, Mapping[str, Action]]:
        """Actions by resource and verb; a superseded form only where the version has no newer one."""
        found: dict[str, dict[str, Action]] = {}
        for action in sorted(self.actions, key=lambda a: (a.resource, a.verb, a.until is None, a.until or 0)):
            found.setdefault(action.resource, {})[action.verb] = action
        return found

    def action(self, name: str) -> Action:
        """Return the action of an id (``fax.delete``), operationId (``DeleteFax``) or display name (``Delete Fax``).

        A display name that several resources share needs its resource: ``Fax: Delete Fax``.
        Raises UnknownName with the nearest names.
        """
        found = self._by_id.get(name)
        if found is None:
            spoken = name.strip().lower()
            found = self._by_id.get(spoken.replace("-", "_")) or self._by_name.get(spoken)
        if found is None:
            raise UnknownName(self._unknown(name), hint=Hint("See what there is.", "actions"))
        return found

    def _unknown(self, name: str) -> str:
        near = nearest(name, (a.id for a in self.actions), (a.operation_id for a in self.actions))
        gone = "" if self.version is None else load()._availability(name)
        return f"No action is called {name!r}{gone}.{near}"

    def _availability(self, name: str) -> str:
        action = self._by_id.get(name) or self._by_name.get(name.strip().lower())
        if action is None:
            return ""
        return f" on this version: {self.lifetime(action.since, action.until)}"

    @cached_property
    def sets(self) -> Mapping[str, EntitySet]:
        """Entity sets and singletons by the name that stands in paths (``Fax``, ``WebsiteLinks``)."""
        used = {action.path.strip("/").partition("/")[0].partition("(")[0] for action in self.actions}
        return {name: entity_set for name, entity_set in self._data.sets.items() if name in used}

    @property
    def types(self) -> Mapping[str, ObjectType]:
        """Entity and complex types by name (``Pbx.Fax``)."""
        return self._data.types

    @property
    def enums(self) -> Mapping[str, EnumType]:
        """Enumerations by name (``Pbx.PeerType``)."""
        return self._data.enums

    def fields(self, type_name: str) -> Mapping[str, TypeSpec]:
        """Fields of a type with those it inherits, as this version has them (the newest form otherwise)."""
        return _fields(self, type_name)

    def enum_values(self, enum_name: str) -> tuple[str, ...]:
        """Return the values of an enum that this version knows."""
        return tuple(v.name for v in self.enums[enum_name].members if self._has(v.since, v.until))

    def value_elsewhere(self, enum_name: str, value: object) -> str:
        """When a value that this version lacks was there, as `lifetime` says it; "" if it never was."""
        name = value.strip() if isinstance(value, str) else ""
        member = next((each for each in self.enums[enum_name].members if each.name == name), None)
        return "" if member is None else self.lifetime(member.since, member.until)

    def key(self, type_name: str) -> tuple[str, ...]:
        """Names of a type's key fields, from its base type where that declares them; () for a complex type."""
        found = self.types[type_name]
        return found.key or (self.key(found.base) if found.base else ())

    def reader(self, action: Action) -> Action | None:
        """Return the action that reads by key what this one updates or deletes.

        None if it does neither, or none does.
        """
        entity = action.kind in ("update", "delete") and action.keys
        return self.resources[action.resource].get("get") if entity else None

    def agrees_with(self, other: Catalog, action: Action) -> bool:
        """Whether another catalog has the same action, with the same of all types that its body and answer lead to."""
        return _agree(self, other, action.id)

    def _leads_to(self, action: Action) -> dict[str, object]:
        waiting = [*self.spec_fields(action.body).values(), *([action.answer_type] if action.answer_type else [])]
        types: dict[str, object] = {}
        while waiting:
            name = waiting.pop().name
            if name in self.enums and name not in types:
                types[name] = self.enum_values(name)
            elif name in self.types and name not in types:
                types[name] = fields = self.fields(name)
                waiting += fields.values()
        return types

    def since(self, action: Action) -> str:
        return self.editions[action.since].version

    def until(self, action: Action) -> str | None:
        return None if action.until is None else self.editions[action.until].version

    def lifetime(self, since: int, until: int | None) -> str:
        """Return ``added in 20.0.9``, ``last in 20.0.8``, both, or ``in every version``, for messages and pages."""
        said = [f"added in {self.editions[since].version}"] if since else []
        said += [f"last in {self.editions[until].version}"] if until is not None else []
        return ", ".join(said) or "in every version"

    def elsewhere(self, type_name: str, field: str) -> str:
        """When a field that this version lacks was there, as `lifetime` says it; "" if it never was."""
        return self._lifetime_of(self._forms(type_name, field))

    def newest_form(self, type_name: str, field: str) -> TypeSpec:
        """Return the type of a field in the newest version that has it; KeyError if none has."""
        forms = self._forms(type_name, field)
        if not forms:
            raise KeyError(field)
        return parse_type(max(forms, key=lambda form: form.since).type)

    def body_elsewhere(self, action: Action) -> Mapping[str, tuple[TypeSpec, str]]:
        """Fields that the body of an action lacks in this version and has in others, each with its `lifetime` there."""
        if isinstance(action.body, str):
            owner = parse_type(action.body).name
            names: set[str] = set()
            found: ObjectType | None = self.types.get(owner)
            while found is not None:
                names |= found.fields.keys()
                found = self.types.get(found.base or "")
            return {
                name: (self.newest_form(owner, name), self.elsewhere(owner, name))
                for name in names - self.fields(owner).keys()
            }
        whole = next((each for each in self._data.actions if each.id == action.id), action)
        bodies = [(each.until, each.body) for each in whole.before if each.body is not None]
        other: dict[str, tuple[TypeSpec, str]] = {}
        first = whole.since
        for until, body in [*sorted(bodies, key=lambda each: each[0]), (whole.until, whole.body)]:
            for name, spec in body.items() if isinstance(body, dict) else ():
                since = first if name not in other else 0
                other[name] = parse_type(spec), self.lifetime(since, until)
            first = 0 if until is None else until + 1
        return {name: found for name, found in other.items() if name not in (action.body or {})}

    def _forms(self, type_name: str, field: str) -> list[FieldForm]:
        forms: list[FieldForm] = []
        found: ObjectType | None = self.types.get(type_name)
        while found is not None:  # a field may have moved from a type to its base
            forms += found.forms(field) if field in found.fields else ()
            found = self.types.get(found.base or "")
        return forms

    def _lifetime_of(self, forms: Sequence[FieldForm]) -> str:
        if not forms:
            return ""
        last = [form.until for form in forms if form.until is not None]
        return self.lifetime(min(form.since for form in forms), max(last) if len(last) == len(forms) else None)

    def spec_fields(self, fields: str | Mapping[str, str] | None) -> Mapping[str, TypeSpec]:
        """Fields of a body: those of its type, or those written out in it."""
        if fields is None:
            return {}
        if isinstance(fields, str):
            return self.fields(parse_type(fields).name)
        return {name: parse_type(spec) for name, spec in fields.items()}


@lru_cache(maxsize=1024)
def _fields(catalog: Catalog, type_name: str) -> Mapping[str, TypeSpec]:
    found = catalog.types[type_name]
    fields = dict(_fields(catalog, found.base)) if found.base else {}
    for name in found.fields:
        forms = [f for f in found.forms(name) if catalog._has(f.since, f.until)]
        if forms:
            fields[name] = parse_type(forms[-1].type)
    return fields


@lru_cache(maxsize=1024)
def _agree(catalog: Catalog, other: Catalog, name: str) -> bool:
    action = catalog.action(name)
    return action == other.action(name) and catalog._leads_to(action) == other._leads_to(action)


# Here and not in _data: two threads that need a Struct first, at the same moment, crash msgspec (CONTRIBUTING.md).
_DECODER = msgspec.json.Decoder(Data)


@lru_cache(maxsize=1)
def _data() -> Data:
    return _DECODER.decode(DATA_FILE.read_bytes())


@lru_cache(maxsize=16)
def load(version: str | None = None) -> Catalog:
    """Return the catalog, of everything or narrowed to one version (``load("20.0.7")``).

    A version newer than the newest published file gets the newest; ValueError for text that is not a version.
    """
    return Catalog(_data(), version)


def read(path: str | Path) -> Catalog:
    """Return a catalog that was compiled from other files than 3CX's published ones, such as a PBX's own swagger.yaml.

    ``python -m trunkline.catalog.compile DATE_VERSION.yaml -o PATH`` makes it. OSError if it can't be read, ValueError
    if it is not a catalog.
    """
    return Catalog(_DECODER.decode(Path(path).read_bytes()))
