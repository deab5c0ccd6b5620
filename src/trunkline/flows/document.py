"""A YAML file as values that know their line, read as YAML 1.2 has it: ``No`` and ``on`` are words, 08:30 is text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ConfigurationError, InvalidArgument

if TYPE_CHECKING:
    from yaml.nodes import Node as YamlNode

# The core schema of YAML 1.2, in the order it is tried; anything else is text.
_TAGS: list[tuple[str, re.Pattern[str], list[str]]] = [
    ("tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+$"), list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
        list("-+.0123456789"),
    ),
]


class Located(NamedTuple):
    """A value and the line it begins on, the first being 1. Objects and lists hold located values."""

    value: Any
    line: int

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {name: inner.plain() for name, inner in self.value.items()}
        if isinstance(self.value, list):
            return [inner.plain() for inner in self.value]
        return self.value


def read(text: str, name: str) -> Located:
    """The one document of a YAML text.

    InvalidArgument with file and line for what is no YAML, for a name given twice and for tags; ConfigurationError
    where the library that reads YAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            "Flows are written in YAML, and nothing here can read it.", hint="pip install 'trunkline[flows]'"
        ) from None

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - not those of YAML 1.1

    for tag, pattern, first in _TAGS:
        Loader.add_implicit_resolver(tag, pattern, first)
    try:
        for event in yaml.parse(text, Loader=Loader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                raise problem(name, line, "an alias has no place here; write it out")
            if (explicit := getattr(event, "tag", None)) is not None:
                raise problem(name, line, f"the tag {explicit} has no place here")
        node = yaml.compose(text, Loader=Loader)
        if node is None:
            raise InvalidArgument(f"{name} is empty.")
        return _located(node, name)
    except yaml.MarkedYAMLError as failed:
        line = failed.problem_mark.line + 1 if failed.problem_mark else 1
        hint = "A value with {{ }}, # or : in it goes into quotes."
        raise problem(name, line, f"this is no YAML: {failed.problem}", hint) from None
    except yaml.YAMLError as failed:
        raise InvalidArgument(f"{name} is no YAML: {str(failed).splitlines()[0]}.") from None
    except RecursionError:
        raise InvalidArgument(f"{name} is nested too deeply to be read.") from None


def _located(node: YamlNode, name: str) -> Located:
    line = node.start_mark.line + 1
    match node.tag.rpartition(":")[2]:
        case "map":
            fields: dict[str, Located] = {}
            for key, value in node.value:
                if not isinstance(key.value, str) or key.tag.endswith(":map"):
                    raise InvalidArgument(
                        f"{name}, line {line}: a name must be text.",
                        hint='A template goes into quotes: "{{ $json.Id }}".',
                    )
                known = _whole(key.value)
                if known in fields:
                    raise InvalidArgument(f"{name}, line {key.start_mark.line + 1}: {known} is given twice.")
                fields[known] = _located(value, name)
            return Located(fields, line)
        case "seq":
            return Located([_located(one, name) for one in node.value], line)
        case "str":
            return Located(_whole(node.value), line)
        case "bool":
            return Located(node.value.lower() == "true", line)
        case "null":
            return Located(None, line)
        case "int":
            try:
                return Located(int(node.value), line)
            except ValueError:  # thousands of digits
                raise problem(name, line, "no number is so long") from None
        case "float":
            return Located(float(node.value), line)
    raise InvalidArgument(f"{name}, line {line}: {node.value!r} can't be read.")


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
        """A value without lines, or None where it isn't given."""
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


def problem(where: str, line: int, what: str, hint: str = "") -> InvalidArgument:
    """An error at a line of a file."""
    end = "" if what.endswith(("?", ".")) else "."
    return InvalidArgument(f"{where}, line {line}: {what}{end}", hint=hint)
