"""The shapes of the catalog: actions, entity sets, types and enums, each with the versions that have it.

A *type spec* is one short string, the same in the data file and here:

    Int32            a value that is never null
    String(12)?      at most 12 characters, may be null
    [Pbx.UserGroup]  a collection
    Pbx.Peer? nav    a navigation property: comes only with $expand

Primitive names are OData's without ``Edm.``; names with ``Pbx.`` are types or enums of the catalog.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import msgspec

from . import names
from .descriptions.actions import action_description

Kind = Literal["list", "get", "create", "update", "delete", "function", "action", "upload"]
AnswerKind = Literal["list", "entity", "value", "file", "none"]

_SPEC = re.compile(r"(\[)?([\w.]+)(?:\((\d+)\))?(?(1)\])(\?)?( nav)?")


_DISRUPTIVE = frozenset(
    ("disable", "drop", "install", "reboot", "regenerate", "reprovision", "restart", "revoke", "stop", "upgrade")
)
_OWNERS_ONLY = ("report_call_log_data", "chat_history_view", "chat_messages_history_view", "scheduled_reports")


class TypeSpec(NamedTuple):
    """One parsed type spec; ``name`` is the item's type for a collection."""

    name: str
    collection: bool = False
    nullable: bool = False
    max_length: int | None = None
    navigation: bool = False

    def __str__(self) -> str:
        length = f"({self.max_length})" if self.max_length is not None else ""
        body = f"[{self.name}{length}]" if self.collection else f"{self.name}{length}"
        return f"{body}{'?' if self.nullable else ''}{' nav' if self.navigation else ''}"


@lru_cache(maxsize=4096)
def parse_type(spec: str) -> TypeSpec:
    """Read a type spec such as ``[String(12)]?``; ValueError if it is none."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"{spec!r} is not a type spec")
    bracket, name, length, nullable, navigation = match.groups()
    return TypeSpec(
        name, bracket is not None, nullable is not None, int(length) if length else None, navigation is not None
    )


class Edition(msgspec.Struct, frozen=True, array_like=True):
    """One published OpenAPI file: its date, and the API version it describes.

    ``pre-20.0.5`` is the label of the first file, whose version 3CX did not name.
    """

    date: str
    version: str


class Param(NamedTuple):
    """A key or function parameter of an action's path."""

    name: str
    type: TypeSpec


