"""The flows that people start: a job over a fleet, the call log, what changed in the configuration, and the status.

Each makes a job in the ledger, or goes on with one that is there, and sees it through (`watching`). A parameter's
description in a docstring is what Prefect's form shows beside its field.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from prefect import flow
from prefect.client.schemas import State
from prefect.runtime import flow_run
from pydantic import BaseModel, Field

from trunkline.catalog import load
from trunkline.catalog.secret import secrets_in
from trunkline.connections.targets import Target
from trunkline.errors import ConfigurationError, InvalidArgument
from trunkline.jobs.limits import Limits
from trunkline.node.input import read_items, with_secrets_kept
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.readings import plan
from trunkline.work.guards import NotConfirmed, Question, check_several
from trunkline.work.lookup import repeatable

from .api import FLOW_OF_KIND
from .heartbeats import has_beaten
from .lanes import failed
from .tables import table_of_drift, table_of_exports, table_of_items, table_of_status
from .watching import see_through, this_run

JsonObject = dict[str, Any]


class JobLimits(BaseModel):
    """How hard a job tries, and when it stops."""

    concurrency: int = Field(
        default=4, ge=1, le=16, description="Requests at once to one PBX. A 3CX answers about four."
    )
    rate: float = Field(default=0, ge=0, description="Requests a second to one PBX; 0 for no limit.")
    attempts: int = Field(default=5, ge=1, description="How often an item is sent at most.")
    patience: float = Field(default=300, ge=0, description="Seconds that a PBX may be away before its part pauses.")
    max_errors: int = Field(
        default=0, ge=0, description="Failed items after which the whole job stops; 0 for no limit."
    )
    missing_ok: bool = Field(default=False, description="A delete of what is not there counts as done.")

    def limits(self) -> Limits:
        """Return them as the engine takes them."""
        given = self.model_dump()
        return Limits(**{**given, "rate": given["rate"] or None, "max_errors": given["max_errors"] or None})


@flow(
    name="fleet-job",
    description="Carry out one action for many items on many PBXs. The ledger keeps the outcome of each item.",
    persist_result=False,
)
async def fleet_job(
    job: str = "",
    action: str = "",
    parameters: JsonObject = {},  # noqa: B006 - pydantic copies it
    items_file: str = "",
    items: list[JsonObject] = [],  # noqa: B006
    profiles: list[str] = [],  # noqa: B006
    confirm: bool = False,
    unchanged: bool = False,
    limits: JobLimits = JobLimits(),  # noqa: B008
    lanes: int = 2,
) -> State[Any]:
    """Carry out one action for many items on many PBXs.

    Args:
        job: Name of the job. With the name of a job that is there, and nothing else, that job goes on.
        action: What to do, such as fax.delete. `trunkline actions` lists all. A new job needs one, items and profiles.
        parameters: Parameters of the action, with templates such as {"Id": "{{ $json.Id }}"}.
        items_file: JSON, JSON Lines or CSV file that the worker can read.
        items: The items themselves, for a few. Prefect keeps them, so items with passwords belong in a file.
        profiles: Saved connections, by name or pattern such as customer-*. Each PBX gets every item.
        confirm: Yes to removing something, and to changing several PBXs. Without it the run fails, and says so.
        unchanged: Act only on what is on the PBX as it is in its item.
        limits: How hard the job tries, and when it stops.
        lanes: Flow runs that carry out its shards at once, each several PBXs at a time.
    """

    def create(ledger: PostgresLedger, name: str) -> SharedJob:
        if not action:
            raise InvalidArgument(
                f"There is no job {name!r}, and no action to make one.", hint="Name an action, or an existing job."
            )
        asked: list[Question] = []

        def is_confirmed(question: Question) -> bool:
            asked.append(question)
            return confirm

        targets = _targets(profiles)
        known = load().action(action)
        if not repeatable(known) and not known.asks:  # one that asks is refused below, with its count
            check_several(known.id, targets, confirm)
        _check_open(parameters, items)
        with _source(items, items_file) as source:
            try:
                return SharedJob.create(
                    ledger,
                    name,
                    action,
                    parameters,
                    source,
                    targets,
                    limits.limits(),
                    unchanged=unchanged,
                    confirm=is_confirmed,
                )
            except NotConfirmed as refusal:
                raise refusal.replace(
                    f"{asked[-1].action.id} was not confirmed. It is about {asked[-1].calls:,} items on each of "
                    f"{len(targets):,} PBXs.",
                    hint="Nothing was sent. Start it again with confirm.",
                ) from None

    is_new = any((action, parameters, items_file, items, profiles, unchanged, limits != JobLimits()))
    return await _seen_through(job, "fleet-job", create, lanes, table_of_items, is_new=is_new)


@flow(
    name="export-call-log",
    description="Write the call log of many PBXs into a folder that all workers see, a file for each PBX and day.",
    persist_result=False,
)
async def export_call_log(
    folder: str = "",
    profiles: list[str] = ["*"],  # noqa: B006
    period: Literal["yesterday", "last-week", "last-month", "days"] = "yesterday",
    first_day: date | None = None,
    last_day: date | None = None,
    format: Literal["jsonl", "csv", "parquet"] = "jsonl",
    zone: str = "UTC",
    lanes: int = 2,
    job: str = "",
) -> State[Any]:
    """Write the call log of many PBXs into files.

    Args:
        folder: Where to write; a folder that is there on every worker. Needed, unless a job goes on.
        profiles: Saved connections, by name or pattern such as customer-*.
        period: Which days. With "days", the two fields below say which.
        first_day: The first day, where the period is "days".
        last_day: The last day, included; the first day if it is empty.
        format: Of the files.
        zone: Time zone of the days, such as Europe/Berlin.
        lanes: Flow runs that carry out the work at once, each several PBXs at a time.
        job: Name of a job that is to go on; empty for a new one.
    """
    given = {"folder": folder, "format": format, "zone": zone}

    def create(ledger: PostgresLedger, name: str) -> SharedJob:
        return _reading("call_log", {**given, **_days(period, first_day, last_day)}, profiles)(ledger, name)

    return await _seen_through(job, "export-call-log", create, lanes, table_of_exports)


@flow(
    name="config-drift",
    description="Show what changed in the configuration of many PBXs since the last accepted reading.",
    persist_result=False,
)
async def config_drift(
    profiles: list[str] = ["*"],  # noqa: B006
    accept: bool = True,
    leave_out: list[str] = [],  # noqa: B006
    lanes: int = 2,
    job: str = "",
) -> State[Any]:
    """Show what changed in the configuration of many PBXs.

    Args:
        profiles: Saved connections, by name or pattern such as customer-*.
        accept: Compare the next reading with this one. Without it, the next is compared with what this one was.
        leave_out: Sets that are not read, such as Contacts.
        lanes: Flow runs that carry out the work at once, each several PBXs at a time.
        job: Name of a job that is to go on; empty for a new one.
    """
    given = {"accept": accept, "leave_out": leave_out}
    return await _seen_through(job, "config-drift", _reading("drift", given, profiles), lanes, table_of_drift)


@flow(
    name="status",
    description="Read the status of many PBXs, and what needs attention on each.",
    persist_result=False,
)
async def status(
    profiles: list[str] = ["*"],  # noqa: B006
    lanes: int = 2,
    job: str = "",
) -> State[Any]:
    """Read the status of many PBXs.

    Args:
        profiles: Saved connections, by name or pattern such as customer-*.
        lanes: Flow runs that carry out the work at once, each several PBXs at a time.
        job: Name of a job that is to go on; empty for a new one.
    """
    return await _seen_through(job, "status", _reading("status", {}, profiles), lanes, table_of_status)


Create = Callable[[PostgresLedger, str], SharedJob]


async def _seen_through(
    job: str,
    flow_name: str,
    create: Create,
    lanes: int,
    table_of: Callable[[SharedJob], str],
    *,
    is_new: bool = False,
) -> State[Any]:
    """Go on with a job, or make it, and see it through; an error ends the run without a traceback.

    ``is_new``: the form says what to do, so a job that somebody else has made is not meant.
    """
    try:
        if lanes < 1:
            raise InvalidArgument(f"lanes must be at least 1, not {lanes}.")
        with PostgresLedger.from_environment() as ledger:
            name = job or _own_name(flow_name)
            shared = await asyncio.to_thread(_opened, ledger, name, flow_name, create, is_own=not job, is_new=is_new)
            return await see_through(shared, ledger, lanes, table_of)
    except BaseException as problem:
        return failed(problem)


def _own_name(flow_name: str) -> str:
    """Return the name of a job that only this flow run makes, so that the run goes on with it if it starts again."""
    started = flow_run.scheduled_start_time
    day = (started or datetime.now(UTC)).strftime("%Y-%m-%d")
    return f"{flow_name}-{day}-{str(flow_run.id or '')[:8] or 'local'}"


def _opened(
    ledger: PostgresLedger, name: str, flow_name: str, create: Create, *, is_own: bool, is_new: bool
) -> SharedJob:
    """Open a job, or create it. What a run that died while it created its own job has left is made again.

    A job that a person names goes on with all that is paused. A run that is started again only takes up its own job.
    """
    if name not in ledger.names():
        return create(ledger, name)
    if is_own and not ledger.job(name).about()["loaded"]:
        ledger.remove(name)
        return create(ledger, name)
    if has_beaten(ledger, name, this_run()):
        return SharedJob.open(ledger, name)
    if is_new:
        raise ConfigurationError(
            f"There is a job {name!r} already.",
            hint="Leave the other fields empty to go on with it, or choose another name.",
        )
    shared = SharedJob.open(ledger, name)
    if (flow_of_job := FLOW_OF_KIND[shared.kind]) != flow_name:
        raise ConfigurationError(
            f"The job {name!r} is not one of {flow_name}.", hint=f"Start {flow_of_job} to go on with it."
        )
    if not shared.rows.is_cancelled():
        shared.resume()
    return shared


def _reading(
    kind: Literal["call_log", "drift", "status"], parameters: Mapping[str, Any], profiles: list[str]
) -> Create:
    def create(ledger: PostgresLedger, name: str) -> SharedJob:
        windows = plan(kind, parameters, datetime.now(UTC))
        return SharedJob.create_reading(ledger, name, kind, parameters, _targets(profiles), windows)

    return create


def _targets(profiles: list[str]) -> dict[str, str]:
    """Return the address of each saved connection. Raises ConfigurationError where a pattern names none."""
    if not profiles:
        raise ConfigurationError("No PBX is named.", hint="Name saved connections in profiles, such as customer-*.")
    return {target.name: target.url for target in Target.saved(*profiles)}


def _days(period: str, first_day: date | None, last_day: date | None) -> dict[str, str]:
    """Return a period as the reading of a call log takes it. Raises InvalidArgument for days without a first one."""
    if period != "days":
        if first_day or last_day:
            raise InvalidArgument(f"A first or last day is named, and the period is {period!r}.", hint='Choose "days".')
        return {"period": period}
    if first_day is None:
        raise InvalidArgument('The period is "days", and no first day is named.', hint="Name it as first_day.")
    return {"start": first_day.isoformat(), "end": ((last_day or first_day) + timedelta(days=1)).isoformat()}


def _check_open(parameters: JsonObject, items: list[JsonObject]) -> None:
    """Refuse secrets in what Prefect keeps and shows. Raises InvalidArgument."""
    given = chain(secrets_in(parameters), *map(secrets_in, items))
    if any(value for value in given if "{{" not in str(value)):
        raise InvalidArgument(
            "A password, or another secret, is among the parameters of the run, where Prefect keeps and shows it.",
            hint="Nothing was sent. Put the items into a file, and change that secret: this run has shown it.",
        )


@contextmanager
def _source(items: list[JsonObject], items_file: str) -> Iterator[Iterable[Mapping[str, Any]]]:
    """Open the input. Raises InvalidArgument unless there is one, ConfigurationError for a missing file."""
    if bool(items) == bool(items_file):
        which = "Both a file and items are given" if items else "No items are given"
        raise InvalidArgument(f"{which}.", hint="Name a file in items_file, or give items.")
    if items:
        yield items
        return
    try:
        file = Path(items_file).open("rb")  # noqa: SIM115 - closed below
    except OSError as problem:
        raise ConfigurationError(
            f"{items_file} can't be read on this worker: {problem.strerror}.",
            hint="Name a file that every worker can read.",
        ) from None
    with file:
        yield with_secrets_kept(read_items(file))
