"""Who is easy to impersonate on a PBX: weak voicemail PINs, mailboxes without one, users without a second factor.

What is found names people and reasons; no PIN is kept, shown or logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self, get_args

import msgspec

from ..catalog import Catalog, nearest
from ..errors import InvalidArgument, TrunklineError, UnknownName
from ..request import bind
from ..work.drivers import AsyncSystem, System, adrive, drive
from ..work.guards import is_whole
from ..work.step import Ask, Asks

Kind = Literal["weak-pins", "voicemail-pin-off", "no-2fa"]
KINDS: tuple[str, ...] = get_args(Kind)
Reason = Literal["equals-extension", "repeated", "sequential", "short", "common", "pin-off", "2fa-not-required"]
LEAST = 4
"""Digits that a PIN has at least, unless somebody says otherwise."""
MOST_USERS = 50_000
_MOST_LEAST = 32
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "weak-pins": ("VMPIN",),
    "voicemail-pin-off": ("VMDisablePinAuth", "VMEnabled"),
    "no-2fa": ("Require2FA", "Enabled"),
}
_COMMON = frozenset(("1004", "1010", "1122", "1212", "1313", "2000", "2001", "2580", "6969", "112233", "121212"))
_ROWS = ("0123456789", "9876543210")


class Weakness(msgspec.Struct, frozen=True):
    """A user who needs attention, and why. ``id`` is that of the user, ``name`` is "" where the PBX has none."""

    pbx: str
    id: int
    number: str
    name: str
    reasons: list[Reason]


class Audit(msgspec.Struct, frozen=True):
    """What was found on one PBX. ``read`` users were looked at; of ``unknown`` of them the PBX gave no value."""

    url: str
    kind: Kind
    read: int
    unknown: int
    found: list[Weakness]

    @classmethod
    def of(cls, pbx: System, kind: str, *, least: int = LEAST) -> Self:
        """Look at every user of a PBX.

            Audit.of(pbx, "weak-pins").found

        ``kind``: ``weak-pins`` (the PIN of the mailbox is the extension, one digit repeated, a sequence, one of the
        most common, or has fewer than ``least`` digits), ``voicemail-pin-off`` (an enabled mailbox that asks for none)
        or ``no-2fa`` (an enabled user who need not have a second factor).

        Raises:
            UnknownName: no audit has that name.
            InvalidArgument: ``least`` is not 1 to 32.
            TrunklineError: the users can't be read.
        """
        audit: Self = drive(cls._read(pbx.catalog, pbx.url, getattr(pbx, "label", pbx.url), kind, least), pbx)
        return audit

    @classmethod
    async def aof(cls, pbx: AsyncSystem, kind: str, *, least: int = LEAST) -> Self:
        """As `of`, in the current event loop."""
        audit: Self = await adrive(cls._read(pbx.catalog, pbx.url, getattr(pbx, "label", pbx.url), kind, least), pbx)
        return audit

    @classmethod
    def _read(cls, catalog: Catalog, url: str, label: str, kind: str, least: int) -> Asks[Self]:
        check_audit(kind, least)
        fields = _FIELDS[kind]
        select = ["Id", "Number", "FirstName", "LastName", *fields]
        rows = yield Ask(bind(catalog, catalog.action("users.list"), (), {"select": select}), _limited())
        users = [row for row in rows if isinstance(row, Mapping)]
        found = [
            Weakness(label, int(row.get("Id") or 0), str(row.get("Number") or ""), _name(row), reasons)
            for row in users
            if (reasons := _reasons(kind, row, least))
        ]
        unknown = sum(row.get(fields[0]) in (None, "") for row in users)
        return cls(url, kind, len(users), unknown, found)  # type: ignore[arg-type]


def check_audit(kind: str, least: int) -> None:
    """Refuse an audit that there is not. Raises UnknownName or InvalidArgument."""
    if kind not in KINDS:
        raise UnknownName(f"{kind!r} is not a kind of audit.{nearest(kind, iter(KINDS))}", hint=", ".join(KINDS))
    if not is_whole(least, 1, _MOST_LEAST):
        raise InvalidArgument(f"least must be a whole number, 1 to {_MOST_LEAST}, not {least!r}.")


def pin_weaknesses(pin: str, number: str, least: int = LEAST) -> list[Reason]:
    """Return why a PIN is easy to guess; [] for one that isn't, and for "", which is none."""
    if not pin:
        return []
    rules: Sequence[tuple[Reason, bool]] = (
        ("equals-extension", pin == number),
        ("repeated", len(pin) > 1 and len(set(pin)) == 1),
        ("sequential", len(pin) > 2 and any(pin in row + row for row in _ROWS)),
        ("common", pin in _COMMON),
        ("short", len(pin) < least),
    )
    return [reason for reason, is_so in rules if is_so]


def _reasons(kind: str, row: Mapping[str, Any], least: int) -> list[Reason]:
    match kind:
        case "weak-pins":
            return pin_weaknesses(str(row.get("VMPIN") or ""), str(row.get("Number") or ""), least)
        case "voicemail-pin-off":
            return ["pin-off"] if row.get("VMDisablePinAuth") is True and row.get("VMEnabled") is not False else []
        case _:
            return ["2fa-not-required"] if row.get("Require2FA") is False and row.get("Enabled") is not False else []


def _name(row: Mapping[str, Any]) -> str:
    return " ".join(str(row[name]) for name in ("FirstName", "LastName") if row.get(name))


def _limited() -> Any:
    count = 0

    def on_page(rows: Sequence[Any]) -> None:
        nonlocal count
        count += len(rows)
        if count > MOST_USERS:
            raise TrunklineError(f"More than {MOST_USERS:,} users; the audit was not finished.")

    return on_page
