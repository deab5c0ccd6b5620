"""The steps of a flow: what each makes of the items that come in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize

from ..catalog import load
from ..catalog.secret import masked, secrets_in
from ..errors import Hint, InvalidArgument
from ..local.contained import resolved
from ..node.items import Item, as_item
from ..node.run import Node
from ..node.template import Scope, Template, World, evaluated
from ..redaction import remember_values
from ..result.files import harmless
from . import files
from .conditions import Condition

_SLASHES = re.compile(r"[/\\]")


MOST_ITEMS = 200_000
"""Items that a flow holds at once unless its file says otherwise; they are all in memory."""


class Setting(NamedTuple):
    """What a flow's steps see beside the items: the world of templates, and the folder that its files are in.

    ``kept`` are files that no step may write, each with what it is: the flow itself, and the files that it reads.
    ``most_items``: how many items a step may give.
    """

    world: World
    folder: Path
    kept: tuple[tuple[Path, str], ...] = ()
    most_items: int = MOST_ITEMS

    def place(self, name: str) -> Path:
        """Return the real path of one of the flow's files. InvalidArgument for one outside of the folder."""
        return resolved(self.folder, name)

    def place_to_write(self, name: str) -> Path:
        """As `place`; InvalidArgument also for a file that the flow needs as it is."""
        path = self.place(name)
        for kept, what in self.kept:
            if _is_same(path, kept):
                raise InvalidArgument(
                    f"{name} is {what}, and a flow does not overwrite that.", hint="Name another file."
                )
        return path

    def too_many(self, what: str) -> InvalidArgument:
        """Return the error of a step that gives more items than that."""
        return InvalidArgument(
            f"{what} gives more than {self.most_items:,} items, which is the most that this flow may hold.",
            hint="Let it give fewer, with a filter, `where` or a shorter list; `max items: NUMBER` at the top of the "
            "flow's file raises the limit, and needs about a kilobyte of memory for each.",
        )


class Read(NamedTuple):
    """Rows out of a file, an item each; what came in before is left behind."""

    line: int
    file: str

    @property
    def label(self) -> str:
        return f"read {self.file}"

    def run(self, items: list[Item], setting: Setting) -> list[Item]:
        rows = files.rows_of(setting.place(self.file), setting.folder)
        if len(rows) > setting.most_items:
            raise setting.too_many(self.file)
        remember_values(secrets_in(rows))
        return [as_item({"json": row}) for row in rows]


class Where(NamedTuple):
    """The items for which a template is true, or all conditions hold."""

    line: int
    template: Template | None
    conditions: list[Condition]

    @property
    def label(self) -> str:
        if self.template is not None:
            return f"where {self.template.text}"
        return "where " + " and ".join(f"{c.path} {c.word} {_short(c.operand)}" for c in self.conditions)

    def run(self, items: list[Item], setting: Setting) -> list[Item]:
        kept = []
        for index, item in enumerate(items):
            scope = Scope(items, index, setting.world)
            if self.template is None:
                holds = all(condition.holds(scope) for condition in self.conditions)
            else:
                holds = self.template.value(scope, "where")
                if not isinstance(holds, bool):
                    raise InvalidArgument(f"Item {index}: where gave {holds!r}, which is neither true nor false.")
            if holds:
                kept.append(item)
        return kept


class Set(NamedTuple):
    """Items with more fields, or other values in them; ``only`` leaves all others out."""

    line: int
    fields: Mapping[str, Any]
    only: bool

    @property
    def label(self) -> str:
        return f"set {', '.join(self.fields)}"

    def run(self, items: list[Item], setting: Setting) -> list[Item]:
        made = []
        for index, item in enumerate(items):
            values = evaluated(dict(self.fields), Scope(items, index, setting.world), "set")
            made.append(as_item({**item, "json": values if self.only else {**item["json"], **values}}))
        return made


class ForEach(NamedTuple):
    """An item for each element of a list that an item holds; ``keep`` names fields that go along."""

    line: int
    template: Template
    keep: list[str]

    @property
    def label(self) -> str:
        return f"for each {self.template.text}"

    def run(self, items: list[Item], setting: Setting) -> list[Item]:
        made: list[Item] = []
        for index, item in enumerate(items):
            elements = self.template.value(Scope(items, index, setting.world), "for each")
            if not isinstance(elements, list):
                raise InvalidArgument(f"Item {index}: for each gave {elements!r}, which is not a list.")
            missing = [name for name in self.keep if name not in item["json"]]
            if missing:
                raise InvalidArgument(f"Item {index}: it has no field {missing[0]} to keep.")
            kept = {name: item["json"][name] for name in self.keep}
            if len(made) + len(elements) > setting.most_items:
                raise setting.too_many(f"Item {index}: for each")
            for element in elements:
                own = element if isinstance(element, Mapping) else {"value": element}
                made.append(as_item({"json": {**own, **kept}, "pairedItem": {"item": index}}))
        return made


