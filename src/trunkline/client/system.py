"""From an action's name to the steps of a call, and from its answer to a value: what both clients share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from os import PathLike
from typing import Any, BinaryIO, NamedTuple

from .. import result
from ..catalog import Action, Catalog, load
from ..catalog.names import folded
from ..errors import BrokenAnswer, Hint, InvalidArgument, NotFound, UnknownName, VersionMismatch
from ..request import Call, HttpRequest, bind, build, parameter_names
from ..result import Asked, HttpResponse, Page
from ..transport.download import Download, Progress
from ..transport.exchange import Steps, Work, connected, exchange
from ..transport.options import checked_timeout
from ..transport.paging import Wanted, target_of_link
from ..transport.retries import Retries
from ..transport.session import API, Session
from ..transport.watch import Hook, watched, within
from .etags import IfMatch, SeenTags
from .learning import learn

Place = str | PathLike[str] | BinaryIO
_LINKED = Action(
    id="linked_file",
    operation_id="LinkedFile",
    tag="LinkedFile",
    method="GET",
    path="",
    kind="function",
    noun="file",
    answer="file",
    published=False,
)
"""What messages call a download that is not an action of the API."""


class Plan:
    """A checked call, and what is done with its answer."""

    def __init__(self, call: Call, download: Download | None = None) -> None:
        self.call = call
        self.download = download


class Limits(NamedTuple):
    """How often one call is tried, and the seconds for all of it."""

    retries: Retries
    timeout: float | None = None


Read = Callable[[Call, HttpResponse], Any]


class System:
    """A session, a catalog, and the way from an action's name to a request and from its answer to a value."""

    def __init__(
        self,
        session: Session,
        max_file: int,
        *,
        retries: Retries | None,
        hooks: Sequence[Hook],
        check_version: bool,
        catalog: Catalog | None,
    ) -> None:
        self.session = session
        self.seen_tags = SeenTags()
        self._max_file = max_file
        self._limits = Limits((retries or Retries()).checked())
        self._hooks = tuple(hooks)
        self._check_version = check_version
        self._catalog = catalog
        self._everything = catalog or load()

    @property
    def checked_version(self) -> str | None:
        """The version that calls are checked against: None while it is unknown, or if they are not to be checked."""
        return self.session.version if self._check_version else None

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
                f"{self.session.label} runs {version}.",
                hint=Hint("Send it anyway, or use another action.", arguments={"check_version": False}),
            ) from None

    def bind(self, action: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call:
        """Check a call against what is known of this PBX."""
        return bind(self.catalog, self.action(action), args, kwargs, datetime.now(UTC))

    def current(self, call: Call, *, compare: bool = False) -> Call:
        """Return a call as this PBX's version has it; VersionMismatch if it hasn't.

        It is bound again only where that could make a difference. ``compare``: whether it could is found by comparing
        all types, which is worth its time only for an action that is sent many times.
        """
        catalog = self.catalog
        if call.catalog is catalog:
            return call
        # A catalog of one version gives older forms an id of their own.
        action = self.action(call.action.id if call.catalog.version is None else call.action.id.partition("@")[0])
        is_plain = call.body is None and not call.options
        if action == call.action and (is_plain or (compare and catalog.agrees_with(call.catalog, action))):
            return call._replace(catalog=catalog)
        # What is null, and has no parameter in this version, says nothing.
        names = {folded(name) for name in parameter_names(action, catalog)}
        arguments = {n: v for n, v in call.arguments.items() if v is not None or folded(n) in names}
        return bind(catalog, action, (), arguments)._replace(if_match=call.if_match)

    def plan(self, call: Call, to: Place | None, progress: Progress | None, *, raw: bool) -> Plan:
        """Return what is to be done; InvalidArgument for a ``to`` that has no place, or is none."""
        plan = Plan(self.current(call, compare=True))
        if to is not None and not raw:
            plan.download = Download(self._asked(plan.call), to, progress)
        elif to is not None or progress is not None:
            raise InvalidArgument("`progress` goes with `to`, and `to` not with `raw`.", hint="Nothing was sent.")
        return plan

    def limits(self, timeout: float | None, retries: Retries | None) -> Limits:
        """Return the limits of a call, the client's own where it has none; InvalidArgument if they can't be used."""
        if timeout is None and retries is None:
            return self._limits
        return Limits(self._limits.retries if retries is None else retries.checked(), checked_timeout(timeout))

    def steps(self, plan: Plan, limits: Limits, read: Read, wanted: Wanted | None = None) -> Steps:
        """All that a call does, as steps for a driver: sign-in, request, retries, reading the answer; watched."""
        steps = watched(self._unwatched(plan, limits.retries, read, wanted), self._hooks)
        return steps if limits.timeout is None else within(steps, limits.timeout, self.session.label)

    def _unwatched(self, plan: Plan, retries: Retries, read: Read, wanted: Wanted | None) -> Steps:
        if self._check_version and self.session.version is None:
            yield from connected(self.session, retries)
        call = plan.call = self.current(plan.call)
        if IfMatch.is_in(call):
            yield from self._check_if_match(IfMatch(self.catalog, call), retries)
            call = plan.call = self.current(call)  # the reading may have named the version
        request = build(call) if wanted is None else self._page_request(call, wanted)
        if call.action.answer_kind == "file":
            request = request._replace(limit=self._max_file)
        if plan.download is None:
            response = yield from exchange(self.session, request, retries)
            return read(call, response)
        with plan.download as download:
            response = yield from exchange(self.session, download.asking(request), retries)
            return (yield Work(download.finish)) if download.arrived else read(call, response)

    def linked(self, link: str, to: Place, progress: Progress | None, timeout: float | None) -> Steps:
        """All that the download of a linked file does, as steps for a driver.

        Raises BrokenAnswer for a link that can't be asked, and for an answer that is not a file.
        """
        target = target_of_link("", "/", link, self.session.label, "a link to a file")
        asked = Asked(_LINKED, {}, target, self.session.label)
        limits = self.limits(timeout, None)
        steps = watched(self._linked(asked, Download(asked, to, progress), limits.retries), self._hooks)
        return steps if limits.timeout is None else within(steps, limits.timeout, self.session.label)

    def _linked(self, asked: Asked, download: Download, retries: Retries) -> Steps:
        request = HttpRequest("GET", asked.path, limit=self._max_file, is_outside=True)
        with download:
            response = yield from exchange(self.session, download.asking(request), retries)
            if not download.arrived:
                result.value(asked, response)  # raises what the answer says
                raise BrokenAnswer(f"{self.session.label} sent no file for {asked.path}.")
            return (yield Work(download.finish))

    def _check_if_match(self, condition: IfMatch, retries: Retries) -> Steps:
        """Refuse If-Match where this PBX sends no ETags; an entity is read where nothing read so far has shown that."""
        has_tags = self.seen_tags.has(condition.type_name)
        if has_tags is None and (reading := condition.reading()) is not None:
            try:
                response = yield from exchange(self.session, build(reading), retries)
                is_list = reading.action.answer_kind == "list"
                rows = self.page(reading, response).rows if is_list else [self.value(reading, response)]
            except NotFound:
                return  # the PBX answers the action with the same
            for row in rows[:1]:
                self.seen_tags.note(condition.type_name, row, is_whole=True)
            has_tags = self.seen_tags.has(condition.type_name)
        condition.check(has_tags=has_tags, server=self.session.label)

    def key(self, call: Call) -> tuple[str, ...]:
        """Return the key fields of a list's rows; () where they have none."""
        spec = call.action.answer_type
        return self.catalog.key(spec.name) if spec is not None and spec.name in self.catalog.types else ()

    def _asked(self, call: Call) -> Asked:
        return Asked(call.action, call.values, call.path, self.session.label)

    def raw(self, _: Call, response: HttpResponse) -> HttpResponse:
        return response

    def value(self, call: Call, response: HttpResponse) -> Any:
        value = result.value(self._asked(call), response)
        if isinstance(value, dict):
            self._learn(call, [value])
        elif isinstance(value, list):
            self._learn(call, value)
        return value

    def page(self, call: Call, response: HttpResponse) -> Page:
        page = result.page(self._asked(call), response)
        self._learn(call, page.rows)
        return page

    def _learn(self, call: Call, rows: list[Any]) -> None:
        spec = call.action.answer_type
        if spec is not None and spec.name in self._everything.types:
            learn(self._everything, spec.name, rows)
            if rows:
                self.seen_tags.note(spec.name, rows[0], is_whole=call.action.kind == "get")

    def _page_request(self, call: Call, wanted: Wanted) -> HttpRequest:
        """Return the request of one page, by its options or by a PBX's own link.

        Of a link only path and query count: the token goes to no other host than this PBX.
        """
        request = build(call, {} if isinstance(wanted, str) else wanted)
        if not isinstance(wanted, str):
            return request
        return request._replace(target=target_of_link(API, call.path, wanted, self.session.label))
