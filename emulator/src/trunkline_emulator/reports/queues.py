"""The reports on queues: one row for each queue or for each agent of one, and the lists of calls behind the counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from ..store import Store
from ..telephony.records import NONE, Callback, Leg, Party, PhoneCall, QueueVisit
from ..values import Row
from .arguments import Arguments
from .call_log import outside_number
from .events import visits_in
from .names import numbered
from .shifts import Attendance
from .spelling import average, duration, label, moment


@dataclass
class AgentTally:
    """What one agent did for one queue. ``dropped`` are the rings that they did not take."""

    name: str
    answered: int = 0
    dropped: int = 0
    ringing: timedelta = NONE
    talking: timedelta = NONE


@dataclass
class QueueTally:
    """One queue's calls: ``waited`` and ``talking`` are of those answered, ``late`` waited longer than the SLA time."""

    name: str
    received: int = 0
    answered: int = 0
    called_back: int = 0
    failed: int = 0
    late: int = 0
    waited: timedelta = NONE
    talking: timedelta = NONE
    agents: dict[str, AgentTally] = field(default_factory=dict)


def visits(store: Store, asked: Arguments) -> Iterator[tuple[PhoneCall, QueueVisit]]:
    """Return the visits that a report is about: of the chosen queues, without callers who gave up before
    ``waitInterval``.
    """
    chosen = asked.numbers("queueDns" if "queueDns" in asked.given else "queueDnStr")
    return visits_in(store, asked.period, chosen, asked.span("waitInterval"))


def tallies(store: Store, asked: Arguments) -> dict[str, QueueTally]:
    """Each chosen queue by number, also those without calls."""
    chosen = asked.numbers("queueDns" if "queueDns" in asked.given else "queueDnStr")
    found = {number: QueueTally(name) for number, name in numbered(store, "Queues", chosen).items()}
    limits = sla_times(store)
    for queue in store.rows("Queues"):
        if queue["Number"] in found:
            agents = found[queue["Number"]].agents
            for agent in sorted(queue["Agents"] or (), key=lambda agent: str(agent["Number"])):
                agents[agent["Number"]] = AgentTally(f"{agent['Name']} ({agent['Number']})")
    for call, visit in visits(store, asked):
        queue_tally = found.setdefault(visit.queue.dn, QueueTally(label(visit.queue)))
        _count(queue_tally, visit, limits.get(visit.queue.dn, NONE))
        _count_agents(queue_tally, call, visit)
    return found


def sla_times(store: Store) -> dict[str, timedelta]:
    """How long callers of each queue may wait; zero means no limit."""
    return {queue["Number"]: timedelta(seconds=queue["SLATime"] or 0) for queue in store.rows("Queues")}


def breaches(visit: QueueVisit, limit: timedelta) -> bool:
    return limit > NONE and visit.waited > limit


def _count(tally: QueueTally, visit: QueueVisit, limit: timedelta) -> None:
    tally.received += 1
    tally.late += breaches(visit, limit)
    tally.called_back += visit.callback is Callback.MADE
    tally.failed += visit.callback is Callback.FAILED
    if visit.answered:
        tally.answered += 1
        tally.waited += visit.waited
        tally.talking += visit.talking


def _count_agents(tally: QueueTally, call: PhoneCall, visit: QueueVisit) -> None:
    # The last to be rung took the call, also one whose callback then reached nobody.
    taken = visit.answered or visit.callback is Callback.FAILED
    for place, agent in enumerate(visit.polled, 1):
        counted = tally.agents.setdefault(agent.dn, AgentTally(label(agent)))
        counted.dropped += not (taken and place == len(visit.polled))
    if visit.agent is not None:
        counted = tally.agents.setdefault(visit.agent.dn, AgentTally(label(visit.agent)))
        counted.answered += 1
        counted.talking += visit.talking
    for leg in call.legs:
        # A colleague to whom the agent hands the caller on was not rung by the queue.
        if leg.sent_by == visit.queue and leg.destination in visit.polled and _while_waiting(leg, visit):
            tally.agents[leg.destination.dn].ringing += leg.ringing


def _while_waiting(leg: Leg, visit: QueueVisit) -> bool:
    return visit.entered <= leg.started <= visit.entered + visit.waited


