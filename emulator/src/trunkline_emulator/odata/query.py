"""Query options: which an action takes, and what they mean for its rows (docs/pbx.md, Requests and Pages)."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline.catalog import Action, Catalog, TypeSpec

from ..formats import metadata_level
from ..refusals import bad_query
from ..variants import Variants
from .budget import Budget, size
from .evaluation import Clock, bind_filter, bind_key, utc_now
from .expressions import NO_ALIASES, Aliases, parse_filter, parse_orderby
from .options import SYSTEM, read_options
from .paging import read_skip_token
from .rows import Query, apply, shape
from .search import parse_search
from .selection import COLLECTION_ONLY, read_selection

__all__ = ["Query", "apply", "for_action", "shape"]

_EVERYTHING = Query()

# As ASP.NET calls the options that it knows and a service may switch off.
_CALLED = {
    "$apply": "Apply", "$compute": "Compute", "$count": "Count", "$deltatoken": "DeltaToken", "$expand": "Expand",
    "$filter": "Filter", "$orderby": "OrderBy", "$search": "Search", "$select": "Select", "$skip": "Skip",
    "$skiptoken": "SkipToken", "$top": "Top",
}  # fmt: skip


def for_action(action: Action, raw: bytes, catalog: Catalog, variants: Variants, now: Clock = utc_now) -> Query:
    """Return the query of one request, checked against the options that the action declares.

    Raises Refusal (400, 406).
    """
    if not raw:
        return _EVERYTHING
    options = read_options(raw)
    if variants.next_link == "skiptoken" and action.kind == "list" and "$skiptoken" in options.system:
        options.system["$skip"] = read_skip_token(options.system.pop("$skiptoken"))
    for name, text in options.system.items():
        if name != "$format" and name[1:] not in action.query:
            raise bad_query(_not_declared(name, action))
        if not text:
            raise bad_query(f"The value for OData query '{name}' cannot be empty.")
    if "$format" in options.system:
        metadata_level("", options.system["$format"])  # refused before anything is done
    spec = action.answer_type
    if spec is None or not options.system:
        return Query()
    query = build(options.system, spec._replace(collection=False, nullable=False), catalog, options.aliases, now)
    # Only entity sets have the limit; the call log report accepts more (docs/pbx.md, Pages).
    highest = variants.max_top
    if action.kind == "list" and query.top is not None and highest is not None and query.top > highest:
        raise bad_query(
            f"The limit of '{highest}' for Top query has been exceeded. "
            f"The value from the incoming request is '{query.top}'."
        )
    return query


def _not_declared(name: str, action: Action) -> str:
    if name not in SYSTEM:
        return f"The query parameter '{name}' is not supported."
    if name in COLLECTION_ONLY and action.answer_kind == "entity":
        return (
            "The requested resource is not a collection. Query options $filter, $orderby, $count, $skip, and $top "
            "can be applied only on collections."
        )
    return (
        f"Query option '{_CALLED[name]}' is not allowed. To allow it, set the 'AllowedQueryOptions' property on "
        "EnableQueryAttribute or QueryValidationSettings."
    )


def build(
    options: Mapping[str, str],
    spec: TypeSpec,
    catalog: Catalog,
    aliases: Aliases = NO_ALIASES,
    now: Clock = utc_now,
    depth: int = 0,
    budget: Budget | None = None,
) -> Query:
    """Options for the rows of a type, names bound and types checked. Raises Refusal (400)."""
    where = options.get("$filter")
    order = options.get("$orderby")
    count = options.get("$count", "false")
    if count not in ("true", "false"):
        raise bad_query(f"Invalid value '{count}' for $count query option found. Valid values are 'true' and 'false'.")
    shared = budget or Budget()
    selection = read_selection(
        options,
        spec,
        catalog,
        depth,
        lambda inner, target, deeper: build(inner, target, catalog, aliases, now, deeper, shared),
    )
    condition = None if where is None else parse_filter(where, aliases)
    keys = [] if order is None else parse_orderby(order, aliases)
    search = options.get("$search")
    return Query(
        where=None if condition is None else bind_filter(condition, spec, catalog, now, shared),
        order=tuple((bind_key(node, spec, catalog, now, shared), down) for node, down in keys),
        top=_integer("$top", options["$top"]) if "$top" in options else None,
        skip=_integer("$skip", options["$skip"]) if "$skip" in options else 0,
        count=count == "true",
        search=None if search is None else parse_search(search),
        select=selection.select,
        expand=selection.expand,
        plan=selection.plan,
        format=options.get("$format", ""),
        steps=(0 if condition is None else size(condition))
        + sum(_SORTED + size(node) for node, _ in keys)
        + (0 if search is None else _SEARCHED + len(search.split())),
        budget=shared,
    )


# What it costs to put a row in its place, and to gather its texts, in steps.
_SORTED, _SEARCHED = 10, 20


def _integer(name: str, text: str) -> int:
    # Digits of other scripts are decimal to Python, not to a PBX.
    if not text.isascii() or not text.isdecimal() or len(text) > 10 or int(text) >= 2**31:
        raise bad_query(
            f"Invalid value '{text}' for {name} query option found. "
            f"The {name} query option requires a non-negative integer value."
        )
    return int(text)
