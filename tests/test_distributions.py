"""What is published: two wheels, and what each brings to who installs it."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import sysconfig
import venv
from configparser import ConfigParser
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest

from trunkline import __version__

ROOT = Path(__file__).parents[1]
TEST = """
from trunkline import Pbx

def test_a_client_reads_the_emulated_pbx(pbx_emulator):
    with Pbx(pbx_emulator.url, pbx_emulator.client_id, pbx_emulator.api_key, token_store=None) as pbx:
        assert [row["Name"] for row in pbx.groups.list(select=["Name"])][:1] == ["DEFAULT"]
"""


class Wheel:
    """A built wheel and what is written in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with ZipFile(path) as archive:
            self.files = archive.namelist()
            (self.info,) = {name.partition("/")[0] for name in self.files if ".dist-info/" in name}
            self.metadata: Message = email.message_from_bytes(archive.read(f"{self.info}/METADATA"))
            self.entry_points = ConfigParser(delimiters=["="])
            self.entry_points.read_string(archive.read(f"{self.info}/entry_points.txt").decode())


def build(folder: Path, target: Path) -> Wheel:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    (path,) = target.glob("*.whl")
    return Wheel(path)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return build(ROOT, tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return build(ROOT / "emulator", tmp_path_factory.mktemp("emulator"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return build(ROOT / "integrations" / "prefect", tmp_path_factory.mktemp("engine"))


def test_the_client_brings_no_emulator_and_no_pytest_plugin(client: Wheel) -> None:
    assert {name.partition("/")[0] for name in client.files} == {"trunkline", client.info}
    assert not [name for name in client.files if name.startswith("trunkline/emulator")]
    assert client.entry_points.sections() == ["console_scripts"]


def test_the_emulator_brings_its_plugin_and_what_the_commands_run(emulator: Wheel) -> None:
    assert {name.partition("/")[0] for name in emulator.files} == {"trunkline_emulator", emulator.info}
    assert "trunkline_emulator/pytest_plugin.py" in emulator.files
    assert set(emulator.entry_points.sections()) == {"console_scripts", "pytest11", "trunkline.emulator"}
    assert dict(emulator.entry_points["console_scripts"]) == {
        "trunkline-emulator": "trunkline_emulator.recording.command:main"
    }


def test_the_package_for_prefect_brings_what_the_commands_find(engine: Wheel) -> None:
    assert {name.partition("/")[0] for name in engine.files} == {"trunkline_prefect", engine.info}
    assert set(engine.entry_points.sections()) == {"trunkline.engines", "trunkline.fleet"}


def test_each_wants_the_others_in_the_same_version(client: Wheel, emulator: Wheel, engine: Wheel) -> None:
    wanted = client.metadata.get_all("Requires-Dist", [])
    assert client.metadata["Version"] == __version__
    for wheel, extra in ((emulator, "emulator"), (engine, "prefect")):
        assert wheel.metadata["Version"] == __version__
        assert f"{wheel.metadata['Name']}=={__version__}; extra == '{extra}'" in wanted
        assert f"trunkline=={__version__}" in wheel.metadata.get_all("Requires-Dist", [])


def test_the_driver_of_postgres_is_wanted_alike(client: Wheel, engine: Wheel) -> None:
    (driver,) = [each for each in client.metadata.get_all("Requires-Dist", []) if "extra == 'postgres'" in each]
    assert driver.partition(";")[0] in engine.metadata.get_all("Requires-Dist", [])


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A fresh environment with the third-party packages of this one, but without either of ours."""
    folder = tmp_path / "environment"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for package in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "trunkline" not in package.name and not (site / package.name).exists():
            (site / package.name).symlink_to(package)
    return folder / "bin" / "python"


def install(python: Path, wheel: Wheel) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel.path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-W", "error", "-m", *arguments],
        cwd=python.parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(os.name != "posix", reason="the environment is made of symbolic links")
def test_the_emulator_works_where_it_is_installed_and_says_how_where_not(
    python: Path, client: Wheel, emulator: Wheel
) -> None:
    install(python, client)
    for command in ("demo", "emulator"):
        done = run(python, "trunkline", command)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == "Error: The emulator is not installed.\nInstall it: pip install 'trunkline[emulator]'\n"

    done = run(python, "trunkline", "fleet", "status")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "Error: trunkline-prefect is not installed.\nInstall it: pip install 'trunkline[prefect]'\n"

    install(python, emulator)
    demo = run(python, "trunkline", "demo")
    assert (demo.returncode, demo.stderr) == (0, "")
    (python.parents[1] / "test_client.py").write_text(TEST, encoding="utf-8")
    done = run(python, "pytest", "-p", "no:cacheprovider", "test_client.py")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
