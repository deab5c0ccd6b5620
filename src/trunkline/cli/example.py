"""A command line of an action as somebody could type it, with made-up values of the right types.

`--dry-run` accepts every one of them; what a PBX has to say to the values is another matter.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

import msgspec

from ..catalog import Action, Catalog, TypeSpec
from ..catalog.names import snake
from ..catalog.secret import SECRET

_VALUES: dict[str, Any] = {
    "Boolean": True,
    "Single": 1.5,
    "Double": 1.5,
    "Decimal": 1.5,
    "Date": "2026-09-01",
    "TimeOfDay": "09:00:00",
    "Duration": "PT30S",
    "Guid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "Any": {},
}
# Text by what its name has in it, the first that fits.
_TEXTS = [
    (r"time_filter", "0:00:0"),  # never null, and no time that filters (docs/pbx.md, Requests)
    (r"mail", "ada@example.com"),
    (r"^mac|mac_?address", "001122334455"),
    (r"time_?zone", "Europe/London"),
    (r"interval", "0:00:30"),
    (r"phone|mobile|business|caller|external", "+442079460123"),
    (r"(number|dns?|dns?_?str|extension)$", "100"),
    (r"first_?name", "Ada"),
    (r"last_?name", "Example"),
    (r"url|link$", "https://www.example.com"),
    (r"fqdn|host|server", "pbx.example.com"),
    (r"ip$|^ip|address", "192.0.2.10"),
    (r"file_?name|path", "greeting.wav"),
    (r"lang", "EN"),
    (r"name", "Sales"),
    (r"text|message|body|prompt|description", "Hello"),
]
_FIRST = (
    *("FirstName", "LastName", "Name", "DisplayName", "Number", "PhoneNumber", "IPAddrMask", "Title", "Description"),
    "Enabled",
)
"""The fields that an example sets if a body has them; else its first ones."""


def example(catalog: Catalog, action: Action) -> str:
    """Return the whole line, quoted for a shell."""
    words = ["trunkline", action.resource.replace("_", "-"), action.verb.replace("_", "-")]
    for parameter in action.parameters:
        value = _text(_value(catalog, parameter.name, parameter.type))
        if parameter.name in action.keys:
            words.append(value)
        elif not parameter.type.nullable:
            words += [_flag(parameter.name), value]
    words += _body(catalog, action)
    spec = action.answer_type
    if action.answer_kind == "list" and spec is not None and "select" in action.query and spec.name in catalog.types:
        plain = [name for name, field in catalog.fields(spec.name).items() if _simple(catalog, field)]
        words += ["--top", "5"] if "top" in action.query else []
        key = [name for name in catalog.key(spec.name) if name in plain]
        words += ["--select", ",".join(dict.fromkeys([*key, *_chosen(plain, 3)]))] if plain else []
    if action.answer_kind == "file":
        words += ["--save", "answer.bin"]
    return shlex.join(words)


def _body(catalog: Catalog, action: Action) -> list[str]:
    if action.kind == "upload":
        return ["--file", "greeting.wav"]
    fields = {name: spec for name, spec in catalog.spec_fields(action.body).items() if name not in action.keys}
    if isinstance(action.body, str):
        key = catalog.key(action.body)
        fields = {name: spec for name, spec in fields.items() if not (name in key and spec.name != "String")}
        if action.kind == "update":
            fields.pop("Number", None)  # a number is given once
        plain = [name for name, spec in fields.items() if _simple(catalog, spec)] or list(fields)
        fields = {name: fields[name] for name in _chosen(plain, 2)}
    words = []
    for name, spec in fields.items():
        words += [_flag(name), _text(_value(catalog, name, spec))]
    # A field whose name an option has taken is spelled otherwise; the body says it in any case.
    taken = {_flag(p.name) for p in action.parameters} | _OWN
    if fields.keys() and not taken.isdisjoint(map(_flag, fields)):
        body = {name: _value(catalog, name, spec) for name, spec in fields.items()}
        return ["--body", msgspec.json.encode(body).decode()]
    return words or (["--body", "{}"] if action.body is not None and action.body_required else [])


_OWN = {
    "--output",
    "--query",
    "--columns",
    "--url",
    "--timeout",
    "--profile",
    "--body",
    "--client-id",
    "--yes",
    "--help",
}


def _chosen(names: list[str], most: int) -> list[str]:
    best = [name for name in _FIRST if name in names]
    return (best or names)[:most]


def _simple(catalog: Catalog, spec: TypeSpec) -> bool:
    return not (spec.collection or spec.navigation or spec.name in catalog.types)


def _flag(name: str) -> str:
    return f"--{snake(name).replace('_', '-')}"


def _value(catalog: Catalog, name: str, spec: TypeSpec) -> Any:
    if spec.name in catalog.enums:
        one: Any = catalog.enum_values(spec.name)[0]
    elif spec.name in catalog.types:
        plain = {field: s for field, s in catalog.fields(spec.name).items() if _simple(catalog, s)}
        one = {field: _value(catalog, field, plain[field]) for field in _chosen(list(plain), 2)}
    elif spec.name == "DateTimeOffset":
        one = "2026-09-30T23:59:59Z" if re.search(r"to|end|until", snake(name)) else "2026-09-01T00:00:00Z"
    elif "Int" in spec.name or spec.name == "Byte":
        one = 10 if spec.name == "Byte" else 0 if name.endswith("Type") else 42
    else:
        one = _VALUES.get(spec.name) if spec.name in _VALUES else _made_up(name, spec)
    return [one] if spec.collection else one


def _made_up(name: str, spec: TypeSpec) -> str:
    spoken = snake(name)
    text = "…" if SECRET.search(name) else next((text for sign, text in _TEXTS if re.search(sign, spoken)), "example")
    return text[: spec.max_length]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
