"""Sign-in and retries as a conversation: what is sent, what is answered, and what is never sent again.

`Player` feeds scripted answers to the generator and keeps what it asked for; there is no network and no clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
from typing import Any
from urllib.parse import parse_qs

import pytest

from trunkline.errors import (
    BrokenAnswer,
    ConfigurationError,
    ConnectionLost,
    PbxError,
    ServerError,
    SignInError,
    TimedOut,
    TooManyRequests,
    TransportError,
    TrunklineError,
    Unreachable,
)
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport.async_driver import AsyncDriver
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import Pause, Retries, Send, Turn, Work, connected, exchange
from trunkline.transport.session import Session
from trunkline.transport.token import Token

NOW = 1_800_000_000.0
VERSION = {"x-3cx-version": "20.0.10.1109"}
GONE = {"error": {"code": "", "message": "Not Found"}}
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}
NO_WAIT = Retries(attempts=3, base=0.0)

GET = HttpRequest("GET", "/Fax?$top=1", (("Accept", "application/json"),))
DELETE = HttpRequest("DELETE", "/Fax(42)", (("If-Match", 'W/"5"'),))
POST = HttpRequest("POST", "/Fax", (), b'{"Number":"9001"}')
PATCH = HttpRequest("PATCH", "/Fax(42)", (), b"{}")
PUT = HttpRequest("PUT", "/Fax(42)", (), b"{}")
WRITES = [DELETE, POST, PATCH, PUT]

Answer = HttpResponse | TransportError


def by_method(request: HttpRequest) -> str:
    return request.method


def reply(status: int, headers: dict[str, str] | None = None, body: Any = b"") -> HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, headers or {}, content)


def granted(token: str = "t1", **more: Any) -> HttpResponse:
    return reply(200, JSON, {"token_type": "Bearer", "access_token": token, "expires_in": 3600, **more})


def lost() -> ConnectionLost:
    return ConnectionLost("pbx.example.com broke off.")


def unreached() -> Unreachable:
    return Unreachable("pbx.example.com can't be reached.", processed=False)


def signed_in(token: str = "t0") -> Session:
    session = Session("https://pbx.example.com", "client", "hunter2", clock=lambda: NOW)
    session.token = Token(token, NOW + 1000)
    return session


def signed_out() -> Session:
    return Session("https://pbx.example.com", "client", "hunter2", clock=lambda: NOW)


class Player:
    """Runs one exchange against a script of answers; ``steps`` reads like a protocol."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.steps: list[str] = []
        self.pauses: list[float] = []
        self.requests: list[HttpRequest] = []
        self.locked = False

    def play(self, session: Session, request: HttpRequest, retries: Retries = NO_WAIT) -> HttpResponse:
        conversation = exchange(session, request, retries)
        try:
            step = next(conversation)
            while True:
                answer = self._answer(step)
                step = conversation.throw(answer) if isinstance(answer, Exception) else conversation.send(answer)
        except StopIteration as done:
            self._ended()
            response: HttpResponse = done.value
            return response
        except TrunklineError:
            self._ended()
            raise

    def _ended(self) -> None:
        assert not self.locked, "the lock was kept"
        assert self.script == [], "answers were left over"

    def _answer(self, step: Any) -> Any:
        match step:
            case Turn.LOCK:
                assert not self.locked, "locked twice"
                self.locked = True
            case Turn.UNLOCK:
                assert self.locked, "unlocked without a lock"
                self.locked = False
            case Pause(seconds):
                assert not self.locked, "nobody should wait for a task that only waits"
                self.pauses.append(seconds)
                self.steps.append("pause")
            case Work(function):
                assert self.locked, "files and keyrings are for signing in"
                return function()
            case Send(request):
                sign_in = request.target == "https://pbx.example.com/connect/token"
                assert self.locked == sign_in, "the lock is for signing in, and for nothing else"
                self.requests.append(request)
                used = dict(request.headers).get("Authorization", "").removeprefix("Bearer ")
                self.steps.append("sign in" if sign_in else f"{request.method} with {used}")
                return self.script.pop(0)
        return None


