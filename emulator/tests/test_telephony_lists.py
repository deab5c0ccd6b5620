"""The history as a PBX shows it: lists, files, the call log and purges tell of the same calls."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.catalog import TypeSpec
from trunkline_emulator.ground import Ground
from trunkline_emulator.seeds import ground
from trunkline_emulator.seeds.calls import demo, demo_company
from trunkline_emulator.store import Store
from trunkline_emulator.telephony.model import CallModel
from trunkline_emulator.values import Values

from .conftest import Dial, Line
from .report_calls import segment_of

ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
LISTS = ("CallHistoryView", "ChatHistoryView", "ChatMessagesHistoryView")
FILES = {
    "CallHistoryView": "DownloadCallHistory()",
    "ChatHistoryView": "DownloadChatHistory(clientTimeZone='UTC')",
    "ChatMessagesHistoryView": "DownloadChatMessagesHistory(clientTimeZone='UTC')",
}
EVERY_LEG = (
    "sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,"
    "callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=false"
)
MONTHS = ("2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01")


def count(line: Line, name: Any) -> Any:
    return line.get(f"/{name}?$count=true&$top=0").json["@odata.count"]


def every(line: Line, name: Any) -> Any:
    """All rows of a list, page by page."""
    rows: list[Any] = []
    while page := line.get(f"/{name}?$top=100&$skip={len(rows)}").rows:
        rows += page
    return rows


def call_log(line: Line) -> Any:
    """Every row, month by month, as the report ends at 20,000 of them."""
    rows = []
    for start, end in pairwise(MONTHS):
        path = f"GetCallLogData(periodFrom={start}T00:00:00Z,periodTo={end}T00:00:00Z,{EVERY_LEG})"
        rows += line.get(f"/ReportCallLogData/Pbx.{path}").rows
    return rows


def demo_store(version: Any = "20.0.10") -> Any:
    return Store(catalog.load(version), ground("demo", version))


@pytest.fixture(scope="module")
def lists() -> Any:
    store = demo_store()
    return {name: (store.rows(name), list(store.rows(name))) for name in LISTS}


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def test_each_leg_is_in_the_history_and_in_the_call_log(quiet: Line) -> None:
    legs = {leg.id: (call, leg) for call in demo().calls(*ALWAYS) for leg in call.legs}
    segments = {row["SegmentId"]: row for row in demo_store().rows("CallHistoryView")}
    logged = {segment_of(row): row for row in call_log(quiet)}
    assert segments.keys() == logged.keys() == legs.keys()
    for number, (call, leg) in legs.items():
        segment, row = segments[number], logged[number]
        assert segment["SegmentStartTime"] == row["StartTime"]
        assert (segment["SrcDn"], segment["DstDn"]) == (row["SourceDn"], row["DestinationDn"])
        assert segment["SrcCallerNumber"] == row["SourceCallerId"] == leg.source.number
        assert row["CallHistoryId"] == call.id
        recordings = [item["Id"] for item in row.get("Recordings", ())]
        assert recordings == ([leg.recording] if leg.recording else [])
        assert {segment["SrcRecId"], segment["DstRecId"]} - {None} == set(recordings)


def test_each_chat_has_its_messages() -> None:
    store = demo_store()
    by_chat = Counter(row["ConversationId"] for row in store.rows("ChatMessagesHistoryView"))
    assert by_chat == {chat.number: len(chat.messages) for chat in demo().chats(*ALWAYS)}
    opened: dict[Any, Any] = {}
    for row in store.rows("ChatMessagesHistoryView"):
        opened.setdefault(row["ConversationId"], row)
    for row in store.rows("ChatHistoryView"):
        first = opened[row["ConversationId"]]
        assert (row["Message"], row["TimeSent"]) == (first["Message"], first["TimeSent"])


@pytest.mark.parametrize("name", LISTS)
def test_pages_put_together_are_the_whole(quiet: Line, name: Any) -> None:
    whole = every(quiet, name)
    assert len(whole) == count(quiet, name)
    assert whole == [without_nulls(row) for row in demo_store().rows(name)]


@given(data=st.data(), name=st.sampled_from(LISTS))
def test_a_list_is_cut_as_python_cuts(lists: Any, data: Any, name: Any) -> None:
    made, whole = lists[name]
    assert len(made) == len(whole)
    cut = data.draw(st.slices(len(whole)))
    assert made[cut] == whole[cut]
    place = data.draw(st.integers(-len(whole), len(whole) - 1))
    assert made[place] == whole[place]
    with pytest.raises(IndexError):
        made[len(whole)]


class Counted(CallModel):
    """Knows how many calls were made."""

    made = 0

    def call(self, number: Any) -> Any:
        self.made += 1
        return super().call(number)


def test_only_the_page_is_made() -> None:
    model = Counted(demo_company(), calls_per_day=9000)
    segments = Store(catalog.load("20.0.10"), Ground(catalog.load("20.0.10"), {}, model)).rows("CallHistoryView")
    assert len(segments) == model.legs > 1_000_000
    assert model.made == 0
    page = segments[1_000_000:1_000_100]
    assert [row["SegmentId"] for row in page] == list(range(1_000_001, 1_000_101))
    assert model.made <= 100


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (version, name)
        for version in sorted({edition.version for edition in catalog.load().editions})
        for name in (*LISTS, "ActiveCalls", "Recordings", "LastCdrAndChatMessageTimestamp")
        if name in catalog.load(version).sets
    ],
)
def test_rows_fit_every_version(version: Any, name: Any) -> None:
    store = demo_store(version)
    spec = TypeSpec(store.tables[name].type_name)
    rows = store.rows(name)[:50]
    assert rows
    for row in rows:
        Values(store.catalog).check(row, spec, name)
        assert row.keys() == store.catalog.fields(spec.name).keys()


def test_the_last_call_and_message(quiet: Line) -> None:
    row = quiet.get("/LastCdrAndChatMessageTimestamp").rows[0]
    segments = list(demo_store().rows("CallHistoryView"))
    last = list(demo_store().rows("ChatMessagesHistoryView"))[-1]
    # A later leg of an earlier call may begin after the last call.
    assert row["LastCdrStartedAt"] in {segment["SegmentStartTime"] for segment in segments[-5:]}
    assert row["LastChatMessageTimeSent"] == last["TimeSent"]


@pytest.mark.parametrize("name", LISTS)
def test_a_file_has_the_rows_of_the_list(quiet: Line, name: Any) -> None:
    key = {"CallHistoryView": "SegmentId", "ChatHistoryView": "ConversationId", "ChatMessagesHistoryView": "MessageId"}
    query = f"$filter={key[name]} gt 100&$orderby={key[name]} desc&$skip=20&$top=30"
    answer = quiet.get(f"/{name}/Pbx.{FILES[name]}?{query}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    written = list(csv.DictReader(io.StringIO(answer.body.decode())))
    listed = quiet.get(f"/{name}?{query}").rows
    assert len(written) == 30
    for line, row in zip(written, listed, strict=True):
        assert row.keys() <= line.keys()
        for field, text in line.items():
            value = row.get(field)
            assert text == ("" if value in (None, []) else str(value)), field


def test_a_file_without_a_page_has_everything(quiet: Line) -> None:
    answer = quiet.get(f"/ChatHistoryView/Pbx.{FILES['ChatHistoryView']}?$select=ConversationId,TimeSent")
    lines = answer.body.decode().splitlines()
    assert lines[0] == "ConversationId,TimeSent"
    assert len(lines) == 1 + count(quiet, "ChatHistoryView")


def test_a_file_tells_the_time_of_the_client(quiet: Line) -> None:
    path = "/ChatHistoryView/Pbx.DownloadChatHistory(clientTimeZone='%2B08:00')?$top=1&$select=TimeSent"
    there = quiet.get(path).body.decode().splitlines()[1]
    here = quiet.get("/ChatHistoryView?$top=1&$select=TimeSent").rows[0]["TimeSent"]
    assert there.endswith("+08:00")
    assert datetime.fromisoformat(there) == datetime.fromisoformat(here)


@pytest.mark.parametrize(
    ("path", "emptied"),
    [
        ("/PurgeCalls", {"CallHistoryView"}),
        ("/PurgeChats", {"ChatHistoryView", "ChatMessagesHistoryView"}),
        ("/PurgeAllLogs", set(LISTS)),
    ],
)
def test_a_purge_of_all(pbx: Line, path: str, emptied: Any) -> None:
    body = None if path == "/PurgeAllLogs" else {"period": {"All": True}}
    assert pbx.ask("POST", path, body).status == 204
    assert {name for name in LISTS if count(pbx, name) == 0} == emptied
    assert (call_log(pbx) == []) == ("CallHistoryView" in emptied)
    assert (pbx.get("/LastCdrAndChatMessageTimestamp").rows == []) == ("CallHistoryView" in emptied)


def test_a_purge_of_a_period_leaves_the_rest(pbx: Line) -> None:
    before = {segment_of(row): row for row in call_log(pbx)}
    period = {"All": False, "Start": "2026-04-01T00:00:00Z", "Stop": "2026-06-01T00:00:00Z"}
    assert pbx.ask("POST", "/PurgeCalls", {"period": period}).status == 204
    kept = {number: row for number, row in before.items() if not "2026-04" <= row["StartTime"] < "2026-06"}
    assert 0 < len(kept) < len(before)
    assert {segment_of(row): row for row in call_log(pbx)} == kept
    assert [row["SegmentId"] for row in every(pbx, "CallHistoryView")] == sorted(kept)
    assert count(pbx, "CallHistoryView") == len(kept)
    assert count(pbx, "ChatHistoryView") == demo().chat_model.count


def test_purges_add_up(pbx: Line) -> None:
    for month in (4, 5):
        period = {"All": False, "Start": f"2026-0{month}-01T00:00:00Z", "Stop": f"2026-0{month + 1}-01T00:00:00Z"}
        assert pbx.ask("POST", "/PurgeChats", {"period": period}).status == 204
    assert {row["TimeSent"][:7] for row in every(pbx, "ChatHistoryView")} == {"2026-03", "2026-06"}
    assert pbx.ask("POST", "/PurgeChats", {"period": {"All": True}}).status == 204
    assert every(pbx, "ChatHistoryView") == []


@pytest.mark.parametrize("period", [{}, {"Start": "2026-06-01T00:00:00Z"}, {"All": False}])
def test_a_purge_without_a_period_forgets_nothing(pbx: Line, period: Any) -> None:
    before = len(pbx.get("/CallHistoryView?$top=100").rows)
    assert pbx.ask("POST", "/PurgeCalls", {"period": period}).status == 204
    assert len(pbx.get("/CallHistoryView?$top=100").rows) == before


def test_what_a_purge_took_comes_back_with_a_reset(pbx: Line) -> None:
    pbx.ask("POST", "/PurgeCalls", {"period": {"All": True}})
    pbx.emulator.reset()
    assert count(pbx, "CallHistoryView") == demo().legs


def test_the_empty_pbx_has_no_history(dial: Dial) -> None:
    line = dial(seed="empty")
    assert [count(line, name) for name in (*LISTS, "ActiveCalls", "Recordings")] == [0] * 5
    assert line.get("/LastCdrAndChatMessageTimestamp").rows == []
    assert call_log(line) == []
