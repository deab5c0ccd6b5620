"""A stand-in PBX: it answers the 3CX Configuration API as a 3CX does, without one.

    >>> from trunkline_emulator import Emulator, running
    >>> with running(Emulator()) as url:  # doctest: +SKIP
    ...     ...

It reads the catalog and nothing else of Trunkline: paths, literals and query options are read by code of its own, so
that a mistake in the client can't cancel itself out.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Emulator, facts
    from .asking import Answer
    from .journal import Entry
    from .server import Address
    from .tenants import Tenant
    from .tls import Tls
    from .variants import NotAllowed, Variants

__all__ = [
    "Address",
    "Answer",
    "Emulator",
    "Entry",
    "NotAllowed",
    "Tenant",
    "Tls",
    "Variants",
    "facts",
    "fleet",
    "running",
    "serve",
]

# Loaded when they are asked for: the pytest plugin lives here too, and must not slow down who doesn't use it.
_MODULES = {
    "Address": "server",
    "Answer": "asking",
    "Emulator": "app",
    "Entry": "journal",
    "NotAllowed": "variants",
    "Tenant": "tenants",
    "Tls": "tls",
    "Variants": "variants",
    "facts": "app",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    return found


def running(
    emulator: Emulator, port: int = 0, host: str = "127.0.0.1", *, tls: bool | Tls = False
) -> AbstractContextManager[Address]:
    """Serve in a thread while a ``with`` block runs; gives the base address. Port 0 takes any free one.

    ``tls`` True speaks TLS with a certificate made for this; the address has ``ca``, the file to trust. OSError if the
    port is in use or the address is not available.
    """
    from .server import running as run

    return run(emulator, port, host, tls=tls)


def serve(
    emulator: Emulator, host: str, port: int, on_start: Callable[[Address], None], *, tls: bool | Tls = False
) -> None:
    """Serve until Ctrl-C or SIGTERM. ``on_start`` is given the base address once requests are answered.

    OSError if the port is in use or the address is not available.
    """
    from .server import serve as run

    run(emulator, host, [port], lambda addresses: on_start(addresses[0]), tls)


def fleet(count: int, port: int = 0, host: str = "127.0.0.1", **options: Any) -> AbstractContextManager[list[Tenant]]:
    """Many PBXs in one process while a ``with`` block runs, each with a port, a client and a store of its own.

    ``options`` are those of `Emulator`, and ``tls``; ``state`` is a folder. Each has ``url``, ``emulator``,
    ``client_id`` and ``api_key``.
    """
    from .tenants import fleet as run

    return run(count, port, host, **options)
