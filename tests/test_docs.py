"""Each command and snippet of the docs works as printed, on the emulator."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nasty import closed_port
from trunkline_emulator import Emulator, running

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "docs/guides", "docs/reference", "emulator", "emulator/docs")
MACHINES = ROOT / "docs" / "guides" / "machines.md"
CONFIG = ROOT / "docs" / "guides" / "config.md"
PAGES = [  # test_readme, test_machines_guide and test_config_guide run the blocks of three others
    *(page for folder in FOLDERS for page in sorted((ROOT / folder).glob("*.md")) if page not in (MACHINES, CONFIG))
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
CLIENT, KEY = "trunkline", "try-me-0123456789"


def blocks(page: Path, language: str) -> list[str]:
    return [body for found, body in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo", etags=True)
    with running(emulator) as url:
        yield emulator, url


@pytest.fixture
def environment(serving: tuple[Emulator, str], tmp_path: Path) -> dict[str, str]:
    """What the docs tell a reader to set, with the commands of this environment on the path and a fresh PBX."""
    emulator, url = serving
    emulator.reset()
    emulator.clear_faults()
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TRUNKLINE_URL": url,
        "TRUNKLINE_CLIENT_ID": CLIENT,
        "TRUNKLINE_CLIENT_SECRET": KEY,
        "TRUNKLINE_JOB_DIR": str(tmp_path / "jobs"),
        "TRUNKLINE_PROFILES": str(tmp_path / "profiles.toml"),
        "PYTHONIOENCODING": "utf-8",
    }


def run(command: list[str] | str, environment: dict[str, str], folder: Path) -> str:
    """Output and errors of a command, in the order they came."""
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,  # below the limit of a test; a busy machine takes minutes over what a quiet one does in seconds
        check=False,
    )
    return done.stdout


def steps(block: str) -> Iterator[tuple[str, str]]:
    """Commands of a console block, each with the output that is printed under it."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def squeezed(text: str) -> str:
    """Text with runs of spaces and rules folded, so that only what a table says counts, not how wide it is drawn."""
    return re.sub(r"─+", "─", re.sub(r"[ \t]+", " ", text)).strip()


def check_console_blocks(page: Path, environment: dict[str, str], folder: Path) -> None:
    """Run each command of a page, in their order; each must print what stands under it."""
    for block in blocks(page, "console"):
        for command, printed in steps(block):
            if command.startswith("curl ") and not shutil.which("curl"):
                pytest.skip("curl is not here")
            seen = run(command, environment, folder)
            if url := environment.get("TRUNKLINE_URL"):
                seen = seen.replace(url, "http://127.0.0.1:5004").replace(url.removeprefix("http://"), "127.0.0.1:5004")
            pattern = re.escape(squeezed(printed)).replace("…", ".*?")
            assert re.fullmatch(pattern, squeezed(seen), re.S), f"$ {command}\n{seen}\n--- printed:\n{printed}"


def check_python_blocks(page: Path, environment: dict[str, str], folder: Path) -> None:
    """Run each snippet of a page; each must show something, and end without an error or a warning."""
    for block in blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout, "a snippet should show something"


def pages_with(language: str) -> list[Any]:
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES if blocks(page, language)]


@pytest.mark.parametrize("page", pages_with("console"))
def test_console_blocks_work_as_printed(page: Path, environment: dict[str, str], tmp_path: Path) -> None:
    check_console_blocks(page, environment, tmp_path)


@pytest.mark.parametrize("page", pages_with("python"))
def test_python_blocks_run(
    page: Path,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each block by itself: what it uses it must import. Here and not in a process each, which imports all again."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for block in blocks(page, "python"):
        exec(compile(block, f"a block of {page.name}", "exec"), {"__name__": "__main__"})
        assert capsys.readouterr().out, "a snippet should show something"


def test_the_demo_prints_what_its_page_shows(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "HTTP_PROXY": closed_port(), "NO_PROXY": "example.com"}
    seen = run([sys.executable, "-m", "trunkline", "demo"], environment, tmp_path)
    (shown,) = blocks(ROOT / "docs" / "guides" / "demo.md", "text")
    assert re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:40123", seen) == shown


def test_the_schemas_are_those_of_what_is_written() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "schemas.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("tool", "page"),
    [
        ("picture.py", "docs/demo.svg"),
        ("recording.py", "docs/first-minute.svg"),
        ("evidence.py", "emulator/docs/evidence.md"),
    ],
)
def test_a_generated_page_is_up_to_date(tool: str, page: str, tmp_path: Path) -> None:
    made = tmp_path / Path(page).name
    subprocess.run([sys.executable, ROOT / "tools" / tool, made], check=True, timeout=120)
    assert made.read_text(encoding="utf-8") == (ROOT / page).read_text(encoding="utf-8")


def test_every_link_inside_the_project_leads_somewhere() -> None:
    for page in [*PAGES, MACHINES, CONFIG, *ROOT.glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
