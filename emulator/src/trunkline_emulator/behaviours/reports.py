"""The reports, as lists and as files."""

from __future__ import annotations

from collections.abc import Callable

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..reports import pages
from ..reports.configuration import groups
from ..reports.pages import Pager
from ..reports.table import REPORTS


def _writes(write: Callable[[Call, Pager], Response], pager: Pager) -> Handler:
    return lambda call: write(call, pager)


def _groups(call: Call) -> Response:
    return call.write_list(groups(call.store))


HANDLERS = declared(
    ASSUMED,
    {
        **{report.listed: _writes(pages.write_list, pages.of_report(report.rows)) for report in REPORTS},
        **{
            download: _writes(pages.write_file, pages.of_report(report.rows))
            for report in REPORTS
            for download in report.downloads
        },
        "report_group.list": _groups,
    },
)
