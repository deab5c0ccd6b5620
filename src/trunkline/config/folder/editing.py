"""A file in which some fields change, and nothing else: comments, order and every other byte are a person's.

What PyYAML knows of a text, the line on which each value begins, is enough to change the lines of what differs, so that
nothing writes the rest of the file again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from . import emission
from .values import escaped


class _Unclear(Exception):
    """What is written can't be changed line by line."""


class _Edit(NamedTuple):
    """Lines that take the place of those from ``start`` to before ``end``. ``depth`` is that of what they belong to."""

    start: int
    end: int
    lines: list[str]
    depth: int


class _Part(NamedTuple):
    """One field of an object, or one element of a list: its lines, up to the comments above the next one.

    ``comment`` follows a value that ends on the first line.
    """

    node: Any
    start: int
    end: int
    comment: str


def edited(text: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return the text of a file whose fields are ``old``, with the fields ``new``, which are in the order of files.

    Equal fields keep their lines, and so do equal elements of lists and of objects within each other. What is new comes
    after what it follows in the documented order. A file in another style than one field below the other is written
    again, below its first comments.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    whole = text.replace("\r\n", "\n")
    try:
        changed = _edited(whole, old, new)
    except _Unclear:
        changed = f"{head_of(whole)}{emission.text(new)}"
    return changed.replace("\n", ending)


def head_of(text: str) -> str:
    """Return the comments and empty lines that a text begins with."""
    kept = []
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            break
        kept.append(f"{line}\n")
    return "".join(kept)


def _edited(text: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    import yaml

    root = yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    lines = text.removesuffix("\n").split("\n")
    if not old or not new or not isinstance(root, yaml.MappingNode) or root.flow_style or root.start_mark.column:
        raise _Unclear
    edits = reversed(list(_Lines(lines).of_object(root, old, new, len(lines), 0)))
    # From the last line up; at one line first what replaces it, then what is added before it, the innermost last.
    for edit in sorted(edits, key=lambda edit: (-edit.start, edit.end == edit.start, edit.depth)):
        lines[edit.start : edit.end] = edit.lines
    return "\n".join([*lines, ""])


def _called(element: Any) -> Any:
    """Return what an element of a list is called: its first field, or itself."""
    return next(iter(element.values()), None) if isinstance(element, Mapping) else element


class _Lines:
    """The lines of a file, and what changes in them. Nothing is changed here."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def of_object(
        self, node: Any, old: Mapping[str, Any], new: Mapping[str, Any], end: int, depth: int
    ) -> Iterator[_Edit]:
        """Yield the edits of an object that is written one field below the other. ``end`` is behind its last line."""
        column = node.start_mark.column
        parts = self._fields(node, old, end)
        first = parts[next(iter(old))]
        is_at_dash = bool(self._lines[first.start][:column].strip())
        if is_at_dash and next(iter(old)) not in new:
            raise _Unclear
        place = first.start
        for name in new:
            if name in parts:
                place = parts[name].end
            elif is_at_dash and place == first.start:
                raise _Unclear
            else:
                yield _Edit(place, place, list(emission.lines({name: new[name]}, " " * column)), depth)
        for name, part in parts.items():
            if name not in new:
                yield _Edit(part.start, part.end, [], depth)
            elif old[name] != new[name]:
                yield from self._changed(part, name, old[name], new[name], column, depth)

    def of_list(self, node: Any, old: list[Any], new: list[Any], end: int, depth: int) -> Iterator[_Edit]:
        """Yield the edits of a list that is written one element below the other."""
        column = node.start_mark.column
        parts = self._elements(node, end)
        if len(parts) != len(old) or self._lines[parts[0].start][:column].strip():
            raise _Unclear
        before, after = [repr(each) for each in old], [repr(each) for each in new]
        for how, from_, to, new_from, new_to in SequenceMatcher(None, before, after, False).get_opcodes():
            if how == "equal":
                continue
            same = min(to - from_, new_to - new_from)
            for n in range(same):
                part, was, now = parts[from_ + n], old[from_ + n], new[new_from + n]
                if _called(was) == _called(now):
                    yield from self._changed(part, None, was, now, column, depth)
                else:  # what is said of one is not said of another
                    yield _Edit(part.start, part.end, list(emission.elements([now], " " * column)), depth)
            for part in parts[from_ + same : to]:
                yield _Edit(part.start, part.end, [], depth)
            if added := new[new_from + same : new_to]:
                place = parts[from_ + same - 1].end if from_ + same else parts[0].start
                yield _Edit(place, place, list(emission.elements(added, " " * column)), depth)

    def _inner(self, node: Any, old: Any, new: Any, end: int, depth: int) -> Iterator[_Edit]:
        if isinstance(old, Mapping):
            return self.of_object(node, old, new, end, depth)
        return self.of_list(node, old, new, end, depth)

    def _changed(self, part: _Part, name: str | None, old: Any, new: Any, column: int, depth: int) -> Iterator[_Edit]:
        """Yield the edits of a field that has a name, or of an element that has none."""
        import yaml

        is_collection = isinstance(old, Mapping | list) and type(old) is type(new) and bool(old and new)
        node, indent = part.node, " " * column
        if is_collection and not isinstance(node, yaml.ScalarNode) and not node.flow_style:
            try:
                edits = list(self._inner(node, old, new, part.end, depth + 1))
            except _Unclear:
                pass
            else:
                yield from edits
                return
        head = "-" if name is None else f"{emission.quoted(escaped(name))}:"
        if is_collection and part.end == part.start + 1:
            lines = [f"{indent}{head} {emission.flow(new)}"]
        elif name is None:
            lines = list(emission.elements([new], indent))
        else:
            lines = list(emission.lines({name: new}, indent))
        first = f"{self._lines[part.start][:column]}{lines[0][column:]}{part.comment}"  # it may stand behind a dash
        yield _Edit(part.start, part.end, [first, *lines[1:]], depth)

    def _fields(self, node: Any, old: Mapping[str, Any], end: int) -> dict[str, _Part]:
        """Return the lines of the fields that ``old`` has. A file may have others, which nobody reads; they stay."""
        starts = [key.start_mark for key, _ in node.value]
        names = {escaped(name): name for name in old}
        if [key.value for key, _ in node.value if key.value in names] != list(names):
            raise _Unclear
        if any(start.column != node.start_mark.column for start in starts):
            raise _Unclear
        limits = [*(start.line for start in starts[1:]), end]
        parts = {
            key.value: self._part(value, start, limit)
            for (key, value), start, limit in zip(node.value, starts, limits, strict=True)
        }
        return {name: parts[written] for written, name in names.items()}

    def _elements(self, node: Any, end: int) -> list[_Part]:
        starts = [each.start_mark for each in node.value]
        column = node.start_mark.column
        if any(self._lines[start.line][column : column + 2] != "- " for start in starts):
            raise _Unclear  # the dash stands on a line by itself
        limits = [*(start.line for start in starts[1:]), end]
        return list(map(self._part, node.value, starts, limits))

    def _part(self, node: Any, start: Any, limit: int) -> _Part:
        if limit <= start.line:
            raise _Unclear
        end = limit
        while end > start.line + 1 and self._is_between(end - 1, start.column):
            end -= 1
        stop = node.end_mark
        rest = self._lines[stop.line][stop.column :] if stop.line == start.line == end - 1 else ""
        return _Part(node, start.line, end, rest if rest.lstrip().startswith("#") else "")

    def _is_between(self, line: int, column: int) -> bool:
        """Whether a line at the end of a part belongs to what comes next: it is empty, or a comment not further in."""
        text = self._lines[line]
        bare = text.lstrip(" ")
        return not bare or (bare.startswith("#") and len(text) - len(bare) <= column) or text.rstrip() == "..."
