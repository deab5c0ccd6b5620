"""Where pyreqwest can't be imported the whole command line works with httpx2; where neither can, it says what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import System

_BLOCKER = """
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise {error}

sys.meta_path.insert(0, Blocked())
"""
MISSING = 'ModuleNotFoundError(f"No module named {name!r}", name=name)'
BROKEN = 'ImportError("libpthread.so.0: version GLIBC_2.38 not found")'


class Machine:
    """Runs command lines in processes of their own, where some packages can't be imported."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = {**environment, "TRUNKLINE_TOKEN_DIR": str(folder / "tokens"), "PYTHONPATH": str(folder)}
        self.folder = folder

    def block(self, *packages: str, error: str = MISSING) -> None:
        code = _BLOCKER.format(blocked=set(packages), error=error)
        (self.folder / "sitecustomize.py").write_text(code, encoding="utf-8")

    def run(self, *argv: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "trunkline", *argv],
            env={**self.environment, **variables},
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )


@pytest.fixture
def machine(environment: dict[str, str], tmp_path: Path) -> Machine:
    return Machine(environment, tmp_path)


@pytest.mark.parametrize("error", [MISSING, BROKEN], ids=["missing", "broken"])
def test_httpx2_is_taken_where_pyreqwest_cannot_be_imported(machine: Machine, system: System, error: str) -> None:
    machine.block("pyreqwest", error=error)
    listed = machine.run("fax", "list", "--select", "Id", "-o", "jsonl")
    assert (listed.returncode, listed.stderr) == (0, "")
    faxes = [json.loads(line)["Id"] for line in listed.stdout.splitlines()]
    assert faxes
    deleted = machine.run("fax", "delete", str(faxes[0]), "--yes")
    assert (deleted.returncode, deleted.stderr) == (0, "")
    assert system.sent("DELETE") == [f"/xapi/v1/Fax({faxes[0]})"]


def test_every_way_of_the_command_line_works_with_httpx2_alone(machine: Machine, system: System) -> None:
    machine.block("pyreqwest")
    listed = machine.run("fax", "list", "--select", "Id", "-o", "jsonl")
    faxes = [json.loads(line)["Id"] for line in listed.stdout.splitlines()]
    items = "".join(json.dumps({"Id": number}) + "\n" for number in faxes)
    (machine.folder / "contacts.csv").write_text("FirstName,PhoneNumber\nAda,+12025550100\n", encoding="utf-8")
    recording = json.loads(machine.run("recordings", "list", "--top", "1", "-o", "jsonl").stdout)["Id"]
    runs = {
        "doctor": machine.run("doctor"),
        "status": machine.run("status"),
        "demo": machine.run("demo"),
        "a job": machine.run("job", "run", "fax.get", "--name", "n", "--set", "Id={{ $json.Id }}", stdin=items),
        "a download": machine.run("recordings", "download-recording", "--rec-id", str(recording), "--save", "a.wav"),
        "run": machine.run("run", "fax.delete", "--yes", "--set", "Id={{ $json.Id }}", stdin=items),
        "a plan": machine.run("import", "contacts", "contacts.csv"),
        "an import": machine.run("import", "contacts", "contacts.csv", "--apply", "--yes"),
        "an export": machine.run("export", "call-log", "--from", "2026-06-01", "--to", "2026-06-02"),
    }
    for name, run in runs.items():
        assert run.returncode == 0, (name, run.stderr, run.stdout[-500:])
    assert (machine.folder / "a.wav").read_bytes()[:4] == b"RIFF"


def test_the_variable_chooses(machine: Machine) -> None:
    machine.block("pyreqwest", error='AssertionError("it is not to be imported")')
    assert machine.run("fax", "list", TRUNKLINE_ADAPTER="httpx2").returncode == 0
    machine.block("httpx2", error='AssertionError("it is not to be imported")')
    assert machine.run("fax", "list", TRUNKLINE_ADAPTER="pyreqwest").returncode == 0
    assert machine.run("fax", "list").returncode == 0


@pytest.mark.parametrize(
    ("blocked", "variables", "message", "hint"),
    [
        (("pyreqwest", "httpx2"), {}, "Neither pyreqwest nor httpx2 is installed", "pip install 'trunkline[httpx2]'"),
        (("pyreqwest",), {"TRUNKLINE_ADAPTER": "pyreqwest"}, "pyreqwest is not installed", "pip install trunkline"),
        (("httpx2",), {"TRUNKLINE_ADAPTER": "httpx2"}, "httpx2 is not installed", "pip install 'trunkline[httpx2]'"),
        ((), {"TRUNKLINE_ADAPTER": "requests"}, "'requests' (TRUNKLINE_ADAPTER)", "Use pyreqwest or httpx2"),
    ],
)
def test_what_cannot_be_used_is_a_matter_of_configuration(
    machine: Machine, blocked: tuple[str, ...], variables: dict[str, str], message: str, hint: str
) -> None:
    machine.block(*blocked)
    refused = machine.run("fax", "list", **variables)
    assert refused.returncode == 3
    shown = " ".join(refused.stderr.split())
    assert message in shown
    assert hint in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("argv", [["fax", "--help"], ["fax", "delete", "4", "--dry-run"], ["actions", "fax"]])
def test_what_sends_nothing_needs_neither(machine: Machine, argv: list[str]) -> None:
    machine.block("pyreqwest", "httpx2")
    assert machine.run(*argv).returncode == 0
