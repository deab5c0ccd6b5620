"""The ledger that machines share: all jobs of one Postgres database, with every item and its outcome.

An item is *not started*, then *sent* (recorded before its request goes out), then *done* or *failed*. What was sent
when a machine died is *unknown* to the next one that takes the shard.

Only who holds the lease of a PBX can write outcomes of its items. Each write is one statement that says so itself, so
that no lock is held while a network is slow; and it has a number that only grows, so that a packet that arrives a
minute late changes nothing.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Protocol, Self

import msgspec

from ..errors import ConfigurationError, Hint
from ..jobs.folder import check_name
from ..jobs.rows import entry_of, item_encoded, outcome_encoded
from ..jobs.summary import Target
from ..transfer.period import Window
from ..transport.address import comparable_url
from ..work.ledger import Entry, LedgerFailed
from ..work.outcome import Outcome
from ..work.state import State
from .postgres import VARIABLE, Database, Row

Kind = Literal["items", "call_log", "drift", "status"]
ShardState = Literal["waiting", "running", "paused", "done"]
_CHUNK, _MOST_BYTES = 5000, 8_000_000  # items, and bytes of them, after which a statement ends
_PAGE = 1000  # rows in an answer
_RESULTS = 20  # results in an answer; each may have a megabyte
_PATIENCE = 90.0  # seconds: as long as a lease lives, for after that nothing would be taken
_LANE_LIVES = 90.0  # seconds after its last heartbeat


class LeaseLost(LedgerFailed):
    """This machine does not hold the PBX any more: the lease ended, or another machine has it. Nothing more is sent."""

    code = "lease_lost"


class Held(Protocol):
    """The lease of a PBX, as a write names it."""

    @property
    def pbx(self) -> str: ...

    @property
    def holder(self) -> object: ...

    @property
    def generation(self) -> int: ...


class ShardRow(NamedTuple):
    """A shard as the ledger has it. ``target``: the name of its PBX, ``number`` its number in the job, ``pbx`` its
    comparable address. ``first`` and ``last``: its items, both included; None for a reading.

    ``pauses``: how often in a row it was put off; nobody takes it before ``not_before``. ``error`` is why
    (`outcome.described`). ``result``: what a reading gave.
    """

    id: str
    job: str
    target: str
    number: int
    url: str
    pbx: str
    kind: Kind
    first: int | None
    last: int | None
    window: Window | None
    state: ShardState
    pauses: int
    not_before: datetime | None
    error: Any
    result: Any


class PostgresLedger:
    """All jobs of one Postgres database.

        with PostgresLedger("postgresql://trunkline@db.example.com/trunkline") as ledger:
            print(ledger.names())

    Its tables hold the items and answers of jobs, which may have passwords in them, and tokens: anybody who can read
    the database must be trusted with the PBXs.
    """

    def __init__(self, database: str | Database) -> None:
        """Open the ledger, and bring its tables to this version. Raises ConfigurationError, LedgerFailed."""
        self.database = Database(database) if isinstance(database, str) else database
        try:
            self.database.migrate()
        except BaseException:
            self.database.close()
            raise

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Open the ledger that ``TRUNKLINE_LEDGER`` names. Raises ConfigurationError where it names none."""
        if url := environ.get(VARIABLE, "").strip():
            return cls(url)
        raise ConfigurationError(
            f"{VARIABLE} is not set, which names the Postgres database that machines share.",
            hint="Set it to an address such as postgresql://trunkline@db.example.com/trunkline.",
        )

    def __repr__(self) -> str:
        return f"PostgresLedger({self.database.place!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    def names(self) -> list[str]:
        """Return the names of all jobs, sorted. Raises LedgerFailed."""
        return sorted(name for (name,) in self.database.execute("SELECT name FROM job"))

    def job(self, name: str) -> JobRows:
        """Return the rows of a job. Raises ConfigurationError if there is none, LedgerFailed."""
        rows = self.database.execute("SELECT id, kind FROM job WHERE name = %s", [name])
        if not rows:
            known = ", ".join(self.names()) or "none"
            raise ConfigurationError(f"There is no job {name!r}.", hint=f"There are: {known}.")
        ((id_, kind),) = rows
        return JobRows(self.database, id_, name, kind)

    def create(self, name: str, kind: Kind, about: Mapping[str, Any], targets: Mapping[str, str]) -> JobRows:
        """Make a job without items or shards; ``targets`` maps the name of each PBX to its URL.

        Raises InvalidArgument for a name that a job can't have, ConfigurationError if it is taken.
        """
        check_name(name)
        rows = self.database.execute(
            "WITH made AS ("
            " INSERT INTO job (name, kind, about, made_by) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (name) DO UPDATE SET made_by = job.made_by WHERE job.made_by = excluded.made_by RETURNING id"
            "), named AS ("
            " INSERT INTO target (job, id, name, url, pbx) SELECT made.id, t.id, t.name, t.url, t.pbx"
            " FROM made, unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS t(name, url, pbx, id)"
            " ON CONFLICT DO NOTHING"
            ") SELECT id FROM made",
            [
                *(name, kind, msgspec.json.encode(about).decode(), uuid.uuid4()),
                *(list(targets), list(targets.values()), [comparable_url(url) for url in targets.values()]),
            ],
        )
        if not rows:
            raise ConfigurationError(
                f"There is a job {name!r} already.",
                hint=Hint("Remove it, take another name, or go on with it.", "job.resume", {"name": name}),
            )
        return JobRows(self.database, rows[0][0], name, kind)

    def remove(self, name: str) -> None:
        """Forget a job. Raises ConfigurationError if there is none, or while somebody works on it; LedgerFailed."""
        job = self.job(name)
        if job.is_held():
            raise ConfigurationError(
                f"The job {name!r} is running.",
                hint=Hint("Cancel it, or see how far it is.", "job.show", {"name": name}),
            )
        job.discard()

    def shard(self, id_: str) -> ShardRow:
        """Return a shard by its id. Raises ConfigurationError if there is none, LedgerFailed."""
        rows = self.database.execute(f"SELECT {_SHARD}, s.result FROM {_SHARDS} WHERE s.id = %s", [id_])
        if not rows:
            raise ConfigurationError(
                f"There is no shard {id_!r} in {self.database.place}.", hint="Its job may have been removed."
            )
        return _shard(rows[0])


