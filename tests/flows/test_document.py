"""YAML that means harm, or means something else than it seems: bounded before it is built, and named with its line."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from trunkline import Flow
from trunkline.errors import InvalidArgument
from trunkline.flows import document
from trunkline.flows.document import DEEPEST, LONGEST, read
from trunkline.flows.files import rows_of, write


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 20_000, "line 1: this is nested too deeply"),
        ("{a: " * 20_000, "line 1: this is nested too deeply"),
        ("{" * 20_000, "line 1: a name must be text"),
        ("- " * 20_000, "line 1: this is nested too deeply"),
        ("? " * 20_000, "line 1: a name must be text"),
        ("[\n" * 20_000, f"line {DEEPEST + 1}: this is nested too deeply"),
        ("a: [\n" + "{a: " * 20_000, "line 2: this is nested too deeply"),
        ("\n".join(" " * depth + "a:" for depth in range(500)), f"line {DEEPEST + 1}: this is nested too deeply"),
        ("a: &a [x]\nb: *a", "line 2: an alias has no place here"),
        ("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "line 2: an alias has no place here"),
        ("a: &a\n  - *a", "line 2: an alias has no place here"),
        ("base: {a: 1}\nb:\n  <<: {a: 2}", "line 3: a merge key has no place here"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("a: !!binary aGk=", "line 1: the tag"),
        ("a: !own {b: 1}", "line 1: the tag !own"),
        ("!!map\na: 1", "line 1: the tag"),
        ("a: !<tag:x,2026:y> 1", "line 1: the tag"),
        ("a: 1\na: 2", "line 2: a is given twice"),
        ('a: 1\n"a": 2', "line 2: a is given twice"),
        ("1: a\n'1': b", "line 2: 1 is given twice"),
        ("a:\n  b: {c: 1, c: 2}", "line 2: c is given twice"),
        ("? [a, b]\n: c", "line 1: a name must be text"),
        ("? {a: b}\n: c", "line 1: a name must be text"),
        ("null: a", "line 1: a name must be text"),
        ("~: a", "line 1: a name must be text"),
        (": a", "line 1: this is not YAML"),
        ("a:\n\t- b", "line 2: this is not YAML: a tab is in front of this line"),
        ("a:\n  - b\n\t- c", "line 3: this is not YAML: a tab is in front of this line"),
        ("a:\r\n  - b\u2028 \t- c", "line 3: this is not YAML: a tab is in front of this line"),
        ("a: b\nc: d\0e", "line 2: this is not YAML: the character U+0000"),
        ("a: b\n\nc: \x1b[2J", "line 3: this is not YAML: the character U+001B"),
        ("a: \x7f", "line 1: this is not YAML"),
        ("a: b\n---\nc: d", "line 2: a second document begins here"),
        ("a: b\n...\nc: d", "line 3: "),
        ("%YAML 3.0\n---\na: b", "line 1: this is not YAML"),
        ("a: 'b", "line 1: this is not YAML"),
        ("a: b: c", "line 1: this is not YAML"),
        ("a: @b", "line 1: this is not YAML"),
        ("a: `b`", "line 1: this is not YAML"),
        ("a: [1, 2", "line 1: this is not YAML"),
        ("a: 1e400", "line 1: no number is as large"),
        ("a: -1e999", "line 1: no number is as large"),
        (f"a: {'9' * 5000}", "line 1: no number is so long"),
        ("# nothing", "is empty"),
        ("---", None),
        ("a: b\n" + "# more\n" * LONGEST, f"here it passes {LONGEST:,} characters"),
        ("a: !" + "x" * 100_000, "line 1: the tag"),
    ],
)
def test_what_means_harm_is_refused_with_its_line(text: str, said: str | None) -> None:
    if said is None:
        assert read(text, "a.yaml").plain() is None
        return
    with pytest.raises(InvalidArgument) as refused:
        read(text, "a.yaml")
    assert said in refused.value.message
    assert len(refused.value.message) < 2_200


def test_nothing_is_built_of_what_is_nested_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is in PyYAML's events, so few of them may be asked for."""
    taken: list[Any] = []
    events = yaml.parse

    def counted(*given: Any, **options: Any) -> Any:
        for event in events(*given, **options):
            taken.append(event)
            yield event

    monkeypatch.setattr(yaml, "parse", counted)
    for text in ("[" * 20_000, "- " * 20_000, "{a: " * 20_000, "[[],\n" * 20_000):
        taken.clear()
        with pytest.raises(InvalidArgument):
            read(text, "a.yaml")
        assert len(taken) < 10 * DEEPEST


