"""What can become of a call: a script for each kind, the table of how often each comes, and what the night does to it.

A script writes legs into a scene. All scripts in one row of ``KINDS`` make equally many legs, by day and by night.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .dice import evenly, mostly_short
from .records import Callback
from .scene import LONGEST_WAIT, RING, RING_TIME, TALK, Scene

Script = Callable[[Scene], None]


class Act(NamedTuple):
    """A kind of call: how many legs it makes, and its script by day and by night; ``recorded`` where it is kept."""

    legs: int
    day: Script
    night: Script
    recorded: bool = False


def outbound(scene: Scene) -> None:
    """Somebody rings a customer, who answers."""
    trunk, outside = scene.dial_out()
    source = scene.recorded_person() if scene.recording else scene.anybody()
    talk = mostly_short(scene.roll(), TALK, 3600)
    cost = trunk.minute * -(-int(talk.total_seconds()) // 60)
    scene.leg(source, outside, evenly(scene.roll(), *RING), talk, recorded=True, cost=cost, reason=scene.hangs_up())


def outbound_unanswered(scene: Scene) -> None:
    _, outside = scene.dial_out()
    scene.missed(scene.anybody(), outside, evenly(scene.roll(), 5, 40))


def internal(scene: Scene) -> None:
    source, target = scene.two_colleagues()
    talk = mostly_short(scene.roll(), TALK / 2, 1800)
    scene.leg(source, target, evenly(scene.roll(), *RING), talk, reason=scene.hangs_up())


def internal_unanswered(scene: Scene) -> None:
    source, target = scene.two_colleagues()
    scene.missed(source, target, evenly(scene.roll(), 5, 20))


def internal_to_voicemail(scene: Scene) -> None:
    source, target = scene.two_colleagues()
    scene.missed(source, target, RING_TIME)
    scene.voicemail(source, int(target.dn))


def queue_abandoned(scene: Scene) -> None:
    """Play a caller who gives up before any agent is free."""
    scene.call_in(to_queue=True)
    scene.queue(wait=mostly_short(scene.roll(), 35, LONGEST_WAIT), misses=0, taken=False)


def queue_abandoned_while_ringing(scene: Scene) -> None:
    scene.call_in(to_queue=True)
    scene.queue(wait=mostly_short(scene.roll(), 15, LONGEST_WAIT), misses=1, taken=False)


def queue_answered(scene: Scene) -> None:
    scene.call_in(to_queue=True)
    scene.queue(wait=mostly_short(scene.roll(), 12, LONGEST_WAIT), misses=0, taken=True)


def queue_answered_by_the_next(scene: Scene) -> None:
    scene.call_in(to_queue=True)
    scene.queue(wait=mostly_short(scene.roll(), 8, LONGEST_WAIT), misses=1, taken=True)


def queue_transferred(scene: Scene) -> None:
    """Play an agent who hands the caller on to a colleague."""
    queue_answered(scene)
    scene.leg(
        scene.caller,
        scene.somebody_else(scene.legs[-1].destination),
        evenly(scene.roll(), *RING),
        mostly_short(scene.roll(), TALK, 3600),
        reason=scene.hangs_up(),
    )


def queue_callback(scene: Scene) -> None:
    """Play a caller who hangs up and is called back: the agent is rung, then the caller."""
    _callback(scene, Callback.MADE)


def queue_callback_failed(scene: Scene) -> None:
    _callback(scene, Callback.FAILED)


def _callback(scene: Scene, became: Callback) -> None:
    scene.call_in(to_queue=True)
    scene.callback(wait=evenly(scene.roll(), 60, LONGEST_WAIT), became=became)


def menu_hang_up(scene: Scene) -> None:
    scene.call_in(to_queue=False)
    scene.menu()


def menu_queue(scene: Scene) -> None:
    scene.call_in(to_queue=False)
    scene.menu()
    scene.queue(wait=mostly_short(scene.roll(), 12, LONGEST_WAIT), misses=0, taken=True)


def menu_reception(scene: Scene) -> None:
    scene.call_in(to_queue=False)
    scene.menu()
    scene.ring_group(scene.company.reception, taken=True)


def menu_nobody(scene: Scene) -> None:
    """Nobody in the group answers, nor does the operator: the caller leaves a message."""
    scene.call_in(to_queue=False)
    scene.menu()
    scene.ring_group(scene.company.reception, taken=False)
    scene.voicemail(scene.caller, scene.company.operator)


def night_message(scene: Scene) -> None:
    scene.call_in(to_queue=False)
    scene.menu()
    scene.voicemail(scene.caller, scene.company.operator)


def night_urgent(scene: Scene) -> None:
    scene.call_in(to_queue=False)
    scene.menu()
    scene.ring_group(scene.company.on_call, taken=True)


def night_urgent_nobody(scene: Scene) -> None:
    scene.call_in(to_queue=False)
    scene.menu()
    scene.ring_group(scene.company.on_call, taken=False)
    scene.voicemail(scene.caller, scene.company.operator)


_TIMES = (
    (Act(1, outbound, outbound), 13),
    (Act(1, outbound, outbound, recorded=True), 1),
    (Act(1, outbound_unanswered, menu_hang_up), 4),
    (Act(1, internal, menu_hang_up), 9),
    (Act(1, internal_unanswered, menu_hang_up), 2),
    (Act(1, queue_abandoned, menu_hang_up), 2),
    (Act(1, menu_hang_up, menu_hang_up), 2),
    (Act(2, queue_answered, night_message), 9),
    (Act(2, queue_answered, night_message, recorded=True), 3),
    (Act(2, internal_to_voicemail, night_message), 2),
    (Act(2, queue_abandoned_while_ringing, night_message), 2),
    (Act(3, queue_answered_by_the_next, night_urgent), 3),
    (Act(3, queue_answered_by_the_next, night_urgent, recorded=True), 1),
    (Act(3, queue_transferred, night_urgent), 2),
    (Act(3, menu_queue, night_urgent), 5),
    (Act(3, menu_reception, night_urgent), 1),
    (Act(3, queue_callback, night_urgent), 1),
    (Act(3, queue_callback_failed, night_urgent), 1),
    (Act(4, menu_nobody, night_urgent_nobody), 1),
)
# Sixty-four calls: their number must be a power of 2.
KINDS = tuple(act for act, times in _TIMES for _ in range(times))
RECORDED = tuple(place for place, act in enumerate(KINDS) if act.recorded)
