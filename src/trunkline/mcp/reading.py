"""The tools that read a PBX: one answer, the rows of a list, the status."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import msgspec

from ..catalog import Action, load
from ..catalog.secret import HELD, secret_fields, secrets_named
from ..errors import InvalidArgument, TrunklineError
from ..local.timestamps import format_timestamp
from ..monitor.records import ErrorRecord
from ..monitor.status import Status
from ..monitor.survey import severity
from ..node.items import keys_of
from ..request import Call, bind
from ..result import File
from ..work.fleet import aeach
from .arguments import CallAction, CalledAction, ListedRows, ListRows, Statuses, StatusOf, given
from .content import Budget, as_json, clean, described_error
from .service import Caller, Service

_AT_ONCE = 16
_COMPARING = ("filter", "orderby", "expand")


def check_conditions(call: Call) -> None:
    """Refuse conditions on secret fields: which rows fit ``VMPIN eq '0000'`` gives the secret away.

    3CX does not document in which fields a PBX searches, so rows that can hold a secret can't be searched.
    Raises InvalidArgument.
    """
    if call.options.get("search") and (fields := secret_fields(load(), call.action)):
        raise InvalidArgument(
            f"Rows of {call.action.id} can hold secrets, such as {fields[0]}, and a search may look at them too.",
            hint="Nothing was sent. Use a filter by a field that is not a secret, such as contains(Number,'10').",
            parameter="search",
        )
    if re.search(r"\bsearch\s*=", call.options.get("expand", ""), re.I):
        raise InvalidArgument(
            "expand has a search in it, which may look at secrets.",
            hint="Nothing was sent. Use $filter in expand.",
            parameter="expand",
        )
    for name in _COMPARING:
        text = call.options.get(name, "")
        parts = text.replace("(", " ").replace(")", " ").replace("/", " ").replace(",", " ").split()
        if secret := [*secrets_named(text), *(word for word in HELD if word in parts)]:
            raise InvalidArgument(
                f"{name} names {', '.join(secret)}, which can be a secret; nothing may be compared with it here.",
                hint="Nothing was sent. Choose rows by other fields.",
                parameter=name,
            )


def bound(name: str, parameters: Mapping[str, Any]) -> Call:
    """Check a call by the catalog. Raises InvalidArgument or UnknownName."""
    call = bind(load(), load().action(name), (), parameters)
    check_conditions(call)
    return call


def note(caller: Caller, pbx: str, action: Action, call: Call | None = None) -> None:
    """Note for the audit log what a call is about: keys, and of a body the names of its fields only."""
    caller.noted.update(pbx=pbx, action=action.id)
    if call is not None:
        caller.noted["keys"] = keys_of(action, call.values)
        if call.body:
            caller.noted["fields"] = list(call.body)


async def call_action(service: Service, asked: CallAction, caller: Caller) -> CalledAction:
    """Call an action that only reads, and answers an entity or a value.

    Raises NotPermitted for any other, InvalidArgument for one that answers a list or a file.
    """
    action = load().action(asked.action)
    pbx = service.pbxs.name_of(asked.pbx)
    note(caller, pbx, action)
    if action.method != "GET":
        service.permission.check(action)
        raise InvalidArgument(
            f"{action.id} changes something, and call_action only reads.",
            hint="Nothing was sent. Plan it with plan_change, then apply the plan.",
        )
    service.permission.check(action)
    if action.answer_kind == "list":
        raise InvalidArgument(f"{action.id} answers a list.", hint="Nothing was sent. Read it with list_rows.")
    if action.answer_kind == "file":
        raise InvalidArgument(
            f"{action.id} answers a file, and no tool of this server gives files.",
            hint="Nothing was sent. A person can save it with Trunkline's command line.",
        )
    call = bound(asked.action, asked.parameters)
    note(caller, pbx, action, call)
    async with service.pbxs.turn(pbx) as client:
        answer = await client.send(call)
    if isinstance(answer, File):
        answer = {"file": answer.name, "content_type": answer.content_type, "bytes": len(answer.content)}
    budget, shown = Budget(asked.budget), clean(answer)
    if isinstance(shown, dict):
        fields = budget.fitting_fields(shown)
        left_out = [name for name in shown if name not in fields]
        return CalledAction(pbx=pbx, action=action.id, answer=fields, left_out=left_out[:50])
    if not budget.take(shown):
        raise InvalidArgument(
            f"The answer has {len(as_json(shown)):,} characters, which is more than the budget allows.",
            hint="Give a larger budget.",
        )
    return CalledAction(pbx=pbx, action=action.id, answer=shown)


async def list_rows(service: Service, asked: ListRows, caller: Caller) -> ListedRows:
    """List rows until the limit or the budget is reached. No more pages are read than that takes.

    Raises InvalidArgument for an action that does not list.
    """
    action = load().action(asked.action)
    pbx = service.pbxs.name_of(asked.pbx)
    note(caller, pbx, action)
    service.permission.check(action)
    if action.answer_kind != "list" or action.method != "GET":
        raise InvalidArgument(f"{action.id} does not list rows.", hint="See what it answers with describe_action.")
    is_paged = "top" in action.query
    options = given(
        filter=asked.filter, search=asked.search, select=asked.select, expand=asked.expand, orderby=asked.orderby
    )
    if is_paged:
        options["top"] = asked.limit
        options |= {"skip": asked.skip} if asked.skip else {}
        options |= {"count": True} if "count" in action.query and action.kind == "list" else {}
    if twice := asked.parameters.keys() & {"filter", "search", "select", "expand", "orderby", "top", "skip", "count"}:
        raise InvalidArgument(f"{', '.join(sorted(twice))} is an argument of list_rows, not one of parameters.")
    call = bound(asked.action, {**asked.parameters, **options})
    note(caller, pbx, action, call)
    reader = _Rows(asked)
    async with service.pbxs.turn(pbx) as client:
        rows = client.send(call)
        async with aclosing(rows.pages()) as pages:
            async for page in pages:
                if not reader.take(page.rows, is_paged=is_paged):
                    break
    return reader.answer(pbx, action, rows.total)


class _Rows:
    """The rows of an answer, as they come page by page."""

    def __init__(self, asked: ListRows) -> None:
        self._asked = asked
        self._budget = Budget(asked.budget)
        self._rows: list[Any] = []
        self._is_full = False
        self._too_large: Any = None

    def take(self, rows: Sequence[Any], *, is_paged: bool) -> bool:
        """Take the rows of a page; false once no other page is wanted."""
        for row in rows if is_paged else rows[self._asked.skip :]:
            if len(self._rows) == self._asked.limit:
                self._is_full = True
                break
            shown = clean(row)
            if not self._budget.take(shown):
                self._is_full = True
                self._too_large = shown if not self._rows else None
                break
            self._rows.append(shown)
        return not self._is_full and len(self._rows) < self._asked.limit

    def answer(self, pbx: str, action: Action, total: int | None) -> ListedRows:
        asked, count = self._asked, len(self._rows)
        end = asked.skip + count
        truncated = self._is_full or (count == asked.limit and (total is None or end < total))
        hint = ""
        if isinstance(self._too_large, Mapping):
            largest = sorted(self._too_large, key=lambda name: -len(as_json(self._too_large[name])))[:5]
            hint = f"The next row alone is too long: select other fields than {', '.join(largest)[:300]}."
        elif self._is_full and asked.select is None:
            hint = "Select only the fields that you need, so that more rows fit."
        return ListedRows(
            pbx=pbx,
            action=action.id,
            rows=self._rows,
            truncated=truncated,
            total=total,
            next_skip=end if truncated else None,
            hint=hint,
        )


async def status(service: Service, asked: StatusOf, caller: Caller) -> Statuses:
    """Read the status of one PBX, or of all that were chosen; one that can't be read has its error."""
    names = [service.pbxs.name_of(asked.pbx)] if asked.pbx is not None else service.pbxs.names
    caller.noted["pbx"] = asked.pbx or "*"

    async def read(name: str) -> Status:
        async with service.pbxs.turn(name) as client:
            return await Status.aread(client)

    statuses: list[Status] = []
    async with aclosing(aeach(names, read, at_once=_AT_ONCE, is_ordered=False)) as outcomes:
        async for outcome in outcomes:
            name, error = names[outcome.n], outcome.error
            if isinstance(error, TrunklineError):
                record = msgspec.convert(_bounded(error), ErrorRecord)
                time = format_timestamp(datetime.now(UTC))
                statuses.append(Status(pbx=name, url="", time=time, error=record))
            else:
                statuses.append(msgspec.structs.replace(outcome.answer, pbx=name))
    records = [clean(each if asked.detail else _concerns(each)) for each in sorted(statuses, key=severity)]
    shown = Budget(asked.budget).fitting(records)
    return Statuses(pbxs=shown, left_out=[record["pbx"] for record in records[len(shown) :]][:50])


def _bounded(error: TrunklineError) -> dict[str, Any]:
    record = described_error(error)
    record["hint"].setdefault("arguments", {})
    return record


def _concerns(status: Status) -> dict[str, Any]:
    if status.error is not None:
        return {"pbx": status.pbx, "error": status.error}
    concerns = [{"field": each.field, "message": each.message, "hint": each.hint} for each in status.concerns]
    return {"pbx": status.pbx, "version": status.version, "calls": status.calls, "concerns": concerns}
