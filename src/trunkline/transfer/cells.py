"""From the text of a cell to a value of 3CX's, and whether a value is what the PBX holds already."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ..catalog import Action, Catalog, TypeSpec
from ..catalog.secret import MASK, has_mask, is_masked, is_secret, masked_by_name
from ..errors import InvalidArgument
from ..local.characters import cleaned, comparable, composed, trimmed
from ..local.csv_text import csv_cell, unguarded
from ..odata.equality import equal
from ..odata.literals import INTEGER_RANGES, described, integer
from ..request.body import checked_body

# Besides 3CX's true and false: what people write, and what spreadsheets of some languages write for a truth value.
_TRUTH = {
    **dict.fromkeys(("true", "yes", "1", "1.0", "wahr", "ja", "vrai", "verdadero", "vero", "waar"), True),
    **dict.fromkeys(("false", "no", "0", "0.0", "falsch", "nein", "faux", "falso", "onwaar"), False),
}
_SHORTENED = re.compile(r"[+-]?\d[.,]?\d*E\+\d+", re.I)
_EXPONENT = re.compile(r"[+-]?\d+([.,]\d+)?\s*E\s*[+-]?\d+", re.I)
_FRACTION = re.compile(r"\+?\d{3,}[.]0")  # pandas writes a column of numbers so that has an empty cell
_DECIMAL = re.compile(r"\+?\d+[.,]0+")
_BROKEN = re.compile(  # #REF! in the languages of Excel, LibreOffice's Err:502, and what is too wide for its column
    r"#[¡¿]?[A-ZÀ-Þ/0_]+[!?]|#N/[A-Z]|#NV|##+|(?:Err|Error|Erreur|Errore|Fehler):\s?\d{3}"
)
_APART = re.compile(r"[\s./()\-]")
_KNOWN_BY = ("GroupId", "Id", "Name")
_NUMBER = re.compile(r"[\s(]*\+?[\d\s./()\-]*\d[\d\s./()\-]*")
_WRAPPED = re.compile(r"""=\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'?)\s*""")
_QUOTES = "'\"`\u00b4\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"
_MARKS = f"={_QUOTES}"  # a spreadsheet keeps a plus or a leading zero so
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_MAILBOX = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")  # RFC 5322: a name and an address
_REAL = re.compile(r"[+-]?(\d+([.]\d*)?|[.]\d+)(E[+-]?\d+)?", re.I)
_WHOLE = re.compile(r"([+-]?\d+)[.]0+")
NUMBERS = frozenset(
    (
        *(
            "Number",
            "PhoneNumber",
            "Mobile",
            "Mobile2",
            "Home",
            "Business",
            "Business2",
            "BusinessFax",
            "Pager",
            "Other",
        ),
        *("OutboundCallerID", "VMPIN"),
    )
)
"""Text fields that hold a number to dial or to key in."""
_ADDRESSES = frozenset(("Email", "EmailAddress"))
_NAMES_OF_ACCOUNTS = frozenset(("AuthID", "SIPID", "ClickToCallId", "WebMeetingFriendlyName", "IPAddrMask"))
_SEVERAL = re.compile(r"\s*(?:::+|[;|\r\n])\s*|[\s,/&]+(?:[a-z]{1,4}\s+)?(?=\+\d)", re.I)
_GOOGLES = " ::: "
"""What Google writes between the values of a cell."""
_SEVERAL_ADDRESSES = re.compile(r"[\s,;|/]+|::+")


def as_written(field: str, value: Any) -> str:
    """How `trunkline … list -o csv` writes the value of a field: secrets masked, nested values as JSON."""
    return csv_cell(masked_by_name({field: value})[field])


def unwrapped(text: str) -> str:
    """Return the text in ``="0301"``, as spreadsheets keep a leading zero; another text as it is."""
    found = _WRAPPED.fullmatch(text)
    if found is None:
        return text
    return found[1].replace('""', '"') if found[1] is not None else found[2].replace("''", "'")


def number_text(text: str) -> str:
    """Return a number in plain characters, without what a spreadsheet puts before it to keep its plus or zero."""
    plain = cleaned(text)
    if plain and (plain[0] in _MARKS or plain[-1] in _MARKS):
        plain = cleaned(unwrapped(plain))
        bare = plain.lstrip("= ").strip(f"{_QUOTES} ")
        plain = bare if _NUMBER.fullmatch(bare) else plain
    return plain[4:].lstrip() if plain[:4].casefold() == "tel:" else plain


def extension_text(text: str) -> str:
    """Return the number of an extension in plain characters.

    None has a space, but a spreadsheet may group its digits.
    """
    return number_text(text).replace(" ", "")


def address_text(text: str) -> str:
    """Write an e-mail address in plain characters, without ``mailto:`` or a name before it."""
    plain = cleaned(unwrapped(cleaned(text)))
    if mailbox := _MAILBOX.fullmatch(plain):
        plain = mailbox[1]
    return plain[7:] if plain[:7].casefold() == "mailto:" else plain


