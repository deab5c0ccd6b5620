"""The call log report."""

from __future__ import annotations

from datetime import datetime

from ..answers import Call
from ..crud import Handler
from ..messages import Response
from ..odata import query
from ..odata.literals import read_date_time
from ..values import Row

CALL_LOG_CAP = 20_000


def _call_log(call: Call) -> Response:
    """The call log of a period, with the report's oddities (PBX.md, Paging).

    It cuts the page before it filters, so ``$count`` counts only the page; it ends at 20,000 rows; null and zero
    fields are left out of its rows.
    """
    start, end = (read_date_time(str(call.arguments[name])) for name in ("periodFrom", "periodTo"))
    rows = [row for row in call.store.rows("ReportCallLogData") if start <= _started(row) < end][:CALL_LOG_CAP]
    asked = call.query
    top = None if asked.top is None else asked.skip + asked.top
    page, total = query.apply(asked.unpaged(), rows[asked.skip : top])
    columns = [query.shape(row, asked, "Pbx.CallLogData", call.store.catalog) for row in page]
    return call.write_rows(
        [{name: value for name, value in row.items() if value is not None} for row in columns], total
    )


def _started(row: Row) -> datetime:
    return read_date_time(row["StartTime"])


HANDLERS: dict[str, Handler] = {"report_call_log_data.get_call_log_data": _call_log}
