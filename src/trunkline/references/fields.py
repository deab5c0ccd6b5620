"""Which fields can refer to what, found in the catalog's types: a new resource needs no change here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from ..catalog import Catalog, TypeSpec

Sort = Literal[
    "number", "numbers in text", "range", "outside number", "file", "department", "department name", "trunk", "user"
]
"""What a field holds: the number of an extension, queue or other internal destination; a text with such numbers in it;
a range of them; a telephone number; a sound file; the Id or the name of a department; the Id of a trunk, of a user."""

_RANGE = "Pbx.DNRange"
_TEXTS = ("String", "[String]")
_BY_NAME: tuple[tuple[re.Pattern[str], Sort], ...] = (
    (re.compile(r"((?<!Q)DN|Dn|Extension)$|^(Number|HotdeskingAssignment|ForwardSmsTo)$"), "number"),
    (re.compile(r"^(Blfs|AllowedExtensions|AssignedUser|SpecifiedList|ReportParams)$"), "numbers in text"),
    (
        re.compile(r"^(Data|CustomData|CallerI[dD]|OutboundCallerI[dD]|External|DidNumbers)$|ExternalNumbers?$"),
        "outside number",
    ),
    (re.compile(r"(Prompts?|^Files?|Filename|FileName|(Greeting|Intro|OnHold)File|MusicOnHold\d?)$"), "file"),
    (re.compile(r"^(Group|GroupNames|PublicInfoGroups|HotelGroups)$"), "department name"),
)
_IDS: Mapping[str, Sort] = {
    "GroupId": "department",
    "GroupIds": "department",
    "PrimaryGroupId": "department",
    "TrunkId": "trunk",
    "PhoneUserId": "user",
}
OF_DEPARTMENTS = "Groups"  # of any entity: the departments that it belongs to, each with Id and number (assumed)
_OF_CALLERS = ("Pbx.ExtensionRule", ("CallerId", "Data"))  # an exception for a caller, who may be a colleague
_NOT_FILES = re.compile(r"Template|^(Filename|FileName)$")  # a template's file is 3CX's own
_HISTORY = frozenset(
    ("active_calls", "call_history_view", "chat_history_view", "chat_messages_history_view", "event_logs", "recordings")
)
"""What has happened refers to nobody in the sense of this room: nothing breaks when an extension goes."""
_TWICE = frozenset(("my_user", "my_group", "peers"))  # they show again what users, groups and all sets have
NAMING = (
    "Number",
    "Name",
    "DisplayName",
    "FirstName",
    "LastName",
    "RuleName",
    "FriendlyName",
    "MAC",
    "Link",
    "Gateway",
)


class Source(NamedTuple):
    """What one resource has to be asked for: the action that reads it, and the fields of its rows that can refer.

    ``fields`` are the fields of a row that lead to what is looked for; ``expand`` are those of them that come only
    with ``$expand``. ``is_single``: there is one such entity, without a key.
    """

    resource: str
    action: str
    type_name: str
    fields: tuple[str, ...]
    expand: tuple[str, ...]
    key: tuple[str, ...]
    is_single: bool

    def select(self, catalog: Catalog) -> list[str]:
        """Return what ``$select`` names: the key, what a person calls the entity, and the fields that may refer."""
        known = catalog.fields(self.type_name)
        wanted = [*self.key, *(name for name in NAMING if name in known), *self.fields]
        return [name for name in dict.fromkeys(wanted) if name in known and not known[name].navigation]


@lru_cache(maxsize=8192)
def sorts_of(owner: str, name: str, spec: TypeSpec) -> tuple[Sort, ...]:
    """Return what a field that is not an object may hold, as far as this room cares; () for most.

    ``owner`` is its type, or `OF_DEPARTMENTS` for an object in that field.
    """
    if owner == OF_DEPARTMENTS:
        return ("department",) if name in ("GroupId", "Number") else ()
    if spec.name in ("Int32", "Int64"):
        return (_IDS[name],) if name in _IDS else ()
    if spec.name != "String":
        return ()
    if owner == _RANGE:
        return ("range",)
    if owner == _OF_CALLERS[0] and name in _OF_CALLERS[1]:
        return ("number", "outside number")
    is_file = owner == "Pbx.Greeting" or not _NOT_FILES.search(name)
    return tuple(sort for pattern, sort in _BY_NAME if pattern.search(name) and (sort != "file" or is_file))


def type_of(name: str, spec: TypeSpec) -> str:
    """Return what `sorts_of` takes as the owner of the fields within an object."""
    return OF_DEPARTMENTS if name == OF_DEPARTMENTS else spec.name


def sources(catalog: Catalog, sorts: frozenset[Sort]) -> list[Source]:
    """Return every resource of a version that can hold one of these, in the catalog's order."""
    return [source for source in _all_sources(catalog, sorts) if source.fields]


@lru_cache(maxsize=64)
def _all_sources(catalog: Catalog, sorts: frozenset[Sort]) -> tuple[Source, ...]:
    readers = dict(_readers(catalog))
    listed = frozenset(readers.values())
    found = []
    for action, type_name in readers.items():
        single = catalog.action(action).answer_kind != "list"
        known = catalog.fields(type_name)
        fields = tuple(
            name
            for name, spec in known.items()
            if (single or name != "Number") and _leads(catalog, type_name, name, spec, sorts, listed, (type_name,))
        )
        resource = action.partition(".")[0]
        expand = tuple(name for name in fields if known[name].navigation)
        found.append(Source(resource, action, type_name, fields, expand, catalog.key(type_name), single))
    return tuple(found)


def _readers(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield the action that reads each resource as a whole, and the type of its rows."""
    for resource, verbs in catalog.resources.items():
        action = verbs.get("list") or verbs.get("get")
        if (
            resource in _HISTORY | _TWICE
            or resource.endswith("_templates")
            or action is None
            or action.params
            or action.method != "GET"
        ):
            continue
        spec = action.answer_type
        if spec is not None and spec.name in catalog.types:
            yield action.id, spec.name


def _leads(
    catalog: Catalog,
    owner: str,
    name: str,
    spec: TypeSpec,
    sorts: frozenset[Sort],
    listed: frozenset[str],
    seen: tuple[str, ...],
) -> bool:
    """Whether a field holds one of the sorts, or is an object that does.

    What comes only with ``$expand`` is followed from a row itself, not from within an object, and not into what
    another resource lists: it is found there.
    """
    if spec.name not in catalog.types:
        return not sorts.isdisjoint(sorts_of(owner, name, spec))
    if spec.name in seen or (spec.navigation and (len(seen) > 1 or spec.name in listed)):
        return False
    fields = catalog.fields(spec.name).items()
    within = type_of(name, spec)
    return any(_leads(catalog, within, inner, each, sorts, listed, (*seen, spec.name)) for inner, each in fields)
