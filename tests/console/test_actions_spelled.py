"""A call as a command, as Python and as curl: each, run by its own program, makes the same request."""

from __future__ import annotations

import base64
import json
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import trunkline
from saved_fleet import SavedFleet, saved_fleet
from trunkline import Pbx, catalog
from trunkline.catalog import Action
from trunkline.catalog.secret import HELD, MASK, has_mask, masked
from trunkline.cli.action_command import ActionCommand
from trunkline.cli.action_options import action_options
from trunkline.client.methods import Resource, resource
from trunkline.console.spelled_as_command import as_command
from trunkline.console.spelled_as_n8n import NODE, as_n8n
from trunkline.console.spelled_as_python import as_python
from trunkline.request import HttpRequest, Part, bind
from trunkline.request.curl import curl_line
from trunkline.transport.paging import first_request

EXAMPLES_TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "n8n_examples.py"))
NOW = EXAMPLES_TOOL["_NOW"]
NEWEST = catalog.load("20.0.10")
URL = "https://pbx.example.com"


def given_of(example: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an example, as a form gives them."""
    given = example["given"]
    arguments = {**given["parameters"], **given.get("options", {})}
    if "body" in given:
        arguments["body"] = given["body"]
    if "file" in given:
        arguments["body"] = {"file": (given["file"]["fileName"], base64.b64decode(given["file"]["content"]))}
    if "ifMatch" in given:
        arguments["if_match"] = given["ifMatch"]
    return arguments


EXAMPLES = [(NEWEST.action(example["id"]), given_of(example)) for example in EXAMPLES_TOOL["examples"]()]
IDS = [action.id for action, _ in EXAMPLES]


def request_of(action: Action, arguments: Mapping[str, Any]) -> tuple[Any, ...]:
    """What goes out: of a file only its name, as its content is read from a disk."""
    return comparable(first_request(bind(NEWEST, action, (), arguments, NOW)))


def comparable(request: HttpRequest) -> tuple[Any, ...]:
    body = request.body
    sent = (body.name, body.filename) if isinstance(body, Part) else json.loads(body) if body else None
    return request.method, request.target, request.headers, sent


def secrets_of(body: Any) -> dict[str, str]:
    """The secrets that are fields of their own, by the variable that a spelling takes them from."""
    hidden = masked(body)
    return {
        catalog.names.snake(name).upper(): value
        for name, value in (body or {}).items()
        if has_mask(hidden[name]) and isinstance(value, str)
    }


@pytest.mark.parametrize(("action", "arguments"), EXAMPLES, ids=IDS)
def test_the_command_means_the_same_call(
    action: Action, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = as_command(NEWEST, action, arguments, "acme")
    body = arguments.get("body") if action.kind != "upload" else None
    for name, value in secrets_of(body).items():
        monkeypatch.setenv(name, value)
    words = [os.path.expandvars(word) for word in shlex.split(line)]
    assert words[:3] == ["trunkline", *(part.replace("_", "-") for part in action.id.split("."))]
    command = ActionCommand(catalog.load(), catalog.load().action(action.id))
    with command.make_context(action.verb, words[3:]) as context:
        options = action_options(catalog.load(), command.action, command.params, context.params)
    assert options.connection.profiles == ("acme",)
    if has_mask(dict(options.arguments)):
        with pytest.raises(trunkline.InvalidArgument, match="is masked"):
            request_of(action, options.arguments)
    else:
        assert request_of(action, options.arguments) == request_of(action, arguments)


class Recorded:
    """A client that sends nothing, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.path = "answer"

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def open(self) -> Recorded:
        return self

    def __getattr__(self, name: str) -> Resource:
        return resource(self, NEWEST, name, "Rows")

    def call(self, name: str, /, *args: Any, to: str = "", **kwargs: Any) -> Any:
        action = NEWEST.action(name)
        assert bool(to) == (action.answer_kind == "file")
        call = bind(NEWEST, action, args, kwargs, NOW)
        self.calls.append(comparable(first_request(call)))
        return [] if action.answer_kind == "list" else self


@pytest.mark.parametrize("profile", ["acme*", ""])
@pytest.mark.parametrize(("action", "arguments"), EXAMPLES, ids=IDS)
def test_the_python_lines_make_the_same_call(
    action: Action,
    arguments: dict[str, Any],
    profile: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorded = Recorded()
    connections: list[tuple[Any, ...]] = []
    monkeypatch.setattr(trunkline.Target, "saved", lambda *patterns: connections.append(patterns) or [recorded])
    monkeypatch.setattr(trunkline, "Pbx", lambda *given: connections.append(given) or recorded)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", "client")
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "the-key-of-the-client")
    for name, value in deep_secrets(arguments).items():
        monkeypatch.setenv(name, value)
    code = as_python(action, arguments, URL, profile)
    exec(compile(code, action.id, "exec"), {})
    assert recorded.calls == [request_of(action, arguments)]
    assert connections == [("acme[*]",) if profile else (URL, "client", "the-key-of-the-client")]
    assert max(map(len, code.splitlines())) < 200


def deep_secrets(value: Any) -> dict[str, str]:
    """The same at any depth."""
    found: dict[str, str] = {}

    def walk(name: str, one: Any, hidden: Any) -> None:
        if isinstance(one, Mapping):
            for key in one:
                walk(name if key in HELD else key, one[key], hidden[key])
        elif isinstance(one, list):
            for each, masked_one in zip(one, hidden, strict=True):
                walk(name, each, masked_one)
        elif isinstance(one, str) and has_mask(hidden):
            found[catalog.names.snake(name).upper()] = one

    walk("", value, masked(value))
    return found


SECRET = "s3cret-of-the-trunk-0815"


def test_no_spelling_has_a_secret_in_it() -> None:
    action = NEWEST.action("trunks.update")
    arguments = {"Id": 3, "body": {"AuthPassword": {"Value": SECRET}, "AuthID": "id-of-the-trunk-99"}}
    request = first_request(bind(NEWEST, action, (), arguments))
    spelled = [
        as_command(NEWEST, action, arguments, "acme"),
        as_python(action, arguments, URL, "acme"),
        curl_line(URL, request).text,
    ]
    assert not any(SECRET in text or "id-of-the-trunk-99" in text for text in spelled)
    assert '"$AUTH_ID"' in spelled[0]
    assert MASK in spelled[0]
    assert 'os.environ["AUTH_PASSWORD"]' in spelled[1]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """One PBX of a demo company, saved as ``pbx-01``."""
    with saved_fleet(tmp_path_factory.mktemp("home"), 1, seed="demo") as fleet:
        yield fleet


@pytest.fixture(scope="module")
def processes(saved: SavedFleet) -> dict[str, str]:
    """The environment of a process that has it saved, and finds ``trunkline``."""
    return {**saved.environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


NASTY = """O'Neil "x" $HOME `id` \\ {a}[b] = Grüße"""
CALLS = [
    ("contacts.create", {"body": {"FirstName": NASTY, "PhoneNumber": "+442079460123"}}, "/xapi/v1/Contacts"),
    ("users.list", {"filter": "Number eq '100'", "top": 5}, "/xapi/v1/Users?"),
    ("fax.delete", {"Id": 7}, "/xapi/v1/Fax(7)"),
]


@pytest.mark.parametrize(("name", "arguments", "path"), CALLS)
def test_a_shell_runs_the_command_and_python_the_lines(
    name: str, arguments: dict[str, Any], path: str, saved: SavedFleet, processes: dict[str, str]
) -> None:
    action, tenant = NEWEST.action(name), saved.tenant("pbx-01")
    commands = {
        "sh": ["sh", "-c", as_command(NEWEST, action, arguments, "pbx-01")],
        "python": [sys.executable, "-c", as_python(action, arguments, tenant.url, "pbx-01")],
    }
    for command in commands.values():
        tenant.emulator.reset()
        done = subprocess.run(command, env=processes, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode == 0) == (name != "fax.delete"), done.stderr
        sent = [entry for entry in tenant.emulator.journal if entry.method == action.method]
        assert [entry.path[: len(path)] for entry in sent if entry.operation] == [path], commands
        if name == "contacts.create":
            with Pbx(tenant.url, tenant.client_id, tenant.api_key) as pbx:
                assert pbx.contacts.list(filter="PhoneNumber eq '+442079460123'").all()[0].get("FirstName") == NASTY


@pytest.mark.parametrize(("name", "arguments", "path"), CALLS)
def test_curl_sends_the_line(
    name: str, arguments: dict[str, Any], path: str, saved: SavedFleet, processes: dict[str, str]
) -> None:
    action, tenant = NEWEST.action(name), saved.tenant("pbx-01")
    form = f"grant_type=client_credentials&client_id={tenant.client_id}&client_secret={tenant.api_key}"
    asked = subprocess.run(
        ["curl", "-sS", f"{tenant.url}/connect/token", "-d", form],
        capture_output=True,
        timeout=60,
        check=True,
    )
    token = json.loads(asked.stdout)["access_token"]
    line = curl_line(f"{tenant.url}/xapi/v1", first_request(bind(NEWEST, action, (), arguments))).text
    done = subprocess.run(
        ["sh", "-c", f"{line} -sS -w '%{{http_code}}' -o /dev/null"],
        env={**processes, "TRUNKLINE_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == {"contacts.create": "201", "users.list": "200", "fax.delete": "404"}[name]
    last = tenant.emulator.journal[-1]
    assert (last.method, last.path[: len(path)]) == (action.method, path)


# As a node of n8n: what the node reads of its JSON (nodes/Trunkline/parameters.ts) is followed here in Python, over the
# catalog of its package; n8n itself is not started.
PACKAGE = Path(__file__).parents[2] / "integrations" / "n8n"
ACTIONS = {
    action["operation"]: action for action in json.loads((PACKAGE / "engine/catalog.json").read_text())["actions"]
}


def parameters_of(action: Action, arguments: Mapping[str, Any]) -> dict[str, Any]:
    document = json.loads(as_n8n(action, arguments))
    assert document["connections"] == {}
    (node,) = document["nodes"]
    assert (node["type"], node["typeVersion"]) == (NODE, 1)
    assert "credentials" not in node
    parameters: dict[str, Any] = node["parameters"]
    return parameters


def read(action: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that the node takes out of its parameters."""
    arguments: dict[str, Any] = {}
    for name in action.get("params", {}):
        if name in action.get("keys", []):
            assert parameters[name]["__rl"] is True
            arguments[name] = parameters[name]["value"]
        elif name in parameters:
            arguments[name] = parameters[name]
    arguments |= parameters.get("options", {})
    if parameters.get("returnAll") is False:
        arguments["top"] = parameters["limit"]
    if "If-Match" in parameters:
        arguments["if_match"] = parameters["If-Match"]
    if "fields" in parameters:
        arguments["body"] = parameters["fields"]
    elif parameters.get("bodyMode") == "json":
        arguments["body"] = json.loads(parameters["bodyJson"])
    return arguments


@pytest.mark.parametrize(("action", "arguments"), EXAMPLES, ids=IDS)
def test_the_node_makes_the_same_request(action: Action, arguments: dict[str, Any]) -> None:
    parameters = parameters_of(action, arguments)
    known = ACTIONS[parameters["operation"]]
    assert (known["id"], known["resource"]) == (action.id, parameters["resource"])
    if action.kind == "upload":
        assert parameters["binaryProperty"] == "data"
    elif has_mask(masked(arguments)):
        assert MASK in json.dumps(parameters, ensure_ascii=False)  # which the node refuses to send
    else:
        method, target, headers, body = request_of(action, read(known, parameters))
        wanted = request_of(action, arguments)
        assert (method, target.replace("%2C", ","), headers, body) == (
            wanted[0],
            wanted[1].replace("%2C", ","),
            *wanted[2:],
        )


def test_a_text_that_begins_like_an_expression_stays_a_text() -> None:
    action = NEWEST.action("contacts.create")
    parameters = parameters_of(action, {"body": {"FirstName": '=1+"1"'}})
    assert parameters["fields"] == {"FirstName": r'={{ "=1+\"1\"" }}'}


def test_null_and_empty_texts_are_sent_as_json() -> None:
    action = NEWEST.action("contacts.create")
    parameters = parameters_of(action, {"body": {"FirstName": "", "LastName": None}})
    assert json.loads(parameters["bodyJson"]) == {"FirstName": "", "LastName": None}