_SHARDS = "shard s JOIN target t ON t.job = s.job AND t.id = s.target JOIN job j ON j.id = s.job"
_SHARD = (
    "s.id, j.name, t.name, t.id, t.url, t.pbx, j.kind, s.first, s.last, s.window_start, s.window_end, s.state,"
    " s.pauses, s.not_before, s.error"
)
_HELD_BY_ANY = (
    "SELECT EXISTS (SELECT FROM lease l JOIN shard s ON s.id = l.shard"
    " WHERE s.job = %s AND l.expires > clock_timestamp())"
    " OR EXISTS (SELECT FROM lane WHERE job = %s AND heartbeat > clock_timestamp() - %s * interval '1 second')"
)


class JobRows:
    """The rows of one job (`trunkline.jobs.summary.JobLedger`). Every method raises LedgerFailed."""

    def __init__(self, database: Database, id_: int, name: str, kind: Kind) -> None:
        self.database = database
        self.id = id_
        self.name = name
        self.kind: Kind = kind

    def about(self) -> dict[str, Any]:
        """Return the facts of the job, by name. Raises ConfigurationError if it was removed."""
        rows = self.database.execute(
            "SELECT about::text, kind, size, loaded, cancelled FROM job WHERE id = %s", [self.id]
        )
        if not rows:
            raise ConfigurationError(f"The job {self.name!r} was removed.", hint="Nothing more is sent for it.")
        about, kind, size, loaded, cancelled = rows[0]
        return {**_decoded(about), "kind": kind, "size": size, "loaded": loaded, "cancelled": cancelled}

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Note facts of the job beside those that it was made with. Of two that are noted at once, one is kept."""
        rows = self.database.execute("SELECT about::text FROM job WHERE id = %s", [self.id])
        about = msgspec.json.encode({**_decoded(rows[0][0]), **facts}).decode() if rows else None
        self.database.execute("UPDATE job SET about = %s WHERE id = %s", [about, self.id])

    def cancel(self) -> None:
        """Note that the job ends for good."""
        self.database.execute("UPDATE job SET cancelled = true WHERE id = %s", [self.id])

    def is_cancelled(self) -> bool:
        """Whether the job was cancelled, or removed."""
        return self.database.execute("SELECT cancelled FROM job WHERE id = %s", [self.id]) != [(False,)]

    def resume(self) -> None:
        """Let paused shards be taken again at once, and those with unknown items, which are looked up again."""
        self.database.execute(
            "UPDATE shard s SET state = 'waiting', pauses = 0, not_before = NULL WHERE job = %s AND (state = 'paused'"
            " OR state = 'done' AND EXISTS (SELECT FROM outcome o WHERE o.job = s.job AND o.target = s.target"
            " AND o.n BETWEEN s.first AND s.last AND o.state = %s))",
            [self.id, int(State.UNKNOWN)],
        )

    def is_held(self) -> bool:
        """Whether some machine works on it."""
        ((is_held,),) = self.database.execute(_HELD_BY_ANY, [self.id, self.id, _LANE_LIVES])
        return bool(is_held)

    def is_waiting(self) -> bool:
        """Whether a shard was not begun, or was left by a machine that died, so that the next lane takes it."""
        ((is_waiting,),) = self.database.execute(
            "SELECT EXISTS (SELECT FROM shard WHERE job = %s AND state IN ('waiting', 'running'))", [self.id]
        )
        return bool(is_waiting)

    def is_over(self) -> bool:
        """Whether all shards are done."""
        ((is_left,),) = self.database.execute(
            "SELECT EXISTS (SELECT FROM shard WHERE job = %s AND state <> 'done')", [self.id]
        )
        return not is_left

    def load(self, items: Iterable[Mapping[str, Any]]) -> int:
        """Take the input in, a few thousand items at a time; gives how many there are."""
        size = 0
        for chunk in _chunks(item_encoded(n, item) for n, item in enumerate(items)):
            self.database.execute(
                "INSERT INTO input (job, n, item) SELECT %s, %s + i.place, i.item"
                " FROM unnest(%b::bytea[]) WITH ORDINALITY AS i(item, place) ON CONFLICT DO NOTHING",
                [self.id, size - 1, chunk],
            )
            size += len(chunk)
        return size

    def begin(self, size: int, ranges: Sequence[tuple[int, int]]) -> None:
        """Make the shards of each PBX, from the first and the last place of each; the job can be worked on then."""
        suffixes = [f"/{first}-{last}" for first, last in ranges]
        firsts, lasts = [first for first, _ in ranges], [last for _, last in ranges]
        self._begin(size, suffixes, firsts, lasts, [None] * len(ranges), [None] * len(ranges))

    def begin_reading(self, windows: Sequence[Window | None]) -> None:
        """As `begin`, for a job that reads: one shard for each window of each PBX."""
        starts = [window and window.start for window in windows]
        ends = [window and window.end for window in windows]
        nothing = [None] * len(windows)
        self._begin(0, [_suffix(window) for window in windows], nothing, nothing, starts, ends)

    def _begin(self, size: int, *columns: Sequence[object]) -> None:
        self.database.execute(
            "WITH loaded AS (UPDATE job SET size = %s, loaded = true WHERE id = %s RETURNING id, name)"
            " INSERT INTO shard (id, job, target, no, first, last, window_start, window_end)"
            " SELECT j.name || '/' || t.name || s.suffix, j.id, t.id, s.no, s.first, s.last, s.opens, s.closes"
            " FROM loaded j JOIN target t ON t.job = j.id, unnest(%s::text[], %s::integer[], %s::integer[],"
            " %s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS s(suffix, first, last, opens, closes, no)"
            " ON CONFLICT DO NOTHING",
            [size, self.id, *map(list, columns)],
        )

    def discard(self) -> None:
        """Delete all rows of the job."""
        self.database.execute(
            "WITH gone AS (DELETE FROM job WHERE id = %(id)s), items AS (DELETE FROM input WHERE job = %(id)s),"
            " shards AS (DELETE FROM shard WHERE job = %(id)s) DELETE FROM outcome WHERE job = %(id)s",
            {"id": self.id},
        )

    def size(self) -> int:
        """How many items the input has."""
        return int(self.about()["size"])

    def targets(self) -> list[Target]:
        """Return the PBXs, each with the error of a shard that is paused."""
        rows = self.database.execute(
            "SELECT t.id, t.name, t.url, (SELECT s.error::text FROM shard s WHERE s.job = t.job AND s.target = t.id"
            " AND s.state = 'paused' ORDER BY s.no LIMIT 1) FROM target t WHERE t.job = %s ORDER BY t.id",
            [self.id],
        )
        return [Target(id_, name, url, _decoded(error)) for id_, name, url, error in rows]

    def counts_by_target(self) -> dict[int, dict[State, int]]:
        """Count the items of each PBX in each state; the shards, where the job reads."""
        return self._counted(None)

    def counts(self, target: int | None = None) -> dict[State, int]:
        """Count the items in each state, of one PBX or of all."""
        totals = dict.fromkeys(State, 0)
        for counts in self._counted(target).values():
            for state, count in counts.items():
                totals[state] += count
        return totals

    def _counted(self, target: int | None) -> dict[int, dict[State, int]]:
        statement = _COUNTED if self.kind == "items" else _COUNTED_SHARDS
        counts: dict[int, dict[State, int]] = {}
        for id_, size, state, count in self.database.execute(statement, {"job": self.id, "target": target}):
            of_target = counts.setdefault(id_, {**dict.fromkeys(State, 0), State.NOT_STARTED: size})
            if state is not None and state != State.NOT_STARTED:
                of_target[State(state)] += count
                of_target[State.NOT_STARTED] -= count
        return counts

    def entries(self, target: int, states: Iterable[State] = tuple(State)) -> Iterator[Entry]:
        """Yield the items of a PBX in given states, by place."""
        wanted = [int(state) for state in states]
        last = -1
        while rows := self.database.execute(
            f"SELECT {_ENTRY} WHERE i.job = %s AND i.n > %s AND coalesce(o.state, 0) = ANY(%s) ORDER BY i.n LIMIT %s",
            [target, self.id, last, wanted, _PAGE],
        ):
            yield from map(_entry, rows)
            last = rows[-1][0]

    def shards(self, *, with_results: bool = True) -> Iterator[ShardRow]:
        """Yield the shards of the job, PBX by PBX, in order. ``with_results``: with what readings gave."""
        result, count = ("s.result", _RESULTS) if with_results else ("NULL", _PAGE)
        last = (0, 0)
        while rows := self.database.execute(
            f"SELECT {_SHARD}, {result}, s.target, s.no FROM {_SHARDS}"
            " WHERE s.job = %s AND (s.target, s.no) > (%s, %s) ORDER BY s.target, s.no LIMIT %s",
            [self.id, *last, count],
        ):
            yield from (_shard(row[:-2]) for row in rows)
            last = rows[-1][-2:]


_ENTRY = (
    "i.n, i.item, coalesce(o.state, 0), coalesce(o.attempts, 0), o.record FROM input i"
    " LEFT JOIN outcome o ON o.job = i.job AND o.target = %s AND o.n = i.n"
)
_COUNTED = """
SELECT t.id, j.size, o.state, o.count FROM job j JOIN target t ON t.job = j.id LEFT JOIN (
    SELECT target, state, count(*) FROM outcome
    WHERE job = %(job)s AND (target = %(target)s OR %(target)s::integer IS NULL) GROUP BY target, state
) o ON o.target = t.id WHERE j.id = %(job)s AND (t.id = %(target)s OR %(target)s::integer IS NULL)
"""
_COUNTED_SHARDS = """
SELECT target, (sum(count(*)) OVER (PARTITION BY target))::integer, state, count(*) FROM (
    SELECT target, CASE WHEN state = 'done' THEN CASE WHEN error IS NULL THEN 2 ELSE 3 END
        WHEN state = 'running' THEN 1 ELSE 0 END AS state
    FROM shard WHERE job = %(job)s AND (target = %(target)s OR %(target)s::integer IS NULL)
) s GROUP BY target, state
"""
HELD = (
    "held AS (SELECT s.job, s.target, s.first, s.last FROM lease l JOIN shard s ON s.id = l.shard"
    " WHERE s.id = %(shard)s AND l.pbx = %(pbx)s AND l.holder = %(holder)s AND l.generation = %(generation)s"
    " AND l.expires > clock_timestamp())"
)
"""The shard, if the lease that a statement names is held: the beginning of every write for it."""
_DOUBT = f"""
WITH {HELD}, doubted AS (
    UPDATE outcome o SET state = {int(State.UNKNOWN)}, seq = %(seq)s FROM held
    WHERE o.job = held.job AND o.target = held.target AND o.n BETWEEN held.first AND held.last
    AND o.state = {int(State.SENT)} AND o.seq < %(seq)s
) SELECT count(*) FROM held
"""
_WRITE = """
WITH held AS (
    SELECT g.place, s.job, s.target, g.seq
    FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::bigint[], %s::bigint[])
    WITH ORDINALITY AS g(shard, pbx, holder, generation, seq, place)
    JOIN lease l ON l.pbx = g.pbx AND l.holder = g.holder AND l.generation = g.generation AND l.shard = g.shard
    JOIN shard s ON s.id = g.shard
    WHERE l.expires > clock_timestamp()
), written AS (
    INSERT INTO outcome AS o (job, target, n, state, attempts, record, seq)
    SELECT held.job, held.target, r.n, r.state, r.attempts, r.record, held.seq
    FROM held JOIN unnest(%s::bigint[], %s::integer[], %s::smallint[], %s::integer[], %s::bytea[])
    AS r(place, n, state, attempts, record) ON r.place = held.place
    ON CONFLICT (job, target, n) DO UPDATE SET
    state = excluded.state, attempts = excluded.attempts, record = excluded.record, seq = excluded.seq
    WHERE o.seq <= excluded.seq RETURNING job, target
)
SELECT held.place, count(*) FROM written JOIN held USING (job, target) GROUP BY held.place
"""


class ShardLedger:
    """The ledger of one shard of items, as the run on its PBX sees it (`trunkline.work.ledger.Ledger`).

    Its items are read at the beginning. What another machine left as sent is unknown from then on. Threads may
    share it.
    """

    is_durable = True

    def __init__(self, ledger: PostgresLedger, shard: ShardRow, lease: Held, *, patience: float = _PATIENCE) -> None:
        """Read the shard's items. A lease is for one of these only, because the numbers of its writes begin here.

        ``patience``: seconds for which a write is tried again after a lost connection.

        Raises LeaseLost, LedgerFailed.
        """
        self._database = ledger.database
        self._shard = shard
        self._patience = patience
        self._first_write = lease.generation << 32
        self.fence = {"shard": shard.id, "pbx": lease.pbx, "holder": lease.holder, "generation": lease.generation}
        """What a statement names to be carried out for the holder only."""
        self._writes = 0
        self._lock = threading.Lock()
        doubt = {**self.fence, "seq": self.next_number()}
        if self._database.execute(_DOUBT, doubt, patience=patience) != [(1,)]:
            raise self.lost()
        rows = self._database.execute(
            f"SELECT {_ENTRY} JOIN job j ON j.id = i.job WHERE j.name = %s AND i.n BETWEEN %s AND %s"
            " AND coalesce(o.state, 0) NOT IN (2, 3) ORDER BY i.n",
            [shard.number, shard.job, shard.first, shard.last],
        )
        self._entries = deque(map(_entry, rows))
        self._size = len(self._entries)

    @property
    def size(self) -> int:
        """How many items of the shard were left at the beginning."""
        return self._size

    def take(self) -> Entry | None:
        return self._entries.popleft() if self._entries else None

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Keep outcomes, all or none. Raises LeaseLost where another machine holds the PBX; LedgerFailed."""
        if write_outcomes(self._database, {self: outcomes}, patience=self._patience):
            raise self.lost()

    def next_number(self) -> int:
        """Return the number of the next write, which is above those of all writes before it."""
        with self._lock:
            self._writes += 1
            return self._first_write + self._writes

    def lost(self) -> LeaseLost:
        """Return the error of a write that the ledger did not take."""
        return LeaseLost(
            f"This machine does not hold {self._shard.url} for the shard {self._shard.id!r} any more.",
            hint="Nothing more was sent. Another machine goes on with it, and looks up what was in progress.",
        )


