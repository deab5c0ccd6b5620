"""One 3CX system: the same actions for threads (`Pbx`) and for an event loop (`AsyncPbx`).

Importing this module loads little; what calls need comes with the first client.
"""

from __future__ import annotations

import os

from ..transport.limits import MAX_ANSWER, MAX_FILE
from .resources import AsyncResources, Resources

TYPE_CHECKING = False  # typing itself would take longer than all the rest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any, Self

    from ..catalog import Action, Catalog
    from ..request import Call
    from ..result import Page, Saved
    from ..transport.download import Progress
    from ..transport.options import AdapterName, ConnectOptions
    from ..transport.paging import Wanted
    from ..transport.retries import Retries
    from ..transport.session import Credentials
    from ..transport.token_store import Tokens
    from ..transport.watch import Hook
    from .system import Limits, Place, Plan, Read
    from .unchanged import Unchanged


class _Client:
    """How both clients are made, and what they know of their PBX."""

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
        max_answer: int = MAX_ANSWER,
        max_file: int = MAX_FILE,
        retries: Retries | None = None,
        hooks: Sequence[Hook] = (),
        check_version: bool = True,
        catalog: Catalog | None = None,
        token_store: Tokens | str | Path | bool | None = True,
        unacknowledged: float | None = None,
    ) -> None:
        from ..transport.options import ConnectOptions, warn_if_insecure
        from ..transport.session import Session
        from ..transport.token_store import shared_store
        from .system import System

        store = shared_store(token_store, os.environ)
        self._session = Session(url, client_id, client_secret, label=label, store=store)
        self._session.version = version
        options = ConnectOptions(
            verify, connect_timeout, timeout, adapter, read_timeout, http2, max_answer, max_file, unacknowledged
        )
        self._catalog = catalog
        self._system = System(
            self._session, max_file, retries=retries, hooks=hooks, check_version=check_version, catalog=catalog
        )
        warn_if_insecure(self._session.url, options)
        self._connect(options)

    def _connect(self, options: ConnectOptions) -> None:
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
        return self._system.checked_version

    @property
    def catalog(self) -> Catalog:
        """What this PBX can be asked, as far as is known: the catalog given, else 3CX's own of its version."""
        return self._system.catalog

    def action(self, name: str) -> Action:
        """Return the action of an id, operationId or display name, in the form that this PBX's version has.

        Raises UnknownName with the nearest names, or VersionMismatch if the version is known and lacks the action.
        """
        return self._system.action(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._session.url} as {self._session.client_id}>"


