"""Query options: reading them, and applying them to rows (PBX.md, Requests and Paging)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...catalog import Action, Catalog, TypeSpec
from ..refusals import bad_query
from ..values import Row
from ..variants import Variants
from .evaluation import bind_filter, bind_key
from .expressions import parse_filter, parse_orderby
from .paths import BadPath, decode

MAX_EXPAND_DEPTH = 5

# PBX.md, Answers.
_ONLY_WHEN_SELECTED = {"Pbx.CallFlowApp": frozenset({"ScriptCode"})}
_COLLECTION_ONLY = frozenset({"$filter", "$orderby", "$count", "$skip", "$top", "$search"})


@dataclass(frozen=True)
class Query:
    """What a client asked of the rows of one type; with nothing asked every row comes whole."""

    where: Callable[[Row], bool] | None = None
    order: tuple[tuple[Callable[[Row], Any], bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    search: str = ""
    select: tuple[str, ...] | None = None
    expand: Mapping[str, Query] = field(default_factory=dict)

    def unpaged(self) -> Query:
        """The same without ``$skip`` and ``$top``, for rows that are cut already."""
        return replace(self, skip=0, top=None)

    @property
    def suffix(self) -> str:
        """``(Id,Number,Groups())`` for the context, or "" where nothing was selected or expanded."""
        names = [*(self.select or ()), *(f"{name}{inner.suffix or '()'}" for name, inner in self.expand.items())]
        return f"({','.join(names)})" if names else ""


_EVERYTHING = Query()


def read_options(raw: bytes) -> dict[str, str]:
    """The ``$`` options of a query string; others are ignored. Raises Refusal (400).

    Decoded as RFC 3986 has it, so a space must come as ``%20``: ``+`` is a plus sign (PBX.md, Requests).
    """
    options: dict[str, str] = {}
    for part in raw.split(b"&"):
        name, _, value = part.partition(b"=")
        try:
            decoded, text = decode(name), decode(value)
        except BadPath as error:
            raise bad_query(str(error)) from None
        if not decoded.startswith("$"):
            continue
        if decoded in options:
            raise bad_query(
                f"Query option '{decoded}' was specified more than once, but it must be specified at most once."
            )
        options[decoded] = text
    return options


def for_action(action: Action, raw: bytes, catalog: Catalog, variants: Variants) -> Query:
    """The query of one request, checked against the options that the action declares. Raises Refusal (400)."""
    if not raw:
        return _EVERYTHING
    options = read_options(raw)
    token = options.pop("$skiptoken", None) if variants.next_link == "skiptoken" and action.kind == "list" else None
    if token is not None:
        options["$skip"] = _read_skip_token(token)
    for name in options:
        if name[1:] not in action.query:
            raise bad_query(_not_declared(name, action))
    if not options:
        return Query()
    spec = action.answer_type
    if spec is None:
        return Query()
    query = build(options, spec._replace(collection=False, nullable=False), catalog)
    # Only entity sets have the limit; the call log report accepts more (PBX.md, Paging).
    highest = variants.max_top
    if action.kind == "list" and query.top is not None and highest is not None and query.top > highest:
        raise bad_query(
            f"The limit of '{highest}' for Top query has been exceeded. "
            f"The value from the incoming request is '{query.top}'."
        )
    return query


def write_skip_token(position: int) -> str:
    return base64.urlsafe_b64encode(f"row {position}".encode()).decode("ascii").rstrip("=")


def _read_skip_token(token: str) -> str:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except ValueError:
        text = ""
    position = text.removeprefix("row ")
    if not position.isdecimal() or write_skip_token(int(position[:10])) != token:
        raise bad_query("The value of the $skiptoken query option is not one that was given out.")
    return position


def rest_of(raw: bytes, option: str, position: str) -> str:
    """A query string as it was sent, that goes on at a position: ``$skip=50``, or a ``$skiptoken``."""
    kept = [part for part in raw.split(b"&") if part and decode(part.partition(b"=")[0]) not in ("$skip", "$skiptoken")]
    return "&".join([*(part.decode("latin-1") for part in kept), f"${option}={position}"])


def _not_declared(name: str, action: Action) -> str:
    if name in _COLLECTION_ONLY and action.answer_kind == "entity":
        return (
            "The requested resource is not a collection. Query options $filter, $orderby, $count, $skip, and $top "
            "can be applied only on collections."
        )
    return f"The query parameter '{name}' is not supported."


def build(options: Mapping[str, str], spec: TypeSpec, catalog: Catalog, depth: int = 0) -> Query:
    """Options for the rows of a type, names bound and types checked. Raises Refusal (400)."""
    where = options.get("$filter")
    order = options.get("$orderby")
    count = options.get("$count", "false")
    if count not in ("true", "false"):
        raise bad_query(f"Invalid value '{count}' for $count query option found. Valid values are 'true' and 'false'.")
    return Query(
        where=None if where is None else bind_filter(parse_filter(where), spec, catalog),
        order=()
        if order is None
        else tuple((bind_key(node, spec, catalog), down) for node, down in parse_orderby(order)),
        top=_integer("$top", options["$top"]) if "$top" in options else None,
        skip=_integer("$skip", options["$skip"]) if "$skip" in options else 0,
        count=count == "true",
        search=_search_term(options.get("$search", "")),
        select=_select(options["$select"], spec, catalog) if "$select" in options else None,
        expand=_expand(options["$expand"], spec, catalog, depth) if "$expand" in options else {},
    )


def _integer(name: str, text: str) -> int:
    # Digits of other scripts are decimal to Python, not to a PBX.
    if not text.isascii() or not text.isdecimal() or len(text) > 10 or int(text) >= 2**31:
        raise bad_query(
            f"Invalid value '{text}' for {name} query option found. "
            f"The {name} query option requires a non-negative integer value."
        )
    return int(text)


def _search_term(text: str) -> str:
    quoted = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return (text[1:-1] if quoted else text).casefold()


def _select(text: str, spec: TypeSpec, catalog: Catalog) -> tuple[str, ...] | None:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name != "*":
            _property(name, spec, catalog)
    return None if "*" in names else tuple(dict.fromkeys(names))


def _property(path: str, spec: TypeSpec, catalog: Catalog) -> TypeSpec:
    for name in path.split("/"):
        fields = catalog.fields(spec.name) if spec.name in catalog.types else {}
        if name not in fields:
            raise bad_query(f"Could not find a property named '{name}' on type '{spec.name}'.")
        spec = fields[name]
    return spec


def _expand(text: str, spec: TypeSpec, catalog: Catalog, depth: int) -> dict[str, Query]:
    if depth >= MAX_EXPAND_DEPTH:
        raise bad_query(
            f"The request includes a $expand path which is too deep. The maximum depth allowed is {MAX_EXPAND_DEPTH}."
        )
    expanded: dict[str, Query] = {}
    for item in split_outside(text, ","):
        name, options = _expand_item(item.strip())
        target = _property(name, spec, catalog) if "/" not in name else TypeSpec("")
        if not target.navigation:
            raise bad_query(
                f"Property '{name}' on type '{spec.name}' is not a navigation property or complex property."
            )
        expanded[name] = build(options, target._replace(collection=False, nullable=False), catalog, depth + 1)
    return expanded


def _expand_item(text: str) -> tuple[str, dict[str, str]]:
    """``Groups($select=Name;$top=5)`` as the name and its own options."""
    name, bracket, rest = text.partition("(")
    if not bracket:
        return name, {}
    if not rest.endswith(")"):
        raise bad_query(f"Term '{text}' is not valid in a $select or $expand expression.")
    options: dict[str, str] = {}
    for part in split_outside(rest[:-1], ";"):
        option, equals, value = part.strip().partition("=")
        if not equals or option not in _COLLECTION_ONLY | {"$select", "$expand"} or option in options:
            raise bad_query(f"Term '{text}' is not valid in a $select or $expand expression.")
        options[option] = value
    return name, options


def split_outside(text: str, separator: str) -> list[str]:
    """Split at separators that stand neither in quotes nor in parentheses."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif not quoted and depth == 0 and character == separator:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def apply(query: Query, rows: Sequence[Any], *, page: int | None = None) -> tuple[Sequence[Any], int]:
    """The rows that a query asks for, and how many match it before paging. ``page`` is the size without ``$top``."""
    if query.where:
        rows = [row for row in rows if query.where(row)]
    if query.search:
        rows = [row for row in rows if _mentions(row, query.search)]
    for key, descending in reversed(query.order):
        rows = sorted(rows, key=lambda row, key=key: _sortable(key(row)), reverse=descending)  # type: ignore[misc]
    top = page if query.top is None else query.top
    end = None if top is None else query.skip + top
    return rows[query.skip : end], len(rows)


