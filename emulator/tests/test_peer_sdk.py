"""The Python SDK for 3CX that others wrote, on the emulator: it sends ``+`` for spaces and validates what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from trunkline_emulator import Emulator, running

if (
    TYPE_CHECKING
):  # its models take seconds to import: only the process that runs these tests does, not all that collect
    from threecx import ThreeCXClient

# What each service creates, a field to filter by and its value with a space.
ENTITIES = [
    ("contacts", {"FirstName": "Ada Maria", "PhoneNumber": "+442079460123"}, "FirstName", "Ada Maria"),
    ("users", {"FirstName": "Grace Ada", "LastName": "Hopper"}, "FirstName", "Grace Ada"),
    ("queues", {"Name": "Second line"}, "Name", "Second line"),
    ("ring_groups", {"Name": "Night shift"}, "Name", "Night shift"),
    ("groups", {"Name": "North office"}, "Name", "North office"),
]


@pytest.fixture(scope="module")
def sdk() -> Iterator[ThreeCXClient]:
    from threecx import ThreeCXClient

    with running(Emulator(client_id="tests", api_key="a-key-for-tests")) as url:
        client = ThreeCXClient(base_url=url, client_id="tests", client_secret="a-key-for-tests")
        yield client
        client.close()


@pytest.mark.parametrize(("service", "fields", "name", "value"), ENTITIES, ids=[entity[0] for entity in ENTITIES])
def test_list_create_get_filter_delete(
    sdk: ThreeCXClient, service: str, fields: dict[str, Any], name: str, value: str
) -> None:
    from threecx import ODataQuery
    from threecx.exceptions import NotFoundError

    entities = getattr(sdk, service)
    before = {entity.id for entity in entities.list()}
    created = entities.create(fields)
    assert created.id not in before
    assert entities.get(created.id).id == created.id
    spaced = ODataQuery().filter(f"{name} eq '{value}'").order_by(f"{name} desc")
    assert [entity.id for entity in entities.list(spaced)] == [created.id]
    assert created.id in [entity.id for entity in entities.iterate(ODataQuery().top(100))]
    entities.update(created.id, {name: f"{value} II"})
    assert getattr(entities.get(created.id, ODataQuery().select("Id", name)), snake(name)) == f"{value} II"
    entities.delete(created.id)
    with pytest.raises(NotFoundError):
        entities.get(created.id)
    assert {entity.id for entity in entities.list()} == before


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def test_a_plus_sign_that_is_meant_comes_as_its_code(sdk: ThreeCXClient) -> None:
    from threecx import ODataQuery

    created = sdk.contacts.create({"FirstName": "Ada", "PhoneNumber": "+442079460124"})
    found = sdk.contacts.list(ODataQuery().filter("PhoneNumber eq '+442079460124'"))
    assert [contact.id for contact in found] == [created.id]
    sdk.contacts.delete(created.id)
