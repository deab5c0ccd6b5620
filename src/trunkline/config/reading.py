"""Reading the configuration of a PBX: its entities as files spell them, and what its API calls them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ..catalog import load, nearest
from ..errors import (
    BadRequest,
    BrokenAnswer,
    InvalidArgument,
    NotFound,
    PbxError,
    ServerError,
    SignInError,
    TooManyRequests,
    TrunklineError,
    UnknownName,
    VersionMismatch,
)
from ..work.drivers import AsyncSystem, System, check_async, check_sync
from .keys import Found, with_keys
from .kinds import SETTINGS, Kind, kind_of, kinds
from .lacking import some, unanswered, unpublished
from .model import Configuration, Entity, Id, Scope
from .pages import InThreads, pages_of
from .sources import PEERS, Source, fields_naming, sources
from .spelling import SOUNDS, Names, names_of, references, spelled
from .tables import tables

CONCURRENCY = 4
"""Requests at once, as everywhere against one PBX (docs/pbx.md, Throttling)."""
_PATIENCE = 5  # kinds in a row that can't be read because the PBX is in trouble; the rest is then not asked for
_UNREAD = (PbxError, BrokenAnswer, VersionMismatch, UnknownName)
_AWAY = (SignInError, TooManyRequests)
_PEERS: Mapping[str, str] = {
    "Extension": "users",
    "Fax": "fax",
    "IVR": "receptionists",
    "Parking": "parkings",
    "Queue": "queues",
    "RingGroup": "ring_groups",
    "RoutePoint": "call_flow_apps",
}
"""What has the numbers of the types of `Pbx.Peer`. Others, such as conferences, have no kind."""


class Reading(NamedTuple):
    """A PBX as it was read. ``files`` are the sound files that it has, or that its settings name.

    ``configuration.unread`` has what it did not give: by kind, of settings by entity (``settings/mail_settings``).
    ``configuration.warnings`` say what could not be read. ``requests`` counts those that were sent for it.
    """

    configuration: Configuration
    names: Names
    files: frozenset[str]
    url: str
    version: str
    requests: int
    unnamed: frozenset[str] = frozenset()
    """The kinds of which the PBX did not give the names."""


def check_kinds(names: Iterable[str]) -> None:
    """UnknownName for a kind that there is not, and for a single one of the settings."""
    known = kinds(load())
    for name in names:
        kind, slash, key = name.partition("/")
        if slash and kind == SETTINGS:
            kind_of(load(), Id(kind, key))
        elif name not in known:
            raise UnknownName(f"There is no kind {name!r}.{nearest(name, iter(known))}")


async def aread(pbx: AsyncSystem, kinds: Sequence[str] | None = None) -> Reading:
    """Read the entities of some kinds, or of all, four requests at once; of settings also single ones, by
    ``settings/mail_settings``.

    Of other kinds the names are read that these refer to. What this PBX can't give is in ``configuration.unread``.

    Raises UnknownName for a kind that there is not, and the error of a PBX that can't be reached or signed in to, or
    is in trouble, and of one that gives nothing of whole kinds.
    """
    check_async(pbx)
    return await _aread(pbx, kinds)


def read(pbx: System, kinds: Sequence[str] | None = None) -> Reading:
    """As `aread`, for a `Pbx`, which is asked in four threads."""
    check_sync(pbx)
    reading = _aread(InThreads(pbx), kinds)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(reading)  # Ctrl-C ends it
    with ThreadPoolExecutor(1, "trunkline-reading") as pool:  # the caller's thread has a loop that runs
        return pool.submit(asyncio.run, reading).result()


async def _aread(pbx: AsyncSystem | InThreads, wanted: Sequence[str] | None) -> Reading:
    check_kinds(wanted or ())
    await pbx.call("defs.get", select="Id")  # one request to a PBX that is away, and its version
    return await _Reader(pbx, wanted).read()


class _Reader:
    """One reading. Sets are read four at once; the rows of each page are spelled before the next one is asked for."""

    def __init__(self, pbx: AsyncSystem | InThreads, wanted: Sequence[str] | None) -> None:
        self._pbx = pbx
        self._all, self._here = load(), pbx.catalog
        self._kinds = kinds(self._all)
        self._asked = list(self._kinds) if wanted is None else list(dict.fromkeys(wanted))
        self._wanted = list(dict.fromkeys(name.partition("/")[0] for name in self._asked))
        self._unnamed: set[str] = set()
        self._is_whole = wanted is None
        self._names = Names()
        self._found: dict[str, list[Found]] = {}
        self._ready: dict[str, asyncio.Event] = {}
        self._unread: dict[str, TrunklineError] = {}
        self._warnings: list[str] = []
        self._ungiven: list[str] = []
        self._absent: set[str] = set()
        self._lacking: dict[str, frozenset[str]] = {}
        self._files: set[str] = set()
        self._in_trouble = 0
        self._answered = 0
        self._requests = 1

    async def read(self) -> Reading:
        asked = sources(self._all, self._asked, is_whole=self._is_whole)
        self._ready = {source.name: asyncio.Event() for source in asked}
        waiting = iter(asked)

        async def work() -> None:
            for source in waiting:
                try:
                    await self._read(source)
                except _UNREAD as error:
                    self._note(source, error)
                else:
                    self._in_trouble = 0
                    self._answered += source.is_wanted or bool(source.expand)
                finally:
                    self._ready[source.name].set()

        tasks = [asyncio.create_task(work()) for _ in range(CONCURRENCY)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not self._answered and (lost := next((e for name, e in self._unread.items() if "/" not in name), None)):
            raise lost
        return self._reading()

    def _note(self, source: Source, error: TrunklineError) -> None:
        self._in_trouble = self._in_trouble + 1 if isinstance(error, ServerError) else 0
        if isinstance(error, _AWAY) or self._in_trouble >= _PATIENCE:
            raise error
        lost = [source.name] if source.is_wanted else []
        lost += [part.name for part in self._parts(source.name)]
        if self._is_absent(source, error):
            self._absent.update(lost)
            return
        self._unread |= dict.fromkeys(lost, error)
        self._unnamed.add(source.name)
        if not lost:
            self._warnings.append(f"The PBX did not give the names of its {source.label}: {error.message}")

    def _is_absent(self, source: Source, error: TrunklineError) -> bool:
        """Whether the version of the PBX lacks it."""
        if isinstance(error, (VersionMismatch, UnknownName)):
            return True
        if isinstance(error, NotFound):
            try:
                self._here.action(source.asks(self._here)[0])
            except UnknownName:
                return True
        return False

    async def _read(self, source: Source) -> None:
        if source.kind is None:
            await self._read_names(source)
        elif source.kind.single:
            await self._read_single(source, source.kind)
        else:
            await self._read_set(source, source.kind)

    async def _read_single(self, source: Source, kind: Kind) -> None:
        row = await self._one(source)
        for name in source.refers_to(self._all):
            await self._ready[name].wait()
        number = row.get("Extension") or row.get("Number")
        self._names.add(Id(kind.name, kind.single), {"Number": number})
        fields = spelled(self._all, kind, row, self._names)
        self._found[source.name] = [Found(kind.single, 0, fields, {})]
        self._note_unknown(kind, [row])

    async def _read_set(self, source: Source, kind: Kind) -> None:
        theirs = tables().not_ours.get(kind.set)
        found: list[Found] = []
        parts: dict[str, list[Found]] = {part.name: [] for part in self._parts(source.name)}
        for listed in [kind] * source.is_wanted + self._parts(source.name):
            self._note_unknown(listed, [])  # the version may lack fields of what nobody has
        async for page in self._pages(source):
            for name in source.refers_to(self._all):
                await self._ready[name].wait()
            rows = [row for row in page if theirs is None or row.get(theirs.field) not in theirs.values]
            if source.is_wanted:
                self._note_unknown(kind, rows)
            for row in rows:
                found += self._spelled(kind, row) if source.is_wanted else self._named(kind, row)
                for name in parts:
                    parts[name] += self._elements(self._kinds[name], row)
        for name, entities in {source.name: found, **parts}.items():
            self._found[name] = with_keys(self._kinds[name], entities, self._warnings)
        for each in self._found[source.name]:
            self._names.add(Id(kind.name, each.key), each.row)

    def _parts(self, owner: str) -> list[Kind]:
        """Return the kinds that are wanted of which the entities of another one have a list."""
        known = (self._kinds[name] for name in self._wanted)
        return [kind for kind in known if kind.part is not None and kind.part.owner == owner]

    def _spelled(self, kind: Kind, row: Mapping[str, Any]) -> Iterator[Found]:
        try:
            key = kind.key_of(row)
        except InvalidArgument as problem:
            known = kind.part.by if kind.part else kind.api_key
            self._warnings.append(f"{problem.message.rstrip('.')} ({known} {row.get(known)}): it is left out.")
            return
        yield Found(key, row.get(kind.api_key), spelled(self._all, kind, row, self._names, key), names_of(row))

    def _named(self, kind: Kind, row: Mapping[str, Any]) -> Iterator[Found]:
        try:
            yield Found(kind.key_of(row), row.get(kind.api_key), {}, names_of(row))
        except InvalidArgument:
            return  # what has no key, nothing in a file refers to

    def _elements(self, kind: Kind, owner: Mapping[str, Any]) -> Iterator[Found]:
        """Yield the entities that are elements of a row, such as the phones of a user."""
        if kind.part is None:
            return
        for row in owner.get(kind.part.list) or ():
            self._note_unknown(kind, [row])
            yield from self._spelled(kind, {**row, kind.part.by: owner.get("Number")})

    async def _read_names(self, source: Source) -> None:
        """Read what is needed for its names alone: sets of prompts, sound files, the numbers of everything."""
        async for page in self._pages(source):
            for row in page:
                if source.name == SOUNDS:
                    self._files.add(str(row.get("Filename")))
                elif source.name == PEERS:
                    if row.get("Number"):
                        kind = _PEERS.get(str(row.get("Type")), "")
                        self._names.add(Id(kind, str(row["Number"])), {"Number": row["Number"]})
                elif key := row.get(tables().named[source.name].key):
                    self._names.add(Id(source.name, str(key)), names_of(row))

    async def _one(self, source: Source) -> Mapping[str, Any]:
        action, options = source.asks(self._here)
        try:
            return await self._get(action, options)
        except (BadRequest, ServerError) as error:
            if not options:
                raise
            row = await self._get(action, {})
            self._note_unexpanded(source, options, error)
            return row

    async def _get(self, action: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        self._requests += 1
        row = await self._pbx.call(action, **options)
        if not isinstance(row, Mapping):
            raise BrokenAnswer(f"{self._pbx.url} answered {action} without an entity.")
        return row

    async def _pages(self, source: Source) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """Yield the rows of each page; without what must be expanded where the PBX can't do that."""
        action, options = source.asks(self._here)
        is_first = True
        try:
            async for page in self._listed(action, options):
                is_first = False
                yield page
        except (BadRequest, ServerError) as error:
            plain = {name: value for name, value in options.items() if name == "select" and not source.is_wanted}
            if not is_first or plain == options:
                raise
            async for page in self._listed(action, plain):
                if is_first:
                    self._note_unexpanded(source, options, error)
                is_first = False
                yield page

    async def _listed(self, action: str, options: Mapping[str, Any]) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        answer = self._pbx.call(action, **options)
        self._requests += 1
        is_first = True
        async for rows in pages_of(answer):
            self._requests += not is_first
            is_first = False
            yield rows

    def _note_unexpanded(self, source: Source, options: Mapping[str, Any], error: TrunklineError) -> None:
        asked = [*options.get("expand", ()), *(source.kind.select if source.kind else ())]
        fields = [path.partition("(")[0] for path in asked]
        self._warnings.append(f"The PBX does not give {', '.join(fields)} of its {source.label}: {error.message}")
        entities = source.name if "/" in source.name else f"{source.name}/*"
        self._ungiven += [f"{entities}/{field}" for field in fields if source.is_wanted]
        for name, entry in tables().kinds.items():
            if name in self._wanted and entry.part.get("owner") == source.name and entry.part["list"] in fields:
                self._unread[name] = error

    def _note_unknown(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
        subject = f"{kind.name}/{kind.single}" if kind.name == SETTINGS else kind.name
        if subject not in self._lacking:
            self._lacking[subject] = unpublished(self._all, self._here, kind)
        self._lacking[subject] = unanswered(self._lacking[subject], rows)
        known = self._all.fields(kind.type_name)
        unknown = {name for row in rows for name in row if name not in known and "@odata." not in name}
        unknown.discard(kind.part.by if kind.part else "")
        for name in unknown:
            self._warnings.append(f"{kind.label} have a field that no published version has, {name}: it is in no file.")

    def _reading(self) -> Reading:
        catalog = self._all
        entities: dict[Id, Entity] = {}
        for name in self._kinds:
            owners = sorted(key for key in self._found if key == name or key.partition("/")[0] == name)
            for source in owners:
                if name in self._wanted:
                    for each in self._found[source]:
                        entities[Id(name, each.key)] = Entity(Id(name, each.key), each.fields)
        self._leave_out_unnamed(entities)
        for entity in entities.values():
            for reference in references(catalog, kind_of(catalog, entity.id), entity.fields):
                if reference.kind == SOUNDS:
                    self._files.add(reference.key)
                elif not reference.is_loose and (id := Id(reference.kind, reference.key)) not in self._names:
                    # What a PBX refers to is there, whether or not any set lists it: special menus, conferences.
                    self._names.add(id, {} if reference.kind else {"Number": reference.key})
        patterns: dict[str, tuple[str, ...]] = dict.fromkeys(self._wanted, ("*",))
        if SETTINGS in self._wanted and SETTINGS not in self._asked:
            patterns[SETTINGS] = tuple(name.partition("/")[2] for name in self._asked if "/" in name)
        scope = Scope({name: patterns[name] for name in self._kinds if name in patterns}, is_complete=True)
        version = self._here.version or ""
        configuration = Configuration(
            self._pbx.url,
            entities,
            scope,
            version,
            dict(sorted(self._unread.items())),
            sorted(set(self._warnings)),
            tuple(sorted(self._ungiven)),
            tuple(sorted(self._absent)),
            {name: paths for name, paths in sorted(self._lacking.items()) if paths},
        )
        files, unnamed = frozenset(self._files), frozenset(self._unnamed)
        return Reading(configuration, self._names, files, self._pbx.url, version, self._requests, unnamed)

    def _leave_out_unnamed(self, entities: Mapping[Id, Entity]) -> None:
        """Leave out the fields that name what the PBX did not give: an Id in a file would be no name."""
        if not self._unnamed:
            return
        found: dict[str, dict[str, str]] = {}
        for id, entity in entities.items():
            subject = str(id) if id.kind == SETTINGS else f"{id.kind}/*"
            if subject not in found:
                kind = kind_of(self._all, id)
                lost = ((name, each) for each in sorted(self._unnamed) for name in fields_naming(self._all, kind, each))
                found[subject] = dict(lost)
            for name in found[subject]:
                entity.fields.pop(name, None)
        paths = [f"{subject}/{name}" for subject, names in found.items() for name in names]
        if paths:
            self._ungiven += paths
            what = sorted({each.replace("_", " ") for names in found.values() for each in names.values()})
            self._warnings.append(
                f"Without the names of {', '.join(what)}, nobody knows what these fields name: {some(paths)}."
            )
