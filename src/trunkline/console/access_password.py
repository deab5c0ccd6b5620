"""The console's password: kept as a bcrypt hash in a file that only its owner reads, and slow to guess."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

import bcrypt

from ..connections.profiles import profiles_file
from ..errors import ConfigurationError, InvalidArgument
from ..local.atomic import replace_file

SHORTEST = 12
"""Characters that a password has at least."""
_LONGEST = 72  # bytes: bcrypt reads no more (its own limit)
_FREE = 3  # wrong tries that cost no wait: people mistype
_LONGEST_WAIT = 300.0
_REMEMBERED = 10_000  # addresses


def password_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the hash is kept: beside the saved connections."""
    return profiles_file(environ).with_name("console-password")


def save_password(password: str, file: Path) -> None:
    """Keep the hash of a password.

    Raises:
        InvalidArgument: it is too short or too long.
        ConfigurationError: the file can't be written.
    """
    if len(password) < SHORTEST:
        raise InvalidArgument(f"The password has {len(password)} characters; it needs {SHORTEST} or more.")
    if len(password.encode()) > _LONGEST:
        raise InvalidArgument(f"The password is longer than {_LONGEST} bytes.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replace_file(file) as new:
            new.write(bcrypt.hashpw(password.encode(), bcrypt.gensalt()) + b"\n")
    except OSError as problem:
        raise ConfigurationError(f"The password can't be kept in {file}: {problem.strerror}.") from problem


class Password:
    """Checks a password, one try at a time. After three wrong ones an address waits longer and longer.

    ``clock`` gives seconds.
    """

    def __init__(self, hashed: bytes, clock: Callable[[], float] = monotonic) -> None:
        self._hashed = hashed
        self._clock = clock
        self._turn = asyncio.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}  # tries, and when the next one is allowed

    @classmethod
    def read(cls, file: Path) -> Password:
        """Read the hash. Raises ConfigurationError where there is none, or it can't be read."""
        try:
            hashed = file.read_bytes().strip()
        except FileNotFoundError:
            raise ConfigurationError("The console has no password yet.", hint="Set one first.") from None
        except OSError as problem:
            raise ConfigurationError(f"The password in {file} can't be read: {problem.strerror}.") from None
        try:
            bcrypt.checkpw(b"", hashed)
        except ValueError:
            raise ConfigurationError(f"{file} does not hold the hash of a password.", hint="Set it again.") from None
        return cls(hashed)

    def wait(self, address: str) -> float:
        """Return how many seconds an address has to wait before its next try."""
        return max(0.0, self._wrong.get(_network(address), (0, 0.0))[1] - self._clock())

    async def check(self, password: str, address: str) -> bool:
        """Whether a password is right; False as well while the address has to wait."""
        async with self._turn:  # also bounds what guessing costs this machine
            if self.wait(address):
                return False
            tried = password.encode()
            is_right = len(tried) <= _LONGEST and await asyncio.to_thread(bcrypt.checkpw, tried, self._hashed)
            self._note(_network(address), is_right=is_right)
            return is_right

    def _note(self, network: str, *, is_right: bool) -> None:
        tries = self._wrong.pop(network, (0, 0.0))[0] + 1
        if is_right:
            return
        wait = min(2.0 ** (tries - _FREE), _LONGEST_WAIT) if tries >= _FREE else 0.0
        self._wrong[network] = tries, self._clock() + wait
        if len(self._wrong) > _REMEMBERED:
            del self._wrong[next(iter(self._wrong))]


def _network(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the 64 bits that one IPv6 customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return parsed.exploded[:19] if parsed.version == 6 else address
