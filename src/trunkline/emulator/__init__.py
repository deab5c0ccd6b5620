"""A stand-in PBX: it answers the 3CX Configuration API as a 3CX does, without one.

    >>> from trunkline.emulator import Emulator, running
    >>> with running(Emulator()) as url:  # doctest: +SKIP
    ...     ...

It reads the catalog and nothing else of Trunkline: paths, literals and query options are read by code of its own, so
that a mistake in the client can't cancel itself out.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from .app import Emulator, levels
from .journal import Entry
from .variants import NotAllowed, Variants

__all__ = ["Emulator", "Entry", "NotAllowed", "Variants", "levels", "running", "serve"]


def running(emulator: Emulator, port: int = 0, host: str = "127.0.0.1") -> AbstractContextManager[str]:
    """Serve in a thread while a ``with`` block runs; gives the base address. Port 0 takes any free one.

    OSError if the port is in use or the address can't be had.
    """
    from .server import running as run

    return run(emulator, port, host)


def serve(emulator: Emulator, host: str, port: int, on_start: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. ``on_start`` is given the base address once requests are answered.

    OSError if the port is in use or the address can't be had.
    """
    from .server import serve as run

    run(emulator, host, port, on_start)
