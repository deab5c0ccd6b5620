"""The page on PowerShell, as text: its arguments are those of the POSIX lines beside them, by PowerShell's rules."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "powershell.md"
PAIR = re.compile(r"^```powershell\n(.*?)^```\n\n^```sh\n(.*?)^```$", re.M | re.S)
# about_Parsing and about_Quoting_Rules: in single quotes only two single quotes mean something, namely one of them.
WORD = re.compile(r"""(?:'((?:[^']|'')*)'|"((?:[^"`$]|"")*)"|([^\s'"`$@{}();|&<>]+))(?=\s|$)""")


def arguments(line: str) -> list[str]:
    """What a program gets of a line. What PowerShell might expand or take for syntax is an error here."""
    found, position = [], 0
    while position < len(line):
        word = WORD.match(line, position)
        assert word is not None, f"PowerShell reads this in its own way: {line[position:]}"
        single, double, bare = word.groups()
        found.append(single.replace("''", "'") if single is not None else double if double is not None else bare)
        position = word.end() + len(line[word.end() :]) - len(line[word.end() :].lstrip())
    return found


def commands(block: str) -> list[str]:
    """The lines that run Trunkline, up to a pipe into a command of PowerShell's own."""
    return [re.split(r" \| (?=[A-Z])", line)[0] for line in block.splitlines() if line.startswith("trunkline ")]


@pytest.mark.parametrize(("powershell", "posix"), PAIR.findall(PAGE.read_text(encoding="utf-8")))
def test_both_shells_hand_over_the_same_arguments(powershell: str, posix: str) -> None:
    lines = commands(powershell)
    assert lines
    assert [arguments(line) for line in lines] == [shlex.split(line) for line in posix.splitlines()]


@pytest.mark.parametrize(
    "line",
    ['trunkline run fax.delete --set "Id={{ $json.Id }}"', "trunkline contacts create --body @contact.json"],
    ids=["a template in double quotes", "an argument that begins with @"],
)
def test_what_powershell_would_take_for_its_own_is_found(line: str) -> None:
    with pytest.raises(AssertionError, match="in its own way"):
        arguments(line)
