"""What a flow's file may say, where it is wrong, and what each step makes of its items."""

from __future__ import annotations

import asyncio
import csv
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Flow, Pbx, catalog
from trunkline.catalog.secret import MASK
from trunkline.errors import ConfigurationError, InvalidArgument, ItemsFailed, NotFound, TrunklineError
from trunkline.flows import Did, FlowStopped, Planned, Played
from trunkline.flows.document import read
from trunkline.flows.files import rows_of, write
from trunkline.flows.patterns import matches
from trunkline.request import bind, build

CATALOG = catalog.load()
ROWS = [{"Id": 1, "Number": "897"}, {"Id": 2, "Number": "898"}, {"Id": 3, "Number": "899"}]


class Fake:
    """A PBX with three faxes, that refuses to delete some."""

    def __init__(self, *refused: int) -> None:
        self.sent: list[str] = []
        self.refused = refused

    def call(self, action: str, /, **arguments: Any) -> Any:
        found = CATALOG.action(action)
        request = build(bind(CATALOG, found, (), arguments))
        self.sent.append(f"{request.method} {request.target}")
        if found.kind == "list":
            return iter(ROWS)
        if arguments.get("Id") in self.refused:
            raise NotFound(f"No fax with Id {arguments['Id']}.", status=404)
        return None if found.answer_kind == "none" else {"Id": 9}


def flow(steps: str, folder: Path = Path(), head: str = "", **given_: Any) -> Flow:
    return Flow.parse(f"{head}steps:\n{steps}", "test.yaml", folder, **given_)


def played(steps: str, folder: Path = Path(), head: str = "", **given_: Any) -> list[Any]:
    """The fields of the items that come out of a flow that begins with three faxes."""
    found = flow(f"  - list: fax\n{steps}", folder, head, **given_)
    return [item["json"] for item in found.run(Fake()).items]


# ── YAML ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No", "No"),
        ("on", "on"),
        ("yes", "yes"),
        ("off", "off"),
        ("Y", "Y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("08:30", "08:30"),
        ("010", 10),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-7", -7),
        ("2026-11-22", "2026-11-22"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("=", "="),
        ("<<", "<<"),
        ("12e03x", "12e03x"),
    ],
)
def test_words_mean_what_yaml_1_2_has_them_mean(text: str, expected: Any) -> None:
    found = read(f"value: {text}\n", "test.yaml").plain()["value"]
    assert found == expected
    assert type(found) is type(expected)


@given(st.dictionaries(st.text(max_size=50), st.none() | st.booleans() | st.integers() | st.text(), max_size=4))
def test_json_is_yaml(value: dict[str, Any]) -> None:
    import json

    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert read(json.dumps(value), "test.yaml").plain() == value


def test_yaml_is_loaded_only_when_a_flow_is_read_and_its_lack_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys, trunkline.flows, trunkline.cli.flow; print('yaml' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout == "False\n"
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigurationError, match=r"trunkline\[flows\]"):
        flow("  - list: fax\n")


