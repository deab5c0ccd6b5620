"""A map of numbers and names: what a row may say, what it changes, and which rows contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline import InvalidArgument
from trunkline.config.cloning.mapping import RenameMap, Renaming


def written(folder: Path, text: str) -> RenameMap:
    path = folder / "numbers.csv"
    path.write_text(text)
    return RenameMap.read(path)


def test_a_number_with_a_row_of_its_own_takes_the_new_one_and_any_other_stays(tmp_path: Path) -> None:
    renames = written(tmp_path, "old,new\n100,200\n")
    assert [renames.number(each) for each in ("100", "200", "1000", "10", "")] == ["200", "200", "1000", "10", ""]


@pytest.mark.parametrize(
    ("row", "old", "new"),
    [
        ("1xx,2xx", "142", "242"),
        ("1xx,21xx", "142", "2142"),
        ("1xx,2xx", "1420", "1420"),
        ("1xx,2xx", "14", "14"),
        ("1xx,2xx", "1*2", "1*2"),
        ("1*,21*", "1420", "21420"),
        ("1*,21*", "1", "1"),
        ("*777,*888", "*777", "*888"),
        ("*777,*888", "7777", "7777"),
    ],
)
def test_a_range_moves_the_numbers_that_it_covers(tmp_path: Path, row: str, old: str, new: str) -> None:
    assert written(tmp_path, f"old,new\n{row}\n").number(old) == new


def test_a_row_of_its_own_wins_over_a_range_and_a_longer_beginning_over_a_shorter_one(tmp_path: Path) -> None:
    renames = written(tmp_path, "old,new\n1*,2*\n10*,3*\n105,999\n")
    assert [renames.number(each) for each in ("105", "104", "114")] == ["999", "34", "214"]


def test_all_rows_apply_at_once_so_that_two_numbers_can_change_places(tmp_path: Path) -> None:
    renames = written(tmp_path, "old,new\n100,101\n101,100\n")
    assert (renames.number("100"), renames.number("101")) == ("101", "100")


def test_a_telephone_number_takes_a_new_one_by_its_own_row_only(tmp_path: Path) -> None:
    renames = written(tmp_path, "old,new\n+442079460800,+493023125800\n1*,2*\n")
    assert renames.outside("+442079460800") == "+493023125800"
    assert renames.outside("1155550100") == "1155550100"


def test_names_belong_to_their_kind(tmp_path: Path) -> None:
    renames = written(tmp_path, "kind;old;new\ngroups;Sales;Vertrieb\ntrunks;London SIP;Berlin SIP\n")
    assert renames.named("groups", "Sales") == "Vertrieb"
    assert renames.named("playlists", "Sales") == "Sales"
    assert renames.kinds == {"groups", "trunks"}


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("100,200\n100,201\n", "line 3: line 2 has '100' already."),
        ("100,200\n101,200\n", "line 3: line 2 makes something else '200' already; two can't become one."),
        ("1xx,2x\n", "line 2: '1xx' and '2x' don't end alike; a range becomes one of as many numbers."),
        ("1xx,200\n", "line 2: '1xx' and '200' don't end alike; a range becomes one of as many numbers."),
        ("Sales,Vertrieb\n", "line 2: 'Sales' is not a number or a range such as 1xx; a name needs its kind"),
        ("100,\n", "line 2: new is empty."),
        (f"100,{'2' * 201}\n", "line 2: new is not one line of at most 200 characters."),
    ],
)
def test_rows_that_contradict_each_other_or_mean_nothing_are_refused_with_their_line(
    tmp_path: Path, rows: str, fault: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        written(tmp_path, f"old,new\n{rows}")
    assert f"numbers.csv, {fault}" in str(refused.value)


def test_all_faults_of_a_map_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument) as refused:
        written(tmp_path, "old,new\n100,\n101,x\n102,202\n")
    assert [line.partition("line ")[2][0] for line in str(refused.value).splitlines()] == ["2", "3"]


@pytest.mark.parametrize("header", ["from,to", "old", "old,new,sort"])
def test_a_file_with_other_columns_is_refused_with_what_they_should_be(tmp_path: Path, header: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        written(tmp_path, f"{header}\n")
    assert f"has the columns {header.replace(',', ', ')}" in str(refused.value)
    assert "old, new and kind" in str(refused.value.hint)


def test_a_map_that_is_missing_or_too_large_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="can't be read"):
        RenameMap.read(tmp_path / "numbers.csv")
    (tmp_path / "numbers.csv").write_text("old,new\n" + "100,200\n" * 600_000)
    with pytest.raises(InvalidArgument, match="more than 4 MB"):
        RenameMap.read(tmp_path / "numbers.csv")


def test_rows_about_nothing_on_the_source_are_named() -> None:
    renames = RenameMap(
        [
            Renaming(2, "", "100", "200"),
            Renaming(3, "", "105", "205"),
            Renaming(4, "", "7xx", "8xx"),
            Renaming(5, "groups", "Sale", "Vertrieb"),
        ],
        "numbers.csv",
    )
    assert list(renames.unused({"100"}, {"groups": {"Sales"}})) == [
        "numbers.csv, line 3: the source has no 105.",
        "numbers.csv, line 4: the source has no 7xx.",
        "numbers.csv, line 5: the source has no groups/Sale.",
    ]


def test_a_map_without_rows_changes_nothing() -> None:
    assert not RenameMap()
    assert RenameMap().number("100") == "100"
