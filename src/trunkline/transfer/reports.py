"""The reports of a PBX over a period, as rows or into a file; every function of the catalog that answers one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypedDict

import msgspec

from ..catalog import Action, TypeSpec, load, nearest
from ..errors import Hint, InvalidArgument, UnknownName, UsageError
from ..local.atomic import replace_file
from ..local.contained import reason, spelled
from ..request import bind
from ..transport.threads import in_thread
from ..work.drivers import AsyncSystem, System, adrive, drive
from ..work.step import Ask, Asks
from .writing import check_format, checked_columns, writer

PERIODS = (("periodFrom", "periodTo"), ("startDt", "endDt"))
POINT = "chartDate"
DEFAULTS: Mapping[str, Any] = {
    "waitInterval": "0:00:0",
    "answerInterval": "0:00:0",
    "clientTimeZone": "UTC",
    "chartBy": "Day",
    "includeInternalCalls": True,
    "includeQueueCalls": True,
}
"""Values of parameters that nobody gives: everything, nothing left out (docs/pbx.md, Requests)."""
_EMPTY: Mapping[str, Any] = {"String": "", "Boolean": False, "Int32": 0}
"""Those of all others by their type, as for the call log: 0 and empty text are all."""
_OTHERWISE = {"call-log": "call-log", "old-call-log": "call-log"}
"""Reports that have an export of their own."""


class ReportRecord(TypedDict):
    """A report of the catalog, in JSON. ``parameters``: those besides the period, each with its default."""

    name: str
    action: str
    has_period: bool
    parameters: dict[str, Any]
    columns: list[str]


class ReportKind(NamedTuple):
    """A report: its name here, and the action that answers it."""

    name: str
    action: Action

    @property
    def period(self) -> tuple[str, ...]:
        """The names of the parameters that are the period: two, one for a chart around a date, or none."""
        names = {each.name for each in self.action.parameters}
        pair = next((pair for pair in PERIODS if set(pair) <= names), ())
        return pair or ((POINT,) if POINT in names else ())

    @property
    def parameters(self) -> dict[str, Any]:
        """The other parameters with their defaults, in the catalog's order."""
        return {
            each.name: DEFAULTS.get(each.name, _EMPTY.get(each.type.name, 0))
            for each in self.action.parameters
            if each.name not in self.period
        }

    @property
    def row_type(self) -> str:
        """The type of a row."""
        spec: TypeSpec | None = self.action.answer_type
        return spec.name if spec is not None else ""

    @property
    def record(self) -> ReportRecord:
        """The same in JSON."""
        return {
            "name": self.name,
            "action": self.action.id,
            "has_period": bool(self.period),
            "parameters": self.parameters,
            "columns": list(load().fields(self.row_type)),
        }


@lru_cache(maxsize=1)
def report_kinds() -> dict[str, ReportKind]:
    """Return the reports of the newest catalog by their names, such as ``queue-performance-totals``."""
    actions = [
        action
        for resource, verbs in load().resources.items()
        if resource.startswith("report_")
        for verb, action in verbs.items()
        if action.answer_kind == "list" and verb.startswith("get_")
    ]
    plain = [_plain(action) for action in actions]
    kinds: dict[str, ReportKind] = {}
    for action, name in zip(actions, plain, strict=True):
        own = name if plain.count(name) == 1 or not action.verb.endswith("_data") else f"{name}-chart"
        if name not in _OTHERWISE:
            kinds[own] = ReportKind(own, action)
    return dict(sorted(kinds.items()))


def _plain(action: Action) -> str:
    return action.verb.removeprefix("get_").removesuffix("_data").replace("_", "-")


def report_kind(name: str) -> ReportKind:
    """Return the report of a name. Raises UnknownName with the nearest, or that it has an export of its own."""
    plain = name.strip().lower().replace("_", "-")
    if plain in _OTHERWISE:
        raise UnknownName(
            "The call log has an export of its own.", hint="It is read in windows and goes on after a break."
        )
    kinds = report_kinds()
    if plain not in kinds:
        raise UnknownName(f"There is no report {name!r}.{nearest(plain, iter(kinds))}")
    return kinds[plain]


