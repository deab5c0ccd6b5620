"""Schemathesis reads the emulator's OpenAPI document and holds its answers to it, operation by operation.

It sends what the document allows, what it forbids, and one request with keys that exist; it checks statuses, content
types and bodies against what is declared. The examples are the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from trunkline import catalog
from trunkline_emulator import Emulator, running
from trunkline_emulator.seeds import ground
from trunkline_emulator.store import Store

from . import bodies, valid, valid_system
from .test_actions import content_of, known_values

OPERATIONS = 601
CONFORMANCE = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
same_each_time = settings(
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Stranger:
    """A signed-in client that knows nothing but the document."""

    def __init__(self, emulator: Emulator, url: str) -> None:
        self.emulator = emulator
        self.base_url = f"{url}/xapi/v1"
        self.session = requests.Session()
        form = {
            "grant_type": "client_credentials",
            "client_id": emulator.client_id,
            "client_secret": emulator.api_key,
        }
        token = self.session.post(f"{url}/connect/token", data=form).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        schema = schemathesis.openapi.from_url(f"{self.base_url}/swagger.yaml")
        self.operations = [found.ok() for found in schema.get_all_operations()]

    def send(self, case: Any, checks: Any) -> Any:
        response = case.call(base_url=self.base_url, session=self.session, headers=self.headers)
        case.validate_response(response, checks=checks)
        return response

    def try_out(self, operation: Any, mode: Any, examples: Any, checks: Any) -> None:
        """Send requests that schemathesis makes up from the document."""

        @settings(same_each_time, max_examples=examples)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            self.send(case, checks)

        ask()


@pytest.fixture(scope="module")
def stranger() -> Iterator[Any]:
    emulator = Emulator()
    with running(emulator) as url:
        client = Stranger(emulator, url)
        with client.session:
            yield client


def test_every_action_is_described(stranger: Any) -> None:
    assert len(stranger.operations) == OPERATIONS


def test_answers_to_what_is_allowed(stranger: Any) -> None:
    stranger.emulator.reset()
    for operation in stranger.operations:
        stranger.try_out(operation, GenerationMode.POSITIVE, 2, [not_a_server_error, *CONFORMANCE])


def test_answers_to_what_is_forbidden(stranger: Any) -> None:
    """A broken date is a 500 on a PBX (docs/pbx.md, Requests); everything else is refused with a 4xx."""
    stranger.emulator.reset()
    asked = 0
    for operation in stranger.operations:
        if not (operation.path_parameters or operation.query or operation.headers or operation.body):
            continue
        takes_dates = any(p.definition["schema"].get("format") == "date-time" for p in operation.path_parameters)
        checks = CONFORMANCE if takes_dates else [not_a_server_error, negative_data_rejection, *CONFORMANCE]
        stranger.try_out(operation, GenerationMode.NEGATIVE, 1, checks)
        asked += 1
    assert asked > 450


def test_answers_about_what_exists(stranger: Any) -> None:
    """The answers of success, which guessed keys seldom reach, with all that can be expanded."""
    version = catalog.load("20.0.10")
    store = Store(version, ground("demo", "20.0.10"))
    stranger.emulator.reset()
    by_operation = {action.operation_id: action for action in version.actions}
    for operation in stranger.operations:
        action = by_operation[operation.definition.raw["operationId"]]
        if action.id in bodies.BEFORE:
            path, first = bodies.BEFORE[action.id]
            assert stranger.emulator.ask("POST", path, json=first).status < 300
        known = {**valid.VALUES, **known_values(store, action), **valid_system.ARGUMENTS.get(action.id, {})}
        case = operation.Case(
            path_parameters={
                name: valid.literal(spec, known.get(name, valid.VALUES[spec.name])) for name, spec in action.parameters
            }
        )
        if action.body is not None:
            case.body, case.media_type = content_of(version, action), "application/json"
        if "expand" in action.query:
            case.query = {"$expand": "*"}
        answer = stranger.send(case, [not_a_server_error, *CONFORMANCE])
        assert 200 <= answer.status_code < 300, (action.id, answer.status_code, answer.text)
        if action.method != "GET" or action.id in bodies.BEFORE:
            stranger.emulator.reset()
