"""The alert rules of examples/monitoring: promtool runs their cases, a real Alertmanager routes and silences them, and
each command that a runbook names works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import CLIENT, KEY, System
from prometheus import promtool
from trunkline import cli

FOLDER = Path(__file__).parents[2] / "examples" / "monitoring" / "prometheus"
CASES = sorted(FOLDER.glob("*.test.yaml"))
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]
EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=NAMES)
REQUIRED = os.environ.get("TRUNKLINE_PROMETHEUS_TESTS") == "required"  # read before conftest.py takes it away


@pytest.mark.parametrize("file", CASES, ids=[file.name for file in CASES])
def test_promtool_runs_the_cases(file: Path) -> None:
    promtool("test", "rules", file)


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    fires: set[str] = set()
    for file in CASES:
        for case in yaml.safe_load(file.read_text())["tests"]:
            for asked in case["promql_expr_test"]:
                for sample in asked["exp_samples"]:
                    fires.update(re.findall(r'alertname="(\w+)"', sample["labels"]))
    assert sorted(fires) == sorted(NAMES)


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-probe.yml"])
def test_prometheus_takes_the_configuration(name: str) -> None:
    promtool("check", "config", FOLDER / name)


@EACH_RULE
def test_an_alert_says_how_grave_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert set(rule["labels"]) == {"severity", "topic"}
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert all(text.strip() == text and text for text in rule["annotations"].values())
    assert not rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")
    assert rule["annotations"]["runbook"].endswith((".", "`"))


def commands() -> Iterator[str]:
    """The commands in the runbooks; one that is only named is asked for its help."""
    for rule in RULES:
        runbook = rule["annotations"]["runbook"].replace("{{ $labels.pbx }}", "acme")
        for command in re.findall(r"`trunkline ([^`]+)`", runbook):
            yield command if "profile" in command or "--all" in command else f"{command} --help"


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_a_command_of_a_runbook_works(
    command: str, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.touch(mode=0o600)
    profiles.write_text(f'[acme]\nurl = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n')
    monkeypatch.setenv("TRUNKLINE_PROFILES", str(profiles))
    monkeypatch.chdir(tmp_path)
    code = cli.execute(shlex.split(command))
    shown = capsys.readouterr()
    assert (code, shown.err.count("rror")) == (0, 0), shown.err


# Alertmanager


@contextmanager
def running_alertmanager(folder: Path) -> Iterator[str]:
    """Start an Alertmanager with the configuration of the example; give its address."""
    if shutil.which("prometheus-alertmanager") is None:
        report = pytest.fail if REQUIRED else pytest.skip
        report("There is no Alertmanager on this machine (Debian: apt install prometheus-alertmanager).")
    command = [
        "prometheus-alertmanager",
        f"--config.file={FOLDER / 'alertmanager.yaml'}",
        f"--storage.path={folder}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            printed: list[str] = []
            for line in process.stderr:
                printed.append(line)
                if found := re.search(r'msg="Listening on" address=(\S+)', line):
                    break
            else:
                pytest.fail(f"Alertmanager did not start:\n{''.join(printed)}")
            threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop it
            yield f"http://{found[1]}"
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_alertmanager(tmp_path_factory.mktemp("alertmanager")) as url:
        yield url


def alert(name: str, **labels: str) -> dict[str, str]:
    """An alert as Prometheus sends it, with the labels that its rule adds."""
    (rule,) = [each for each in RULES if each["alert"] == name]
    return {"alertname": name, **rule["labels"], **labels}


def send(url: str, alerts: list[dict[str, Any]]) -> None:
    request = urllib.request.Request(
        f"{url}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=30).close()


def states(url: str, case: str, alerts: list[dict[str, str]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Send alerts, wait until Alertmanager has judged each, end them, and give what it held by name and PBX.

    It takes alerts in their order: as soon as the last two are seen to silence each other, it knows all the others.
    """
    last = [alert("ThreecxDown", pbx="last"), alert("ThreecxTrunkDown", pbx="last")]
    sent: list[dict[str, Any]] = [{"labels": {**labels, "case": case}} for labels in [*alerts, *last]]
    send(url, sent)
    pause = threading.Event()
    for _ in range(300):
        held = {}
        with urllib.request.urlopen(f"{url}/api/v2/alerts?filter=case%3D{case}", timeout=30) as answer:
            for each in json.load(answer):
                held[each["labels"]["alertname"], each["labels"].get("pbx", "")] = each
        if len(held) == len(sent) and held["ThreecxTrunkDown", "last"]["status"]["state"] == "suppressed":
            send(url, [{**each, "endsAt": datetime.now(UTC).isoformat()} for each in sent])
            return {key: each for key, each in held.items() if key[1] != "last"}
        pause.wait(0.1)
    pytest.fail(f"Alertmanager has judged only some: {held}")


def loud(held: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """The alerts about which somebody hears, and who."""
    return {key: each["receivers"][0]["name"] for key, each in held.items() if each["status"]["state"] != "suppressed"}


def test_a_dead_pbx_is_one_message(alertmanager: str) -> None:
    """Alerts without a PBX among them, which it must not silence."""
    about = [alert(name, pbx="acme") for name in NAMES if name not in ("ThreecxManyDown", "ThreecxNothingMeasured")]
    others = [alert("ThreecxTrunkDown", pbx="other"), alert("ThreecxTextfileOld", file="trunkline.prom")]
    about = [each for each in about if each["alertname"] not in ("ThreecxTextfileOld", "ThreecxScrapeFails")]
    assert loud(states(alertmanager, "dead", [*about, *others])) == {
        ("ThreecxDown", "acme"): "on-call",
        ("ThreecxTrunkDown", "other"): "team",
        ("ThreecxTextfileOld", ""): "on-call",
    }


def test_most_pbxs_down_is_one_message(alertmanager: str) -> None:
    down = [alert("ThreecxDown", pbx=name) for name in ("many-a", "many-b", "many-c")]
    assert loud(states(alertmanager, "many", [*down, alert("ThreecxManyDown")])) == {("ThreecxManyDown", ""): "on-call"}


def test_what_is_critical_silences_the_warning_about_the_same(alertmanager: str) -> None:
    held = states(
        alertmanager,
        "worse",
        [
            alert("ThreecxAllTrunksDown", pbx="p"),
            alert("ThreecxTrunkDown", pbx="p"),
            alert("ThreecxTrunkDown", pbx="q"),
            alert("ThreecxBackupOld", pbx="p"),
            alert("ThreecxQueueWithoutAgents", pbx="p", queue="800"),
            alert("ThreecxQueueServiceLevelLow", pbx="p", queue="801"),
            alert("ThreecxLicenceEndsSoon", pbx="q"),
            alert("ThreecxLicenceEnds", pbx="q"),
        ],
    )
    assert loud(held) == {
        ("ThreecxAllTrunksDown", "p"): "on-call",
        ("ThreecxTrunkDown", "q"): "team",
        ("ThreecxBackupOld", "p"): "team",
        ("ThreecxQueueWithoutAgents", "p"): "on-call",
        ("ThreecxQueueServiceLevelLow", "p"): "team",
        ("ThreecxLicenceEndsSoon", "q"): "on-call",
    }
