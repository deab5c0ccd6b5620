"""A call as a command line of `trunkline`, quoted for a POSIX shell. No secret stands in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from ..catalog import Action, Catalog, TypeSpec
from ..catalog.names import snake
from ..catalog.secret import is_masked, masked
from ..odata import OPTIONS

_TAKEN = frozenset(("all", "all-profiles", "api-key", "at-once", "body", "ca-file", "client-id", "client-secret",
    "columns", "curl", "dry-run", "help", "help-all", "if-match", "if-match-anyway", "if-unchanged", "input",
    "insecure", "no-check-version", "no-pager", "outcomes", "output", "profile", "query", "save", "show-secrets",
    "skeleton", "timeout", "unchanged", "url", "yes"))  # fmt: skip
"""Options that every action's command may have; a field that is called like one is spelled ``--field-NAME``."""
_TEXTUAL = ("String", "DateTimeOffset", "Guid", "Duration", "TimeOfDay", "Date", "Binary")


def as_command(catalog: Catalog, action: Action, arguments: Mapping[str, Any], profile: str = "") -> str:
    """Return the command that makes a call. ``profile``: the saved connection; "" for that of the environment.

    A secret that is a field of its own comes from a variable of the shell. One within an object is masked, and the
    command is refused until it is filled in.
    """
    keys: list[str] = []
    words: list[str] = []
    for name in action.params:
        if name not in arguments:
            continue
        text = _quoted(_text(arguments[name]))
        if name in action.keys:
            keys.append(text)
        else:
            words += [_flag(name), text]
    words += _body(catalog, action, arguments.get("body"))
    for name in (*OPTIONS, "if_match"):
        if name in arguments and name not in action.params:
            words += [_flag(name), _quoted(_text(arguments[name]))]
    if arguments.get("if_match_anyway"):
        words.append("--if-match-anyway")
    if profile:
        words += ["--profile", _quoted(profile)]
    if action.answer_kind == "file":
        words += ["--save", "."]
    command = ["trunkline", action.resource.replace("_", "-"), action.verb.replace("_", "-")]
    if any(key.lstrip("'").startswith("-") for key in keys):
        return " ".join([*command, *words, "--", *keys])  # else it would be an option
    return " ".join([*command, *keys, *words])


def _body(catalog: Catalog, action: Action, body: Mapping[str, Any] | None) -> list[str]:
    if body is None:
        return []
    if action.kind == "upload":
        return [word for name, (file, _) in body.items() for word in (_flag(name), _quoted(f"./{file}"))]
    fields = catalog.spec_fields(action.body)
    hidden = masked(dict(body))
    if not body or any(name not in fields or _is_ambiguous(value, fields[name]) for name, value in body.items()):
        return ["--body", _quoted(msgspec.json.encode(hidden).decode())]
    words: list[str] = []
    taken = {f"--{name}" for name in _TAKEN} | _own_options(action)
    for name, spec in fields.items():
        if name in body:
            flag = _flag(name)
            words += [
                f"--field-{flag[2:]}" if flag in taken else flag,
                _value(name, body[name], hidden[name], spec, catalog),
            ]
    return words


def _own_options(action: Action) -> set[str]:
    return {_flag(name) for name in (*action.params, *OPTIONS) if name in action.params or name in action.query}


def _value(name: str, value: Any, hidden: Any, spec: TypeSpec, catalog: Catalog) -> str:
    if is_masked(hidden) and isinstance(value, str):
        return f'"${snake(name).upper()}"'
    if isinstance(value, str) and not spec.collection and (spec.name in _TEXTUAL or spec.name in catalog.enums):
        return _quoted(value)
    return _quoted(msgspec.json.encode(hidden).decode())


def _is_ambiguous(value: Any, spec: TypeSpec) -> bool:
    """Whether an option can't say a value: the text ``null`` of a field that may be null."""
    return value == "null" and spec.nullable


def _flag(name: str) -> str:
    return f"--{snake(name).replace('_', '-')}"


def _quoted(text: str) -> str:
    """Quote a word for a shell: one with single quotes in double ones, where nothing in it is special there."""
    return f'"{text}"' if "'" in text and not set('"$`\\!\n') & set(text) else shlex.quote(text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