class Pbx(_Client, Resources):
    """A 3CX system.

        with Pbx("https://pbx.example.com", "client-id", "api-key") as pbx:
            for fax in pbx.fax.list(filter="Number eq '9001'"):
                pbx.fax.delete(fax["Id"])

    Safe to use from several threads. List actions give `Rows`; others a dict with 3CX's names, a plain value, a
    `File`, or None where 3CX answers without a body. Raises the errors of `trunkline.errors`.
    """

    def _connect(self, options: ConnectOptions) -> None:
        from ..transport.driver import Driver
        from ..transport.options import connect

        self._driver = Driver(connect(options, self.url))

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
        ``if_match`` is refused where the PBX sends no ETags and would ignore it, unless ``if_match_anyway`` is true;
        while that is not known, the entity is read first.
        ``timeout``: seconds for the whole call, retries included. ``retries``: other than the client's own.
        ``raw``: give status, headers and body of the answer, whatever they are; a list is then not paged.
        ``to``: a path, a folder or a binary file object; the file that the action answers is streamed there, and the
        value is `Saved`. ``progress`` is called with the bytes so far and in all (None if unknown).
        """
        call = self._system.bind(action, args, kwargs)
        return self.send(
            call, if_unchanged=if_unchanged, timeout=timeout, retries=retries, raw=raw, to=to, progress=progress
        )

    def send(
        self,
        call: Call,
        /,
        *,
        if_unchanged: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        retries: Retries | None = None,
        raw: bool = False,
        to: Place | None = None,
        progress: Progress | None = None,
    ) -> Any:
        """Run a call that was checked already (`trunkline.request.bind`); options as `call` has them.

        It is checked again only where this PBX's version could have it otherwise.
        """
        system = self._system
        plan = system.plan(call, to, progress, raw=raw)
        limits = system.limits(timeout, retries)
        if if_unchanged is not None:
            from .unchanged import Unchanged

            unchanged = Unchanged(system.catalog, plan.call, if_unchanged)
            plan.call = unchanged.settled(system.seen_tags) or unchanged.checked(
                self.call(unchanged.reader.id, **limits._asdict(), **unchanged.reading), system.session.label
            )
        if plan.call.action.answer_kind == "list" and not raw:
            from .rows import Rows

            def fetch(wanted: Wanted) -> Page:
                page: Page = self._driver.run(system.steps(plan, limits, system.page, wanted))
                return page

            return Rows(plan.call, fetch, system.key(plan.call), system.session.page_size)
        return self._driver.run(system.steps(plan, limits, system.raw if raw else system.value))

    def download(
        self, link: str, to: Place, *, timeout: float | None = None, progress: Progress | None = None
    ) -> Saved:
        """Save the file that a row links to, such as a backup's ``DownloadLink`` (docs/pbx.md, Files).

        Of the link only path and query count: the token goes to no other host. ``to`` is a path, a folder or a binary
        file object. Raises BrokenAnswer for a link that can't be asked, and the errors of `trunkline.errors`.
        """
        saved: Saved = self._driver.run(self._system.linked(link, to, progress, timeout))
        return saved

    def close(self) -> None:
        """Close all connections."""
        self._driver.adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class AsyncPbx(_Client, AsyncResources):
    """A 3CX system, for an event loop.

        async with AsyncPbx("https://pbx.example.com", "client-id", "api-key") as pbx:
            async for fax in pbx.fax.list():
                await pbx.fax.delete(fax["Id"])

    As `Pbx` otherwise; list actions give `AsyncRows`, which can also be awaited for a list of all rows.
    """

    def _connect(self, options: ConnectOptions) -> None:
        from ..transport.async_driver import AsyncDriver  # brings asyncio
        from ..transport.options import connect_async

        self._driver = AsyncDriver(connect_async(options, self.url))

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
        call = self._system.bind(action, args, kwargs)
        return self.send(
            call, if_unchanged=if_unchanged, timeout=timeout, retries=retries, raw=raw, to=to, progress=progress
        )

    def send(
        self,
        call: Call,
        /,
        *,
        if_unchanged: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        retries: Retries | None = None,
        raw: bool = False,
        to: Place | None = None,
        progress: Progress | None = None,
    ) -> Any:
        """Run a call that was checked already, as `Pbx.send` does."""
        system = self._system
        plan = system.plan(call, to, progress, raw=raw)
        unchanged = None
        if if_unchanged is not None:
            from .unchanged import Unchanged

            unchanged = Unchanged(system.catalog, plan.call, if_unchanged)
        limits = system.limits(timeout, retries)
        if plan.call.action.answer_kind == "list" and not raw:
            from .rows import AsyncRows

            async def fetch(wanted: Wanted) -> Page:
                page: Page = await self._driver.run(system.steps(plan, limits, system.page, wanted))
                return page

            return AsyncRows(plan.call, fetch, system.key(plan.call), system.session.page_size)
        return self._answer(plan, unchanged, limits, system.raw if raw else system.value)

    async def _answer(self, plan: Plan, unchanged: Unchanged | None, limits: Limits, read: Read) -> Any:
        system = self._system
        if unchanged is not None:
            plan.call = unchanged.settled(system.seen_tags) or unchanged.checked(
                await self.call(unchanged.reader.id, **limits._asdict(), **unchanged.reading), system.session.label
            )
        return await self._driver.run(system.steps(plan, limits, read))

    async def download(
        self, link: str, to: Place, *, timeout: float | None = None, progress: Progress | None = None
    ) -> Saved:
        """Save the file that a row links to, as `Pbx.download` does."""
        saved: Saved = await self._driver.run(self._system.linked(link, to, progress, timeout))
        return saved

    async def close(self) -> None:
        """Close all connections."""
        await self._driver.adapter.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()
