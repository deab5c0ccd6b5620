"""Tokens shared between processes: one file per server and client id, written under a lock.

Only one access token is alive per client id, and asking for another kills it (docs/pbx.md, Signing in). Processes that
share a client id must therefore share its token, and one of them asks for all. The file also remembers credentials that
were refused, because repeated failures can get an address blocked.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from ..local.atomic import replace_file
from ..local.folders import expanded, own_folder
from ..local.lock import LockTaken, acquire_lock
from ..local.private_files import ExposedSecret, NotPrivateError, read_private
from ..logs import log
from ..redaction import remember
from .token import LONGEST_LIFE, Token, is_sendable

if TYPE_CHECKING:
    from filelock import BaseFileLock

TOKEN_DIR = "TRUNKLINE_TOKEN_DIR"  # noqa: S105 - the name of a variable
REFUSAL_LASTS = 120.0
"""Seconds for which a refused secret is not tried again by any process."""


class Refused(msgspec.Struct, frozen=True):
    """A secret that was refused: its digest, the PBX's reason, and until when that is believed (wall clock)."""

    digest: str
    reason: str
    until: float


class Saved(msgspec.Struct, frozen=True):
    """What is known of one client at one PBX. ``expires`` is on the wall clock, which processes share.

    A token belongs to the secret that it was got with: ``owner`` is its digest, so that a wrong secret never passes
    for a right one as long as somebody's token lives. Before ``denied_until`` a 403 means that the client
    lacks a right.
    """

    server: str = ""
    client_id: str = ""
    salt: str = ""
    owner: str = ""
    access: str = ""
    expires: float = 0.0
    refresh: str = ""
    version: str | None = None
    refused: Refused | None = None
    denied_until: float = 0.0

    def __repr__(self) -> str:
        return f"Saved({self.server!r}, {self.client_id!r}, …)"

    def token(self, secret: str) -> Token | None:
        if not is_sendable(self.access) or not self._owned_by(secret):
            return None
        remember(self.access)
        return Token(self.access, self.expires)

    def refresh_token(self, secret: str) -> str:
        if self.refresh:
            remember(self.refresh)
        return self.refresh if is_sendable(self.refresh) and self._owned_by(secret) else ""

    def refusal(self, secret: str, now: float) -> Refused | None:
        """Return the refusal of this secret, if there was one a short while ago.

        A clock set back prolongs it little.
        """
        refused = self.refused
        if refused is None or not now < refused.until <= now + 2 * REFUSAL_LASTS:
            return None
        return refused if self._is_digest(refused.digest, secret) else None

    def granting(self, secret: str, token: Token, refresh: str, version: str | None) -> Saved:
        salted = self._salted()
        return msgspec.structs.replace(
            salted,
            owner=salted._digest(secret),
            access=token.access,
            expires=token.expires,
            refresh=refresh,
            version=version,
            refused=None,
        )

    def refusing(self, secret: str, reason: str, now: float) -> Saved:
        """Another secret's token stays: it may well be alive."""
        salted = self._salted()
        return msgspec.structs.replace(salted, refused=Refused(salted._digest(secret), reason, now + REFUSAL_LASTS))

    def plausible(self, now: float) -> Saved:
        """Return the same without a token whose end lies further off than any does."""
        return self if self.expires <= now + LONGEST_LIFE else msgspec.structs.replace(self, access="")

    def denying(self, until: float) -> Saved:
        return msgspec.structs.replace(self, denied_until=until)

    def _owned_by(self, secret: str) -> bool:
        return self._is_digest(self.owner, secret)

    def _is_digest(self, text: str, secret: str) -> bool:
        return hmac.compare_digest(text.encode(), self._digest(secret).encode())

    def _salted(self) -> Saved:
        return self if self.salt else msgspec.structs.replace(self, salt=secrets.token_hex(16))

    def _digest(self, secret: str) -> str:
        """Return a plain HMAC: API keys are long and random, and who can read this file has the token anyway."""
        return hmac.new(self.salt.encode(), secret.encode(), hashlib.sha256).hexdigest()


SAVED = msgspec.json.Decoder(Saved)
"""Reads what is kept of a client."""


class Kept:
    """What one client keeps, in memory: for itself alone."""

    path: Path | None = None

    @property
    def place(self) -> str:
        """Where it is kept, as a message says it."""
        return str(self.path)

    def __init__(self, server: str, client_id: str) -> None:
        self._saved = Saved(server, client_id)

    def read(self) -> Saved:
        return self._saved

    def lock(self) -> bool:
        """Take the lock if it is free; whether that worked. Never waits."""
        return True

    def write(self, saved: Saved) -> None:
        self._saved = saved

    def unlock(self) -> None:
        """Give the lock back, if it was taken; raises nothing."""


