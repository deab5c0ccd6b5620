"""The reports on ring groups: what each received, and who of it answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..store import Store
from ..telephony.records import Kind
from ..values import Row
from .arguments import Arguments
from .events import legs_in, was_answered
from .names import numbered
from .spelling import label


@dataclass
class Tally:
    """One ring group's calls; ``members`` has the label of each extension, ``took`` how often it answered."""

    name: str
    received: int = 0
    answered: int = 0
    members: dict[str, str] = field(default_factory=dict)
    took: Counter[str] = field(default_factory=Counter)


def statistics(store: Store, asked: Arguments) -> Iterator[Row]:
    for number, group in _tallies(store, asked).items():
        yield {
            "RingGroupDn": number,
            "RingGroupDisplayName": group.name,
            "RingGroupReceivedCount": group.received,
            "RingGroupAnsweredCount": group.answered,
        }


def extensions(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield a row for each extension of each ring group, with the group's own counts repeated in it."""
    for number, group in _tallies(store, asked).items():
        for place, (extension, name) in enumerate((group.members or {"": ""}).items()):
            yield {
                "RingGroupDn": number,
                "RingGroupDisplayName": group.name,
                "RingGroupReceivedCount": group.received,
                "RingGroupUnansweredCount": group.received - group.answered,
                "ExtensionDn": extension,
                "ExtensionDisplayName": name or None,
                "ExtensionAnsweredCount": group.took[extension],
                "SortOrder": place,
            }


def _tallies(store: Store, asked: Arguments) -> dict[str, Tally]:
    """Each chosen ring group by number, also those without calls. A call counts where it entered the group."""
    chosen = asked.numbers("ringGroupDns")
    found = {number: Tally(name) for number, name in numbered(store, "RingGroups", chosen).items()}
    for group in store.rows("RingGroups"):
        if group["Number"] in found:
            members = sorted(group["Members"] or (), key=lambda member: str(member["Number"]))
            found[group["Number"]].members = {m["Number"]: f"{m['Name']} ({m['Number']})" for m in members}
    for call, leg in legs_in(store, asked.period):
        group_party = leg.destination
        if group_party.kind is not Kind.RING_GROUP or group_party.dn not in chosen:
            continue
        tally = found.setdefault(group_party.dn, Tally(label(group_party)))
        tally.received += 1
        if was_answered(call, leg):
            tally.answered += 1
            taker = next(other.destination for other in call.legs if other.sent_by == group_party and other.answered)
            tally.members.setdefault(taker.dn, label(taker))
            tally.took[taker.dn] += 1
    return found
