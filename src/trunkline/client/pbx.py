"""One 3CX system: the same actions for threads (`Pbx`) and for an event loop (`AsyncPbx`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

from .. import result
from ..catalog import Action, Catalog, load
from ..catalog.names import folded
from ..errors import InvalidArgument, UnknownName, VersionMismatch
from ..request import Call, HttpRequest, bind, build, parameter_names
from ..result import Asked, HttpResponse, Page
from ..transport.download import Download, Progress
from ..transport.driver import Driver
from ..transport.exchange import Steps, Work, connected, exchange
from ..transport.options import (
    AdapterName,
    ConnectOptions,
    checked_timeout,
    connect,
    connect_async,
    warn_if_insecure,
)
from ..transport.paging import target_of_link
from ..transport.retries import Retries
from ..transport.session import API, Credentials, Session
from ..transport.token_store import TokenStore, shared_store
from ..transport.watch import Hook, watched, within
from .learning import learn
from .resources import AsyncResources, Resources
from .rows import AsyncRows, Rows
from .unchanged import Unchanged

Wanted = Mapping[str, str] | str
Place = str | PathLike[str] | BinaryIO


class _Plan:
    """A checked call, and how to make it again once the PBX's version is known."""

    def __init__(self, system: _System, action: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._system = system
        self._asked = (action, args, kwargs)
        self._version = system.checked_version
        self.call = self._bound()
        self.download: Download | None = None

    def _bound(self, left_out: Collection[str] = ()) -> Call:
        name, args, kwargs = self._asked
        given = {name: value for name, value in kwargs.items() if name not in left_out}
        return bind(self._system.catalog, self._system.action(name), args, given)

    def current(self) -> Call:
        """Return the call as this PBX's version has it; VersionMismatch if it hasn't."""
        if self._version != self._system.checked_version:
            self._version = self._system.checked_version
            self.call = self._bound(self._unheard_of())._replace(if_match=self.call.if_match)
        return self.call

    def _unheard_of(self) -> set[str]:
        """Arguments that are null and that the action has no parameter for in this version: they said nothing."""
        names = {folded(name) for name in parameter_names(self._system.action(self._asked[0]), self._system.catalog)}
        return {name for name, value in self._asked[2].items() if value is None and folded(name) not in names}


class _Limits(NamedTuple):
    """What one call has of its own: ``timeout`` in seconds for all of it, ``retries`` instead of the client's."""

    retries: Retries | None = None
    timeout: float | None = None


_Read = Callable[[Call, HttpResponse], Any]


def _raw(_: Call, response: HttpResponse) -> HttpResponse:
    return response


class _System:
    """What both clients are: a session, a catalog, and the way from a name to a request and back."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: Credentials,
        *,
        version: str | None = None,
        label: str = "",
        verify: bool | str | Path = True,
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        http2: bool = False,
        adapter: AdapterName | None = None,
        max_answer: int = ConnectOptions().max_answer,
        max_file: int = ConnectOptions().max_file,
        retries: Retries = Retries(),  # noqa: B008 - immutable
        hooks: Sequence[Hook] = (),
        check_version: bool = True,
        catalog: Catalog | None = None,
        token_store: TokenStore | str | Path | bool | None = True,
    ) -> None:
        store = shared_store(token_store, os.environ)
        self._session = Session(url, client_id, client_secret, label=label, store=store)
        self._session.version = version
        self._options = ConnectOptions(
            verify, connect_timeout, timeout, adapter, read_timeout, http2, max_answer, max_file
        )
        self._retries = retries.checked()
        self._hooks = tuple(hooks)
        self._check_version = check_version
        self._catalog = catalog
        self._everything = catalog or load()
        warn_if_insecure(self._session.url, self._options)
        self._connect()

    def _connect(self) -> None:
        raise TypeError("use Pbx or AsyncPbx")

    @property
    def url(self) -> str:
        """The base address, without ``/xapi/v1``."""
        return self._session.url

    @property
    def label(self) -> str:
        """What messages call this PBX: the label given, else its host."""
        return self._session.label

    @property
    def version(self) -> str | None:
        """The 3CX version, as given or as an answer named it; None before the first answer."""
        return self._session.version

    @property
    def checked_version(self) -> str | None:
        """The version that calls are checked against: None while it is unknown, or if they are not to be checked."""
        return self._session.version if self._check_version else None

    @property
    def catalog(self) -> Catalog:
        """What this PBX can be asked, as far as is known: the catalog given, else 3CX's own of its version."""
        return self._catalog or load(self.checked_version)

    def action(self, name: str) -> Action:
        """Return the action of an id, operationId or display name, in the form that this PBX's version has.

        Raises UnknownName with the nearest names, or VersionMismatch if the version is known and lacks the action.
        """
        version = self.checked_version
        if self._catalog is not None or version is None:
            return (self._catalog or load()).action(name)
        everything = load()
        newest = everything.action(name)
        if not newest.published or "@" in name:
            return newest
        try:
            return load(version).action(name)
        except UnknownName:
            raise VersionMismatch(
                f"{newest.id} was {everything.lifetime(newest.since, newest.until)}; "
                f"{self._session.label} runs {version}.",
                hint=f"`trunkline actions {newest.resource}` shows its neighbours; "
                "--no-check-version sends it anyway, check_version=False in Python.",
            ) from None

    def _steps(self, plan: _Plan, limits: _Limits, read: _Read, wanted: Wanted | None = None) -> Steps:
        """All that a call does, as steps for a driver: sign-in, request, retries, reading the answer; watched."""
        steps = watched(self._unwatched(plan, limits.retries or self._retries, read, wanted), self._hooks)
        return steps if limits.timeout is None else within(steps, limits.timeout, self._session.label)

    def _unwatched(self, plan: _Plan, retries: Retries, read: _Read, wanted: Wanted | None) -> Steps:
        if self._check_version and self._session.version is None:
            yield from connected(self._session, retries)
        call = plan.current()
        request = build(call) if wanted is None else self._page_request(call, wanted)
        if call.action.answer_kind == "file":
            request = request._replace(limit=self._options.max_file)
        if plan.download is None:
            response = yield from exchange(self._session, request, retries)
            return read(call, response)
        with plan.download as download:
            response = yield from exchange(self._session, download.asking(request), retries)
            return (yield Work(download.finish)) if download.arrived else read(call, response)

    def _into(self, call: Call, to: Place | None, progress: Progress | None, *, raw: bool) -> Download | None:
        """Return the download of a call with ``to``; InvalidArgument if that has no place, or is none."""
        if to is not None and not raw:
            return Download(self._asked(call), to, progress)
        if to is not None or progress is not None:
            raise InvalidArgument("`progress` goes with `to`, and `to` not with `raw`.", hint="Nothing was sent.")
        return None

    def _key(self, call: Call) -> tuple[str, ...]:
        """Return the key fields of a list's rows; () where they have none."""
        spec = call.action.answer_type
        return self.catalog.key(spec.name) if spec is not None and spec.name in self.catalog.types else ()

    def _asked(self, call: Call) -> Asked:
        return Asked(call.action, call.values, call.path, self._session.label)

    def _value(self, call: Call, response: HttpResponse) -> Any:
        value = result.value(self._asked(call), response)
        if isinstance(value, dict):
            self._learn(call, [value])
        elif isinstance(value, list):
            self._learn(call, value)
        return value

    def _page(self, call: Call, response: HttpResponse) -> Page:
        page = result.page(self._asked(call), response)
        self._learn(call, page.rows)
        return page

    def _learn(self, call: Call, rows: list[Any]) -> None:
        spec = call.action.answer_type
        if spec is not None and spec.name in self._everything.types:
            learn(self._everything, spec.name, rows)

    def _page_request(self, call: Call, wanted: Wanted) -> HttpRequest:
        """Return the request of one page, by its options or by a PBX's own link.

        Of a link only path and query count: the token goes to no other host than this PBX.
        """
        request = build(call, {} if isinstance(wanted, str) else wanted)
        if not isinstance(wanted, str):
            return request
        return request._replace(target=target_of_link(API, call.path, wanted, self._session.label))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._session.url} as {self._session.client_id}>"


