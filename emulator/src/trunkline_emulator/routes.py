"""The routes of a version: every path of the catalog, found by the form of a request's path."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product

from trunkline.catalog import Action, Catalog, TypeSpec

from .evidence import refusal, seen
from .odata.literals import BadDate, BadLiteral, Value, read_literal
from .odata.paths import Segment
from .refusals import WRONG_METHOD, NoSuchPath, Refusal

Signature = tuple[tuple[str, tuple[str, ...] | None], ...]

_TEMPLATE = re.compile(r"([\w.]+)(?:\(([^)]*)\))?")
_COUNT = ("$count", None)
_PLACE = re.compile(r"(?:(\w+)=)?\{(\w+)\}")
# A set, or one entity of it by a number that is an Int32 for sure.
_PLAIN = re.compile(rb"/([A-Za-z]+)(?:\(([0-9]{1,9})\))?")


@dataclass(frozen=True)
class Route:
    """One action and the places of its parameters: for each segment, its argument names to parameter names.

    ``resource`` is the entity set or singleton that the path starts with ("" for a function of the service itself),
    ``bound`` says whether a key picks one entity of it, ``navigation`` is the property that a list such as
    ``/Users(5)/Groups`` ends with. ``counted`` is set where ``/$count`` follows a list.
    """

    action: Action
    resource: str
    bound: bool
    navigation: str
    places: tuple[dict[str, str], ...]
    types: dict[str, TypeSpec]
    counted: bool = False


class Router:
    """Finds the route of a request's segments. Names are case-sensitive, arguments may come in any order."""

    def __init__(self, catalog: Catalog) -> None:
        self._table: dict[Signature, dict[str, Route]] = {}
        # The same for plain paths, by method, name and whether there is a key.
        self._plain: dict[tuple[str, bytes, bool], tuple[Route, str]] = {}
        for action in sorted(catalog.actions, key=lambda a: (a.until is None, a.until or 0)):
            self._add(action, catalog)

    def _add(self, action: Action, catalog: Catalog) -> None:
        steps = [_template_step(part) for part in action.path[1:].split("/")]
        first = steps[0][0]
        resource = first if first in catalog.sets else ""
        last = steps[-1][0]
        route = Route(
            action,
            resource,
            bound=bool(resource and steps[0][1]),
            navigation=last if action.kind == "list" and len(steps) == 2 else "",
            places=tuple(places or {} for _, places in steps),
            types={parameter.name: parameter.type for parameter in action.parameters},
        )
        for signature in product(*(_forms(name, places) for name, places in steps)):
            self._table.setdefault(signature, {})[action.method] = route
            if action.kind == "list":
                self._table[*signature, _COUNT] = {"GET": replace(route, places=(*route.places, {}), counted=True)}
        place = route.places[0].get("", "")
        if len(steps) == 1 and (steps[0][1] is None or (place and route.types[place].name == "Int32")):
            self._plain[action.method, first.encode("ascii"), bool(place)] = route, place

    def routes(self) -> list[Route]:
        """Every action's route once, in the order of the catalog's paths."""
        found = {id(route): route for methods in self._table.values() for route in methods.values()}
        return [route for route in found.values() if not route.counted]

    def find_plain(self, method: str, path: bytes) -> tuple[Route, dict[str, Value]] | None:
        """Return the route of ``/Fax`` or ``/Fax(3)``, as nearly all requests have it, at a glance.

        None for any other.
        """
        match = _PLAIN.fullmatch(path)
        if match is None:
            return None
        name, key = match.groups()
        found = self._plain.get((method, name, key is not None))
        if found is None:
            return None
        route, place = found
        return route, {} if key is None else {place: int(key)}

    def find(self, method: str, segments: list[Segment], *, any_date: bool = False) -> tuple[Route, dict[str, Value]]:
        """Return the route and its arguments by name.

        Raises Refusal: 404 for an unknown path, signature or literal, 405 for the wrong method, 500 for a broken date.
        With ``any_date`` a broken date leaves its period open on that side, as on some builds (docs/pbx.md, Requests).
        """
        methods = self._table.get(tuple(segment.signature for segment in segments))
        if methods is None:
            raise NoSuchPath
        route = methods.get(method)
        if route is None:
            if method == "POST" and "GET" in methods and methods["GET"].navigation:
                raise NoSuchPath
            raise Refusal(405, headers={"Allow": ", ".join(sorted(methods))}, fact=WRONG_METHOD)
        return route, _arguments(route, segments, any_date)


def _template_step(part: str) -> tuple[str, dict[str, str] | None]:
    """``Fax({Id})`` as its name and its places: ``("Fax", {"": "Id"})``."""
    match = _TEMPLATE.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not a step of a path")
    name, inner = match.groups()
    return name, None if inner is None else {argument or "": place for argument, place in _PLACE.findall(inner)}


def _forms(name: str, places: dict[str, str] | None) -> list[tuple[str, tuple[str, ...] | None]]:
    """Return a step's signatures: a key may also be written with its name, ``Users(Id=5)`` for ``Users(5)``."""
    if places is None:
        return [(name, None)]
    named = (name, tuple(sorted(argument or place for argument, place in places.items())))
    return [named, (name, ("",))] if "" in places else [named]


BAD_DATE = refusal("A malformed date in the path of a function answers 500.", seen("requests"))
# How the parameter is called that a period begins with; its other date is the end.
_BEGINS = frozenset({"periodFrom", "startDt", "startDate"})


def _arguments(route: Route, segments: list[Segment], any_date: bool) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for segment, places in zip(segments, route.places, strict=True):
        for name, text in (segment.arguments or {}).items():
            parameter = places.get(name, name)
            try:
                found[parameter] = read_literal(text, route.types[parameter])
            except BadDate:
                if not any_date:
                    raise Refusal(500, fact=BAD_DATE) from None
                found[parameter] = "0001-01-02T00:00:00Z" if parameter in _BEGINS else "9999-12-30T00:00:00Z"
            except BadLiteral:
                raise NoSuchPath from None
    return found
