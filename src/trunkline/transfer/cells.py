"""From the text of a cell to a value of 3CX's, and whether a value is what the PBX holds already."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ..catalog import Action, Catalog, TypeSpec
from ..catalog.secret import has_mask, is_masked, masked_by_name
from ..errors import InvalidArgument
from ..flows.files import csv_cell
from ..node.input import unguarded
from ..odata.literals import INTEGER_RANGES, described, integer
from ..request.body import checked_body

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SHORTENED = re.compile(r"\d[.,]?\d*E\+\d+")
_FRACTION = re.compile(r"\d{3,}\.0")  # pandas writes a column of numbers so that has an empty cell
_BROKEN = re.compile(r"#[A-Z/0]+[!?]|#N/A|#NV|##+")  # #REF!, and what is too wide for its column
_APART = re.compile(r"[\s./()\-]")
_KNOWN_BY = ("GroupId", "Id", "Name")
_NUMBER = re.compile(r"\+?[\d\s./()\-]*\d[\d\s./()\-]*")


def as_written(field: str, value: Any) -> str:
    """How `trunkline … list -o csv` writes the value of a field: secrets masked, nested values as JSON."""
    return csv_cell(masked_by_name({field: value})[field])


def key_part(text: str) -> str:
    """What of a cell counts where rows are matched: not case, nor how a phone number is grouped."""
    plain = csv_cell(unguarded(text.strip()))
    grouped = _NUMBER.fullmatch(plain) and not _FRACTION.fullmatch(plain)
    return _APART.sub("", plain) if grouped else plain.casefold()


def parsed(text: str, spec: TypeSpec, path: Sequence[str], action: Action, catalog: Catalog) -> Any:
    """The value of a cell that is not empty, checked as the body of an action is. InvalidArgument says what may stand.

    Text loses the spaces around it. Objects and lists are JSON.
    """
    value = _read(text.strip(), spec, catalog)
    body = value
    for name in reversed(path):
        body = {name: body}
    checked: Any = checked_body(catalog, action, body)
    for name in path:
        checked = checked[name]
    return checked


def _read(text: str, spec: TypeSpec, catalog: Catalog) -> Any:
    if spec.collection or spec.name in catalog.types:
        what = "a list" if spec.collection else "an object"
        try:
            return msgspec.json.decode(unguarded(text))
        except msgspec.DecodeError:
            raise InvalidArgument(f"must be {what} as JSON, not {text[:40]!r}.") from None
    if spec.name in catalog.enums:
        known = catalog.enum_values(spec.name)
        alike = [value for value in known if value.casefold() == text.casefold()]
        return alike[0] if len(alike) == 1 else text
    if spec.name == "Boolean":
        if text.casefold() not in _TRUTH:
            raise InvalidArgument(f"must be true or false, not {text!r}.")
        return _TRUTH[text.casefold()]
    if spec.name in INTEGER_RANGES:
        return integer(text, spec)
    if spec.name in ("Single", "Double", "Decimal"):
        try:
            return float(text)
        except ValueError:
            raise InvalidArgument(f"must be {described(spec)}, not {text!r}.") from None
    if spec.name == "String" and _SHORTENED.fullmatch(text):
        raise InvalidArgument(
            f"is {text!r}: a spreadsheet has shortened a long number. Format the column as text and enter it again."
        )
    if spec.name == "String" and _FRACTION.fullmatch(text):
        raise InvalidArgument(f"is {text!r}: a program has taken it for a number. Write the column as text.")
    if spec.name == "String" and _BROKEN.fullmatch(text):
        raise InvalidArgument(f"is {text!r}: a spreadsheet shows that where it has no value. Enter it again.")
    return unguarded(text)


def cleared(spec: TypeSpec) -> Any:
    """The value of a field that holds nothing. That 3CX wants "" for text rather than null is assumed."""
    if spec.collection:
        return []
    if spec.name == "String":
        return ""
    if not spec.nullable:
        raise InvalidArgument("can't be empty.")
    return None


def same(wanted: Any, present: Any) -> bool:
    """Whether what is wanted is there: of objects the fields that are named, of lists every element in order.

    A masked secret is whatever it is. A PBX may leave a null field out (PBX.md, Answers). ``GroupRights`` is accepted
    and ignored (PBX.md, Requests), so it doesn't count.
    """
    if is_masked(wanted):
        return present not in (None, "")
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and all(
            same(value, present.get(name)) for name, value in wanted.items() if name != "GroupRights"
        )
    if isinstance(wanted, list):
        return (
            isinstance(present, list)
            and len(wanted) == len(present)
            and all(same(*pair) for pair in zip(_ordered(wanted), _ordered(present), strict=True))
        )
    return bool(wanted == present)


def _ordered(rows: list[Any]) -> list[Any]:
    """Departments in the order of their ids: a user is in all of them at once, whichever comes first."""
    if rows and all(isinstance(row, Mapping) and isinstance(row.get("GroupId"), int) for row in rows):
        return sorted(rows, key=lambda row: int(row["GroupId"]))
    return rows


def completed(wanted: Any, present: Any) -> Any:
    """``wanted`` as it can be sent: with what the PBX holds where a secret is masked, and of lists every row whole.

    A row is known again by its department, its Id or its name; what it doesn't name stays as it is, for such lists are
    written whole (PBX.md, Requests). A masked secret that the PBX doesn't hold is left out. InvalidArgument where a
    row with a masked secret can't be known again.
    """
    if isinstance(wanted, Mapping):
        old = present if isinstance(present, Mapping) else {}
        kept = {name: value for name, value in wanted.items() if not is_masked(value) or name in old}
        return {
            name: old[name] if is_masked(value) else completed(value, old.get(name)) for name, value in kept.items()
        }
    if isinstance(wanted, list):
        known = [row for row in present if isinstance(row, Mapping)] if isinstance(present, list) else []
        return [_whole_row(value, known) if isinstance(value, Mapping) else value for value in wanted]
    return wanted


def left_out(wanted: Any, present: Any) -> list[str]:
    """What a list holds and the wanted one doesn't, by name; rows are told apart as in `completed`."""
    if not (isinstance(wanted, list) and isinstance(present, list)):
        return []
    gone = []
    for row in present:
        if not isinstance(row, Mapping):
            gone += [] if row in wanted else [str(row)]
            continue
        known = next((name for name in _KNOWN_BY if row.get(name) not in (None, "")), "")
        if known and not any(isinstance(one, Mapping) and one.get(known) == row[known] for one in wanted):
            gone.append(str(row.get("Name") or row[known]))
    return gone


def _whole_row(row: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    for name in _KNOWN_BY:
        if row.get(name) not in (None, ""):
            old = next((one for one in known if one.get(name) == row[name]), {})
            return {**old, **completed(row, old)}
    if known and has_mask(row):
        raise InvalidArgument("has a masked secret in a row without an Id; export it with --show-secrets.")
    return dict(completed(row, {}))