def test_a_request_signs_in_first() -> None:
    player, session = Player(granted("t1"), reply(200)), signed_out()
    assert player.play(session, GET).status == 200
    assert player.steps == ["sign in", "GET with t1"]


def test_a_token_that_is_old_already_is_not_asked_for_again_and_again() -> None:
    hours = itertools.count(NOW, 7200)
    session = Session("https://pbx.example.com", "client", "hunter2", clock=lambda: next(hours))
    steps, asked, answer = connected(session, NO_WAIT), 0, None
    with contextlib.suppress(StopIteration):
        while asked < 3:
            step = steps.send(answer)
            asked += isinstance(step, Send)
            answer = step.function() if isinstance(step, Work) else granted() if isinstance(step, Send) else None
    assert asked == 1


def test_a_sign_in_is_a_form_with_client_credentials() -> None:
    player = Player(granted("t1"), reply(200))
    player.play(signed_out(), GET)
    sign_in = player.requests[0]
    assert sign_in.method == "POST"
    assert dict(sign_in.headers)["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs((sign_in.body or b"").decode()) == {
        "client_id": ["client"],
        "client_secret": ["hunter2"],
        "grant_type": ["client_credentials"],
    }


def test_a_request_goes_to_the_api_with_its_own_headers_and_the_token() -> None:
    player = Player(reply(204))
    player.play(signed_in("t0"), DELETE)
    (sent,) = player.requests
    assert sent.target == "https://pbx.example.com/xapi/v1/Fax(42)"
    assert dict(sent.headers) == {"If-Match": 'W/"5"', "Authorization": "Bearer t0"}


def test_a_token_is_used_again() -> None:
    session = signed_out()
    Player(granted("t1"), reply(200)).play(session, GET)
    second = Player(reply(200))
    second.play(session, GET)
    assert second.steps == ["GET with t1"]


def test_a_token_at_its_end_is_renewed_before_it_is_used() -> None:
    session = signed_in("old")
    session.token = Token("old", NOW)
    player = Player(granted("new"), reply(200))
    player.play(session, GET)
    assert player.steps == ["sign in", "GET with new"]


@pytest.mark.parametrize("request_", [GET, *WRITES], ids=by_method)
def test_a_401_is_answered_with_exactly_one_renewal(request_: HttpRequest) -> None:
    player = Player(reply(401), granted("t1"), reply(204))
    assert player.play(signed_in("t0"), request_).status == 204
    assert player.steps == [f"{request_.method} with t0", "sign in", f"{request_.method} with t1"]


@pytest.mark.parametrize(
    "answer",
    [
        reply(401, {"www-authenticate": 'Basic realm="proxy"'}),
        reply(401, HTML, b"<html>Log in</html>"),
        reply(401, JSON, {"message": "Unauthorized"}),
    ],
    ids=["Basic", "web page", "a gateway's JSON"],
)
@pytest.mark.parametrize("request_", [GET, *WRITES], ids=by_method)
def test_a_401_of_something_in_front_of_the_pbx_ends_no_token(request_: HttpRequest, answer: HttpResponse) -> None:
    player = Player(answer)
    assert player.play(signed_in("t0"), request_).status == 401
    assert len(player.requests) == 1


def test_a_second_401_is_the_answer() -> None:
    player = Player(reply(401), granted("t1"), reply(401))
    assert player.play(signed_in("t0"), GET).status == 401
    assert player.steps == ["GET with t0", "sign in", "GET with t1"]


def test_a_token_that_someone_else_renewed_meanwhile_is_taken_without_another_sign_in() -> None:
    session = signed_in("t0")
    conversation = exchange(session, GET, NO_WAIT)
    next(conversation)
    assert conversation.send(reply(401)) is Turn.LOCK
    session.token = Token("t1", NOW + 1000)  # another task, while this one waited for the lock
    assert conversation.send(None) is Turn.UNLOCK
    step = conversation.send(None)
    assert isinstance(step, Send)
    assert dict(step.request.headers)["Authorization"] == "Bearer t1"


