"""What can be imported, and what 3CX asks of each kind beyond its types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..catalog import Action, Catalog
from .address_list import read_addresses
from .addresses import canonical, dangers_of, holds, networks_of
from .names import Named
from .number_list import number_form, numbers_of, read_numbers
from .sheet import Sheet, read_sheet


class Kind(NamedTuple):
    """A resource that a CSV can be imported into.

    ``keys``: what its rows are known by if no key is given: the first one that is a column. ``names``: what a person
    calls
    one. ``given``: what only the PBX sets; such columns are read and never compared nor sent. ``fixed``: what an
    update can't change. ``called``: one of them and several, where the resource's name is not the word.

    ``forms``: how values of a key are compared, where they are more than text. ``parts``: the values that a cell of a
    field stands for, each of which becomes a row. ``defaults``: what a row to add gets. ``dangers``: why a row should
    not be added, as words of `addresses.DANGERS`. ``kept``: rows with this value of a field are never removed;
    ``holds`` says whether the key of a row to add concerns that of such a row too.
    ``named``: what a cell of a field may name instead of the value (`names.Names`). ``template``: the columns of
    a file to begin with. ``read``: how a file becomes a sheet.
    """

    resource: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    given: tuple[str, ...] = ("Id",)
    fixed: tuple[str, ...] = ()
    called: tuple[str, str] | None = None
    forms: Mapping[str, Callable[[str], str]] = {}
    parts: Mapping[str, Callable[[str], list[str]]] = {}
    defaults: Mapping[str, Any] = {}
    dangers: Callable[[Mapping[str, Any]], list[str]] | None = None
    kept: tuple[str, str] | None = None
    holds: Callable[[str, str], bool] | None = None
    named: Mapping[str, Named] = {}
    template: tuple[str, ...] = ()
    read: Callable[[bytes, str, str | None], Sheet] = read_sheet

    @property
    def unique(self) -> bool:
        """Whether the PBX itself refuses a second one: no two have the same number."""
        return bool(self.fixed)

    def action(self, catalog: Catalog, verb: str) -> Action:
        return catalog.action(f"{self.resource}.{verb}")

    def type_name(self, catalog: Catalog) -> str:
        spec = self.action(catalog, "list").answer_type
        return spec.name if spec else ""

    @property
    def plural(self) -> str:
        """``contacts``, ``blocklist entries``."""
        return self.called[1] if self.called else self.resource

    def some(self, count: int) -> str:
        """``1 contact``, ``2,400 contacts``."""
        one = self.called[0] if self.called else self.resource.removesuffix("s")
        return f"{count:,} {one if count == 1 else self.plural}"

    def keeps_by(self, field: str) -> bool:
        """Whether a field says which rows are never removed."""
        return self.kept is not None and self.kept[0] == field

    def judges_by(self, field: str) -> bool:
        """Whether it depends on a field if a row is dangerous."""
        return self.dangers is not None and (field in self.forms or self.keeps_by(field))

    def is_kept(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of the PBX is never removed."""
        return self.kept is not None and row.get(self.kept[0]) == self.kept[1]


CONTACTS = Kind(
    "contacts",
    ("Id", "PhoneNumber", "Email"),
    ("FirstName", "LastName", "CompanyName"),
    template=(
        "FirstName",
        "LastName",
        "CompanyName",
        "PhoneNumber",
        "Mobile2",
        "Business",
        "Email",
        "Department",
        "Title",
    ),
)
# That IsRegistered only reports what the phone does is assumed. Number: docs/pbx.md, Requests.
USERS = Kind(
    "users",
    ("Number",),
    ("FirstName", "LastName"),
    ("Id", "IsRegistered"),
    ("Number",),
    named={"Groups": "departments", "PrimaryGroupId": "department", "Language": "language"},
    template=("Extension", "First name", "Last name", "Email", "Mobile", "Department", "Role", "Language"),
)
# That 3CX blocks what has no BlockType, and that only it sets AddedBy, is assumed.
BLOCKLIST = Kind(
    "blocklist",
    ("IPAddrMask",),
    ("BlockType", "Description"),
    ("Id", "AddedBy"),
    called=("blocklist entry", "blocklist entries"),
    forms={"IPAddrMask": canonical},
    parts={"IPAddrMask": networks_of},
    defaults={"BlockType": "Block"},
    dangers=dangers_of,
    kept=("BlockType", "Allow"),
    holds=holds,
    template=("IPAddrMask", "Description", "BlockType", "ExpiresAt"),
    read=read_addresses,
)
# That only the PBX sets the Id, which is text, is assumed.
BLACKLIST = Kind(
    "black_list_numbers",
    ("CallerId",),
    ("Description",),
    called=("blocked number", "blocked numbers"),
    forms={"CallerId": number_form},
    parts={"CallerId": numbers_of},
    template=("CallerId", "Description"),
    read=read_numbers,
)
KINDS = {kind.resource: kind for kind in (CONTACTS, USERS, BLOCKLIST, BLACKLIST)}