# ── what is wrong, and where ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["test.yaml is empty"]),
        ("steps: []", ["line 1", "list of steps"]),
        ("name: x", ["line 1", "list of steps"]),
        ("- list: fax", ["line 1", "must have names"]),
        ("steps:\n  - list: fax\nstep: 1", ["line 3", "no 'step'", "vars"]),
        ("steps:\n  - list: fax\n  - list: fax\n    list: fax", ["line 4", "list is given twice"]),
        ("steps:\n  - list: fax\n  - where: {{ $json.Id }}", ["line 3", "quotes"]),
        ("steps:\n  - list: fax\n  bad: [", ["line 3", "not YAML"]),
        ("steps:\n  - list: !!python/object:os.system fax", ["line 2", "no place"]),
        ("steps:\n  - list: fax\n  - at most: !!int many", ["line 3", "no place"]),
        ("steps: &a\n  - list: fax\n  - set: {a: *a}", ["line 3", "alias"]),
        ("[" * 5000 + "]" * 5000, ["nested too deeply"]),
        (f"steps:\n  - list: fax\n  - at most: {'9' * 5000}", ["line 3", "no number is so long"]),
        ("steps:\n  - lst: fax", ["line 2", "a step is one of list", "Did you mean list"]),
        ("steps:\n  - list: faks", ["line 2", "faks.list", "fax.list"]),
        ("steps:\n  - list: fax\n    fliter: x", ["line 3", "no 'fliter'", "with"]),
        ("steps:\n  - list: fax\n    with:\n      top: 5\n      fliter: x", ["line 5", "fliter", "filter"]),
        ("steps:\n  - list: fax\n    with: {filter: '{{ $json.a'}", ["line 3", "does not close"]),
        ("steps:\n  - list: fax\n    retries: two", ["line 3", "whole number", "'two'"]),
        ("steps:\n  - list: fax\n    retries: yes", ["line 3", "whole number", "'yes'"]),
        ("steps:\n  - list: fax\n    on error: ignore", ["line 2", "stop, continue or split"]),
        ("steps:\n  - list: fax\n    missing ok: true", ["line 2", "missing_ok"]),
        ("steps:\n  - where: '{{ true }}'", ["line 2", "first step must bring items"]),
        ("steps:\n  - list: fax\n  - where: Id > 5", ["line 3", "one template"]),
        ("steps:\n  - list: fax\n  - where: {Id: {equals: 5}}", ["line 3", "'equals'", "is not"]),
        ("steps:\n  - list: fax\n  - action: fax.update\n    with: {Numbr: 1}", ["line 4", "Numbr"]),
        ("steps:\n  - list: fax\n  - action: fax.get", ["line 3", "needs Id"]),
        ("steps:\n  - list: fax\n  - save: rows.xlsx", ["line 3", ".csv"]),
        ("steps:\n  - list: fax\n  - match: a.csv\n    on: Id", ["line 3", "keep: found"]),
        ("steps:\n  - list: fax\n  - at most: many", ["line 3", "whole number"]),
        ("zone: Mars/Base\nsteps:\n  - list: fax", ["Mars/Base"]),
    ],
)
def test_a_mistake_is_named_with_its_line_before_anything_is_sent(text: str, said: list[str]) -> None:
    with pytest.raises(TrunklineError) as raised:
        Flow.parse(text, "test.yaml", Path())
    assert [part for part in said if part not in str(raised.value)] == []


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(InvalidArgument) as raised:
        flow("  - list: faks\n  - where: 5\n  - delete: fax\n")
    assert [line.split(":")[0] for line in raised.value.message.splitlines()] == [
        "test.yaml, line 2",
        "test.yaml, line 3",
    ]


# ── steps ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Number: '898'", [2]),
        ("Id: 2", [2]),
        ("Id: {is not: 2}", [1, 3]),
        ("Id: {in: [1, 3]}", [1, 3]),
        ("Id: {not in: [1, 3]}", [2]),
        ("Number: {starts with: '89'}", [1, 2, 3]),
        ("Number: {ends with: '8'}", [2]),
        ("Number: {contains: 9}", [1, 2, 3]),
        ("Number: {matches: '89[79]$'}", [1, 3]),
        ("Number: {above: 897, below: 899}", [2]),
        ("Id: {above: 1}\n      Number: '899'", [3]),
        ("Gone: {empty: true}", [1, 2, 3]),
        ("Gone: {empty: false}", []),
        ("Gone: {above: 1}", []),
        ("Gone: {before: 2026-01-01}", []),
        ("Id: {in: '{{ $vars.ids }}'}", [3]),
        ("Gone: null", [1, 2, 3]),
        ("Id: true", []),
    ],
)
def test_each_condition(condition: str, expected: list[int]) -> None:
    head = "vars: {ids: [3]}\n"
    assert [row["Id"] for row in played(f"  - where:\n      {condition}\n", head=head)] == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("  - where: '{{ $json.Id > 1 }}'\n", ROWS[1:]),
        (
            "  - set: {Label: 'Fax {{ $json.Number }}', Id: '{{ $json.Id + 1 }}'}\n    only: true\n"
            "  - where: {Id: 2}\n",
            [{"Label": "Fax 897", "Id": 2}],
        ),
        ("  - where: {Id: 1}\n  - set: {Tags: [a, '{{ $json.Id }}']}\n", [{**ROWS[0], "Tags": ["a", 1]}]),
        (
            "  - where: {Id: 1}\n  - for each: '{{ [1, {\"a\": 2}] }}'\n    keep: [Number]\n",
            [{"value": 1, "Number": "897"}, {"a": 2, "Number": "897"}],
        ),
        ("  - at most: 3\n", ROWS),
        ("  - where: {Id: 9}\n", []),
        ("  - set: {Tags: [a]}\n  - where: {Tags.²: a}\n", []),
        ("  - action: fax.get\n    with: {Id: '{{ $json.Id }}'}\n", [{"Id": 9}] * 3),
    ],
)
def test_each_step(steps: str, expected: list[Any]) -> None:
    assert played(steps) == expected


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("  - where: '{{ $json.Number }}'\n", ["line 3", "Item 0", "neither true nor false"]),
        ("  - where: '{{ $json.Gone }}'\n", ["line 3", "no field Gone"]),
        ("  - where: {Number: {before: '{{ $now }}'}}\n", ["line 3", "Item 0: Number", "compared as a date"]),
        (
            "  - where: {Number: {matches: '('}}\n",
            ["line 3", "Item 0: Number can't be matched with '('", "SyntaxError"],
        ),
        (
            f"  - set: {{Text: '{'a' * 40}!'}}\n  - where: {{Text: {{matches: '^(a+)+$'}}}}\n",
            ["line 4", "Item 0: Text can't be matched", "takes longer"],
        ),
        ("  - where: {Number: {above: many}}\n", ["line 3", "compared as a number"]),
        ("  - for each: '{{ $json.Id }}'\n", ["line 3", "not a list"]),
        ("  - at most: 2\n", ["line 3", "3 items came", "dry_run=True"]),
        ("  - match: none.csv\n    on: Id\n    keep: found\n", ["line 3", "can't be read"]),
    ],
)
def test_a_step_that_fails_says_where(steps: str, said: list[str]) -> None:
    with pytest.raises(TrunklineError) as raised:
        played(f"{steps}  - delete: fax\n")
    assert [part for part in said if part not in str(raised.value)] == []


