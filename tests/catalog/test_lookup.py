"""Finding an action by its names, and what a version of 3CX has."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline import catalog
from trunkline.catalog import version_key
from trunkline.errors import UnknownName


@pytest.mark.parametrize(
    "name",
    [
        "fax.delete",
        "DeleteFax",
        "deletefax",
        "Delete Fax",
        "delete fax",
        "Fax: Delete Fax",
        "FAX.DELETE",
        " fax.delete ",
    ],
)
def test_every_name_of_an_action_leads_to_it(name: str) -> None:
    assert catalog.load().action(name).id == "fax.delete"


@pytest.mark.parametrize("name", ["website-links.delete", "Website-Links.Delete", "website_links.delete"])
def test_a_name_may_be_spelled_with_dashes_as_in_a_shell(name: str) -> None:
    assert catalog.load().action(name).id == "website_links.delete"


def test_every_action_is_found_by_its_id_and_by_resource_and_operation() -> None:
    newest = catalog.load("20.0.10")
    for action in newest.actions:
        assert newest.action(action.id) is action
        shown = f"{catalog.names.display_words(action.tag)}: {catalog.names.display_words(action.operation_id)}"
        assert newest.action(shown).tag == action.tag


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("fax.delet", "fax.delete"),
        ("DeleteFaxx", "DeleteFax"),
        ("website_link.delete", "website_links.delete"),
        ("contact.list", "contacts.list"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, suggested: str) -> None:
    with pytest.raises(UnknownName) as raised:
        catalog.load().action(name)
    assert name in str(raised.value)
    assert suggested in str(raised.value)


@pytest.mark.parametrize("name", ["", "   ", "zzzzzzzzzzzz", "fax.", ".delete"])
def test_an_unknown_name_near_to_nothing_is_refused_too(name: str) -> None:
    with pytest.raises(UnknownName):
        catalog.load().action(name)


def test_an_unknown_name_is_an_attribute_error_and_a_usage_error() -> None:
    with pytest.raises(AttributeError) as raised:
        catalog.load().action("nope")
    assert isinstance(raised.value, UnknownName)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("pre-20.0.5", "/Fax/Pbx.GetByNumber(number={number})"),
        ("20.0.7", "/Fax/Pbx.GetByNumber(number={number})"),
        ("20.0.8", "/Fax(Number={Number})"),
        ("20.0.10", "/Fax(Number={Number})"),
        (None, "/Fax(Number={Number})"),
    ],
)
@pytest.mark.parametrize("name", ["fax.get_by_number", "GetFaxByNumber", "Get Fax By Number"])
def test_a_name_means_the_form_that_the_version_has(version: str | None, path: str, name: str) -> None:
    assert catalog.load(version).action(name).path == path


def test_a_superseded_form_keeps_an_id_of_its_own() -> None:
    assert catalog.load().action("fax.get_by_number@20.0.7").path == "/Fax/Pbx.GetByNumber(number={number})"
    with pytest.raises(UnknownName):
        catalog.load("20.0.10").action("fax.get_by_number@20.0.7")


@pytest.mark.parametrize("name", ["ExportContacts", "contacts.export_contacts", "Export Contacts"])
def test_of_an_action_that_is_gone_it_is_said_when_it_was_last_there(name: str) -> None:
    assert catalog.load("20.0.8").action(name).operation_id == "ExportContacts"
    with pytest.raises(UnknownName, match=r"last in 20\.0\.8"):
        catalog.load("20.0.9").action(name)


@pytest.mark.parametrize("name", ["ReportLogEvent", "defs.report_log_event"])
def test_of_an_action_that_is_not_there_yet_it_is_said_when_it_comes(name: str) -> None:
    assert catalog.load("20.0.10").action(name).operation_id == "ReportLogEvent"
    with pytest.raises(UnknownName, match=r"added in 20\.0\.10"):
        catalog.load("20.0.9").action(name)


def test_download_recording_by_name_is_gone_in_20_0_10() -> None:
    assert catalog.load("20.0.9").action("DownloadRecordingByName").method == "GET"
    with pytest.raises(UnknownName, match=r"last in 20\.0\.9"):
        catalog.load("20.0.10").action("DownloadRecordingByName")


def test_versions_are_ordered_as_numbers_and_not_as_text() -> None:
    ordered = ["pre-20.0.5", "20.0.5", "20.0.9", "20.0.10", "20.0.11", "20.1.0", "21.0.0"]
    as_text = sorted(ordered)
    assert as_text != ordered
    assert sorted(as_text, key=version_key) == ordered


@pytest.mark.parametrize(("build", "version"), [("20.0.9.112", "20.0.9"), ("20.0.10.1", "20.0.10")])
def test_a_build_counts_as_its_version(build: str, version: str) -> None:
    assert version_key(build) == version_key(version)
    assert catalog.load(build).actions == catalog.load(version).actions


@pytest.mark.parametrize("text", ["", "twenty", "v20.0.9", "20.x.9", "20..9", "pre-", "latest"])
def test_text_that_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        catalog.load(text)


def test_a_version_newer_than_the_newest_file_has_what_that_file_has() -> None:
    assert catalog.load("20.1.3").actions == catalog.load("20.0.10").actions


def test_a_version_older_than_the_oldest_file_has_what_that_file_has() -> None:
    assert catalog.load("20.0.2").actions == catalog.load("pre-20.0.5").actions


def test_fields_that_came_later_are_absent_from_an_older_version() -> None:
    assert "AIAgent" not in catalog.load("20.0.8").fields("Pbx.User")
    assert "AIAgent" in catalog.load("20.0.9").fields("Pbx.User")


def test_a_field_whose_type_changed_has_the_type_of_the_version() -> None:
    assert catalog.load("20.0.8").fields("Pbx.Contact")["ContactType"].name == "String"
    assert catalog.load("20.0.9").fields("Pbx.Contact")["ContactType"].name == "Pbx.ContactSource"


def test_inherited_fields_are_fields_too_in_every_version() -> None:
    for version in ("pre-20.0.5", "20.0.7", "20.0.8", "20.0.10", None):
        assert {"Id", "Number", "OutboundCallerId"} <= catalog.load(version).fields("Pbx.Fax").keys()


def test_an_action_that_changed_has_the_body_of_the_version() -> None:
    newest = catalog.load("20.0.10").action("users.make_call").body
    oldest = catalog.load("pre-20.0.5").action("users.make_call").body
    assert isinstance(newest, dict)
    assert isinstance(oldest, dict)
    assert "testCall" in newest
    assert "testCall" not in oldest


def test_resources_have_the_verbs_of_the_version() -> None:
    assert "export_contacts" in catalog.load("20.0.8").resources["contacts"]
    assert "export_contacts" not in catalog.load("20.0.9").resources["contacts"]
    assert catalog.load("20.0.7").resources["fax"]["get_by_number"].id == "fax.get_by_number@20.0.7"
    assert catalog.load().resources["fax"]["get_by_number"].id == "fax.get_by_number"


def test_loading_a_version_twice_gives_the_same_catalog() -> None:
    assert catalog.load("20.0.7") is catalog.load("20.0.7")


def test_a_field_that_moved_to_the_base_of_its_type_was_never_gone() -> None:
    everything, newest = catalog.load(), catalog.load("20.0.10")
    assert everything.elsewhere("Pbx.User", "Number") == "in every version"
    for name in everything.types:
        for field in everything.fields(name):
            assert ("last in" in everything.elsewhere(name, field)) == (field not in newest.fields(name)), (name, field)


def test_every_text_that_counts_the_actions_has_the_same_figures() -> None:
    counts = catalog.load().counts
    assert (counts.version, counts.live, counts.forms) == ("20.0.10", 601, 638)
    assert catalog.load("20.0.10").counts.forms == counts.live
    root = Path(__file__).parents[2]
    texts = {
        "README.md": f"all {counts.live} actions\nof {counts.version}",
        "docs/reference/README.md": f"the {counts.live} actions of 3CX {counts.version}",
        "docs/guides/connections.md": f"is known, with {counts.live} actions.",
        "docs/pbx.md": f"that of {counts.version} has {counts.live}.",
        "emulator/README.md": f"the {counts.live} actions of {counts.version}",
    }
    assert [page for page, text in texts.items() if text not in (root / page).read_text(encoding="utf-8")] == []
    assert f"published {counts.forms} in all" in (root / "docs/reference/README.md").read_text(encoding="utf-8")
