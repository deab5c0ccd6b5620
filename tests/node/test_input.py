"""What a pipe or a file brings, told apart by how it begins; the same for run, job run and delete -."""

from __future__ import annotations

import io

import pytest

from trunkline.errors import InvalidArgument
from trunkline.node.input import read_items, read_keyed


def named(text: str | bytes, name: str = "<stdin>") -> io.BytesIO:
    source = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    source.name = name
    return source


ONE_TWO = [{"Id": 1}, {"Id": 2}]


@pytest.mark.parametrize(
    ("text", "name", "rows"),
    [
        ('{"Id": 1}\n{"Id": 2}\n', "<stdin>", ONE_TWO),
        ('\n\n{"Id": 1}\r\n\r\n{"Id": 2}', "<stdin>", ONE_TWO),
        ('[{"Id": 1}, {"Id": 2}]', "<stdin>", ONE_TWO),
        ('\ufeff[\n{"Id": 1},\n{"Id": 2}\n]', "<stdin>", ONE_TWO),
        ('{\n  "Id": 1\n}\n', "seven.json", [{"Id": 1}]),
        ("Id\n1\n2\n", "<stdin>", [{"Id": "1"}, {"Id": "2"}]),
        ('\ufeff"Id";Name\r\n1;"O\'Dwyer; S"\r\n;\r\n', "a.CSV", [{"Id": "1", "Name": "O'Dwyer; S"}]),
        ('"Id"\n1\n', "<stdin>", [{"Id": "1"}]),
        (
            "Id,Name\n1,'=1+1\n2,O'Neil\n3,'s\n",
            "",
            [{"Id": "1", "Name": "=1+1"}, {"Id": "2", "Name": "O'Neil"}, {"Id": "3", "Name": "'s"}],
        ),
        ("7,8\n1,2\n", "a.csv", [{"7": "1", "8": "2"}]),
        ("", "<stdin>", []),
        ("\n \n", "a.csv", []),
    ],
)
def test_items_are_told_by_how_they_begin(text: str, name: str, rows: list[dict[str, object]]) -> None:
    assert [item["json"] for item in read_items(named(text, name))] == rows


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ('{"Id": 1}\n\n{"Id"', "<stdin>", "Line 3 of the input is not JSON"),
        ('\n{"Id": 1\n{"Id": 2}', "<stdin>", "Line 2 of the input begins no JSON"),
        ("oops\n", "a.jsonl", "Line 1 of the input is not JSON"),
        ('{"Id": 1}\n3\n', "<stdin>", "Line 2 of the input is not an item: An item must be an object, not 3"),
        ('[{"Id": 1}, 2]', "<stdin>", "Row 2 of the input is not an item"),
        ("[{", "<stdin>", "The input is not a JSON array"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "<stdin>", "Line 1 of the input begins no JSON"),
        ('{"Id": 1}\n{"a": ' + "[" * 5000 + "]" * 5000 + "}", "<stdin>", "Line 2 of the input is not JSON"),
        ("42\n", "<stdin>", "Line 1 of the input is not an item"),
        ("Id,Name\n1,Ada\n2\n", "<stdin>", "The input, line 3: 1 cells, but 2 columns."),
        ('Id,Name\n1,"Ada\n', "<stdin>", "The input, line 2: this is not a CSV"),
        ("Id,Id\n1,2\n", "<stdin>", "names that differ"),
        ("\n\nId,Name\n1\n", "<stdin>", "The input, line 4: 1 cells"),
        ("\n\n,Id\n", "<stdin>", "The input, line 3: the columns"),
        (b"\n\nId\n\xe4\n", "<stdin>", "The input, line 4: this is not written in UTF-8"),
        ("Id\n\xe4\n".encode("latin-1"), "<stdin>", "The input, line 2: this is not written in UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml\n", "<stdin>", "The input is not a CSV: it is a spreadsheet"),
        ('{"Id": 1}\n'.encode("utf-16"), "<stdin>", "Line 1 of the input is not written in UTF-8"),
    ],
)
def test_what_is_no_item_is_named_by_its_line(text: str | bytes, name: str, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        list(read_items(named(text, name)))
    assert said in caught.value.message
    assert "Nothing was sent." in caught.value.hint.text


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1\n2\n", [1, 2]),
        ('"sales"\n"support"\n', ["sales", "support"]),
        ("[1, 2]", [1, 2]),
        ('"Id"\n1\n', [{"Id": "1"}]),
        ("Id\n1\n", [{"Id": "1"}]),
    ],
)
def test_a_row_may_be_a_key_alone(text: str, rows: list[object]) -> None:
    assert [row for _, row in read_keyed(named(text), ["Id"])] == rows


def test_lines_are_read_as_they_come() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            buffer[:10] = b'{"Id": 1}\n'
            return 10

    assert next(read_items(io.BufferedReader(Endless())))["json"] == {"Id": 1}  # type: ignore[type-var]
