"""What a PBX's version lacks is refused before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import CLIENT, KEY
from nasty import Nasty, http
from trunkline import Pbx, UnknownName, VersionMismatch, catalog
from trunkline_emulator import Emulator, running


@pytest.fixture
def older() -> Iterator[tuple[Emulator, Pbx]]:
    """A PBX of 20.0.7, and a client that has not asked it anything yet."""
    emulator = Emulator(version="20.0.7", client_id=CLIENT, api_key=KEY)
    with running(emulator) as url, Pbx(url, CLIENT, KEY, label="acme") as pbx:
        yield emulator, pbx


def asked(emulator: Emulator) -> list[str]:
    return [f"{entry.method} {entry.path}" for entry in emulator.journal if entry.path != "/connect/token"]


def test_the_first_call_already_knows_the_version_from_the_sign_in(older: tuple[Emulator, Pbx]) -> None:
    emulator, pbx = older
    assert pbx.version is None
    with pytest.raises(VersionMismatch) as refused:
        pbx.call("contacts.delete_contacts_by_id", ids=[1])
    assert "contacts.delete_contacts_by_id was added in 20.0.9" in str(refused.value)
    assert "runs 20.0.7" in str(refused.value)
    assert "check_version=False" in str(refused.value.hint)
    assert asked(emulator) == []


def test_an_action_that_is_gone_says_when_it_was_last_there() -> None:
    pbx = Pbx("https://pbx.example.com", "id", "key", version="20.0.10")
    with pytest.raises(
        VersionMismatch, match=r"export_contacts was last in 20\.0\.8; pbx\.example\.com runs 20\.0\.10"
    ):
        pbx.contacts.export_contacts()


def test_a_path_that_changed_is_asked_for_as_the_version_has_it(older: tuple[Emulator, Pbx]) -> None:
    emulator, pbx = older
    assert pbx.fax.get_by_number("888")["Number"] == "888"
    assert asked(emulator) == ["GET /xapi/v1/Fax/Pbx.GetByNumber(number='888')"]
    newest = Pbx("https://pbx.example.com", "id", "key", version="20.0.10.1234")
    assert newest.action("fax.get_by_number").path == "/Fax(Number={Number})"


def test_a_parameter_that_a_version_does_not_know_yet_may_be_null() -> None:
    emulator = Emulator(version="20.0.9", client_id=CLIENT, api_key=KEY)
    with running(emulator) as url:
        with Pbx(url, CLIENT, KEY) as pbx:
            pbx.ai_settings.get_ai_resources(provider=None)
        with Pbx(url, CLIENT, KEY) as pbx, pytest.raises(UnknownName, match="no parameter 'provider'"):
            pbx.ai_settings.get_ai_resources(provider="OpenAI")
    assert asked(emulator) == ["GET /xapi/v1/AISettings/Pbx.GetAIResources()"]


def test_check_version_false_sends_it_anyway() -> None:
    with Nasty(lambda asked: http(204, "", X_3CX_Version="20.0.7.1")) as server:
        with Pbx(server.url, "id", "key", check_version=False) as pbx:
            pbx.contacts.delete_contacts_by_id({"ids": [1]})
            pbx.contacts.delete_contacts_by_id({"ids": [2]})
            assert pbx.version == "20.0.7.1"
    assert len(server.api_calls) == 2


def test_a_version_that_no_header_names_stops_nothing() -> None:
    with Nasty(lambda asked: http(200, '{"Id":1}')) as server, Pbx(server.url, "id", "key") as pbx:
        pbx.fax.get(1)
        assert pbx.version is None


def test_a_catalog_of_one_s_own(tmp_path: object) -> None:
    own = catalog.read(catalog.DATA_FILE)
    pbx = Pbx("https://pbx.example.com", "id", "key", catalog=own)
    assert pbx.catalog is own
    assert pbx.action("fax.delete").path == "/Fax({Id})"
    with pytest.raises(UnknownName):
        pbx.action("fax.delte")


def test_load_narrows_actions_fields_and_values() -> None:
    older, newer = catalog.load("20.0.8"), catalog.load("20.0.9")
    assert "contacts.delete_contacts_by_id" not in {action.id for action in older.actions}
    assert "AIAgent" not in older.fields("Pbx.User")
    assert "AIAgent" in newer.fields("Pbx.User")
    assert set(older.enum_values("Pbx.ContactSource")) < set(newer.enum_values("Pbx.ContactSource"))
