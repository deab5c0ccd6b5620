"""What somebody looks at on the page of rows, and the address that leads there again."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlencode

from ..catalog import Action, Catalog, load
from ..catalog.names import phrase
from ..errors import UnknownName
from ..transfer.table import Table, table

PAGE = 100
"""Rows of a page: the most that an entity set answers at once (docs/pbx.md, Pages)."""
_LAST_PAGE = 1_000_000
_DESCENDING = " desc"


class View(NamedTuple):
    """``name`` is a resource, or the id of another list such as ``defs.list_codecs``. ``sort`` is a column, followed by
    `` desc`` where the largest comes first. ``page`` counts from 1."""

    name: str
    pbx: str = ""
    columns: tuple[str, ...] = ()
    text: str = ""
    filter: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def parse(
        cls,
        name: str,
        pbx: str = "",
        columns: str = "",
        text: str = "",
        filter: str = "",
        sort: str = "",
        page: str = "",
    ) -> View:
        """Read the parts of an address, which anybody may have written; a page that is not a number is the first."""
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < 8 else 1
        names = tuple(dict.fromkeys(each.strip() for each in columns.split(",") if each.strip()))
        return cls(name, pbx, names, text.strip(), filter.strip(), sort.strip(), min(max(number, 1), _LAST_PAGE))

    @property
    def sort_column(self) -> str:
        return self.sort.removesuffix(_DESCENDING)

    @property
    def is_descending(self) -> bool:
        return self.sort.endswith(_DESCENDING)

    def sorted_by(self, column: str, *, descending: bool) -> View:
        """Return the first page of the same rows in another order; a column "" is the PBX's own order."""
        return self._replace(sort=column and f"{column}{_DESCENDING if descending else ''}", page=1)

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"/rows/{quote(self.name, safe='')}{self._query(with_page=True)}"

    @property
    def csv_address(self) -> str:
        """The address of a CSV of all these rows."""
        return f"/rows/{quote(self.name, safe='')}/csv{self._query(with_page=False)}"

    def _query(self, *, with_page: bool) -> str:
        page = str(self.page) if with_page and self.page > 1 else ""
        parts = {
            "pbx": self.pbx,
            "text": self.text,
            "filter": self.filter,
            "sort": self.sort,
            "columns": ",".join(self.columns),
            "page": page,
        }
        given = {name: value for name, value in parts.items() if value}
        return f"?{urlencode(given, quote_via=quote)}" if given else ""

    def table(self, catalog: Catalog, action: Action) -> Table:
        """Return what is asked of the PBX. Raises as `transfer.table.table`."""
        return table(
            catalog,
            action,
            columns=self.columns,
            text=self.text,
            filter=self.filter,
            sort=self.sort_column,
            is_descending=self.is_descending,
        )


def lists() -> dict[str, Action]:
    """Return every list that can be shown as rows, by its name in addresses: those that need no arguments."""
    catalog = load()
    found = {}
    for resource, verbs in catalog.resources.items():
        for verb, action in verbs.items():
            spec = action.answer_type
            if action.kind == "list" and not action.params and spec is not None and spec.name in catalog.types:
                found[resource if verb == "list" else action.id] = action
    return found


def list_named(name: str) -> Action:
    """Return a list by its name in addresses. Raises UnknownName."""
    found = lists().get(name)
    if found is None:
        raise UnknownName(f"There are no rows called {name!r}.", hint="Choose one of those that there are.")
    return found


def label(name: str) -> str:
    """Return what people call a list: ``Ring groups``, ``Codecs``."""
    words = phrase(name.rpartition(".")[2].removeprefix("list_"))
    return words[:1].upper() + words[1:]
