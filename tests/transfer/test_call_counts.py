"""Calls counted from the call log, against counts made another way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Forbidden, InvalidArgument, Pbx
from trunkline.transfer import Missed, Report
from trunkline.transfer.call_counts import CallTally, Count, QueueCount, count_calls, read_calls
from trunkline.transfer.logged_calls import CallCollector

FROM, TO = datetime(2026, 6, 8, tzinfo=UTC), datetime(2026, 6, 12, tzinfo=UTC)
KOLKATA = ZoneInfo("Asia/Kolkata")


def leg(call: str, at: str, kind: str, *, direction: str = "Inbound", status: str = "Unanswered", to: str = "") -> Any:
    return {
        "CallHistoryId": call,
        "CallId": 1,  # 1 in every row, so that grouping by it fails
        "CdrId": f"{call}-{at}-{kind}",
        "StartTime": f"2026-06-08T{at}Z",
        "CallType": kind,
        "Direction": direction,
        "Status": status,
        "DestinationDn": to,
        "DestinationDisplayName": f"Queue ({to})",
    }


def counted(rows: Sequence[Any], start: datetime = FROM, end: datetime = TO) -> CallTally:
    collector = CallCollector()
    for row in rows:
        collector.add(row)
    return count_calls(collector.calls, start, end)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([leg("a", "09:00:00", "Extension", status="Answered")], Count(answered=1), id="answered"),
        pytest.param([leg("a", "09:00:00", "Extension")], Count(lost=1), id="nobody took it"),
        pytest.param([leg("a", "09:00:00", "System", status="Answered")], Count(lost=1), id="voicemail took it"),
        pytest.param(
            [leg("a", "09:00:00", "Digital Receptionist", status="Answered"), leg("a", "09:00:20", "Extension")],
            Count(lost=1),
            id="a receptionist took it and nobody else",
        ),
        pytest.param(
            [leg("a", "09:00:20", "Extension", status="Answered"), leg("a", "09:00:00", "Extension")],
            Count(answered=1),
            id="the second phone took it, and legs come in any order",
        ),
        pytest.param(
            [leg("a", "09:00:00", "External", direction="Outbound", status="Answered")],
            Count(outbound=1),
            id="outbound",
        ),
        pytest.param([leg("a", "09:00:00", "Extension", direction="Internal")], Count(internal=1), id="internal"),
        pytest.param(
            [
                leg("a", "09:00:00", "Extension", status="Answered"),
                leg("a", "09:01:00", "External", direction="Outbound", status="Answered"),
            ],
            Count(answered=1),
            id="from outside and handed on to outside",
        ),
        pytest.param([{"CallHistoryId": "a", "CallType": "Extension"}], Count(), id="a row without a time"),
    ],
)
def test_a_call_counts_once(rows: Sequence[Any], expected: Count) -> None:
    assert counted(rows).total == expected


def test_a_queue_lost_the_calls_that_left_it_for_another_one() -> None:
    rows = [
        leg("a", "09:00:00", "Queue", direction="Inbound Queue", status="Waiting", to="800"),
        leg("a", "09:00:05", "Extension"),
        leg("a", "09:01:00", "Queue", direction="Inbound Queue", status="Waiting", to="801"),
        leg("a", "09:01:05", "Extension", status="Answered"),
        leg("b", "09:02:00", "Queue", direction="Inbound Queue", status="Waiting", to="801"),
    ]
    assert counted(rows).queues == [QueueCount("800", "Queue (800)", 0, 1), QueueCount("801", "Queue (801)", 1, 1)]


def test_hours_days_and_weekdays_are_those_of_the_zone() -> None:
    late = leg("a", "22:40:00", "Extension")  # Monday in UTC, 04:10 on Tuesday in Kolkata
    tally = counted([late])
    assert [hour for hour, count in enumerate(tally.hours(UTC)) if count.calls] == [22]
    assert [hour for hour, count in enumerate(tally.hours(KOLKATA)) if count.calls] == [4]
    assert tally.week(UTC)[0][22] == tally.week(KOLKATA)[1][4] == Count(lost=1)
    assert [day for day, count in tally.days(KOLKATA).items() if count.calls] == [date(2026, 6, 9)]
    assert list(tally.days(UTC)) == [date(2026, 6, day) for day in range(8, 12)]


moments = some.datetimes(datetime(2026, 6, 7), datetime(2026, 6, 13), timezones=some.just(UTC))
legs = some.builds(
    lambda call, at, kind, direction, status: {
        "CallHistoryId": f"call {call}",
        "StartTime": at.isoformat(),
        "CallType": kind,
        "Direction": direction,
        "Status": status,
    },
    some.integers(0, 9),
    moments,
    some.sampled_from(["Extension", "Queue", "System", "External"]),
    some.sampled_from(["Inbound", "Inbound Queue", "Outbound", "Internal"]),
    some.sampled_from(["Answered", "Unanswered", "Waiting"]),
)


@given(some.lists(legs, max_size=40), some.sampled_from([UTC, KOLKATA, ZoneInfo("America/St_Johns")]))
def test_each_way_of_counting_has_the_same_calls(rows: list[Any], zone: Any) -> None:
    tally = counted(rows)
    began: dict[str, str] = {}
    for row in rows:
        began[row["CallHistoryId"]] = min(row["StartTime"], began.get(row["CallHistoryId"], "9"))
    inside = [at for at in began.values() if FROM <= datetime.fromisoformat(at) < TO]
    ways = (tally.hours(zone), tally.days(zone).values(), [hour for day in tally.week(zone) for hour in day])
    assert [sum(count.calls for count in way) for way in ways] == [len(inside)] * 3
    assert Counter(datetime.fromisoformat(at).astimezone(zone).hour for at in inside) == {
        hour: count.calls for hour, count in enumerate(tally.hours(zone)) if count.calls
    }


def read(system: System, start: datetime, end: datetime, **options: Any) -> CallTally:
    async def reading() -> CallTally:
        async with AsyncPbx(system.url, options.pop("client", CLIENT), options.pop("key", KEY)) as client:
            return await read_calls(client, start, end, **options)

    return asyncio.run(reading())


def test_queues_and_calls_are_those_of_the_pbx(system: System, pbx: Pbx) -> None:
    steps: list[tuple[int, int]] = []
    tally = read(system, FROM, TO, progress=lambda done, total: steps.append((done, total)))
    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))
    assert steps[0][1] >= 4
    assert steps[-1] == (len(steps), len(steps))
    own = {row["QueueDnNumber"]: row for row in Report("detailed-queue-statistics", FROM, TO).rows(pbx)}
    assert {queue.number: queue.answered + queue.lost for queue in tally.queues} == {
        number: row["CallsCount"] for number, row in own.items()
    }
    for queue in tally.queues:  # the PBX counts callers who asked to be called back apart
        answered, called_back = own[queue.number]["AnsweredCount"], own[queue.number]["CallbacksCount"]
        assert queue.answered == answered if not called_back else answered <= queue.answered
    missed = Missed(FROM, TO, "day").run(pbx)["total"]
    assert (tally.total.answered, tally.total.lost) == (missed["answered"], missed["missed"])
    legs_in, legs_out = (Report(name, FROM, TO).rows(pbx) for name in ("inbound-calls", "outbound-calls"))
    inbound, outbound = ({leg["CallHistoryId"] for leg in legs} for legs in (legs_in, legs_out))
    assert tally.total.outbound == len(outbound - inbound) > 10  # a caller who is handed on outside is from outside


def test_a_period_that_is_none_is_refused_unasked(system: System) -> None:
    for start, end in ((TO, FROM), (FROM, FROM), (FROM, FROM + timedelta(days=93))):
        with pytest.raises(InvalidArgument, match="at most 92 days"):
            read(system, start, end)


def test_more_calls_than_fit_are_refused(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.transfer.call_counts.MOST_CALLS", 5)
    with pytest.raises(InvalidArgument, match="more than 5 calls in that period; take fewer days"):
        read(system, FROM, TO)


def test_the_call_log_needs_its_role(system: System) -> None:
    system.emulator.add_client("admin", "admin-key-0123456789", roles=("system_admins",))
    with pytest.raises(Forbidden):
        read(system, FROM, TO, client="admin", key="admin-key-0123456789")
