"""``delete -`` and ``delete --input``: what a pipe or a file names, and nothing else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import System
from terminal import TRUNKLINE, Terminal
from trunkline import Pbx


def remaining(pbx: Pbx) -> list[int]:
    return [fax["Id"] for fax in pbx.fax.list()]


@pytest.mark.parametrize(
    "text",
    [
        '{"Id": 121}\n{"Id": 122}\n',
        '[{"Id": 121}, {"Id": 122}]',
        '{"json": {"Id": 121}}\n{"json": {"Id": 122}}',
        "[121, 122]",
        "121\n122\n",
        "Id,Number\n121,888\n122,889\n",
        "\ufeffNumber;Id\r\n888;121\r\n889;122\r\n",
    ],
    ids=["lines", "array", "items", "numbers", "a number a line", "csv", "csv of a spreadsheet"],
)
def test_delete_reads_keys_from_a_pipe(trunkline: Any, pbx: Pbx, text: str) -> None:
    before = remaining(pbx)
    result = trunkline("fax", "delete", "-", "--yes", stdin=text)
    assert (result.code, result.err) == (0, "2 done, 0 failed, 0 not started.\n")
    assert remaining(pbx) == [key for key in before if key not in (121, 122)]


def test_delete_reads_a_file_and_goes_on_after_a_failure(trunkline: Any, pbx: Pbx, tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    path.write_text("Id\n121\n999\n122\n", encoding="utf-8")
    result = trunkline("fax", "delete", "--input", str(path), "--yes")
    assert result.code == 7
    assert "item 1: No fax with Id 999" in result.err
    assert "2 done, 1 failed, 0 not started." in result.err
    assert [json.loads(line).get("error", {}).get("status") for line in result.out.splitlines()] == [None, 404, None]
    assert not {121, 122} & set(remaining(pbx))


@pytest.mark.parametrize(
    ("argv", "text", "said"),
    [
        (["-"], '{"Number": "888"}', "Line 1 of the input has no Id; it has Number."),
        (["-"], '{"Id": 121}\n{"Id": null}', "Line 2 of the input has nothing as its Id."),
        (["-"], "Id\n121\nmany\n", "Line 3 of the input can't be used: Id must be an integer (Int32), not 'many'."),
        (["-"], "- Id: 121\n  Number: 888\n", "JSON, JSON Lines, CSV or bare keys are read."),
        (["-"], "121\n{", "Line 2 of the input is not JSON"),
        (["-"], "[121", "The input is not a JSON array"),
        (["-"], "Nr,Name\n1,x\n", "has no Id"),
        (["-"], "Id,Name\n121,x\n1.2E+02,y\n", "Line 3 of the input can't be used: Id must be an integer"),
        (["-", "--curl"], "121", "give a key"),
        (["121", "--input", "-"], "121", "not both"),
    ],
)
def test_input_that_names_nothing_deletes_nothing(
    trunkline: Any, system: System, argv: list[str], text: str, said: str
) -> None:
    result = trunkline("fax", "delete", *argv, "--yes", stdin=text)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert system.emulator.journal == []


def test_a_batch_that_refuses_some_has_failed(trunkline: Any) -> None:
    result = trunkline("users", "batch-delete", "--ids", "[12, 9999]", "-o", "jsonl")
    assert (result.code, json.loads(result.out)["ExtensionNumber"]) == (7, "9999")
    assert result.err.startswith("1 failed, each with its Error")
    assert trunkline("users", "batch-delete", "--ids", "[13]").code == 0


def test_delete_from_a_pipe_shows_and_keeps_to_etags(trunkline: Any, pbx: Pbx, system: System) -> None:
    shown = trunkline("fax", "delete", "-", "--dry-run", stdin="121\n122")
    assert shown.out.splitlines() == ["item 0: DELETE /Fax(121)", "item 1: DELETE /Fax(122)"]
    assert system.sent("DELETE") == []
    stale = json.dumps({"Id": 121, "@odata.etag": 'W/"old"'})
    result = trunkline("fax", "delete", "-", "--if-match", '{{ $json["@odata.etag"] }}', "--yes", stdin=stale)
    assert result.code == 7
    assert 121 in remaining(pbx)


def test_delete_asks_on_a_terminal_before_several(
    environment: dict[str, str], system: System, pbx: Pbx, tmp_path: Path
) -> None:
    path = tmp_path / "gone.jsonl"
    path.write_text("121\n122\n", encoding="utf-8")
    for answer, code, gone in (("n", 130, 0), ("y", 0, 2)):
        before = len(remaining(pbx))
        terminal = Terminal([TRUNKLINE, "fax", "delete", "--input", str(path)], environment)
        assert "2 items on" in terminal.until("[y/N]: ")
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
        assert before - len(remaining(pbx)) == gone


def test_a_list_pipes_into_delete(environment: dict[str, str], pbx: Pbx) -> None:
    filter_ = "startswith(Link,'p')"
    gone = [link["Link"] for link in pbx.website_links.list(filter=filter_)]
    assert gone
    done = subprocess.run(
        f'{TRUNKLINE} website-links list --filter "{filter_}" -o jsonl | {TRUNKLINE} website-links delete - --yes',
        shell=True,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == f"{len(gone)} done, 0 failed, 0 not started.\n"
    assert pbx.website_links.list(filter=filter_).all() == []


@pytest.mark.parametrize("output", ["jsonl", "csv", "json"])
def test_rows_of_another_resource_delete_nothing(trunkline: Any, system: System, output: str) -> None:
    users = trunkline("users", "list", "--top", "2", "-o", output).out
    result = trunkline("contacts", "delete", "-", "--yes", stdin=users)
    assert result.code == 2
    assert "is a row of users, not of contacts" in result.err
    assert "If its Id is the right one, pass only Id." in result.err
    assert system.sent("DELETE") == []


@pytest.mark.parametrize(
    "row",
    [
        '{"Id": 121, "Name": "mine"}',
        '{"Id": 121, "Number": "888", "Why": "closed", "Until": "2026-01-01"}',
        '{"Id": 121, "@odata.etag": "x", "Number": "888"}',
    ],
)
def test_columns_of_one_s_own_are_no_other_resource(trunkline: Any, row: str) -> None:
    assert trunkline("fax", "delete", "-", "--yes", "--dry-run", stdin=row).out == "item 0: DELETE /Fax(121)\n"
