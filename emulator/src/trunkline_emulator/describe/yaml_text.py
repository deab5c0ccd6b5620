"""JSON-like content as YAML: block style, every text in double quotes, so that no reader takes ``No`` for false."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

# What neither YAML 1.1 nor 1.2 reads as anything but text.
_PLAIN_KEY = re.compile(r"\$?[A-Za-z_][\w.\-]{2,}")
_NO_TEXT = frozenset({"true", "false", "null", "yes", "off", "True", "False", "Null", "Yes", "Off"})


def write(content: Mapping[str, Any]) -> bytes:
    return "".join(f"{line}\n" for line in _mapping(content, "")).encode()


def _mapping(content: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in content.items():
        key = name if _PLAIN_KEY.fullmatch(name) and name not in _NO_TEXT else _scalar(name)
        yield from _entry(f"{indent}{key}:", value, indent)


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield start
        yield from _mapping(value, f"{indent}  ")
    elif isinstance(value, list) and value:
        yield start
        for item in value:
            yield from _item(item, f"{indent}  ")
    else:
        yield f"{start} {_scalar(value)}"


def _item(value: Any, indent: str) -> Iterator[str]:
    """Yield a list's item: the dash stands where the first line of a mapping is indented."""
    if not isinstance(value, dict) or not value:
        yield f"{indent}- {_scalar(value)}"
        return
    first, *rest = _mapping(value, f"{indent}  ")
    yield f"{indent}- {first.lstrip()}"
    yield from rest


def _scalar(value: Any) -> str:
    return msgspec.json.encode(value).decode()