class Action(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """One operation of the Configuration API.

    ``since`` and ``until`` are indexes into the catalog's editions, both inclusive; ``until`` is None
    while the newest edition has the action. ``body`` is the name of a type, or the fields of an
    inline object (an OData action's parameters). ``noun`` is what one entity of the resource is called.
    ``answer`` is ``"list Pbx.Fax"``, ``"entity Pbx.Fax?"``,
    ``"value Boolean"``, ``"file"`` or ``"none"``. ``before`` holds what differed in older editions.
    """

    id: str
    operation_id: str
    tag: str
    method: str
    path: str
    kind: Kind
    noun: str
    answer: str
    params: dict[str, str] = {}
    query: tuple[str, ...] = ()
    body: str | dict[str, str] | None = None
    body_required: bool = False
    if_match: bool = False
    since: int = 0
    until: int | None = None
    published: bool = True
    before: tuple[ActionBefore, ...] = ()

    @cached_property
    def resource(self) -> str:
        return self.id.partition(".")[0]

    @cached_property
    def verb(self) -> str:
        """The part after the dot, without the ``@version`` that marks a superseded form."""
        return self.id.partition(".")[2].partition("@")[0]

    @property
    def summary(self) -> str:
        """What the action does, in one sentence; of one that nobody has described, its name in words."""
        description = action_description(self.id)
        return f"{names.phrase(self.operation_id).capitalize()}." if description is None else description.does

    @property
    def description(self) -> str:
        """The summary, when the action is needed and what follows from it, where that isn't plain."""
        return str(action_description(self.id) or self.summary)

    @cached_property
    def parameters(self) -> tuple[Param, ...]:
        """Keys and function parameters in the order of the path."""
        return tuple(Param(name, parse_type(spec)) for name, spec in self.params.items())

    @cached_property
    def positional(self) -> tuple[str, ...]:
        """What may be given to a call without its name, in order."""
        return (*self.params, "body") if self.body is not None else tuple(self.params)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The parameters that are keys of an entity, not arguments of a function."""
        owner, pbx, _ = self.path.partition("/Pbx.")
        if self.kind == "function" and not pbx:
            return ()
        return tuple(name for name in self.params if f"{{{name}}}" in owner)

    @cached_property
    def answer_kind(self) -> AnswerKind:
        return self.answer.partition(" ")[0]  # type: ignore[return-value]

    @cached_property
    def answer_type(self) -> TypeSpec | None:
        """Type of the entity, the value or a row; for a file, of the rows it holds, where known."""
        spec = self.answer.partition(" ")[2]
        return parse_type(spec) if spec else None

    @property
    def role(self) -> str:
        """The role that a client needs for it (docs/pbx.md, Rights)."""
        owners = self.resource in _OWNERS_ONLY or self.id == "recordings.list"
        return "System Owner" if owners else "System Admin"

    @cached_property
    def destructive(self) -> bool:
        """Whether the PBX can't give back what the action removes; restoring a backup would lose all changes since."""
        return self.method == "DELETE" or (
            self.method == "POST"
            and (self.verb == "restore" or not {"delete", "purge", "clean", "reset"}.isdisjoint(self.verb.split("_")))
        )

    @cached_property
    def disruptive(self) -> bool:
        """Whether the action cuts off calls, phones or people at work: restarts, upgrades, new keys."""
        words = set(self.verb.split("_"))
        return self.method == "POST" and "check" not in words and not words.isdisjoint(_DISRUPTIVE)

    @property
    def asks(self) -> bool:
        """Whether a person should be asked before several of them are sent."""
        return self.destructive or self.disruptive

    @property
    def asks_once(self) -> bool:
        """Whether a person should be asked before one is sent: what it ends or removes isn't named by a key."""
        return self.asks and self.method == "POST"


class ActionBefore(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an action looked up to and including edition ``until``; fields left out were as they are."""

    until: int
    answer: str | None = None
    query: tuple[str, ...] | None = None
    body: str | dict[str, str] | None = None
    body_required: bool | None = None
    params: dict[str, str] | None = None


class FieldForm(msgspec.Struct, frozen=True, array_like=True):
    """The type spec that a field had from edition ``since`` to ``until`` (inclusive)."""

    type: str
    since: int = 0
    until: int | None = None


class ObjectType(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """An entity type (it has ``key``) or a complex type (it has none).

    ``fields`` are the type's own, without those of ``base``; a field that changed has a list of forms.
    """

    fields: dict[str, str | tuple[FieldForm, ...]]
    base: str | None = None
    key: tuple[str, ...] = ()
    open: bool = False
    since: int = 0
    until: int | None = None

    def forms(self, field: str) -> tuple[FieldForm, ...]:
        """Every form of one field, oldest first."""
        value = self.fields[field]
        return (FieldForm(value, self.since, self.until),) if isinstance(value, str) else value


class EnumValue(msgspec.Struct, frozen=True, array_like=True):
    name: str
    since: int = 0
    until: int | None = None


class EnumType(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """An enumeration; several values at once are allowed where ``flags`` is set (``"A,B"``)."""

    values: tuple[str | EnumValue, ...]
    flags: bool = False
    since: int = 0
    until: int | None = None

    @cached_property
    def members(self) -> tuple[EnumValue, ...]:
        return tuple(EnumValue(v, self.since, self.until) if isinstance(v, str) else v for v in self.values)


class EntitySet(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entity set, or a singleton; ``alternate`` names the alternate key (``Users(Number='100')``)."""

    type: str | None
    resource: str
    singleton: bool = False
    key: dict[str, str] = {}
    alternate: tuple[str, ...] = ()


class Data(msgspec.Struct, frozen=True):
    """The data file as a whole."""

    generated: str
    editions: tuple[Edition, ...]
    sets: dict[str, EntitySet]
    actions: tuple[Action, ...]
    types: dict[str, ObjectType]
    enums: dict[str, EnumType]
