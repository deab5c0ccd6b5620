"""The kinds of entities that files hold: which set of a PBX each is, what an entity of it is called, what writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from ..catalog import Action, Catalog, TypeSpec, nearest
from ..errors import InvalidArgument, UnknownName
from .forms import Form, forms, is_kept
from .model import Id
from .tables import KindEntry, tables

SETTINGS = "settings"
DEFAULT_GROUP = "DEFAULT"
"""The key of the default department of every PBX, whatever it is called there: a PBX has exactly one, which can't be
removed, so that on another PBX it is the same entity under another name (assumed)."""
_WRITES = ("create", "update", "delete")
_DEPTH = 2  # levels of $expand


class Part(NamedTuple):
    """A kind whose entities are elements of a list of others: ``by`` is the field that names the owner."""

    owner: str
    list: str
    by: str


_ALWAYS_PLURAL = frozenset(("fxs", "hours", "settings"))


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind; ``creator``, ``updater``, ``deleter``, ``reader`` and ``getter`` are ids of actions, "" for none.

    ``key`` are the fields that the natural key is made of, in the order in which they count; a dotted name leads into
    an object. ``single`` is the key of an entity of which there is one. ``unique``: a folder has one of a key only.
    """

    name: str
    set: str
    type_name: str
    resource: str
    keys: tuple[tuple[str, ...], ...] = ()
    single: str = ""
    unique: bool = True
    part: Part | None = None
    expand: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    creator: str = ""
    updater: str = ""
    deleter: str = ""
    reader: str = ""
    getter: str = ""
    api_key: str = ""
    catalog: Catalog | None = field(default=None, repr=False)

    @property
    def is_single(self) -> bool:
        """Whether there is exactly one entity; also of ``settings``, which stands for many such kinds."""
        return bool(self.single) or self.name == SETTINGS

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(name for names in self.keys for name in names)

    @property
    def label(self) -> str:
        """The plural in words: ``inbound rules``."""
        return self.name.replace("_", " ")

    def noun(self, number: int) -> str:
        """Return what that number of them is called: ``inbound rule`` if it is one, else ``inbound rules``."""
        if number != 1 or self.name in _ALWAYS_PLURAL or not self.label.endswith("s"):
            return self.label
        return f"{self.label[:-3]}y" if self.label.endswith("ies") else self.label[:-1]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The lists of an entity whose elements are entities of their own in files: the ``Phones`` of a user."""
        entries = (entry.part for entry in tables().kinds.values() if entry.part)
        return tuple(Part(**part) for part in entries if part["owner"] == self.name)

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """How files spell each field that they may have, in their order: the key first."""
        if self.catalog is None or not self.type_name:
            return {}
        known = dict(forms(self.catalog, self.type_name))
        if self.part is not None:
            known[self.part.by] = Form("reference", TypeSpec("String"), self.part.owner, "Number")
        elsewhere = {part.list for part in self.parts}
        named = [name.partition(".")[0] for name in self.key] + ([self.part.by] if self.part is not None else [])
        first = [name for name in dict.fromkeys(named) if name in known and known[name].way != "object"]
        order = [name for name in (*first, *known) if name not in elsewhere]
        return MappingProxyType({name: known[name] for name in dict.fromkeys(order)})

    @cached_property
    def fields(self) -> Mapping[str, TypeSpec]:
        """The type of each field in files; see `trunkline.config.forms` for those that the API has otherwise."""
        return MappingProxyType({name: form.spec for name, form in self.forms.items()})

    def key_of(self, fields: Mapping[str, Any]) -> str:
        """Return the natural key of an entity. Raises InvalidArgument where its fields have none."""
        if self.single:
            return self.single
        if self.name == "groups" and fields.get("IsDefault") is True:
            return DEFAULT_GROUP
        for names in self.keys:
            parts = [str(value).strip() for name in names if (value := _at(fields, name)) not in (None, "")]
            if text := " ".join(part for part in parts if part):
                return text
        wanted = ", ".join(" ".join(names) for names in self.keys)
        raise InvalidArgument(f"One of the {self.label} has no {wanted}, which is what it is called by.")


@lru_cache(maxsize=16)
def kinds(catalog: Catalog) -> Mapping[str, Kind]:
    """Return the kinds of a version by name, in the order in which their entities are created; ``settings`` is last.

    ``settings`` stands for every singleton; `settings_kinds` and `kind_of` have those.
    """
    known = {name: kind for name, entry in tables().kinds.items() if (kind := _kind(catalog, name, entry)) is not None}
    return MappingProxyType({**known, SETTINGS: Kind(SETTINGS, "", "", "")})


@lru_cache(maxsize=16)
def settings_kinds(catalog: Catalog) -> Mapping[str, Kind]:
    """Return the kinds of the singletons that can be changed, by the key that they have among the settings."""
    ours = {entry.set for entry in tables().kinds.values()}
    return MappingProxyType(
        {
            each.resource: _of_set(catalog, SETTINGS, name, KindEntry("", set=name, single=each.resource))
            for name, each in catalog.sets.items()
            if each.singleton and name not in ours and name not in not_managed(catalog) and _can_write(catalog, name)
        }
    )


def kind_of(catalog: Catalog, id: Id) -> Kind:
    """Return the kind of an entity, of each singleton its own. Raises UnknownName."""
    if id.kind == SETTINGS:
        single = settings_kinds(catalog)
        if id.key not in single:
            raise UnknownName(f"There are no settings {id.key!r}.{nearest(id.key, iter(single))}")
        return single[id.key]
    known = kinds(catalog)
    if id.kind not in known:
        raise UnknownName(f"There is no kind {id.kind!r}.{nearest(id.kind, iter(known))}")
    return known[id.kind]


def not_managed(catalog: Catalog) -> Mapping[str, str]:
    """Return the sets that could be written and that files don't hold, each with the reason."""
    reasons = {**tables().not_configuration, **tables().not_managed}
    return {name: reason for name, reason in sorted(reasons.items()) if name in catalog.sets}


