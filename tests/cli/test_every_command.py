"""Every command of 20.0.10 makes a request that a validator of nobody here accepts.

The body comes from ``--skeleton``, the keys are made up, ``--dry-run`` shows the request, and openapi-core reads it by
the emulator's OpenAPI document.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yaml
from werkzeug.datastructures import Headers, ImmutableMultiDict

from trunkline import cli
from trunkline.catalog import Action, TypeSpec, load
from trunkline.catalog.names import snake
from trunkline_emulator.describe.openapi import document

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from openapi_core import OpenAPI
    from openapi_core.datatypes import RequestParameters
    from openapi_core.exceptions import OpenAPIError
    from openapi_core.templating.paths.finders import APICallPathFinder

HOST = "https://pbx.example.com:5001"
VERSION = "20.0.10"
ACTIONS = [action for action in load(VERSION).actions if action.published]
VALUES = {
    "Int32": "42",
    "Boolean": "true",
    "Guid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "DateTimeOffset": "2026-09-12T00:00:00Z",
    "String": "o'b (1)",
}


class Request(NamedTuple):
    """A request as openapi-core wants it."""

    method: str
    host_url: str
    path: str
    content_type: str
    body: bytes | None
    parameters: RequestParameters


@pytest.fixture(scope="module")
def openapi() -> OpenAPI:
    described = yaml.load(document(load(VERSION)), Loader=yaml.CSafeLoader)
    del described["security"]  # openapi-core doesn't know the client credentials of OAuth 2, and --dry-run has no token
    # Where two templates fit, /Fax({Id}) and /Fax(Number={Number}), it takes the first; a server the narrower one.
    described["paths"] = dict(sorted(described["paths"].items(), key=lambda path: -len(re.sub("{[^}]*}", "", path[0]))))
    return OpenAPI.from_dict(described)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command line prints; it must end well."""
    monkeypatch.setenv("TRUNKLINE_URL", HOST)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", "nobody")
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "made-up-key")

    def run(*argv: str) -> str:
        code = cli.execute(list(argv))
        captured = capsys.readouterr()
        said = captured.err.removeprefix("This is the first page; more are asked for with $skip, 100 rows at a time.\n")
        lists = r"^[\w ]+ would be replaced; what is there now can't be read: .*\n"  # nothing answers at this address
        assert (code, re.sub(lists, "", said)) == (0, ""), argv
        return captured.out

    return run


def words_of(action: Action) -> list[str]:
    """The command line of an action with made-up keys and arguments."""
    words = [action.resource.replace("_", "-"), action.verb.replace("_", "-")]
    words += [made_up(p.type) for p in action.parameters if p.name in action.keys]
    for parameter in action.parameters:
        if parameter.name not in action.keys:
            words += [f"--{snake(parameter.name).replace('_', '-')}", made_up(parameter.type)]
    return words


def made_up(spec: TypeSpec) -> str:
    return VALUES[spec.name]


def request_of(text: str) -> Request:
    """The request that ``--dry-run`` shows."""
    head, _, body = text.partition("\n\n")
    (method, url), *lines = (line.split(" ", 1) for line in head.splitlines())
    headers: Mapping[str, str] = {name.removesuffix(":"): value for name, value in lines}
    parts = urlsplit(url)
    return Request(
        method.lower(),
        f"{parts.scheme}://{parts.netloc}",
        unquote(parts.path),
        headers.get("Content-Type", ""),
        body.encode() or None,
        RequestParameters(query=ImmutableMultiDict(parse_qsl(parts.query)), header=Headers(headers)),
    )


def test_there_are_601() -> None:
    assert len(ACTIONS) == 601


def test_each_command_makes_a_request_that_the_description_allows(
    openapi: OpenAPI, printed: Any, tmp_path: Path
) -> None:
    finder = APICallPathFinder(openapi.spec)
    refused = {}
    for action in ACTIONS:
        words = words_of(action)
        if action.body is not None:
            filled = tmp_path / "body.json"
            filled.write_text(printed(*words[:2], "--skeleton"), encoding="utf-8")
            words += ["--body", f"@{filled}"]
        request = request_of(printed(*words, "--dry-run"))
        try:
            openapi.validate_request(request)  # type: ignore[arg-type]
            found = finder.find(request.method, HOST + request.path).operation["operationId"]
            assert found == action.operation_id
        except Exception as problem:
            refused[action.id] = f"{request.method} {request.path}: {problem!r} {problem.__cause__!r}"[:1500]
    assert refused == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/Contacts", '{"ContactType": "Company"}'),
        ("/Contacts", '{"FirstName": 5}'),
        ("/Fax/Pbx.BulkFaxDelete", "{}"),
        ("/Contact", "{}"),
    ],
    ids=["no such value", "a number for a text", "a field missing", "no such path"],
)
def test_the_validator_refuses_what_is_wrong(openapi: OpenAPI, path: str, body: str) -> None:
    text = f"POST {HOST}/xapi/v1{path}\nContent-Type: application/json\n\n{body}"
    with pytest.raises(OpenAPIError):
        openapi.validate_request(request_of(text))  # type: ignore[arg-type]
