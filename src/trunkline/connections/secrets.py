"""Where an API key comes from, if not from an argument: the environment, a file, the system's keyring.

Each gives a function to put in place of the key. It is asked at each sign-in, so a key that was changed is found
without a new start, and nothing holds it that could show it.

    Pbx("https://pbx.example.com", "client-id", from_keyring("trunkline", "client-id"))
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from ..errors import ConfigurationError
from ..local.folders import expanded
from ..local.private_files import ExposedSecret, read_private, warn_if_exposed
from ..redaction import remember

__all__ = ["ExposedSecret", "Source", "from_environment", "from_file", "from_keyring"]


class Source:
    """A place that has a secret; called, it gives it. Its repr names the place."""

    def __init__(self, place: str, read: Callable[[], str | None], hint: str) -> None:
        self.place = place
        self._read = read
        self._hint = hint

    def __call__(self) -> str:
        """Return the secret, without spaces around it. Raises ConfigurationError if the place has none."""
        secret = self._read()
        secret = secret.strip() if isinstance(secret, str) else ""
        if not secret:
            raise ConfigurationError(f"There is no API key in {self.place}.", hint=self._hint)
        remember(secret)
        return secret

    def __repr__(self) -> str:
        return f"<API key in {self.place}>"


def from_environment(variable: str = "TRUNKLINE_CLIENT_SECRET", environ: Mapping[str, str] = os.environ) -> Source:
    """Return the API key in an environment variable."""
    if variable in environ or re.fullmatch(r"[A-Za-z]\w{0,30}_\w{1,30}", variable):
        place, hint = f"the environment variable {variable}", f"Set {variable}."
    else:  # it may be the key itself, given in place of a name
        remember(variable)
        place, hint = "the environment variable that was named", "Give the name of a variable, not the key."
    return Source(place, lambda: environ.get(variable), hint)


def from_file(path: str | Path) -> Source:
    """Return the API key in a file of its own, such as one that Docker, Kubernetes or systemd hands to a service.

    Warns (ExposedSecret) if others can read the file; Windows keeps no such record, so it is not asked there.
    """
    file = expanded(path)
    warn_if_exposed(file)
    place = str(file)
    if not _is_path(path, file):
        remember(str(path))
        place = "the file that was named"

    def read() -> str:
        try:
            return read_private(file, pipes=True).data.decode("utf-8-sig")
        except OSError as problem:
            raise ConfigurationError(
                f"The API key in {place} can't be read ({problem.strerror or type(problem).__name__}).",
                hint="Check the path, and that this user may read it. It is the path of a file, not the key.",
            ) from None
        except UnicodeDecodeError:
            raise ConfigurationError(
                f"{place} is not a text in UTF-8, so it has no API key.", hint="Check the path and the encoding."
            ) from None

    return Source(place, read, "The file should have the key in it and nothing else.")


def _is_path(given: str | Path, file: Path) -> bool:
    """Whether what was given as a path looks like one, even if nothing is there: else it may be the key itself."""
    text = str(given)
    if isinstance(given, Path) or text.startswith(("/", "./", "../", "~", "\\")) or 0 < len(file.suffix) <= 5:
        return True
    with suppress(OSError, ValueError):  # such as a name that is too long for one
        return file.exists() or (file.parent != Path() and file.parent.is_dir() and len(Path(text).parts) > 1)
    return False


def from_keyring(service: str, name: str) -> Source:
    """Read the API key from the keyring: Windows Credential Locker, macOS Keychain, Secret Service or KWallet."""
    if find_spec("keyring") is None:
        raise ConfigurationError("keyring is not installed.", hint="pip install 'trunkline[keyring]'")

    def read() -> str | None:
        try:
            import keyring  # some 100 ms with its backends

            return keyring.get_password(service, name)
        except Exception as problem:  # backends raise what their system's library does
            raise ConfigurationError(
                f"The keyring can't be read ({type(problem).__name__}).",
                hint="Unlock it; on a server without one use from_file or from_environment.",
            ) from None

    return Source(f"the keyring, {service} / {name}", read, f"Put it there: keyring set {service} {name}")