def writable_sets(catalog: Catalog) -> Iterator[str]:
    """Yield every set that an action of its resource creates, changes or deletes in, managed or not."""
    return (name for name in catalog.sets if _can_write(catalog, name))


def expansions(catalog: Catalog, type_name: str, depth: int = _DEPTH) -> Iterator[str]:
    """Yield what must be expanded of a type: ``Agents``, ``Groups($expand=Rights)``."""
    for name, spec in catalog.fields(type_name).items():
        is_own = spec.navigation and spec.name in catalog.types and is_kept(type_name, name)
        if not is_own or depth == 0 or _has_set(catalog, spec.name):
            continue
        within = ",".join(expansions(catalog, spec.name, depth - 1))
        yield f"{name}($expand={within})" if within else name


def _has_set(catalog: Catalog, type_name: str) -> bool:
    """Whether the entities of a type can be listed and changed by themselves."""
    return any(
        not each.singleton and each.type == type_name and _can_write(catalog, name)
        for name, each in catalog.sets.items()
    )


def _can_write(catalog: Catalog, set_name: str) -> bool:
    entity_set = catalog.sets[set_name]
    verbs = catalog.resources.get(entity_set.resource, {}).values()
    return entity_set.type is not None and any(action.kind in _WRITES for action in verbs)


def _kind(catalog: Catalog, name: str, entry: KindEntry) -> Kind | None:
    if not entry.part:
        return _of_set(catalog, name, entry.set, entry) if entry.set in catalog.sets else None
    part = Part(**entry.part)
    owner = tables().kinds[part.owner]
    type_name = catalog.fields(catalog.sets[owner.set].type or "")[part.list].name
    return Kind(name, "", type_name, "", entry.key, "", entry.unique, part, api_key=entry.key[0][0], catalog=catalog)


def _of_set(catalog: Catalog, name: str, set_name: str, entry: KindEntry) -> Kind:
    entity_set = catalog.sets[set_name]
    type_name = entity_set.type or ""
    by_kind: dict[str, Action] = {}
    for action in catalog.resources.get(entity_set.resource, {}).values():
        if action.verb == action.kind:
            by_kind[action.kind] = action
    ids = {kind: action.id for kind, action in by_kind.items()}
    key = catalog.key(type_name)
    return Kind(
        name=name,
        set=set_name,
        type_name=type_name,
        resource=entity_set.resource,
        keys=entry.key,
        single=entry.single,
        unique=entry.unique or bool(entry.single),
        expand=tuple(expansions(catalog, type_name)),
        select=entry.select,
        creator="" if entry.single else ids.get("create", ""),
        updater=ids.get("update", ""),
        deleter="" if entry.single else ids.get("delete", ""),
        reader=ids.get("get" if entry.single else "list", ""),
        getter=ids.get("get", ""),
        api_key="" if entry.single or not key else key[0],
        catalog=catalog,
    )


def _at(fields: Mapping[str, Any], path: str) -> Any:
    value: Any = fields
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
