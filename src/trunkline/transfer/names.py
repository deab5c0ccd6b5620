"""Departments, roles and languages as people write them, and the values that a PBX knows them by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from ..catalog import load, nearest
from ..errors import InvalidArgument
from ..local.characters import cleaned, comparable
from ..request import bind
from ..work.step import Ask, Asks
from .layouts import spoken

Named = Literal["departments", "department", "language"]
"""What a field holds that a cell may name: several departments, the Id of one, or the code of a language."""

_Row = Mapping[str, Any]
_ID = re.compile(r"\d+([.]0+)?")  # a spreadsheet may write 6 as 6.0
_CODE = re.compile(r"[A-Z]{2}")
_SEPARATORS = re.compile(r"[;|\n]")
_SET = re.compile(r"\s+prompts?(\s+set)?\Z")
_LOWEST = "users"
"""The role of a new member whose row names none, as 3CX's samples add one (docs/pbx.md, Creating and changing)."""
_WORDS = {"department": "group", "administrator": "admin"}


def is_name(text: str, what: Named) -> bool:
    """Whether a cell names something that only the PBX can translate, and is not a value of 3CX's already."""
    plain = cleaned(text)
    match what:
        case "departments":
            return bool(plain) and not plain.startswith(("[", "{"))
        case "department":
            return bool(plain) and not _ID.fullmatch(plain)
        case "language":
            return bool(plain) and not _CODE.fullmatch(plain)


class Names:
    """What a PBX calls its departments, the roles in them, and its languages.

    A name is compared without regard to case and spaces. Departments are also known by their number and their Id,
    languages by their code. What is unknown or means several raises InvalidArgument, which names the choices.
    """

    def __init__(self, departments: Sequence[_Row] = (), prompt_sets: Sequence[_Row] = ()) -> None:
        self._departments = departments
        self._prompt_sets = prompt_sets
        self._known: dict[str, list[_Row]] = {}
        for row in departments:
            for name in {comparable(str(row[field])) for field in ("Name", "Number", "Id") if row.get(field)}:
                self._known.setdefault(name, []).append(row)
        self._codes: dict[str, set[str]] = {}
        for row in prompt_sets:
            code, title = row.get("LanguageCode"), comparable(str(row.get("PromptSetName") or ""))
            for name in (comparable(str(code)), comparable(str(row.get("CultureCode"))), title, _SET.sub("", title)):
                if code and name:
                    self._codes.setdefault(name, set()).add(str(code))

    def value(self, what: Named, text: str, role: str = "", present: Any = None) -> Any:
        """Return the value that a cell names.

        Args:
            what: what the cell names.
            text: the cell.
            role: for departments, the cell of the column of roles: one for all, or one for each.
            present: for departments, those that the user is in; who stays in one keeps the role there.
        """
        match what:
            case "departments":
                return self._memberships(text, role, present)
            case "department":
                return self._department(text)["Id"]
            case "language":
                return self._language(text)

    def _memberships(self, text: str, role: str, present: Any) -> list[dict[str, Any]]:
        whole = self._known.get(comparable(text))
        texts = [text] if whole else _parts(text)
        roles = _parts(role)
        if len(roles) not in (0, 1, len(texts)):
            raise InvalidArgument(f"names {len(texts)} departments, and there are {len(roles)} roles.")
        pairs = zip(texts, roles * len(texts) if len(roles) == 1 else roles or [""] * len(texts), strict=True)
        before = {row.get("GroupId") for row in present or () if isinstance(row, Mapping)}
        members: dict[int, dict[str, Any]] = {}
        for one, role_here in pairs:
            department = self._department(one)
            key: int = department["Id"]
            if key in members:
                raise InvalidArgument(f"names {department.get('Name')} twice.")
            wanted = _role(role_here, department) if role_here else None
            if wanted is None and key not in before:
                wanted = _LOWEST
            members[key] = {"GroupId": key, **({"Rights": {"RoleName": wanted}} if wanted else {})}
        return list(members.values())

    def _department(self, text: str) -> _Row:
        found = self._known.get(comparable(text), [])
        if len(found) == 1:
            return found[0]
        if found:
            choices = " or ".join(f"{row['Id']} ({row.get('Name')}, {row.get('Number')})" for row in found[:5])
            raise InvalidArgument(f"is ambiguous: {text.strip()!r} may be {choices}. Give the number or the Id.")
        names = [str(row["Name"]) for row in self._departments if row.get("Name")]
        raise InvalidArgument(_unknown(text, "department", names))

    def _language(self, text: str) -> str:
        codes = self._codes.get(comparable(text), set())
        if len(codes) == 1:
            return next(iter(codes))
        if codes:
            raise InvalidArgument(f"is ambiguous: {text.strip()!r} may be {' or '.join(sorted(codes))}.")
        names = [f"{row['PromptSetName']}" for row in self._prompt_sets if row.get("PromptSetName")]
        raise InvalidArgument(_unknown(text, "language", names))


def _role(text: str, department: _Row) -> str:
    """Return the role of a department as 3CX writes it: ``System Owner`` is ``system_owners``.

    A department that lists no roles takes any that is written as 3CX does.
    """
    roles = [str(row["RoleName"]) for row in department.get("Rights") or () if row.get("RoleName")]
    found = [role for role in roles if _plain_role(role) == _plain_role(text)]
    if len(found) == 1:
        return found[0]
    if not roles and re.fullmatch(r"[a-z]+(_[a-z]+)*", cleaned(text)):
        return cleaned(text)
    raise InvalidArgument(_unknown(text, f"role in {department.get('Name')}", roles))


def _plain_role(text: str) -> str:
    plain = spoken(text)
    for word, own in _WORDS.items():
        plain = plain.replace(word, own)
    return plain.removesuffix("s")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def _unknown(text: str, what: str, names: Sequence[str]) -> str:
    near = nearest(cleaned(text), iter(names))
    few = f" There are {', '.join(names[:8])}{', …' if len(names) > 8 else ''}." if names and not near else ""
    return f"can't be {text.strip()!r}: the PBX has no such {what}.{near or few}"


def reading_names(wanted: Iterable[Named]) -> Asks[Names]:
    """Read from a PBX what is needed to translate names; nothing where nothing is named."""
    wanted = set(wanted)
    departments: Sequence[_Row] = ()
    prompt_sets: Sequence[_Row] = ()
    if wanted & {"departments", "department"}:
        asked = {"select": ["Id", "Name", "Number"], "expand": ["Rights"]}
        departments = yield Ask(bind(load(), load().action("groups.list"), (), asked))
    if "language" in wanted:
        asked = {"select": ["Id", "PromptSetName", "LanguageCode", "CultureCode"]}
        prompt_sets = yield Ask(bind(load(), load().action("prompt_sets.list"), (), asked))
    return Names(departments, prompt_sets)