def _sortable(value: Any) -> tuple[bool, Any]:
    """Nulls come first; flags compare by their names."""
    return value is not None, sorted(value) if isinstance(value, frozenset) else value


def _mentions(row: Any, term: str) -> bool:
    values = row.values() if isinstance(row, dict) else [row]
    return any(isinstance(value, str) and term in value.casefold() for value in values)


def shape(row: Row, query: Query, type_name: str, catalog: Catalog) -> Row:
    """What of a row is written: the selected fields, and navigation properties only where expanded."""
    fields = catalog.fields(type_name)
    if query.select is None:
        chosen = fields.keys() - _ONLY_WHEN_SELECTED.get(type_name, frozenset())
    else:
        chosen = {name.partition("/")[0] for name in query.select}
    written: Row = {}
    for name, spec in fields.items():
        if spec.navigation:
            if name in query.expand:
                written[name] = _expanded(row[name], query.expand[name], spec, catalog)
        elif name in chosen:
            written[name] = _plain(row[name], spec, catalog)
    return written


def _expanded(value: Any, query: Query, spec: TypeSpec, catalog: Catalog) -> Any:
    if value is None:
        return None
    if spec.collection:
        rows, _ = apply(query, value)
        return [shape(row, query, spec.name, catalog) for row in rows]
    return shape(value, query, spec.name, catalog)


def _plain(value: Any, spec: TypeSpec, catalog: Catalog) -> Any:
    """A field's value; objects within lose their navigation properties too."""
    if value is None or spec.name not in catalog.types:
        return value
    if spec.collection:
        return [shape(item, Query(), spec.name, catalog) for item in value]
    return shape(value, Query(), spec.name, catalog)