def key_part(text: str) -> str:
    """Return what matters when cells are matched: not case, invisible characters or how a number is grouped."""
    plain = number_text(unguarded(trimmed(text)))
    if "@" in plain:
        return comparable(address_text(plain))
    grouped = _NUMBER.fullmatch(plain) and not _FRACTION.fullmatch(plain)
    return _APART.sub("", plain) if grouped else comparable(plain)


def parsed(text: str, spec: TypeSpec, path: Sequence[str], action: Action, catalog: Catalog) -> Any:
    """Return the value of a cell that is not empty, checked as the body of an action is.

    InvalidArgument says what may stand.

    Text loses the spaces and invisible characters around it; numbers and addresses lose those within them too. Objects
    and lists are JSON.
    """
    value = _read(trimmed(text), spec, path[-1], catalog)
    body = value
    for name in reversed(path):
        body = {name: body}
    checked: Any = checked_body(catalog, action, body)
    for name in path:
        checked = checked[name]
    return checked


def _read(text: str, spec: TypeSpec, field: str, catalog: Catalog) -> Any:
    if spec.collection and spec.name in catalog.enums and not unguarded(text).startswith("["):
        return [_member(part, spec, catalog) for part in re.split(r"[\s,;|]+", cleaned(text)) if part]
    if spec.collection or spec.name in catalog.types:
        what = "a list" if spec.collection else "an object"
        try:
            return _typed(msgspec.json.decode(unwrapped(unguarded(text))), spec, catalog)
        except (msgspec.DecodeError, RecursionError) as problem:
            # What begins like JSON may hold passwords, so only the place of the mistake is shown.
            shown = f"and this is not: {problem}" if text[:1] in ("{", "[") else f"not {_shown(field, text[:40])}"
            raise InvalidArgument(f"must be {what} as JSON, {shown}.") from None
    if spec.name == "String":
        return _read_text(text, field)
    plain = cleaned(unwrapped(cleaned(text))).removeprefix("'")
    if spec.name in catalog.enums:
        return _member(plain, spec, catalog)
    if spec.name == "Boolean":
        if plain.casefold() not in _TRUTH:
            raise InvalidArgument(f"must be true or false, not {_shown(field, plain)}.")
        return _TRUTH[plain.casefold()]
    if spec.name in INTEGER_RANGES:
        whole = _WHOLE.fullmatch(plain)
        return integer(whole[1] if whole else plain, spec)
    if spec.name in ("Single", "Double", "Decimal"):
        if not _REAL.fullmatch(plain):
            raise InvalidArgument(f"must be {described(spec)}, not {_shown(field, plain)}.")
        return float(plain)
    return unguarded(plain)


def _member(text: str, spec: TypeSpec, catalog: Catalog) -> str:
    """Return the value of an enum whatever its case; a text that is none of them as it is, for the check to name."""
    alike = [value for value in catalog.enum_values(spec.name) if value.casefold() == text.casefold()]
    return alike[0] if len(alike) == 1 else text


def _read_text(text: str, field: str) -> str:
    bare = trimmed(unwrapped(text))
    for plain in {bare, cleaned(bare)}:
        if _SHORTENED.fullmatch(plain) or (field in NUMBERS and _EXPONENT.fullmatch(plain)):
            raise InvalidArgument(
                f"is {_shown(field, plain)}: a spreadsheet has shortened a long number. Format the column as text and "
                "enter it again."
            )
        if _FRACTION.fullmatch(plain) or (field in NUMBERS and _DECIMAL.fullmatch(plain)):
            raise InvalidArgument(
                f"is {_shown(field, plain)}: a program has taken it for a number. Write the column as text."
            )
        if _BROKEN.fullmatch(plain):
            raise InvalidArgument(
                f"is {_shown(field, plain)}: a spreadsheet shows that where it has no value. Enter it again."
            )
    if field in NUMBERS or field in _ADDRESSES:
        return _read_reachable(text, field)
    if _GOOGLES in bare and not is_secret(field):
        raise _one_expected("several values", text, field)
    if field in _NAMES_OF_ACCOUNTS:
        return cleaned(unwrapped(cleaned(text)))
    if is_secret(field):
        return bare  # any character may be meant
    return composed(bare) if bare != text else composed(unguarded(text))


def _read_reachable(text: str, field: str) -> str:
    """Return a number or an address, of which a field holds one."""
    is_address = field in _ADDRESSES
    several = [
        part
        for part in (_SEVERAL_ADDRESSES if is_address else _SEVERAL).split(trimmed(unwrapped(text)))
        if _is_reachable(part, field)
    ]
    if len(several) > 1 or _GOOGLES.strip() in text:
        what = "addresses" if is_address else "numbers"
        raise _one_expected(f"{len(several)} {what}" if len(several) > 1 else f"several {what}", text, field)
    read = address_text if is_address else extension_text if field == "Number" else number_text
    plain = read(unguarded(text))
    if plain.startswith("="):
        raise InvalidArgument(
            f"is the formula {_shown(field, plain[:80])}, of which only a spreadsheet knows the value."
        )
    return plain


