"""All rows that a page of rows matches as a CSV, streamed as the PBX answers them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from nicegui import app
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ..errors import TrunklineError
from ..transfer.table import csv_lines
from .csv_files import BOM
from .pbxs import pbxs
from .rows import chosen_pbx
from .rows_view import View, list_named

_CHUNK = 100  # lines


@app.get("/rows/{name}/csv")
async def csv_of_rows(
    name: str, pbx: str = "", columns: str = "", text: str = "", filter: str = "", sort: str = ""
) -> Response:
    """Answer a CSV; 400 with the reason where the PBX refuses the first page.

    An error after that cuts the file off, and the browser reports the download as failed.
    """
    try:
        action = list_named(name)
        view = View.parse(name, chosen_pbx(pbx) or "", columns, text, filter, sort)
        client = pbxs().client(view.pbx)
        table = view.table(client.catalog, client.action(action.id))
        rows = aiter(client.call(table.action.id, **table.arguments))
        first = [row async for row in _some(rows, 1)]
    except TrunklineError as error:
        return PlainTextResponse(f"{error.message} {error.hint.text}".strip(), 400)

    async def all_rows() -> AsyncIterator[Any]:
        for row in first:
            yield row
        async for row in rows:
            yield row

    file_name = quote(f"{view.pbx}-{name}.csv")
    return StreamingResponse(
        _chunks(csv_lines(table, all_rows())),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file_name}", "Cache-Control": "no-store"},
    )


async def _some(rows: AsyncIterator[Any], number: int) -> AsyncIterator[Any]:
    for _n in range(number):
        try:
            yield await anext(rows)
        except StopAsyncIteration:
            return


async def _chunks(lines: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """Join lines, so that not every row is a chunk of its own."""
    kept = [BOM]
    async for line in lines:
        kept.append(line)
        if len(kept) >= _CHUNK:
            yield "".join(kept).encode(errors="replace")
            kept.clear()
    yield "".join(kept).encode(errors="replace")
