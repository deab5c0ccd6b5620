"""The reports on agents of queues: what they answered, and when they were logged in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from ..store import Store
from ..telephony.records import NONE, AgentShift, PhoneCall, QueueVisit
from ..values import Row
from .arguments import Arguments, Numbers
from .clock import midnights
from .events import visits_in
from .queues import AgentTally, tallies
from .shifts import shifts_in
from .spelling import average, duration, label, moment

Post = tuple[str, str]
_ALL = Numbers(None)
_HOUR = timedelta(hours=1)


def in_queue_statistics(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield a row for each agent of each queue, also those who did nothing."""
    logged_in: dict[Post, timedelta] = defaultdict(timedelta)
    queues = tallies(store, asked)
    for shift in shifts_in(store, asked.period, asked.numbers("queueDnStr"), _ALL):
        logged_in[shift.queue.dn, shift.agent.dn] += shift.logged_out - shift.logged_in
        if shift.queue.dn in queues:
            queues[shift.queue.dn].agents.setdefault(shift.agent.dn, AgentTally(label(shift.agent)))
    for number, queue in queues.items():
        for agent_number, agent in queue.agents.items():
            yield {
                "Queue": number,
                "QueueDisplayName": queue.name,
                "Dn": agent_number,
                "DnDisplayName": agent.name,
                **_statistics(agent, logged_in[number, agent_number]),
            }


def _statistics(agent: AgentTally, logged_in: timedelta) -> Row:
    rung = agent.answered + agent.dropped
    return {
        "AnsweredCount": agent.answered,
        "AnsweredPercent": round(100 * agent.answered / rung) if rung else 0,
        "AnsweredPerHourCount": round(agent.answered * _HOUR / logged_in) if logged_in else 0,
        "LostCount": agent.dropped,
        "LoggedInTime": duration(logged_in),
        "RingTime": duration(agent.ringing),
        "AvgRingTime": average(agent.ringing, rung),
        "TalkTime": duration(agent.talking),
        "AvgTalkTime": average(agent.talking, agent.answered),
    }


def login_history(store: Store, asked: Arguments) -> list[Row]:
    """Return a row for each stretch that an agent was logged in to a queue; a shift over midnight is two."""
    queues, agents = asked.numbers("queueDnStr"), asked.numbers("agentDnStr")
    stretches = sorted(
        (stretch for shift in shifts_in(store, asked.period, queues, agents) for stretch in _by_day(shift, asked)),
        key=lambda stretch: (stretch.logged_in, stretch.queue.dn, stretch.agent.dn),
    )
    talks = _talks(visits_in(store, asked.period, queues, NONE))
    talked = [_talked(stretch, talks[_post(stretch)]) for stretch in stretches]
    of_day: dict[tuple[Post, datetime], list[timedelta]] = defaultdict(lambda: [NONE, NONE])
    of_post: dict[Post, list[timedelta]] = defaultdict(lambda: [NONE, NONE])
    for stretch, talking in zip(stretches, talked, strict=True):
        for total in (of_day[_post(stretch), _day(stretch, asked)], of_post[_post(stretch)]):
            total[0] += stretch.logged_out - stretch.logged_in
            total[1] += talking
    return [
        {
            "QueueNo": stretch.queue.dn,
            "AgentNo": stretch.agent.dn,
            "Agent": label(stretch.agent),
            "Day": moment(_day(stretch, asked), asked.zone),
            "loggedInDt": moment(stretch.logged_in, asked.zone),
            "LoggedOutDt": moment(stretch.logged_out, asked.zone),
            "LoggedInInterval": duration(stretch.logged_out - stretch.logged_in),
            "LoggedInDayInterval": duration(of_day[_post(stretch), _day(stretch, asked)][0]),
            "LoggedInTotalInterval": duration(of_post[_post(stretch)][0]),
            "TalkingInterval": duration(talking),
            "TalkingDayInterval": duration(of_day[_post(stretch), _day(stretch, asked)][1]),
            "TalkingTotalInterval": duration(of_post[_post(stretch)][1]),
        }
        for stretch, talking in zip(stretches, talked, strict=True)
    ]


def _post(stretch: AgentShift) -> Post:
    return stretch.queue.dn, stretch.agent.dn


def _day(stretch: AgentShift, asked: Arguments) -> datetime:
    return stretch.logged_in.astimezone(asked.zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _by_day(shift: AgentShift, asked: Arguments) -> Iterator[AgentShift]:
    start = shift.logged_in
    for midnight in midnights(shift.logged_in, shift.logged_out, asked.zone):
        yield shift._replace(logged_in=start, logged_out=midnight)
        start = midnight
    if start < shift.logged_out:
        yield shift._replace(logged_in=start)


def _talks(visits: Iterator[tuple[PhoneCall, QueueVisit]]) -> dict[Post, list[tuple[datetime, timedelta]]]:
    """When each agent's talks for a queue began, and how long they were."""
    found: dict[Post, list[tuple[datetime, timedelta]]] = defaultdict(list)
    for _, visit in visits:
        if visit.agent is not None:
            found[visit.queue.dn, visit.agent.dn].append((visit.entered + visit.waited, visit.talking))
    return found


def _talked(stretch: AgentShift, talks: list[tuple[datetime, timedelta]]) -> timedelta:
    return sum((length for began, length in talks if stretch.logged_in <= began < stretch.logged_out), NONE)
