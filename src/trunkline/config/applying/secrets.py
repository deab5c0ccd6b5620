"""Where the values of secrets come from when a plan is applied: a file, the environment, a keyring.

A secret that none of them has is left as it is on the PBX. A value is asked for when its request is made, and is kept
nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError, Hint, InvalidArgument
from ...local.private_files import read_private
from ...redaction import remember

LARGEST = 4 * 1024 * 1024
"""Bytes of a file of secrets."""
DEEPEST = 16
"""Levels of mappings in a file of secrets."""
PREFIX = "TRUNKLINE_SECRET_"

Find = Callable[[str], str | None]
"""Gives the value of a secret by its path, None where it has none."""


class SecretSource:
    """The secrets that are given, by path. The first place that has one is asked.

    source = SecretSource(Path("acme.secrets.yaml"), os.environ)
    source("users/100/AuthPassword")
    """

    def __init__(self, file: Path | None = None, environ: Mapping[str, str] | None = None, *more: Find) -> None:
        """Take the secrets of a file, then of an environment, then of other places such as a keyring.

        Raises:
            ConfigurationError: the file can't be read, or others can read it.
            InvalidArgument: it is not a file of secrets.
        """
        self._environ = environ or {}
        self._places: list[Find] = [from_environment(self._environ), *more]
        self.names: frozenset[str] = frozenset()
        """The paths of the secrets that the file has."""
        if file is not None:
            secrets = read_secrets(file)
            self._places.insert(0, secrets.get)
            self.names = frozenset(secrets)

    def __call__(self, path: str) -> str | None:
        """Return the value of a secret, None where no place has it."""
        for find in self._places:
            if value := find(path):
                remember(value)
                return value
        return None

    def has(self, path: str) -> bool:
        """Whether a secret is given."""
        return self(path) is not None

    def check(self, paths: Iterable[str]) -> None:
        """Refuse an environment variable that stands for several secrets. Raises InvalidArgument."""
        named: dict[str, str] = {}
        for path in dict.fromkeys(paths):
            name = variable(path)
            if name in self._environ and (first := named.setdefault(name, path)) != path:
                raise InvalidArgument(
                    f"{name} would be both {first} and {path}.",
                    hint=Hint("Nothing was sent. Give these secrets in a file.", arguments={"secrets": "FILE"}),
                )

    def __repr__(self) -> str:
        return f"<secrets of {len(self._places)} places>"


def variable(path: str) -> str:
    """Return the environment variable of a secret: ``TRUNKLINE_SECRET_USERS_100_AUTHPASSWORD``."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", path.upper())


def from_environment(environ: Mapping[str, str]) -> Find:
    """Find secrets in environment variables (`variable`)."""
    return lambda path: environ.get(variable(path)) or None


def read_secrets(file: Path) -> dict[str, str]:
    """Return the secrets of a YAML file by path.

    A line is ``users/100/AuthPassword: …``, or there are mappings within each other. All values are text.

    Raises:
        ConfigurationError: it can't be read, or others than its owner can read it.
        InvalidArgument: it is not a file of secrets.
    """
    try:
        content = read_private(file, pipes=True, largest=LARGEST)
    except OSError as problem:
        raise ConfigurationError(
            f"The secrets in {file} can't be read: {problem.strerror or type(problem).__name__}.",
            hint="Nothing was sent. Check the path, and that this user may read it.",
        ) from None
    if content.exposed:
        raise ConfigurationError(
            f"The secrets in {file} can be read by others on this machine.",
            hint=f"Nothing was sent. chmod 600 {file}",
        )
    return dict(_secrets(file, _document(file, content.data)))


def _document(file: Path, data: bytes) -> Any:
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            "Files of secrets are written in YAML, and nothing here can read it.",
            hint="pip install 'trunkline[config]'",
        ) from None
    try:
        text = data.decode("utf-8-sig")
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):  # its time grows with the square of the depth
            if isinstance(event, yaml.AliasEvent):
                raise _wrong(file, "it has an alias")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                mark = event.start_mark
                raise _wrong(file, f"line {mark.line + 1} is nested too deeply" if mark else "it is nested too deeply")
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it only makes text, so that 0123 stays that
    except UnicodeDecodeError:
        raise _wrong(file, "it is not a text in UTF-8") from None
    except (yaml.YAMLError, RecursionError) as problem:  # its message may quote a secret
        mark = getattr(problem, "problem_mark", None)
        raise _wrong(file, f"line {mark.line + 1} is not YAML" if mark else "it is not YAML") from None


def _secrets(file: Path, value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    if value in (None, "") and not path:
        return
    if isinstance(value, dict):
        if depth >= DEEPEST:
            raise _wrong(file, f"{path} is nested too deeply")
        for name, inner in value.items():
            yield from _secrets(file, inner, f"{path}/{name}".removeprefix("/"), depth + 1)
    elif isinstance(value, str) and path:
        yield path, value
    else:
        raise _wrong(file, f"{path or 'it'} is not a mapping of names to texts")


def _wrong(file: Path, why: str) -> InvalidArgument:
    return InvalidArgument(
        f"{file} is not a file of secrets: {why}.",
        hint="Nothing was sent. Write a line for each secret, such as users/100/AuthPassword: followed by its value.",
    )
