"""Rows as JSON Lines, CSV or Parquet, written as they come.

CSV and Parquet have the same columns for every day and every PBX: the fields of the newest catalog's type, or those
asked for. What a report leaves out, because it is null or zero (docs/pbx.md, Answers), is null there: nobody knows
which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, BinaryIO, Protocol

import msgspec

from ..catalog import TypeSpec, load, nearest
from ..errors import BrokenAnswer, ConfigurationError, InvalidArgument, TrunklineError, UnknownName
from ..local.csv_text import csv_line
from .call_log import ROW_TYPE
from .formats import FORMATS

_BATCH = 2_000
"""Rows that are Python objects at a time."""
ROW_GROUP = 50_000
"""Rows of a Parquet row group: some megabytes, which readers like, and which is all that is held while writing."""
_DURATION = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class Writer(Protocol):
    """Writes lines of JSON to a file in some format; ``unknown`` are fields that had no column."""

    unknown: set[str]

    def write(self, lines: Iterable[bytes]) -> None: ...
    def close(self) -> None:
        """Write what is left; the file stays open."""


def fields(row_type: str = ROW_TYPE) -> Mapping[str, TypeSpec]:
    """Return the fields of a row as the newest catalog has them."""
    return load().fields(row_type)


def checked_columns(columns: Sequence[str], row_type: str = ROW_TYPE) -> tuple[str, ...]:
    """Columns in the order asked for, each once; UnknownName with the nearest for one that the type lacks."""
    known = fields(row_type)
    for column in columns:
        if column not in known:
            raise UnknownName(f"{row_type} has no field {column!r}.{nearest(column, iter(known))}")
    return tuple(dict.fromkeys(columns))


def check_format(output: str) -> None:
    """InvalidArgument for a format that is none, ConfigurationError where what writes it is not installed."""
    if output not in FORMATS:
        raise InvalidArgument(f"There is no format {output!r}; there are {', '.join(FORMATS)}.")
    if output == "parquet":
        _parquet()


def writer(output: str, columns: Sequence[str], file: BinaryIO, row_type: str = ROW_TYPE) -> Writer:
    """Return what writes rows of a type to a binary file; ``columns`` () are all."""
    match output:
        case "csv":
            return Csv(file, columns, row_type)
        case "parquet":
            return Parquet(file, columns, row_type)
        case _:
            return JsonLines(file, columns)


class JsonLines:
    """The rows as the PBX sent them; with ``columns`` only those, null where a row lacks one."""

    def __init__(self, file: BinaryIO, columns: Sequence[str] = ()) -> None:
        self._file = file
        self._columns = columns
        self.unknown: set[str] = set()

    def write(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self._file.write((self._picked(line) if self._columns else line) + b"\n")

    def _picked(self, line: bytes) -> bytes:
        row = msgspec.json.decode(line)
        return msgspec.json.encode({column: row.get(column) for column in self._columns})

    def close(self) -> None:
        pass


class _Columns:
    """Columns with the types that the catalog names, and what had none of them."""

    def __init__(self, columns: Sequence[str], row_type: str) -> None:
        known = fields(row_type)
        self._named = "the call log" if row_type == ROW_TYPE else row_type
        self.types = {name: known[name] for name in columns or known}
        self.unknown: set[str] = set()
        self._all = not columns

    def note(self, row: Mapping[str, Any]) -> None:
        if self._all and (more := row.keys() - self.types.keys()):
            self.unknown |= {name for name in more if not name.startswith("@odata.")}


class Csv(_Columns):
    """Comma-separated values in UTF-8 with a header; nested values as JSON, formulas defused as everywhere."""

    def __init__(self, file: BinaryIO, columns: Sequence[str] = (), row_type: str = ROW_TYPE) -> None:
        super().__init__(columns, row_type)
        self._file = file
        file.write(csv_line(list(self.types)).encode())

    def write(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            row = msgspec.json.decode(line)
            self.note(row)
            self._file.write(csv_line([row.get(name) for name in self.types]).encode(errors="replace"))

    def close(self) -> None:
        pass


class _Counted:
    """A binary file that knows how much it took: Parquet asks for that, and a pipe doesn't know."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._taken = 0

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self._taken += len(data)
        return len(data)

    def tell(self) -> int:
        return self._taken

    def flush(self) -> None:
        self._file.flush()


