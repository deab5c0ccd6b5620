"""Fields in file form as YAML text: the same for the same fields, and the same in every reader of YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..model import Secret
from .document import SECRET
from .values import escaped

STEP = "  "
_PLAIN = re.compile(r"[^\W\d_][\w ./@&+()'*-]*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"])
"""What some readers of YAML take for something else than a text, in any case."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def text(fields: Mapping[str, Any]) -> str:
    """Return an object as the text of a file."""
    return "".join(f"{line}\n" for line in lines(fields)) or "{}\n"


def lines(fields: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield the lines of an object, without line ends."""
    for name, value in fields.items():
        yield from entry(f"{indent}{quoted(escaped(name))}:", value, indent)


def entry(head: str, value: Any, indent: str) -> Iterator[str]:
    """Yield the lines of a value behind what stands before it, such as ``Name:``."""
    if isinstance(value, Mapping) and value:
        yield head
        yield from lines(value, f"{indent}{STEP}")
    elif isinstance(value, list) and value:
        yield head
        yield from elements(value, f"{indent}{STEP}")
    elif isinstance(value, str) and is_block(value):
        yield f"{head} {'|' if value.endswith(chr(10)) else '|-'}"
        for line in escaped(value).removesuffix("\n").split("\n"):
            yield f"{indent}{STEP}{line}" if line else ""
    else:
        yield f"{head} {scalar(value)}"


def elements(values: list[Any], indent: str) -> Iterator[str]:
    """Yield the lines of the elements of a list."""
    for value in values:
        if isinstance(value, Mapping | list) and value:
            inner = f"{indent}{STEP}"
            first, *rest = lines(value, inner) if isinstance(value, Mapping) else elements(value, inner)
            yield f"{indent}- {first[len(inner) :]}"
            yield from rest
        else:
            yield from entry(f"{indent}-", value, indent)


def flow(value: Any) -> str:
    """Return a value on one line, as ``[a, b]`` or ``{Name: a}``."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{quoted(escaped(name))}: {flow(inner)}' for name, inner in value.items())}}}"
    return f"[{', '.join(map(flow, value))}]" if isinstance(value, list) else scalar(value)


def scalar(value: Any) -> str:
    """Return a value that is neither a list nor an object with something in it, on one line."""
    if isinstance(value, Secret):
        return f"{SECRET} {quoted(escaped(value.path))}"
    if isinstance(value, str):
        return quoted(escaped(value))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, list) else str(value)


def quoted(text: str) -> str:
    """Return a text in quotes where a reader of YAML could take it for something else."""
    if is_plain(text):
        return text
    return f'"{"".join(_character(each) for each in text)}"'


def is_plain(text: str) -> bool:
    """Whether a text needs no quotes."""
    return bool(_PLAIN.fullmatch(text)) and text[-1] != " " and text.lower() not in _WORDS and text.isprintable()


def is_block(text: str) -> bool:
    """Whether a text is written line by line: it has several, and an editor would keep them as they are."""
    body = text.removesuffix("\n")
    return (
        "\n" in body
        and not body.startswith((" ", "\n"))
        and not body.endswith("\n")
        and all(line.isprintable() and not line.endswith(" ") for line in body.split("\n"))
    )


def _character(each: str) -> str:
    if each in _ESCAPES:
        return _ESCAPES[each]
    if each.isprintable():
        return each
    code = ord(each)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
