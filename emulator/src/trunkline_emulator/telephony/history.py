"""What the PBX still knows of its calls, chats and shifts: the model's, those made since, without what was purged.

``store.kept`` holds what a client changed: "calls made" with the calls that ended since the start (made.py), "purged
calls" and "purged chats" with pairs of moments. A recording that is gone is no longer named by its leg.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from datetime import datetime
from heapq import merge
from typing import TYPE_CHECKING

from . import made
from .records import AgentShift, Chat, PhoneCall

if TYPE_CHECKING:
    from ..store import Store

PURGED_CALLS, PURGED_CHATS = "purged calls", "purged chats"


def calls_of(store: Store, start: datetime, end: datetime) -> Iterator[PhoneCall]:
    """Yield calls started from ``start`` until before ``end``, by start; moments with their time zone."""
    recordings = store.tables["Recordings"].rows
    told = (store.model.call(number) for number in _left(store.model.numbers, _purges(store, PURGED_CALLS), start, end))
    since = sorted((call for call in calls_made(store) if start <= call.started < end), key=lambda call: call.started)
    for call in merge(told, since, key=lambda call: call.started):
        yield without_missing(call, recordings)


def chats_of(store: Store, start: datetime, end: datetime) -> Iterator[Chat]:
    """Chats opened in a period, by start."""
    chats = store.model.chat_model
    return (chats.chat(number) for number in _left(chats.numbers, _purges(store, PURGED_CHATS), start, end))


def shifts_of(store: Store, start: datetime, end: datetime) -> Iterator[AgentShift]:
    """Shifts that began in a period, by login."""
    return store.model.shifts(start, end)


def calls_made(store: Store) -> list[PhoneCall]:
    """Return the calls that ended since the start, by number, without those purged."""
    kept = store.kept.get(made.CALLS_MADE, ())
    found = made.calls(kept, store.model.count, store.model.legs)
    return [call for call, content in zip(found, kept, strict=True) if "purged" not in content]


def calls_left(store: Store) -> list[range]:
    """Return the numbers of the model's calls that were not purged."""
    return _without(range(1, store.model.count + 1), store.model.numbers, _purges(store, PURGED_CALLS))


def chats_left(store: Store) -> list[range]:
    """Return the numbers of the model's chats that were not purged."""
    chats = store.model.chat_model
    return _without(range(1, chats.count + 1), chats.numbers, _purges(store, PURGED_CHATS))


def purge(store: Store, name: str, start: datetime, end: datetime) -> None:
    """Forget what began in a period; ``name`` is PURGED_CALLS or PURGED_CHATS."""
    store.keep(name, [*store.kept.get(name, ()), [start.isoformat(), end.isoformat()]])
    if name == PURGED_CALLS and made.CALLS_MADE in store.kept:
        # Only marked, as the numbers of calls go on counting; what ends later is not purged, whenever it began.
        store.keep(made.CALLS_MADE, [made.purged(content, start, end) for content in store.kept[made.CALLS_MADE]])


def without_missing(call: PhoneCall, recordings: Container[object]) -> PhoneCall:
    """Return the call, its legs without recordings that are gone."""
    if all(leg.recording is None or leg.recording in recordings for leg in call.legs):
        return call
    legs = tuple(leg if leg.recording in recordings else leg._replace(recording=None) for leg in call.legs)
    return call._replace(legs=legs)


Purges = list[tuple[datetime, datetime]]
Numbers = Callable[[datetime, datetime], range]


def _purges(store: Store, name: str) -> Purges:
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in store.kept.get(name, ())]


def _left(numbers: Numbers, purges: Purges, start: datetime, end: datetime) -> Iterator[int]:
    for span in _without(numbers(start, end), numbers, purges):
        yield from span


def _without(whole: range, numbers: Numbers, purges: Iterable[tuple[datetime, datetime]]) -> list[range]:
    """Return a range of numbers without those of some periods."""
    left = [whole]
    for start, end in purges:
        gone = numbers(start, end)
        if gone:
            left = [
                part for span in left for part in (span[: _place(span, gone.start)], span[_place(span, gone.stop) :])
            ]
    return [span for span in left if span]


def _place(span: range, number: int) -> int:
    """Where a number stands in a span, or where it would."""
    return min(max(number - span.start, 0), len(span))
