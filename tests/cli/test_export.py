"""``trunkline export call-log``, as an administrator has it: pipes, files, a terminal, and what goes wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from terminal import TRUNKLINE, Terminal
from trunkline.transfer import call_log
from trunkline.transport.retries import Retries
from trunkline_emulator import Emulator, running

from .conftest import Said

JUNE = ("--from", "2026-06-01", "--to", "2026-06-11")
LOG = "GetCallLogData"
Export = Callable[..., Said]


@pytest.fixture
def export(system: System, line: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Export:
    """Run ``trunkline export call-log`` in a folder of its own."""
    monkeypatch.setattr(call_log, "_PAUSES", Retries(base=0))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    where = ("--url", str(system.url), "--client-id", CLIENT, "--client-secret", KEY)
    return lambda *argv: line("export", "call-log", *where, *argv)


def test_a_pipe_gets_json_lines_and_stderr_the_count(export: Export) -> None:
    said = export("--from", "2026-06-01", "--to", "2026-06-02")
    assert said.code == 0
    assert len(said.lines) > 100
    assert [row["StartTime"] for row in said.lines] == sorted(row["StartTime"] for row in said.lines)
    assert said.err == f"{len(said.lines)} rows of 1 day, 2026-06-01T00:00:00Z to 2026-06-02T00:00:00Z.\n"


@pytest.mark.parametrize(
    ("name", "options"),
    [("calls.csv", ()), ("calls.parquet", ()), ("calls.jsonl", ()), ("calls.txt", ()), ("calls", ("-o", "csv"))],
)
def test_a_files_ending_says_how_it_is_written(export: Export, name: str, options: tuple[str, ...]) -> None:
    said = export(*JUNE, "--out", name, "--columns", "CdrId,TalkingDuration", *options)
    assert (said.code, said.out) == (0, "")
    assert said.err.endswith(f": {name}\n")
    content = Path(name).read_bytes()
    if name.endswith("parquet"):
        ids = pq.read_table(name).column("CdrId").to_pylist()
    elif name.endswith(("csv", "calls")):
        ids = [row["CdrId"] for row in csv.DictReader(io.StringIO(content.decode()))]
    else:
        ids = [json.loads(row)["CdrId"] for row in content.splitlines()]
    assert len(ids) == len(set(ids)) > 800
    assert said.err.startswith(f"{len(ids):,} rows of 10 days")


def test_a_pipe_takes_parquet(system: System, environment: dict[str, str], tmp_path: Path) -> None:
    environment |= {"XDG_STATE_HOME": str(tmp_path)}
    command = [TRUNKLINE, "export", "call-log", *JUNE, "-o", "parquet"]
    said = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert said.stderr.decode().startswith(f"{pq.read_table(io.BytesIO(said.stdout)).num_rows:,} rows of 10 days")


def test_a_terminal_takes_no_parquet(environment: dict[str, str]) -> None:
    terminal = Terminal([TRUNKLINE, "export", "call-log", *JUNE, "-o", "parquet"], environment)
    assert terminal.end() == 2
    assert "name a file with --out" in terminal.seen


def test_a_date_is_a_midnight_of_the_zone(export: Export) -> None:
    said = export("--from", "2026-06-01", "--to", "2026-06-02", "--zone", "Europe/Berlin")
    assert "2026-05-31T22:00:00Z to 2026-06-01T22:00:00Z" in said.err
    assert "2 days" in said.err


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "Say with --from where to begin"),
        (("--from", "soon"), "--from: 'soon' is not a date or time."),
        (("--from", "-1d", "--to", "31.01.2026"), "--to: '31.01.2026' is not a date or time."),
        (("--from", "2026-06-02", "--to", "2026-06-01"), "ends (2026-06-01T00:00:00Z) before it begins"),
        (("--from", "2126-06-02", "--to", "2126-06-03"), "which is to come"),
        (("--from", "-1d", "--zone", "Mars/Base"), "There is no time zone 'Mars/Base'."),
        (("--from", "-1d", "-o", "table"), "'table' is not one of"),
        (("--from", "-1d", "--columns", "StartTme"), "has no field 'StartTme'. Did you mean StartTime"),
        (("--from", "-1d", "--overwrite"), "go with --out"),
        (("--from", "-1d", "--watermark", "mark.json"), "--watermark goes with --since-last"),
        (("--since-last",), "Name the time where to begin: `--from TIME`"),
        (("--since-last", "--from", "-1d", "--overlap", "long"), "'long' is not a length of time."),
        (("--from", "-1d", "--out", "nowhere/calls.csv"), "there is no folder"),
        (("--from", "-1d", "--out", "calls.xlsx"), "Nothing is written as .xlsx; choose one of"),
        (("--from", "-1d", "--out", "calls.csv.gz"), "Nothing is written as .gz"),
    ],
)
def test_what_cannot_be_is_refused_unsent(export: Export, system: System, argv: tuple[str, ...], told: str) -> None:
    said = export(*argv)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert "Traceback" not in said.err
    assert not system.sent("GET")


def test_without_the_role_it_says_which(export: Export, system: System) -> None:
    said = export(*JUNE, "--out", "calls.csv", "--client-id", VIEWER, "--client-secret", VIEWER_KEY)
    assert said.code == 5
    assert "System Owner" in said.err
    assert not list(Path.cwd().iterdir())


def test_a_wrong_key_leaves_nothing_not_even_a_header(export: Export) -> None:
    said = export(*JUNE, "-o", "csv", "--client-secret", "wrong")
    assert (said.code, said.out) == (4, "")


def test_a_dead_pbx(export: Export) -> None:
    said = export(*JUNE, "--out", "calls.csv", "--url", "http://127.0.0.1:9")
    assert said.code == 6
    assert "can't be reached" in said.err
    assert not list(Path.cwd().iterdir())


def test_lost_days_are_named_and_the_same_command_reads_them(export: Export, system: System) -> None:
    system.emulator.add_fault(
        {"match": {"operation": LOG, "path": "*periodFrom=2026-06-0[47]*"}, "do": {"status": 500}}
    )
    said = export(*JUNE, "--out", "calls.csv")
    system.emulator.clear_faults()
    assert said.code == 7
    assert "Missing: 2026-06-04, 2026-06-07." in said.err
    assert "calls.csv.parts; the same command reads only the rest." in said.err
    assert not Path("calls.csv").exists()
    said = export(*JUNE, "--out", "calls.csv")
    assert said.code == 0
    assert "its finished days were not read again" in said.err
    assert not Path("calls.csv.parts").exists()
    said = export(*JUNE, "--out", "calls.csv")
    assert said.code == 2
    assert "--overwrite" in said.err


def test_another_period_is_not_mixed_in(export: Export, system: System) -> None:
    system.emulator.add_fault({"match": {"operation": LOG, "path": "*periodFrom=2026-06-04*"}, "do": {"status": 500}})
    assert export(*JUNE, "--out", "calls.csv").code == 7
    system.emulator.clear_faults()
    said = export("--from", "2026-06-02", "--to", "2026-06-11", "--out", "calls.csv")
    assert said.code == 3
    assert "another export: from 2026-06-01T00:00:00Z" in said.err
    assert "--restart" in said.err
    assert export("--from", "2026-06-02", "--to", "2026-06-11", "--out", "calls.csv", "--restart").code == 0


def test_rows_from_outside_are_left_out_and_said(export: Export, system: System) -> None:
    system.emulator.vary({"call_log_period": "ignored"})
    said = export("--from", "2026-06-10", "--to", "2026-06-11")
    system.emulator.vary({"call_log_period": "kept"})
    assert all(row["StartTime"].startswith("2026-06-10") for row in said.lines)
    assert "rows from outside of the days of the export; they are left out" in said.err


def test_since_last_begins_where_the_last_one_ended(export: Export) -> None:
    first = export("--since-last", "--from", "2026-06-01", "--to", "2026-06-04")
    second = export("--since-last", "--from", "2026-06-01", "--to", "2026-06-08")
    third = export("--since-last", "--to", "2026-06-11", "--out", "new.jsonl")
    assert (first.code, second.code, third.code) == (0, 0, 0)
    new = [json.loads(row) for row in Path("new.jsonl").read_text("utf-8").splitlines()]
    ids = [row["CdrId"] for row in [*first.lines, *second.lines, *new]]
    assert sorted(ids) == sorted(row["CdrId"] for row in export(*JUNE).lines)
    assert f"{len(second.lines)} rows new since 2026-06-04T00:00:00Z, up to 2026-06-08T00:00:00Z." in second.err


def test_zeros_that_are_left_out_leave_cells_empty(export: Export, system: System) -> None:
    system.emulator.vary({"report_zeros": "left_out"})
    assert export(*JUNE, "--out", "calls.parquet").code == 0
    system.emulator.vary({"report_zeros": "sent"})
    table = pq.read_table("calls.parquet")
    assert 0 < table.column("CallCost").null_count < table.num_rows


# ── what needs a process of its own ──────────────────────────────────────────────────────────────


@pytest.fixture
def slow(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[Emulator, dict[str, str]]]:
    """A PBX that takes its time, and the environment of a process that is connected to it."""
    emulator = Emulator(client_id=CLIENT, api_key=KEY, latency=0.1)
    with running(emulator) as url:
        yield emulator, {**environment, "TRUNKLINE_URL": url, "XDG_STATE_HOME": str(tmp_path / "state")}


def command(*argv: str) -> list[str]:
    return [TRUNKLINE, "export", "call-log", "--from", "2026-04-01", "--to", "2026-06-01", *argv]


def parts_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*Z.jsonl"))


def some_parts(folder: Path, emulator: Emulator) -> list[Path]:
    """Wait until some windows are finished; from then on the PBX is silent, so that it stays at some."""
    end = time.monotonic() + 60
    while len(parts_of(folder)) < 5:
        assert time.monotonic() < end, "no windows are finished"
        time.sleep(0.01)
    emulator.add_fault("silence@/ReportCallLogData*")
    return parts_of(folder)


def asked(emulator: Emulator) -> int:
    return sum(entry.operation == LOG for entry in emulator.journal)


@pytest.mark.parametrize("name", ["calls.jsonl", "calls.csv", "calls.parquet"])
def test_what_kill_9_leaves_is_gone_on_with(slow: tuple[Emulator, dict[str, str]], tmp_path: Path, name: str) -> None:
    emulator, environment = slow
    process = subprocess.Popen(command("--out", name), env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    kept = some_parts(tmp_path / f"{name}.parts", emulator)
    process.kill()
    process.wait(timeout=120)
    assert not (tmp_path / name).exists()
    emulator.latency = 0
    emulator.clear_faults()
    emulator.clear_journal()
    done = subprocess.run(
        command("--out", name), env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "An earlier run had begun this" in done.stderr
    assert asked(emulator) < 61 + 10 - len(kept)
    subprocess.run(command("--out", f"whole{name}"), env=environment, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole{name}").read_bytes()
    assert not (tmp_path / f"{name}.parts").exists()


def test_a_terminal_sees_progress_and_ctrl_c_says_how_far_it_got(
    slow: tuple[Emulator, dict[str, str]], tmp_path: Path
) -> None:
    emulator, environment = slow
    out = tmp_path / "calls.csv"
    terminal = Terminal(command("--out", str(out)), environment)
    terminal.until("/61")
    terminal.until(" rows")
    some_parts(tmp_path / "calls.csv.parts", emulator)
    terminal.interrupt()
    assert terminal.end() == 130, terminal.seen
    assert "windows are read; the same command goes on." in terminal.seen
    assert "Traceback" not in terminal.seen
    assert not out.exists()
    emulator.latency = 0
    emulator.clear_faults()
    terminal = Terminal(command("--out", str(out)), environment)
    assert terminal.end() == 0
    assert "rows of 61 days" in terminal.seen
    assert out.read_text("utf-8").count("\n") > 4_000


def test_ctrl_c_in_a_pipe_says_where_to_go_on_and_moves_no_mark(
    slow: tuple[Emulator, dict[str, str]], tmp_path: Path
) -> None:
    emulator, environment = slow
    argv = command("--since-last", "--watermark", str(tmp_path / "mark.json"))
    out = tmp_path / "out"
    with out.open("wb") as file:
        process = subprocess.Popen(argv, env=environment, stdout=file, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while not out.stat().st_size:
            assert time.monotonic() < end, "no rows are written"
            time.sleep(0.01)
        emulator.add_fault("silence@/ReportCallLogData*")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    rows = [json.loads(row) for row in out.read_text("utf-8").splitlines()]
    assert f"Interrupted after {len(rows):,} rows, everything before 2026-04-" in err
    assert "The watermark has not moved." in err
    assert not (tmp_path / "mark.json").exists()


def test_a_reader_that_leaves_is_no_error_and_moves_no_mark(environment: dict[str, str], tmp_path: Path) -> None:
    argv = " ".join(command("--since-last", "--watermark", str(tmp_path / "mark.json")))
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{argv} | head -1"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["CdrId"]
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert not (tmp_path / "mark.json").exists()


def test_rows_on_a_terminal_are_not_mixed_with_a_bar(environment: dict[str, str]) -> None:
    terminal = Terminal([TRUNKLINE, "export", "call-log", *JUNE, "--columns", "CdrId"], environment)
    assert terminal.end() == 0
    *rows, count = terminal.seen.split("\r\n")[:-1]
    assert all(list(json.loads(row)) == ["CdrId"] for row in rows)
    assert count.startswith(f"{len(rows):,} rows of 10 days")


def test_two_processes_do_not_share_a_file(slow: tuple[Emulator, dict[str, str]], tmp_path: Path) -> None:
    emulator, environment = slow
    argv = command("--out", str(tmp_path / "calls.csv"))
    process = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE)
    some_parts(tmp_path / "calls.csv.parts", emulator)
    second = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert second.returncode == 3
    assert "Another process is exporting to" in second.stderr
    assert os.access(tmp_path / "calls.csv.parts", os.R_OK)


def test_a_damaged_part_is_said_and_read_again(export: Export, system: System, tmp_path: Path) -> None:
    command = ["--from", "2026-06-01", "--to", "2026-06-04", "--out", "calls.jsonl"]
    system.emulator.add_fault({"match": {"operation": LOG, "path": "*periodFrom=2026-06-03*"}, "do": {"status": 500}})
    assert export(*command).code == 7
    system.emulator.clear_faults()
    part = tmp_path / "calls.jsonl.parts" / "20260602T000000Z-20260603T000000Z.jsonl"
    part.write_bytes(b"".join(part.read_bytes().splitlines(keepends=True)[:-5]))
    said = export(*command)
    assert said.code == 0
    assert f"damaged, or written by an older version, and so read again: {part.name}." in said.err
    kept = (tmp_path / "calls.jsonl").read_bytes()
    assert export(*command, "--overwrite").code == 0
    assert (tmp_path / "calls.jsonl").read_bytes() == kept