class Parquet(_Columns):
    """Parquet with a schema that is the same for every day and PBX, so that files can be read together; zstd.

    Moments are timestamps in UTC to the microsecond, durations seconds (double), decimals double, lists and objects
    JSON text. Every column may be null.
    """

    def __init__(self, file: BinaryIO, columns: Sequence[str] = (), row_type: str = ROW_TYPE) -> None:
        super().__init__(columns, row_type)
        pa, pq = _parquet()
        self._pa = pa
        self.schema = schema(self.types)
        self._read = {name: _reader(spec) for name, spec in self.types.items()}
        with self._explained():
            self._writer = pq.ParquetWriter(_Counted(file), self.schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._batches: list[Any] = []
        self._held = 0

    def write(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            row = msgspec.json.decode(line)
            self.note(row)
            self._rows.append(row)
            if len(self._rows) == _BATCH:
                self._pack()

    def _pack(self) -> None:
        """Turn rows into columns, which take a tenth of the memory; write them once they make a row group."""
        if self._rows:
            arrays = [self._array(name, read) for name, read in self._read.items()]
            self._batches.append(self._pa.RecordBatch.from_arrays(arrays, schema=self.schema))
            self._held += len(self._rows)
            self._rows = []
        if self._held >= ROW_GROUP:
            self._flush()

    def _array(self, name: str, read: Callable[[Any], Any]) -> Any:
        try:
            values = [None if (value := row.get(name)) is None else read(value) for row in self._rows]
            return self._pa.array(values, self.schema.field(name).type)
        except (ValueError, TypeError, OverflowError) as problem:  # pyarrow's own are ValueErrors
            raise BrokenAnswer(
                f"{name} of {self._named} has a value that is no {self.types[name].name} ({problem}).",
                hint="-o jsonl takes the rows as they are.",
            ) from None

    def _flush(self) -> None:
        if self._batches:
            with self._explained():
                table = self._pa.Table.from_batches(self._batches, self.schema)
                self._writer.write_table(table, row_group_size=ROW_GROUP)
            self._batches, self._held = [], 0

    def close(self) -> None:
        try:
            self._pack()
            self._flush()
        finally:
            with self._explained():
                self._writer.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn pyarrow's own errors into ours; those of the file are OSErrors, as with any other format."""
        try:
            yield
        except OSError:
            raise
        except self._pa.ArrowException as problem:
            raise TrunklineError(
                f"The rows can't be written as Parquet ({problem}).", hint="-o jsonl takes the rows as they are."
            ) from None


def schema(types: Mapping[str, TypeSpec] | None = None) -> Any:
    """Return the Arrow schema of the call log, of all its fields or some. ConfigurationError without pyarrow."""
    pa, _ = _parquet()
    plain = {
        "Boolean": pa.bool_(),
        "Int32": pa.int32(),
        "DateTimeOffset": pa.timestamp("us", tz="UTC"),
        "Duration": pa.float64(),
        "Decimal": pa.float64(),
    }
    units = {"Duration": {"unit": "s"}}

    def field(name: str, spec: TypeSpec) -> Any:
        if spec.collection:
            return pa.field(name, pa.string())
        return pa.field(name, plain.get(spec.name, pa.string()), metadata=units.get(spec.name))

    return pa.schema([field(name, spec) for name, spec in (types or fields()).items()])


def _reader(spec: TypeSpec) -> Callable[[Any], Any]:
    """From a JSON value to what a column of its type takes; raises ValueError or TypeError."""
    if spec.collection:
        return _json
    readers: dict[str, Callable[[Any], Any]] = {
        "DateTimeOffset": _moment,
        "Duration": seconds,
        "Decimal": float,
        "Boolean": _same,
        "Int32": _same,
    }
    return readers.get(spec.name, _text)


def _same(value: Any) -> Any:
    return value


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds(value: str) -> float:
    """Return an ISO 8601 duration such as ``PT1M12.577027S`` in seconds; ValueError if it is none."""
    match = _DURATION.fullmatch(value)
    if match is None or value[-1] in "PT":
        raise ValueError(f"{value!r} is not a duration")
    minus, *parts = match.groups()
    total: float = sum(float(part or 0) * unit for part, unit in zip(parts, (86400, 3600, 60, 1), strict=True))
    return -total if minus else total


def _parquet() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigurationError(
            "Nothing here can write Parquet.", hint="pip install 'trunkline[parquet]', or take -o csv or -o jsonl."
        ) from None
