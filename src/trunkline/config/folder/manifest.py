"""``trunkline.yaml``: what a folder builds on, what it speaks for, and which values its files use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ...catalog import Catalog, nearest, version_key
from ...flows.document import core_kind
from ..kinds import kinds
from ..model import Place, Scope
from .document import Node, Scalar
from .faults import Faults

FILE = "trunkline.yaml"
FIELDS = ("extends", "values", "manage", "ignore", "protect", "complete", "version")
ALL = ("*",)
_WILD = frozenset("*?[")


class Manifest(NamedTuple):
    """What one folder says of itself. ``extends`` and ``values`` are paths relative to it, each with its place.

    ``manage`` has patterns by kind, for the kinds that it names; of others a folder manages all if it has files of
    them. ``version`` is that of the PBX which was exported, "" where nothing says so.
    """

    extends: tuple[tuple[str, Place], ...] = ()
    values: tuple[tuple[str, Place], ...] = ()
    manage: Mapping[str, tuple[str, ...]] = {}
    ignore: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    is_complete: bool = False
    version: str = ""

    def scope(self, present: Iterable[str]) -> Scope:
        """Return what the folder speaks for, if it has files of these kinds."""
        return Scope({**dict.fromkeys(present, ALL), **self.manage}, self.ignore, self.protect, self.is_complete)


def union(scopes: Iterable[Scope]) -> Scope:
    """Return the scope of layers together; the last one says whether it is complete."""
    manage: dict[str, tuple[str, ...]] = {}
    ignore: dict[str, None] = {}
    protect: dict[str, None] = {}
    is_complete = False
    for scope in scopes:
        for kind, patterns in scope.manage.items():
            manage[kind] = tuple(dict.fromkeys((*manage.get(kind, ()), *patterns)))
        ignore |= dict.fromkeys(scope.ignore)
        protect |= dict.fromkeys(scope.protect)
        is_complete = scope.is_complete
    return Scope(manage, tuple(ignore), tuple(protect), is_complete)


def manifest(node: Node, catalog: Catalog, faults: Faults) -> Manifest:
    """Return what the content of a manifest says; what is wrong goes to ``faults``."""
    if isinstance(node.value, Scalar) and node.value.is_null:
        return Manifest()
    if not isinstance(node.value, dict):
        faults.add(node.place, f"fields are expected here, such as `complete: true`, not {node.described}")
        return Manifest()
    reader = _Reader(catalog, faults)
    given = {}
    for name, each in node.value.items():
        if name in FIELDS:
            given[name] = each
        else:
            faults.add(
                each.place, f"a manifest has no {name}.{nearest(name, iter(FIELDS))} It has {', '.join(FIELDS)}."
            )
    return Manifest(
        reader.paths("extends", given),
        reader.paths("values", given),
        reader.manage(given["manage"]) if "manage" in given else {},
        reader.patterns("ignore", given, with_field=True),
        reader.patterns("protect", given, with_field=False),
        reader.truth("complete", given),
        reader.version(given),
    )


class _Reader:
    def __init__(self, catalog: Catalog, faults: Faults) -> None:
        self._catalog = catalog
        self._faults = faults
        self._kinds = kinds(catalog)

    def paths(self, name: str, given: Mapping[str, Node]) -> tuple[tuple[str, Place], ...]:
        return tuple(self._texts(name, given[name])) if name in given else ()

    def _texts(self, name: str, node: Node) -> Iterable[tuple[str, Place]]:
        """Yield the texts of a list, or the one that stands there by itself."""
        if isinstance(node.value, Scalar) and node.value.is_null:
            return
        for each in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(each.value, Scalar) or each.value.tag or not each.value.text:
                self._faults.add(each.place, f"{name} must have texts, not {each.described}")
            else:
                yield each.value.text, each.place

    def manage(self, node: Node) -> Mapping[str, tuple[str, ...]]:
        """Read patterns by kind, or a list of kinds of which all is managed."""
        if not isinstance(node.value, dict):
            return {kind: ALL for kind, place in self._texts("manage", node) if self._is_kind(kind, place)}
        found: dict[str, tuple[str, ...]] = {}
        for kind, each in node.value.items():
            if self._is_kind(kind, each.place):
                found[kind] = tuple(text for text, _ in self._texts(f"manage of {kind}", each))
        return found

    def patterns(self, name: str, given: Mapping[str, Node], *, with_field: bool) -> tuple[str, ...]:
        found = []
        for pattern, place in self.paths(name, given):
            kind, *rest = pattern.split("/")
            example = "users/*/Mobile" if with_field else "users/100"
            if len(rest) < (2 if with_field else 1):
                self._faults.add(place, f"{pattern} does not say what to {name}; write it like {example}")
            elif _WILD.isdisjoint(kind) and self._is_kind(kind, place) and with_field:
                self._check_field(kind, rest[-1].partition(".")[0], place)
            found.append(pattern)
        return tuple(found)

    def _is_kind(self, kind: str, place: Place) -> bool:
        if kind in self._kinds:
            return True
        self._faults.add(place, f"there is no kind {kind}.{nearest(kind, iter(self._kinds))}")
        return False

    def _check_field(self, kind: str, field: str, place: Place) -> None:
        known = self._kinds[kind].fields  # settings differ from each other, and have none here
        if known and _WILD.isdisjoint(field) and field not in known:
            self._faults.add(place, f"{kind} have no field {field}.{nearest(field, iter(known))}")

    def truth(self, name: str, given: Mapping[str, Node]) -> bool:
        if name not in given:
            return False
        value = given[name].value
        if isinstance(value, Scalar) and core_kind(value.text) == "bool":
            return bool(value.text.lower() == "true")
        self._faults.add(given[name].place, f"{name} must be true or false")
        return False

    def version(self, given: Mapping[str, Node]) -> str:
        for text, place in self.paths("version", given):
            try:
                version_key(text)
            except ValueError:
                self._faults.add(place, f"version must be one of 3CX, such as 20.0.10, not {text[:40]!r}")
            else:
                return text
        return ""
