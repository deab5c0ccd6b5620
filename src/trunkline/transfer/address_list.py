"""Lists of IP addresses in the usual formats: one a line with comments, Spamhaus DROP, fail2ban's output, CSV."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ..errors import InvalidArgument
from ..local.characters import cleaned
from ..local.csv_rows import Line, text_lines
from .addresses import networks_of
from .layouts import ADDRESSES, spoken
from .sheet import Sheet, check_content, read_sheet, refuse

COMMENT = re.compile(r"\s*(?:#|;|//)\s*(.*)")
TRAILING = re.compile(r"\s*(?:[#;]|//)\s*(.*)\Z")
_LOG = re.compile(r"\bfail2ban\.\w+\b")
_BAN = re.compile(r"\b(Ban|Unban)\s+(\S+)\s*\Z")
_STATUS = re.compile(r"Status for the jail:|[|`]- (?:Filter|Actions)|Banned IP list:")
_BANNED = re.compile(r"Banned IP list:\s*(.*)")
_WITH_TIME = re.compile(r"(\S+)\s+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+ -?\d+ = .*")
_WITH_MASK = re.compile(r"(\d+(?:\.\d+){3})[\s,;]+(255(?:\.\d+){3})(?=[\s,;#]|\Z)")
_KEYS = ("cidr", "ip", "address", "network", "IPAddrMask")
_LARGEST_DICTIONARY = 4 * 2**20  # characters of `fail2ban-client banned`
_TITLES = {spoken(title) for title in (*ADDRESSES.fields, "IPAddrMask", "Description", "BlockType", "ExpiresAt")}
HEADER = ["IPAddrMask", "Description"]


class _Entry(NamedTuple):
    line: int
    text: str
    description: str = ""


def read_addresses(content: bytes, name: str, encoding: str | None = None) -> Sheet:
    """Read a list of addresses, networks and ranges, as a sheet with the columns of `HEADER`, or a CSV with its own.

    A comment behind an address becomes its description. Of fail2ban the log, ``status JAIL``, ``banned`` and ``get
    JAIL banip`` are read. What the PBX holds
    already is left as it is (`Sheet.adds_only`), unless a CSV says how it should be.

    Raises InvalidArgument that names each line that is neither.
    """
    check_content(content, name, encoding, json=True)
    read, found = text_lines([content], name, encoding)
    lines = re.split(r"\r\n|\r|\n", "".join(read))
    if _is_csv(lines):
        return commented_sheet(lines, name, found)
    rows = [Line(entry.line, [entry.text, entry.description]) for entry in _entries(lines, name)]
    return Sheet(name, HEADER, rows, encoding=found, adds_only=True)


def commented_sheet(lines: list[str], name: str, encoding: str) -> Sheet:
    """Read the lines of a CSV that has comments between its rows. Raises what `read_sheet` does."""
    blank = [b"" if COMMENT.fullmatch(line) else line.encode("utf-8", "surrogatepass") for line in lines]
    return read_sheet(b"\n".join(blank), name)._replace(encoding=encoding)


def _is_csv(lines: list[str]) -> bool:
    """Whether the first line that is not a comment names columns."""
    for line in lines:
        plain = cleaned(line)
        if not plain or COMMENT.fullmatch(plain):
            continue
        if plain.casefold().startswith("sep="):
            return True
        if plain.startswith(("{", "[{")) or _LOG.search(plain) or _STATUS.search(plain):
            return False
        titles = {spoken(cell) for cell in re.split(r"[,;\t]", plain)}
        return not titles.isdisjoint(_TITLES) or not any(one.isdigit() or one == ":" for one in plain)
    return False


def _entries(lines: list[str], name: str) -> Iterator[_Entry]:
    is_log = _have(lines, _LOG)
    is_status = not is_log and _have(lines, _STATUS)
    if is_log:
        return _banned(lines)
    if is_status:
        return _in_status(lines)
    joined = "\n".join(lines).strip()
    if joined.startswith("[{"):
        return _in_jails(joined, name)
    return _plain(lines, name)


def _have(lines: list[str], pattern: re.Pattern[str]) -> bool:
    """Whether a line has it outside its comment: a list may say in one that it was made from fail2ban.log."""
    return any(pattern.search(line) and pattern.search(TRAILING.sub("", line)) for line in lines)


def _banned(lines: list[str]) -> Iterator[_Entry]:
    """Return the addresses that a log bans and doesn't unban later."""
    banned: dict[str, _Entry] = {}
    for number, line in enumerate(lines, 1):
        if _LOG.search(line) and (found := _BAN.search(line)):
            banned.pop(found[2], None)
            if found[1] == "Ban":
                banned[found[2]] = _Entry(number, found[2], "fail2ban")
    return iter(banned.values())


