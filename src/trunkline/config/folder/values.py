"""Values that files take from elsewhere: ``${customer.prefix}`` in a scalar, from ``values.yaml`` or a caller."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...catalog import nearest
from .document import Node, Scalar
from .faults import Faults

_USE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_WHOLE = re.compile(r"\$\{([^{}]*)\}")


def escaped(text: str) -> str:
    """Return a text as a file has it, so that it is read as it is."""
    return text.replace("${", "$${")


class Values:
    """What names in braces stand for. A dotted name leads into objects; a value may use others."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._values: dict[str, Node] = {}

    def add(self, node: Node) -> None:
        """Add the values of an object; they count for more than those that are there, field by field."""
        _merge(self._values, node.value)

    def filled(self, node: Node, using: tuple[str, ...] = ()) -> Node:
        """Return a node with the values in their places. A name without a value is a fault."""
        value = node.value
        if isinstance(value, dict):
            return Node(
                {self._text(name, node, using): self.filled(each, using) for name, each in value.items()}, node.place
            )
        if isinstance(value, list):
            return Node([self.filled(each, using) for each in value], node.place)
        if "${" not in value.text:
            return node
        whole = _WHOLE.fullmatch(value.text)
        if whole is not None and not value.tag:
            found = self._find(whole[1].strip(), node, using)
            return node if found is None else Node(found.value, node.place)
        return Node(Scalar(self._text(value.text, node, using), is_plain=False, tag=value.tag), node.place)

    def _text(self, text: str, node: Node, using: tuple[str, ...]) -> str:
        return _USE.sub(lambda match: self._part(match, node, using), text) if "${" in text else text

    def _part(self, match: re.Match[str], node: Node, using: tuple[str, ...]) -> str:
        if match[0] == "$${":
            return "${"
        if match[1] is None:
            self._faults.add(node.place, "${ has no } after it; a text with ${ in it is written $${")
            return match[0]
        found = self._find(match[1].strip(), node, using)
        if found is None:
            return match[0]
        if not isinstance(found.value, Scalar) or found.value.tag:
            self._faults.add(node.place, f"{match[0]} is {found.described}, which can't stand within a text")
            return match[0]
        return "" if found.value.is_null else str(found.value.text)

    def _find(self, name: str, node: Node, using: tuple[str, ...]) -> Node | None:
        if name in using:
            self._faults.add(node.place, f"the value {name} is made of itself")
            return None
        found: Node | None = None
        values = self._values
        for step in name.split("."):
            found = values.get(step)
            values = found.value if found is not None and isinstance(found.value, dict) else {}
        if found is None:
            near = nearest(name, _names(self._values))
            self._faults.add(node.place, f"there is no value {name}.{near} A text with ${{ in it is written $${{.")
            return None
        return self.filled(found, (*using, name))


def _merge(below: dict[str, Node], above: dict[str, Node]) -> None:
    for name, node in above.items():
        known = below.get(name)
        if known is not None and isinstance(known.value, dict) and isinstance(node.value, dict):
            inner = dict(known.value)
            _merge(inner, node.value)
            below[name] = Node(inner, node.place)
        else:
            below[name] = node


def _names(values: dict[str, Node], before: str = "") -> Iterator[str]:
    for name, node in values.items():
        if isinstance(node.value, dict):
            yield from _names(node.value, f"{before}{name}.")
        else:
            yield f"{before}{name}"
