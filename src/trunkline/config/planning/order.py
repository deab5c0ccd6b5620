"""In which order entities are added: what one names comes before it, and circles are broken."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping, Set
from typing import NamedTuple, TypeVar

from ..model import Id

T = TypeVar("T", bound=Hashable)

Needs = Mapping[Id, Mapping[str, Set[Id]]]
"""What each entity that is added names, by the field that names it."""


class Circle(NamedTuple):
    """Entities that need each other, none of which can be added without the others."""

    ids: tuple[Id, ...]


def left_out(needs: Needs, is_needed: Mapping[Id, Set[str]]) -> dict[Id, set[str]] | Circle:
    """Return the fields that adds have to leave out, so that no entity needs one that is added after it.

    ``needs`` is in the order in which entities are added where nothing else speaks for another: the first of a circle
    leaves out the fields that lead into it. ``is_needed`` has the fields that an entity can't be added without.
    Returns a `Circle` where each entity of one can't be added without the fields that lead into it.
    """
    targets = {id: {target for ids in fields.values() for target in ids} - {id} for id, fields in needs.items()}
    targets = {id: named & needs.keys() for id, named in targets.items()}
    wanted_by: dict[Id, set[Id]] = defaultdict(set)
    for id, named in targets.items():
        for target in named:
            wanted_by[target].add(id)
    open_ = dict.fromkeys(needs)
    dropped: dict[Id, set[str]] = defaultdict(set)
    ready = deque(id for id in open_ if not targets[id])
    while open_:
        while ready:
            id = ready.popleft()
            open_.pop(id)
            for other in sorted(wanted_by[id]):
                targets[other].discard(id)
                if not targets[other] and other in open_ and other not in ready:
                    ready.append(other)
        if not open_:
            break
        opened = _opened(needs, open_, targets, wanted_by, is_needed)
        if isinstance(opened, Circle):
            return opened
        first, circle = opened
        dropped[first] |= {field for field, ids in needs[first].items() if not circle.isdisjoint(ids - {first})}
        for target in circle & targets[first]:
            wanted_by[target].discard(first)
        targets[first] -= circle
        if not targets[first]:
            ready.append(first)
    return dict(dropped)


def _opened(
    needs: Needs,
    open_: Mapping[Id, None],
    targets: Mapping[Id, set[Id]],
    wanted_by: Mapping[Id, set[Id]],
    is_needed: Mapping[Id, Set[str]],
) -> tuple[Id, set[Id]] | Circle:
    """Find the first entity of a circle that can be added without the fields that lead into it, and the circle."""
    closed: tuple[Id, ...] = ()
    for id in open_:
        circle = _reaching(id, wanted_by, open_)
        if targets[id].isdisjoint(circle):  # it only waits for a circle
            continue
        fields = {field for field, ids in needs[id].items() if not circle.isdisjoint(ids - {id})}
        if fields.isdisjoint(is_needed.get(id, frozenset())):
            return id, circle
        closed = closed or tuple(sorted({id, *(circle & targets[id])}))
    return Circle(closed)


def _reaching(id: Id, wanted_by: Mapping[Id, set[Id]], open_: Mapping[Id, None]) -> set[Id]:
    """Return what needs an entity, directly or through others."""
    found: set[Id] = set()
    waiting = [id]
    while waiting:
        for other in wanted_by[waiting.pop()]:
            if other in open_ and other not in found and other != id:
                found.add(other)
                waiting.append(other)
    return found


def waves_of(needs: Mapping[T, Set[T]]) -> dict[T, int]:
    """Return the wave of each node: 0 where it needs none of the others, else one more than the last that it needs.

    ``needs`` has no circle.
    """
    waves: dict[T, int] = {}
    for node in needs:
        waiting: list[T] = [node]
        while waiting:
            last = waiting[-1]
            unknown = [] if last in waves else [n for n in needs[last] if n in needs and n not in waves and n != last]
            if unknown:
                waiting.extend(unknown)
                continue
            waiting.pop()
            if last not in waves:
                waves[last] = max((waves[n] + 1 for n in needs[last] if n in needs and n != last), default=0)
    return waves