def _one_expected(what: str, text: str, field: str) -> InvalidArgument:
    return InvalidArgument(
        f"holds {what}, and a field takes one: {_shown(field, text[:80])}. Put each into a column of its own."
    )


def _is_reachable(text: str, field: str) -> bool:
    return "@" in text if field in _ADDRESSES else sum(character.isdecimal() for character in text) >= 5


def _typed(value: Any, spec: TypeSpec, catalog: Catalog) -> Any:
    """Return a decoded value with the text in it read by its type, as a cell is; any other stays for the check."""
    if isinstance(value, list) and spec.collection:
        return [_typed(one, spec._replace(collection=False), catalog) for one in value]
    if isinstance(value, dict) and spec.name in catalog.types:
        fields = catalog.fields(spec.name)
        return {name: _typed(one, fields[name], catalog) if name in fields else one for name, one in value.items()}
    if isinstance(value, str) and value != MASK and not spec.collection:
        if spec.name in catalog.enums:
            return _member(cleaned(value), spec, catalog)
        if spec.name in ("TimeOfDay", "Guid", "DateTimeOffset"):
            return cleaned(value)
    return value


def _shown(field: str, text: str) -> str:
    return MASK if is_secret(field) else repr(text)


def cleared(spec: TypeSpec) -> Any:
    """Return the value of a field that holds nothing. That 3CX wants "" for text rather than null is assumed."""
    if spec.collection:
        return []
    if spec.name == "String":
        return ""
    if not spec.nullable:
        raise InvalidArgument("can't be empty.")
    return None


def same(wanted: Any, present: Any, spec: TypeSpec | None = None, catalog: Catalog | None = None) -> bool:
    """Whether what is wanted is there: of objects the fields that are named, of lists every element.

    Plain values are compared as their type (`odata.equality.equal`), e-mail addresses without regard to case. A masked
    secret is whatever it is. A PBX may leave a null field out (3CX's published samples), so empty, null and missing are
    one. The order of a list counts unless its rows are a set (`_UNORDERED`). ``GroupRights`` is accepted and ignored by
    3CX, so it doesn't count. With ``spec`` and ``catalog`` enums are compared without regard to case.
    """
    if is_masked(wanted):
        return present not in (None, "")
    if wanted in _EMPTY and present in _EMPTY:
        return True
    if isinstance(wanted, Mapping):
        fields = catalog.fields(spec.name) if spec and catalog and spec.name in catalog.types else {}
        return isinstance(present, Mapping) and all(
            same(value, present.get(name), fields.get(name), catalog)
            for name, value in wanted.items()
            if name != "GroupRights"
        )
    if isinstance(wanted, list):
        if not isinstance(present, list) or len(wanted) != len(present):
            return False
        row_spec = spec._replace(collection=False) if spec else None
        if _is_unordered(wanted, spec):
            return _same_set(wanted, present, row_spec, catalog)
        return all(same(one, other, row_spec, catalog) for one, other in zip(wanted, present, strict=True))
    is_enum = spec is not None and catalog is not None and spec.name in catalog.enums
    is_address = isinstance(wanted, str) and _ADDRESS.fullmatch(wanted) is not None
    return equal(wanted, present, any_case=is_enum or is_address)


_EMPTY: tuple[Any, ...] = (None, "", [], {})
_UNORDERED = frozenset(
    (
        *("Pbx.UserGroup", "Pbx.Period", "Pbx.Phone", "Pbx.Greeting", "Pbx.UserTag", "Pbx.OfficeHoursBits"),
        "Pbx.ForwardingProfile",
    )
)
"""Types whose lists are sets: a user is in all departments at once, whichever comes first."""


def _is_unordered(rows: Sequence[Any], spec: TypeSpec | None) -> bool:
    if spec is not None and spec.name in _UNORDERED:
        return True
    return all(isinstance(row, Mapping) and ("GroupId" in row or "DayOfWeek" in row) for row in rows)


def _same_set(wanted: Sequence[Any], present: Sequence[Any], spec: TypeSpec | None, catalog: Catalog | None) -> bool:
    left = list(present)
    for row in sorted(wanted, key=lambda row: -len(row) if isinstance(row, Mapping) else 0):  # the choosiest first
        place = next((n for n, other in enumerate(left) if same(row, other, spec, catalog)), None)
        if place is None:
            return False
        del left[place]
    return True


def completed(wanted: Any, present: Any) -> Any:
    """``wanted`` as it can be sent: with what the PBX holds where a secret is masked, and of lists every row whole.

    A row is known again by its department, its Id or its name; what it doesn't name stays as it is, for such lists are
    replaced completely (docs/pbx.md, Requests). A masked secret that the PBX doesn't hold is left out. InvalidArgument
    where
    a row with a masked secret can't be known again.
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
    """Return what a list holds and the wanted one doesn't, by name; rows are matched as in `completed`."""
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
        raise InvalidArgument("has a masked secret in a row without an Id; export it with its secrets shown.")
    return dict(completed(row, {}))
