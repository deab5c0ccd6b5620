"""``--skeleton``, and the fields of a body as options."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from trunkline import cli
from trunkline.catalog import Action, load
from trunkline.catalog.skeleton import skeleton
from trunkline.cli.action_command import ActionCommand
from trunkline.request import bind, build

NEWEST = load("20.0.10")
WITH_BODY = [action for action in NEWEST.actions if action.body is not None and action.kind != "upload"]


@pytest.fixture
def trunkline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command line without a PBX that answers; what it prints, and it must end well."""
    monkeypatch.setenv("TRUNKLINE_URL", "https://pbx.example.com")
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", "nobody")
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "made-up-key")

    def run(*argv: str) -> str:
        code = cli.execute(list(argv))
        captured = capsys.readouterr()
        unread = r"^Groups would be replaced; what is there now can't be read: .*\n"  # nothing answers there
        assert (code, re.sub(unread, "", captured.err)) == (0, "")
        return captured.out

    return run


def test_a_skeleton_needs_neither_keys_nor_a_connection(trunkline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUNKLINE_URL")
    body = json.loads(trunkline("contacts", "update", "--skeleton"))
    assert body["FirstName"] == ""
    assert body["ContactType"] in NEWEST.enum_values("Pbx.ContactSource")
    assert "Id" not in body


@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        ("fax.create", {"Number", "Groups"}, {"Id"}),
        ("website_links.create", {"Link", "Name"}, set()),  # its key is text, and the caller's to choose
        ("fax.bulk_fax_delete", {"ids"}, set()),
        ("users.create", {"FirstName", "Hours", "Groups"}, {"Id"}),
    ],
)
def test_a_skeleton_has_what_the_caller_gives(name: str, has: set[str], lacks: set[str]) -> None:
    found = set(skeleton(NEWEST.action(name)))
    assert has <= found
    assert not lacks & found


def test_a_list_has_one_entry_to_copy() -> None:
    assert skeleton(NEWEST.action("fax.bulk_fax_delete")) == {"ids": [0]}
    (group,) = skeleton(NEWEST.action("users.create"))["Groups"]
    assert group["Rights"]["RoleName"] == ""


@pytest.mark.parametrize("action", WITH_BODY, ids=lambda action: str(action.id))
def test_a_skeleton_passes_the_own_checks(action: Action) -> None:
    made_up: dict[str, Any] = {"Int32": 1, "String": "a", "Guid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff"}
    keys = {p.name: made_up[p.type.name] for p in action.parameters}
    body = skeleton(action)
    request = build(bind(NEWEST, action, (), {**keys, "body": body}))
    assert isinstance(request.body, bytes)
    assert json.loads(request.body) == body


def test_each_field_of_a_body_has_an_option() -> None:
    for action in NEWEST.actions:
        flags = [flag for param in ActionCommand(NEWEST, action).params for flag in param.opts]
        names = {param.name for param in ActionCommand(NEWEST, action).params}
        assert len(flags) == len(set(flags)), action.id
        for field in NEWEST.spec_fields(action.body):
            assert f"field_{field}" in names or field in action.keys, (action.id, field)


def test_fields_as_options(trunkline: Any) -> None:
    sent = trunkline(
        *("receptionists", "update", "5", "--name", "Front desk", "--field-timeout", "20", "--ivr-type", "Default"),
        *("--groups", '[{"GroupId": 3}]', "--dry-run"),
    )
    assert json.loads(sent.partition("\n\n")[2]) == {
        "Name": "Front desk",
        "Timeout": 20,
        "IVRType": "Default",
        "Groups": [{"GroupId": 3}],
    }
    assert "/ReceptionistS(5)".lower() in sent.lower()
    tested = trunkline("crm-integration", "test", "--field-query", "Ada", "--body", '{"mode": "Search"}', "--dry-run")
    assert json.loads(tested.partition("\n\n")[2]) == {"mode": "Search", "query": "Ada"}
