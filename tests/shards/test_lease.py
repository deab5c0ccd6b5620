"""One process works on a PBX: its lease is taken, renewed, lost and given back, and no call outlasts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from trunkline.shards.lease import TTL, Lease, LeaseKeeper
from trunkline.shards.ledger import LeaseLost, PostgresLedger
from trunkline.work.ledger import LedgerFailed

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

NewKeeper = Callable[[], LeaseKeeper]
PBX, OTHER = "https://pbx.example.com:443", "https://other.example.com:443"


class Clock:
    """A machine's monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ledger(database_url: str) -> Iterator[PostgresLedger]:
    with PostgresLedger(database_url) as ledger:
        yield ledger


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_keeper(ledger: PostgresLedger, clock: Clock) -> Iterator[NewKeeper]:
    """Makes keepers whose thread doesn't run: each test says when they renew."""
    keepers: list[LeaseKeeper] = []

    def new_keeper() -> LeaseKeeper:
        keepers.append(LeaseKeeper(ledger, machine="one", clock=clock))
        return keepers[-1]

    yield new_keeper
    for keeper in keepers:
        keeper.close()


def taken(keeper: LeaseKeeper, pbx: str = PBX) -> Lease:
    lease = keeper.acquire(pbx, "night/acme/0-499")
    assert lease is not None
    return lease


def let_expire(ledger: PostgresLedger, pbx: str = PBX) -> None:
    """Let Postgres' clock pass the end of a lease."""
    ledger.database.execute("UPDATE lease SET expires = clock_timestamp() WHERE pbx = %s", (pbx,))


def seconds_left(ledger: PostgresLedger) -> float:
    ((seconds,),) = ledger.database.execute("SELECT extract(epoch FROM expires - clock_timestamp())::float FROM lease")
    return float(seconds)


def test_one_process_has_a_pbx_and_another_may_have_another(new_keeper: NewKeeper) -> None:
    one, two = new_keeper(), new_keeper()
    lease = taken(one)
    assert two.acquire(PBX, "day/acme/0-9") is None
    assert one.acquire(PBX, "day/acme/0-9") is None, "neither may the same process have it twice"
    assert taken(two, OTHER).pbx == OTHER
    assert lease.left == TTL


def test_a_lease_that_is_given_back_is_free_at_once_and_of_no_more_use(new_keeper: NewKeeper) -> None:
    one, two = new_keeper(), new_keeper()
    lease = taken(one)
    one.release(lease)
    assert taken(two).generation == lease.generation + 1
    with pytest.raises(LeaseLost, match=r"The lease of https://pbx\.example\.com:443 .* ended"):
        lease.check(0)


def test_a_lease_given_back_late_leaves_the_next_holder_s_alone(new_keeper: NewKeeper, ledger: PostgresLedger) -> None:
    one, two, three = (new_keeper() for _ in range(3))
    lease = taken(one)
    let_expire(ledger)
    taken(two)
    one.release(lease)
    assert three.acquire(PBX, "day/acme/0-9") is None


def test_a_lease_ends_by_itself_and_its_holder_knows_before(
    new_keeper: NewKeeper, ledger: PostgresLedger, clock: Clock
) -> None:
    one, two = new_keeper(), new_keeper()
    lease = taken(one)
    clock.now += TTL - 1
    lease.check(1)
    with pytest.raises(LeaseLost):
        lease.check(1.5)
    clock.now += 1
    with pytest.raises(LeaseLost):
        lease.check(0)
    assert seconds_left(ledger) > TTL - 30, "only the time that passed for its holder counts"
    let_expire(ledger)
    assert taken(two).generation == 2