def test_match_holds_items_against_a_file(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("nr,name\n 897 ,A\n899,B\n", encoding="utf-8")
    match = "  - match: known.csv\n    on: {Number: nr}\n    keep: "
    assert [row["Id"] for row in played(f"{match}found\n", tmp_path)] == [1, 3]
    assert [row["Id"] for row in played(f"{match}missing\n", tmp_path)] == [2]
    nameless = "  - set: {Number: '{{ $json.Id === 2 ? \" \" : $json.Number }}'}\n"
    assert played(f"{nameless}{match}missing\n", tmp_path) == [], "nothing can be said of an empty field"
    (tmp_path / "known.csv").write_text("nr,name\n", encoding="utf-8")
    with pytest.raises(InvalidArgument, match="no rows"):
        played(f"{match}missing\n", tmp_path)


@pytest.mark.parametrize(("zone", "kept"), [("UTC", 0), ("Europe/Berlin", 3)])
def test_a_date_without_a_zone_is_in_the_flow_s(zone: str, kept: int) -> None:
    steps = "  - set: {At: '2026-07-01T01:30:00'}\n  - where: {At: {before: '2026-07-01T00:00:00Z'}}\n"
    assert len(played(steps, head=f"zone: {zone}\n")) == kept


def test_variables_replace_the_defaults_of_the_file_and_keep_their_kind() -> None:
    head, step = "vars: {from: 2, text: a}\n", "  - where: '{{ $json.Id === $vars.from }}'\n"
    assert played(step, head=head) == [ROWS[1]]
    assert played(step, head=head, variables={"from": "3"}) == [ROWS[2]]
    with pytest.raises(InvalidArgument, match="of the kind of 2"):
        played(step, head=head, variables={"from": "three"})
    for value in ("nan", "inf", "1e999", "much"):
        with pytest.raises(InvalidArgument, match=r"of the kind of 1\.5"):
            played(step, head="vars: {from: 1.5}\n", variables={"from": value})
    with pytest.raises(InvalidArgument, match=r"no variable 'form'.*from"):
        played(step, head=head, variables={"form": "3"})


# ── running ─────────────────────────────────────────────────────────────────────────────────────

DELETION = "  - list: fax\n  - delete: fax\n    on error: "


def test_what_is_about_to_be_sent_is_asked_for_first() -> None:
    fake, asked = Fake(), []

    def ask(planned: Planned) -> bool:
        asked.append(planned.requests)
        return False

    with pytest.raises(FlowStopped, match="line 3"):
        flow(f"{DELETION}stop\n").run(fake, ask=ask)
    assert asked == [["DELETE /Fax(1)", "DELETE /Fax(2)", "DELETE /Fax(3)"]]
    assert fake.sent == ["GET /Fax"]


@pytest.mark.parametrize(("mode", "expected"), [("continue", [1, 2, 3]), ("split", [1, 3])])
def test_failed_items_go_on_only_where_the_flow_says_so(mode: str, expected: list[int]) -> None:
    found = flow(f"{DELETION}{mode}\n").run(Fake(2))
    assert [item["json"]["Id"] for item in found.items] == expected
    assert [item["json"]["Id"] for item in found.failed] == [2]


def test_a_failure_ends_the_flow_at_its_line() -> None:
    fake = Fake(2)
    with pytest.raises(ItemsFailed, match=r"test.yaml, line 3: fax.delete stopped at item 1"):
        flow(f"{DELETION}stop\n    concurrency: 1\n  - list: fax\n").run(fake)
    assert fake.sent == ["GET /Fax", "DELETE /Fax(1)", "DELETE /Fax(2)"]


def test_a_flow_that_is_stopped_does_not_go_on_to_the_next_step() -> None:
    sent: list[str] = []

    class Slow:
        def call(self, action: str, /, **arguments: Any) -> Any:
            sent.append(action)

            async def answer() -> Any:
                if action == "fax.list":
                    return ROWS
                runs[-1].stop()
                return None

            return answer()

    runs: list[Any] = []
    steps = f"{DELETION}continue\n    concurrency: 1\n  - list: fax\n"
    with pytest.raises(FlowStopped, match=r"line 3.*interrupted: 1 of 3 items done, 0 failed, 2 not started") as raised:
        asyncio.run(flow(steps).arun(Slow(), started=runs.append))
    assert sent == ["fax.list", "fax.delete"]
    assert raised.value.result is not None
    assert [item["json"] for item in raised.value.result.items] == [{"success": True, "Id": 1}]


def test_a_dry_run_sends_nothing_that_changes_and_ends_where_an_answer_would_be_needed(tmp_path: Path) -> None:
    fake = Fake()
    told: list[Any] = []
    create = "  - action: fax.create\n    with: {Number: '{{ $json.Id }}'}\n"
    steps = f"  - list: fax\n  - save: a.csv\n{create}  - delete: fax\n"
    flow(steps, tmp_path).run(fake, dry_run=True, tell=told.append)
    assert fake.sent == ["GET /Fax"]
    assert list(tmp_path.iterdir()) == []
    assert [type(event) for event in told] == [Did, Did, Planned, Did]
    assert isinstance(told[2], Planned)
    assert told[2].requests == [f'POST /Fax {{"Number":"{n}"}}' for n in (1, 2, 3)]


def test_a_whole_run_sees_one_now() -> None:
    import time

    slow = "{{ (() => { let n = 0; while (n < 1e5) n++; return $now.toMillis() })() }}"
    step = f"  - action: fax.list\n    with: {{search: '{slow}'}}\n"
    fake = Fake()
    flow(f"  - list: fax\n{step}").run(fake)
    assert len(set(fake.sent[1:])) == 1
    time.sleep(0.01)
    later = Fake()
    flow(f"  - list: fax\n{step}").run(later)
    assert later.sent[1:] != fake.sent[1:]


def test_a_flow_runs_in_an_event_loop_on_a_pbx(system: System, tmp_path: Path) -> None:
    found = flow("  - list: blocklist\n  - where: {BlockType: Allow}\n  - delete: blocklist\n", tmp_path)

    async def main() -> Played:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return await found.arun(pbx)

    assert [item["json"] for item in asyncio.run(main()).items] == [{"success": True, "Id": 10}]
    assert system.sent("DELETE") == ["/xapi/v1/Blocklist(10)"]


def test_a_half_character_is_matched_like_any_other() -> None:
    """An argument in another encoding has some."""
    assert matches("\ud800x", "^.x$")
    assert not matches("x", "[\udcff]")


# ── files ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", ["jsonl", "json", "yaml"])
def test_what_is_saved_is_read_back(ending: str, tmp_path: Path) -> None:
    rows = [{"a": 1, "b": None, "c": [True, {"d": "No\u2028"}]}, {"e": "1e3", "f": "on", "g": "x: y # z"}]
    path = tmp_path / "sub" / f"rows.{ending}"
    write(path, rows)  # type: ignore[arg-type]
    assert rows_of(path) == rows
    write(path, [])
    assert rows_of(path) == []


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@example([("=1", "'=1"), ("'@", "''\t")])
@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_a_csv_is_read_back_as_text(rows: list[tuple[str, str]]) -> None:
    import tempfile

    given_ = [{"a": a, "b;c": b} for a, b in rows if a or b]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write(path, given_)
        assert rows_of(path) == given_ or given_ == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"a,b\n1\n", "line 2: 1 cells"),
        ("a.csv", b"a,a\n1,2\n", "line 1"),
        ("a.csv", b'a\n"x"y\n', "not a CSV"),
        ("a.csv", b"a\n\xff\n", "Save it as CSV UTF-8 and try again. No row was read."),
        ("a.jsonl", b'{"a": 1}\nx\n', "line 2"),
        ("a.json", b'{"a": 1}', "list of rows"),
        ("a.yaml", b"- 5\n", "row 1"),
        ("a.txt", b"", "none of"),
    ],
)
def test_a_file_that_holds_no_rows_is_refused(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidArgument, match=said):
        rows_of(tmp_path / name)


