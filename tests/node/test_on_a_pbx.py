"""Nodes over real sockets: on the emulated PBX, and on a server that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from nasty import RESET, Asked, Nasty, http
from trunkline import AsyncPbx, Pbx, Retries, cli
from trunkline.errors import ItemsFailed
from trunkline.node import Node, NodeResult


def through(system: System, node: Node, items: list[Any], way: str) -> NodeResult:
    if way == "threads":
        with Pbx(system.url, CLIENT, KEY) as pbx:
            return node.run(pbx, items)

    async def main() -> NodeResult:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return await node.arun(pbx, items)

    return asyncio.run(main())


ways = pytest.mark.parametrize("way", ["threads", "event loop"])


@ways
def test_what_is_gone_already_counts_as_done_if_asked_for(system: System, way: str) -> None:
    node = Node("fax.delete", {"Id": "{{ $json.Id }}"}, missing_ok=True)
    outcome = through(system, node, [{"Id": 121}, {"Id": 999}], way)
    assert [item["json"] for item in outcome.items] == [
        {"success": True, "Id": 121},
        {"success": True, "Id": 999, "missing": True},
    ]


@ways
def test_files_flow_from_a_download_to_an_upload(system: System, way: str) -> None:
    recordings = through(system, Node("recordings.list", {"top": 2}), [{}], way).items
    download = Node("recordings.download_recording", {"recId": "{{ $json.Id }}"})
    files = through(system, download, recordings, way).items
    for item in files:
        about = item["binary"]["data"]
        assert len(base64.b64decode(about["data"])) == about["fileSize"] > 0
        assert about["mimeType"].startswith("audio/")
        assert about["fileExtension"] == "wav"
    named = [{**item, "json": {"n": n}} for n, item in enumerate(files)]
    done = through(system, Node("custom_prompts.upload", {}), named, way)
    assert [item["json"]["success"] for item in done.items] == [True, True]
    with Pbx(system.url, CLIENT, KEY) as pbx:
        there = {row["Filename"] for row in pbx.custom_prompts.list()}
    assert {item["json"]["fileName"] for item in files} <= there


@ways
def test_files_are_saved_to_a_folder_and_uploaded_from_there(system: System, way: str, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    node = Node("recordings.download_recording", {"recId": "{{ $json.Id }}"}, binary_to=folder, on_error="split")
    outcome = through(system, node, [{"Id": 1}, {"Id": 2}, {"Id": 99999}], way)
    paths = [Path(item["binary"]["data"]["path"]) for item in outcome.items]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert len(paths) == 2
    assert len(outcome.failed) == 1
    assert all(path.stat().st_size == item["json"]["fileSize"] for path, item in zip(paths, outcome.items, strict=True))
    assert len(through(system, Node("custom_prompts.upload", {}), outcome.items, way).done) == 2


@ways
def test_a_folder_that_can_t_be_written_fails_the_item_and_sends_nothing(
    system: System, way: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    node = Node("recordings.download_recording", {"recId": 1}, binary_to=tmp_path / "taken", on_error="split")
    (failed,) = through(system, node, [{}], way).failed
    assert "can be written" in failed["error"]["message"]
    assert [path for path in system.sent("GET") if "Download" in path] == []


@ways
def test_every_page_of_a_list_is_read(system: System, way: str) -> None:
    rows = through(system, Node("users.list", {"Options.Select": "Id,Number"}), [{}], way).items
    with Pbx(system.url, CLIENT, KEY) as pbx:
        assert len(rows) == pbx.users.list().count()


def test_a_delete_whose_answer_was_lost_is_done_when_it_is_tried_again() -> None:
    answers = iter([RESET, http(404, '{"error":{"code":"","message":"gone"}}')])

    def script(asked: Asked) -> Any:
        return next(answers) if asked.method == "DELETE" else http(200, "{}", X_3CX_Version="20.0.10")

    server = Nasty(script)
    node = Node("fax.delete", {"Id": 42}, retries=1, retry_wait=0)
    with server, Pbx(server.url, CLIENT, KEY, retries=Retries(attempts=1), token_store=None) as pbx:
        assert node.run(pbx, [{}]).items == [{"json": {"success": True, "Id": 42}, "pairedItem": {"item": 0}}]
    assert [asked.target for asked in server.asked if asked.method == "DELETE"] == ["/xapi/v1/Fax(42)"] * 2


def test_a_create_whose_answer_was_lost_is_not_sent_again() -> None:
    def script(asked: Asked) -> Any:
        return RESET if asked.method == "POST" else http(200, "{}", X_3CX_Version="20.0.10")

    server = Nasty(script)
    node = Node("contacts.create", {"FirstName": "Ada"}, retries=3, retry_wait=0)
    with server, Pbx(server.url, CLIENT, KEY, token_store=None) as pbx:
        with pytest.raises(ItemsFailed):
            node.run(pbx, [{}])
    assert [asked.target for asked in server.asked if asked.target.endswith("/Contacts")] == ["/xapi/v1/Contacts"]


# ── trunkline run ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def command(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    monkeypatch.setenv("SITE", "north")
    monkeypatch.chdir(tmp_path)

    def run(items: list[Any], *argv: str) -> tuple[int, list[Any], str]:
        (tmp_path / "items.json").write_text(json.dumps(items), encoding="utf-8")
        code = cli.execute(["run", *argv, "--input", "items.json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines() if line.startswith("{")] or out.splitlines(), err

    return run


DELETE = ("fax.delete", "--set", "Id={{ $json.Id }}")


def test_run_takes_missing_for_done(command: Any) -> None:
    code, lines, _ = command([{"Id": 999}], *DELETE, "--missing-ok")
    assert (code, lines[0]["json"]) == (0, {"success": True, "Id": 999, "missing": True})


def test_run_stops_after_so_many_failures(command: Any, system: System) -> None:
    items = [{"Id": n} for n in range(990, 999)]
    code, _, err = command(items, *DELETE, "--on-error", "continue", "--max-errors", "2", "--concurrency", "1")
    assert code == 5
    assert "0 of 9 items done, 2 failed, 7 not started" in err
    assert len(system.sent("DELETE")) == 2


def test_run_gives_templates_variables_environment_and_a_zone(command: Any) -> None:
    text = "{{ $vars.who }} {{ $env.SITE }} {{ $now.zoneName }}"
    options = ("--var", "who=Ada", "--allow-env", "SITE", "--zone", "Asia/Tokyo", "--dry-run")
    code, lines, _ = command([{}], "fax.list", "--set", f"search={text}", *options)
    assert (code, lines) == (0, ["item 0: GET /Fax?$search=Ada%20north%20Asia/Tokyo&$top=100"])
    code, _, err = command([{}], "fax.list", "--set", f"search={text}", "--var", "who=Ada", "--dry-run")
    assert code == 7
    assert "--allow-env SITE" in err


def test_run_saves_files(command: Any, tmp_path: Path) -> None:
    argv = ("recordings.download_recording", "--set", "recId={{ $json.Id }}", "--binary-to", "calls")
    code, (line,), _ = command([{"Id": 1}], *argv)
    assert code == 0
    assert (tmp_path / line["binary"]["data"]["path"]).is_file()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--var", "who"), "--var takes NAME=VALUE"),
        (("--var", "a=1", "--var", "a=2"), "gives a twice"),
        (("--zone", "Mars/Base"), "Mars/Base"),
        (("--retries", "-1"), "--retries"),
        (("--max-errors", "0"), "--max-errors"),
        (("--binary-to", "x"), "no file"),
    ],
)
def test_run_refuses_what_makes_no_sense(command: Any, system: System, argv: tuple[str, ...], said: str) -> None:
    code, _, err = command([{"Id": 1}], *DELETE, *argv)
    assert code == 2
    assert said in err
    assert system.sent("DELETE") == []


def test_run_tries_again_where_told_to(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([http(503, ""), http(204, "")])

    def script(asked: Asked) -> Any:
        return next(answers) if asked.method == "DELETE" else http(200, "{}", X_3CX_Version="20.0.10")

    with Nasty(script) as server:
        monkeypatch.setenv("TRUNKLINE_URL", server.url)
        code, lines, _ = command([{"Id": 7}], *DELETE, "--retries", "1", "--retry-wait", "0")
    assert (code, lines[0]["json"]) == (0, {"success": True, "Id": 7})