@pytest.mark.parametrize("request_", [GET, *WRITES], ids=by_method)
def test_a_403_is_answered_with_one_renewal_where_another_process_fetched_the_token(request_: HttpRequest) -> None:
    player, session = Player(reply(403), granted("t1"), reply(204)), signed_in()
    session.token = Token("t0", NOW + 1000, shared=True)
    assert player.play(session, request_).status == 204
    assert player.steps == [f"{request_.method} with t0", "sign in", f"{request_.method} with t1"]


def test_a_second_403_is_the_answer_and_is_believed_from_then_on() -> None:
    player, session = Player(reply(403), granted("t1"), reply(403)), signed_in()
    session.token = Token("t0", NOW + 1000, shared=True)
    assert player.play(session, GET).status == 403
    assert Player(reply(403)).play(session, GET).status == 403


def test_a_403_is_believed_where_this_process_fetched_the_token() -> None:
    player = Player(granted("t1"), reply(403))
    assert player.play(signed_out(), GET).status == 403
    assert player.steps == ["sign in", "GET with t1"]


@pytest.mark.parametrize("answer", [reply(403, HTML, b"<html></html>"), reply(403, JSON, {"message": "Forbidden"})])
def test_a_403_of_something_in_front_of_the_pbx_ends_no_token(answer: HttpResponse) -> None:
    session = signed_in()
    session.token = Token("t0", NOW + 1000, shared=True)
    assert Player(answer).play(session, GET).status == 403


def test_a_renewal_after_a_403_that_is_refused_is_not_tried_again() -> None:
    session = signed_in()
    session.token = Token("t0", NOW + 1000, shared=True)
    with pytest.raises(SignInError):
        Player(reply(403), reply(401)).play(session, GET)
    with pytest.raises(SignInError):
        Player(reply(403)).play(session, GET)


@pytest.mark.parametrize(
    "answer",
    [
        reply(400, JSON, {"error": "invalid_client"}),
        reply(401, JSON, {"error": "unauthorized", "error_description": "Wrong key"}),
        reply(401, JSON, {"error": "unauthorized", "error_description": "Wrong\r\n\x1b[2Jkey"}),
        reply(401),
        reply(403, HTML, b"<html></html>"),
        reply(400, JSON, b'{"error":'),
    ],
    ids=["400", "401 described", "401 for a terminal", "401 bare", "403 page", "400 broken"],
)
def test_refused_credentials_are_never_tried_again(answer: HttpResponse) -> None:
    session = signed_out()
    with pytest.raises(SignInError) as first:
        Player(answer).play(session, GET)
    silent = Player()
    with pytest.raises(SignInError) as second:
        silent.play(session, GET)
    assert silent.requests == []
    assert str(first.value) == str(second.value)
    assert "hunter2" not in str(first.value)
    assert "'client'" in str(first.value)
    assert str(first.value).isprintable()


def test_a_refusal_says_what_the_pbx_said() -> None:
    with pytest.raises(SignInError, match="Wrong key"):
        Player(reply(401, JSON, {"error": "unauthorized", "error_description": "Wrong key"})).play(signed_out(), GET)


def test_a_renewal_that_is_refused_ends_the_matter() -> None:
    session = signed_in("t0")
    with pytest.raises(SignInError):
        Player(reply(401), reply(401)).play(session, GET)
    with pytest.raises(SignInError):
        Player(reply(401)).play(session, GET)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(429), TooManyRequests),
        (reply(500), ServerError),
        (reply(503, {"retry-after": "1"}), ServerError),
        (reply(404, HTML, b"<html></html>"), BrokenAnswer),
        (reply(200, HTML, b"<html></html>"), BrokenAnswer),
        (reply(200, JSON, b'{"access_token": "t'), BrokenAnswer),
        (reply(200, JSON, {}), BrokenAnswer),
        (reply(200, JSON, []), BrokenAnswer),
    ],
    ids=["429", "500", "503", "404 page", "page", "half", "no token", "a list"],
)
def test_a_sign_in_that_fails_otherwise_may_be_tried_by_the_next_request(
    answer: HttpResponse, error: type[Exception]
) -> None:
    session = signed_out()
    with pytest.raises(error):
        Player(answer).play(session, POST)
    assert Player(granted("t1"), reply(201)).play(session, POST).status == 201


