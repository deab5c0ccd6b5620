"""README from its first step to its last, as somebody follows it: a clone, a new home, nothing installed, terminals.

Each block runs in the order printed, with what the blocks before it left behind and nothing else. The two commands of
make are left out: `.ci/run` runs them.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from terminal import Terminal
from test_docs import squeezed, steps

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SYSTEM = f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin"  # nothing that this environment installed
KEY = "try-me-0123456789"


class Block(NamedTuple):
    """A block, and the prose between it and the block before."""

    language: str
    content: str
    before: str


def walk() -> Iterator[Block]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    end = 0
    for found in BLOCK.finditer(text):
        yield Block(found[1], found[2], text[end : found.start()])
        end = found.end()


def clone(target: Path) -> Path:
    """What somebody gets who clones: the files that git knows, as they are now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    return target


# How pip reaches its index from this machine, as it was before the tests trusted an authority of their own.
PIP = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}


class Reader:
    """Somebody who does what README says, in one terminal and then in another."""

    def __init__(self, folder: Path) -> None:
        self.folder = clone(folder / "trunkline")
        (folder / "home").mkdir()
        self.fresh = {**PIP, "HOME": str(folder / "home"), "PATH": SYSTEM, "TERM": "xterm", "LANG": "C.UTF-8"}
        self.fresh["XDG_RUNTIME_DIR"] = self.fresh["HOME"]
        self.environment = self.fresh
        self.open: list[dict[str, str]] = []
        self.background: subprocess.Popen[bytes] | None = None
        self.url = ""

    def turns_to(self, prose: str) -> None:
        """Open a terminal, or go back to an open one, where the prose says so."""
        if "another terminal" in prose or "third terminal" in prose:
            self.open.append(self.environment)
            self.environment = self.fresh
        elif "second terminal" in prose:
            self.environment = self.open[-1]

    def starts(self, block: str) -> None:
        """Start what goes on until Ctrl-C, and wait until it answers."""
        (port,) = re.findall(r"--port (\d+)", block)
        self.url = f"http://127.0.0.1:{free_port()}"
        command = block.replace(f"--port {port}", f"--port {self.url.rpartition(':')[2]}")
        self.background = subprocess.Popen(
            f"exec {command}", shell=True, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while not answers(int(self.url.rpartition(":")[2])):
            assert self.background.poll() is None, "the emulator ended"
            assert time.monotonic() < end, "the emulator does not answer"
            time.sleep(0.1)

    def types(self, block: str) -> None:
        """Run lines of a shell, whose variables the terminal keeps."""
        kept = self.folder.parent / "environment"
        done = subprocess.run(
            ["sh", "-e", "-c", f"{self.at_this_port(block)}\nenv -0 > {kept}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}"
        self.environment = dict(pair.split("=", 1) for pair in kept.read_text().split("\0") if pair)

    def sees(self, command: str, printed: str) -> None:
        """Run a command on a terminal and compare what it prints; type the key where it is asked for."""
        terminal = Terminal(
            ["sh", "-c", self.at_this_port(command)], self.environment, size=(60, 200), folder=self.folder
        )
        if " login " in command:
            terminal.until("API key")
            terminal.type(f"{KEY}\n")
        terminal.end()
        seen = re.sub(r" +$", "", ESCAPE.sub("", terminal.seen).replace("\r", ""), flags=re.M)
        seen = seen.replace(self.url, "http://127.0.0.1:5004").replace(
            self.url.removeprefix("http://"), "127.0.0.1:5004"
        )
        pattern = re.escape(squeezed(printed)).replace("…", ".*?")
        assert re.fullmatch(pattern, squeezed(seen), re.S), f"$ {command}\n{seen}\n--- printed:\n{printed}"

    def runs(self, program: str) -> None:
        done = subprocess.run(
            ["python", "-W", "error", "-c", program],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout, "a snippet should show something"

    def at_this_port(self, text: str) -> str:
        for address in ("http://127.0.0.1:5004", "https://pbx.example.com"):
            text = text.replace(address, self.url or address)
        return text


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    someone = Reader(tmp_path)
    yield someone
    if someone.background is not None:
        someone.background.terminate()
        someone.background.wait(timeout=60)


@pytest.mark.skipif(os.name != "posix" or sys.version_info[:2] != (3, 11), reason="README's shell, python3 and pip")
def test_readme_leads_from_a_bare_clone_to_the_last_block(reader: Reader) -> None:
    for block in walk():
        reader.turns_to(block.before)
        match block.language:
            case "sh" if block.content.startswith("trunkline emulator"):
                reader.starts(block.content.strip())
            case "sh":
                reader.types(block.content)
            case "console":
                for command, printed in steps(block.content):
                    reader.sees(command, printed)
            case "python":
                reader.runs(block.content)
            case language:
                raise AssertionError(f"README has a block in {language}, which nobody runs")
