"""The steps of a plan in waves: adds and changes, circles in two passes, and removals at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import NamedTuple

from ..model import Fields, Id
from .model import Change, Step
from .order import Circle, left_out, waves_of

Node = tuple[Change, Id]
Rank = Callable[[Id], tuple[int, str, str]]
"""The place of an entity among others for which nothing else speaks: kinds in the order of creation, then keys."""


class Planned(NamedTuple):
    """What is to become of one entity. ``named``: what each of its fields names, also what the PBX has already.

    ``was_named``: what it names on the PBX by now. ``after``: what comes first for another reason, such as that
    another user gives up a phone. ``is_fixed``: fields that an add can't do without. ``parts``: entities of files that
    are a part of this one for the API.
    """

    change: Change
    fields: Fields
    old: Fields
    named: Mapping[str, Set[Id]]
    was_named: Set[Id] = frozenset()
    after: tuple[Node, ...] = ()
    is_fixed: frozenset[str] = frozenset()
    parts: tuple[Id, ...] = ()


def ordered(planned: Mapping[Id, Planned], first: Set[Id], rank: Rank) -> list[Step] | Circle:
    """Return the steps in order, or the circle that can't be broken.

    What is added comes before what names it. Removals come last, in the reverse order of kinds, so that what names an
    entity goes before it; those of ``first`` come before everything else, since an add needs their numbers.
    """
    ids = sorted(planned, key=rank)
    adds = {id: planned[id].named for id in ids if planned[id].change == "add"}
    dropped = left_out(adds, {id: planned[id].is_fixed for id in adds})
    if isinstance(dropped, Circle):
        return dropped
    nodes = _nodes(planned, [id for id in ids if planned[id].change != "remove" or id in first], dropped)
    waves = waves_of(nodes)
    late = [id for id in reversed(ids) if planned[id].change == "remove" and id not in first]
    wave, kind = max(waves.values(), default=-1), ""
    for id in late:
        wave += id.kind != kind
        kind = id.kind
        waves["remove", id] = wave
    nodes |= _removals(planned, late, waves)
    order = sorted(waves, key=lambda node: (waves[node], node[0] == "finish", rank(node[1])))
    return [
        _step(n, waves[node], node, planned[node[1]], nodes[node], dropped.get(node[1], set()))
        for n, node in enumerate(order)
    ]


def _nodes(planned: Mapping[Id, Planned], ids: list[Id], dropped: Mapping[Id, Set[str]]) -> dict[Node, set[Node]]:
    """Return what is done before the removals at the end, each with what comes before it."""
    nodes: dict[Node, set[Node]] = {}
    for id in ids:
        each = planned[id]
        later = dropped.get(id, set())
        nodes[each.change, id] = {*_added(planned, id, each.named.keys() - later), *each.after}
        if later:
            nodes["finish", id] = {("add", id), *_added(planned, id, later)}
    return nodes


def _added(planned: Mapping[Id, Planned], id: Id, fields: Set[str]) -> set[Node]:
    """Return the adds of what some fields of an entity name."""
    targets = {target for field in fields for target in planned[id].named.get(field, ())} - {id}
    return {("add", target) for target in targets if target in planned and planned[target].change == "add"}


def _removals(planned: Mapping[Id, Planned], late: list[Id], waves: Mapping[Node, int]) -> dict[Node, set[Node]]:
    """Return the removals at the end, each with the changes and removals of what named it."""
    needs: dict[Id, set[Node]] = {id: set() for id in late}
    for id, each in planned.items():
        for target in each.was_named:
            if target in needs and target != id and waves[each.change, id] < waves["remove", target]:
                needs[target].add((each.change, id))
    return {("remove", id): nodes for id, nodes in needs.items()}


def _step(n: int, wave: int, node: Node, planned: Planned, needs: Set[Node], later: Set[str]) -> Step:
    change, id = node
    fields, old = planned.fields, planned.old
    if change == "finish":
        fields, old = {name: value for name, value in fields.items() if name in later}, {}
    elif later:
        fields = {name: value for name, value in fields.items() if name not in later}
    return Step(n, wave, change, id, fields, old, tuple(sorted({other for _, other in needs})))
