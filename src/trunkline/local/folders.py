"""The user's own folders, where each system wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..errors import ConfigurationError


def own_folder(kind: Literal["config", "state", "cache"]) -> Path | None:
    """Where this user keeps what Trunkline keeps; None for one without a home.

    That is who runs in a container under a number of which it knows no user, and without HOME.
    """
    import platformdirs  # most runs need none

    of = {
        "config": platformdirs.user_config_path,
        "state": platformdirs.user_state_path,
        "cache": platformdirs.user_cache_path,
    }
    try:
        folder = of[kind]("trunkline", appauthor=False)
    except RuntimeError:  # older ones give a relative path
        return None
    return folder if folder.is_absolute() else None


def expanded(path: str | Path) -> Path:
    """Return a path whose ``~`` is written out; ConfigurationError if nobody knows that home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigurationError(f"The home in {path} is not known.", hint="Write the whole path.") from None
