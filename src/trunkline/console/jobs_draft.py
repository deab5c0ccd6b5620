"""A job before it is one: what somebody chose, what it would send, and making it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

from ..catalog import Action, load
from ..catalog.names import folded
from ..errors import InvalidArgument, TrunklineError
from ..jobs import Job, JobFolder, Limits
from ..jobs.given import given_items
from ..jobs.preview import Preview, preview
from ..node import World
from ..request import parameter_names
from ..work.guards import check_several
from .jobs_given import Given
from .jobs_run import label_of
from .pbxs import pbxs

_LOOKED_AT = 20  # items whose fields are suggested
_PLAIN = re.compile(r"[A-Za-z_]\w*")


class Draft(NamedTuple):
    """What somebody chose. ``names`` are PBXs of this console, ``parameters`` values or templates by name."""

    name: str
    action: str
    names: tuple[str, ...]
    given: Given
    parameters: Mapping[str, str]
    limits: Limits
    unchanged: bool
    zone: str

    @property
    def targets(self) -> dict[str, str]:
        """The addresses by what a ledger calls each PBX."""
        return {label_of(name): pbxs().target(name).url for name in self.names}

    def check(self) -> None:
        """Refuse a draft that lacks something. Raises InvalidArgument, and ConfigurationError for a name in use."""
        if not self.names:
            raise InvalidArgument("No PBX is chosen.", hint="Choose one or several.")
        JobFolder().new(self.name)

    async def preview(self) -> Preview:
        """Let the guards see it, and make the first requests. Raises what `trunkline.jobs.preview.preview` does."""
        self.check()

        def look() -> Preview:
            items = given_items(self.given.open(), load().action(self.action))
            world = World(zone=self.zone)
            shown = preview(
                self.action, self.parameters, items, self.targets, self.limits, world, unchanged=self.unchanged
            )
            if not shown.size:
                raise InvalidArgument("The list has no items.", hint="Upload a file, or paste a list.")
            return shown

        return await asyncio.to_thread(look)

    async def create(self) -> Job:
        """Make the job, after a person agreed. Raises what `Job.create` does."""
        check_several(self.action, self.targets, True)

        def make() -> Job:
            items = given_items(self.given.open(), load().action(self.action))
            return Job.create(
                JobFolder().new(self.name),
                self.action,
                self.parameters,
                items,
                self.targets,
                self.limits,
                World(zone=self.zone),
                unchanged=self.unchanged,
                confirm=lambda question: True,
            )

        return await asyncio.to_thread(make)


def columns_of(given: Given, action: str) -> list[str]:
    """Return the names of the fields of the first items. Raises InvalidArgument for what can't be read."""
    items = islice(given_items(given.open(), load().action(action)), _LOOKED_AT)
    return list(dict.fromkeys(name for item in items for name in item["json"]))


def count_of(given: Given, action: str) -> int:
    """Return how many items there are. Raises InvalidArgument for what can't be read."""
    return sum(1 for _item in given_items(given.open(), load().action(action)))


def template_of(column: str) -> str:
    """Return the template of a field: ``{{ $json.Id }}``."""
    if _PLAIN.fullmatch(column):
        return f"{{{{ $json.{column} }}}}"
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{{ $json["{escaped}"] }}}}'


def names_of(action: Action) -> list[str]:
    """Return the parameters and fields that an action takes, its keys first."""
    return list(dict.fromkeys([*action.params, *parameter_names(action, load())]))


def suggested(action: Action, columns: Iterable[str]) -> dict[str, str]:
    """Return a template for each parameter that a column is called like, and an empty text for each other key."""
    by_name = {folded(column): column for column in columns}
    found = {name: template_of(by_name[folded(name)]) for name in names_of(action) if folded(name) in by_name}
    return {**{parameter.name: "" for parameter in action.parameters}, **found}


def action_of(name: str) -> Action | None:
    """Return an action, None for a text that names none."""
    try:
        return load().action(name)
    except TrunklineError:
        return None
