"""Every request that the n8n node makes is one that 3CX's newest published file allows, to a validator of nobody here.

The requests come from the node's own code, run by node for an example of each action.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yaml
from werkzeug.datastructures import Headers, ImmutableMultiDict

from trunkline import catalog
from trunkline.catalog import version_key

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from openapi_core import OpenAPI
    from openapi_core.datatypes import RequestParameters
    from openapi_core.exceptions import OpenAPIError
    from openapi_core.templating.paths.finders import APICallPathFinder

ROOT = Path(__file__).parents[2]
HOST = "https://pbx.example.com"
SPECS = Path(os.environ.get("TRUNKLINE_SPECS") or ROOT.parent / "shared" / "spec")
FILES = sorted(SPECS.glob("*_20.*.yaml"), key=lambda path: version_key(path.stem.partition("_")[2]))
pytestmark = pytest.mark.skipif(not FILES, reason="3CX's published files are not here; set TRUNKLINE_SPECS")


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
    described = yaml.load(FILES[-1].read_bytes(), Loader=yaml.CSafeLoader)
    del described["security"]  # the requests have no token yet
    described["servers"] = [{"url": f"{HOST}/xapi/v1"}]
    # Where two templates fit, /Fax({Id}) and /Fax(Number={Number}), it takes the first; a server the narrower one.
    described["paths"] = dict(sorted(described["paths"].items(), key=lambda path: -len(re.sub("{[^}]*}", "", path[0]))))
    return OpenAPI.from_dict(described)


@pytest.fixture(scope="module")
def requests(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the node's code makes of each example."""
    file = tmp_path_factory.mktemp("examples") / "examples.json"
    subprocess.run([sys.executable, str(ROOT / "tools" / "n8n_examples.py"), str(file)], check=True, timeout=120)
    command = [shutil.which("node") or "node", str(compiled / "print_requests.js"), str(file)]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
    found: list[dict[str, Any]] = json.loads(printed)
    return found


def request_of(method: str, target: str, headers: Mapping[str, str], body: str | None) -> Request:
    parts = urlsplit(target)
    return Request(
        method.lower(),
        HOST,
        # The file describes the value of a text, not how OData spells it.
        "/xapi/v1" + re.sub("'([^']*)'", lambda literal: value_of(literal[1]), parts.path),
        headers.get("Content-Type", ""),
        body.encode() if body is not None else None,
        RequestParameters(query=ImmutableMultiDict(parse_qsl(parts.query)), header=Headers(headers)),
    )


def value_of(literal: str) -> str:
    """The value of a string literal; what would end a path's segment is replaced, one character for another."""
    return re.sub("[/?#,=()]", "_", unquote(literal, errors="strict").replace("''", "'"))


def refusals(openapi: OpenAPI, requests: list[dict[str, Any]]) -> Iterator[str]:
    finder = APICallPathFinder(openapi.spec)
    known = catalog.load(catalog.load().editions[-1].version)
    for each in requests:
        action = known.action(each["id"])
        request = request_of(each["method"], each["target"], each["headers"], each["body"])
        try:
            openapi.validate_request(request)  # type: ignore[arg-type]
            found = finder.find(request.method, HOST + request.path).operation["operationId"]
            if found != action.operation_id:
                yield f"{action.id}: {request.path} is {found}"
        except OpenAPIError as problem:
            yield f"{action.id}: {request.method} {request.path}: {problem!r} {problem.__cause__!r}"[:1500]


def test_each_request_of_the_node_is_one_that_3cx_describes(openapi: OpenAPI, requests: list[dict[str, Any]]) -> None:
    known = catalog.load(catalog.load().editions[-1].version)
    published = [each for each in requests if known.action(each["id"]).published]
    assert len(published) == 601
    assert len(requests) == 602  # the upload of prompts is in no published file
    assert list(refusals(openapi, published)) == []


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("DELETE", "/Fax()", None),
        ("DELETE", "/Fax(abc)", None),
        ("DELETE", "/Fax(9999999999)", None),
        ("GET", "/Fax?$top=many", None),
        ("POST", "/Contacts", '{"ContactType": "Company"}'),
        ("POST", "/Contacts", '{"FirstName": 5}'),
        ("POST", "/Contact", "{}"),
    ],
)
def test_the_validator_refuses_what_is_wrong(openapi: OpenAPI, method: str, target: str, body: str | None) -> None:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    with pytest.raises(OpenAPIError):
        openapi.validate_request(request_of(method, target, headers, body))  # type: ignore[arg-type]
