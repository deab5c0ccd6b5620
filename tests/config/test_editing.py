"""A file in which some fields change, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.config.folder import emission
from trunkline.config.folder.document import read
from trunkline.config.folder.editing import edited

TEXT = """\
# yaml-language-server: $schema=../.schema/queues.json
# The main queue. Ask Ada before it changes.

Number: "800" # on all our cards
Name:   'Sales'   # the name on phones

# Seconds
RingTimeout: 20
Agents:
  - "100" # Ada
  # the night shift
  - Number: "101" # Grace
    SkillGroup: "2"
  - "102"
Members: ["1", '2'] # in one line
Greeting: |
  Welcome.

  Please hold.

# Routes
Route:
  To: Extension # a person
  Number: "100"
# The end
"""
OLD: dict[str, Any] = {
    "Number": "800",
    "Name": "Sales",
    "RingTimeout": 20,
    "Agents": ["100", {"Number": "101", "SkillGroup": "2"}, "102"],
    "Members": ["1", "2"],
    "Greeting": "Welcome.\n\nPlease hold.\n",
    "Route": {"To": "Extension", "Number": "100"},
}


def changes(new: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the lines that went and those that came."""
    text = edited(TEXT, OLD, new)
    assert read(text, "x").plain() == new
    before, after = TEXT.splitlines(), text.splitlines()
    return [line for line in before if line not in after], [line for line in after if line not in before]


def test_what_did_not_change_is_the_same_byte_for_byte() -> None:
    assert edited(TEXT, OLD, OLD) == TEXT
    assert read(TEXT, "x").plain() == OLD


@pytest.mark.parametrize(
    ("name", "value", "went", "came"),
    [
        ("Name", "Support", ["Name:   'Sales'   # the name on phones"], ["Name: Support   # the name on phones"]),
        ("RingTimeout", 30, ["RingTimeout: 20"], ["RingTimeout: 30"]),
        ("Greeting", "Hello.", ["Greeting: |", "  Welcome.", "  Please hold."], ["Greeting: Hello."]),
        ("Name", "a\nb", ["Name:   'Sales'   # the name on phones"], ["Name: |-   # the name on phones", "  a", "  b"]),
        (
            "Agents",
            ["100", {"Number": "101", "SkillGroup": "3"}, "102", "103"],
            ['    SkillGroup: "2"'],
            ['    SkillGroup: "3"', '  - "103"'],
        ),
        ("Agents", ["100", {"Number": "101", "SkillGroup": "2"}], ['  - "102"'], []),
        ("Agents", ["109", {"Number": "101", "SkillGroup": "2"}, "102"], ['  - "100" # Ada'], ['  - "109"']),
        (
            "Agents",
            [{"Number": "100", "SkillGroup": "1"}, {"Number": "101", "SkillGroup": "2"}, "102"],
            ['  - "100" # Ada'],
            ['  - Number: "100" # Ada', '    SkillGroup: "1"'],
        ),
        (
            "Members",
            ["1", "2", "3"],
            ["Members: [\"1\", '2'] # in one line"],
            ['Members: ["1", "2", "3"] # in one line'],
        ),
        ("Route", {"To": "Extension", "Number": "101"}, ['  Number: "100"'], ['  Number: "101"']),
        ("Route", {"To": "Extension"}, ['  Number: "100"'], []),
    ],
)
def test_only_the_lines_of_what_changed_are_written(name: str, value: Any, went: list[str], came: list[str]) -> None:
    assert changes({**OLD, name: value}) == (went, came)


def test_a_field_that_is_gone_takes_its_lines_and_leaves_comments_above_it() -> None:
    new = {name: value for name, value in OLD.items() if name != "RingTimeout"}
    assert changes(new) == (["RingTimeout: 20"], [])


def test_a_new_field_comes_behind_the_one_that_it_follows() -> None:
    new = {"Number": "800", "Id": 3, "Name": "Sales", **{n: v for n, v in OLD.items() if n not in ("Number", "Name")}}
    lines = edited(TEXT, OLD, {**new, "Zone": ["a"]}).splitlines()
    assert lines[lines.index("Id: 3") - 1] == 'Number: "800" # on all our cards'
    assert lines[-3:] == ["Zone:", "  - a", "# The end"]


def test_a_list_of_elements_with_comments_keeps_them_when_one_goes_or_moves() -> None:
    new = {**OLD, "Agents": [{"Number": "101", "SkillGroup": "2"}, "102"]}
    assert changes(new) == (['  - "100" # Ada'], [])


def test_fields_that_nobody_reads_stay() -> None:
    text = "Id: 3 # theirs\nName: a\nIsOnline: true\nSize: 1\n"
    changed = edited(text, {"Name": "a", "Size": 1}, {"Name": "b", "Colour": "red"})
    assert changed == "Id: 3 # theirs\nName: b\nColour: red\nIsOnline: true\n"
    assert edited("# x\nId: 3\n", {}, {"Name": "b"}) == "# x\nName: b\n"


def test_windows_line_ends_stay() -> None:
    text = edited(TEXT.replace("\n", "\r\n"), OLD, {**OLD, "RingTimeout": 30, "Agents": ["100"]})
    assert text.count("\n") == text.count("\r\n")
    assert text.startswith("# yaml-language-server")
    assert "# Ada" in text


@pytest.mark.parametrize("text", ["{Number: '800', Name: Sales}\n", "  Number: '800'\n  Name: Sales\n", "--- {}\n"])
def test_a_file_in_another_style_is_written_anew_below_its_first_comments(text: str) -> None:
    old = read(text, "x").plain()
    assert edited(f"# ours\n{text}", old, {"Number": "801"}) == '# ours\nNumber: "801"\n'


def test_a_file_without_a_last_line_end_gets_one() -> None:
    assert edited("Name: a", {"Name": "a"}, {"Name": "a", "Size": 1}) == "Name: a\nSize: 1\n"


scalars = st.sampled_from(["a", "100", "no", "x y", "a\nb", "# c", "é", ""]) | st.integers(0, 9) | st.booleans()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=10,
)
objects = st.dictionaries(st.sampled_from(["A", "B", "C", "D", "E"]), values, max_size=5)


@given(objects, objects, st.data())
def test_an_edited_file_says_what_it_should(old: dict[str, Any], new: dict[str, Any], data: st.DataObject) -> None:
    lines = emission.text(old).splitlines()
    if not any("|" in line for line in lines):  # within a block of text, a comment would be text
        for place in sorted(data.draw(st.sets(st.integers(0, len(lines)), max_size=3)), reverse=True):
            lines.insert(place, data.draw(st.sampled_from(["# a comment", "", "    # further in"])))
    text = "\n".join([*lines, ""])
    changed = edited(text, old, {name: new[name] for name in sorted(new)})
    assert read(changed, "x").plain() == new
