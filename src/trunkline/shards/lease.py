"""Leases: which process may ask a PBX, and until when.

A PBX takes about four requests at once (docs/pbx.md, Limits), so one process works on it at a time, over all machines
and jobs. A lease ends by itself unless its holder renews it. Two clocks are involved, and neither is compared with the
other: Postgres' decides who may take a lease over, and the holder counts the seconds that have passed since it *began*
the last renewal that worked. The holder's count ends first, however long that renewal took.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Self
from uuid import UUID, uuid4

from ..errors import TrunklineError
from ..logs import log
from .ledger import LeaseLost, PostgresLedger
from .recorder import Recorder

TTL = 90.0
"""Seconds that a lease lasts after it was renewed."""
UNACKNOWLEDGED = 15.0
"""Seconds after which the system gives up a request that doesn't arrive, as `opening` asks it to."""
_BEATS = 9  # renewals within that time
_LOOK_AGAIN = 0.1
_BOOT: int | None = getattr(time, "CLOCK_BOOTTIME", None)

_TAKE = """
INSERT INTO lease AS held (pbx, holder, generation, expires, shard, machine)
VALUES (%s, %s, 1, clock_timestamp() + make_interval(secs => %s), %s, %s)
ON CONFLICT (pbx) DO UPDATE SET
    holder = excluded.holder, generation = held.generation + 1, expires = excluded.expires,
    shard = excluded.shard, machine = excluded.machine
WHERE held.expires <= clock_timestamp() OR held.holder = excluded.holder
RETURNING generation
"""
_RENEW = """
UPDATE lease SET expires = clock_timestamp() + make_interval(secs => %s)
WHERE holder = ANY(%s) AND expires > clock_timestamp() RETURNING holder
"""
_GIVE_BACK = (
    "UPDATE lease SET expires = clock_timestamp() WHERE pbx = %s AND holder = %s AND expires > clock_timestamp()"
)
_SEEN = "UPDATE lane SET heartbeat = clock_timestamp() WHERE id = ANY(%s)"


def elapsed() -> float:
    """Return seconds that only grow, on Linux also while the machine sleeps."""
    return time.monotonic() if _BOOT is None else time.clock_gettime(_BOOT)


class Lease:
    """The right to ask one PBX. ``generation`` grows with each holder, so that what an earlier one writes late loses.

    ``longest_call`` is how many seconds a call may take that is begun under it.
    """

    def __init__(
        self, pbx: str, shard: str, holder: UUID, generation: int, began: float, ttl: float, clock: Callable[[], float]
    ) -> None:
        self.pbx = pbx
        self.shard = shard
        self.holder = holder
        self.generation = generation
        self.ttl = ttl
        self.longest_call = ttl * 2 / 3
        self._needed = min(self.longest_call + UNACKNOWLEDGED, ttl * 0.85)
        self._clock = clock
        self._until = began + ttl

    @property
    def left(self) -> float:
        """Seconds that it surely lasts, 0 where it is lost."""
        return max(0.0, self._until - self._clock())

    def renewed(self, began: float) -> None:
        """Note a renewal that worked, and when it was begun."""
        self._until = max(self._until, began + self.ttl)

    def lose(self) -> None:
        """Note that it is lost, whatever the clock says."""
        self._until = float("-inf")

    def check(self, seconds: float) -> None:
        """Raise LeaseLost unless it surely lasts that long."""
        if self.left < seconds or not self.left:
            raise self.lost()

    def lost(self) -> LeaseLost:
        """Return the error of whatever needs this lease once it has ended."""
        return LeaseLost(
            f"The lease of {self.pbx} for the shard {self.shard!r} ended: this process could not renew it in time.",
            hint="Nothing more is sent. Another process goes on, or this one once it has a new lease; look at the "
            "network and the database if it happens again.",
        )

    @property
    def fence(self) -> dict[str, object]:
        """What a statement names to be carried out for its holder only."""
        return {"shard": self.shard, "pbx": self.pbx, "holder": self.holder, "generation": self.generation}

    @property
    def lasts_for_call(self) -> bool:
        """Whether a call may be begun now.

        A call that takes as long as it may, and whose last packet the system still holds back because nobody
        acknowledges it, is over before another process can have the lease.
        """
        return self._until - self._clock() >= self._needed

    async def wait_for_call(self) -> None:
        """Return once a call may be begun: while renewals are late, calls wait. LeaseLost if the lease ends first."""
        while not self.lasts_for_call:
            self.check(0)
            await asyncio.sleep(_LOOK_AGAIN)

    def __repr__(self) -> str:
        return f"<lease of {self.pbx}, generation {self.generation}, {self.left:.0f} s left>"