class TokenFile(Kept):
    """What all processes of a user keep of one client, in one file; where that can't be, it is kept in memory."""

    def __init__(self, path: Path, server: str, client_id: str, *, trusted: bool = True) -> None:
        super().__init__(server, client_id)
        self._trusted = trusted
        self._mine = self._saved
        self.path = path
        self._held: BaseFileLock | None = None
        self._usable = True

    def read(self) -> Saved:
        """Return what the file has.

        Nothing if there is none, or if it can't be read or trusted, is garbage or of another PBX.

        Needs no lock: the file is replaced atomically. Warns (ExposedSecret) once of a file that others could read.
        """
        if not self._usable or self.path is None:
            return super().read()
        try:
            content = read_private(self.path, own=True)
            saved = SAVED.decode(content.data)
        except NotPrivateError as problem:
            _warn_once_untrusted(self.path, problem.strerror)
            return self._mine
        except (OSError, ValueError, RecursionError):
            return self._mine
        if content.exposed:
            _warn_once_exposed(self.path)
        ours = (saved.server, saved.client_id) == (self._mine.server, self._mine.client_id)
        if not ours:
            return self._mine
        saved = saved.plausible(time.time())
        return saved if self._trusted else msgspec.structs.replace(saved, access="", refresh="")

    def lock(self) -> bool:
        if not self._usable or self.path is None:
            return True
        try:
            held = acquire_lock(self.path.with_suffix(".lock"))
        except LockTaken:
            return False
        except Exception as problem:  # whatever the library or the disk says: a process can do without the file
            self._give_up(problem)
            return True
        self._held = held
        return True

    def write(self, saved: Saved) -> None:
        """Replace the file, readable by its owner only. The lock must be held."""
        super().write(saved)
        if not self._usable or self.path is None:
            return
        try:
            with replace_file(self.path, self.path.with_suffix(".new")) as file:
                file.write(msgspec.json.encode(saved))
        except (OSError, ValueError) as problem:
            self._give_up(problem)

    def unlock(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            try:
                held.release()
            except Exception as problem:
                self._give_up(problem)

    def _give_up(self, problem: Exception) -> None:
        self._usable = False
        if self.path is not None:
            _warn_once(self.path.parent, getattr(problem, "strerror", None) or str(problem))


class Tokens(Protocol):
    """Where the tokens of many clients are kept."""

    def file(self, server: str, client_id: str) -> Kept:
        """Return the place of one client at one server."""
        ...


class TokenStore:
    """A folder of tokens, one file per server and client id; only its owner can read it.

    ``trusted=False``: a token that is there is not used, but a new one is left there for all, and a refusal counts.
    """

    def __init__(self, folder: str | Path, *, trusted: bool = True) -> None:
        self.folder = expanded(folder)
        self.trusted = trusted

    def file(self, server: str, client_id: str) -> TokenFile:
        """Return the place of one client at one server. Its name tells neither."""
        name = hashlib.sha256(f"{server}\n{client_id}".encode()).hexdigest()[:32]
        return TokenFile(self.folder / f"{name}.json", server, client_id, trusted=self.trusted)

    def __repr__(self) -> str:
        return f"TokenStore({str(self.folder)!r})"


def shared_store(choice: Tokens | str | Path | bool | None, environ: Mapping[str, str]) -> Tokens | None:
    """Find where tokens are kept for other processes; None if they aren't.

    True means `own_store`. It is what clients do unless they choose: two processes that don't share their token end
    each other's (docs/pbx.md, Signing in).
    """
    if choice is None or choice is False:
        return None
    if choice is True:
        return own_store(environ)
    return TokenStore(choice) if isinstance(choice, str | Path) else choice


def own_store(environ: Mapping[str, str]) -> TokenStore | None:
    """Return the folder of ``TRUNKLINE_TOKEN_DIR`` (``off`` for none), else the user's own for such things."""
    folder = environ.get(TOKEN_DIR)
    if folder == "off":
        return None
    if folder:
        return TokenStore(folder)
    own = own_folder("state")
    return TokenStore(own / "tokens") if own is not None else None


@functools.cache
def _warn_once_exposed(file: Path) -> None:
    warnings.warn(
        f"The token in {file} could be read by others on this machine; now only its owner can read it. If you don't "
        "trust them, revoke the API key in the 3CX.",
        ExposedSecret,
        stacklevel=2,
    )


@functools.cache
def _warn_once_untrusted(file: Path, problem: str) -> None:
    log.warning(
        "The token file %s is not used: %s. A new one replaces it where that is possible; choose another folder with "
        "TRUNKLINE_TOKEN_DIR.",
        file,
        problem,
    )


@functools.cache
def _warn_once(folder: Path, problem: str) -> None:
    log.warning(
        "Tokens can't be kept in %s (%s); this process signs in for itself, and ends the token of others that use "
        "the same client id. Choose another folder with TRUNKLINE_TOKEN_DIR, or none with TRUNKLINE_TOKEN_DIR=off.",
        folder,
        problem,
    )
