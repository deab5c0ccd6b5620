"""The history of calls and chats as files, and forgetting it."""

from __future__ import annotations

from datetime import UTC, datetime

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..odata import query
from ..odata.literals import read_date_time
from ..reports.arguments import Arguments
from ..reports.pages import Page, write_file
from ..store import Store
from ..telephony.history import PURGED_CALLS, PURGED_CHATS, purge
from ..values import Row

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def _download(name: str) -> Handler:
    """Return a list as CSV: the rows that the list gives for the same query, all of them without ``$top``."""

    def pager(call: Call, asked: Arguments) -> Page:
        return query.apply(call.query, call.store.rows(name))

    return lambda call: write_file(call, pager)


def _purge(name: str) -> Handler:
    """Forget everything up to now, or a period, its end not included."""

    def handler(call: Call) -> Response:
        start, end = _period(call.body().get("period") or {}, call.store)
        purge(call.store, name, start, end)
        return Response(204)

    return handler


def _period(asked: Row, store: Store) -> tuple[datetime, datetime]:
    if asked.get("All"):
        return _BEGINNING, store.now()
    if not asked.get("Start") or not asked.get("Stop"):  # nothing is forgotten that nobody named
        return _BEGINNING, _BEGINNING
    return read_date_time(asked["Start"]), read_date_time(asked["Stop"])


def _purge_all(call: Call) -> Response:
    """Forget every call and every chat up to now."""
    for name in (PURGED_CALLS, PURGED_CHATS):
        purge(call.store, name, _BEGINNING, call.store.now())
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "call_history_view.download_call_history": _download("CallHistoryView"),
        "chat_history_view.download_chat_history": _download("ChatHistoryView"),
        "chat_messages_history_view.download_chat_messages_history": _download("ChatMessagesHistoryView"),
        "purge_settings.purge_calls": _purge(PURGED_CALLS),
        "purge_settings.purge_chats": _purge(PURGED_CHATS),
        "purge_settings.purge_all_logs": _purge_all,
    },
)