class LeaseKeeper:
    """Takes leases for one process, and renews them in a thread with a connection of its own.

        with LeaseKeeper(ledger) as keeper:
            lease = keeper.acquire("https://pbx.example.com:443", "job/acme/0-499")

    It also says of this process's lanes that they are alive. ``ttl``: seconds that a lease lasts, the same for all
    processes of a database. ``machine``: what this one is called where leases are shown.
    """

    def __init__(
        self,
        ledger: PostgresLedger,
        *,
        machine: str = "",
        ttl: float = TTL,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        self.machine = machine or socket.gethostname()
        self.ttl = ttl
        self._clock = clock
        self._database = ledger.database
        self._own = ledger.database.separate()
        self._leases: dict[UUID, Lease] = {}
        self._lanes: set[UUID] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._renew_always, name="trunkline-leases", daemon=True)
        self.recorder = Recorder(self._database)
        """Writes the outcomes of all that this process holds."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop renewing. Leases that were not released end by themselves."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        self._own.close()
        self.recorder.close()

    def acquire(self, pbx: str, shard: str, *, patience: float = 20.0) -> Lease | None:
        """Take the lease of a PBX's address for a shard; None while another has it. Raises LedgerFailed."""
        holder = uuid4()
        began = self._clock()
        rows = self._database.execute(_TAKE, (pbx, holder, self.ttl, shard, self.machine), patience=patience)
        if not rows:
            return None
        lease = Lease(pbx, shard, holder, int(rows[0][0]), began, self.ttl, self._clock)
        with self._lock:
            self._leases[holder] = lease
        return lease

    def release(self, lease: Lease) -> None:
        """Let others have it at once. Where the database can't be reached, it ends by itself."""
        self.forget(lease)
        try:
            self._database.execute(_GIVE_BACK, (lease.pbx, lease.holder), patience=2.0)
        except TrunklineError as problem:
            log.info("The lease of %s could not be given back, and ends by itself: %s", lease.pbx, problem.message)

    def forget(self, lease: Lease) -> None:
        """Renew it no more; it ends by itself."""
        with self._lock:
            self._leases.pop(lease.holder, None)
        lease.lose()

    def add_lane(self, lane: UUID) -> None:
        """Say from now on that a lane is alive."""
        with self._lock:
            self._lanes.add(lane)

    def remove_lane(self, lane: UUID) -> None:
        with self._lock:
            self._lanes.discard(lane)

    def renew(self) -> bool:
        """Renew all that is held; whether that worked. Leases that another process has taken are lost."""
        with self._lock:
            held = dict(self._leases)
            lanes = list(self._lanes)
        began = self._clock()
        patience = self.ttl / _BEATS
        try:
            if held:
                rows = self._own.execute(_RENEW, (self.ttl, list(held)), patience=patience)
                renewed = {row[0] for row in rows}
                for holder, lease in held.items():
                    if holder in renewed:
                        lease.renewed(began)
                    else:
                        self.forget(lease)
            if lanes:
                self._own.execute(_SEEN, (lanes,), patience=patience)
        except TrunklineError as problem:
            log.warning("Leases can't be renewed: %s", problem.message)
            return False
        return True

    def _renew_always(self) -> None:
        pause = self.ttl / _BEATS
        while not self._closing.wait(pause):
            pause = self.ttl / _BEATS if self.renew() else self.ttl / _BEATS / 10
