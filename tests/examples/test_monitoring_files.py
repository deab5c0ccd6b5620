"""The other files of examples/monitoring: the script of the textfile collector, the check for Icinga, the template for
Zabbix, and what only systemd or a container engine reads, checked as far as that goes here."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from conftest import CLIENT, KEY, System
from healthy import Serve, backup, trunk
from nasty import closed_port

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "monitoring"
TOOLS = str(Path(sys.executable).parent)
HADOLINT = shutil.which("hadolint", path=TOOLS)
ANALYZE = shutil.which("systemd-analyze")


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def run(command: list[str | Path], environment: dict[str, str]) -> Ran:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    """Save connections by name and address; give the environment of a process that has them and our commands."""

    def save(**urls: str) -> dict[str, str]:
        file = tmp_path / "profiles.toml"
        tables = (f'[{n}]\nurl = "{url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n' for n, url in urls.items())
        file.touch(mode=0o600)
        file.write_text("\n".join(tables))
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")},
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "TRUNKLINE_PROFILES": str(file),
        }

    return save


# node_exporter's textfile collector


def test_the_textfile_is_written_for_the_pbxs_that_answer(system: System, saved: Any, tmp_path: Path) -> None:
    folder = tmp_path / "collected"
    folder.mkdir()
    environment = saved(acme=system.url, dead=closed_port())
    ran = run([EXAMPLE / "textfile" / "trunkline-textfile", folder], environment)
    assert ran == Ran(7, "", "1 of 2 PBXs could not be read.\n")
    (file,) = folder.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("trunkline.prom", 0o644)
    families = text_string_to_metric_families(file.read_text())
    up = {
        sample.labels["pbx"]: sample.value
        for family in families
        for sample in family.samples
        if family.name == "threecx_up"
    }
    assert up == {"acme": 1, "dead": 0}


def test_the_textfile_stays_as_it_was_if_nothing_could_be_written(saved: Any, tmp_path: Path) -> None:
    folder = tmp_path / "collected"
    folder.mkdir()
    (folder / "trunkline.prom").write_text("threecx_up 1\n")
    ran = run([EXAMPLE / "textfile" / "trunkline-textfile", folder, "--profile", "nobody"], saved(acme=closed_port()))
    assert ran.code == 3
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("trunkline.prom", "threecx_up 1\n")]


# Icinga, Nagios, Centreon

CHECK = EXAMPLE / "icinga" / "check_3cx"
FIGURE = re.compile(r"\w+=-?[\d.]+%?(;[\d.]*){0,4}")


def test_a_pbx_in_order_is_ok_with_its_figures(serve: Serve, saved: Any) -> None:
    ran = run([CHECK, "acme"], saved(acme=serve().url))
    assert (ran.code, ran.err) == (0, "")
    state, _, figures = ran.out.rstrip("\n").partition(" | ")
    assert re.fullmatch(r"OK: 3CX [\d.]+ needs no attention\.", state)
    assert all(FIGURE.fullmatch(figure) for figure in figures.split()), figures
    assert {"trunks=1;;;0;1", "calls=0;;16;0;16"} <= set(figures.split())


def test_a_concern_is_a_warning_and_limits_are_options(serve: Serve, saved: Any) -> None:
    environment = saved(acme=serve(Backups=[backup(3)]).url)
    assert run([CHECK, "acme"], environment).code == 0
    ran = run([CHECK, "acme", "--backup-days", "2"], environment)
    assert ran.code == 1
    assert ran.out.startswith("WARNING: The last backup is 3 days old")


def test_a_name_from_the_pbx_is_not_taken_for_figures(serve: Serve, saved: Any) -> None:
    line = {**trunk("10000", False), "Gateway": {"Name": "Line|x=1\nOK", "Type": "Provider"}}
    ran = run([CHECK, "acme"], saved(acme=serve(Trunks=[line]).url))
    assert ran.code == 1
    assert len(ran.out.splitlines()) == 1
    assert ran.out.startswith("WARNING: Not registered: 10000 (Line/x=1")
    assert ran.out.count("|") == 1


def test_services_that_do_not_run_are_critical(serve: Serve, saved: Any) -> None:
    services = [{"Name": "QueueManager", "Status": "Stopped"}, {"Name": "IVR", "Status": "Running"}]
    ran = run([CHECK, "acme"], saved(acme=serve(Services=services).url))
    assert (ran.code, ran.out.partition(" | ")[0]) == (2, "CRITICAL: Not running: QueueManager (Stopped).")


@pytest.mark.parametrize(
    ("words", "code", "begins"),
    [
        (["dead"], 2, "CRITICAL: "),
        (["nobody"], 3, "UNKNOWN: "),
        (["dead", "--no-such-option"], 3, "UNKNOWN: "),
        ([], 3, "UNKNOWN: Usage: "),
    ],
)
def test_what_the_check_can_not_read(words: list[str], code: int, begins: str, saved: Any) -> None:
    ran = run([CHECK, *words], saved(dead=closed_port()))
    assert (ran.code, ran.err, len(ran.out.splitlines())) == (code, "", 1)
    assert ran.out.startswith(begins)


# Zabbix


def template() -> dict[str, Any]:
    read: dict[str, dict[str, Any]] = yaml.safe_load((EXAMPLE / "zabbix" / "template.yaml").read_text())
    return read["zabbix_export"]


def everything(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in the template."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else []:
        yield from everything(each)


def test_what_the_template_has_is_named_once_and_for_ever() -> None:
    """Zabbix knows again what it imported by a UUID of version 4, and refuses any other."""
    names = [each["uuid"] for each in everything(template()) if "uuid" in each]
    assert len(set(names)) == len(names)
    assert {uuid.UUID(name).version for name in names} == {4}
    keys = [each["key"] for each in everything(template()) if "uuid" in each and "key" in each]
    assert len(set(keys)) == len(keys)


def test_every_trigger_asks_for_an_item_of_the_template() -> None:
    keys = {each["key"] for each in everything(template()) if "uuid" in each and "key" in each}
    expressions = [each["expression"] for each in everything(template()) if "expression" in each]
    asked = {key for text in expressions for key in re.findall(r"/Trunkline 3CX/([\w.]+(?:\[[^\]]*\])?)", text)}
    assert asked
    assert asked <= keys
    macros = {macro["macro"] for macro in template()["templates"][0]["macros"]}
    assert set(re.findall(r"\{\$[\w.]+\}", " ".join(expressions))) <= macros


def test_every_item_takes_its_value_from_the_one_answer() -> None:
    (host,) = template()["templates"]
    taken = [each for each in everything(host) if each.get("type") == "DEPENDENT"]
    assert len(taken) > 20
    assert {each["master_item"]["key"] for each in taken} == {"trunkline.metrics"}


def test_a_pattern_of_an_item_names_one_series_of_a_pbx(system: System, saved: Any) -> None:
    """Zabbix takes no value where two series answer to a pattern."""
    printed = run(["trunkline", "metrics", "--once"], saved(acme=system.url)).out
    samples = [sample for family in text_string_to_metric_families(printed) for sample in family.samples]
    (host,) = template()["templates"]
    patterns = [each["parameters"] for each in everything(host["items"]) if each.get("type") == "PROMETHEUS_PATTERN"]
    found = {name: [sample for sample in samples if sample.name == name] for name, _, _ in patterns}
    unread = {"threecx_down_info", "threecx_cpu_usage_ratio", "threecx_certificate_expiry_timestamp_seconds"}
    assert {name for name, series in found.items() if len(series) != 1} == unread
    for name, output, label in patterns:
        if output == "label" and found[name]:
            assert found[name][0].labels[label]
    for rule in host["discovery_rules"]:
        ((name,),) = [step["parameters"] for step in rule["preprocessing"]]
        labels = {path["path"].removeprefix("$.labels.") for path in rule["lld_macro_paths"]}
        discovered = [sample.labels for sample in samples if sample.name == name]
        assert discovered
        assert all(labels <= set(each) for each in discovered)


def test_a_number_with_an_exponent_is_not_an_unsigned_one(system: System, saved: Any) -> None:
    """A Zabbix 6.0.14 refuses 1.048591e+06 as an unsigned number; 4.0 it takes."""
    printed = run(["trunkline", "metrics", "--once"], saved(acme=system.url)).out
    values = dict(re.findall(r"^(\w+)(?:\{.*\})? (\S+)$", printed, re.M))
    (host,) = template()["templates"]
    unsigned = [item for item in everything(host) if item.get("type") == "DEPENDENT" and "value_type" not in item]
    names = {
        item["preprocessing"][0]["parameters"][0].partition("{")[0]
        for item in unsigned
        if "lld_macro_paths" not in item
    }
    assert len(names) > 10
    assert {name: values[name] for name in names & set(values) if "e" in values[name]} == {}


# systemd, containers


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    assert ANALYZE is not None
    for unit in [*EXAMPLE.rglob("*.service"), *EXAMPLE.rglob("*.timer")]:
        (tmp_path / unit.name).write_text(re.sub(r"/opt/trunkline/bin/[\w-]+", "/bin/true", unit.read_text()))
    units = sorted(tmp_path.iterdir())
    assert len(units) == 3
    ran = run([ANALYZE, "verify", *units], dict(os.environ))
    assert (ran.code, [line for line in ran.err.splitlines() if "trunkline" in line]) == (0, [])


@pytest.mark.parametrize("unit", sorted(EXAMPLE.rglob("*.service")), ids=lambda unit: unit.name)
def test_the_command_of_a_service_starts(unit: Path, system: System, saved: Any, tmp_path: Path) -> None:
    """With the folders of a test in place of those of the system."""
    (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.M)
    line = line.replace("/var/lib/prometheus/node-exporter", str(tmp_path))
    line = line.replace("/opt/trunkline/bin/trunkline-textfile", str(EXAMPLE / "textfile" / "trunkline-textfile"))
    words = line.replace("/opt/trunkline/bin/", f"{TOOLS}/").split()
    environment = saved(acme=system.url)
    if unit.name == "trunkline-textfile.service":
        assert run([*words], environment).code == 0
        return
    with subprocess.Popen([*words, "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("Metrics of 1 PBX are at http://127.0.0.1:")
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((EXAMPLE / "compose.yaml").read_text())
    return read


def test_compose_has_the_form_that_the_specification_asks_for() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec"]
    ran = run([f"{TOOLS}/check-jsonschema", *schema, EXAMPLE / "compose.yaml"], dict(os.environ))
    assert ran.code == 0, ran.out


def test_what_compose_publishes_is_for_this_machine_only() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports == [f"127.0.0.1:{port}:{port}" for port in (9090, 9093, 3000)]
    assert "ports" not in compose()["services"]["exporter"]


def test_every_file_and_config_of_compose_is_there() -> None:
    configs = compose()["configs"]
    used = {config["source"] for service in compose()["services"].values() for config in service.get("configs", [])}
    assert used == set(configs)
    assert all((EXAMPLE / config["file"]).is_file() for config in configs.values() if "file" in config)
    secrets = {secret for service in compose()["services"].values() for secret in service.get("secrets", [])}
    assert secrets == set(compose()["secrets"])
    assert (EXAMPLE / "grafana").is_dir()


def test_prometheus_in_compose_scrapes_as_the_configuration_does() -> None:
    inline = yaml.safe_load(compose()["configs"]["prometheus"]["content"])
    own = yaml.safe_load((EXAMPLE / "prometheus" / "prometheus.yml").read_text())
    text = json.dumps(own).replace("127.0.0.1:9733", "exporter:9733").replace("127.0.0.1:9093", "alertmanager:9093")
    assert inline == json.loads(text)


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no wheel for this system")
def test_the_linter_has_nothing_to_say() -> None:
    assert HADOLINT is not None
    ran = run([HADOLINT, EXAMPLE / "Dockerfile"], dict(os.environ))
    assert (ran.code, ran.out) == (0, "")


def test_what_the_image_copies_is_there_and_goes_to_the_builder() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in " ".join(re.findall(r"^COPY (?!--from)(.+) \S+$", (EXAMPLE / "Dockerfile").read_text(), re.M)).split():
        assert (ROOT / name).exists(), name
        assert any(fnmatch.fnmatch(name, pattern) for pattern in allowed), f".dockerignore leaves {name} out"
