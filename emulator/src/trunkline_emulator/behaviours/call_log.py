"""The call log, and how its calls sounded."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED, seen
from ..messages import Response
from ..refusals import not_found
from ..reports import pages, quality
from ..values import Row


def _list(call: Call) -> Response:
    return pages.write_list(call, pages.of_call_log)


def _file(call: Call) -> Response:
    return pages.write_file(call, pages.of_call_log)


def _quality_of_leg(call: Call) -> Response:
    return _quality(call, quality.of_cdr(call.store, str(call.arguments["cdrId"])))


def _quality_of_call(call: Call) -> Response:
    return _quality(call, quality.of_call(call.store, int(str(call.arguments["call_id"]))))


def _quality(call: Call, report: Row | None) -> Response:
    if report is None:
        raise not_found()
    return call.write_entity(pages.Form(call.store, "Pbx.QualityReport").filled(report))


HANDLERS = declared(seen("the-call-log"), {"report_call_log_data.get_call_log_data": _list}) | declared(
    ASSUMED,
    {
        "report_call_log_data.get_old_call_log_data": _list,
        "report_call_log_data.download_call_log": _file,
        "report_call_log_data.get_call_quality_report": _quality_of_leg,
        "report_call_log_data.get_call_quality_report@20.0.6": _quality_of_call,
        "report_call_log_data.get_old_call_quality_report": _quality_of_call,
    },
)
