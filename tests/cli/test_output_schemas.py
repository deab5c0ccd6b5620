"""What each command really writes, held against the JSON Schema that docs/reference/output.md names for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from trunkline import Node, Pbx, State

from .conftest import Said

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "schemas"
JUNE = ("--from", "2026-06-01", "--to", "2026-06-02")
DELETE = ("run", "contacts.delete", "--set", "Id={{ $json.Id }}")
Run = Callable[..., Said]


def check(schema: str, records: Iterable[Any]) -> list[Any]:
    """The records, each of which the schema allows; there must be some."""
    validator = Draft202012Validator(json.loads((FOLDER / f"{schema}.json").read_text(encoding="utf-8")))
    checked = list(records)
    assert checked
    for record in checked:
        assert not [error.message for error in validator.iter_errors(record)], record
    return checked


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of this test, where jobs and watermarks are kept too."""
    monkeypatch.setenv("TRUNKLINE_JOB_DIR", str(tmp_path / "jobs"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: str(path.stem))
def test_a_schema_is_one_and_is_strict(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert all(record["additionalProperties"] is False for record in schema["$defs"].values())
    name = schema["$ref"].rpartition("/")[2]
    assert schema["$defs"][name]["required"]
    assert list(Draft202012Validator(schema).iter_errors({"said": 1}))


def test_an_error_looks_the_same_everywhere() -> None:
    """Status has errors as objects of its own, all else as plain records."""
    status, outcome = (
        json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["$defs"] for name in ("status", "outcome")
    )
    for name in ("ErrorRecord", "HintRecord"):
        assert status[name]["properties"] == outcome[name]["properties"]
        assert set(status[name]["required"]) == set(outcome[name]["required"])


def test_every_schema_is_in_the_page() -> None:
    page = (FOLDER.parent / "output.md").read_text(encoding="utf-8")
    assert [path.name for path in FOLDER.glob("*.json") if f"(schemas/{path.name})" not in page] == []


@pytest.mark.parametrize("mode", ["stop", "continue"])
def test_run(trunkline: Run, own: Path, system: System, mode: str) -> None:
    argv = (*DELETE, "--on-error", mode, "--concurrency", "1", "--outcomes", "done.jsonl", "--yes")
    said = trunkline(*argv, stdin='{"Id": 1}\n{"Id": 999}\n{"Id": 2}\n')
    assert said.code == (5 if mode == "stop" else 7)
    items = check("item", said.lines)
    assert [("error" in item) for item in items] == ([False, True] if mode == "stop" else [False, True, False])
    records = check("outcome", lines(own / "done.jsonl"))
    assert [record["state"] for record in records] == ["done", "failed", "not_started" if mode == "stop" else "done"]
    assert [record["item"] for record in records] == [0, 1, 2]
    assert records[0] == {
        "state": "done",
        "action": "contacts.delete",
        "key": {"Id": 1},
        "pbx": system.url,
        "item": 0,
        "answer": {"success": True, "Id": 1},
    }
    assert (records[1]["error"]["code"], records[1]["error"]["status"]) == ("not_found", 404)


def test_run_of_a_list_and_its_secrets(trunkline: Run, own: Path) -> None:
    argv = ("run", "users.list", "--set", "top=1", "--outcomes", "seen.jsonl")
    said = trunkline(*argv, "--set", "select=Number,VMPIN", stdin="{}\n")
    check("item", said.lines)
    (record,) = check("outcome", lines(own / "seen.jsonl"))
    assert [user["VMPIN"] for user in record["answer"]] == ["••••••"]
    assert record["key"] == {}


def test_outcomes_in_python(pbx: Pbx) -> None:
    node_run = Node("contacts.delete", {"Id": "{{ $json.Id }}"}, on_error="continue").over([{"Id": 1}, {"Id": 999}])
    assert [outcome.state for outcome in node_run.outcomes] == [State.NOT_STARTED] * 2
    node_run.on(pbx)
    done, failed = node_run.outcomes
    assert (done.state, done.answer) == (State.DONE, {"success": True, "Id": 1})
    assert (failed.n, failed.state) == (1, State.FAILED)
    check("outcome", node_run.records("acme"))


def test_delete_of_many(trunkline: Run, own: Path) -> None:
    said = trunkline("contacts", "delete", "-", "--yes", "--outcomes", "done.jsonl", stdin="3\n999\n")
    assert said.code == 7
    check("item", said.lines)
    assert [record["state"] for record in check("outcome", lines(own / "done.jsonl"))] == ["done", "failed"]
    assert trunkline("contacts", "delete", "4", "--yes", "--outcomes", "done.jsonl").code == 2


def test_job(trunkline: Run, own: Path) -> None:
    argv = ("job", *DELETE, "--name", "cleanup", "--yes")
    said = trunkline(*argv, stdin='{"Id": 1}\n{"Id": 999}\n')
    assert said.code == 7
    check("job", said.lines)
    check("job", trunkline("job", "show", "cleanup").lines)
    check("job", trunkline("job", "list").lines)
    items = check("job-item", trunkline("job", "show", "cleanup", "--items").lines)
    assert [item["state"] for item in items] == ["done", "failed"]


def test_a_job_that_was_refused(trunkline: Run, own: Path) -> None:
    argv = ("job", *DELETE, "--name", "cleanup", "--yes", "--client-secret", "not-the-key-0123456789")
    (job,) = check("job", trunkline(*argv, stdin='{"Id": 1}\n').lines)
    assert job["targets"][0]["error"]["code"] == "sign_in"
    (item,) = check("job-item", trunkline("job", "show", "cleanup", "--items").lines)
    assert item["state"] == "not_started"


def test_import(trunkline: Run, own: Path) -> None:
    sheet = "Number,FirstName,VMPIN\n100,Changed,4711\n150,Ada,\n"
    plan = check("import", trunkline("import", "users", "-", "--plan", stdin=sheet).lines)
    done = check("import", trunkline("import", "users", "-", "--apply", "--yes", stdin=sheet).lines)
    assert [(record["state"], record["key"]) for record in plan] == [
        ("not_started", {"Number": "100"}),
        ("not_started", {"Number": "150"}),
    ]
    same = ("action", "key", "pbx", "item", "fields")
    assert [{name: record[name] for name in same} for record in plan] == [
        {name: record[name] for name in same} for record in done
    ]
    assert {record["state"] for record in done} == {"done"}


def test_export(trunkline: Run, own: Path) -> None:
    argv = ("export", "call-log", *JUNE, "--out", "june.csv", "--outcomes", "done.jsonl")
    assert trunkline(*argv).code == 0
    (record,) = check("outcome", lines(own / "done.jsonl"))
    (summary,) = check("export", [record["answer"]])
    assert summary["rows"] == len((own / "june.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert (summary["start"], summary["end"]) == ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z")
    assert trunkline(*argv, "--overwrite", "--client-id", VIEWER, "--client-secret", VIEWER_KEY).code == 5
    (record,) = check("outcome", lines(own / "done.jsonl"))
    assert (record["state"], record["error"]["status"]) == ("failed", 403)


def test_status_of_one(trunkline: Run, system: System) -> None:
    check("status", trunkline("status").lines)
    system.emulator.add_fault("500@/Services*")
    (status,) = check("status", trunkline("status").lines)
    assert status["unavailable"]["services"]["code"] == "server_error"


def test_status_of_many_and_profiles(line: Run, file: Path, system: System) -> None:
    file.parent.mkdir(exist_ok=True)
    away = closed_port()
    file.write_text(
        "".join(
            f'[{name}]\nurl = "{url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n'
            for name, url in (("acme", system.url), ("away", away))
        ),
        encoding="utf-8",
    )
    file.chmod(0o600)
    assert [bool(status["error"]) for status in check("status", line("status", "--all").lines)] == [True, False]
    check("profile", line("profiles", "list").lines)
    check("profile", line("profiles", "show", "acme").lines)


@pytest.mark.parametrize("who", [(), ("--client-id", VIEWER, "--client-secret", VIEWER_KEY)])
def test_doctor(trunkline: Run, who: tuple[str, ...]) -> None:
    findings = check("finding", trunkline("doctor", *who).lines)
    (report,) = check("doctor", [json.loads(trunkline("doctor", *who, "-o", "json").out)])
    assert [finding["check"] for finding in report["findings"]] == [finding["check"] for finding in findings]


def test_calls_watch(trunkline: Run) -> None:
    said = trunkline("calls", "watch", "--interval", "0.5", "--for", "0.7")
    check("call-event", said.lines)


def test_flow_run(trunkline: Run, own: Path) -> None:
    Path("old.yaml").write_text(
        "steps:\n  - list: contacts\n    with: {top: 2, select: Id}\n  - delete: contacts\n", encoding="utf-8"
    )
    check("item", trunkline("flow", "run", "old.yaml", "--yes").lines)


@pytest.mark.parametrize(
    ("schema", "argv"),
    [
        ("action", ("actions", "-o", "jsonl")),
        ("action", ("actions", "delete", "contact")),
        ("action-change", ("actions", "diff", "20.0.7", "20.0.10")),
    ],
)
def test_actions(line: Run, schema: str, argv: tuple[str, ...]) -> None:
    check(schema, line(*argv).lines)


def test_one_action(line: Run) -> None:
    check("action", [json.loads(line("actions", "show", "fax.delete", "-o", "json").out)])


def test_configuration(trunkline: Run, own: Path, system: System) -> None:
    files = check("config-file", trunkline("config", "export", "--out", "acme", "--only", "queues,users").lines)
    assert {file["change"] for file in files} == {"added"}
    (own / "acme/queues/859.yaml").write_text("Number: 859\nName: New\n", encoding="utf-8")
    (added,) = check("config-difference", trunkline("config", "diff", system.url, "acme").lines)
    assert (added["change"], added["key"]) == ("added", "859")
    (step,) = check("config-step", trunkline("config", "plan", "acme").lines)
    assert (step["change"], step["key"]) == ("add", "859")
    system.emulator.add_fault("403@/Users*")
    (drift,) = check("config-drift", trunkline("config", "drift", "acme").lines)
    assert drift["counts"] == {"queues": {"added": 0, "removed": 1, "changed": 0}}
    assert drift["unread"].keys() == {"users"}
    system.emulator.add_fault("500@*")
    (drift,) = check("config-drift", trunkline("config", "drift", "acme").lines)
    assert drift["error"]["status"] == 500
    (own / "acme/queues/859.yaml").write_text("Number: 859\nNaem: New\n", encoding="utf-8")
    (fault,) = check("config-fault", trunkline("config", "validate", "acme").lines)
    assert (fault["file"], fault["line"], fault["is_error"]) == ("queues/859.yaml", 2, True)
