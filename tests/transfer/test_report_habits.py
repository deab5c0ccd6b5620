"""Reading the call log of a PBX that is not our emulator: other limits, other orders, other ideas of a period."""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest

from trunkline import AsyncPbx, Retries
from trunkline.errors import SignInError
from trunkline.transfer import call_log
from trunkline.transfer.call_log import CallLog

START = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = {0: 2533, 1: 137, 2: 3}
"""Legs of each day, in whole seconds, every tenth of them at midnight or noon."""


def leg(day: int, number: int) -> dict[str, Any]:
    second = 43_200 * (number // 10 % 2) if number % 10 == 0 else number * 7919 % 86_400
    return {
        "CdrId": f"{day}-{number}",
        "StartTime": f"{START + timedelta(days=day, seconds=second):%Y-%m-%dT%H:%M:%SZ}",
    }


ROWS = [leg(day, number) for day, legs in DAYS.items() for number in range(legs)]


class Report(BaseHTTPRequestHandler):
    """The call log, as far as the habits let one see it."""

    protocol_version = "HTTP/1.1"
    habits: ClassVar[dict[str, Any]] = {}
    refusals: ClassVar[int] = 0
    sign_ins: ClassVar[int] = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        Report.sign_ins += 1
        self._answer(200, {"token_type": "Bearer", "access_token": "abc", "expires_in": 3600})

    def do_GET(self) -> None:
        if Report.refusals:
            Report.refusals -= 1
            self._answer(401, {})
            return
        asked = unquote(self.path)
        start, end, top, skip = (
            str(re.findall(rf"{name}=([^,&]+)", asked)[0]) for name in ("periodFrom", "periodTo", "top", "skip")
        )
        closed = self.habits.get("end_included", False)
        found = [row for row in ROWS if start <= row["StartTime"] < end or (closed and row["StartTime"] == end)]
        found.sort(key=lambda row: row["StartTime"], reverse=True)
        if self.habits.get("shuffled"):
            random.shuffle(found)
        found = found[: self.habits.get("cap", 20_000)]
        self._answer(200, {"value": found[int(skip) :][: min(int(top), self.habits.get("page", 2_000))]})

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(call_log, "_PAUSES", Retries(base=0))
    monkeypatch.setattr(Report, "sign_ins", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Report) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def read(url: str) -> tuple[list[str], int]:
    """The ids of the legs, and how many rows came from outside of a window."""

    async def all_of_it() -> tuple[list[str], int]:
        async with AsyncPbx(url, "client", "key", retries=Retries(base=0)) as pbx:
            log = CallLog(pbx)
            return [row["CdrId"] async for row in log.rows(START, START + timedelta(days=4))], log.outside

    return asyncio.run(all_of_it())


@pytest.mark.parametrize(
    "habits",
    [
        {},
        {"page": 137},
        {"cap": 1234},
        {"cap": 1000, "end_included": True},
        {"end_included": True},
        {"shuffled": True},
        {"shuffled": True, "page": 500},
    ],
    ids=str,
)
def test_each_leg_comes_once(url: str, monkeypatch: pytest.MonkeyPatch, habits: dict[str, Any]) -> None:
    """Pages or the whole may end at any number, a period include its end, and rows move from page to page."""
    monkeypatch.setattr(Report, "habits", habits)
    found, outside = read(url)
    assert sorted(found) == sorted(row["CdrId"] for row in ROWS)
    assert outside == 0


def test_legs_that_look_alike_are_still_two(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 20.0.6 there is no CdrId, and a report may leave out what is null or zero (docs/pbx.md, Answers)."""
    alike = [{"StartTime": "2026-06-01T08:00:00Z", "Status": said} for said in ("Answered", "Unanswered")]
    monkeypatch.setitem(globals(), "ROWS", alike)

    async def statuses() -> list[str]:
        async with AsyncPbx(url, "client", "key") as pbx:
            return [row["Status"] async for row in CallLog(pbx).rows(START, START + timedelta(days=1))]

    assert sorted(asyncio.run(statuses())) == ["Answered", "Unanswered"]


@pytest.mark.parametrize(("refusals", "passes"), [(3, True), (100, False)])
def test_a_token_that_others_keep_killing_is_renewed_a_few_times(
    url: str, monkeypatch: pytest.MonkeyPatch, refusals: int, passes: bool
) -> None:
    monkeypatch.setattr(Report, "refusals", refusals)
    if passes:
        assert len(read(url)[0]) == len(ROWS)
    else:
        with pytest.raises(SignInError):
            read(url)
    assert 1 < Report.sign_ins < 20
