"""What is asked for to read some kinds of a PBX: their sets, and those whose names they are spelled with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from ..catalog import Catalog, load
from .forms import Form, forms
from .kinds import SETTINGS, Kind, kinds, settings_kinds
from .model import Configuration
from .spelling import SOUNDS
from .tables import tables

PEERS = "peers"
_FIRST = ("groups", "trunks", "users")
_NUMBERS = ""
_OWN = ("Number", "Extension")  # of an entity itself


class Source(NamedTuple):
    """What is asked for once: a kind, or a set that is read for its names; ``expand`` where it is not wanted itself."""

    name: str
    kind: Kind | None
    is_wanted: bool
    expand: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    def refers_to(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the kinds whose names are needed to spell it."""
        if self.kind is None or not self.is_wanted:
            return ()
        return tuple(sorted(referred(catalog, self.kind) - {self.name, _NUMBERS, SOUNDS}))

    def asks(self, here: Catalog) -> tuple[str, dict[str, Any]]:
        """Return the action that reads it, and its options."""
        if self.kind is None:
            named = tables().named.get(self.name)
            fields = (
                ["Id", "Folder", named.key] if named else ["Filename"] if self.name == SOUNDS else ["Number", "Type"]
            )
            return f"{self.name}.list", {"select": fields}
        kind = kinds(here).get(self.kind.name, self.kind)
        if self.kind.single and self.kind.name == SETTINGS:
            kind = settings_kinds(here).get(self.kind.single, self.kind)
        known = here.fields(kind.type_name)
        options: dict[str, Any] = {}
        if self.is_wanted:
            if kind.select:
                options["select"] = [name for name, spec in known.items() if not spec.navigation]
            if kind.expand:
                options["expand"] = list(kind.expand)
            return kind.reader, options
        wanted = dict.fromkeys((kind.api_key, "Number", "Name", "IsDefault", *(n.partition(".")[0] for n in kind.key)))
        options["select"] = [name for name in wanted if name in known]
        if self.expand:
            options["expand"] = list(self.expand)
        return kind.reader, options


def needed(configuration: Configuration, kinds: Collection[str] | None = None) -> list[str]:
    """Return what of a PBX must be read to compare it with files: the kinds that they have or manage, by name.

    Of settings it is those that the files have (``settings/mail_settings``), unless these are an export, which also
    speaks for the others. ``kinds``: only these.
    """
    scope, known = configuration.scope, settings_kinds(load())
    managed = {kind for kind, patterns in scope.manage.items() if patterns}
    found = managed | {id.kind for id in configuration.entities}
    if not (scope.is_complete and SETTINGS in managed):
        found.discard(SETTINGS)
        found |= {str(id) for id in configuration.entities if id.kind == SETTINGS and id.key in known}
    return sorted(name for name in found if kinds is None or name.partition("/")[0] in kinds)


def sources(catalog: Catalog, wanted: Sequence[str], *, is_whole: bool) -> list[Source]:
    """Return what to ask for, first what others are spelled with.

    ``wanted`` are kinds, and single settings. Sound files and, unless all is read, the numbers of everything are among
    it where the wanted kinds can name them.
    """
    known = kinds(catalog)
    plain = [name for name in wanted if name in known]
    found = {name: Source(name, known[name], True) for name in plain if known[name].set}
    for name in plain:
        part = known[name].part
        if part is not None and part.owner not in found:
            found[part.owner] = Source(part.owner, known[part.owner], False, (part.list,))
    single = {f"{SETTINGS}/{key}": kind for key, kind in settings_kinds(catalog).items()}
    found |= {name: Source(name, kind, True) for name, kind in single.items() if SETTINGS in wanted or name in wanted}
    needed = {name for source in found.values() if source.kind for name in referred(catalog, source.kind)}
    for name in sorted(needed - found.keys() - {_NUMBERS}):
        found[name] = Source(name, known.get(name), False)
    if _NUMBERS in needed and not is_whole:
        found[PEERS] = Source(PEERS, None, False)
    first = [name for name in (PEERS, *tables().named, *_FIRST) if name in found]
    return [found[name] for name in dict.fromkeys((*first, *found))]


def referred(catalog: Catalog, kind: Kind) -> set[str]:
    """Return the kinds that the fields of a kind may name; "" is anything with a number."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [form for name, form in kind.forms.items() if name not in _OWN]
    while waiting:
        form = waiting.pop()
        if form.kind and not (kind.part and form.by == "Number" and form.kind == kind.part.owner):
            found.add(form.kind)
        elif form.way == "roles":
            found.add("groups")
        elif form.way == "person" or form.names == "number":
            found.add(_NUMBERS)
        elif form.names == "file":
            found.add(SOUNDS)
        elif form.way == "object" and form.spec.name not in seen:
            seen.add(form.spec.name)
            waiting += forms(catalog, form.spec.name).values()
    return found


def fields_naming(catalog: Catalog, kind: Kind, lost: str) -> list[str]:
    """Return the fields that can't be spelled without the names of another kind.

    A number is what it is without them, and so is any other natural key that the API has itself.
    """
    return [
        name for name, form in kind.forms.items() if name not in kind.key and _names_any(catalog, form, lost, set())
    ]


def _names_any(catalog: Catalog, form: Form, lost: str, seen: set[str]) -> bool:
    if form.way == "roles":
        return lost == "groups"
    if form.kind and form.kind == lost:
        other = kinds(catalog).get(form.kind)
        return other is None or form.kind == "groups" or (form.by,) not in other.keys
    if form.way != "object" or form.spec.name in seen:
        return False
    seen.add(form.spec.name)
    return any(_names_any(catalog, inner, lost, seen) for inner in forms(catalog, form.spec.name).values())