class ReportExported(NamedTuple):
    """What an export of a report gave; ``unknown``: fields without a column."""

    name: str
    rows: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """A report over a period, from ``start`` until before ``end``.

        Report("queue-performance-totals", june, july).rows(pbx)
        Report("extension-statistics", june, july).export(pbx, Path("june.csv"))

    `rows` and `export` take a `Pbx`, `arows` and `aexport` an `AsyncPbx`. A chart takes ``start`` alone. ``parameters``
    are those of the function by their names in the catalog, such as ``{"queueDns": "800"}``; others have the defaults
    that `report_kinds` shows. It is read page by page.
    """

    name: str
    start: datetime | None = None
    end: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def _ask(self) -> Ask:
        kind = report_kind(self.name)
        known = kind.parameters
        for name in self.parameters:
            if name not in known:
                options = ", ".join(known) or "none"
                raise UnknownName(f"The report {kind.name} has no parameter {name!r}; it has {options}.")
        moments = (self.start, self.end)[: len(kind.period)]
        for moment in moments:
            if moment is None:
                raise UsageError(f"The report {kind.name} needs a period.")
            if moment.tzinfo is None:
                raise UsageError(f"{moment.isoformat()} has no zone.", hint="Guessing one would shift the report.")
        if len(moments) == 2 and moments[0] >= moments[1]:  # type: ignore[operator]
            raise UsageError("The period ends before it begins.")
        whole = [moment.astimezone(UTC).replace(microsecond=0) for moment in moments if moment is not None]
        period = dict(zip(kind.period, whole, strict=True))
        return Ask(bind(load(), kind.action, (), {**known, **self.parameters, **period}))

    def rows(self, pbx: System) -> list[dict[str, Any]]:
        """Return the rows as the PBX gives them.

        Raises:
            UnknownName: no such report or parameter; nothing was sent.
            UsageError: no period, or one that can't be. Other errors of a client as well.
        """
        rows: list[dict[str, Any]] = drive(self._read(), pbx)
        return rows

    async def arows(self, pbx: AsyncSystem) -> list[dict[str, Any]]:
        """As `rows`, in the current event loop."""
        rows: list[dict[str, Any]] = await adrive(self._read(), pbx)
        return rows

    def _read(self) -> Asks[list[dict[str, Any]]]:
        ask = self._ask()
        rows: list[dict[str, Any]] = yield ask
        return rows

    def export(
        self,
        pbx: System,
        to: Path | BinaryIO,
        output: str = "csv",
        *,
        columns: Sequence[str] = (),
        overwrite: bool = False,
    ) -> ReportExported:
        """Write the rows into a file: ``output`` is csv, jsonl or parquet. A path appears when it is whole.

        Raises:
            InvalidArgument: a file that is there, or can't be written; nothing was sent.
            ConfigurationError: Parquet without pyarrow. What `rows` raises as well.
        """
        chosen = self._checked(to, output, columns, overwrite=overwrite)
        return self._written(self.rows(pbx), to, output, chosen)

    async def aexport(
        self,
        pbx: AsyncSystem,
        to: Path | BinaryIO,
        output: str = "csv",
        *,
        columns: Sequence[str] = (),
        overwrite: bool = False,
    ) -> ReportExported:
        """As `export`, in the current event loop."""
        chosen = self._checked(to, output, columns, overwrite=overwrite)
        return await in_thread(self._written, await self.arows(pbx), to, output, chosen)

    def _checked(self, to: Path | BinaryIO, output: str, columns: Sequence[str], *, overwrite: bool) -> tuple[str, ...]:
        check_format(output)
        self._ask()
        if isinstance(to, Path):
            check_new_file(to, overwrite=overwrite)
        return checked_columns(columns, report_kind(self.name).row_type)

    def _written(
        self, rows: Sequence[Mapping[str, Any]], to: Path | BinaryIO, output: str, columns: tuple[str, ...]
    ) -> ReportExported:
        if not isinstance(to, Path):
            return self._into(to, rows, output, columns)
        try:
            with replace_file(to) as file:
                return self._into(file, rows, output, columns)
        except OSError as problem:
            raise InvalidArgument(f"{spelled(to)} can't be written ({reason(problem)}).") from None

    def _into(
        self, file: BinaryIO, rows: Sequence[Mapping[str, Any]], output: str, columns: tuple[str, ...]
    ) -> ReportExported:
        kind = report_kind(self.name)
        with closing(writer(output, columns, file, kind.row_type)) as out:
            out.write(map(msgspec.json.encode, rows))
        return ReportExported(kind.name, len(rows), tuple(sorted(out.unknown)))


def check_new_file(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that can't be written, or that is there already. Raises InvalidArgument."""
    try:
        if path.is_dir() or not path.absolute().parent.is_dir():
            why = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
            raise InvalidArgument(f"{spelled(path)} can't be written: {why}.")
        is_there = path.exists()
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{spelled(path)} can't be written ({reason(problem)}).") from None
    if is_there and not overwrite:
        raise InvalidArgument(
            f"{spelled(path)} is there already.",
            hint=Hint("Name another file, or overwrite it.", arguments={"overwrite": True}),
        )
