"""Sign-in and retries as a conversation: what is sent, what is answered, and what is never sent again.

`Player` (playing.py) feeds scripted answers to the generator and keeps what it asked for: no network, no clock.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import Any
from urllib.parse import parse_qs

import pytest

from playing import (
    DELETE,
    GET,
    GONE,
    HTML,
    JSON,
    NO_WAIT,
    NOW,
    PATCH,
    POST,
    PUT,
    VERSION,
    WRITES,
    Answer,
    Player,
    by_method,
    granted,
    lost,
    reply,
    signed_in,
    signed_out,
    unreached,
)
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
    Unreachable,
)
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport.exchange import Pause, Send, Turn, Work, connected, exchange
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.token import Token


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
    assert isinstance(sign_in.body, bytes)
    assert parse_qs(sign_in.body.decode()) == {
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


@pytest.mark.parametrize(("status", "is_named"), [(403, True), (401, False), (400, False)])
def test_a_403_names_a_blocked_address_beside_the_key(status: int, is_named: bool) -> None:
    with pytest.raises(SignInError) as error:
        Player(reply(status)).play(signed_out(), GET)
    assert ("the PBX blocks this machine's address" in str(error.value)) is is_named
    assert "API key" in str(error.value)


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
