"""What 3CX's own published tests send, sent by a client that a generator wrote from the emulator's description.

The bodies are those of 3CX's tests, which expect a real PBX to take them (docs/pbx.md, Creating and changing). The
client reads every answer into the declared types and fails on one that doesn't fit.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from once import Once
from trunkline_emulator import Emulator, running


class Kind(NamedTuple):
    """The modules of one kind of entity: ``api.TAG.create_ONE``, ``models.pbx_TYPE``."""

    tag: str
    one: str
    type: str
    body: dict[str, Any] = {}  # noqa: RUF012 - never changed
    start: str = ""
    has_number: bool = True


KINDS = [
    Kind("users", "user", "User", {}),
    Kind("queues", "queue", "Queue", {"AnnouncementInterval": 50}),
    Kind("receptionists", "receptionist", "Receptionist", {"Name": "testIVR"}),
    Kind("ring_groups", "ring_group", "RingGroup", {"Name": "RG"}),
    Kind("fax", "fax", "Fax", start="init_fax"),
    Kind("parkings", "parking", "Parking", {"Number": "SP100"}),
    Kind("trunks", "trunk", "Trunk", {"AuthPassword": {"Value": "Abc1234567"}}, start="init_trunk"),
    Kind("service_principals", "service_principal", "ServicePrincipal", {"Number": "sptest"}),
    Kind("groups", "group", "Group", {"Name": "Group 1"}),
    Kind("contacts", "contact", "Contact", {"FirstName": "Ada", "PhoneNumber": "1234567890"}, has_number=False),
]
# Their generated clients have no operation that reads these by number.
NOT_READ_BY_NUMBER = ("groups", "service_principals", "contacts")
NEVER_RENUMBERED = [kind for kind in KINDS if kind.has_number and kind.tag != "trunks"]


class Generated:
    """The generated package, signed in to an emulator."""

    def __init__(self, emulator: Emulator, url: str) -> None:
        form = {"grant_type": "client_credentials", "client_id": emulator.client_id, "client_secret": emulator.api_key}
        token = requests.post(f"{url}/connect/token", data=form, timeout=60).json()["access_token"]
        client = import_module("pbx_client").AuthenticatedClient
        self.client = client(base_url=f"{url}/xapi/v1", token=token)
        self.url, self.token = url, token

    def call(self, tag: str, name: str, **arguments: Any) -> Any:
        """Call an operation; return its status and what the client made of the answer."""
        operation = import_module(f"pbx_client.api.{tag}.{name}")
        answer = operation.sync_detailed(client=self.client, **arguments)
        return int(answer.status_code), answer.parsed

    def model(self, type_name: str, fields: dict[str, Any]) -> Any:
        return getattr(import_module("pbx_client.models"), f"Pbx{type_name}").from_dict(fields)

    def create(self, kind: Kind) -> dict[str, Any]:
        fields = dict(kind.body)
        if kind.start:
            template = {"template": "'1cx.pv.xml'"} if kind.tag == "trunks" else {}
            status, started = self.call(kind.tag, kind.start, **template)
            assert status == 200
            fields = {**started.to_dict(), **fields}
        status, created = self.call(kind.tag, f"create_{kind.one}", body=self.model(kind.type, fields))
        assert status == 201, created
        row: dict[str, Any] = created.to_dict()
        return row

    def update(self, kind: Kind, key: int, fields: dict[str, Any]) -> int:
        body = self.model(kind.type, fields)
        status: int = self.call(kind.tag, f"update_{kind.one}", id=key, body=body)[0]
        return status

    def delete(self, kind: Kind, key: int) -> int:
        status: int = self.call(kind.tag, f"delete_{kind.one}", id=key)[0]
        return status


@pytest.fixture(scope="module")
def generated(once: Once) -> Iterator[Generated]:
    emulator = Emulator(client_id="tests", api_key="a-key-for-tests")
    with running(emulator) as url:
        folder = str(once("generated", lambda folder: generate(url, folder)))
        sys.path.insert(0, folder)
        try:
            signed_in = Generated(emulator, url)
            yield signed_in
            signed_in.client.get_httpx_client().close()
        finally:
            sys.path.remove(folder)


def generate(url: str, folder: Path) -> None:
    document, package = folder / "swagger.yaml", folder / "pbx_client"
    document.write_bytes(requests.get(f"{url}/xapi/v1/swagger.yaml", timeout=60).content)
    options = ["--path", str(document), "--meta", "none", "--output-path", str(package)]
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (package / "client.py").exists(), made.stdout + made.stderr
    # Of a sound or an XML file it knows nothing; no operation is left out.
    left_out = [line for line in made.stdout.splitlines() if "Endpoint will not be generated" in line]
    assert not left_out


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.tag)
def test_create_read_list_update_delete(generated: Generated, kind: Kind) -> None:
    row = generated.create(kind)
    assert row["Id"] > 0
    if kind.has_number:
        assert row["Number"]
    if kind.has_number and kind.tag not in NOT_READ_BY_NUMBER:
        status, again = generated.call(kind.tag, f"get_{kind.one}_by_number", number=f"'{row['Number']}'")
        assert (status, again.id) == (200, row["Id"])
    status, rows = generated.call(kind.tag, f"list_{kind.one}", select=["Id"])
    assert status == 200
    assert rows.value
    own = {"Number": row["Number"]} if kind.has_number else {"FirstName": "Grace"}
    assert generated.update(kind, row["Id"], own) == 204
    assert generated.delete(kind, row["Id"]) == 204
    assert generated.call(kind.tag, f"get_{kind.one}", id=row["Id"])[0] == 404


@pytest.mark.parametrize("kind", NEVER_RENUMBERED, ids=lambda kind: kind.tag)
def test_another_number_is_refused(generated: Generated, kind: Kind) -> None:
    row = generated.create(kind)
    assert generated.update(kind, row["Id"], {"Number": "100"}) == 400
    assert generated.delete(kind, row["Id"]) == 204


def test_a_user_joins_a_group_and_leaves_it(generated: Generated) -> None:
    users, groups = KINDS[0], KINDS[8]
    user, group = generated.create(users), generated.create(groups)
    member = {"GroupId": group["Id"], "Rights": {"RoleName": "users"}}
    assert generated.update(users, user["Id"], {"Groups": [member]}) == 204
    _, read = generated.call("users", "list_groups", id=user["Id"])
    assert group["Id"] in [row.group_id for row in read.value]
    assert generated.update(users, user["Id"], {"Groups": []}) == 204
    member = {"Number": user["Number"], "Rights": {"RoleName": "users"}}
    assert generated.update(groups, group["Id"], {"Members": [member]}) == 204
    _, read = generated.call("groups", "list_members", id=group["Id"])
    assert [row.number for row in read.value] == [user["Number"]]
    assert generated.update(groups, group["Id"], {"Members": []}) == 204
    assert generated.call("groups", "list_members", id=group["Id"])[1].value == []
    assert generated.delete(groups, group["Id"]) == generated.delete(users, user["Id"]) == 204


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("outbound_rules", "list_outbound_rule"),
        ("sip_devices", "list_sip_device"),
        ("system_status", "get_system_status"),
        ("system_status", "system_health_status"),
        ("defs", "get_system_parameters"),
        ("license_status", "get_license_status"),
    ],
)
def test_what_their_tests_read(generated: Generated, tag: str, name: str) -> None:
    status, answer = generated.call(tag, name)
    assert status == 200
    assert answer.to_dict()


def test_a_session_for_a_user_begins(generated: Generated) -> None:
    answer = requests.post(
        f"{generated.url}/webclient/api/MyPhone/session",
        json={"name": "AI", "version": "0.1", "isHuman": False, "impersonate": "110"},
        headers={"Authorization": f"Bearer {generated.token}"},
        timeout=60,
    )
    assert answer.ok
