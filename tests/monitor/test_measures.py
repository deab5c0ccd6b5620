"""The measures of PBXs: what they are made of, how seldom a PBX is asked for them, and what a bad part costs."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import NOW, Authority
from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from trunkline import BrokenAnswer, InvalidArgument, NotFound, ServerError
from trunkline.connections.targets import Target
from trunkline.monitor.concerns import Limits
from trunkline.monitor.measures import NO_TURN, Kept, Measures, measures_of
from trunkline.monitor.measures_certificate import expiry_of
from trunkline.monitor.measures_parts import parts_of, today
from trunkline.monitor.measures_source import MOST_PBXS, Sources
from trunkline_emulator import Emulator, running
from trunkline_emulator.tls import from_files

UTC = dt.UTC
Result = TypeVar("Result")


def measured(**answers: Any) -> Measures:
    """Measures of these answers."""
    kept = {part: Kept(answer, dt.datetime(2026, 6, 1, 12, tzinfo=UTC)) for part, answer in answers.items()}
    return measures_of("acme", "http://pbx.example.com", None, kept, dt.datetime.now(UTC), Limits())


def target(url: str, name: str = "acme", key: str = KEY) -> Target:
    return Target(url, CLIENT, key, {}, name)


def with_sources(work: Callable[[Sources], Awaitable[Result]], *targets: Target, **options: Any) -> Result:
    """Do some work with sources in an event loop."""

    async def run() -> Result:
        async with Sources(targets, **options) as sources:
            return await work(sources)

    return asyncio.run(run())


def measure(url: str, *, timeout: float = 100.0, key: str = KEY) -> Measures:
    return with_sources(lambda sources: sources.measure_one("acme", timeout), target(url, key=key))


def test_a_pbx_is_measured_in_fifteen_requests(system: System) -> None:
    measures = measure(system.url)
    assert measures.error is None
    assert measures.version == "20.0.10.0"
    assert (measures.calls.active, measures.calls_by_status) == (4, {"Talking": 2, "Routing": 2})
    assert measures.services_running is not None
    assert measures.services_running["SIPService"]
    assert [
        (queue.number, queue.name, queue.waiting, queue.agents, queue.agents_logged_in) for queue in measures.queues
    ] == [
        ("800", "Sales", 0, 5, 5),
        ("801", "Support", 1, 8, 8),
        ("802", "Billing", 0, 4, 0),
    ]
    assert (measures.backup_size_bytes, measures.blocklist_entries) == (1_048_591, 9)
    assert set(measures.part_times) == set(parts_of(system.url))
    assert measures.requests == 15, "14 parts and a sign-in"
    assert len(system.emulator.journal) == 15
    assert all(entry.method == "GET" or entry.path == "/connect/token" for entry in system.emulator.journal)


def test_what_was_not_read_is_none_and_never_zero() -> None:
    measures = measured()
    assert measures.calls_by_status is None
    assert measures.services_running is None
    assert measures.blocklist_entries is None
    assert measures.event_log_errors is None
    assert measures.certificate_expires is None
    assert measures.reports_time is None
    assert (measures.machine.cpu_usage, measures.machine.memory_size_bytes) == (None, None)
    (queue,) = measured(queues=[{"Number": "800", "Name": "Sales"}]).queues
    assert (queue.waiting, queue.agents, queue.agents_logged_in) == (None, None, None)
    assert (queue.answered_today, queue.abandoned_today, queue.service_level_today) == (None, None, None)


def test_the_day_of_a_queue_comes_from_the_reports_of_the_pbx_which_may_leave_zeros_out() -> None:
    first, second = measured(
        queues=[{"Number": "800"}, {"Number": "801"}],
        queue_report=[
            {"QueueDnNumber": "800", "CallsCount": 10, "AnsweredCount": 7},
            {"QueueDnNumber": "801"},
        ],
        sla_report=[{"QueueDnNumber": "800", "ReceivedCount": 10, "BadSlaCallsCount": 2}, {"QueueDnNumber": "801"}],
    ).queues
    assert (first.answered_today, first.abandoned_today, first.service_level_today) == (7, 3, 0.8)
    assert (second.answered_today, second.abandoned_today, second.service_level_today) == (0, 0, None)


def test_a_call_waits_in_the_queue_that_it_is_put_through_to() -> None:
    calls = [
        {"Callee": "800 Sales", "Status": "Talking"},
        {"Callee": "8001 Somebody", "Status": "Talking"},
        {"Callee": "101 Ada", "Caller": "800 Sales", "Status": "Routing"},
        {},
    ]
    (queue,) = measured(queues=[{"Number": "800"}], calls=calls).queues
    assert queue.waiting == 1


@pytest.mark.parametrize(
    ("samples", "usage"),
    [
        ([{"CpuUsage": 5, "Time": "2026-06-01T12:01:00Z"}, {"CpuUsage": 9, "Time": "2026-06-01T12:00:00Z"}], 0.05),
        ([{"CpuUsage": 5}, {"CpuUsage": 12.5}], 0.125),
        ([{"CpuUsage": True}], None),
        ([], None),
    ],
)
def test_the_load_is_that_of_the_latest_sample(samples: list[dict[str, Any]], usage: float | None) -> None:
    assert measured(machine=samples).machine.cpu_usage == usage


def test_today_is_the_day_of_the_pbx() -> None:
    now = dt.datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
    system = {"LastBackupDateTime": "2026-06-30T03:00:00.0000000-04:00", "LastCheckForUpdates": "0001-01-01T00:00:00"}
    assert today(now, system) == (dt.datetime(2026, 6, 30, 4, tzinfo=UTC), dt.datetime(2026, 7, 1, 4, tzinfo=UTC))
    assert today(now, {})[0] == dt.datetime(2026, 7, 1, tzinfo=UTC)
    # A licence ends in winter time; what counts is the offset of a time that has passed.
    system["LastSuccessfulUpdate"] = "2027-01-01T00:00:00-05:00"
    assert today(now, system)[0] == dt.datetime(2026, 6, 30, 4, tzinfo=UTC)


def test_a_part_that_fails_costs_only_itself(system: System) -> None:
    for fault in ("500@/Queues*", "404@/Backups*", "silence@/Services*"):
        system.emulator.add_fault(fault)
    measures = measure(system.url, timeout=10)
    assert measures.error is None
    assert measures.queues == []
    assert (measures.trunks.total, measures.blocklist_entries) == (2, 9)
    assert {part: error.code for part, error in measures.unavailable.items()} == {
        "queues": ServerError.code,
        "services": "timed_out",
        "backups": NotFound.code,
    }
    failed = {part for part, was_read in measures.parts_read.items() if not was_read}
    assert failed == {"queues", "services"}, "what a version lacks is no failure"


def test_a_dead_pbx_gets_one_request_and_a_try_again() -> None:
    measures = measure(closed_port())
    assert measures.error is not None
    assert (measures.error.code, measures.requests) == ("unreachable", 2)


def test_a_pbx_that_is_slower_than_the_limit_is_down_for_now_and_its_reading_goes_on(system: System) -> None:
    system.emulator.add_fault({"match": {"path": "/SystemStatus*"}, "do": {"delay": 1.0}})

    async def work(sources: Sources) -> tuple[Measures, Measures]:
        first = asyncio.create_task(sources.measure_one("acme", 30))
        await asyncio.sleep(0)
        return await sources.measure_one("acme", 0.2), await first

    late, whole = with_sources(work, target(system.url))
    assert late.error is not None
    assert late.error.code == "timed_out"
    assert whole.error is None
    assert len(system.sent("POST")) == 1, "both are one reading"


def test_who_has_more_time_than_the_reading_under_way_gets_one_of_its_own(system: System) -> None:
    system.emulator.add_fault({"match": {"path": "/*"}, "do": {"delay": 0.5}})

    async def work(sources: Sources) -> tuple[Measures, Measures]:
        short = asyncio.create_task(sources.measure_one("acme", 0.4))
        await asyncio.sleep(0)
        return await sources.measure_one("acme", 60), await short

    whole, late = with_sources(work, target(system.url), min_interval=3600)
    assert late.error is not None
    assert late.error.code == "timed_out"
    assert whole.error is None


def test_who_has_no_more_time_than_a_reading_that_ran_out_of_it_gets_its_answer(system: System) -> None:
    system.emulator.add_fault({"match": {"path": "/*"}, "do": {"delay": 0.5}})

    async def work(sources: Sources) -> list[Measures]:
        await sources.measure_one("acme", 0.4)  # on a busy machine its reading may end a moment later
        return [await sources.measure_one("acme", seconds) for seconds in (0.4, 0.4, 0.3, 60)]

    late, again, shorter, longer = with_sources(work, target(system.url), min_interval=3600)
    assert late.error is not None
    assert late.error.code == "timed_out"
    assert (late, late) == (again, shorter), "not even the moment differs"
    assert longer.error is None


def test_a_pbx_whose_turn_does_not_come_is_not_down_and_is_asked_the_next_time(system: System) -> None:
    system.emulator.add_fault({"match": {"path": "/SystemStatus*"}, "do": {"delay": 1.0}})
    other = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")

    async def work(sources: Sources) -> tuple[Measures, Measures]:
        first = asyncio.create_task(sources.measure_one("acme", 60))
        await asyncio.sleep(0)
        late = await sources.measure_one("late", 0.2)
        assert not other.journal
        await first
        return late, await sources.measure_one("late", 60)

    with running(other) as url:
        targets = (target(system.url), target(url, "late"))
        late, asked = with_sources(work, *targets, at_once=1, min_interval=3600)
    assert late.error is not None
    assert (late.error.code, late.was_asked, late.requests) == (NO_TURN, False, 0)
    assert asked.error is None


def test_a_pbx_that_was_down_stays_down_until_it_is_asked_again(system: System) -> None:
    system.emulator.add_fault({"match": {"path": "/SystemStatus*"}, "do": {"delay": 1.0}})

    async def work(sources: Sources) -> Measures:
        await sources.measure_one("dead", 60)
        first = asyncio.create_task(sources.measure_one("acme", 60))
        await asyncio.sleep(0)
        later = await sources.measure_one("dead", 0.2)
        await first
        return later

    later = with_sources(work, target(system.url), target(closed_port(), "dead"), at_once=1, min_interval=0)
    assert later.error is not None
    assert (later.error.code, later.was_asked) == ("unreachable", True)


def test_each_pbx_has_time_of_its_own_where_nobody_waits(system: System) -> None:
    system.emulator.add_fault("silence@/*")
    targets = [target(system.url, "one"), target(system.url, "two"), target(closed_port(), "dead")]
    measured = with_sources(lambda sources: sources.measure(3, waits=True), *targets, at_once=1)
    codes = [each.error.code for each in measured if each.error]
    assert codes == ["timed_out", "timed_out", "unreachable"], "two of half the time each, and the third has all of it"


def test_readings_at_once_and_shortly_after_are_one(system: System) -> None:
    async def work(sources: Sources) -> None:
        await asyncio.gather(*(sources.measure(100) for _ in range(5)))
        await sources.measure_one("acme", 100)

    with_sources(work, target(system.url), min_interval=60)
    assert len(system.emulator.journal) == 15


def test_the_next_reading_asks_only_for_what_changes_often(system: System) -> None:
    async def work(sources: Sources) -> Measures:
        await sources.measure(100)
        return (await sources.measure(100))[0]

    again = with_sources(work, target(system.url), min_interval=0)
    assert again.requests == 5
    asked = [entry.path.partition("?")[0].removeprefix("/xapi/v1/") for entry in system.emulator.journal][-5:]
    assert sorted(asked) == ["ActiveCalls", "Services", "SystemStatus", "SystemStatus/Pbx.SystemTelemetry()", "Trunks"]
    assert again.blocklist_entries == 9, "from the reading before"
    assert system.sent("POST") == ["/connect/token"], "one token"


def test_a_part_that_could_not_be_read_in_time_is_read_again_next_time(system: System) -> None:
    system.emulator.add_fault("503=0:times=2@/Blocklist*")  # the request and its retry

    async def work(sources: Sources) -> tuple[Measures, Measures]:
        return (await sources.measure(100))[0], (await sources.measure(100))[0]

    first, second = with_sources(work, target(system.url), min_interval=0)
    assert (first.blocklist_entries, second.blocklist_entries) == (None, 9)


def test_refused_credentials_are_sent_once(system: System) -> None:
    async def work(sources: Sources) -> list[Measures]:
        return [(await sources.measure(100))[0] for _ in range(5)]

    results = with_sources(work, target(system.url, key="wrong-key-0123456789"), min_interval=0)
    assert {result.error.code for result in results if result.error} == {"sign_in"}
    assert len(system.sent("POST")) == 1, "repeated failures can get this machine blocked"


def test_a_profile_that_was_signed_out_of_fails_by_itself(system: System) -> None:
    first, second = with_sources(
        lambda sources: sources.measure(100), target(system.url, "out", key=""), target(system.url, "in")
    )
    assert first.error is not None
    assert first.error.code == "configuration"
    assert second.error is None


def test_two_pbxs_of_one_name_and_too_many_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="same name"):
        Sources([target("http://a.example.com"), target("http://b.example.com")])
    with pytest.raises(InvalidArgument, match="more than one process"):
        Sources(target("http://a.example.com", str(n)) for n in range(MOST_PBXS + 1))


# ── the certificate


@pytest.mark.parametrize("days", [-3, 200, 365 * 40])
def test_the_end_of_a_certificate_is_what_cryptography_reads(tmp_path: Path, days: int) -> None:
    authority = Authority(tmp_path)
    authority.server("localhost", until=NOW + dt.timedelta(days=days))
    pem = next(path for path in tmp_path.glob("*.pem") if path != authority.ca_file)
    certificate = x509.load_pem_x509_certificate(pem.read_bytes())
    der = certificate.public_bytes(Encoding.DER)
    assert expiry_of(der) == certificate.not_valid_after_utc
    for cut in range(0, len(der) - 1, 7):
        with pytest.raises(BrokenAnswer):
            expiry_of(der[:cut])


def test_it_is_read_from_the_handshake_even_where_it_has_ended(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.server("localhost", until=NOW - dt.timedelta(days=2))
    pem = next(path for path in tmp_path.glob("*.pem") if path != authority.ca_file)
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="empty")
    with running(emulator, tls=from_files(pem)) as url:
        insecure = Target(url.replace("127.0.0.1", "localhost"), CLIENT, KEY, {"verify": False}, "acme")
        with pytest.warns(UserWarning, match="verif"):
            measures = with_sources(lambda sources: sources.measure_one("acme", 100), insecure)
    assert measures.error is None
    expires = (NOW - dt.timedelta(days=2)).replace(microsecond=0)
    assert measures.certificate_expires == expires.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("version", ["20.0.5", "20.0.8"])
def test_each_version_has_all_parts_or_lacks_them_without_a_failure(version: str) -> None:
    with running(Emulator(version, client_id=CLIENT, api_key=KEY, seed="empty")) as url:
        measures = measure(url)
    assert measures.error is None
    assert measures.version is not None
    assert measures.version.startswith(version)
    assert all(measures.parts_read.values()), measures.unavailable


def test_a_client_without_rights_is_down_and_one_whose_licence_ended_is_not(system: System) -> None:
    viewer = Target(system.url, VIEWER, VIEWER_KEY, {}, "acme")
    refused = with_sources(lambda sources: sources.measure_one("acme", 100), viewer)
    assert refused.error is not None
    assert refused.error.code == "forbidden"
    system.emulator.vary({"licence": "expired"})
    try:
        expired = measure(system.url)
    finally:
        system.emulator.vary({"licence": "ok"})
    assert expired.error is None
    assert {part for part, was_read in expired.parts_read.items() if was_read} == {"licence"}
    assert expired.licence.days_left is not None
