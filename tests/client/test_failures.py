"""Limits, retries, raw answers, hooks and logs of a call."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from nasty import HALF, MISSING, RESET, Asked, Bytes, Nasty, http
from trunkline import AsyncPbx, Pbx, TrunklineError, catalog, errors
from trunkline.transport.retries import Retries
from trunkline.transport.watch import Event

QUICK = Retries(attempts=3, base=0.001)


@pytest.fixture(params=["threads", "event loop"])
def call(request: pytest.FixtureRequest) -> Any:
    """Run one action against an address, in either client; client settings go by ``settings``."""

    def run(url: str, action: str, *args: Any, settings: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        given = {"retries": QUICK, **(settings or {})}
        if request.param == "threads":
            with Pbx(url, "id", "secret-key", **given) as pbx:
                return pbx.call(action, *args, **kwargs)

        async def in_loop() -> Any:
            async with AsyncPbx(url, "id", "secret-key", **given) as pbx:
                return await pbx.call(action, *args, **kwargs)

        return asyncio.run(in_loop())

    return run


@pytest.mark.parametrize("name", ["timeout", "retries", "raw", "if_unchanged"])
def test_no_action_has_a_parameter_of_a_call_s_own_name(name: str) -> None:
    for action in catalog.load().actions:
        assert name not in action.params
        assert name not in catalog.load().spec_fields(action.body)


def test_a_call_may_have_other_retries_than_its_client(call: Any) -> None:
    with Nasty(lambda asked: RESET) as server, pytest.raises(errors.ConnectionLost):
        call(server.url, "fax.get", 1, retries=Retries(attempts=1))
    assert len(server.api_calls) == 1


def test_a_call_s_time_covers_its_retries(call: Any) -> None:
    slow = Retries(attempts=50, base=0.05)
    with Nasty(lambda asked: RESET) as server, pytest.raises(errors.TransportError) as caught:
        call(server.url, "fax.get", 1, retries=slow, timeout=1.5)
    assert 1 <= len(server.api_calls) < 50
    assert "1.5 s" in str(caught.value)
    assert server.url.removeprefix("http://") in str(caught.value)


@pytest.mark.parametrize("answer", [RESET, http(204)._replace(delay=3)], ids=["broken", "late"])
def test_a_deletion_out_of_time_says_that_it_may_have_worked(call: Any, answer: Bytes) -> None:
    slow = Retries(attempts=50, base=5.0)
    with Nasty(lambda asked: answer) as server, pytest.raises(errors.TimedOut, match="not known whether") as caught:
        call(server.url, "fax.delete", 1, retries=slow, timeout=1.5)
    assert caught.value.processed is None


def test_a_call_s_time_ends_a_slow_answer(call: Any) -> None:
    late = http(200, "{}")._replace(delay=2.0)
    with Nasty(lambda asked: late) as server, pytest.raises(errors.TimedOut):
        call(server.url, "fax.get", 1, timeout=0.2)


def test_a_pbx_in_trouble_is_not_buried_in_retries() -> None:
    with Nasty(lambda asked: http(503)) as server, Pbx(server.url, "id", "key", retries=QUICK) as pbx:
        for _ in range(60):
            with pytest.raises(errors.ServerError):
                pbx.fax.get(1)
    assert len(server.api_calls) <= 60 + 20


def test_raw_gives_the_answer_whatever_it_is(call: Any) -> None:
    with Nasty(lambda asked: http(418, "short and stout", "text/plain", X_Pot="tea")) as server:
        status, headers, body = call(server.url, "fax.get", 1, raw=True)
    assert (status, headers["x-pot"], body) == (418, "tea", b"short and stout")


def test_raw_of_a_list_is_one_answer(call: Any) -> None:
    with Nasty(lambda asked: http(200, '{"value":[{"Id":1}]}')) as server:
        assert call(server.url, "fax.list", top=5, raw=True).body == b'{"value":[{"Id":1}]}'
    assert len(server.api_calls) == 1


def test_a_hook_sees_each_request_and_answer_without_secrets(call: Any) -> None:
    answers = iter([RESET, http(200, '{"Id":1}')])
    seen: list[Event] = []
    with Nasty(lambda asked: next(answers)) as server:
        call(server.url, "fax.get", 1, settings={"hooks": [seen.append]})
    assert [(e.number, e.method, e.url.rpartition("/")[2], e.status, e.finished) for e in seen] == [
        (1, "POST", "token", None, False),
        (1, "POST", "token", 200, True),
        (2, "GET", "Fax(1)", None, False),
        (2, "GET", "Fax(1)", None, True),
        (3, "GET", "Fax(1)", None, False),
        (3, "GET", "Fax(1)", 200, True),
    ]
    assert "broke" in (seen[3].error or "")
    assert len({event.call for event in seen}) == 1
    assert "opaque" not in repr(seen)
    assert "secret-key" not in repr(seen)


def test_the_log_has_each_request_and_no_secret(call: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "trunkline")
    with Nasty(lambda asked: MISSING) as server, pytest.raises(errors.NotFound) as caught:
        call(server.url, "fax.get", 1)
    said = [record.getMessage() for record in caplog.records if record.name == "trunkline"]
    assert any("GET" in line and "404" in line and caught.value.request_id in line for line in said)
    assert "opaque" not in caplog.text
    assert "secret-key" not in caplog.text


def refused(asked: Asked) -> Bytes:
    details = '{"code":"","message":"WARNINGS.XAPI.ALREADY_IN_USE","target":"Number"}'
    message = "Number:\\nWARNINGS.XAPI.ALREADY_IN_USE"
    return http(400, f'{{"error":{{"code":"","message":"{message}","details":[{details}]}}}}')


FAILURES: dict[str, tuple[Any, type[TrunklineError], int | None]] = {
    "refused": (refused, errors.BadRequest, 400),
    "gone": (lambda asked: MISSING, errors.NotFound, 404),
    "broken": (lambda asked: HALF, errors.ConnectionLost, None),
    "web page": (lambda asked: http(200, "<html>", "text/html"), errors.BrokenAnswer, 200),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_every_error_says_which_call_what_was_asked_and_what_to_do(call: Any, failure: str) -> None:
    script, kind, status = FAILURES[failure]
    with Nasty(script) as server, pytest.raises(kind) as caught:
        call(server.url, "fax.get", 4)
    error = caught.value
    assert isinstance(error, TrunklineError)
    assert (error.status, error.method) == (status, "GET")
    assert error.path.endswith("/Fax(4)")
    assert len(error.request_id) == 8
    assert error.hint
    if isinstance(error, errors.BadRequest):
        assert error.codes == {"Number": "WARNINGS.XAPI.ALREADY_IN_USE"}
        assert "Number is already in use" in error.message


def test_a_cancelled_call_leaves_the_client_healthy() -> None:
    answers = iter([http(200, "{}")._replace(delay=1.0)])

    async def run() -> None:
        with Nasty(lambda asked: next(answers, http(200, '{"Id":1}'))) as server:
            async with AsyncPbx(server.url, "id", "key") as pbx:
                task = asyncio.create_task(pbx.fax.get(1))
                while not server.api_calls:
                    assert not task.done(), "it ended before the server was asked"
                    await asyncio.sleep(0.01)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await asyncio.gather(*(pbx.fax.get(1) for _ in range(20))) == [{"Id": 1}] * 20

    asyncio.run(run())
