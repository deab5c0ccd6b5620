"""The Prefect server: its names for what is ours, a client, and its errors as ours."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from trunkline.errors import ConfigurationError, TrunklineError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.filters import FlowFilter, FlowRunFilter
    from prefect.client.schemas.objects import StateType

POOL = "trunkline"
"""The work pool whose workers carry out our flows."""
DEPLOYMENT = "trunkline"
"""The name of the deployment of each of our flows."""
TAG = "trunkline"
LANES = "shards"
"""The flow of a lane."""
REAPER = "reaper"
REPLACED = "Replaced"
"""The state of a run that is not started again, because another one has taken its place."""
FLOW_OF_KIND = {"items": "fleet-job", "call_log": "export-call-log", "drift": "config-drift", "status": "status"}
"""The flow that sees a job of each kind through, from its shards to its table."""
WATCHERS = tuple(FLOW_OF_KIND.values())
_START = "Start it: trunkline fleet up. Or name the address of a running one in PREFECT_API_URL."
_JOB, _PBX = "job:", "pbx:"


class RunFilters(TypedDict):
    """Which flow runs, as Prefect's client takes it."""

    flow_filter: FlowFilter
    flow_run_filter: FlowRunFilter


class EngineFailed(TrunklineError):
    """Prefect did not do what it was asked to. The ledger is untouched."""

    code = "engine_failed"
    exit_code = 6
    retryable = True


def deployment_of(flow: str) -> str:
    """Return the full name of a flow's deployment, as Prefect spells it."""
    return f"{flow}/{DEPLOYMENT}"


def tags_of(job: str, pbx: str = "") -> list[str]:
    """Return the tags of a run that belongs to a job, and to one PBX where it does."""
    return [TAG, _JOB + job, *([_PBX + pbx] if pbx else [])]


def job_of(tags: list[str]) -> str:
    """Return the job that a run's tags name, else ""."""
    return next((tag.removeprefix(_JOB) for tag in tags if tag.startswith(_JOB)), "")


def runs_of(flows: Collection[str], states: Collection[StateType], job: str = "") -> RunFilters:
    """Return filters for the runs of some of our flows in given states; of one job where it is named."""
    from prefect.client.schemas.filters import (
        FlowFilter,
        FlowFilterName,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
        FlowRunFilterTags,
    )

    return {
        "flow_filter": FlowFilter(name=FlowFilterName(any_=list(flows))),
        "flow_run_filter": FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
            tags=FlowRunFilterTags(all_=tags_of(job)) if job else None,
        ),
    }


def page_of(run: UUID) -> str:
    """Return the address where a flow run can be looked at."""
    from prefect.settings import get_current_settings

    return f"{str(get_current_settings().ui_url).rstrip('/')}/runs/flow-run/{run}"


@contextmanager
def opened() -> Iterator[SyncPrefectClient]:
    """Open the Prefect server's API.

    Raises:
        ConfigurationError: no server is named, it can't be reached, refuses us, or is of a version that this package
            was not made for.
        EngineFailed: the server refused what the block asked for.
    """
    address = _address()
    from prefect.client.orchestration import get_client

    with errors_as_ours(address), get_client(sync_client=True) as client:
        try:
            version = client.api_version()
        except ValueError:  # not even JSON
            version = ""
        _check_version(version, client.client_version(), address)
        yield client


@contextmanager
def errors_as_ours(address: str = "") -> Iterator[None]:
    """Raise what Prefect's client raises in a block as one of our errors, without its text, which may be a page."""
    import httpx
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound, PrefectException, PrefectHTTPStatusError

    server = address or _address()
    try:
        yield
    except TrunklineError:
        raise
    except PrefectHTTPStatusError as problem:
        status = problem.response.status_code
        if status in (401, 403):
            raise ConfigurationError(
                f"The Prefect server at {server} refuses this client (HTTP {status}).",
                hint="Set PREFECT_API_AUTH_STRING, or PREFECT_API_KEY, as the server wants it.",
            ) from None
        raise EngineFailed(
            f"The Prefect server at {server} answered {problem.request.method} {problem.request.url.path} with HTTP "
            f"{status}.",
            hint="Look at the server's log.",
        ) from None
    except (ObjectNotFound, ObjectAlreadyExists):
        raise ConfigurationError(
            f"Trunkline's flows are not deployed on the Prefect server at {server}.",
            hint="Deploy them: python -m trunkline_prefect.deployments. `trunkline fleet up` does that too.",
        ) from None
    except (httpx.HTTPError, OSError):
        raise ConfigurationError(f"The Prefect server at {server} can't be reached.", hint=_START) from None
    except (PrefectException, RuntimeError) as problem:
        raise EngineFailed(
            f"Prefect failed with {type(problem).__name__} at {server}.", hint="Look at the server's log."
        ) from None


def _address() -> str:
    """Return the address of the server, without a password. Raises ConfigurationError where none is named."""
    from prefect.settings import get_current_settings

    address = get_current_settings().api.url
    if not address:  # Prefect would start a server of its own, in this process
        raise ConfigurationError("No Prefect server is named.", hint=_START)
    parts = urlsplit(str(address))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _check_version(server: object, client: str, address: str) -> None:
    """Refuse a server of another minor version: what it stores and answers may differ. Raises ConfigurationError."""
    if not isinstance(server, str) or not server[:1].isdigit():
        raise ConfigurationError(
            f"What answers at {address} is not a Prefect server.", hint="PREFECT_API_URL ends in /api; look at it."
        )
    if _minor(server) != _minor(client):
        raise ConfigurationError(
            f"The Prefect server at {address} is version {server}, and the client here is {client}.",
            hint="Install the same minor version of Prefect on both sides.",
        )


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
