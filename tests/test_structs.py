"""Structs are ready before several threads read one: msgspec crashes where two are the first (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "emulator/src", "integrations/prefect/src")
MODULES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
BUILTIN = {"Any"}
THREADS = """
import sys, threading
sys.setswitchinterval(1e-6)
{imports}
barrier = threading.Barrier(4)
def read():
    barrier.wait()
    {reads}
threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def converted(call: ast.Call) -> str | None:
    """The type that a call of msgspec reads, or None."""
    function = ast.unparse(call.func)
    if function.startswith("msgspec.") and function.endswith(".decode"):
        types = [keyword.value for keyword in call.keywords if keyword.arg == "type"]
    elif function == "msgspec.convert":
        types = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "type")]
    else:
        return None
    return ast.unparse(types[0]) if types else None


def test_what_a_function_reads_was_made_ready() -> None:
    assert len(MODULES) > 400
    not_ready = set()
    for path in MODULES:
        text = path.read_text("utf-8")
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        structs = {name for call in calls if (name := converted(call)) and name[0].isupper()}
        not_ready |= {(path.stem, name) for name in structs - BUILTIN if f"Decoder({name})" not in text}
    assert not_ready == {("reading", "ErrorRecord")}, "monitor.records makes it ready"


@pytest.mark.parametrize(
    ("imports", "reads"),
    [
        ("from trunkline.catalog import load", "load()"),
        ("from trunkline.transport.token_store import SAVED", "SAVED.decode(b'{}')"),
        ("from trunkline.config.tables import tables", "tables()"),
    ],
)
def test_threads_that_are_all_the_first(imports: str, reads: str) -> None:
    for _ in range(5):
        code = THREADS.format(imports=imports, reads=reads)
        subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
