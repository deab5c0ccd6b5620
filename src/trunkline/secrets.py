"""Where an API key comes from, if not from an argument: the environment, a file, the system's keyring.

Each gives a function to put in place of the key. It is asked at each sign-in, so a key that was changed is found
without a new start, and nothing holds it that could show it.

    Pbx("https://pbx.example.com", "client-id", from_keyring("trunkline", "client-id"))
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from .errors import ConfigurationError
from .folders import expanded
from .transport.private_files import ExposedSecret, read_private, warn_if_exposed

__all__ = ["ExposedSecret", "Source", "from_environment", "from_file", "from_keyring"]


class Source:
    """A place that has a secret; called, it gives it. Its repr names the place."""

    def __init__(self, place: str, read: Callable[[], str | None], hint: str) -> None:
        self.place = place
        self._read = read
        self._hint = hint

    def __call__(self) -> str:
        """The secret, without spaces around it. Raises ConfigurationError if the place has none."""
        secret = self._read()
        secret = secret.strip() if isinstance(secret, str) else ""
        if not secret:
            raise ConfigurationError(f"There is no API key in {self.place}.", hint=self._hint)
        return secret

    def __repr__(self) -> str:
        return f"<API key in {self.place}>"


def from_environment(variable: str = "TRUNKLINE_CLIENT_SECRET", environ: Mapping[str, str] = os.environ) -> Source:
    """The API key in an environment variable."""
    return Source(f"the environment variable {variable}", lambda: environ.get(variable), f"Set {variable}.")


def from_file(path: str | Path) -> Source:
    """The API key in a file of its own, such as one that Docker, Kubernetes or systemd hands to a service.

    Warns (ExposedSecret) if others can read the file; Windows keeps no such record, so it is not asked there.
    """
    file = expanded(path)
    warn_if_exposed(file)

    def read() -> str:
        try:
            return read_private(file, pipes=True).data.decode("utf-8-sig")
        except OSError as problem:
            raise ConfigurationError(
                f"The API key in {file} can't be read ({problem.strerror or type(problem).__name__}).",
                hint="Check the path, and that this user may read it.",
            ) from None
        except UnicodeDecodeError:
            raise ConfigurationError(
                f"{file} is not a text in UTF-8, so it has no API key.", hint="Check the path and the encoding."
            ) from None

    return Source(str(file), read, "The file should have the key in it and nothing else.")


def from_keyring(service: str, name: str) -> Source:
    """The API key in the system's keyring: Windows Credential Locker, macOS Keychain, Secret Service, KWallet."""
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
