"""How many files and connections a process may have open at once."""

from __future__ import annotations

from contextlib import suppress

_ENOUGH = 65_536


def allow_many() -> None:
    """As many as the system lets this user have: shells start processes with fewer, 1,024 on most Linux systems."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # macOS may allow fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
