"""Tokens that many machines share: a row for each server and client id, with a lock in it.

Only one access token is alive per client id, and asking for another kills it (docs/pbx.md, Signing in). The logic is
that of `trunkline.transport.token_store`; only the place is another one.
"""

from __future__ import annotations

import threading
import time
from uuid import UUID, uuid4

import msgspec

from ..errors import TrunklineError
from ..logs import log
from ..transport.token_store import SAVED, Kept, Saved
from .ledger import PostgresLedger
from .postgres import Database

LOCK_LASTS = 90.0
"""Seconds after which another process may sign in, where the one that wanted to has died."""

_READ = "SELECT saved FROM token WHERE server = %s AND client_id = %s"
_LOCK = """
INSERT INTO token AS kept (server, client_id, locked_by, locked_until)
VALUES (%s, %s, %s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (server, client_id) DO UPDATE SET locked_by = excluded.locked_by, locked_until = excluded.locked_until
WHERE kept.locked_until IS NULL OR kept.locked_until <= clock_timestamp() OR kept.locked_by = excluded.locked_by
RETURNING 1
"""
_WRITE = """
UPDATE token SET saved = %s, locked_by = NULL, locked_until = NULL
WHERE server = %s AND client_id = %s AND locked_by = %s AND locked_until > clock_timestamp()
"""
_UNLOCK = """
UPDATE token SET locked_by = NULL, locked_until = NULL WHERE server = %s AND client_id = %s AND locked_by = %s
"""


class TokenRow(Kept):
    """What all machines keep of one client. Raises LedgerFailed: to sign in without the row would end their token."""

    def __init__(self, database: Database, server: str, client_id: str, lock_lasts: float = LOCK_LASTS) -> None:
        super().__init__(server, client_id)
        self._lock_lasts = lock_lasts
        self._database = database
        self._none = self._saved
        self._key = (server, client_id)
        self._lock: UUID | None = None

    @property
    def place(self) -> str:
        server, client_id = self._key
        return f"the row of {client_id!r} at {server} in the table token of {self._database.place}"

    def read(self) -> Saved:
        """Return what the row has; nothing where it makes no sense."""
        rows = self._database.execute(_READ, self._key)
        if not rows or rows[0][0] is None:
            return self._none
        try:
            saved = SAVED.decode(rows[0][0])
        except (ValueError, RecursionError):
            return self._none
        ours = (saved.server, saved.client_id) == self._key
        return saved.plausible(time.time()) if ours else self._none

    def lock(self) -> bool:
        """Take the lock if it is free; whether that worked. That of a process that died is free after a while."""
        holder = uuid4()
        if not self._database.execute(_LOCK, (*self._key, holder, self._lock_lasts)):
            return False
        self._lock = holder
        return True

    def write(self, saved: Saved) -> None:
        """Replace what is kept, and give the lock back with it. A process that lost the lock replaces nothing: another
        has signed in since."""
        holder, self._lock = self._lock, None
        self._database.execute(_WRITE, (msgspec.json.encode(saved), *self._key, holder))

    def unlock(self) -> None:
        """Give the lock back, in a thread: an event loop may call this."""
        holder, self._lock = self._lock, None
        if holder is not None:
            threading.Thread(target=self._unlock, args=(holder,), name="trunkline-unlock", daemon=True).start()

    def _unlock(self, holder: UUID) -> None:
        try:
            self._database.execute(_UNLOCK, (*self._key, holder))
        except TrunklineError as problem:
            log.info("The lock of a token could not be given back, and ends by itself: %s", problem.message)


class TokenRows:
    """The tokens of all clients in one database, for ``AsyncPbx(…, token_store=TokenRows(ledger))``."""

    def __init__(self, ledger: PostgresLedger, *, lock_lasts: float = LOCK_LASTS) -> None:
        self._database = ledger.database
        self._lock_lasts = lock_lasts

    def file(self, server: str, client_id: str) -> TokenRow:
        """Return the place of one client at one server."""
        return TokenRow(self._database, server, client_id, self._lock_lasts)

    def __repr__(self) -> str:
        return f"TokenRows({self._database.place!r})"
