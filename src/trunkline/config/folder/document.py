"""A YAML file of a folder as nodes that know their place. What a scalar means is decided later, by the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...errors import InvalidArgument
from ...flows.document import NULLS, Reading, core_kind, whole
from ..model import Place, Secret
from .faults import ConfigurationFaults, Fault

SECRET, REMOVE = "!secret", "!remove"
LONGEST = 4 * 2**20
"""Characters of a file: a script of a call flow is the longest text of a PBX, and has some 100,000."""


class Scalar(NamedTuple):
    """What stands for one value. ``is_plain``: without quotes. ``tag``: "", `SECRET` or `REMOVE`.

    ``value`` is that of a scalar which no file has: one given by a caller.
    """

    text: str
    is_plain: bool = True
    tag: str = ""

    @property
    def is_null(self) -> bool:
        return self.is_plain and self.text in NULLS and not self.tag


class Node(NamedTuple):
    """A scalar, a list or an object, and where it begins."""

    value: Any
    place: Place

    @property
    def is_removal(self) -> bool:
        return isinstance(self.value, Scalar) and self.value.tag == REMOVE

    @property
    def described(self) -> str:
        """What it is, for a message; never a text that may be a secret."""
        if isinstance(self.value, dict):
            return "an object"
        if isinstance(self.value, list):
            return "a list"
        if self.value.tag:
            return str(self.value.tag)
        return "null" if self.value.is_null else "a text"

    def plain(self) -> Any:
        """Return the value as YAML 1.2 has it by itself."""
        if isinstance(self.value, dict):
            return {name: inner.plain() for name, inner in self.value.items()}
        if isinstance(self.value, list):
            return [inner.plain() for inner in self.value]
        return Secret(self.value.text) if self.value.tag == SECRET else core_value(self.value)


def read(text: str, file: str) -> Node:
    """Return the one document of a file's text, null where it has none. Messages call the file ``file``.

    Raises:
        ConfigurationFaults: it is not YAML, has aliases, merge keys, tags other than ``!secret`` and ``!remove``, a
            name twice, or is too long.
        ConfigurationError: the library that reads YAML is not installed.
    """
    node: Node = _Nodes(file).read(text, LONGEST)
    return node


def node_of(value: Any, place: Place) -> Node:
    """Return the node of a plain value that stands in no file."""
    if isinstance(value, Mapping):
        return Node({str(name): node_of(inner, place) for name, inner in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node([node_of(inner, place) for inner in value], place)
    if isinstance(value, str):
        return Node(Scalar(value, is_plain=False), place)
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return Node(Scalar(text), place)


def core_value(scalar: Scalar) -> Any:
    """Return what YAML 1.2 takes a scalar for: a text, number, truth or None."""
    match core_kind(scalar.text) if scalar.is_plain else "str":
        case "bool":
            return scalar.text.lower() == "true"
        case "null":
            return None
        case "int":
            return int(scalar.text)
        case "float":
            return float(scalar.text)
    return scalar.text


class _Nodes(Reading):
    what, extra = "Configurations are", "config"
    text_hint = "put a text with `: `, ` #`, or a quote or bracket at its beginning, in quotes"
    name_hint = "write a field as `Name: value`"
    tags = frozenset((SECRET, REMOVE))
    is_fast = True

    def nothing(self) -> Node:
        return Node(Scalar(""), Place(self.name, 1))

    def located(self, value: Any, line: int) -> Node:
        return Node(value, Place(self.name, line))

    def scalar(self, event: Any, line: int) -> Scalar:
        return Scalar(whole(event.value), event.implicit[0], event.tag or "")

    def problem(self, line: int, what: str, hint: str = "") -> InvalidArgument:
        return ConfigurationFaults([Fault(Place(self.name, max(line, 1)), f"{what}; {hint}" if hint else what)])


def walk(node: Node) -> Iterator[Node]:
    """Yield every node in a node, and the node."""
    yield node
    inner = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    for each in inner:
        yield from walk(each)
