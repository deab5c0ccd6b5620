"""Contacts, and the numbers and addresses that are blocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..evidence import ASSUMED
from ..odata.literals import read_date_time
from ..values import Row
from ..warning_codes import refuse
from .checks import MEDIUM, SHORT, Checked, empty, ip_mask, like
from .index import next_number

if TYPE_CHECKING:
    from ..store import Store

NAMES = ("FirstName", "LastName", "CompanyName")
NUMBERS = ("PhoneNumber", "Mobile2", "Business", "Business2", "Home", "Other", "BusinessFax", "Pager")
# 3CX has a warning for too many blocked numbers and publishes no figure; this one is ours.
MAX_NUMBERS = 10_000


class Contacts(Checked):
    name = "Contacts"
    fields: ClassVar = {
        **dict.fromkeys(("FirstName", "LastName", "Title", *NUMBERS), (SHORT,)),
        **dict.fromkeys(("CompanyName", "Department", "Tag"), (MEDIUM,)),
        "Email": (MEDIUM, like(r"[^@\s]+@[^@\s]+")),
    }
    defaults: ClassVar = {"ContactType": "3CX"}

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        if (old is None or not given.keys().isdisjoint(NAMES)) and all(empty(row[field]) for field in NAMES):
            yield "FirstName", "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY"
        if (old is None or not given.keys().isdisjoint(NUMBERS)) and all(empty(row[field]) for field in NUMBERS):
            yield "PhoneNumber", "WARNINGS.CONTACTS_SPECIFY_PHONE_NUMBER"


class BlockedNumbers(Checked):
    name = "BlackListNumbers"
    required = ("CallerId",)
    unique = ("CallerId",)
    fields: ClassVar = {"CallerId": (SHORT, like(r"[0-9+*#xX?]+")), "Description": (MEDIUM,)}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        """Fill in the Id, a number written as text."""
        if old is None and empty(given.get("Id")):
            if len(store.tables[self.name].rows) >= MAX_NUMBERS:
                raise refuse(store, "WARNINGS.BLACKLIST_NUMBER_LIMIT_EXCEEDED", "CallerId", fact=ASSUMED)
            return {**given, "Id": str(next_number(store, self.name, "Id"))}
        return given


class Blocklist(Checked):
    name = "Blocklist"
    required = ("IPAddrMask",)
    unique = ("IPAddrMask",)
    fields: ClassVar = {"IPAddrMask": (ip_mask,), "Description": (MEDIUM,)}
    defaults: ClassVar = {"AddedBy": "Manual", "BlockType": "Block"}

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        expires = given.get("ExpiresAt")
        changed = old is None or expires != old["ExpiresAt"]
        if expires is not None and changed and read_date_time(expires) <= store.now():
            yield "ExpiresAt", "WARNINGS.ALREADY_EXPIRED"
