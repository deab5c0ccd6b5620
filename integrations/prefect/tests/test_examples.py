"""examples/fleet: files that only a container engine, systemd or Kubernetes reads, checked as far as that goes here."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FLEET = ROOT / "examples" / "fleet"
TOOLS = str(Path(sys.executable).parent)
HADOLINT = shutil.which("hadolint", path=TOOLS)
ANALYZE = shutil.which("systemd-analyze")
CONFIGURED = [path for path in sorted(FLEET.rglob("*")) if path.is_file() and path.name != "README.md"]


def text(name: str) -> str:
    return (FLEET / name).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(text("compose.yaml"))
    return read


def test_compose_has_the_form_that_the_specification_asks_for() -> None:
    done = subprocess.run(
        [f"{TOOLS}/check-jsonschema", "--builtin-schema", "vendor.compose-spec", FLEET / "compose.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_what_compose_publishes_is_for_this_machine_only() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:4200:4200"]


def test_every_secret_that_a_container_gets_is_one_that_it_takes() -> None:
    taken = set(re.findall(r"^take \S+ (\S+)$", text("with-secrets"), re.M)) | {"profiles.toml"}
    for name, service in compose()["services"].items():
        if name != "postgres":
            assert service["command"][0] == "with-secrets"
            assert set(service["secrets"]) <= taken
    assert taken == set(compose()["secrets"])


@pytest.mark.parametrize("path", CONFIGURED, ids=lambda path: str(path.relative_to(FLEET)))
def test_every_setting_of_prefect_is_one(path: Path) -> None:
    import prefect.settings

    names = set(re.findall(r"\bPREFECT_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert [name for name in names if name != "PREFECT_HOME" and not hasattr(prefect.settings, name)] == []


@pytest.mark.parametrize("path", CONFIGURED, ids=lambda path: str(path.relative_to(FLEET)))
def test_no_file_has_a_password(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert re.findall(r"://[^/\s@]+:(?!PASSWORD@)[^/\s@]+@", content) == []
    assert [value for value in re.findall(r"AUTH_STRING=\S+:(\S+)$", content, re.M) if value != "CHANGE-ME"] == []


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    assert ANALYZE is not None
    for unit in (FLEET / "systemd").glob("*.service"):
        runnable = re.sub(r"/opt/trunkline/bin/\w+", "/bin/true", unit.read_text(encoding="utf-8"))
        (tmp_path / unit.name).write_text(runnable, encoding="utf-8")
    units = [str(path) for path in sorted(tmp_path.glob("*.service"))]
    done = subprocess.run([ANALYZE, "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "trunkline" in line]) == (0, [])


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no wheel for this system")
def test_the_linter_has_nothing_to_say() -> None:
    assert HADOLINT is not None
    done = subprocess.run([HADOLINT, FLEET / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_the_image_copies_is_there_and_goes_to_the_builder() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in " ".join(re.findall(r"^COPY (.+) \S+$", text("Dockerfile"), re.M)).split():
        assert (ROOT / name).exists(), name
        assert any(fnmatch.fnmatch(name, pattern) for pattern in allowed), f".dockerignore leaves {name} out"


def test_the_image_is_of_the_version_that_is_pinned() -> None:
    pinned = re.findall(r"^prefect==(\S+)", (ROOT / "requirements-fleet.lock").read_text(), re.M)
    assert re.findall(r"^FROM prefecthq/prefect:([\d.]+)-", text("Dockerfile"), re.M) == pinned
