"""One case for each fact of docs/pbx.md that the client has to bear: the answer as a live system wrote it.

What the emulator does of the same facts is in emulator/tests/test_corrections.py; a dead token that is answered with
403 has a page of its own, tests/transport/test_dead_token.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conftest import CLIENT, KEY
from nasty import Asked, Bytes, Nasty, http
from trunkline import Pbx
from trunkline.catalog.secret import MASK, masked
from trunkline.errors import PbxError, VersionWarning
from trunkline.odata.equality import equal
from trunkline.transfer.call_log import leg_of

ROUTE = {"Prepend": "", "StripDigits": 0, "TrunkId": -1}
DELTA = {"error": {"code": "", "message": "The input was not valid.\n\ndelta:\nThe delta field is required."}}
LEG = {"CdrId": "00000000-01db-4000-8000-000000000001", "StartTime": "2026-06-01T09:00:00.5+01:00"}
SECRETS = (
    "AuthPassword", "DeskphonePassword", "VMPIN", "SIPID", "ProvisioningLinkExt", "ProvisioningLinkLocal", "AccessKey",
    "MESSAGING_ACCESS_KEY", "MESSAGING_SECRET_KEY", "LicenseKey",
)  # fmt: skip


def read(entity: dict[str, Any], **headers: str) -> dict[str, Any]:
    """What `users.get` makes of an answer."""
    with Nasty(lambda asked: http(200, json.dumps(entity), **headers)) as server, Pbx(server.url, CLIENT, KEY) as pbx:
        return dict(pbx.users.get(11))


def chunked(asked: Asked) -> Bytes:
    head = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\nVia: 1.1 caf\xe9\r\n\r\n"
    )
    return Bytes(head + b'6\r\n{"Id":\r\n3\r\n11}\r\n0\r\n\r\n', keep_alive=True)


def read_chunked() -> dict[str, Any]:
    with Nasty(chunked) as server, Pbx(server.url, CLIENT, KEY) as pbx:
        return dict(pbx.users.get(11))


def sent_back(resource: str, entity: dict[str, Any]) -> Any:
    """Read an entity, send it back, and return the body that arrived."""

    def script(asked: Asked) -> Bytes:
        return http(200, json.dumps(entity)) if asked.method == "GET" else http(204)

    with Nasty(script) as server, Pbx(server.url, CLIENT, KEY) as pbx:
        answer = pbx.call(f"{resource}.get", 1)
        pbx.call(f"{resource}.update", 1, body=answer)
        return json.loads(server.api_calls[-1].body)


def refused(fields: dict[str, Any]) -> str:
    """Return the message for a body of which the PBX can't read anything."""
    with Nasty(lambda asked: http(400, json.dumps(DELTA))) as server, Pbx(server.url, CLIENT, KEY) as pbx:
        with pytest.warns(VersionWarning), pytest.raises(PbxError) as caught:
            pbx.call("users.update", 11, body=fields)
        return str(caught.value)


def returns(resource: str, entity: dict[str, Any]) -> bool:
    return bool(sent_back(resource, entity) == entity)


CASES: dict[str, Callable[[], bool]] = {
    "a null that is left out is no error": lambda: read({"Id": 11, "Number": "100"}).get("Mobile") is None,
    "a null that is sent is none either": lambda: read({"Id": 11, "Mobile": None})["Mobile"] is None,
    "an answer may be chunked, with any byte in a header": lambda: read_chunked() == {"Id": 11},
    "five routes go back as they came": lambda: returns("outbound_rules", {"Id": 1, "Routes": [ROUTE] * 5}),
    "a concealed password goes back": lambda: returns("trunks", {"Id": 1, "AuthPassword": {"Concealed": True}}),
    "an open type's own fields go back": lambda: returns("trunks", {"Id": 1, "Messaging": {"SMS_PREFIX": "1"}}),
    "a destination may be nowhere": lambda: returns(
        "inbound_rules",
        {"Id": 1, "OfficeHoursDestination": {"External": "", "To": "None", "Number": "", "Tags": []}},
    ),
    "the refusal of a body is told": lambda: "The delta field is required." in refused({"Unheard": 1}),
    "a time may have seven digits and an offset": lambda: equal(
        "2026-04-09T00:04:57.6262837-04:00", "2026-04-09T04:04:57.6262837Z"
    ),
    "a time of day may have seven digits": lambda: equal("09:00:00.0000000", "09:00:00"),
    "a call begins at the same moment with any offset": lambda: (
        leg_of(LEG).started == leg_of({**LEG, "StartTime": "2026-06-01T08:00:00.5Z"}).started
    ),
    "every secret is masked by its name": lambda: (
        masked(dict.fromkeys(SECRETS, "x-secret-x")) == dict.fromkeys(SECRETS, MASK)
    ),
}


@pytest.mark.parametrize("fact", CASES)
def test_a_fact_is_borne(fact: str) -> None:
    assert CASES[fact]()