def test_a_renewal_counts_from_when_it_was_begun(
    new_keeper: NewKeeper, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = new_keeper()
    lease = taken(keeper)
    execute = keeper._own.execute

    def slow(*arguments: object, **options: object) -> list[tuple[object, ...]]:
        clock.now += 7
        return execute(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(keeper._own, "execute", slow)
    clock.now += 20
    assert keeper.renew()
    assert lease.left == TTL - 7


def test_what_another_process_took_over_is_lost_at_the_next_renewal(
    new_keeper: NewKeeper, ledger: PostgresLedger
) -> None:
    one, two = new_keeper(), new_keeper()
    lease, kept = taken(one), taken(one, OTHER)
    let_expire(ledger)
    assert taken(two).generation == 2
    assert one.renew()
    assert lease.left == 0
    assert kept.left == TTL
    with pytest.raises(LeaseLost):
        lease.check(0)


def test_a_lease_that_has_ended_is_not_renewed_even_where_nobody_took_it(
    new_keeper: NewKeeper, ledger: PostgresLedger
) -> None:
    keeper = new_keeper()
    lease = taken(keeper)
    let_expire(ledger)
    assert keeper.renew()
    assert lease.left == 0


def test_a_database_that_was_away_for_less_than_the_lease_lasts_costs_nothing(
    cluster: Cluster, new_keeper: NewKeeper, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunkline.shards.lease._BEATS", 9000)  # one try at each beat
    keeper = new_keeper()
    lease = taken(keeper)
    cluster.stop(immediate=True)
    clock.now += 30
    assert not keeper.renew()
    assert lease.left == TTL - 30
    cluster.start()
    assert keeper.renew()
    assert lease.left == TTL


def test_taking_a_lease_of_a_database_that_is_away_says_so(cluster: Cluster, new_keeper: NewKeeper) -> None:
    keeper = new_keeper()
    lease = taken(keeper)
    cluster.stop(immediate=True)
    try:
        with pytest.raises(LedgerFailed, match="can't be reached"):
            keeper.acquire(OTHER, "night/acme/0-499", patience=0.1)
        keeper.release(lease)  # is not worth an error
    finally:
        cluster.start()


def test_the_thread_renews_before_a_lease_ends(ledger: PostgresLedger) -> None:
    with LeaseKeeper(ledger, ttl=0.9) as keeper, LeaseKeeper(ledger, ttl=0.9) as other:
        lease = taken(keeper)

        async def until_renewed_thrice() -> None:
            for _ in range(3):
                before = lease.left
                while lease.left <= before:
                    before = lease.left
                    await asyncio.sleep(0.01)

        asyncio.run(until_renewed_thrice())
        assert other.acquire(PBX, "day/acme/0-9") is None


@pytest.mark.parametrize(
    ("left", "begins"),
    [(90.0, True), (75.0, True), (74.0, False), (1.0, False)],
    ids=["fresh", "just enough", "a call could outlast it", "nearly over"],
)
def test_a_call_is_begun_only_if_it_ends_before_the_lease(
    new_keeper: NewKeeper, clock: Clock, left: float, begins: bool
) -> None:
    """A call may take 60 s, and the system holds back its packets for 15 s more."""
    lease = taken(new_keeper())
    clock.now += TTL - left

    async def begun() -> bool:
        waiting = asyncio.ensure_future(lease.wait_for_call())
        await asyncio.wait([waiting], timeout=0.3)
        was_begun = waiting.done()
        waiting.cancel()
        return was_begun

    assert asyncio.run(begun()) is begins


def test_a_call_waits_for_a_renewal_and_fails_with_the_lease(new_keeper: NewKeeper, clock: Clock) -> None:
    keeper = new_keeper()
    lease = taken(keeper)

    async def begin() -> None:
        clock.now += 50
        waiting = asyncio.ensure_future(lease.wait_for_call())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert keeper.renew()
        await waiting
        clock.now += 50
        waiting = asyncio.ensure_future(lease.wait_for_call())
        await asyncio.sleep(0)
        clock.now += 50
        with pytest.raises(LeaseLost):
            await waiting

    asyncio.run(begin())


def test_a_lease_shows_no_holder(new_keeper: NewKeeper) -> None:
    assert repr(taken(new_keeper())) == "<lease of https://pbx.example.com:443, generation 1, 90 s left>"
