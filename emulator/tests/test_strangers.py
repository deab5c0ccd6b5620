"""Clients that nobody here wrote, over a real socket: they read the metadata, then list, write and delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from odatapy.client.auth import OAuth2ClientCredentialsAuth
from odatapy.client.client import EdmEnabledODataClient
from odatapy.client.responses import ODataClientError
from odatapy.client.transport import HttpxTransport
from odatapy.data import Entity

from odata import ODataService  # type: ignore[attr-defined]
from trunkline_emulator import Emulator, running

VERSIONS = ("20.0.7", "20.0.10")


@pytest.fixture(params=VERSIONS)
def served(request: pytest.FixtureRequest) -> Iterator[Any]:
    emulator = Emulator(version=request.param)
    with running(emulator) as url:
        yield emulator, url


@pytest.fixture
def python_odata(served: Any) -> Iterator[Any]:
    emulator, url = served
    form = {"grant_type": "client_credentials", "client_id": emulator.client_id, "client_secret": emulator.api_key}
    with requests.Session() as session:
        token = session.post(f"{url}/connect/token", data=form).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        yield ODataService(f"{url}/xapi/v1/", session=session, reflect_entities=True, quiet_progress=True)


def test_python_odata(served: Any, python_odata: Any) -> None:
    users, fax = python_odata.entities["Users"], python_odata.entities["Fax"]
    query = python_odata.query(users)
    assert query.filter(users.Number == "100").first().FirstName == "Amara"
    found = query.filter(users.LastName.startswith("O")).order_by(users.Number.desc()).limit(2)
    assert [user.Number for user in found.all()] == ["133", "110"]

    new = fax()
    new.Number = "877"
    python_odata.save(new)
    assert new.Id > 0
    new.OutboundCallerId = "+12025550143"
    python_odata.save(new)
    stored = python_odata.query(fax).filter(fax.Number == "877").all()
    assert [row.OutboundCallerId for row in stored] == ["+12025550143"]
    python_odata.delete(new)
    assert "877" not in [row.Number for row in python_odata.query(fax).all()]

    emulator, _ = served
    asked = [(entry.method, entry.status) for entry in emulator.journal]
    assert asked[:2] == [("POST", 200), ("GET", 200)]  # a token, and $metadata
    assert {status for _, status in asked} <= {200, 201, 204}


def test_python_odata_knows_every_set_and_function(python_odata: Any) -> None:
    assert {"Users", "Fax", "WebsiteLinks"} <= python_odata.entities.keys()
    assert {"GetUpdates", "GetUpdatesStats"} <= python_odata.functions.keys()
    assert {"PurgeCalls", "PurgeAllLogs"} <= python_odata.actions.keys()


@pytest.fixture(params=[None, "none", "full"])
def odatapy(served: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    emulator, url = served
    auth = OAuth2ClientCredentialsAuth(f"{url}/connect/token", emulator.client_id, emulator.api_key)
    with HttpxTransport(auth=auth) as transport:
        yield EdmEnabledODataClient(f"{url}/xapi/v1", transport, metadata_level=request.param)


def values(entities: Any, name: Any) -> Any:
    return [entity.get_property(name).value for entity in entities]


def test_odatapy(odatapy: Any) -> None:
    listed = {entry.name for entry in odatapy.get_service_document().entries}
    assert {"Users", "MyUser", "GetUpdates"} <= listed
    wanted = odatapy.entity_set_uri("Users").filter("startswith(LastName,'O')").orderby("Number desc").count()
    found = odatapy.get_entity_set(wanted.copy().top(2).select("Id", "Number"))
    assert (found.count, values(found.entities, "Number")) == (4, ["133", "110"])
    counted = odatapy.entity_set_uri("Users").append_count_segment().filter("startswith(LastName,'O')")
    assert odatapy.get_count(counted) == 4

    entity = Entity()
    entity.set_property("Number", "877")
    created = odatapy.create_entity(odatapy.entity_set_uri("Fax"), entity)
    place = odatapy.entity_uri("Fax", created.get_property("Id").value)
    change = Entity()
    change.set_property("OutboundCallerId", "+12025550143")
    assert odatapy.update_entity(place, change).status_code == 204
    assert odatapy.get_entity(place).get_property("OutboundCallerId").value == "+12025550143"
    assert odatapy.delete_entity(place).status_code == 204
    with pytest.raises(ODataClientError) as gone:
        odatapy.get_entity(place)
    assert gone.value.response.status_code == 404


def test_odatapy_calls_a_function(odatapy: Any) -> None:
    function = odatapy.uri().append_entity_set_segment("Fax").append_function_call_segment("Pbx.InitFax", {})
    assert odatapy.invoke_function(function).entity().get_property("Number").value
