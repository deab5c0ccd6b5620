"""The three formats: the same rows, read back by somebody else's library."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trunkline import BrokenAnswer, ConfigurationError, UnknownName
from trunkline.catalog import load
from trunkline.transfer import writing
from trunkline.transfer.writing import Parquet, check_format, checked_columns, schema, seconds, writer

FULL = {
    "CdrId": "6a1d11dd-01db-4000-8000-000000001c2e",
    "CallId": 4159,
    "StartTime": "2026-06-01T05:00:13.954671Z",
    "TalkingDuration": "PT1M12.577027S",
    "RingingDuration": "PT0S",
    "CallCost": 0.02,
    "Answered": True,
    "SourceDisplayName": "Delacroix, Hanna (132)",
    "DestinationCallerId": "=cmd",
    "Recordings": [{"Id": 7}],
}
BARE = {"CdrId": "b", "StartTime": "2026-06-01T07:00:00+02:00"}


def written(output: str, *rows: dict[str, Any], columns: tuple[str, ...] = ()) -> bytes:
    file = io.BytesIO()
    out = writer(output, columns, file)
    out.write(msgspec.json.encode(row) for row in rows)
    out.close()
    return file.getvalue()


def test_json_lines_are_what_the_pbx_said() -> None:
    more = {**BARE, "FieldOfTomorrow": {"a": [1]}}
    assert [json.loads(line) for line in written("jsonl", FULL, more).splitlines()] == [FULL, more]
    assert written("jsonl", BARE, columns=("CdrId", "Status")) == b'{"CdrId":"b","Status":null}\n'
    assert written("jsonl") == b""


def test_csv_has_every_field_of_the_type_whatever_the_rows_have() -> None:
    header, full, bare = csv.reader(io.StringIO(written("csv", FULL, BARE).decode()))
    assert header == list(load().fields("Pbx.CallLogData"))
    row = dict(zip(header, full, strict=True))
    assert (row["DestinationCallerId"], row["Recordings"], row["Answered"]) == ("'=cmd", '[{"Id":7}]', "true")
    assert dict(zip(header, bare, strict=True))["CallCost"] == ""
    assert written("csv", columns=("CallId", "CdrId")) == b"CallId,CdrId\n"


def test_parquet_has_types() -> None:
    table = pq.read_table(io.BytesIO(written("parquet", FULL, BARE)))
    full, bare = table.to_pylist()
    assert full["StartTime"] == datetime(2026, 6, 1, 5, 0, 13, 954671, tzinfo=UTC)
    assert bare["StartTime"] == datetime(2026, 6, 1, 5, tzinfo=UTC)
    assert (full["TalkingDuration"], full["RingingDuration"], full["CallCost"]) == (72.577027, 0.0, 0.02)
    assert (full["Answered"], full["CallId"], full["Recordings"]) == (True, 4159, '[{"Id":7}]')
    assert full["DestinationCallerId"] == "=cmd"
    assert bare["CallId"] is bare["Answered"] is bare["CallCost"] is None
    assert table.schema.field("StartTime").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("TalkingDuration").metadata == {b"unit": b"s"}


def test_the_files_of_two_days_have_one_schema() -> None:
    days = [pq.read_table(io.BytesIO(written("parquet", *rows))) for rows in ((FULL, BARE), (BARE,), ())]
    assert {table.schema for table in days} == {schema()}
    assert pa.concat_tables(days).num_rows == 3


def test_parquet_is_compressed_and_in_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROW_GROUP", 2_000)
    file = pq.ParquetFile(io.BytesIO(written("parquet", *[{**BARE, "CallId": n} for n in range(4_500)])))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [2000, 2000, 500]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.read(["CallId"]).column(0).to_pylist() == list(range(4_500))


def test_parquet_takes_some_columns_in_any_order() -> None:
    table = pq.read_table(io.BytesIO(written("parquet", FULL, columns=("TalkingDuration", "CdrId"))))
    assert table.to_pylist() == [{"TalkingDuration": 72.577027, "CdrId": FULL["CdrId"]}]


@pytest.mark.parametrize(
    ("field", "value"),
    [("CallId", "many"), ("CallId", 2**40), ("StartTime", "soon"), ("StartTime", 5), ("TalkingDuration", "72 s")],
)
def test_a_value_of_another_type_is_said(field: str, value: Any) -> None:
    with pytest.raises(BrokenAnswer, match=f"{field} of the call log has a value that is no"):
        written("parquet", {**FULL, field: value})


@pytest.mark.parametrize("output", ["csv", "parquet"])
def test_fields_without_a_column_are_told(output: str) -> None:
    out = writer(output, (), io.BytesIO())
    out.write([msgspec.json.encode({**BARE, "FieldOfTomorrow": 1, "@odata.etag": 'W/"1"'})])
    out.close()
    assert out.unknown == {"FieldOfTomorrow"}
    few = writer(output, ("CdrId",), io.BytesIO())
    few.write([msgspec.json.encode({**BARE, "FieldOfTomorrow": 1})])
    few.close()
    assert few.unknown == set()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT1M12.577027S", 72.577027),
        ("PT0S", 0),
        ("P1DT2H", 93600),
        ("P2D", 172800),
        ("-PT1.5S", -1.5),
        ("PT3H", 10800),
    ],
)
def test_durations_are_seconds(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "1M", "P1DT", "PT1X", "00:01:00"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


def test_columns_are_checked_with_the_nearest_named() -> None:
    assert checked_columns(("CdrId", "Status", "CdrId")) == ("CdrId", "Status")
    with pytest.raises(UnknownName, match=r"has no field 'StartTme'\. Did you mean StartTime"):
        checked_columns(("StartTme",))


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(writing, "import_module", missing)
    check_format("csv")
    with pytest.raises(ConfigurationError) as refused:
        check_format("parquet")
    assert "pip install 'trunkline[parquet]'" in refused.value.hint.text


def test_a_writer_that_fails_is_closed() -> None:
    file = io.BytesIO()
    out = Parquet(file)
    out.write([msgspec.json.encode({**FULL, "CallId": "many"})])
    with pytest.raises(BrokenAnswer):
        out.close()
    file.close()
