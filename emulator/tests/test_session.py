"""The session of a web client, outside the API."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from .conftest import Line

PATH = "/webclient/api/MyPhone/session"
OPENING = {"name": "test", "version": "20.0.10", "isHuman": False, "impersonate": "100"}


def test_a_token_opens_a_session(pbx: Line) -> None:
    headers = {"authorization": f"Bearer {pbx.token}", "content-type": "application/json"}
    answer = pbx.send("POST", PATH, json.dumps(OPENING).encode(), headers)
    assert answer.status == 200
    assert UUID(answer.json["sessionId"])
    assert answer.headers["x-trunkline-evidence"] == "assumed"


@pytest.mark.parametrize(
    ("method", "body", "signed_in", "status"),
    [
        ("POST", b"{}", False, 401),
        ("GET", b"", True, 405),
        ("POST", b"", True, 400),
        ("POST", b"[]", True, 400),
        ("POST", b'{"name": 5}', True, 400),
    ],
)
def test_what_opens_none(pbx: Line, method: str, body: bytes, signed_in: bool, status: int) -> None:
    headers = {"authorization": f"Bearer {pbx.token}"} if signed_in else {}
    assert pbx.send(method, PATH, body, headers).status == status
