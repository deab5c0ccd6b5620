"""What a PBX repeats of a secret leaves in no text; what is read through Python is as the PBX has it."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from nasty import Asked, Bytes, Nasty, http
from trunkline import Pbx, errors, redaction
from trunkline.node import Node
from trunkline.redaction import MASK
from trunkline.transport.watch import Event

API_KEY = "aK3y/with+odd=chars"
TOKEN = "tok-en.0123456789"
BASIC = base64.b64encode(f"client:{API_KEY}".encode()).decode()


def repeating(status: int, said: Callable[[Asked], str]) -> Callable[[Asked], Bytes]:
    """A PBX that signs in, and answers all else with an error that repeats what it was sent."""

    def answer(asked: Asked) -> Bytes:
        if asked.target == "/connect/token":
            return http(200, json.dumps({"access_token": TOKEN, "expires_in": 3600}))
        error = {"code": said(asked), "message": said(asked), "details": [{"target": said(asked), "message": "x"}]}
        return http(status, json.dumps({"error": error}))

    return answer


SAID: dict[str, Callable[[Asked], str]] = {
    "the header": lambda asked: f"Bad header Authorization: {asked.headers['authorization']}",
    "the token in base64": lambda asked: base64.b64encode(TOKEN.encode()).decode(),
    "the key": lambda asked: f"client_secret={API_KEY}",
    "the key in a form": lambda asked: "client_secret=aK3y%2Fwith%2Bodd%3Dchars",
    "the key as HTTP Basic": lambda asked: f"Basic {BASIC}",
    "the body": lambda asked: asked.body.decode(),
}


@pytest.mark.parametrize("status", [400, 403, 404, 409, 418, 422, 500, 503])
@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_an_error_that_repeats_a_secret_is_told_without(status: int, said: Callable[[Asked], str]) -> None:
    with Nasty(repeating(status, said), sign_in=False) as server, Pbx(server.url, CLIENT, API_KEY) as pbx:
        outcome = Node("users.update", {"Id": 1, "AuthPassword": "s3cret-of-1"}, on_error="continue").run(pbx, [{}])
    error = outcome.errors[0]
    shown = f"{error} {error!r} {vars(error)} {outcome.items[0]['error']}"
    for secret in (API_KEY, TOKEN, "aK3y%2F", "s3cret-of-1", TOKEN[2:12], BASIC[-8:], "dG9rLWVu"):
        assert secret not in shown


def test_an_event_and_the_log_are_without(caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []

    def script(asked: Asked) -> Bytes:
        if asked.target == "/connect/token":
            return http(200, json.dumps({"access_token": TOKEN, "expires_in": 3600}))
        return http(200, '{"value":[]}', X_Echo=f"Bearer {TOKEN}")

    with (
        caplog.at_level(logging.DEBUG, "trunkline"),
        Nasty(script, sign_in=False) as server,
        Pbx(server.url, CLIENT, API_KEY, hooks=[events.append]) as pbx,
    ):
        pbx.users.list(filter=f"Mobile eq '{API_KEY}'").all()
    assert len(events) == 4
    assert MASK in events[-1].url
    assert events[-1].headers["x-echo"] == f"Bearer {MASK}"
    for secret in (API_KEY, TOKEN, "aK3y%2F", "aK3y/with%2B"):
        assert secret not in f"{events} {caplog.text}"


def test_secret_fields_are_read_as_they_are_and_known_from_then_on(pbx: Pbx) -> None:
    user = pbx.users.list(expand="Phones").first()
    assert user is not None
    pbx.users.update(user["Id"], {"AuthPassword": "pA55/of+user", "VMPIN": "9988"})
    redaction.forget()
    read = pbx.users.get(user["Id"])
    assert (read["AuthPassword"], read["VMPIN"]) == ("pA55/of+user", "9988")
    assert redaction.redacted("x pA55/of+user y pA55%2Fof%2Buser 9988") == f"x {MASK} y {MASK} 9988"


ANSWERS: list[tuple[str, dict[str, Any], str]] = [
    ("users.list", {"AuthPassword": "value-1"}, "value-1"),
    ("users.list", {"Phones": [{"Id": 1, "ProvisioningLinkExt": "https://pbx.example.com/p/1"}]}, "/p/1"),
    ("users.list", {"SIPID": "sip-name-1"}, "sip-name-1"),
    ("users.list", {"NewPassword": "value-2"}, "value-2"),
    ("trunks.list", {"AuthPassword": {"Value": "value-3"}}, "value-3"),
    ("trunks.list", {"Messaging": {"Provider": "x", "MESSAGING_ACCESS_KEY": "value-4"}}, "value-4"),
    ("parameters.list", {"Id": 1, "Name": "MAILPASSWORD", "Value": "value-5"}, "value-5"),
    ("parameters.list", {"Id": 1, "Value": "value-6"}, "value-6"),
    ("dn_properties.get_dn_properties", {"Id": 1, "Name": "SIP_SECRET", "Value": "value-7"}, "value-7"),
]


@pytest.mark.parametrize(("action", "row", "secret"), [a for a in ANSWERS if "dn_prop" not in a[0]])
def test_secrets_are_known_wherever_they_stand_in_an_answer(action: str, row: dict[str, Any], secret: str) -> None:
    with Nasty(lambda asked: http(200, json.dumps({"value": [row]}))) as server, Pbx(server.url, CLIENT, KEY) as pbx:
        assert pbx.call(action).all() == [row]
    assert secret not in redaction.redacted(json.dumps(row).replace("AuthPassword", "Note"))


def test_json_that_comes_as_plain_text_is_json() -> None:
    with Nasty(lambda asked: http(200, '{"Id":1,"AuthPassword":"value-1"}', "text/plain")) as server:
        with Pbx(server.url, CLIENT, KEY) as pbx:
            assert pbx.users.get(1) == {"Id": 1, "AuthPassword": "value-1"}


def test_a_repr_has_no_secret() -> None:
    shown: list[object] = []
    with Nasty(lambda asked: http(200, '{"value":[{"Id":1,"AuthPassword":"value-1"}]}')) as server:
        with Pbx(server.url, CLIENT, API_KEY) as pbx:
            shown += [pbx, pbx.users.list(), pbx.users.list().page(), pbx.call("users.list", raw=True)]
    assert "value-1" not in repr(shown)
    assert API_KEY not in repr(shown)


@pytest.mark.parametrize(
    "given", ["https://{}@pbx.example.com", "https://pbx.example.com/?key={}", "https://h/{}", "{}!<"]
)
@pytest.mark.parametrize("key", [API_KEY, "another-key-of-33-letters-xxxxxxx"])
def test_an_address_with_a_key_in_it_is_not_repeated(given: str, key: str) -> None:
    with pytest.raises(errors.ConfigurationError) as refused:
        Pbx(given.format(key), CLIENT, API_KEY)
    assert key not in str(refused.value) or (given == "{}!<" and key != API_KEY)


@pytest.mark.parametrize(
    "arguments",
    [
        ["login", "acme", "--api-key-file", "{}"],
        ["fax", "list", "--url", "https://{}@pbx.example.com"],
        ["fax", "list", "--url", "https://pbx.example.com/?apikey={}"],
        ["fax", "list", "--client-secret", "{}", "--url", "http://127.0.0.1:1/{}"],
        ["fax", "list", "--client-secret", "{}", "--{}"],
        ["fax", "list", "--client-secret", "{}", "--top", "{}"],
        ["{}", "--client-secret", "x"],
        ["fax", "list", "--client-secret", "{}", "--filter", "Number eq '{}'", "--dry-run"],
        ["fax", "list", "--client-secret", "{}", "--filter", "Number eq '{}'", "--curl"],
        ["fax", "create", "--client-secret", "{}", "--number", "{}", "--curl"],
    ],
    ids=" ".join,
)
def test_the_command_line_repeats_no_key(system: System, environment: dict[str, str], arguments: list[str]) -> None:
    key = "wrong-key-of-33-letters-0123456"
    environment["TRUNKLINE_CLIENT_SECRET"] = key
    command = [sys.executable, "-m", "trunkline", *(argument.format(key) for argument in arguments)]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert key not in said.stdout + said.stderr
    assert "Traceback" not in said.stderr
