"""What is built for a query option, with `filters` or `Expand`, as its text."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalog import Catalog
from ..errors import InvalidArgument, UsageError
from .checks import checked_field, checked_filter, checked_key, expanded_type
from .filters import Expression, Field, OrderBy, Term
from .options import option_text
from .query import OPTIONS

Filters = str | Term
Selected = str | Field | Sequence[str | Field]
Ordering = str | OrderBy | Expression | Sequence[str | OrderBy | Expression]


class Expand:
    """A term of ``expand=`` with options of its own: ``Expand("Groups", select=["Name"])`` → ``Groups($select=Name)``.

    What it is built from is checked where the type of the rows is known; plain text within goes as it is.
    """

    __slots__ = ("name", "options")

    def __init__(
        self,
        name: str | Field,
        *,
        filter: Filters | None = None,
        search: str | None = None,
        orderby: Ordering | None = None,
        select: Selected | None = None,
        expand: Expansion | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
    ) -> None:
        self.name = str(name)
        if not self.name.replace("/", "").replace(".", "").isidentifier():
            raise InvalidArgument(f"Expand takes the name of a navigation property, such as Groups, not {name!r}.")
        given = (filter, search, orderby, select, expand, top, skip, count)
        self.options: dict[str, object] = {
            option: value for option, value in zip(OPTIONS, given, strict=True) if value is not None
        }
        try:
            self.text()
        except UsageError as problem:
            raise problem.replace(f"Expand({self.name!r}) {problem.message}.") from None

    def text(self, catalog: Catalog | None = None, type_name: str | None = None) -> str:
        """Its text; with a catalog, checked for rows of a type.

        The message of an error ends a sentence that begins with the option's name.
        """
        inner = None if catalog is None else expanded_type(catalog, type_name, self.name)
        texts = []
        for option, value in self.options.items():
            try:
                texts.append(f"${option}={option_text(option, value, catalog, inner)}")
            except UsageError as problem:
                raise problem.replace(f"is wrong: {option} of {self.name} {problem.message}") from None
        return f"{self.name}({';'.join(texts)})" if texts else self.name

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Expand {self}>"


Expansion = str | Field | Expand | Sequence[str | Field | Expand]


def built_text(name: str, value: object, catalog: Catalog | None, type_name: str | None) -> object:
    """Return what was built for an option as its text; anything else as it is. Raises as `option_text` does."""
    if name == "filter" and isinstance(value, Term):
        return str(value) if catalog is None else checked_filter(catalog, type_name, value)
    if name in ("select", "orderby", "expand"):
        items = value if isinstance(value, list | tuple) else [value]
        return ",".join(_item(name, item, catalog, type_name) for item in items)
    return value


def _item(name: str, item: object, catalog: Catalog | None, type_name: str | None) -> str:
    """One thing to select, sort by or expand."""
    if isinstance(item, str):
        return item
    if isinstance(item, Expand) and name == "expand":
        return item.text(catalog, type_name)
    if isinstance(item, Field) and name == "expand":
        return Expand(item).text(catalog, type_name)
    if name == "orderby" and isinstance(item, OrderBy | Expression):
        expression = item.expression if isinstance(item, OrderBy) else item
        text = str(expression) if catalog is None else checked_key(catalog, type_name, expression)
        return f"{text} desc" if isinstance(item, OrderBy) and item.descending else str(item)
    if name == "select" and isinstance(item, Field):
        return str(item) if catalog is None else checked_field(catalog, type_name, item)
    built = {"select": "fields", "orderby": "fields, F.Number.desc()", "expand": "fields, Expand(…)"}[name]
    raise InvalidArgument(f"must be text, {built} or a list of them, not {item!r}")