def write_outcomes(
    database: Database, outcomes: Mapping[ShardLedger, Sequence[Outcome]], *, patience: float
) -> set[ShardLedger]:
    """Write outcomes of several shards in one statement; of two of one item, the later.

    Return the shards of which not all was taken, because their lease is lost. Raises LedgerFailed, and then it may be
    that all of it was written: to write it again changes nothing.
    """
    shards = list(outcomes)
    latest = {(place, o.n): o for place, shard in enumerate(shards, 1) for o in outcomes[shard]}
    if not latest:
        return set()
    fences = [shard.fence for shard in shards]
    values = (
        _texts(fence["shard"] for fence in fences),
        _texts(fence["pbx"] for fence in fences),
        _numbers(fence["holder"] for fence in fences),
        _numbers(fence["generation"] for fence in fences),
        _numbers(shard.next_number() for shard in shards),
        _numbers(place for place, _ in latest),
        _numbers(n for _, n in latest),
        _numbers(int(outcome.state) for outcome in latest.values()),
        _numbers(outcome.attempts for outcome in latest.values()),
        _records(outcome_encoded(outcome) for outcome in latest.values()),
    )
    written: dict[int, int] = dict(database.execute(_WRITE, values, patience=patience))
    given = Counter(place for place, _ in latest)
    return {shard for place, shard in enumerate(shards, 1) if written.get(place, 0) != given[place]}


