"""The configuration of a PBX: which of its sets that is, and their rows in a form that can be kept and compared.

What there is comes from the catalog, and exceptions with their reasons from the tables of `trunkline.config`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from ...catalog import Catalog, load, nearest
from ...catalog.secret import masked_by_name
from ...client import AsyncPbx
from ...config.tables import tables
from ...errors import (
    BadRequest,
    BrokenAnswer,
    PbxError,
    ServerError,
    SignInError,
    TooManyRequests,
    TrunklineError,
    UnknownName,
    VersionMismatch,
)
from . import CONCURRENCY

LONGEST = 2_000
"""Characters of a text that is kept as it is; of a longer one the beginning and a digest, which differs if it does."""
_BEGINNING = 200
_NAMES_OF_OTHERS = frozenset(("CanDelete", "MemberName", "Name", "Tags"))
_UNREAD = (PbxError, BrokenAnswer, VersionMismatch, UnknownName)
_AWAY = (SignInError, TooManyRequests)
_PATIENCE = 5  # sets in a row that can't be read because the PBX is in trouble; the rest is then not asked for


class Source(NamedTuple):
    """A set of configuration: what reads it, what of it must be expanded, and its key; () if there is one entity."""

    name: str
    action: str
    expand: tuple[str, ...]
    key: tuple[str, ...]


class Configuration(NamedTuple):
    """What was read: rows by set and key, each as MessagePack, and the error of each set that could not be read.

    ``unexpanded`` are the fields of a set that the PBX did not give.
    """

    rows: dict[str, dict[str, bytes]]
    unread: dict[str, TrunklineError]
    unexpanded: dict[str, tuple[str, ...]]


@lru_cache(maxsize=16)
def sources(catalog: Catalog) -> Mapping[str, Source]:
    """Return the sets of configuration of a version by name: those that can be read and changed."""
    return {source.name: source for source in _sources(catalog)}


def check_sets(names: tuple[str, ...]) -> None:
    """UnknownName for a set that is not one of configuration."""
    known = sources(load())
    for name in names:
        if name not in known:
            raise UnknownName(f"There is no set {name!r} of configuration.{nearest(name, iter(known))}")


async def read_configuration(pbx: AsyncPbx, leave_out: tuple[str, ...] = ()) -> Configuration:
    """Read every set of configuration, four at once. One that this PBX can't give is in ``unread``.

    Raises: the error of a PBX that can't be reached or signed in to, or is in trouble, and of one that gives no set.
    """
    await pbx.call("defs.get", select="Id")  # one request to a PBX that is away, and its version
    read = Configuration({}, {}, {})
    here = sources(pbx.catalog)
    waiting = iter([here.get(name, source) for name, source in sources(load()).items() if name not in leave_out])
    in_trouble = 0

    async def work() -> None:
        nonlocal in_trouble
        for source in waiting:
            try:
                read.rows[source.name] = await _rows(pbx, source, read)
            except _UNREAD as error:
                in_trouble = in_trouble + 1 if isinstance(error, ServerError) else 0
                if isinstance(error, _AWAY) or in_trouble >= _PATIENCE:
                    raise
                read.unread[source.name] = error
            else:
                in_trouble = 0

    tasks = [asyncio.create_task(work()) for _ in range(CONCURRENCY)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if read.unread and not read.rows:
        raise next(iter(read.unread.values()))
    return read


async def _rows(pbx: AsyncPbx, source: Source, read: Configuration) -> dict[str, bytes]:
    """Read a set; without what must be expanded where the PBX can't do that (how much it can is not known)."""
    if source.expand:
        try:
            return await _read(pbx, source, {"expand": list(source.expand)})
        except (BadRequest, ServerError):
            rows = await _read(pbx, source, {})
            read.unexpanded[source.name] = tuple(path.partition("(")[0] for path in source.expand)
            return rows
    return await _read(pbx, source, {})


async def _read(pbx: AsyncPbx, source: Source, options: Mapping[str, Any]) -> dict[str, bytes]:
    answer = pbx.call(source.action, **options)
    if not source.key:
        return {"{}": _packed(await answer)}
    theirs = tables().not_ours.get(source.name)
    rows = {}
    async for row in answer:
        if theirs is None or row.get(theirs.field) not in theirs.values:
            rows[_key(pbx, source, row)] = _packed(row)
    return rows


def _key(pbx: AsyncPbx, source: Source, row: Mapping[str, Any]) -> str:
    key = {name: row.get(name) for name in source.key}
    if None in key.values():
        raise BrokenAnswer(f"A row of {source.name} on {pbx.url} has no {' and '.join(source.key)}.")
    return msgspec.json.encode(key).decode()


def _packed(row: Any) -> bytes:
    return msgspec.msgpack.encode(_kept(masked_by_name(row), is_row=True))


def _kept(value: Any, *, is_row: bool = False) -> Any:
    """Return a value without what changes by itself, its long texts shortened.

    An entity that another one refers to is kept by its number: its name is in a set of its own, and would show as a
    change of everything that refers to it.
    """
    if isinstance(value, Mapping):
        volatile = tables().volatile
        names = _NAMES_OF_OTHERS if not is_row and "Number" in value else ()
        return {
            name: _kept(inner)
            for name, inner in value.items()
            if inner is not None and name not in volatile and name not in names and "@odata." not in name
        }
    if isinstance(value, list):
        return [_kept(inner) for inner in value]
    if isinstance(value, str) and len(value) > LONGEST:
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{value[:_BEGINNING]}… [{len(value):,} characters, SHA-256 {digest}]"
    return value


def _sources(catalog: Catalog) -> Iterator[Source]:
    changeable = {}
    for name, entity_set in catalog.sets.items():
        verbs = catalog.resources.get(entity_set.resource, {})
        kinds = {action.kind for action in verbs.values()}
        reader = verbs.get("get" if entity_set.singleton else "list")
        writes = {"update"} if entity_set.singleton else {"create", "update", "delete"}
        if entity_set.type and reader and not kinds.isdisjoint(writes) and name not in tables().not_configuration:
            changeable[name] = (entity_set.type, reader.id, entity_set.singleton)
    listed = frozenset(type_name for type_name, _, is_single in changeable.values() if not is_single)
    for name, (type_name, action, is_single) in changeable.items():
        key = () if is_single else catalog.key(type_name)
        yield Source(name, action, tuple(_expansions(catalog, type_name, listed, 2)), key)


def _expansions(catalog: Catalog, type_name: str, listed: frozenset[str], depth: int) -> Iterator[str]:
    """Yield what to expand of a type: ``Agents``, ``Groups($expand=Rights)``."""
    for field, spec in catalog.fields(type_name).items():
        is_own = spec.navigation and spec.name in catalog.types and spec.name not in listed
        if not is_own or f"{type_name}.{field}" in tables().not_expanded or depth == 0:
            continue
        within = ",".join(_expansions(catalog, spec.name, listed, depth - 1))
        yield f"{field}($expand={within})" if within else field