def test_a_csv_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffName;E-mail\r\nAda;a@example.com\r\n;\r\n".encode())
    assert rows_of(tmp_path / "a.csv") == [{"Name": "Ada", "E-mail": "a@example.com"}]


def test_a_formula_in_a_csv_is_made_harmless_and_read_back_as_it_was(tmp_path: Path) -> None:
    rows = [
        {"a": "=HYPERLINK(1)", "b": "+12025550100"},
        {"a": "-2+3+cmd|' /C x'!A0", "b": "+44 (0)20 7946 0123"},
        {"a": '+HYPERLINK("x")', "b": "-5"},
        {"a": "'-SUM(1)", "b": "a note"},
    ]
    write(tmp_path / "a.csv", rows)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["a"] for row in written] == [f"'{row['a']}" for row in rows]
    assert [row["b"] for row in written] == [row["b"] for row in rows]
    assert rows_of(tmp_path / "a.csv") == rows


def test_what_is_saved_goes_through_no_link_that_somebody_has_put_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(stat.S_ISDIR(os.fstat(file).st_mode)))
    (tmp_path / "other").write_text("other", encoding="utf-8")
    (tmp_path / f".a.jsonl.{os.getpid()}").symlink_to("other")
    write(tmp_path / "a.jsonl", [{"a": 1}])
    assert (tmp_path / "other").read_text(encoding="utf-8") == "other"
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == '{"a":1}\n'
    assert stat.S_IMODE((tmp_path / "a.jsonl").lstat().st_mode) == 0o600
    assert synced == [False, True], "first the content, then the name is on the disk"


