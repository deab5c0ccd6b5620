"""``--if-unchanged FILE`` and ``delete - --unchanged``: act only on what is still as it was listed."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY
from trunkline import cli
from trunkline.catalog import load
from trunkline.cli.resource import resource_group
from trunkline.client.methods import signature
from trunkline_emulator import Emulator, running


@pytest.fixture(params=[False, True], ids=["without ETags", "with ETags"])
def emulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, etags=request.param)
    with running(emulator) as url:
        for name, value in (("URL", url), ("CLIENT_ID", CLIENT), ("CLIENT_SECRET", KEY)):
            monkeypatch.setenv(f"TRUNKLINE_{name}", value)
        yield emulator


@pytest.fixture
def line(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*argv: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return (cli.execute(list(argv)), *capsys.readouterr())

    return run


def sent(emulator: Emulator) -> list[str]:
    return [entry.method for entry in emulator.journal if entry.method in ("PATCH", "DELETE")]


def test_the_option_is_where_the_python_argument_is() -> None:
    catalog = load()
    for resource, verbs in catalog.resources.items():
        group = resource_group(resource)
        assert group is not None
        for verb, action in verbs.items():
            command = group.get_command(None, verb)  # type: ignore[arg-type]
            options = {flag for param in command.params for flag in param.opts}
            takes = "if_unchanged" in signature(catalog, action).parameters
            assert ("--if-unchanged" in options) == takes, action.id
            assert ("--unchanged" in options) == (takes and action.kind == "delete"), action.id


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_what_get_wrote_protects_an_update(line: Any, emulator: Emulator, tmp_path: Path, form: str) -> None:
    seven = tmp_path / "seven.json"
    seven.write_text(line("contacts", "get", "7", "-o", form)[1], encoding="utf-8")
    argv = ("contacts", "update", "7", "--company-name", "Changed Ltd", "--if-unchanged", str(seven))
    assert line(*argv)[0] == 0
    code, out, err = line(*argv)
    assert (code, out) == (5, "")
    assert "The contact on " in err
    assert "changed since it was read: CompanyName. Nothing was done." in err
    assert sent(emulator) == ["PATCH"]


def test_one_pipe_is_not_two(line: Any, emulator: Emulator) -> None:
    code, out, err = line("contacts", "update", "7", "--body", "-", "--if-unchanged", "-", stdin='{"FirstName": "A"}')
    assert (code, out) == (2, "")
    assert "can't both be -" in err
    assert sent(emulator) == []


def test_a_pipe_protects_a_delete(line: Any, emulator: Emulator) -> None:
    row = line("contacts", "get", "7", "--select", "Id,FirstName")[1]
    line("contacts", "update", "7", "--first-name", "Zed")
    code, _, _ = line("contacts", "delete", "7", "--if-unchanged", "-", stdin=row)
    assert code == 5
    assert line("contacts", "get", "7")[0] == 0
    row = line("contacts", "get", "7", "--select", "Id,FirstName")[1]
    assert line("contacts", "delete", "7", "--if-unchanged", "-", stdin=row)[0] == 0


@pytest.mark.parametrize(
    ("argv", "text", "said"),
    [
        (("--if-unchanged", "-"), "[1]", "has list, not one JSON object"),
        (("--if-unchanged", "-"), '[{"Id": 7, "FirstName": "A"}]', "has list, not one JSON object"),
        (("--if-unchanged", "-"), '{"Id": 7}\n{"Id": 8}', "is not one JSON object"),
        (("--if-unchanged", "-"), "", "is not one JSON object"),
        (("--if-unchanged", "-"), '{"Id": 8, "FirstName": "A"}', "has the contact 8, not 7"),
        (("--if-unchanged", "-"), '{"Id": 7}', "has no field to compare besides the key"),
        (("--if-unchanged", "-"), '{"Id": 7, "Hours.Type": "A"}', "has Hours.Type, a part of a field"),
        (("--if-unchanged", "-", "--curl"), '{"Id": 7, "FirstName": "A"}', "A curl line can't compare"),
        (("--if-unchanged", "/no/such/file"), "", "No such file"),
        (("--unchanged",), "", "--unchanged is for - and --input"),
    ],
)
def test_what_can_not_be_compared_is_refused_before_anything_is_sent(
    line: Any, emulator: Emulator, argv: tuple[str, ...], text: str, said: str
) -> None:
    code, out, err = line("contacts", "delete", "7", *argv, stdin=text)
    assert (code, out) == (2, "")
    assert said in err
    assert emulator.journal == []


def test_masked_secrets_are_not_compared_and_that_is_said(line: Any, emulator: Emulator) -> None:
    user = json.loads(line("users", "list", "--top", "1")[1])
    argv = ("users", "update", str(user["Id"]), "--mobile", "+442079460123", "--if-unchanged", "-")
    code, _, err = line(*argv, stdin=json.dumps(user))
    assert code == 0
    assert "Not compared, because masked in The standard input: " in err
    assert "AuthPassword" in err
    assert "--show-secrets" in err


def test_for_many_rows_it_is_said_once(line: Any, emulator: Emulator) -> None:
    rows = line("users", "list", "--top", "3", "-o", "jsonl")[1]
    err = line("users", "delete", "-", "--unchanged", "--dry-run", stdin=rows)[2]
    assert err.count("Not compared, because masked in the input: ") == 1
    assert err.count("AuthPassword") == 1


def test_a_dry_run_shows_what_is_read_and_what_is_sent(line: Any, emulator: Emulator) -> None:
    row = '{"Id": 7, "FirstName": "Ada"}'
    code, out, _ = line("contacts", "delete", "7", "--if-unchanged", "-", "--dry-run", stdin=row)
    first, between, second = out.split("\n\n")
    assert code == 0
    assert "/Contacts(7)?$select=Id,FirstName" in first
    assert between == "and then, if Id, FirstName are as expected:"
    assert second.startswith("DELETE ")
    with_etag = '{"Id": 7, "FirstName": "Ada", "@odata.etag": "W/\\"1\\""}'
    _, out, _ = line("contacts", "delete", "7", "--if-unchanged", "-", "--dry-run", stdin=with_etag)
    assert 'If-Match: W/"1"' in out.partition("are as expected:")[2]
    assert emulator.journal == []


def test_rows_are_deleted_only_as_they_were_listed(line: Any, emulator: Emulator, tmp_path: Path) -> None:
    rows = line("contacts", "list", "--top", "3", "-o", "jsonl")[1]
    keys = [json.loads(row)["Id"] for row in rows.splitlines()]
    line("contacts", "update", str(keys[0]), "--first-name", "Zed")
    _, out, err = line("contacts", "delete", "-", "--unchanged", "--dry-run", stdin=rows)
    assert len(out.splitlines()) == 3
    assert "Each would be read first" in err
    code, _, err = line("contacts", "delete", "-", "--unchanged", stdin=rows)
    assert code == 7
    assert "item 0: The contact " in err
    assert "Nothing was done." in err
    assert "2 done, 1 failed, 0 not started." in err
    assert [line("contacts", "get", str(key))[0] for key in keys] == [0, 5, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7\n", "Item 0 has nothing to compare"),
        ("Id,FirstName\n7,Ada\n", "Item 0 is all text"),
        ('{"Id": 7, "FirstName": "A"}\n{"Id": 7, "FirstName": "A"}', "Item 1 has the same key as another"),
        ('{"Id": 7, "FirstName": "••••••"}', "Item 0 has nothing to compare"),
    ],
)
def test_rows_that_can_not_be_compared_delete_nothing(line: Any, emulator: Emulator, text: str, said: str) -> None:
    code, out, err = line("contacts", "delete", "-", "--unchanged", stdin=text)
    assert (code, out) == (2, "")
    assert said in err
    assert sent(emulator) == []


def test_the_file_is_for_one_thing(line: Any, tmp_path: Path) -> None:
    path = tmp_path / "seven.json"
    path.write_text('{"Id": 7, "FirstName": "Ada"}', encoding="utf-8")
    code, _, err = line("contacts", "delete", "-", "--if-unchanged", str(path), stdin="7\n")
    assert code == 2
    assert "--unchanged" in err
