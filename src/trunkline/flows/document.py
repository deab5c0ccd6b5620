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
NULLS = frozenset(("", "~", "null", "Null", "NULL"))
"""How YAML 1.2 writes nothing."""
_TABBED = re.compile(r" *\t")
_TAB_HINT = "indent with spaces"
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
    located: Located = Reading(name).read(text, longest)
    return located


def _character(code: int | str) -> str:
    return f"the character U+{code if isinstance(code, int) else ord(code):04X}"


class Reading:
    """One document, made of PyYAML's events as they come, so that it ends at the first one that is refused.

    What else is written in YAML makes its own values of it: a subclass says which tags a scalar may have, and what
    becomes of a scalar and of its place.
    """

    what, extra = "Flows are", "flows"
    text_hint = "A value with {{ }}, # or : in it goes into quotes."
    name_hint = 'A template goes into quotes: "{{ $json.Id }}".'
    tags: frozenset[str] = frozenset()
    is_fast = False
    """Whether libyaml reads it, twenty times faster, where PyYAML has it; its messages are shorter."""

    def __init__(self, name: str) -> None:
        self.name = name

    def problem(self, line: int, what: str, hint: str = "") -> InvalidArgument:
        """Return the error of a line."""
        return problem(self.name, line, what, hint)

    def nothing(self) -> Any:
        """Return the value of a text without a document."""
        raise InvalidArgument(f"{self.name} is empty.")

    def located(self, value: Any, line: int) -> Any:
        """Return a value with its line."""
        return Located(value, line)

    def scalar(self, event: Any, line: int) -> Any:
        """Return the value of a scalar."""
        text: str = event.value
        match core_kind(text) if event.implicit[0] else "str":
            case "bool":
                return text.lower() == "true"
            case "null":
                return None
            case "int":
                try:
                    return int(text)
                except ValueError:  # thousands of digits
                    raise self.problem(line, "no number is so long") from None
            case "float":
                if math.isinf(value := float(text)):
                    raise self.problem(line, f"no number is as large as {text[:40]}")
                return value
        return whole(text)

    def read(self, text: str, longest: int) -> Any:
        """Return the one document of a text of at most ``longest`` characters. Raises as the function `read` does."""
        try:
            import yaml
        except ImportError:
            raise ConfigurationError(
                f"{self.what} written in YAML, and nothing here can read it.",
                hint=f"pip install 'trunkline[{self.extra}]'",
            ) from None
        if len(text) > longest:
            line = text.count("\n", 0, longest) + 1
            raise self.problem(line, f"here it passes {longest:,} characters, and more are not read")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if self.is_fast else yaml.SafeLoader
        try:
            return self._document(yaml.parse(text, Loader=loader))
        except yaml.reader.ReaderError as failed:  # a control character, which no YAML may have
            position = max(failed.position, 0)
            line = text.count("\n", 0, position) + 1
            raise self.problem(line, f"this is not YAML: {_character(failed.character)} may not stand here") from None
        except yaml.MarkedYAMLError as failed:
            line = failed.problem_mark.line + 1 if failed.problem_mark else 1
            if any(map(_TABBED.match, text.splitlines()[line - 1 : line])):
                raise self.problem(line, "this is not YAML: a tab is in front of this line", _TAB_HINT) from None
            raise self.problem(line, f"this is not YAML: {failed.problem}", self.text_hint) from None

    def _document(self, events: Iterator[Any]) -> Any:
        """Return the document; InvalidArgument where there is none, or more than one."""
        import yaml

        open_: list[_Open] = []
        top: _Open | None = None
        root: Any = None
        scalar, starts = yaml.ScalarEvent, (yaml.MappingStartEvent, yaml.SequenceStartEvent)
        ends = yaml.MappingEndEvent, yaml.SequenceEndEvent
        for event in events:
            kind = type(event)  # large files are mostly scalars, and patterns of classes cost as much as the rest
            mark = event.start_mark
            line = mark.line + 1 if mark else 1
            wants_name = top is not None and top.is_object and top.name is None
            if kind is scalar:
                if event.tag is not None and (wants_name or event.tag not in self.tags):
                    raise self._tagged(event, line)
                if wants_name:
                    assert top is not None  # noqa: S101 (for the type checker)
                    top.name = self._field(event, line, top.value)
                    continue
                ended = self.located(self.scalar(event, line), line)
            elif kind in ends:
                last = open_.pop()
                top = open_[-1] if open_ else None
                ended = self.located(last.value, last.line)
            elif kind in starts:
                if event.tag is not None:
                    raise self._tagged(event, line)
                if wants_name:
                    raise self._nameless(line)
                if len(open_) == DEEPEST:
                    raise self.problem(line, f"this is nested too deeply: {DEEPEST} levels are read")
                top = _Open(line, {} if kind is yaml.MappingStartEvent else [])
                open_.append(top)
                continue
            elif kind is yaml.AliasEvent:
                raise self.problem(line, "an alias has no place here; write it out")
            elif kind is yaml.DocumentStartEvent and root is not None:
                raise self.problem(line, "a second document begins here, and only one is read")
            else:
                continue
            if top is None:
                root = ended
            elif top.name is None:
                top.value.append(ended)
            else:
                top.value[top.name] = ended
                top.name = None
        return self.nothing() if root is None else root

    def _tagged(self, event: Any, line: int) -> InvalidArgument:
        return self.problem(line, f"the tag {event.tag} has no place here")

    def _nameless(self, line: int) -> InvalidArgument:
        return self.problem(line, "a name must be text", self.name_hint)

    def _field(self, event: Any, line: int, fields: Mapping[str, Any]) -> str:
        """Return the name of a field, whatever a value like it would mean: ``on``, ``1``."""
        plain = event.implicit[0]
        if plain and event.value in NULLS:
            raise self._nameless(line)
        if plain and event.value == "<<":
            raise self.problem(line, "a merge key has no place here; write the fields out")
        name = whole(event.value)
        if name in fields:
            raise self.problem(line, f"{name} is given twice")
        return name


class _Open:
    """An object or a list that has begun. ``name`` is of the field whose value comes next."""

    __slots__ = ("is_object", "line", "name", "value")

    def __init__(self, line: int, value: dict[str, Any] | list[Any]) -> None:
        self.line = line
        self.value: Any = value
        self.is_object = isinstance(value, dict)
        self.name: str | None = None


def core_kind(text: str) -> str:
    """Return what a plain scalar is in YAML 1.2: bool, null, int, float or str."""
    return next((kind for kind, pattern in _TAGS if pattern.fullmatch(text)), "str")


def whole(text: str) -> str:
    """Return a text in which the halves that JSON escapes apart are one character again."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