def test_what_can_not_be_saved_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(InvalidArgument, match="can't be written"):
        write(tmp_path / "a.jsonl", [{"a": 1}])
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_secrets_are_masked_in_what_is_saved_unless_asked_for(tmp_path: Path) -> None:
    step = "  - set: {AuthPassword: hidden}\n  - save: a.jsonl\n  - save: b.jsonl\n    secrets: true\n"
    played(step, tmp_path)
    assert "hidden" not in (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    assert "hidden" in (tmp_path / "b.jsonl").read_text(encoding="utf-8")
    assert (tmp_path / "b.jsonl").stat().st_mode & 0o077 == 0


# ── limits ──────────────────────────────────────────────────────────────────────────────────────


class Long(Fake):
    """A PBX whose lists don't end, and how many of their rows were read."""

    read = 0

    def call(self, action: str, /, **arguments: Any) -> Any:
        if CATALOG.action(action).kind != "list":
            return super().call(action, **arguments)
        return self.rows()

    def rows(self) -> Any:
        while True:
            self.read += 1
            yield {"Id": self.read}


FOR_EACH = '  - for each: "{{ $json.Numbers }}"\n    keep: [Id]\n'
AGAIN = '  - set: { "Numbers": "{{ [...Array(2000).keys()] }}" }\n'


@pytest.mark.parametrize(
    ("steps", "head", "limit", "said"),
    [
        ("  - list: fax\n", "", "200,000", "line 2: fax.list gives more than"),
        ("  - list: fax\n", "max items: 50\n", "50", "line 3: fax.list gives more than"),
        ("  - list: fax\n    with: { top: 3 }\n", "max items: 2\n", "2", "line 3: fax.list gives more than"),
        ("  - read: rows.json\n" + FOR_EACH, "", "200,000", "line 3: Item 100: for each gives more than"),
        ("  - read: rows.json\n" + FOR_EACH, "max items: 1999\n", "1,999", "line 4: Item 0: for each gives more than"),
        ("  - read: few.json\n" + FOR_EACH + AGAIN + FOR_EACH, "", "200,000", "line 6: Item 100: for each gives"),
        ("  - read: rows.json\n", "max items: 200\n", "200", "line 3: rows.json gives more than"),
    ],
    ids=["an endless list", "with its own limit", "a short limit", "for each", "one item", "nested for each", "a file"],
)
def test_what_multiplies_ends_at_a_limit_that_is_named(
    steps: str, head: str, limit: str, said: str, tmp_path: Path
) -> None:
    rows = [{"Id": n, "Numbers": [str(n) for n in range(2000)]} for n in range(201)]
    write(tmp_path / "rows.json", rows)
    write(tmp_path / "few.json", rows[:1])
    pbx = Long()
    with pytest.raises(InvalidArgument) as caught:
        flow(steps, tmp_path, head).run(pbx)
    assert said in caught.value.message
    assert f"more than {limit} items" in caught.value.message
    assert "`max items: NUMBER` at the top" in caught.value.hint.text
    assert pbx.read <= 200_001


def test_the_limit_can_be_raised_and_holds_over_all_items(tmp_path: Path) -> None:
    write(tmp_path / "rows.json", [{"Id": n, "Numbers": ["1", "2"]} for n in range(10)])
    found = flow("  - read: rows.json\n" + FOR_EACH, tmp_path, "max items: 20\n")
    assert len(found.run(Fake()).items) == 20
    found = flow("  - read: rows.json\n  - list: fax\n", tmp_path, "max items: 29\n")
    with pytest.raises(InvalidArgument, match="more than 29 items"):  # three rows for each of ten items
        found.run(Fake())
    with pytest.raises(InvalidArgument, match=r"line 1: max items must be at least 1, not 0"):
        flow("  - list: fax\n", tmp_path, "max items: 0\n")


def test_a_list_is_not_read_further_than_the_limit_in_an_event_loop(system: System) -> None:
    async def run() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            await flow("  - list: contacts\n    with: { top: 100 }\n", head="max items: 5\n").arun(pbx)

    with pytest.raises(InvalidArgument, match=r"contacts\.list gives more than 5 items"):
        asyncio.run(run())


def test_a_flow_with_a_million_at_once_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="concurrency must be a whole number, 1 to 256, not 1000000"):
        flow("  - list: fax\n    concurrency: 1000000\n")