def _in_status(lines: list[str]) -> Iterator[_Entry]:
    for number, line in enumerate(lines, 1):
        if found := _BANNED.search(line):
            yield from (_Entry(number, word, "fail2ban") for word in re.split(r"[\s,]+", found[1].strip()) if word)


def _in_jails(text: str, name: str) -> Iterator[_Entry]:
    """``[{'sshd': ['192.0.2.1']}]``, which ``fail2ban-client banned`` writes, or the same as JSON."""
    rows: object = None
    try:
        rows = ast.literal_eval(text) if len(text) <= _LARGEST_DICTIONARY else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        rows = None
    if not isinstance(rows, list) or not all(map(_is_jails, rows)):
        raise InvalidArgument(
            f"{name}, line 1: this begins like the output of `fail2ban-client banned`, but is not.",
            hint="A list has one address a line.",
        )
    for row in rows:
        for jail, addresses in row.items():
            for address in addresses:
                yield _Entry(1, str(address), f"fail2ban {jail}")


def _is_jails(row: object) -> bool:
    return isinstance(row, dict) and all(isinstance(addresses, list) for addresses in row.values())


def _plain(lines: list[str], name: str) -> Iterator[_Entry]:
    wrong: list[str] = []
    entries: list[_Entry] = []
    for number, line in enumerate(lines, 1):
        plain = cleaned(line)
        if not plain or COMMENT.fullmatch(plain):
            continue
        if plain.startswith("{"):
            entry = _from_json(plain, number)
            if entry is None:
                wrong.append(f"line {number}: this is JSON without any of {', '.join(_KEYS[:4])}.")
            elif entry.text:
                entries.append(entry)
            continue
        entries += _in_line(plain, number)
    refuse(name, wrong)
    return iter(entries)


def _from_json(text: str, number: int) -> _Entry | None:
    """Return a row of Spamhaus' JSON Lines; one with empty text for the metadata that it ends with."""
    try:
        row = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    if row.get("type") == "metadata":
        return _Entry(number, "")
    address = next((row[key] for key in _KEYS if isinstance(row.get(key), str)), None)
    return None if address is None else _Entry(number, address, str(row.get("sblid") or row.get("description") or ""))


def _in_line(text: str, number: int) -> Iterator[_Entry]:
    description = ""
    if masked := _WITH_MASK.match(text):  # 192.0.2.0 255.255.255.0, as routers write a network
        text = f"{masked[1]}/{masked[2]}{text[masked.end() :]}"
    if timed := _WITH_TIME.fullmatch(text):
        text = timed[1]
    elif comment := TRAILING.search(text):
        text, description = text[: comment.start()], comment[1].strip()
    words = [word for word in re.split(r"[\s,]+", text) if word]
    if len(words) > 1 and all(map(_is_address, words)):  # as `fail2ban-client get JAIL banip` writes them
        yield from (_Entry(number, word, description) for word in words)
        return
    if not description and (cells := cells_of(text)) and _is_address(cells[0]):
        text, description = cells[0], ", ".join(cell.strip() for cell in cells[1:] if cell.strip())
    yield _Entry(number, text.strip(), description)


def cells_of(text: str) -> list[str]:
    """Return the cells of a line of a CSV without a header; none where it has only one."""
    delimiter = "\t" if "\t" in text else ","
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        cells = []
    return cells if len(cells) > 1 or text.startswith('"') else []


def _is_address(text: str) -> bool:
    try:
        return bool(networks_of(text))
    except InvalidArgument:
        return False