def test_as_deep_as_may_be_is_read() -> None:
    deep: Any = read("[" * DEEPEST + "]" * DEEPEST, "a.yaml").plain()
    for _ in range(DEEPEST - 1):
        (deep,) = deep
    assert deep == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\ufeffa: 1", {"a": 1}),
        ("a: NO", {"a": "NO"}),
        ("NO: on", {"NO": "on"}),
        ("on: yes", {"on": "yes"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 190:20:30", {"a": "190:20:30"}),
        ("a: 0777", {"a": 777}),
        ("a: 0o777", {"a": "0o777"}),
        ("a: 0x1F", {"a": "0x1F"}),
        ("a: 0b1", {"a": "0b1"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: .inf", {"a": ".inf"}),
        ("a: .nan", {"a": ".nan"}),
        ("a: 2026-11-28T10:00:00Z", {"a": "2026-11-28T10:00:00Z"}),
        ("a: '<<'", {"a": "<<"}),
        ('"<<": a', {"<<": "a"}),
        ('"": a', {"": "a"}),
        ("1: a", {"1": "a"}),
        ("true: a", {"true": "a"}),
        ("a: &b c", {"a": "c"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("a: >\n  x\n  y\n", {"a": "x y\n"}),
        ("a: 'x\n  y'", {"a": "x y"}),
        ('a: "\\u0041\\ud83d\\ude00\\ud800"', {"a": "A😀\ufffd"}),
        ("a: 'x\ty'", {"a": "x\ty"}),
        ("[]", []),
        ("x", "x"),
        ("a: [1, {b: c}, [d]]\ne:", {"a": [1, {"b": "c"}, ["d"]], "e": None}),
    ],
)
def test_what_surprises_in_other_versions_is_read_as_1_2_has_it(text: str, value: Any) -> None:
    found = read(text, "a.yaml").plain()
    assert found == value
    assert str(found) == str(value)


def test_lines_are_those_of_the_values() -> None:
    found = read("a:\n  b: 1\nc:\n  - d\n  -\n    e: f\n", "a.yaml")
    assert found.line == 1
    assert found.value["a"].value["b"].line == 2
    assert [each.line for each in found.value["c"].value] == [4, 6]


def test_bytes_at_random_are_read_or_refused_by_us() -> None:
    chosen = random.Random(11)
    alphabet = "[]{}-?:,&*!|>%@`'\"#\n\t ~<=ab1.\\"
    for _ in range(3_000):
        text = "".join(chosen.choices(alphabet, k=chosen.randrange(40)))
        with contextlib.suppress(InvalidArgument):
            read(text, "a.yaml").plain()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"steps:\n  - list: fax\nname: M\xfcller\n", "line 3: this is not written in UTF-8"),
        ("steps:\n  - list: fax\n".encode("utf-16"), "line 1: this is not written in UTF-8"),
        ("steps:\n  - list: fax\n".encode("utf-16-le"), "line 1: this is not YAML: the character U\\+0000"),
        ("steps:\n  - list: fax\n".encode("utf-32"), "not written in UTF-8"),
        (b"", "is empty"),
        (b"\x1f\x8b\x08", "not written in UTF-8"),
        (b"# \xc3\xa4\n" * LONGEST, "more are not read"),
    ],
)
def test_a_flow_in_another_encoding_is_refused_with_its_line(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(InvalidArgument, match=said):
        Flow.load(tmp_path / "a.yaml")


def test_a_flow_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("\ufeffsteps:\r\n  - list: fax\r\n".encode())
    assert len(Flow.load(tmp_path / "a.yaml").steps) == 1


@pytest.mark.parametrize("path", ["a\0b.yaml", "half\ud800.yaml", "x" * 300, "."])
def test_a_flow_that_no_file_can_be_is_an_error_of_ours(path: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="can't be read"):
        Flow.load(tmp_path / path)


def test_rows_may_be_longer_than_a_flow(tmp_path: Path) -> None:
    rows = [{"Text": "x" * 1000}] * 300
    write(tmp_path / "a.yaml", rows)
    assert (tmp_path / "a.yaml").stat().st_size > LONGEST
    assert rows_of(tmp_path / "a.yaml") == rows


def test_rows_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.flows.files.LONGEST_ROWS", 100)
    (tmp_path / "a.yaml").write_text("- {a: 1}\n" * 20, encoding="utf-8")
    with pytest.raises(InvalidArgument, match="line 12: here it passes 100 characters"):
        rows_of(tmp_path / "a.yaml")
    assert document.LONGEST_ROWS > LONGEST


# ── numbers, lists and conditions that mean nothing ──────────────────────────────────────────────


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("at most: -1", "0 or more, not -1"),
        ("at most: 1.5", "whole number"),
        ("at most: true", "whole number"),
        ("at most: '5'", "whole number"),
        ("at most: null", "whole number"),
        ("at most: []", "whole number"),
        ("list: fax\n    concurrency: 0", "concurrency must be a whole number, 1 to"),
        ("list: fax\n    concurrency: -4", "concurrency must be a whole number, 1 to"),
        ("list: fax\n    concurrency: 1000000000", "concurrency must be a whole number, 1 to"),
        ("list: fax\n    concurrency: 1e3", "whole number"),
        ("list: fax\n    concurrency: true", "whole number"),
        ("list: fax\n    retries: -1", "retries must be a whole number, 0 or more"),
        ("list: fax\n    retries: '2'", "whole number"),
        ("list: fax\n    retry wait: -0.5", "retry_wait must be 0 to"),
        ("list: fax\n    retry wait: 1e300", "retry_wait must be 0 to"),
        ("list: fax\n    retry wait: .inf", "number of seconds"),
        ("list: fax\n    retry wait: true", "number of seconds"),
        ("list: fax\n    max errors: 0", "max_errors must be a whole number, at least 1"),
        ("list: fax\n    max errors: -1", "max_errors must be a whole number, at least 1"),
        ("list: fax\n    with: {top: -1}", "top"),
        ("list: fax\n    with: {top: many}", "top"),
        ("list: fax\n    with: {top: 1.5}", "top"),
        ("where: {}", "at least one condition"),
        ("where: {Number: {}}", "a field and a test"),
        ("where: {'': 5}", "a field and a test"),
        ("where: {Number: {above: [1]}}", "Number is compared as a number"),
        ("where: {Number: {above: true}}", "Number is compared as a number"),
        ("where: {Number: {below: nan}}", "Number is compared as a number"),
        ("where: {Number: {below: 1_000}}", "Number is compared as a number"),
        ("where: {Number: {below: null}}", "Number is compared as a number"),
        ("where: {At: {before: soon}}", "At is compared as a date"),
        ("where: {At: {before: 5}}", "At is compared as a date"),
        ("where: {Number: {in: '5'}}", "which is not a list"),
        ("where: {Number: {not in: 5}}", "which is not a list"),
        ("where: {Number: {empty: 1}}", "empty: true or empty: false"),
        ("where: {Number: {empty: 'false'}}", "empty: true or empty: false"),
        ("where: {Name: {starts with: null}}", "compared as text"),
        ("where: {Name: {ends with: [a]}}", "compared as text"),
        ("where: {Name: {matches: true}}", "compared as text"),
        ("match: a.csv\n    on: {}\n    keep: found", "match needs `on"),
        ("match: a.csv\n    on: ''\n    keep: missing", "match needs `on"),
        ("match: a.csv\n    on: {Number: 5}\n    keep: found", "the name of a column"),
        ("match: a.csv\n    on: {Number: null}\n    keep: found", "the name of a column"),
        ("for each: '{{ $json.Tags }}'\n    keep: [5]", "keep takes names of fields"),
        ("for each: '{{ $json.Tags }}'\n    keep: [null]", "keep takes names of fields"),
        ("for each: null", "text"),
        ("set: null", "fields with values"),
        ("where: null", "a template or conditions"),
    ],
)
def test_a_step_that_would_mean_nothing_is_refused_before_anything_is_sent(step: str, said: str) -> None:
    with pytest.raises(InvalidArgument, match=r"a\.yaml, line [34]: ") as refused:
        Flow.parse(f"steps:\n  - list: fax\n  - {step}\n", "a.yaml", Path())
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("row", "condition"),
    [
        ({"a": True}, "a: {above: 0}"),
        ({"a": "nan"}, "a: {below: 5}"),
        ({"a": "1e999"}, "a: {above: 5}"),
        ({"a": "1_0"}, "a: {above: 5}"),
        ({"a": "0001-01-01T00:00:00+14:00"}, "a: {before: 2026-01-01}"),
        ({"a": "x"}, "a: {contains: '{{ null }}'}"),
        ({"a": "x"}, "a: {in: '{{ 5 }}'}"),
        ({"a": "x"}, "a: {empty: '{{ 1 }}'}"),
    ],
)
def test_what_can_not_be_compared_is_an_error_of_its_item(row: dict[str, Any], condition: str, tmp_path: Path) -> None:
    write(tmp_path / "rows.json", [row])
    found = Flow.parse(f"steps:\n  - read: rows.json\n  - where: {{{condition}}}\n", "a.yaml", tmp_path)
    with pytest.raises(InvalidArgument, match="line 3: Item 0: a "):
        found.run(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "condition", "kept"),
    [
        ({"a": 10**400}, "a: {above: 5}", True),
        ({"a": " 7 "}, "a: {above: 5}", True),
        ({"a": "-1.5e1"}, "a: {below: 0}", True),
        ({"a": ""}, "a: {above: 5}", False),
        ({"a": [True]}, "a: {contains: true}", True),
        ({"a": "none of them"}, "a: {contains: none}", True),
        ({"a": []}, "a: {empty: true}", True),
        ({"a": 0}, "a: {empty: false}", True),
    ],
)
def test_what_can_be_compared_is(row: dict[str, Any], condition: str, kept: bool, tmp_path: Path) -> None:
    write(tmp_path / "rows.json", [row])
    found = Flow.parse(f"steps:\n  - read: rows.json\n  - where: {{{condition}}}\n", "a.yaml", tmp_path)
    assert bool(found.run(None).items) is kept  # type: ignore[arg-type]