@pytest.mark.parametrize(
    "copied", ["{{ $json.AuthPassword }}", "it is {{ $json.AuthPassword }}!", "x{{ $json.AuthPassword }}y"]
)
def test_a_secret_that_a_flow_copies_is_masked_wherever_it_is_saved(
    system: System, pbx: Pbx, tmp_path: Path, copied: str
) -> None:
    user = pbx.users.list().first()
    assert user is not None
    pbx.users.update(user["Id"], {"AuthPassword": "pA55-of-user"})
    steps = f"""steps:
  - list: users
    with: {{filter: Id eq {user["Id"]}}}
  - set: {{Note: "{copied}", Notes: ["{copied}"]}}
    only: true
  - save: a.jsonl
  - save: a.csv
  - save: b.json
    secrets: true
"""
    played = Flow.parse(steps, "f.yaml", tmp_path).run(pbx)
    for name in ("a.jsonl", "a.csv"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "pA55-of-user" not in text
        assert MASK in text
    assert "pA55-of-user" in (tmp_path / "b.json").read_text(encoding="utf-8")
    assert "pA55-of-user" in played.items[0]["json"]["Note"]


def test_a_secret_that_came_from_a_file_is_masked_where_it_was_copied(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Number,AuthPassword\n100,pA55-of-user\n", encoding="utf-8")
    steps = """steps:
  - read: in.csv
  - set: {Note: "{{ $json.AuthPassword }}"}
    only: true
  - save: out.json
"""
    Flow.parse(steps, "f.yaml", tmp_path).run(Fake())
    assert (tmp_path / "out.json").read_text(encoding="utf-8").count(MASK) == 1
