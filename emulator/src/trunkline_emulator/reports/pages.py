"""What of a report a call shows, and how: as a list of rows or as a file of the same rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from itertools import islice
from typing import Any

from ..answers import Call
from ..csv_files import csv_file
from ..messages import Response
from ..odata import query
from ..odata.literals import read_date_time
from ..odata.query import Query
from ..store import Store, own_zone
from ..values import Row
from .arguments import EVER, Arguments
from .call_log import events
from .call_log import row as call_log_row
from .spelling import moment
from .table import Rows

# The rows on a page, and what ``$count`` says.
Page = tuple[Sequence[Row], int]
Pager = Callable[[Call, Arguments], Page]


def of_report(rows: Rows) -> Pager:
    """Return the page of a report, by the usual rules."""

    def pager(call: Call, asked: Arguments) -> Page:
        form = _form(call)
        made = (form.filled(row) for row in rows(call.store, asked))
        if _takes_the_first(call.query):
            page = list(islice(made, call.query.skip, call.query.skip + (call.query.top or 0)))
            return page, len(page)
        return query.apply(call.query, list(made))

    return pager


def _takes_the_first(asked: Query) -> bool:
    """Whether the page is the first rows as they come, and nobody asks how many there are."""
    return asked.top is not None and not (asked.where or asked.order or asked.search or asked.count)


def of_call_log(call: Call, asked: Arguments) -> Page:
    """Return the page of the call log, with the report's oddities (docs/pbx.md, Pages).

    It cuts the page before it filters, so ``$count`` counts only the page. It ends at 20,000 rows, or another cap: the
    newest, newest first; under ``$orderby`` the oldest, so that the newest are lost.
    """
    wanted, form = call.query, _form(call)
    cap = sys.maxsize if call.variants.call_log_cap is None else call.variants.call_log_cap
    top = cap if wanted.top is None else wanted.skip + wanted.top
    zone = UTC if call.variants.call_log_times == "utc" else own_zone(call.store)
    period = asked.period if call.variants.call_log_period == "kept" else EVER
    if wanted.order:
        found = islice(events(call.store, asked, period, backwards=False), cap)
        rows = [form.filled(call_log_row(event, zone)) for event in found]
        rows = list(query.apply(replace(wanted, where=None, search=None), rows)[0])
    else:
        found = islice(events(call.store, asked, period, backwards=True), wanted.skip, max(wanted.skip, min(top, cap)))
        rows = [form.filled(call_log_row(event, zone)) for event in found]
    return query.apply(replace(wanted.unpaged(), order=()), rows)


class Form:
    """What a row of a type looks like in this version: the fields that it has, those without a value at their default.

    The same as completing each row by itself, for tens of thousands of rows.
    """

    def __init__(self, store: Store, type_name: str) -> None:
        fields = store.catalog.fields(type_name)
        self._values = store.values
        self._empty = store.values.complete(type_name, {})
        self._nested = {name: spec for name, spec in fields.items() if spec.name in store.catalog.types}

    def filled(self, row: Row) -> Row:
        found = {**self._empty, **row}
        for name in row.keys() - self._empty.keys():
            del found[name]
        for name, spec in self._nested.items():
            value = found[name]
            if isinstance(value, list):
                found[name] = [self._values.complete(spec.name, item) for item in value]
            elif value is not None:
                found[name] = self._values.complete(spec.name, value)
        return found


def write_list(call: Call, pager: Pager) -> Response:
    """Return the rows as JSON.

    What is null is left out, and zeros too where this PBX does so (docs/pbx.md, Answers).
    """
    page, total = pager(call, Arguments(call.arguments))
    shaped = (query.shape(row, call.query, call.answer_type.name, call.store.catalog) for row in page)
    if call.variants.report_zeros == "left_out":
        shaped = ({name: value for name, value in row.items() if value != 0 or value is False} for row in shaped)
    return call.write_rows([_without_nulls(row) for row in shaped], total)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def write_file(call: Call, pager: Pager) -> Response:
    """Return the rows as CSV, their times in the client's time zone."""
    asked = Arguments(call.arguments)
    page, _ = pager(call, asked)
    fields = call.store.catalog.fields(call.answer_type.name)
    selected = dict.fromkeys(name.partition("/")[0] for name in call.query.select or ())
    columns = list(selected) or [name for name, spec in fields.items() if not spec.navigation]
    times = {name for name, spec in fields.items() if spec.name == "DateTimeOffset"}
    if "clientTimeZone" not in call.arguments:
        times = set()
    shaped = (query.shape(row, call.query, call.answer_type.name, call.store.catalog) for row in page)
    shown = ([_cell(row.get(name), asked.zone if name in times else None) for name in columns] for row in shaped)
    return csv_file(columns, shown, f"{call.route.resource.removeprefix('Report')}.csv")


def _form(call: Call) -> Form:
    return Form(call.store, call.answer_type.name)


def _cell(value: Any, zone: tzinfo | None) -> str:
    if value is None:
        return ""
    if zone is not None:
        return moment(read_date_time(value), zone)
    if isinstance(value, (list, dict)):
        return json.dumps(_without_nulls(value), ensure_ascii=False) if value else ""
    return str(value)
