"""The examples of configuration as code: a new customer from a template, an offboarding in git, drift each night."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from conftest import CLIENT, KEY, System
from trunkline import Config, Pbx
from trunkline_emulator import Emulator, running

EXAMPLES = Path(__file__).parents[2] / "examples" / "config"
ACME = EXAMPLES / "new-customer" / "customers" / "acme"


@pytest.fixture
def fresh() -> Iterator[System]:
    """A PBX that nobody has set up yet."""
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="empty")
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture
def variables(system: System, tmp_path: Path) -> dict[str, str]:
    """The environment of a script: this installation's commands, the emulated PBX, an identity for git."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TRUNKLINE_URL": system.url,
        "TRUNKLINE_CLIENT_ID": CLIENT,
        "TRUNKLINE_CLIENT_SECRET": KEY,
        "TRUNKLINE_PROFILES": str(tmp_path / "profiles.toml"),
        "TRUNKLINE_APPLY_DIR": str(tmp_path / "applies"),
        "GIT_AUTHOR_NAME": "demo",
        "GIT_AUTHOR_EMAIL": "demo@example.com",
        "GIT_COMMITTER_NAME": "demo",
        "GIT_COMMITTER_EMAIL": "demo@example.com",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


def run(argv: list[str], environment: dict[str, str], folder: Path, code: int = 0) -> str:
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


def test_one_command_sets_a_new_customer_up(fresh: System, variables: dict[str, str], tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text("users/101/AuthPassword: not-a-real-password-9\n")
    secrets.chmod(0o600)
    there = {**variables, "TRUNKLINE_URL": fresh.url}
    apply = ["trunkline", "config", "apply", str(ACME), "--yes", "--secrets", str(secrets)]
    run(apply, there, tmp_path)
    with Pbx(fresh.url, CLIENT, KEY) as pbx:
        assert Config.load(ACME).plan(pbx).steps == ()
        held = Config.read(pbx)
        (ada, *_) = pbx.call("users.list")
    assert held["queues/800"]["Agents"] == ["101", {"Number": "102", "SkillGroup": "2"}]
    assert held["inbound_rules/Main number"]["OfficeHoursDestination"] == {"Number": "820", "To": "IVR"}
    assert ada["AuthPassword"] == "not-a-real-password-9"
    written = len(fresh.emulator.journal)
    run(apply, there, tmp_path)
    later = [entry for entry in list(fresh.emulator.journal)[written:] if entry.path.startswith("/xapi")]
    assert {entry.method for entry in later} == {"GET"}


def test_another_customer_differs_in_its_values_only(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "new-customer", tmp_path / "new-customer")
    folder = tmp_path / "new-customer" / "customers" / "acme"
    (folder / "values.yaml").write_text(
        'customer: {number: "+493023125800", language: DE, time_zone: Europe/Berlin, queues: "5"}\n'
    )
    config = Config.load(folder)
    assert "queues/500" in config
    assert config["groups/Sales"]["Language"] == "DE"
    assert config["inbound_rules/Main number"]["Data"] == "+493023125800"
    assert config["receptionists/520"]["Forwards"][0]["ForwardDN"] == "500"


def test_an_offboarding_is_a_commit_that_shows_every_reference_that_was_taken_out(
    pbx: Pbx, variables: dict[str, str], tmp_path: Path
) -> None:
    run(["git", "init", "--quiet", "acme"], variables, tmp_path)
    script = [str(EXAMPLES / "offboarding" / "offboard.sh"), "acme", "104", "106"]
    shown = run(script, variables, tmp_path)
    assert "Extension 104 leaves; 106 takes over" in shown
    changed = run(["git", "show", "--format=", "--name-only"], variables, tmp_path / "acme").split("\n")
    assert "queues/800.yaml" in changed
    assert "users/104.yaml" in changed
    difference = run(["git", "show", "--format=", "queues/800.yaml"], variables, tmp_path / "acme")
    assert '-  - Number: "104"' in difference
    assert '+  - Number: "106"' in difference
    assert not Config.read(pbx)["users/104"]["Enabled"]
    log = run(["git", "log", "--format=%s"], variables, tmp_path / "acme")
    assert log.splitlines() == ["Extension 104 leaves; 106 takes over", "As the PBX is before 104 leaves"]


def commands_of(file: Path) -> list[str]:
    """The lines of an example that compare PBXs with the folder ``golden``."""
    return [line.strip() for line in file.read_text().splitlines() if "config drift" in line]


@pytest.mark.parametrize("name", ["github-workflow.yml", "gitlab-ci.yml"])
def test_the_nightly_check_of_a_forge_fails_where_a_pbx_drifts(
    name: str, system: System, variables: dict[str, str], tmp_path: Path
) -> None:
    workflow = yaml.safe_load((EXAMPLES / "drift" / name).read_text())
    assert workflow
    (command,) = commands_of(EXAMPLES / "drift" / name)
    command = command.removeprefix("- ").partition("#")[0].strip()
    golden(tmp_path, system)
    run(["sh", "-c", command], variables, tmp_path)
    with Pbx(system.url, CLIENT, KEY) as pbx:
        pbx.call("voicemail_settings.update", body={"Quota": 5})
    run(["sh", "-c", command], variables, tmp_path, code=8)


def test_the_nightly_timer_writes_a_file_for_prometheus(
    system: System, variables: dict[str, str], tmp_path: Path
) -> None:
    (line,) = commands_of(EXAMPLES / "drift" / "trunkline-drift.service")
    script = line.removeprefix("ExecStart=/bin/sh -c '").removesuffix("'")
    golden(tmp_path, system)
    run(["sh", "-c", script.replace("/var/lib/node_exporter", str(tmp_path))], variables, tmp_path)
    assert 'trunkline_config_drift{pbx="acme"} 0' in (tmp_path / "drift.prom").read_text()
    assert not (tmp_path / "drift.prom.new").exists()


def golden(folder: Path, system: System) -> None:
    """A standard that the PBX meets, and the PBX saved as acme."""
    (folder / "golden" / "settings").mkdir(parents=True)
    (folder / "golden" / "settings" / "voicemail_settings.yaml").write_text("Quota: 1024\n")
    profiles = folder / "profiles.toml"
    profiles.touch(mode=0o600)
    profiles.write_text(f'[acme]\nurl = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n')
