"""What tests ask the Prefect server for."""

from __future__ import annotations

import asyncio
import gc
from typing import Any
from uuid import UUID

import prefect
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    LogFilter,
    LogFilterFlowRunId,
    TaskRunFilter,
    TaskRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType, TaskRun
from prefect.flows import Flow

from trunkline_prefect.api import LANES, deployment_of, runs_of

from .conftest import until


def start(flow: str, parameters: dict[str, Any]) -> UUID:
    """Start a flow as its form does."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(deployment_of(flow))
        return client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id


def read(run: UUID) -> FlowRun:
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run)


def run_of(run: UUID) -> Any:
    """Return a run once it has ended."""

    def ended() -> FlowRun | None:
        found = read(run)
        return found if found.state is not None and found.state.is_final() else None

    return until(ended, f"the run {run} ends")


def lanes_of(job: str, *states: StateType) -> list[FlowRun]:
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(**runs_of([LANES], states or list(StateType), job))


def task_runs_of(job: str) -> list[TaskRun]:
    with get_client(sync_client=True) as client:
        tagged = TaskRunFilter(tags=TaskRunFilterTags(all_=[f"job:{job}"]))
        return [run for run in client.read_task_runs(task_run_filter=tagged) if run.name.startswith(job)]


def artifacts_of(run: UUID) -> dict[str, Any]:
    """Return what the artifacts of a run hold, by their type."""
    with get_client(sync_client=True) as client:
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
        return {str(found.type): found.data for found in client.read_artifacts(artifact_filter=of_run)}


def logs_of(run: UUID) -> str:
    with get_client(sync_client=True) as client:
        found = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])))
        return "\n".join(line.message for line in found)


def message_of(run: FlowRun | TaskRun) -> str | None:
    """Return the message of the state of a run."""
    assert run.state is not None
    return run.state.message


def carried_out(flow: Flow[..., Any], parameters: dict[str, Any], *tags: str) -> FlowRun:
    """Run a flow in this process, and return its run."""

    async def run() -> Any:
        with prefect.tags(*tags):
            called: Any = flow
            return await called(**parameters, return_state=True)

    state = asyncio.run(run())
    gc.collect()  # Prefect's client leaves sockets to it; a test that does this ignores what is said of them
    assert state.state_details.flow_run_id is not None
    return read(state.state_details.flow_run_id)