class Pbx(_System, Resources):
    """A 3CX system.

        with Pbx("https://pbx.example.com", "client-id", "api-key") as pbx:
            for fax in pbx.fax.list(filter="Number eq '9001'"):
                pbx.fax.delete(fax["Id"])

    Safe to use from several threads. List actions give `Rows`; others a dict with 3CX's names, a plain value, a
    `File`, or None where 3CX answers without a body. Raises the errors of `trunkline.errors`.
    """

    def _connect(self) -> None:
        self._driver = Driver(connect(self._options, self.url))

    def call(
        self,
        action: str,
        /,
        *args: Any,
        if_unchanged: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        retries: Retries | None = None,
        raw: bool = False,
        to: Place | None = None,
        progress: Progress | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run any action by id, operationId or display name: ``pbx.call("DeleteFax", Id=42, if_match=…)``.

        ``if_unchanged``: a row as it was read; the action goes out only if the entity still is so (`Unchanged`).
        ``timeout``: seconds for the whole call, retries included. ``retries``: other than the client's own.
        ``raw``: give status, headers and body of the answer, whatever they are; a list is then not paged.
        ``to``: a path, a folder or a binary file object; the file that the action answers is streamed there, and the
        value is `Saved`. ``progress`` is called with the bytes so far and in all (None if unknown).
        """
        plan = _Plan(self, action, args, kwargs)
        plan.download = self._into(plan.call, to, progress, raw=raw)
        limits = _Limits(None if retries is None else retries.checked(), checked_timeout(timeout))
        if if_unchanged is not None:
            unchanged = Unchanged(self.catalog, plan.call, if_unchanged)
            plan.call = unchanged.settled or unchanged.checked(
                self.call(unchanged.reader.id, **limits._asdict(), **unchanged.reading), self._session.label
            )
        if plan.call.action.answer_kind == "list" and not raw:

            def fetch(wanted: Wanted) -> Page:
                page: Page = self._driver.run(self._steps(plan, limits, self._page, wanted))
                return page

            return Rows(plan.call, fetch, self._key(plan.call), self._session.page_size)
        return self._driver.run(self._steps(plan, limits, _raw if raw else self._value))

    def close(self) -> None:
        """Close all connections."""
        self._driver.adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class AsyncPbx(_System, AsyncResources):
    """A 3CX system, for an event loop.

        async with AsyncPbx("https://pbx.example.com", "client-id", "api-key") as pbx:
            async for fax in pbx.fax.list():
                await pbx.fax.delete(fax["Id"])

    As `Pbx` otherwise; list actions give `AsyncRows`, which can also be awaited for a list of all rows.
    """

    def _connect(self) -> None:
        from ..transport.async_driver import AsyncDriver  # brings asyncio

        self._driver = AsyncDriver(connect_async(self._options, self.url))

    def call(
        self,
        action: str,
        /,
        *args: Any,
        if_unchanged: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        retries: Retries | None = None,
        raw: bool = False,
        to: Place | None = None,
        progress: Progress | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run any action: ``await pbx.call("DeleteFax", Id=42)``; options as `Pbx.call` has them.

        Arguments are checked here and now, before anything is awaited.
        """
        plan = _Plan(self, action, args, kwargs)
        plan.download = self._into(plan.call, to, progress, raw=raw)
        unchanged = None if if_unchanged is None else Unchanged(self.catalog, plan.call, if_unchanged)
        limits = _Limits(None if retries is None else retries.checked(), checked_timeout(timeout))
        if plan.call.action.answer_kind == "list" and not raw:

            async def fetch(wanted: Wanted) -> Page:
                page: Page = await self._driver.run(self._steps(plan, limits, self._page, wanted))
                return page

            return AsyncRows(plan.call, fetch, self._key(plan.call), self._session.page_size)
        return self._answer(plan, unchanged, limits, _raw if raw else self._value)

    async def _answer(self, plan: _Plan, unchanged: Unchanged | None, limits: _Limits, read: _Read) -> Any:
        if unchanged is not None:
            plan.call = unchanged.settled or unchanged.checked(
                await self.call(unchanged.reader.id, **limits._asdict(), **unchanged.reading), self._session.label
            )
        return await self._driver.run(self._steps(plan, limits, read))

    async def close(self) -> None:
        """Close all connections."""
        await self._driver.adapter.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()