def performance_overview(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield a row for each agent of each queue, with the queue's own counts repeated in it; a zero is left out."""
    for number, queue in tallies(store, asked).items():
        for place, (agent_number, agent) in enumerate((queue.agents or {"": AgentTally("")}).items()):
            yield {
                "QueueDn": number,
                "QueueDisplayName": queue.name,
                "QueueReceivedCount": queue.received or None,
                "QueueAnsweredCount": queue.answered or None,
                "ExtensionDn": agent_number,
                "ExtensionDisplayName": agent.name or None,
                "ExtensionAnsweredCount": agent.answered or None,
                "ExtensionDroppedCount": agent.dropped or None,
                "SortOrder": place,
                "TalkTime": duration(agent.talking) if agent.talking else None,
            }


def performance_totals(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield a row for each queue; a zero is left out."""
    for number, queue in tallies(store, asked).items():
        yield {
            "QueueDn": number,
            "QueueDisplayName": queue.name,
            "QueueReceivedCount": queue.received or None,
            "ExtensionAnsweredCount": queue.answered or None,
            "ExtensionDroppedCount": sum(agent.dropped for agent in queue.agents.values()) or None,
        }


def detailed_statistics(store: Store, asked: Arguments) -> Iterator[Row]:
    for number, queue in tallies(store, asked).items():
        yield {
            "QueueDnNumber": number,
            "QueueDn": queue.name,
            "CallsCount": queue.received,
            "AnsweredCount": queue.answered,
            "RingTime": duration(queue.waited),
            "AvgRingTime": average(queue.waited, queue.answered),
            "TalkTime": duration(queue.talking),
            "AvgTalkTime": average(queue.talking, queue.answered),
            "CallbacksCount": queue.called_back,
        }


def team_statistics(store: Store, asked: Arguments) -> Iterator[Row]:
    agents = {queue["Number"]: len(queue["Agents"] or ()) for queue in store.rows("Queues")}
    for number, queue in tallies(store, asked).items():
        yield {
            "QueueDnNumber": number,
            "Dn": queue.name,
            "AgentsInQueueCount": agents.get(number, 0),
            "ReceivedCount": queue.received,
            "AnsweredCount": queue.answered,
            "TotalTalkTime": duration(queue.talking),
            "AvgTalkTime": average(queue.talking, queue.answered),
        }


def callbacks(store: Store, asked: Arguments) -> Iterator[Row]:
    for number, queue in tallies(store, asked).items():
        yield {
            "QueueDnNumber": number,
            "Dn": queue.name,
            "ReceivedCount": queue.received,
            "CallbacksCount": queue.called_back,
            "FailCallbacksCount": queue.failed,
        }


def failed_callbacks(store: Store, asked: Arguments) -> Iterator[Row]:
    for _, visit in visits(store, asked):
        if visit.callback is Callback.FAILED:
            yield {
                "CallTime": moment(visit.entered),
                "CallbackNo": outside_number(visit.caller),
                "Dn": label(visit.queue),
                "QueueDnNumber": visit.queue.dn,
                "RingTime": duration(visit.waited),
            }


def sla_statistics(store: Store, asked: Arguments) -> Iterator[Row]:
    for number, queue in tallies(store, asked).items():
        yield {
            "QueueDnNumber": number,
            "Dn": queue.name,
            "ReceivedCount": queue.received,
            "BadSlaCallsCount": queue.late,
        }


def sla_breaches(store: Store, asked: Arguments) -> Iterator[Row]:
    limits = sla_times(store)
    for _, visit in visits(store, asked):
        if breaches(visit, limits.get(visit.queue.dn, NONE)):
            yield {
                "CallTime": moment(visit.entered),
                "CallerId": outside_number(visit.caller),
                "Queue": label(visit.queue),
                "QueueDnNumber": visit.queue.dn,
                "WaitingTime": duration(visit.waited),
            }


def abandoned_calls(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield a row for each agent whom an abandoned call rang, or one if it rang nobody.

    Of the rows of a call only the first has ``CallTime``.
    """
    logged_in = Attendance(store, asked.period)
    for call, visit in visits(store, asked):
        if visit.answered:
            continue
        rung: list[Party | None] = list(dict.fromkeys(visit.polled)) or [None]
        for place, agent in enumerate(rung):
            yield {
                "CallHistoryId": call.id,
                "CallTime": None if place else moment(visit.entered),
                "CallTimeForCsv": moment(visit.entered),
                "CallerId": outside_number(visit.caller),
                "ExtensionDisplayName": label(agent) if agent else None,
                "ExtensionDn": agent.dn if agent else None,
                "IsLoggedIn": logged_in.at(visit.entered, visit.queue, agent) if agent else None,
                "PollingAttempts": visit.polled.count(agent) if agent else None,
                "QueueDisplayName": label(visit.queue),
                "QueueDn": visit.queue.dn,
                "WaitTime": duration(visit.waited),
            }


def answered_by_wait(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield the answered calls that waited ``answerInterval`` or longer."""
    shortest = asked.span("answerInterval")
    for _, visit in visits(store, asked):
        if visit.agent is not None and visit.waited >= shortest:
            yield {
                "AnsweredTime": moment(visit.entered + visit.waited),
                "CallTime": moment(visit.entered),
                "Destination": label(visit.agent),
                "Dn": label(visit.queue),
                "DnNumber": visit.queue.dn,
                "RingTime": duration(visit.waited),
                "Source": outside_number(visit.caller),
            }