@pytest.mark.parametrize(("status", "error"), [(429, TooManyRequests), (503, ServerError)])
def test_a_sign_in_that_is_put_off_says_for_how_long(status: int, error: type[PbxError]) -> None:
    with pytest.raises(error, match="after 40 seconds") as raised:
        Player(reply(status, {"retry-after": "40"})).play(signed_out(), POST)
    assert raised.value.retry_after == 40


@pytest.mark.parametrize("request_", [GET, *WRITES], ids=by_method)
def test_a_sign_in_that_was_lost_is_safe_to_repeat_whatever_waits_for_it(request_: HttpRequest) -> None:
    player = Player(lost(), TimedOut("pbx.example.com took too long."), granted("t1"), reply(204))
    assert player.play(signed_out(), request_).status == 204
    assert player.steps == ["sign in", "pause", "sign in", "pause", "sign in", f"{request_.method} with t1"]


@pytest.mark.parametrize("request_", WRITES, ids=by_method)
def test_of_a_request_that_waited_for_a_lost_sign_in_it_is_known_that_nothing_was_done(request_: HttpRequest) -> None:
    with pytest.raises(ConnectionLost) as raised:
        Player(lost(), lost(), lost()).play(signed_out(), request_)
    assert raised.value.processed is False
    assert "not known whether" not in str(raised.value)


def test_a_delete_lost_before_a_key_that_can_t_be_had_stays_unknown() -> None:
    def vault() -> str:
        raise OSError

    session = Session("https://pbx.example.com", "client", vault, clock=lambda: NOW)
    session.token = Token("t0", NOW + 1000)
    with pytest.raises(ConfigurationError, match="not known whether"):
        Player(lost(), reply(401)).play(session, DELETE)


def test_a_get_is_tried_again_after_any_loss() -> None:
    player = Player(lost(), TimedOut("pbx.example.com took too long."), reply(200))
    assert player.play(signed_in(), GET).status == 200
    assert player.steps == ["GET with t0", "pause", "GET with t0", "pause", "GET with t0"]


def test_attempts_have_an_end_and_the_message_counts_them() -> None:
    with pytest.raises(ConnectionLost, match="3 attempts"):
        Player(lost(), lost(), lost()).play(signed_in(), GET)


def test_one_attempt_is_one_attempt() -> None:
    player = Player(lost())
    with pytest.raises(ConnectionLost):
        player.play(signed_in(), GET, Retries(attempts=1))
    assert player.steps == ["GET with t0"]


def test_a_delete_is_tried_again_and_a_404_then_means_that_the_first_try_had_worked() -> None:
    player = Player(lost(), reply(404, JSON, GONE))
    answer = player.play(signed_in(), DELETE)
    assert (answer.status, answer.body) == (204, b"")
    assert player.steps == ["DELETE with t0", "pause", "DELETE with t0"]


@pytest.mark.parametrize("headers", [VERSION, {}], ids=["the PBX's", "somebody's"])
@pytest.mark.parametrize(
    ("script", "status"),
    [
        ([reply(404)], 404),
        ([unreached(), reply(404)], 404),
        ([lost(), reply(404)], 204),
        ([reply(503, {"retry-after": "1"}), reply(404)], 204),
        ([reply(503), reply(404)], 204),
        ([reply(502), reply(404)], 204),
        ([reply(504), reply(404)], 204),
        ([reply(429), reply(404)], 204),
        ([lost(), reply(401), granted("t1"), reply(404)], 204),
        ([lost(), reply(429, {"retry-after": "1"}), reply(404)], 204),
        ([reply(503), lost(), reply(404)], 204),
    ],
    ids=[
        "at the first try",
        "after no connection",
        "after a loss",
        "after a 503 that asks to wait",
        "after a 503",
        "after a 502",
        "after a 504",
        "after a 429",
        "renewed between",
        "slowed down between",
        "lost after a 503",
    ],
)
def test_a_404_of_a_delete_that_may_have_worked_means_done_if_it_is_the_pbx_s(
    script: list[Answer], status: int, headers: dict[str, str]
) -> None:
    script = [*script[:-1], reply(404, headers)]
    assert Player(*script).play(signed_in(), DELETE).status == (status if headers else 404)


