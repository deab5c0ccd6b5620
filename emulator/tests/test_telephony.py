"""The model of a company's calls: the same each time, and any part of it the same as when cut out of the whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline_emulator.seeds.calls import demo, demo_company
from trunkline_emulator.telephony.company import Line, Team
from trunkline_emulator.telephony.model import CallModel, silent
from trunkline_emulator.telephony.records import Callback, Direction, Kind, Outcome
from trunkline_emulator.telephony.scripts import KINDS

ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2026, 7, 1), timezones=st.just(UTC))


@pytest.fixture(scope="module")
def calls() -> Any:
    return list(demo().calls(*ALWAYS))


@pytest.fixture(scope="module")
def chats() -> Any:
    return list(demo().chats(*ALWAYS))


@pytest.fixture(scope="module")
def shifts() -> Any:
    return list(demo().shifts(*ALWAYS))


def test_two_models_tell_the_same(calls: Any, chats: Any, shifts: Any) -> None:
    again = CallModel(demo_company())
    assert list(again.calls(*ALWAYS)) == calls
    assert list(again.chats(*ALWAYS)) == chats
    assert list(again.shifts(*ALWAYS)) == shifts


def test_another_seed_tells_another_story(calls: Any) -> None:
    other = CallModel(demo_company(), seed=2)
    assert [call.started for call in other.calls(*ALWAYS)] != [call.started for call in calls]


@settings(max_examples=60)
@given(start=MOMENTS, end=MOMENTS)
def test_a_period_is_what_is_cut_out_of_the_whole(calls: Any, chats: Any, shifts: Any, start: Any, end: Any) -> None:
    model = demo()
    assert list(model.calls(start, end)) == [call for call in calls if start <= call.started < end]
    assert list(model.chats(start, end)) == [chat for chat in chats if start <= chat.started < end]
    assert list(model.shifts(start, end)) == [shift for shift in shifts if start <= shift.logged_in < end]


@given(place=st.integers(0, demo().count - 1))
def test_a_period_holds_its_first_moment_and_not_its_last(calls: Any, place: Any) -> None:
    call = calls[place]
    assert next(demo().calls(call.started, ALWAYS[1])).started == call.started
    assert call not in list(demo().calls(call.started - timedelta(minutes=1), call.started))


def test_calls_come_by_start_and_are_numbered(calls: Any) -> None:
    assert [call.number for call in calls] == list(range(1, demo().count + 1))
    assert all(one.started <= other.started for one, other in pairwise(calls))
    with pytest.raises(IndexError, match="There are calls 1 to"):
        demo().call(0)
    with pytest.raises(IndexError):
        demo().call(demo().count + 1)


def test_legs_are_counted_without_making_them(calls: Any) -> None:
    model, legs = demo(), [leg for call in calls for leg in call.legs]
    assert [leg.id for leg in legs] == list(range(1, model.legs + 1))
    before = 0
    for call in calls:
        assert model.legs_before(call.number) == before
        assert {model.call_of_leg(leg.id) for leg in call.legs} == {call.number}
        before += len(call.legs)


def test_messages_are_counted_without_making_them(chats: Any) -> None:
    model, before = demo().chat_model, 0
    for chat in chats:
        assert model.messages_before(chat.number) == before
        assert {model.chat_of_message(message.id) for message in chat.messages} == {chat.number}
        assert [message.id for message in chat.messages] == list(range(before + 1, before + len(chat.messages) + 1))
        before += len(chat.messages)


def test_a_script_makes_as_many_legs_as_it_says() -> None:
    assert len(KINDS) & (len(KINDS) - 1) == 0
    months = CallModel(demo_company(), calls_per_day=400)
    seen = Counter(len(call.legs) for call in months.calls(*ALWAYS))
    assert set(seen) == {act.legs for act in KINDS}
    assert sum(legs * times for legs, times in seen.items()) == months.legs


def test_a_company_of_forty_in_spring(calls: Any) -> None:
    by_day = Counter(call.started.date() for call in calls)
    assert (min(by_day), max(by_day)) == (date(2026, 3, 18), date(2026, 6, 15))
    workdays = [count for day, count in by_day.items() if day.weekday() < 5]
    weekends = [count for day, count in by_day.items() if day.weekday() >= 5]
    assert min(workdays) > 50
    assert max(workdays) < 100
    assert max(weekends) < 15
    by_hour = Counter(call.started.hour for call in calls if call.started.date() > date(2026, 4, 1))
    assert by_hour[9] > by_hour[11] < by_hour[14]
    assert by_hour[22] + by_hour[23] + by_hour[3] < by_hour[9] / 10
    assert {call.direction for call in calls} == set(Direction)


def test_legs_follow_each_other(calls: Any) -> None:
    for call in calls:
        assert call.legs[0].started == call.started
        assert all(leg.source.dn != leg.destination.dn or leg.destination.kind is Kind.VOICEMAIL for leg in call.legs)
        assert all(leg.started >= call.started and leg.ringing >= timedelta() for leg in call.legs)
        assert all((leg.talking > timedelta()) == leg.answered for leg in call.legs), call
        assert call.ended < call.started + timedelta(hours=2)


def test_each_direction_has_its_ends(calls: Any) -> None:
    for call in calls:
        first = call.legs[0]
        outside = (first.source.kind is Kind.EXTERNAL, first.destination.kind is Kind.EXTERNAL)
        expected = {Direction.INBOUND: (True, False), Direction.OUTBOUND: (False, True)}
        assert outside == expected.get(call.direction, (False, False))
        assert (call.external is None, call.rule == "") == (call.direction is Direction.INTERNAL,) * 2
        assert bool(call.did) == (call.direction is Direction.INBOUND)


def test_everybody_in_a_call_is_of_the_company(calls: Any) -> None:
    company = demo_company()
    numbers = {
        Kind.EXTENSION: {str(number) for number in company.extensions},
        Kind.VOICEMAIL: {str(company.operator), *(str(number) for number in company.extensions)},
        Kind.QUEUE: {team.number for team in company.queues},
        Kind.RING_GROUP: {team.number for team in company.ring_groups},
        Kind.IVR: {company.menu[0], company.night_menu[0]},
        Kind.EXTERNAL: {trunk.number for trunk in company.trunks},
    }
    seen = {party for call in calls for leg in call.legs for party in (leg.source, leg.destination)}
    assert all(party.dn in numbers[party.kind] for party in seen)
    assert {party.kind for party in seen} == set(Kind)
    assert all(party.number.startswith(("+4420794", "+1202555")) == (party.kind is Kind.EXTERNAL) for party in seen)


def test_visits_agree_with_the_legs(calls: Any) -> None:
    became: Any = Counter()
    for call in calls:
        waiting = [leg for leg in call.legs if leg.destination.kind is Kind.QUEUE]
        assert [leg.destination for leg in waiting] == [visit.queue for visit in call.visits]
        for visit, leg in zip(call.visits, waiting, strict=True):
            assert (leg.started, leg.ringing, leg.outcome) == (visit.entered, visit.waited, Outcome.WAITING)
            sent = [other for other in call.legs if other.sent_by == visit.queue]
            assert {agent.dn for agent in visit.polled} <= {other.destination.dn for other in sent}
            answered = [other for other in sent if other.answered and other.destination == visit.agent]
            assert visit.answered == bool(answered)
            if visit.callback is Callback.NOT_ASKED and visit.answered:
                assert answered[0].started + answered[0].ringing == visit.entered + visit.waited
                assert answered[0].talking == visit.talking
            if not visit.answered and sent and visit.callback is Callback.NOT_ASKED:
                assert sent[-1].ended == visit.entered + visit.waited
            became[visit.callback, visit.answered] += 1
    assert became.keys() == {
        (Callback.NOT_ASKED, True),
        (Callback.NOT_ASKED, False),
        (Callback.MADE, True),
        (Callback.FAILED, False),
    }


def test_who_is_rung_by_a_queue_is_logged_in(calls: Any, shifts: Any) -> None:
    times: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for shift in shifts:
        assert shift.logged_in < shift.logged_out
        times.setdefault((shift.queue.dn, shift.agent.dn), []).append((shift.logged_in, shift.logged_out))
    for call in calls:
        for visit in call.visits:
            for agent in visit.polled:
                spans = times[visit.queue.dn, agent.dn]
                assert any(start <= visit.entered <= end for start, end in spans), (visit, spans)


def test_an_agent_s_shifts_do_not_overlap(shifts: Any) -> None:
    ends: dict[tuple[str, str], datetime] = {}
    for shift in shifts:
        key = (shift.queue.dn, shift.agent.dn)
        assert ends.get(key, ALWAYS[0]) < shift.logged_in
        ends[key] = shift.logged_out


def test_chats_are_taken_by_agents_of_their_queue(chats: Any) -> None:
    members = {team.number: {str(number) for number in team.members} for team in demo_company().queues}
    assert {bool(chat.agent) for chat in chats} == {True, False}
    for chat in chats:
        assert chat.agent is None or chat.agent.dn in members[chat.queue.dn]
        assert bool(chat.abandoned_because) == (chat.agent is None)
        assert chat.dealt_with <= (chat.agent is not None)
        assert {message.agent for message in chat.messages} <= {None, chat.agent}
        assert all(one.sent < other.sent for one, other in pairwise(chat.messages))
        if chat.agent:
            assert chat.messages[1].sent == chat.started + chat.waited
        else:
            assert chat.messages[-1].sent < chat.started + chat.waited


def test_recordings_are_the_recorded_legs(calls: Any) -> None:
    model = demo()
    recorded = {leg.recording: (call, leg) for call in calls for leg in call.recorded()}
    assert {leg.recording: (call, leg) for call, leg in model.recordings()} == recorded
    assert 200 < len(recorded) < 500
    assert all(model.recording(number) == found for number, found in recorded.items())
    assert [model.recording(number) for number in (-1, 0, 10**9)] == [None] * 3
    assert len(recorded) == sum(1 for call in calls for _ in call.recorded())


def test_only_those_who_are_recorded_are(calls: Any) -> None:
    recorded = set(demo_company().recorded)
    ends = [{leg.source.number, leg.destination.number} for call in calls for leg in call.recorded()]
    assert all(recorded & {int(number) for number in pair if not number.startswith("+")} for pair in ends)
    one = CallModel(replace(demo_company(), recorded=(101,)))
    legs = [leg for call in one.calls(*ALWAYS) for leg in call.recorded()]
    assert {leg.destination.kind for leg in legs} == {Kind.EXTENSION, Kind.EXTERNAL}
    assert all("101" in (leg.source.dn, leg.destination.dn) for leg in legs)


def test_fewer_calls_are_recorded_where_so_wanted() -> None:
    model = CallModel(demo_company(), calls_per_day=400, record_every=10)
    recorded = [leg.recording for call in model.calls(*ALWAYS) for leg in call.recorded()]
    assert sorted(recorded) == [leg.recording for _, leg in model.recordings()]  # type: ignore[type-var]
    assert 0 < len(recorded) < model.count / 100


def test_a_call_of_a_million_is_found_at_once() -> None:
    model = CallModel(demo_company(), calls_per_day=9000)
    assert model.legs > 1_000_000
    assert model.call(model.call_of_leg(1_000_000)).number == model.call_of_leg(1_000_000)
    noon = datetime(2026, 6, 3, 12, tzinfo=UTC)
    assert 5 < len(list(model.calls(noon, noon + timedelta(minutes=1)))) < 100


def test_a_company_of_ten_thousand() -> None:
    everybody = range(10_000, 20_000)
    big = replace(
        demo_company(),
        extensions=everybody,
        name_of=lambda number: f"Person {number}, A",
        operator=10_000,
        recorded=everybody,
        queues=tuple(Team(str(8000 + n), f"Queue {n}", range(10_000 + 50 * n, 10_050 + 50 * n)) for n in range(40)),
        ring_groups=tuple(Team(str(8100 + n), f"Group {n}", range(15_000, 15_010)) for n in range(2)),
        lines=tuple(Line(f"+442079460{n:03}", f"Line {n}", n % 2, None if n == 40 else n) for n in range(41)),
    )
    model = CallModel(big, calls_per_day=9000, record_every=100)
    assert model.legs > 1_000_000
    day = list(model.calls(datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 6, 11, tzinfo=UTC)))
    assert [leg.id for call in day for leg in call.legs] == list(
        range(model.legs_before(day[0].number) + 1, model.legs_before(day[-1].number + 1) + 1)
    )
    people = {leg.source.dn for call in day for leg in call.legs if leg.source.kind is Kind.EXTENSION}
    assert len(people) > 2000
    assert len({visit.queue.dn for call in day for visit in call.visits}) == 40


def test_nobody_has_called_a_silent_pbx() -> None:
    model = silent()
    assert (model.count, model.legs, model.chat_model.count) == (0, 0, 0)
    assert [*model.calls(*ALWAYS), *model.chats(*ALWAYS), *model.shifts(*ALWAYS), *model.recordings()] == []
