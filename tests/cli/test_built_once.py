"""Each command object that a command line needs is made once, and no other is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

COUNTED = """
import collections, json, sys
import click

made = collections.Counter()
init = click.Command.__init__

def counting(self, name=None, *args, **values):
    made[name] += 1
    init(self, name, *args, **values)

click.Command.__init__ = counting
import trunkline.cli.completion, trunkline.cli.root
from trunkline.cli import execute

made.clear()  # those that modules have as they are imported
code = execute(sys.argv[1:])
print("", json.dumps([code, made]), sep="\\n")
"""


@pytest.mark.parametrize(
    ("argv", "made"),
    [
        (["fax", "delete", "42", "--dry-run"], {"fax": 1, "delete": 1}),
        (["fax", "delete", "--help"], {"fax": 1, "delete": 1}),
        (["website_links", "get", "--help"], {"website-links": 1, "get": 1}),
        (["users", "--help"], {"users": 1}),
        (["--help"], {}),
    ],
)
def test_a_command_is_made_once(argv: list[str], made: dict[str, int]) -> None:
    environment = {**os.environ, "TRUNKLINE_URL": "https://pbx.example.com", "TRUNKLINE_CLIENT_ID": "trunkline"}
    assert counted(argv, {**environment, "TRUNKLINE_CLIENT_SECRET": "invented"}) == [0, made]


def test_a_tab_makes_a_command_once() -> None:
    line = {"_TRUNKLINE_COMPLETE": "bash_complete", "COMP_WORDS": "trunkline fax delete --", "COMP_REPLACED": "--"}
    assert counted([], {**os.environ, **line}) == [0, {"fax": 1, "delete": 1}]
    line["COMP_WORDS"] = "trunkline fax d"
    assert counted([], {**os.environ, **line}) == [0, {"fax": 1}]


def counted(argv: list[str], environment: dict[str, str]) -> list[object]:
    """The exit code of a command line, and how often a command of each name was made for it."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, *argv], env=environment, capture_output=True, text=True, check=True
    )
    result: list[object] = json.loads(done.stdout.splitlines()[-1])
    return result
