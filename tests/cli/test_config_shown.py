"""Differences of configurations as people and programs get them: text, Markdown, JSON; no value of a secret in any."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from trunkline.cli.config_markdown import MOST_CHARACTERS, MOST_OPEN, code, markdown
from trunkline.cli.config_shown import counted, difference_lines
from trunkline.config.difference import Difference, FieldChange
from trunkline.config.model import Id, Secret
from trunkline.config.shown import difference_record

QUEUE, ALICE = Id("queues", "800"), Id("users", "101")


def changed(field: str, old: Any, new: Any, id: Id = QUEUE) -> Difference:
    return Difference(id, "changed", (FieldChange(field, old, new),))


def lines(difference: Difference, *, full: bool = False) -> list[str]:
    return [text for text, _ in difference_lines(difference, full=full)]


def line(field: str, old: Any, new: Any) -> str:
    head, text = lines(changed(field, old, new))
    assert head == "~ queues/800"
    return text.strip()


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("Support", "Helpdesk", "F: Support → Helpdesk"),
        (20, 30, "F: 20 → 30"),
        (False, True, "F: false → true"),
        ("", "x", 'F: "" → x'),
        (None, "x", "F: (none) → x"),
        ("x", None, "F: x → (none)"),
        (["101", "102"], ["102", "105"], "F: + 105, - 101"),
        (["101", "102"], ["102", "101"], "F: [101, 102] → [102, 101]"),
        ([], ["101"], "F: + 101"),
        (["101", "102"], [{"Number": "101", "SkillGroup": "1"}], "F: - 102, ~ 101 → {Number: 101, SkillGroup: 1}"),
        (
            ["101", {"Number": "102", "SkillGroup": "1"}],
            [{"Number": "103", "SkillGroup": "1"}],
            "F: + 103, - 101, - 102",
        ),
        ([{"Start": "09:00", "Stop": "12:00"}], [], "F: - {Start: 09:00, Stop: 12:00}"),
        ({"To": "Queue", "Number": "801"}, None, "F: {To: Queue, Number: 801} → (none)"),
        ("two\nlines", "one", "F: two lines → one"),
        ("a\x1b[31mb", "b", "F: a\\u001b[31mb → b"),
        (None, Secret("users/101/AuthPassword"), "F: (none) → !secret users/101/AuthPassword"),
        ("a" * 100, "b", f"F: {'a' * 59}… → b"),
    ],
)
def test_a_change_is_one_line(old: Any, new: Any, text: str) -> None:
    assert line("F", old, new) == text


def test_of_two_long_texts_the_place_is_shown_where_they_differ() -> None:
    text = line("Body", f"{'Dear customer, ' * 20}goodbye", f"{'Dear customer, ' * 20}hello")
    assert text == "Body: …Dear customer, goodbye → …Dear customer, hello"


def test_what_was_added_stands_in_one_line_unless_all_of_it_is_wanted() -> None:
    fields = {"Number": "101", "FirstName": "Ada", "LastName": "Byron", "Mobile": "+442079460101", "Groups": {"A": "b"}}
    added = Difference(ALICE, "added", tuple(FieldChange(name, None, value) for name, value in fields.items()))
    removed = Difference(ALICE, "removed", tuple(FieldChange(name, value, None) for name, value in fields.items()))
    assert lines(added) == ["+ users/101  Number: 101, FirstName: Ada, LastName: Byron and 2 more"]
    assert lines(removed) == ["- users/101  Number: 101, FirstName: Ada, LastName: Byron and 2 more"]
    assert lines(added, full=True)[1:] == [
        "    Number: 101",
        "    FirstName: Ada",
        "    LastName: Byron",
        "    Mobile: +442079460101",
        "    Groups: {A: b}",
    ]
    assert counted([added, added, removed]) == "2 added, 1 removed"
    assert counted([]) == "no difference"


@pytest.mark.parametrize(
    ("id", "field", "value"),
    [
        (ALICE, "VMPIN", "7391"),
        (ALICE, "Gateway.AuthPassword", "7391-hidden"),
        (ALICE, "AuthPassword", {"Value": "7391-hidden", "Concealed": True}),
        (ALICE, "Phones", [{"MacAddress": "00155d000001", "ProvisionLink": "7391-hidden"}]),
        (ALICE, "Phones[00155d000001].Secret", ["7391-hidden"]),
        (Id("parameters", "SMTP_PASSWORD"), "Value", "7391-hidden"),
    ],
)
def test_a_value_of_a_secret_is_in_no_output_even_if_a_side_had_one(id: Id, field: str, value: Any) -> None:
    differences = [changed(field, None, value, id), changed(field, value, "", id)]
    shown = [*(text for each in differences for text in lines(each)), markdown(differences, "a", "b")]
    shown += [json.dumps(difference_record(each)) for each in differences]
    assert not any("7391" in text for text in shown)
    assert "••••••" in shown[1]


def test_json_names_a_secret_as_a_saved_plan_does() -> None:
    record = difference_record(changed("Deep", {"AuthPassword": Secret("shared/sip"), "A": [1, None]}, None))
    assert record == {
        "kind": "queues",
        "key": "800",
        "change": "changed",
        "fields": [{"field": "Deep", "old": {"AuthPassword": {"!secret": "shared/sip"}, "A": [1, None]}, "new": None}],
    }
    assert msgspec.json.decode(msgspec.json.encode(record)) == record


def test_markdown_has_a_table_for_each_kind() -> None:
    text = markdown(
        [
            Difference(
                QUEUE,
                "changed",
                (FieldChange("Name", "Support", "Helpdesk"), FieldChange("Agents", ["101", "102"], ["102", "105"])),
            ),
            Difference(ALICE, "added", (FieldChange("Mobile", None, "1"),)),
        ],
        "main:acme",
        "acme",
    )
    assert text == (
        "### `main:acme` → `acme`: 1 added, 1 changed\n"
        "\n#### queues: 1 changed\n\n"
        "| | | Field | Old | New |\n| --- | --- | --- | --- | --- |\n"
        "| ✏️ | `800` | `Name` | `Support` | `Helpdesk` |\n"
        "| | | `Agents` | `- 101` | `+ 105` |\n"
        "\n#### users: 1 added\n\n"
        "| | | Field | Old | New |\n| --- | --- | --- | --- | --- |\n"
        "| ➕ | `101` | added | | |\n"
    )


def test_many_differences_of_a_kind_are_folded_and_a_comment_is_never_too_long() -> None:
    many = [changed("Name", "a" * 100, "b" * 100, Id("queues", f"{n:05}")) for n in range(MOST_OPEN + 1)]
    text = markdown(many, "a", "b")
    assert "<details>\n<summary>queues: 13 changed</summary>\n\n| |" in text
    more = [changed("Name", "a" * 100, "b" * 100, Id("users", f"{n:05}")) for n in range(1000)]
    text = markdown([*many, *more], "a", "b")
    assert len(text) < MOST_CHARACTERS + 200
    assert text.endswith("1,000 more differences are left out, because a comment can't hold them.\n")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t\v\f\x85\u2028\u2029\x1c\x1d\x1e"), max_size=40))
def test_no_value_gets_out_of_its_cell(value: str) -> None:
    """Whatever a value is, a table of Markdown has it as it is, in a code span of one cell."""
    table = f"| a | b |\n| --- | --- |\n| {code(value)} | end |\n"
    cells = re.findall(r"<td>(.*?)</td>", MarkdownIt("commonmark").enable("table").render(table), re.S)
    assert len(cells) == 2
    assert re.fullmatch(r"<code>[^<>]*</code>", cells[0])
    assert cells[1] == "end"
