"""A call as a few lines of Python that run as they are. No secret stands in them."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from ..catalog import Action
from ..catalog.names import snake
from ..catalog.secret import HELD, is_masked, masked

_WIDTH = 100


def as_python(action: Action, arguments: Mapping[str, Any], url: str, profile: str = "") -> str:
    """Return the lines that make a call. ``profile``: the saved connection, else ``url`` and the environment.

    Secrets come from variables of the environment, each called like its field.
    """
    written = [_written_call(action, arguments), *_after(action)]
    code = "\n".join(f"    {line}" for part in written for line in part.split("\n"))
    if profile:
        connection = f"Target.saved({_quoted(_pattern(profile))})[0].open()"
    else:
        names = "TRUNKLINE_CLIENT_ID", "TRUNKLINE_CLIENT_SECRET"
        connection = f"Pbx({_quoted(url)}, {', '.join(map(_variable, names))})"
    body = f"with {connection} as pbx:\n{code}\n"
    standard = [f"{line}\n" for line, used in _IMPORTS.items() if used in body]
    ours = f"from trunkline import {'Target' if profile else 'Pbx'}\n"
    return "\n".join(filter(None, ["".join(standard), ours, body]))


_IMPORTS = {"import os": "os.environ", "from pathlib import Path": "Path("}


def _pattern(profile: str) -> str:
    """Return the pattern that means this profile alone, whatever is in its name."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in profile)


def _written_call(action: Action, arguments: Mapping[str, Any]) -> str:
    hidden = masked(dict(arguments))
    # A superseded form has no method, nor has one that is called like a word of the language.
    is_plain = "@" not in action.id and not any(map(keyword.iskeyword, (action.resource, action.verb)))
    given = [] if is_plain else [_quoted(action.id)]
    for name, value in arguments.items():
        spelled = snake(name) if is_plain else name
        given.append(f"{spelled}={_literal(value, hidden[name], name, 4)}")
    if action.answer_kind == "file":
        given.append('to="."')
    function = f"pbx.{action.id}" if is_plain else "pbx.call"
    before, after = {"list": ("for row in ", ":"), "none": ("", ""), "file": ("saved = ", "")}.get(
        action.answer_kind, ("answer = ", "")
    )
    line = f"{before}{function}({', '.join(given)}){after}"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    inner = "\n".join(f"    {each}," for each in given)
    return f"{before}{function}(\n{inner}\n){after}"


def _after(action: Action) -> list[str]:
    """Return the lines that use an answer."""
    match action.answer_kind:
        case "list":
            return ["    print(row)"]
        case "none":
            return []
        case "file":
            return ["print(saved.path)"]
    return ["print(answer)"]


def _literal(value: Any, hidden: Any, name: str, indent: int) -> str:
    if isinstance(value, str) and is_masked(hidden):
        return _variable(snake(name).upper())
    if isinstance(value, tuple):  # a file to upload: its name and its content
        return f"Path({_quoted(value[0])})"
    if isinstance(value, Mapping):
        parts = [
            f"{_quoted(key)}: {_literal(each, hidden[key], name if key in HELD else key, indent + 4)}"
            for key, each in value.items()
        ]
        return _enclosed("{", parts, "}", indent)
    if isinstance(value, list):
        inner = [_literal(each, masked_one, name, indent + 4) for each, masked_one in zip(value, hidden, strict=True)]
        return _enclosed("[", inner, "]", indent)
    return _quoted(value) if isinstance(value, str) else repr(value)


def _variable(name: str) -> str:
    return f'os.environ["{name}"]'


def _quoted(text: str) -> str:
    """Return a literal of Python, in double quotes where nothing in the text has to be escaped for them."""
    literal = repr(text)
    return literal if '"' in literal else f'"{literal[1:-1]}"'


def _enclosed(start: str, parts: list[str], end: str, indent: int) -> str:
    line = f"{start}{', '.join(parts)}{end}"
    if len(line) + indent <= _WIDTH and "\n" not in line:
        return line
    space = " " * indent
    inner = "".join(f"{space}    {part},\n" for part in parts)
    return f"{start}\n{inner}{space}{end}"