# Postgres' own form of arrays: psycopg takes half a millisecond for what these write in a twentieth of it.
def _numbers(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def _texts(values: Iterable[object]) -> str:
    return _numbers('"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)


def _records(values: Iterable[bytes | None]) -> str:
    return _numbers("NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values)


def _chunks(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield items in lists of which each fits into a statement."""
    chunk: list[bytes] = []
    left = _MOST_BYTES
    for item in items:
        chunk.append(item)
        left -= len(item)
        if len(chunk) == _CHUNK or left <= 0:
            yield chunk
            chunk, left = [], _MOST_BYTES
    if chunk:
        yield chunk


def _suffix(window: Window | None) -> str:
    return f"/{window.start:%Y%m%dT%H%M%SZ}-{window.end:%Y%m%dT%H%M%SZ}" if window else ""


def _decoded(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)


def _entry(row: Row) -> Entry:
    try:
        return entry_of(row)
    except ValueError:
        raise LedgerFailed(
            f"Item {row[0]} of the ledger, or its outcome, is not as it was written.",
            hint="Another program changed the rows. Nothing was sent for it; look at the PBX for what was done.",
        ) from None


def _shard(row: Row) -> ShardRow:
    id_, job, target, number, url, pbx, kind, first, last, opens, closes, state, *rest = row
    window = Window(opens.astimezone(UTC), closes.astimezone(UTC)) if opens and closes else None
    return ShardRow(id_, job, target, number, url, pbx, kind, first, last, window, state, *rest)