class Match(NamedTuple):
    """The items that a file has a row for (``keep: found``), or has none for (``keep: missing``).

    ``on`` pairs a field of the items with a column. Case and spaces at the ends don't count; an item whose field is
    empty is never kept: it can't be matched.
    """

    line: int
    file: str
    on: Mapping[str, str]
    missing: bool

    @property
    def label(self) -> str:
        return f"match {self.file} on {', '.join(self.on)}, keep {'missing' if self.missing else 'found'}"

    def run(self, items: list[Item], setting: Setting) -> list[Item]:
        rows = files.rows_of(setting.place(self.file), setting.folder)
        if not rows:
            raise InvalidArgument(f"{self.file} has no rows; an empty export would make every item a missing one.")
        for column in self.on.values():
            if column not in rows[0]:
                raise InvalidArgument(f"{self.file} has no column {column}; it has {', '.join(rows[0])}.")
        known = {tuple(_folded(row.get(column)) for column in self.on.values()) for row in rows}
        kept = []
        for item in items:
            key = tuple(_folded(item["json"].get(field)) for field in self.on)
            if all(key) and (key in known) is not self.missing:
                kept.append(item)
        return kept


class AtMost(NamedTuple):
    """A fuse: more items than this end the flow before anything further is sent."""

    line: int
    most: int

    @property
    def label(self) -> str:
        return f"at most {self.most}"

    def run(self, items: list[Item], setting: Setting) -> list[Item]:
        if len(items) > self.most:
            raise InvalidArgument(
                f"{len(items)} items came, and at most {self.most} may.",
                hint=Hint(
                    "Look at them without sending anything; if they are right, raise the number.",
                    arguments={"dry_run": True},
                ),
            )
        return items


class Save(NamedTuple):
    """The items' fields into a file; the items go on. Secrets are masked, unless ``secrets`` is set.

    With a ``template`` each item says in which file its row goes; items with the same one share it.
    """

    line: int
    file: str
    secrets: bool
    template: Template | None = None

    @property
    def label(self) -> str:
        return f"save {self.file}"

    def run(self, items: list[Item], setting: Setting) -> list[Item]:
        for name, rows in self._rows(items, setting).items():
            files.write(setting.place_to_write(name), rows if self.secrets else masked(rows), setting.folder)
        return items

    def _rows(self, items: list[Item], setting: Setting) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of each file by its name."""
        if self.template is None:
            return {self.file: [item["json"] for item in items]}
        names: dict[str, str] = {}  # two that differ only in case are one file on some disks, and so everywhere
        rows: dict[str, list[dict[str, Any]]] = {}
        for index, item in enumerate(items):
            name = file_name(self.template, Scope(items, index, setting.world))
            rows.setdefault(names.setdefault(_folded(normalize("NFC", name)), name), []).append(item["json"])
        return rows


def file_name(template: Template, scope: Scope) -> str:
    """Return the name of a file for one item: no value in it leads into another folder, or is more than a part of a
    name.

    InvalidArgument if nothing is left of it.
    """
    text = "".join(
        part if isinstance(part, str) else _SLASHES.sub("_", template.text_of(at, scope, "save"))
        for at, part in enumerate(template.parts)
    )
    *folders, last = text.split("/")
    name = "/".join(
        [*(part if part in ("", ".", "..") else harmless(part, "_") for part in folders), harmless(last, "")]
    )
    if Path(name).suffix.lower() not in files.ENDINGS:
        raise InvalidArgument(f"Item {scope.position}: save {template.text} gives no name for a file but {text!r}.")
    return name


class Act(NamedTuple):
    """An action for each item."""

    line: int
    options: Mapping[str, Any]
    action: str
    parameters: Mapping[str, Any]

    @property
    def label(self) -> str:
        return self.action

    def node(self, world: World) -> Node:
        """Return the node; UnknownName or InvalidArgument if the action doesn't take these parameters."""
        folder = self.options.get("binary_to")
        if folder is not None and Path(os.path.realpath(folder)) != folder:
            raise InvalidArgument(f"A link was put in the place of the folder {folder}, so nothing is saved there.")
        return Node(self.action, self.parameters, world=world, **self.options)


Step = Read | Where | Set | ForEach | Match | AtMost | Save | Act


def _is_same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, however a disk spells its name."""
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there
        return path == other


def _folded(value: Any) -> str:
    return "" if value is None else str(value).strip().casefold()


def _short(value: Any) -> str:
    return value.text if isinstance(value, Template) else str(value)


def changes_something(steps: Iterable[Step]) -> bool:
    """Whether any step sends what is not only read."""
    return any(isinstance(step, Act) and load().action(step.action).method != "GET" for step in steps)


def check_own_files(steps: Iterable[Step], name: str) -> None:
    """Refuse a flow of several PBXs that would save the rows of all in one file. Raises InvalidArgument."""
    for step in steps:
        if isinstance(step, Act) and step.options.get("binary_to") is not None:
            raise InvalidArgument(
                f"{name}, line {step.line}: the files of several PBXs would be saved into one folder.",
                hint="Run the flow on one PBX at a time. Nothing was sent.",
            )
        if isinstance(step, Save) and "$vars.pbx" not in step.file:
            raise InvalidArgument(
                f"{name}, line {step.line}: {step.file} would be the file of several PBXs, each of which replaces it.",
                hint="Declare a variable pbx, and put {{ $vars.pbx }} into the name. Nothing was sent.",
            )
