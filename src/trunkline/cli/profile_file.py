"""Changes to the file of saved connections: other tables, comments and order stay, and it is replaced whole."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

from ..errors import ConfigurationError
from ..profiles import Profile, profiles_file, read_profiles, read_tables
from ..transport.whole import whole

Fields = Mapping[str, str | bool | None]

_HEADER = re.compile(r"\s*\[(?!\[).+\]\s*(#.*)?$")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")


def path() -> Path:
    return profiles_file(os.environ)


def existing(name: str) -> Profile:
    """The profile of that name; ConfigurationError, with the names that there are, if it isn't there."""
    saved = read_profiles(path())
    _must_be_in(saved, name)
    return saved[name]


def in_keyring(profile: Profile) -> bool:
    """Whether the key of a profile is in the system's keyring."""
    return bool(read_tables(path())[profile.name].get("client_secret_keyring"))


def check_name(name: str) -> None:
    """ConfigurationError if a new profile can't be called that: patterns and paths have other characters."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"A profile can't be called {name!r}.", hint="Letters, digits and . _ @ - will do, beginning with no sign."
        )


def change(name: str, fields: Fields | None, *, new: bool = False, default: bool | None = None) -> bool:
    """Set fields of a profile (None takes a field away), or remove it; whether it is the default one now.

    It has to be there, unless ``new``. ``default`` makes it the only default or takes that from it; else it stays what
    it is, and the first of all becomes it. What others have changed meanwhile counts.
    """
    if not new:
        _must_be_in(read_tables(path()), name)
    wanted = False

    def edited(text: str, tables: dict[str, Any]) -> str:
        nonlocal wanted
        if not new:
            _must_be_in(tables, name)
        if fields is None:
            del tables[name]
            return _without(text, name)
        if not isinstance(tables.get(name, {}), Mapping):
            raise ConfigurationError(f"{path()}: {name!r} is no table.", hint=f"A profile is one: {_header(name)}.")
        was = _is_default(tables.get(name))
        wanted = (was or not tables) if default is None else default
        changes = {name: {**fields, **({} if wanted == was else {"default": wanted or None})}}
        if wanted:
            changes |= {each: {"default": None} for each in tables if each != name and _is_default(tables[each])}
        for each, own in changes.items():
            merged = {**tables.get(each, {}), **own}
            tables[each] = {key: value for key, value in merged.items() if value is not None}
            text = _with(text, each, own)
        return text

    _rewrite(edited)
    return wanted


def rename(old: str, new: str) -> None:
    """Give a profile another name. ConfigurationError if it isn't there, or another one is called that."""

    def edited(text: str, tables: dict[str, Any]) -> str:
        _must_be_in(tables, old)
        check_free(tables, new)
        tables[new] = tables.pop(old)
        return _joined([_header(new) if _named(line) == old else line for line in _lines(text)])

    _rewrite(edited)


def check_free(saved: Collection[str], name: str) -> None:
    if name in saved:
        raise ConfigurationError(
            f"There is a profile {name!r} already.", hint=f"`trunkline profiles remove {name}` first."
        )


def _must_be_in(saved: Collection[str], name: str) -> None:
    if name not in saved:
        known = f"There are: {', '.join(saved)}." if saved else f"{path()} has none yet: `trunkline login`."
        raise ConfigurationError(f"No profile is called {name!r}.", hint=known)


def _is_default(table: Any) -> bool:
    return isinstance(table, Mapping) and table.get("default") is True


def _rewrite(edit: Callable[[str, dict[str, Any]], str]) -> None:
    """Let ``edit`` change text and tables alike; the file is replaced only if the new text says what the tables do."""
    import tomllib

    file = path()
    try:
        file = file.resolve()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(file):
            tables = read_tables(file)
            text = edit(file.read_text(encoding="utf-8") if file.exists() else "", tables)
            try:
                agrees = tomllib.loads(text) == tables
            except tomllib.TOMLDecodeError:
                agrees = False
            if not agrees:
                raise ConfigurationError(
                    f"{file} is written in a way that can't be changed here.",
                    hint="Nothing was changed. Give each profile a plain [table] with one field a line, or edit it.",
                )
            with whole(file, file.with_name(f".{file.name}.{token_hex(4)}")) as out:
                out.write(text.encode())
    except OSError as problem:
        raise ConfigurationError(
            f"{file} can't be written ({problem.strerror or problem}).", hint="TRUNKLINE_PROFILES names another file."
        ) from None


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(file.with_name(f"{file.name}.lock"), timeout=10, mode=0o600):
            yield
    except Timeout:
        raise ConfigurationError(f"{file} is being changed by another process.", hint="Try again.") from None


# ── TOML, line by line ──────────────────────────────────────────────────────────────────────────


def _header(name: str) -> str:
    return f"[{name if _BARE.fullmatch(name) else _string(name)}]"


def _string(text: str) -> str:
    """A TOML string. What JSON escapes, TOML does alike, save for DEL, which TOML wants escaped too."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _field(key: str, value: str | bool) -> str:
    return f"{key} = {str(value).lower() if isinstance(value, bool) else _string(value)}"


def _named(line: str) -> str | None:
    """The name of the table that a line begins, or None."""
    import tomllib

    if not _HEADER.match(line):
        return None
    try:
        (name, inner), *_ = tomllib.loads(line).items()
    except (tomllib.TOMLDecodeError, ValueError):
        return None
    return None if inner else name


def _span(lines: list[str], name: str) -> tuple[int, int] | None:
    """Where a table begins, and where it ends: before the comment above the next one, and before empty lines."""
    start = next((n for n, line in enumerate(lines) if _named(line) == name), None)
    if start is None:
        return None
    end = next((n for n in range(start + 1, len(lines)) if _HEADER.match(lines[n])), len(lines))
    if end < len(lines):
        while end > start + 1 and lines[end - 1].lstrip().startswith("#"):
            end -= 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return start, end


def _with(text: str, name: str, fields: Fields) -> str:
    lines = _lines(text)
    span = _span(lines, name)
    if span is None:
        lines += [""] * bool(lines and lines[-1].strip()) + [_header(name)]
        span = len(lines) - 1, len(lines)
    start, end = span
    body = lines[start + 1 : end]
    for key, value in fields.items():
        at = next((n for n, line in enumerate(body) if re.match(rf'\s*["\']?{key}["\']?\s*=', line)), None)
        new = [] if value is None else [_field(key, value)]
        if at is None:
            body += new
        elif not (new and _says(body[at], key, value)):
            body[at : at + 1] = new
    return _joined([*lines[: start + 1], *body, *lines[end:]])


def _says(line: str, key: str, value: object) -> bool:
    """Whether a line says so already; it then stays as it is, comment and all."""
    import tomllib

    try:
        return tomllib.loads(line) == {key: value}
    except tomllib.TOMLDecodeError:
        return False


def _without(text: str, name: str) -> str:
    lines = _lines(text)
    span = _span(lines, name)
    if span is None:
        return text
    start, end = span
    while end < len(lines) and not lines[end].strip():
        end += 1
    return _joined([*lines[:start], *lines[end:]])


def _lines(text: str) -> list[str]:
    """The lines of a text as TOML has them: `splitlines` ends them at characters, too, that may stand in a string."""
    return text.removesuffix("\n").split("\n") if text else []


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
