"""A YAML file as values that know their line, read as YAML 1.2 has it: ``No`` and ``on`` are words, 08:30 is text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import ConfigurationError, Hint, InvalidArgument

LONGEST = 2**18  # characters of a flow
LONGEST_ROWS = 16 * 2**20  # characters of rows in YAML, which take a second for each MB
_LONGEST_MESSAGE = 2_000  # characters
DEEPEST = 100
"""Levels of lists and objects within each other. PyYAML's time grows with their square: 20,000 would take 25 s."""

# The core schema of YAML 1.2, in the order it is tried; anything else is text.
_TAGS: list[tuple[str, re.Pattern[str]]] = [
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("null", re.compile(r"~|null|Null|NULL|")),
    ("int", re.compile(r"[-+]?[0-9]+")),
    ("float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")),
]


class Located(NamedTuple):
    """A value and the line it begins on, the first being 1. Objects and lists hold located values."""

    value: Any
    line: int

    def plain(self) -> Any:
        """Return the value without lines."""
        if isinstance(self.value, dict):
            return {name: inner.plain() for name, inner in self.value.items()}
        if isinstance(self.value, list):
            return [inner.plain() for inner in self.value]
        return self.value


def read(text: str, name: str, *, longest: int = LONGEST) -> Located:
    """Return the one document of a YAML text of at most ``longest`` characters.

    InvalidArgument with file and line for what is not YAML, for a name given twice, for tags, aliases and merge keys,
    and for a text that is too long or nested too deeply; ConfigurationError where the library that reads YAML is not
    installed.
    """
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            "Flows are written in YAML, and nothing here can read it.", hint="pip install 'trunkline[flows]'"
        ) from None
    if len(text) > longest:
        line = text.count("\n", 0, longest) + 1
        raise problem(name, line, f"here it passes {longest:,} characters, and more are not read")
    try:
        return _Reading(name).document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.reader.ReaderError as failed:  # a control character, which no YAML may have
        line = text.count("\n", 0, failed.position) + 1
        raise problem(name, line, f"this is not YAML: {_character(failed.character)} may not stand here") from None
    except yaml.MarkedYAMLError as failed:
        line = failed.problem_mark.line + 1 if failed.problem_mark else 1
        hint = "A value with {{ }}, # or : in it goes into quotes."
        raise problem(name, line, f"this is not YAML: {failed.problem}", hint) from None


def _character(code: int | str) -> str:
    return f"the character U+{code if isinstance(code, int) else ord(code):04X}"


class _Reading:
    """One document, made of PyYAML's events as they come, so that it ends at the first one that is refused."""

    def __init__(self, name: str) -> None:
        self._name = name

    def document(self, events: Iterator[Any]) -> Located:
        """Return the document; InvalidArgument where there is none, or more than one."""
        import yaml

        open_: list[_Open] = []
        root: Located | None = None
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            match event:
                case yaml.AliasEvent():
                    raise problem(self._name, line, "an alias has no place here; write it out")
                case yaml.DocumentStartEvent() if root is not None:
                    raise problem(self._name, line, "a second document begins here, and only one is read")
                case yaml.ScalarEvent() | yaml.CollectionStartEvent() if event.tag is not None:
                    raise problem(self._name, line, f"the tag {event.tag} has no place here")
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    if open_ and open_[-1].wants_name:
                        raise self._nameless(line)
                    if len(open_) == DEEPEST:
                        raise problem(self._name, line, f"this is nested too deeply: {DEEPEST} levels are read")
                    open_.append(_Open(line, {} if isinstance(event, yaml.MappingStartEvent) else []))
                    continue
                case yaml.ScalarEvent():
                    if open_ and open_[-1].wants_name:
                        open_[-1].name = self._field(event, line, open_[-1].value)
                        continue
                    ended = Located(self._scalar(event, line), line)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    last = open_.pop()
                    ended = Located(last.value, last.line)
                case _:
                    continue
            if open_:
                open_[-1].take(ended)
            else:
                root = ended
        if root is None:
            raise InvalidArgument(f"{self._name} is empty.")
        return root

    def _nameless(self, line: int) -> InvalidArgument:
        return problem(self._name, line, "a name must be text", 'A template goes into quotes: "{{ $json.Id }}".')

    def _field(self, event: Any, line: int, fields: Mapping[str, Located]) -> str:
        """Return the name of a field, whatever a value like it would mean: ``on``, ``1``."""
        plain = event.implicit[0]
        if plain and _kind(event.value) == "null":
            raise self._nameless(line)
        if plain and event.value == "<<":
            raise problem(self._name, line, "a merge key has no place here; write the fields out")
        name = _whole(event.value)
        if name in fields:
            raise problem(self._name, line, f"{name} is given twice")
        return name

    def _scalar(self, event: Any, line: int) -> Any:
        text: str = event.value
        match _kind(text) if event.implicit[0] else "str":
            case "bool":
                return text.lower() == "true"
            case "null":
                return None
            case "int":
                try:
                    return int(text)
                except ValueError:  # thousands of digits
                    raise problem(self._name, line, "no number is so long") from None
            case "float":
                if math.isinf(value := float(text)):
                    raise problem(self._name, line, f"no number is as large as {text[:40]}")
                return value
        return _whole(text)


class _Open:
    """An object or a list that has begun. ``name`` is of the field whose value comes next."""

    def __init__(self, line: int, value: dict[str, Located] | list[Located]) -> None:
        self.line = line
        self.value: Any = value
        self.name: str | None = None

    @property
    def wants_name(self) -> bool:
        return isinstance(self.value, dict) and self.name is None

    def take(self, value: Located) -> None:
        if self.name is None:
            self.value.append(value)
        else:
            self.value[self.name] = value
            self.name = None


def _kind(text: str) -> str:
    """Return what a plain scalar is: the last part of its tag."""
    return next((kind for kind, pattern in _TAGS if pattern.fullmatch(text)), "str")


def _whole(text: str) -> str:
    """Text in which the halves that JSON escapes apart are one character again."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if text else text


class Fields:
    """The names of one object, taken one by one; what is left over at the end was unknown."""

    def __init__(self, located: Located, where: str, what: str) -> None:
        if not isinstance(located.value, dict):
            raise problem(where, located.line, f"{what} must have names, such as `name: value`")
        self.where, self.what, self.line = where, what, located.line
        self.left: dict[str, Located] = dict(located.value)
        self.known: list[str] = []

    def take(self, name: str, kind: type | tuple[type, ...] | None = None, described: str = "") -> Any:
        """Return a value without lines, or None where it isn't given."""
        self.known.append(name)
        found = self.left.pop(name, None)
        if found is None:
            return None
        wrong = kind is not None and (
            not isinstance(found.value, kind) or (isinstance(found.value, bool) and kind is not bool)
        )
        if wrong:
            raise problem(self.where, found.line, f"{name} must be {described}, not {found.plain()!r}")
        return found.plain()

    def done(self) -> None:
        """Refuse what was not taken."""
        for name, found in self.left.items():
            known = ", ".join(self.known)
            raise problem(self.where, found.line, f"{self.what} has no {name!r}; it takes {known}")

    def names(self) -> Iterator[str]:
        return iter(self.left)


def problem(where: str, line: int, what: str, hint: Hint | str = "") -> InvalidArgument:
    """Return an error at a line of a file."""
    what = what if len(what) <= _LONGEST_MESSAGE else f"{what[:_LONGEST_MESSAGE]}…"
    end = "" if what.endswith(("?", ".", "…")) else "."
    return InvalidArgument(f"{where}, line {line}: {what}{end}", hint=hint, line=line)
