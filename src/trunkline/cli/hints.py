"""Hints as this surface spells them: a command of the shell, or an option of the command that failed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ..errors import COMMANDS, Hint, TrunklineError
from ..printable import printable
from ..redaction import redacted

_KEPT = ("--profile", "--url", "--client-id", "--ca-file")  # never the key
_OPTIONS = {
    "confirm": ("--yes", "--plan"),
    "check_version": ("--check-version", "--no-check-version"),
    "ignored": ("--ignore-column", ""),
    "renamed": ("--map", ""),
    "start": ("--from", ""),
    "to": ("--save", ""),
    "verify": ("--ca-file", "--insecure"),
}
"""How Python's names are spelled where the option has another: with a value, and for False."""


def spelled(hint: Hint, argv: Sequence[str] = ()) -> str:
    """Return a hint with its command, which reaches the same PBX as ``argv``, the command line that failed."""
    if hint.action:
        code = f"`{' '.join(map(shlex.quote, _command(hint, argv)))}`"
    else:
        options = (" ".join(map(shlex.quote, _option(name, value))) for name, value in hint.arguments.items())
        code = " or ".join(f"`{option}`" for option in options)
    return redacted(printable(hint.spelled(code)))


def explained(error: TrunklineError) -> str:
    """Return an error in one line: what happened, and what to do next."""
    return f"{redacted(printable(error.message))} {spelled(error.hint)}".rstrip()


def _command(hint: Hint, argv: Sequence[str]) -> Iterator[str]:
    yield "trunkline"
    if hint.action not in COMMANDS or hint.action == "doctor":
        yield from _connection(argv)
    yield from hint.action.replace("_", "-").split(".")
    positional = _positional(hint.action)
    for name, value in hint.arguments.items():
        yield from [str(value)] if name in positional else _option(name, value)


def _positional(action: str) -> Sequence[str]:
    if action in COMMANDS:
        return ("action", "name", "words")
    from ..catalog import load

    return [parameter.name for parameter in load().action(action).parameters]


def _option(name: str, value: Any) -> list[str]:
    plain = f"--{name.replace('_', '-')}"
    positive, negative = _OPTIONS.get(name, (plain, f"--no-{plain[2:]}"))
    if isinstance(value, bool):
        return [positive if value else negative]
    return [positive, msgspec.json.encode(value).decode() if isinstance(value, Mapping | list) else str(value)]


def _connection(argv: Sequence[str]) -> Iterator[str]:
    for option, following in zip(argv, [*argv[1:], ""], strict=False):
        name, equals, value = option.partition("=")
        if name in _KEPT:
            yield from (name, value if equals else following)
        elif option == "--insecure":
            yield option