@pytest.mark.parametrize(
    ("last", "status"), [(reply(404, HTML, b"<html></html>"), 404), (reply(412), 412), (reply(204), 204)]
)
def test_any_other_answer_to_a_delete_sent_again_is_the_answer(last: HttpResponse, status: int) -> None:
    assert Player(lost(), last).play(signed_in(), DELETE).status == status


@pytest.mark.parametrize("request_", [POST, PATCH, PUT], ids=by_method)
@pytest.mark.parametrize("error", [lost(), TimedOut("took too long.")], ids=["lost", "timed out"])
def test_a_write_is_not_repeated_when_it_may_have_been_done(request_: HttpRequest, error: TransportError) -> None:
    player = Player(error)
    with pytest.raises(TransportError, match="not known whether") as raised:
        player.play(signed_in(), request_)
    assert len(player.requests) == 1
    assert raised.value.processed is None


@pytest.mark.parametrize("request_", [POST, PATCH, DELETE, GET], ids=by_method)
def test_any_request_is_repeated_when_surely_nothing_was_done(request_: HttpRequest) -> None:
    player = Player(unreached(), reply(200))
    assert player.play(signed_in(), request_).status == 200
    assert len(player.requests) == 2


@pytest.mark.parametrize("request_", WRITES, ids=by_method)
def test_a_pbx_that_is_never_reached_has_done_nothing(request_: HttpRequest) -> None:
    with pytest.raises(Unreachable) as raised:
        Player(unreached(), unreached(), unreached()).play(signed_in(), request_)
    assert raised.value.processed is False
    assert "not known whether" not in str(raised.value)


def test_a_delete_lost_once_stays_unknown_though_later_tries_never_arrived() -> None:
    with pytest.raises(Unreachable, match="not known whether") as raised:
        Player(lost(), unreached(), unreached()).play(signed_in(), DELETE)
    assert raised.value.processed is None


@pytest.mark.parametrize("request_", [GET, DELETE], ids=by_method)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_retry_after_is_waited_for_to_the_second(request_: HttpRequest, status: int) -> None:
    player = Player(reply(status, {"retry-after": "7"}), reply(204))
    assert player.play(signed_in(), request_).status == 204
    assert player.pauses == [7.0]


@pytest.mark.parametrize("request_", [POST, PATCH, PUT], ids=by_method)
@pytest.mark.parametrize("headers", [{}, {"retry-after": "7"}, {"retry-after": "0"}], ids=["", "7 s", "at once"])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_no_status_proves_that_a_write_was_not_carried_out(
    request_: HttpRequest, status: int, headers: dict[str, str]
) -> None:
    player = Player(reply(status, headers))
    assert player.play(signed_in(), request_).status == status
    assert len(player.requests) == 1


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ("Wed, 21 Oct 2026 07:28:07 GMT", 7.0),
        ("Wednesday, 21-Oct-26 07:28:02 GMT", 2.0),
        ("Tue, 20 Oct 2026 07:28:00 GMT", 0),
    ],
)
def test_a_retry_after_that_is_a_date_counts_on_the_pbx_s_own_clock(after: str, seconds: float) -> None:
    player = Player(reply(429, {"retry-after": after, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}), reply(204))
    assert player.play(signed_in(), DELETE).status == 204
    assert player.pauses == [seconds]


@pytest.mark.parametrize("request_", [GET, *WRITES], ids=by_method)
def test_retry_after_above_the_ceiling_is_the_caller_s_to_wait_for(request_: HttpRequest) -> None:
    player = Player(reply(503, {"retry-after": "21"}))
    assert player.play(signed_in(), request_).status == 503
    assert player.pauses == []


