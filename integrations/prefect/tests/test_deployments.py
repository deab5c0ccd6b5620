"""What is deployed, and the forms that Prefect makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.responses import DeploymentResponse

from trunkline_prefect.api import LANES, POOL, WATCHERS, deployment_of

from .conftest import deploy_paused

if TYPE_CHECKING:
    from .conftest import Server

FLOWS = [*WATCHERS, LANES, "reaper"]


def deployment(flow: str) -> DeploymentResponse:
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name(deployment_of(flow))


def test_deployed_again_they_are_the_same(deployed: Server) -> None:
    before = {flow: deployment(flow).id for flow in FLOWS}
    assert sorted(deploy_paused()) == sorted(map(deployment_of, FLOWS))
    assert {flow: deployment(flow).id for flow in FLOWS} == before


@pytest.mark.parametrize("flow", FLOWS)
def test_each_is_found_in_the_installed_package(deployed: Server, flow: str) -> None:
    found = deployment(flow)
    assert found.work_pool_name == POOL
    assert found.entrypoint is not None
    assert found.entrypoint.startswith("trunkline_prefect.")
    assert not found.pull_steps
    assert found.tags == ["trunkline"]
    assert found.description


@pytest.mark.parametrize("flow", FLOWS)
def test_a_form_explains_each_field(deployed: Server, flow: str) -> None:
    schema = deployment(flow).parameter_openapi_schema
    assert schema is not None
    for name, field in schema["properties"].items():
        assert field.get("description") or "$ref" in str(field), name
    for model in schema.get("definitions", {}).values():
        assert all(field.get("description") for field in model["properties"].values())


def test_only_the_reaper_has_a_schedule(deployed: Server) -> None:
    assert {flow for flow in FLOWS if deployment(flow).schedules} == {"reaper"}
    (schedule,) = deployment("reaper").schedules
    assert schedule.schedule.interval.total_seconds() == 120  # type: ignore[union-attr]


def test_the_limit_of_an_older_version_is_removed(deployed: Server) -> None:
    """A reaper that died would keep the only slot."""
    with get_client(sync_client=True) as client:
        client.update_deployment(deployment("reaper").id, DeploymentUpdate(concurrency_limit=1))
    assert deployment("reaper").global_concurrency_limit is not None
    deploy_paused()
    assert deployment("reaper").global_concurrency_limit is None
