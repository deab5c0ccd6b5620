"""The web config file as it is now. Prometheus' own exporters read theirs again for each request."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import ConfigurationError
from .web_config import WebConfig, read_web_config


class CurrentConfig:
    """A web config file that is read again once it, or a file that it names, has changed.

    Another certificate counts for the next connection, users and headers for the next request. Raises
    ConfigurationError where the file can't be used at the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.first = self._latest = read_web_config(path)
        self._stamps = _stamps((path, *self._latest.files))
        self._problem: ConfigurationError | None = None
        if self.first.context is not None:
            self.first.context.sni_callback = self._use_current

    def read(self) -> WebConfig:
        """Return what the file says now.

        Raises ConfigurationError where it can't be used any more, and where it changes what is fixed at the start:
        whether there is TLS, which versions, and whether clients need certificates.
        """
        stamps = _stamps((self._path, *self._latest.files))
        if stamps != self._stamps:
            self._stamps, self._problem = stamps, None
            try:
                self._latest = self._checked(read_web_config(self._path))
                self._stamps = _stamps((self._path, *self._latest.files))
            except ConfigurationError as problem:
                self._problem = problem
        if self._problem is not None:
            raise self._problem
        return self._latest

    def _checked(self, config: WebConfig) -> WebConfig:
        if _fixed(config.context) != _fixed(self.first.context):
            raise ConfigurationError(
                f"The web config file {self._path} changes whether there is TLS, its versions, or whom it lets in.",
                hint="Start the exporter again.",
            )
        return config

    def _use_current(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Begin a connection with the certificate that the file names now."""
        with suppress(ConfigurationError):  # its requests are refused with the reason
            self.read()
        if self._latest.context is not None:
            connection.context = self._latest.context


def _fixed(context: ssl.SSLContext | None) -> object:
    return context and (context.verify_mode, context.minimum_version, context.maximum_version)


def _stamps(paths: Iterable[Path]) -> list[tuple[int, int, int] | None]:
    """Tell apart what the files were: None for one that is not there."""
    stamps: list[tuple[int, int, int] | None] = []
    for path in paths:
        try:
            found = path.stat()
            stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
        except OSError:
            stamps.append(None)
    return stamps
