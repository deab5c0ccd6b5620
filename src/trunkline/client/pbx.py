"""One 3CX system: the same actions for threads (`Pbx`) and for an event loop (`AsyncPbx`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from .. import result
from ..catalog import Action, describe_lifetime, load, nearest
from ..errors import BrokenAnswer, UnknownName, VersionMismatch
from ..request import Call, HttpRequest, bind, build
from ..result import Asked, HttpResponse, Page
from ..transport.driver import Driver
from ..transport.exchange import API, Exchange, Retries, exchange
from ..transport.options import AdapterName, ConnectOptions, connect, connect_async, warn_if_insecure
from ..transport.session import Session
from .methods import Resource
from .rows import AsyncRows, Rows


class _System:
    """What both clients are: a session, a catalog, and the way from a name to a request and back."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        version: str | None = None,
        label: str = "",
        verify: bool | str | Path = True,
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        adapter: AdapterName = "pyreqwest",
        retries: Retries = Retries(),  # noqa: B008 - immutable
    ) -> None:
        self._session = Session(url, client_id, client_secret, label=label)
        self._session.version = version
        self._options = ConnectOptions(verify, connect_timeout, timeout, adapter)
        self._retries = retries
        warn_if_insecure(self._session.url, self._options)
        self._connect()

    def _connect(self) -> None:
        raise TypeError("use Pbx or AsyncPbx")

    @property
    def url(self) -> str:
        """The base address, without ``/xapi/v1``."""
        return self._session.url

    @property
    def version(self) -> str | None:
        """The 3CX version, as given or as an answer named it; None before the first answer."""
        return self._session.version

    def action(self, name: str) -> Action:
        """The action of an id, operationId or display name, in the form that this PBX's version has.

        Raises UnknownName with the nearest names, or VersionMismatch if the version is known and lacks the action.
        """
        newest = load().action(name)
        version = self._session.version
        if version is None or not newest.published or "@" in name:
            return newest
        narrowed = load(version)
        try:
            return narrowed.action(name)
        except UnknownName:
            raise VersionMismatch(
                f"{newest.id} is not in {version}, which {self._session.label} runs: "
                f"{describe_lifetime(load(), newest)}.",
                hint=f"`trunkline actions {newest.resource}` shows its neighbours.",
            ) from None

    def _prepare(self, action: Action, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call:
        return bind(load(self._session.version), action, args, kwargs)

    def _exchange(self, request: HttpRequest) -> Exchange:
        return exchange(self._session, request, self._retries)

    def _asked(self, call: Call) -> Asked:
        return Asked(call.action, call.values, call.path, self._session.label)

    def _value(self, call: Call, response: HttpResponse) -> Any:
        return result.value(self._asked(call), response)

    def _page(self, call: Call, response: HttpResponse) -> Page:
        return result.page(self._asked(call), response)

    def _page_request(self, call: Call, wanted: Mapping[str, str] | str) -> HttpRequest:
        """The request of one page, by its options or by a PBX's own link.

        Of a link only path and query count: the token goes to no other host than this PBX.
        """
        request = build(call, {} if isinstance(wanted, str) else wanted)
        if not isinstance(wanted, str):
            return request
        parts = urlsplit(wanted)
        if not parts.path.startswith(f"{API}/"):
            raise BrokenAnswer(f"{self._session.label} sent a link to the next page that leads out of its API.")
        return request._replace(target=parts.path.removeprefix(API) + (f"?{parts.query}" if parts.query else ""))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *load().resources})

    def __getattr__(self, name: str) -> Resource:
        if name.startswith("_"):
            raise AttributeError(name)
        resources = load().resources
        if name not in resources:
            near = nearest(name, iter(resources))
            raise UnknownName(f"A PBX has no resource {name!r}.{near}", hint="`trunkline actions` lists all.")
        return Resource(self, name, resources[name])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._session.url} as {self._session.client_id}>"


class Pbx(_System):
    """A 3CX system.

        with Pbx("https://pbx.example.com", "client-id", "api-key") as pbx:
            for fax in pbx.fax.list(filter="Number eq '9001'"):
                pbx.fax.delete(fax["Id"])

    Safe to use from several threads. List actions give `Rows`; others a dict with 3CX's names, a plain value, a
    `File`, or None where 3CX answers without a body. Raises the errors of `trunkline.errors`.
    """

    def _connect(self) -> None:
        self._driver = Driver(connect(self._options))

    def call(self, action: str | Action, /, *args: Any, **kwargs: Any) -> Any:
        """Run any action by id, operationId or display name: ``pbx.call("DeleteFax", Id=42, if_match=…)``."""
        found = self.action(action) if isinstance(action, str) else action
        call = self._prepare(found, args, kwargs)
        if found.answer_kind == "list":
            return Rows(call, lambda wanted: self._page(call, self._send(self._page_request(call, wanted))))
        return self._value(call, self._send(build(call)))

    def _send(self, request: HttpRequest) -> HttpResponse:
        return self._driver.run(self._exchange(request))

    def close(self) -> None:
        """Close all connections."""
        self._driver.adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class AsyncPbx(_System):
    """A 3CX system, for an event loop.

        async with AsyncPbx("https://pbx.example.com", "client-id", "api-key") as pbx:
            async for fax in pbx.fax.list():
                await pbx.fax.delete(fax["Id"])

    As `Pbx` otherwise; list actions give `AsyncRows`, which can also be awaited for a list of all rows.
    """

    def _connect(self) -> None:
        from ..transport.async_driver import AsyncDriver  # brings asyncio

        self._driver = AsyncDriver(connect_async(self._options))

    def call(self, action: str | Action, /, *args: Any, **kwargs: Any) -> Any:
        """Run any action: ``await pbx.call("DeleteFax", Id=42)``. Arguments are checked before anything is awaited."""
        found = self.action(action) if isinstance(action, str) else action
        call = self._prepare(found, args, kwargs)
        if found.answer_kind == "list":

            async def fetch(wanted: Mapping[str, str] | str) -> Page:
                return self._page(call, await self._send(self._page_request(call, wanted)))

            return AsyncRows(call, fetch)
        return self._answer(call)

    async def _answer(self, call: Call) -> Any:
        return self._value(call, await self._send(build(call)))

    async def _send(self, request: HttpRequest) -> HttpResponse:
        return await self._driver.run(self._exchange(request))

    async def close(self) -> None:
        """Close all connections."""
        await self._driver.adapter.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()