@pytest.mark.parametrize("after", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1.5", "²"])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("request_", [GET, DELETE], ids=by_method)
def test_without_a_readable_retry_after_the_wait_is_short(request_: HttpRequest, status: int, after: str) -> None:
    player = Player(reply(status, {"retry-after": after} if after else {}), reply(200))
    assert player.play(signed_in(), request_).status == 200
    assert player.pauses == [0.0]


@pytest.mark.parametrize(
    ("script", "processed"),
    [
        ([reply(503, {"retry-after": "1"})], None),
        ([lost()], None),
        ([unreached()], False),
    ],
    ids=["after a 503", "after a loss", "after no connection"],
)
def test_time_that_runs_out_in_a_pause_leaves_open_what_was_open(script: list[Answer], processed: bool | None) -> None:
    class OutOfTime(Player):
        def _answer(self, step: Any) -> Any:
            return TimedOut("out of time.") if isinstance(step, Pause) else super()._answer(step)

    with pytest.raises(TimedOut) as raised:
        OutOfTime(*script).play(signed_in(), DELETE)
    assert raised.value.processed is processed
    assert ("not known whether" in str(raised.value)) == (processed is None)


@pytest.mark.parametrize(
    ("sign_in", "error"), [(reply(503), ServerError), (reply(429), TooManyRequests), (reply(400), SignInError)]
)
def test_of_a_request_that_waits_for_a_sign_in_that_fails_it_is_known_that_nothing_was_done(
    sign_in: HttpResponse, error: type[PbxError]
) -> None:
    with pytest.raises(error) as raised:
        Player(sign_in).play(signed_out(), POST)
    assert raised.value.processed is False


def test_a_delete_lost_before_a_sign_in_that_fails_stays_unknown() -> None:
    with pytest.raises(ServerError, match="not known whether") as raised:
        Player(lost(), reply(401), reply(503)).play(signed_in(), DELETE)
    assert raised.value.processed is None


@pytest.mark.parametrize("status", [200, 201, 204, 302, 400, 403, 404, 405, 409, 412, 418, 500, 501])
@pytest.mark.parametrize("request_", [GET, *WRITES], ids=by_method)
def test_any_other_answer_counts_at_once(request_: HttpRequest, status: int) -> None:
    player = Player(reply(status, {"retry-after": "1"}))
    assert player.play(signed_in(), request_).status == status
    assert player.pauses == []


def test_answers_that_ask_to_wait_are_counted_as_attempts() -> None:
    busy = reply(503, {"retry-after": "1"})
    assert Player(busy, busy, busy).play(signed_in(), DELETE).status == 503


def test_a_broken_answer_is_not_asked_for_again() -> None:
    player = Player(BrokenAnswer("half a document."))
    with pytest.raises(BrokenAnswer):
        player.play(signed_in(), GET)
    assert len(player.requests) == 1


def test_waits_stay_below_their_ceiling_and_vary() -> None:
    retries = Retries(attempts=9, base=1.0, ceiling=5.0)
    waits = [retries.delay(attempt) for attempt in range(9) for _ in range(50)]
    assert all(0 <= wait <= 5 for wait in waits)
    assert max(retries.delay(0) for _ in range(50)) <= 1
    assert len(set(waits)) > 100


def test_the_version_is_learned_from_answers() -> None:
    session = signed_out()
    Player(granted("t1"), reply(200, {"x-3cx-version": "20.0.9.1109"})).play(session, GET)
    assert session.version == "20.0.9.1109"


def test_the_version_of_a_sign_in_s_answer_tells_its_minutes_from_seconds() -> None:
    session = signed_out()
    answer = granted("t1", expires_in=60)._replace(headers={**JSON, "x-3cx-version": "20.0.9"})
    Player(answer, reply(200)).play(session, GET)
    assert session.token is not None
    assert not session.token.fresh(NOW + 60)


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


class Pbx:
    """A stand-in PBX: one token lives at a time, as on a 3CX, and it counts sign-ins."""

    def __init__(self) -> None:
        self.sign_ins = 0
        self.lock = threading.Lock()

    def answer(self, request: HttpRequest) -> HttpResponse:
        with self.lock:
            if request.target.endswith("/connect/token"):
                self.sign_ins += 1
                return granted(f"t{self.sign_ins}")
            live = dict(request.headers)["Authorization"] == f"Bearer t{self.sign_ins}"
            return reply(200 if live else 401)


class Adapter(Pbx):
    def send(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def close(self) -> None: ...


class AsyncAdapter(Pbx):
    async def send(self, request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        return self.answer(request)

    async def close(self) -> None: ...


@pytest.mark.parametrize("first", ["no token", "a dead token"])
def test_many_threads_at_once_sign_in_once(first: str) -> None:
    adapter, session = Adapter(), signed_out() if first == "no token" else signed_in("dead")
    driver, statuses, start = Driver(adapter), [], threading.Barrier(16)

    def work() -> None:
        start.wait(10)
        statuses.append(driver.run(exchange(session, GET, NO_WAIT)).status)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert statuses == [200] * 16
    assert adapter.sign_ins == 1


@pytest.mark.parametrize("first", ["no token", "a dead token"])
def test_many_tasks_at_once_sign_in_once(first: str) -> None:
    adapter, session = AsyncAdapter(), signed_out() if first == "no token" else signed_in("dead")

    async def run() -> list[HttpResponse]:
        driver = AsyncDriver(adapter)
        return await asyncio.gather(*(driver.run(exchange(session, GET, NO_WAIT)) for _ in range(50)))

    assert [answer.status for answer in asyncio.run(run())] == [200] * 50
    assert adapter.sign_ins == 1


def test_many_threads_with_refused_credentials_ask_once() -> None:
    class Refusing(Adapter):
        def answer(self, request: HttpRequest) -> HttpResponse:
            with self.lock:
                self.sign_ins += 1
            return reply(401)

    adapter, session, refused = Refusing(), signed_out(), []
    driver, start = Driver(adapter), threading.Barrier(8)

    def work() -> None:
        start.wait(10)
        try:
            driver.run(exchange(session, GET, NO_WAIT))
        except SignInError as error:
            refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(refused) == 8
    assert adapter.sign_ins == 1


def test_a_task_cancelled_while_it_signs_in_gives_the_lock_back() -> None:
    class Hanging(AsyncAdapter):
        hang = True

        async def send(self, request: HttpRequest) -> HttpResponse:
            if self.hang:
                self.asked.set()
                await asyncio.Event().wait()
            return self.answer(request)

    adapter, session = Hanging(), signed_out()

    async def run() -> int:
        adapter.asked = asyncio.Event()
        driver = AsyncDriver(adapter)
        task = asyncio.create_task(driver.run(exchange(session, GET, NO_WAIT)))
        waiting = asyncio.create_task(driver.run(exchange(session, GET, NO_WAIT)))
        await adapter.asked.wait()
        adapter.hang = False
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            return (await waiting).status

    assert asyncio.run(run()) == 200
    assert adapter.sign_ins == 1


def test_a_task_cancelled_while_it_waits_for_the_lock_does_not_take_it_along() -> None:
    class Gated(AsyncAdapter):
        async def send(self, request: HttpRequest) -> HttpResponse:
            if request.target.endswith("/connect/token"):
                await self.gate.wait()
            return self.answer(request)

    adapter, session = Gated(), signed_out()

    async def run() -> list[int]:
        adapter.gate = asyncio.Event()
        driver = AsyncDriver(adapter)
        tasks = [asyncio.create_task(driver.run(exchange(session, GET, NO_WAIT))) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        adapter.gate.set()
        async with asyncio.timeout(10):
            return [(await task).status for task in (tasks[0], tasks[2])]

    assert asyncio.run(run()) == [200, 200]
    assert adapter.sign_ins == 1


def test_a_thread_that_is_interrupted_while_it_signs_in_gives_the_lock_back() -> None:
    class Interrupted(Adapter):
        first = True

        def send(self, request: HttpRequest) -> HttpResponse:
            if self.first:
                self.first = False
                raise KeyboardInterrupt
            return self.answer(request)

    driver, session = Driver(Interrupted()), signed_out()
    with pytest.raises(KeyboardInterrupt):
        driver.run(exchange(session, GET, NO_WAIT))
    statuses: list[int] = []
    thread = threading.Thread(
        target=lambda: statuses.append(driver.run(exchange(session, GET, NO_WAIT)).status), daemon=True
    )
    thread.start()
    thread.join(10)
    assert statuses == [200]
