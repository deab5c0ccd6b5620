"""What can be imported, and what 3CX asks of each kind beyond its types."""

from __future__ import annotations

from typing import NamedTuple

from ..catalog import Action, Catalog


class Kind(NamedTuple):
    """A resource that a CSV can be imported into.

    ``keys``: what its rows are known by unless told: the first one that is a column. ``names``: what a person calls
    one. ``given``: what only the PBX sets; such columns are read and never compared nor sent. ``fixed``: what an
    update can't change.
    """

    resource: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    given: tuple[str, ...] = ("Id",)
    fixed: tuple[str, ...] = ()

    @property
    def unique(self) -> bool:
        """Whether the PBX itself refuses a second one: no two have the same number."""
        return bool(self.fixed)

    def action(self, catalog: Catalog, verb: str) -> Action:
        return catalog.action(f"{self.resource}.{verb}")

    def type_name(self, catalog: Catalog) -> str:
        spec = self.action(catalog, "list").answer_type
        return spec.name if spec else ""

    def some(self, count: int) -> str:
        """``1 contact``, ``2,400 contacts``."""
        return f"{count:,} {self.resource if count != 1 else self.resource.removesuffix('s')}"


CONTACTS = Kind("contacts", ("Id", "PhoneNumber", "Email"), ("FirstName", "LastName", "CompanyName"))
# That IsRegistered only reports what the phone does is assumed. Number: PBX.md, Requests.
USERS = Kind("users", ("Number",), ("FirstName", "LastName"), ("Id", "IsRegistered"), ("Number",))
KINDS = {kind.resource: kind for kind in (CONTACTS, USERS)}
