"""Where a number, a department, a trunk or a sound file of a PBX is used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import msgspec

from ..catalog import Catalog
from ..errors import ConfigurationError, SignInError, TrunklineError, Unreachable
from ..local.timestamps import format_timestamp
from ..request import bind
from ..work.drivers import AsyncSystem, System, adrive, drive
from ..work.outcome import ErrorRecord, as_error, described
from ..work.step import Ask, Asks
from .fields import Source, sources
from .target import Target, finding
from .walk import Reference, references

MOST_ROWS = 20_000
"""Rows that are read of one resource: twice as many as a 3CX has extensions, and a bound on the requests."""
_HOPELESS = (ConfigurationError, SignInError, Unreachable)
"""After these every other resource would fail the same way, and a sign-in be tried again (docs/pbx.md, Signing in)."""
_NAMED = 6


class WhereUsed(msgspec.Struct, frozen=True):
    """What refers to one number, department, trunk or sound file of a PBX, read at a ``time``.

    ``read`` names the resources that were looked at. ``unavailable`` has the error of each that could not be read, or
    not to its end: what refers to the target from there is not known.
    """

    url: str
    time: str
    target: Target
    references: list[Reference]
    read: list[str]
    unavailable: dict[str, ErrorRecord]

    @classmethod
    def find(cls, pbx: System, what: str, *, kind: str | None = None) -> Self:
        """Read what refers to a number, a department, a trunk, a DID or a sound file.

            WhereUsed.find(pbx, "104")
            WhereUsed.find(pbx, "queue:800")
            WhereUsed.find(pbx, "welcome.wav")

        ``what`` is a number, or the name of what has one; ``kind`` (`target.KINDS`), or a prefix, says which where
        several have it.

        Raises:
            NotFound: nothing is called so.
            InvalidArgument: several are, or the kind is unknown.
            TrunklineError: the PBX can't be reached or signed in to, or refuses the list of its numbers.
        """
        target: Target = drive(finding(pbx.catalog, pbx.url, what, kind), pbx)
        wanted = sources(pbx.catalog, target.sorts)
        return cls._of(pbx.url, target, [drive(_reading(pbx.catalog, each, target), pbx) for each in wanted])

    @classmethod
    async def afind(cls, pbx: AsyncSystem, what: str, *, kind: str | None = None) -> Self:
        """As `find`, in the current event loop; several resources at once."""
        target: Target = await adrive(finding(pbx.catalog, pbx.url, what, kind), pbx)
        wanted = sources(pbx.catalog, target.sorts)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_tried(pbx, each, target)) for each in wanted]
        return cls._of(pbx.url, target, [task.result() for task in tasks])

    @classmethod
    def _of(cls, url: str, target: Target, looks: Sequence[_Look | TrunklineError]) -> Self:
        for look in looks:
            if isinstance(look, TrunklineError):
                raise look
        known = [look for look in looks if isinstance(look, _Look)]
        return cls(
            url=url,
            time=format_timestamp(datetime.now(UTC)),
            target=target,
            references=[each for look in known for each in look.references],
            read=[look.resource for look in known if look.error is None],
            unavailable={look.resource: _record(look.error) for look in known if look.error is not None},
        )

    @property
    def facts(self) -> tuple[str, ...]:
        """What somebody should know before the target is deleted: where it is used, and what could not be read."""
        said = []
        if self.references:
            by_entity: dict[str, list[str]] = {}
            for each in self.references:
                by_entity.setdefault(each.entity, []).append(each.role if each.certain else f"{each.role}, perhaps")
            places = [f"{entity} ({'; '.join(dict.fromkeys(roles))})" for entity, roles in by_entity.items()]
            more = f", and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
            said.append(f"It is used by {', '.join(places[:_NAMED])}{more}.")
        if self.unavailable:
            said.append(f"What could not be read, and may use it too: {', '.join(self.unavailable)}.")
        return tuple(said)


class _Look(msgspec.Struct):
    """What one resource had."""

    resource: str
    references: list[Reference] = []
    error: TrunklineError | None = None


async def _tried(pbx: AsyncSystem, source: Source, target: Target) -> _Look | TrunklineError:
    """Look at one resource; what ends the whole is returned, so that a group of tasks doesn't wrap it."""
    try:
        look: _Look = await adrive(_reading(pbx.catalog, source, target), pbx)
    except TrunklineError as error:
        return error
    return look


def _reading(catalog: Catalog, source: Source, target: Target) -> Asks[_Look]:
    """Read one resource, and what in it refers to the target; of one that can't be read, the error."""
    look = _Look(source.resource, [])

    def take(rows: Sequence[Any]) -> None:
        for row in rows:
            if isinstance(row, Mapping):
                look.references.extend(references(catalog, source, row, target))

    try:
        answer = yield asked(catalog, source, None if source.is_single else limited(take))
        if source.is_single and isinstance(answer, Mapping):
            look.references += references(catalog, source, answer, target)
    except BaseException as problem:
        look.error = as_error(problem)
        if isinstance(look.error, _HOPELESS):
            raise look.error from None
    return look


def limited(take: Callable[[Sequence[Any]], object]) -> Callable[[Sequence[Any]], None]:
    """Return what takes page after page, and raises after `MOST_ROWS` rows."""
    count = 0

    def on_page(rows: Sequence[Any]) -> None:
        nonlocal count
        count += len(rows)
        take(rows)
        if count > MOST_ROWS:
            raise TrunklineError(f"More than {MOST_ROWS:,} rows; the rest was not read.")

    return on_page


def asked(catalog: Catalog, source: Source, on_page: Callable[[Sequence[Any]], object] | None) -> Ask:
    """Return the reading of a resource as a whole, with the fields that may refer and those that name its entities."""
    action = catalog.action(source.action)
    options: dict[str, Any] = {}
    if "select" in action.query:
        options["select"] = source.select(catalog)
    if source.expand:
        options["expand"] = list(source.expand)
    return Ask(bind(catalog, action, (), options), on_page)


def _record(error: TrunklineError) -> ErrorRecord:
    return described(error)  # type: ignore[return-value]
