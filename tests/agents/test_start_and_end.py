"""A process as a client starts it: what it writes where, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mcp_client import COMMAND
from saved_fleet import SavedFleet

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def begun(places: SavedFleet, *options: str) -> subprocess.Popen[str]:
    """Start it and shake hands."""
    process = subprocess.Popen(
        [*COMMAND, "--profile", "pbx-01", *options],
        env=dict(places.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(HELLO) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    assert answer["result"]["serverInfo"]["name"] == "trunkline"
    return process


def call(id: int, tool: str, **arguments: Any) -> str:
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}) + "\n"


def test_stdout_has_nothing_but_the_protocol_and_the_end_of_stdin_ends_it(places: SavedFleet) -> None:
    process = begun(places)
    notes = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}) + "\n"
    out, err = process.communicate(
        notes + "no JSON\n" + call(2, "status") + call(3, "list_rows", action="users.list"), timeout=300
    )
    answers = [json.loads(line) for line in out.splitlines()]
    assert {answer["jsonrpc"] for answer in answers} == {"2.0"}
    assert process.returncode == 0
    assert "Traceback" not in err


def test_each_line_that_is_no_message_is_answered(places: SavedFleet) -> None:
    process = begun(places)
    ping = {"jsonrpc": "2.0", "id": 9, "method": "ping"}
    lines = [
        "no JSON",
        "",
        '{"id": 5}',
        json.dumps([ping]),
        '{"jsonrpc": "2.0", "id": "a", "method": 4}',
        json.dumps(ping),
    ]
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n".join(lines) + "\n")
    process.stdin.flush()
    answers = [json.loads(process.stdout.readline()) for _ in range(5)]
    assert [(answer["id"], answer.get("error", {}).get("code")) for answer in answers] == [
        (None, -32700), (5, -32600), (None, -32600), ("a", -32600), (9, None),
    ]  # fmt: skip
    assert process.communicate(timeout=300) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(places: SavedFleet, number: int) -> None:
    process = begun(places)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (["--profile", "pbx-99"], 3, "pbx-99"),
        (["--profile", "pbx-01", "--allow", "everything"], 2, "No action that changes something fits 'everything'"),
        (["--profile", "pbx-01", "--all-profiles"], 2, "leave --profile out"),
        (["--profile", "pbx-01", "--flows", "nowhere"], 2, "does not exist"),
        (["--profile", "pbx-01", "--tls-key", __file__, "--http"], 2, "--tls-key goes with --tls-cert"),
        ([], 3, "missing"),
    ],
)
def test_what_can_not_be_served_ends_it_with_a_reason(
    places: SavedFleet, options: list[str], code: int, why: str
) -> None:
    done = subprocess.run(
        [*COMMAND, *options], env=dict(places.environment), capture_output=True, text=True, timeout=300, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, "")
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_help_needs_no_sdk() -> None:
    shown = "trunkline.cli.execute(['mcp', '--help'])"
    code = f"import sys, trunkline.cli; {shown}; print([name for name in sys.modules if name == 'mcp'])"
    done = subprocess.run([COMMAND[0], "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.rstrip().endswith("[]")


def test_where_the_sdk_is_missing_the_extra_is_named(places: SavedFleet, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'mcp' else real(name, package)\n"
    )
    environment = {**places.environment, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*COMMAND, "--profile", "pbx-01"], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 3
    assert "pip install 'trunkline[mcp]'" in done.stderr
