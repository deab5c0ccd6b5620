"""One contract for every adapter, sync and async: what goes over the wire, and what each mishap is called."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from asking import QUICK, WAYS, Ask
from certificates import Authority
from h2server import Answer, H2Server
from nasty import HALF, HTML, MISSING, RESET, TOKEN, Asked, Bytes, Nasty, closed_port, http
from trunkline import errors
from trunkline.client import AsyncPbx, Pbx
from trunkline.transport import httpx2_adapter
from trunkline.transport.options import AdapterName, InsecureConnection


def test_a_request_goes_out_as_it_was_built(ask: Ask) -> None:
    with Nasty(lambda asked: http(204)) as server:
        ask(server.url, "website_links.delete", "it's 100% a/b ü", if_match='W/"7"', if_match_anyway=True)
    sign_in, delete = server.asked
    assert sign_in.method == "POST"
    assert sign_in.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sign_in.body == b"client_id=id&client_secret=key&grant_type=client_credentials"
    assert delete.method == "DELETE"
    assert delete.target == "/xapi/v1/WebsiteLinks('it%27%27s%20100%25%20a%2Fb%20%C3%BC')"
    assert delete.headers["if-match"] == 'W/"7"'
    assert delete.headers["authorization"] == "Bearer opaque"
    assert delete.body == b""


def test_query_options_are_encoded_as_3cx_wants_them(ask: Ask) -> None:
    with Nasty(lambda asked: http(200, '{"value":[]}')) as server:
        ask(server.url, "users.list", orderby="Number desc", filter="contains(Number,'+4')")
    assert server.asked[-1].target == (
        "/xapi/v1/Users?$filter=contains(Number,'%2B4')&$orderby=Number%20desc&$top=100".replace(
            "'", server.asked[-1].target.partition("Number,")[2][: 3 if "%27" in server.asked[-1].target else 1]
        )
    )


def test_a_body_is_json(ask: Ask) -> None:
    with Nasty(lambda asked: http(201, asked.body.decode())) as server:
        answer = ask(server.url, "contacts.create", {"FirstName": "Zoë"})
    assert answer == {"FirstName": "Zoë"}
    assert server.asked[-1].headers["content-type"] == "application/json"


def test_a_compressed_answer_is_read(ask: Ask) -> None:
    body = gzip.compress(b'{"Id": 1, "Number": "9001"}')
    with Nasty(lambda asked: http(200, body, Content_Encoding="gzip")) as server:
        assert ask(server.url, "fax.get", 1) == {"Id": 1, "Number": "9001"}


def test_one_sign_in_serves_many_requests(ask: Ask) -> None:
    full = [json.dumps({"value": [{"Id": n} for n in range(start, start + 100)]}) for start in (0, 100)]
    pages = iter([*full, '{"value":[]}'])
    with Nasty(lambda asked: http(200, next(pages))) as server:
        assert len(ask(server.url, "fax.list")) == 200
    assert [asked.method for asked in server.asked] == ["POST", "GET", "GET", "GET"]


def _headed(*lines: bytes) -> Bytes:
    return Bytes(b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: 8", *lines, b"", b'{"Id":4}']))


MISHAPS: dict[str, tuple[Bytes, type[Exception], str, int]] = {
    # what the PBX does → error, part of its text, times it was asked
    "web page": (HTML, errors.BrokenAnswer, "web page instead of JSON", 1),
    "web page with 404": (
        http(404, "<html>no such page", "text/html"),
        errors.BrokenAnswer,
        "404 with a web page",
        1,
    ),
    "reset": (RESET, errors.ConnectionLost, "broke before the answer was complete", 3),
    "half an answer": (HALF, errors.ConnectionLost, "broke before the answer was complete", 3),
    "half a chunk": (
        Bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"),
        errors.ConnectionLost,
        "broke before the answer was complete",
        3,
    ),
    "closed without a word": (Bytes(b""), errors.ConnectionLost, "broke before the answer was complete", 3),
    "no HTTP": (Bytes(b"220 mail.example.com ESMTP\r\n\r\n"), errors.BrokenAnswer, "can't be read", 1),
    "no gzip": (http(200, b"{}", Content_Encoding="gzip"), errors.BrokenAnswer, "can't be read", 1),
    "1 MB in one header": (_headed(b"X-Big: " + b"a" * 1_000_000), errors.BrokenAnswer, "can't be read", 1),
    "1 MB of headers": (
        _headed(*[b"X-%d: " % n + b"a" * 1000 for n in range(1000)]),
        errors.BrokenAnswer,
        "be read",
        1,
    ),
    "half of JSON": (http(200, '{"Id": 4'), errors.BrokenAnswer, "ends or breaks early", 1),
    "redirect": (http(302, "", Location="http://127.0.0.1:1/elsewhere"), errors.BrokenAnswer, "not followed", 1),
    "500 without a body": (http(500), errors.ServerError, "status 500", 1),
    "502 from a proxy": (http(502, "<html>bad gateway", "text/html"), errors.ServerError, "status 502", 3),
    "slow": (http(200, "{}")._replace(delay=1.0), errors.TimedOut, "did not answer within 0.3 s", 3),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_mishap_while_reading_has_a_name_and_a_next_step(ask: Ask, mishap: str) -> None:
    answer, kind, text, times = MISHAPS[mishap]
    with Nasty(lambda asked: answer) as server, pytest.raises(kind, match=text) as caught:
        ask(server.url, "fax.get", 4, settings={"timeout": 0.3} if mishap == "slow" else {})
    assert len(server.api_calls) == times
    assert isinstance(caught.value, errors.TrunklineError)
    assert "key" not in str(caught.value).replace("API key", "")
    assert "opaque" not in str(caught.value)


@pytest.mark.parametrize("answer", [RESET, HALF], ids=["reset", "half an answer"])
def test_a_create_whose_fate_is_unknown_is_not_sent_again(ask: Ask, answer: Bytes) -> None:
    with Nasty(lambda asked: answer) as server, pytest.raises(errors.ConnectionLost, match="not known whether"):
        ask(server.url, "contacts.create", {"FirstName": "Ada"})
    assert len(server.api_calls) == 1


def test_a_delete_that_worked_before_the_connection_broke_counts_as_done(ask: Ask) -> None:
    answers = iter([RESET, http(404, '{"error":{"code":"","message":"gone"}}')])
    with Nasty(lambda asked: next(answers)) as server:
        assert ask(server.url, "fax.delete", 4) is None
    assert len(server.api_calls) == 2


def test_a_delete_that_is_answered_404_at_once_is_not_done(ask: Ask) -> None:
    with Nasty(lambda asked: MISSING) as server, pytest.raises(errors.NotFound, match="No fax with Id 4"):
        ask(server.url, "fax.delete", 4)
    assert len(server.api_calls) == 1


def test_nobody_at_home(ask: Ask) -> None:
    with pytest.raises(errors.Unreachable, match=r"can't be reached.*3 attempts") as caught:
        ask(closed_port(), "fax.get", 4)
    assert caught.value.processed is False


def test_an_unknown_name(ask: Ask) -> None:
    with pytest.raises(errors.Unreachable, match="can't be found"):
        ask("https://pbx.invalid", "fax.get", 4)


def test_a_web_page_at_the_sign_in(ask: Ask) -> None:
    with Nasty(lambda asked: HTML, sign_in=False) as server, pytest.raises(errors.BrokenAnswer, match="web page"):
        ask(server.url, "fax.get", 4)
    assert [asked.target for asked in server.asked] == ["/connect/token"]


def test_refused_credentials_are_tried_once(ask: Ask) -> None:
    def refuse(asked: Asked) -> Bytes:
        return http(400, '{"error":"invalid_client"}')

    with Nasty(refuse, sign_in=False) as server, pytest.raises(errors.SignInError, match="invalid_client"):
        ask(server.url, "fax.get", 4)
    assert len(server.asked) == 1


def test_a_dead_token_is_renewed_once_and_never_in_a_loop(ask: Ask) -> None:
    with Nasty(lambda asked: http(401)) as server, pytest.raises(errors.SignInError):
        ask(server.url, "fax.get", 4)
    assert [asked.target.partition("(")[0] for asked in server.asked] == ["/connect/token", "/xapi/v1/Fax"] * 2


def test_a_link_to_the_next_page_is_followed_on_the_same_host_only(ask: Ask) -> None:
    pages = iter(
        [
            '{"value":[{"Id":1}],"@odata.nextLink":"https://pbx.example.com/xapi/v1/Fax?$skiptoken=1"}',
            '{"value":[{"Id":2}]}',
        ]
    )
    with Nasty(lambda asked: http(200, next(pages))) as server:
        assert ask(server.url, "fax.list") == [{"Id": 1}, {"Id": 2}]
    assert server.asked[-1].target == "/xapi/v1/Fax?$skiptoken=1"


def test_retry_after_is_honoured(ask: Ask) -> None:
    answers = iter([http(429, "", Retry_After="0"), http(200, '{"Id":4}')])
    with Nasty(lambda asked: next(answers)) as server:
        assert ask(server.url, "fax.get", 4) == {"Id": 4}
    assert len(server.api_calls) == 2


def test_a_file_comes_with_its_name_and_type(ask: Ask) -> None:
    wav = http(200, b"RIFF....WAVE", "audio/x-wav", Content_Disposition='attachment; filename="../../rec 42.wav"')
    with Nasty(lambda asked: wav) as server:
        file = ask(server.url, "recordings.download_recording", 42)
    assert file == ("rec 42.wav", "audio/x-wav", b"RIFF....WAVE")


def test_plain_http_to_another_machine_is_allowed_loudly(ask: Ask) -> None:
    with pytest.warns(InsecureConnection, match="plain HTTP"), pytest.raises(errors.TransportError):
        ask("http://pbx.invalid:5000", "fax.get", 4)


def _raw(body: bytes, *headers: bytes, keep_alive: bool = False) -> Bytes:
    head = b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: application/json", *headers, b"", b""])
    return Bytes(head + body, keep_alive=keep_alive)


CHUNKED = b"Transfer-Encoding: chunked"
UNUSUAL = {
    "chunks": _raw(b'3\r\n{"I\r\n5\r\nd":4}\r\n0\r\n\r\n', CHUNKED),
    "a chunk a byte": _raw(b"".join(b"1\r\n%c\r\n" % byte for byte in b'{"Id":4}') + b"0\r\n\r\n", CHUNKED),
    "chunks with extensions and trailers": _raw(
        b'8;name="value"\r\n{"Id":4}\r\n0\r\nX-Sum: 1\r\n\r\n', CHUNKED, b"Trailer: X-Sum"
    ),
    "until the connection closes": _raw(b'{"Id":4}', b"Connection: close"),
    "100 Continue first": _raw(b'{"Id":4}', b"Content-Length: 8")._replace(
        data=b"HTTP/1.1 100 Continue\r\n\r\n" + _raw(b'{"Id":4}', b"Content-Length: 8").data
    ),
    "103 Early Hints first": Bytes(
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + _raw(b'{"Id":4}', b"Content-Length: 8").data
    ),
    "60 kB of headers": _headed(*[b"X-%d: " % n + b"a" * 1000 for n in range(60)], b"Content-Type: application/json"),
    "byte by byte": http(200, '{"Id":4}')._replace(trickle=0.001),
}


@pytest.mark.parametrize("answer", UNUSUAL)
def test_an_unusual_answer_is_an_answer(ask: Ask, answer: str) -> None:
    with Nasty(lambda asked: UNUSUAL[answer]) as server:
        assert ask(server.url, "fax.get", 4) == {"Id": 4}
    assert len(server.api_calls) == 1


def test_an_answer_without_chunks_is_empty(ask: Ask) -> None:
    with Nasty(lambda asked: _raw(b"0\r\n\r\n", CHUNKED, b"X-3CX-Version: 20.0.10", keep_alive=True)) as server:
        assert ask(server.url, "fax.delete", 4) is None


def test_what_follows_an_answer_is_not_taken_for_the_next(ask: Ask) -> None:
    answers = iter([b'{"value":[{"Id":1}],"@odata.nextLink":"/xapi/v1/Fax?$skip=1"}', b'{"value":[]}'])
    smuggled = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"value":[{"Id":66}]}'

    def answer(asked: Asked) -> Bytes:
        body = next(answers)
        return _raw(body + smuggled, b"Content-Length: %d" % len(body), keep_alive=True)

    with Nasty(answer) as server:
        try:
            assert ask(server.url, "fax.list") == [{"Id": 1}]
        except errors.TransportError:
            assert len(server.api_calls) < 3


def test_headers_that_are_too_large_leave_the_fate_of_a_create_unknown(ask: Ask) -> None:
    huge = _headed(b"X-Big: " + b"a" * 1_000_000)
    with Nasty(lambda asked: huge) as server, pytest.raises(errors.BrokenAnswer, match="not known whether"):
        ask(server.url, "contacts.create", {"FirstName": "Ada"})
    assert len(server.api_calls) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("action", "args"),
    [("fax.get", (4,)), ("contacts.create", ({"FirstName": "Ada"},)), ("fax.delete", (4,))],
    ids=["GET", "POST", "DELETE"],
)
def test_no_redirect_is_followed(ask: Ask, action: str, args: tuple[Any, ...], status: int) -> None:
    with Nasty(lambda asked: http(200, "{}")) as elsewhere:
        away = http(status, "", Location=f"{elsewhere.url}/xapi/v1/Fax(4)")
        with Nasty(lambda asked: away) as server, pytest.raises(errors.BrokenAnswer, match="not followed"):
            ask(server.url, action, *args)
        assert len(server.api_calls) == 1
        assert elsewhere.asked == [], "the token would have gone to another host"


def test_a_redirect_of_the_sign_in_is_not_followed(ask: Ask) -> None:
    with Nasty(lambda asked: http(200, "{}")) as elsewhere:
        away = http(307, "", Location=f"{elsewhere.url}/connect/token")
        with Nasty(lambda asked: away, sign_in=False) as server, pytest.raises(errors.TrunklineError):
            ask(server.url, "fax.get", 4)
        assert elsewhere.asked == [], "the API key would have gone to another host"


def _waiting(server: Nasty) -> Callable[[Any], None]:
    """A hook: the next request waits for the end of the connection, and gives it time to arrive."""

    def wait(event: Any) -> None:
        end = time.monotonic() + 20
        while server.open_connections:
            assert time.monotonic() < end, "the server goes on"
            time.sleep(0.005)
        time.sleep(0.05)

    return wait


@pytest.mark.parametrize("polite", [True, False], ids=["Connection: close", "silently"])
def test_a_connection_that_was_closed_meanwhile_is_made_again(ask: Ask, polite: bool) -> None:
    signed_in = TOKEN._replace(keep_alive=False)
    if polite:
        signed_in = signed_in._replace(data=TOKEN.data.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))

    def answer(asked: Asked) -> Bytes:
        return signed_in if asked.target == "/connect/token" else http(201, '{"Id":4}')

    with Nasty(answer, sign_in=False) as server:
        assert ask(server.url, "contacts.create", {"FirstName": "Ada"}, settings={"hooks": [_waiting(server)]}) == {
            "Id": 4
        }
    assert len(server.api_calls) == 1
    assert server.connections == 2


@pytest.mark.parametrize("mishap", [RESET, Bytes(b"")], ids=["reset", "closed"])
def test_a_create_on_a_used_connection_that_dies_is_not_sent_again(ask: Ask, mishap: Bytes) -> None:
    """HTTP libraries like to repeat what they think was never read."""
    with Nasty(lambda asked: mishap) as server, pytest.raises(errors.ConnectionLost, match="not known whether"):
        ask(server.url, "contacts.create", {"FirstName": "Ada"})
    assert server.connections == 1, "sign-in and create shared a connection"
    assert len(server.api_calls) == 1


def test_every_request_names_the_client_and_its_version(ask: Ask) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        ask(server.url, "fax.get", 4)
    sent = {asked.headers["user-agent"] for asked in server.api_calls}
    assert sent == {f"trunkline/{version('trunkline')}"}


def test_the_time_for_an_answer_counts_to_its_last_byte(ask: Ask) -> None:
    dripping = http(200, "[" + " " * 1000 + "]")._replace(trickle=0.01)
    with Nasty(lambda asked: dripping) as server, pytest.raises(errors.TimedOut, match=r"within 0\.2 s.*allow it more"):
        ask(server.url, "fax.get", 4, settings={"timeout": 0.2, "retries": QUICK._replace(attempts=1)})


def test_a_call_may_take_longer_than_the_client_allows(ask: Ask) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')._replace(delay=0.4)) as server:
        assert ask(server.url, "fax.get", 4, timeout=20, settings={"timeout": 0.2}) == {"Id": 4}


@pytest.mark.parametrize("adapter", ["pyreqwest", "httpx2"])
@pytest.mark.parametrize("turns", range(4))
def test_cancelling_counts_even_as_the_answer_arrives(adapter: AdapterName, turns: int) -> None:
    """A Ctrl-C that falls together with an answer must not be forgotten, however far the loop is with the answer."""
    go_on = threading.Event()

    def answer(asked: Asked) -> Bytes:
        if asked.target.endswith("Fax(1)"):
            go_on.wait(10)
        return http(200, '{"Id":4}')

    async def run(server: Nasty) -> None:
        async with AsyncPbx(server.url, "id", "key", adapter=adapter) as pbx:
            task = asyncio.create_task(pbx.call("fax.get", 1))
            await _until(lambda: len(server.api_calls) == 1)
            go_on.set()
            time.sleep(0.2)  # noqa: ASYNC251 - the answer is there, and the event loop doesn't know it yet
            for _ in range(turns):
                await asyncio.sleep(0)
            if task.cancel():
                with pytest.raises(asyncio.CancelledError):
                    await task

    with Nasty(answer) as server:
        asyncio.run(run(server))


@pytest.mark.parametrize("adapter", ["pyreqwest", "httpx2"])
def test_cancelling_leaves_a_healthy_client_and_no_connection(adapter: AdapterName) -> None:
    """httpx2 closes the connections; pyreqwest reads their answers in the background and uses them again."""
    go_on = threading.Event()

    def answer(asked: Asked) -> Bytes:
        if asked.target.endswith("Fax(1)"):
            go_on.wait(10)
        return http(200, '{"Id":4}')

    async def run(server: Nasty) -> None:
        async with AsyncPbx(server.url, "id", "key", adapter=adapter) as pbx:
            stuck = [asyncio.create_task(pbx.call("fax.get", 1)) for _ in range(5)]
            await _until(lambda: len(server.api_calls) == 5)
            for task in stuck:
                task.cancel()
            ends = await asyncio.gather(*stuck, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ends)
            assert await pbx.call("fax.get", 4) == {"Id": 4}
            go_on.set()
            assert await asyncio.gather(*[pbx.call("fax.get", 4) for _ in range(5)]) == [{"Id": 4}] * 5
        await _until(lambda: server.open_connections == 0)

    with Nasty(answer) as server:
        asyncio.run(run(server))


@pytest.mark.parametrize("adapter", ["pyreqwest", "httpx2"])
def test_closing_closes_every_connection_and_ends_the_use(adapter: AdapterName) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        with Pbx(server.url, "id", "key", adapter=adapter) as pbx:
            pbx.call("fax.get", 4)
            assert server.open_connections == 1
        asyncio.run(_until(lambda: server.open_connections == 0))
        with pytest.raises(errors.UsageError, match="closed"):
            pbx.call("fax.get", 4)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def over_http2(authority: Authority) -> dict[str, Any]:
    return {"http2": True, "verify": authority.ca_file}


def test_http2_where_the_server_speaks_it(ask: Ask, authority: Authority, over_http2: dict[str, Any]) -> None:
    with H2Server(
        authority.server("127.0.0.1"), GET=Answer(b'{"Id":4}'), POST=Answer(b'{"Id":5}', status=201)
    ) as server:
        assert ask(server.url, "fax.get", 4, settings=over_http2) == {"Id": 4}
        assert ask(server.url, "contacts.create", {"FirstName": "Zoë"}, settings=over_http2) == {"Id": 5}
    assert server.asked[-1].body == '{"FirstName":"Zoë"}'.encode()
    assert server.asked[-1].headers["authorization"] == "Bearer opaque"
    assert server.connections == 2


def test_http1_where_the_server_has_only_that(ask: Ask, authority: Authority, over_http2: dict[str, Any]) -> None:
    for alpn in ((), ("http/1.1",)):
        with Nasty(lambda asked: http(200, '{"Id":4}'), tls=authority.server("127.0.0.1", alpn=alpn)) as server:
            assert ask(server.url, "fax.get", 4, settings=over_http2) == {"Id": 4}
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(server.url, "fax.get", 4, settings={"http2": True}) == {"Id": 4}


def test_http2_is_not_offered_unless_asked_for(ask: Ask, authority: Authority) -> None:
    both = authority.server("127.0.0.1", alpn=("h2", "http/1.1"))
    with Nasty(lambda asked: http(200, '{"Id":4}'), tls=both) as server:
        assert ask(server.url, "fax.get", 4, settings={"verify": authority.ca_file}) == {"Id": 4}


@pytest.mark.parametrize("adapter", ["pyreqwest", "httpx2"])
def test_http2_carries_many_calls_on_one_connection(
    adapter: AdapterName, authority: Authority, over_http2: dict[str, Any]
) -> None:
    async def run(url: str) -> None:
        async with AsyncPbx(url, "id", "key", adapter=adapter, **over_http2) as pbx:
            assert await asyncio.gather(*[pbx.call("fax.get", 4) for _ in range(20)]) == [{"Id": 4}] * 20

    with H2Server(authority.server("127.0.0.1"), GET=Answer(b'{"Id":4}')) as server:
        asyncio.run(run(server.url))
    assert server.connections == 1


@pytest.mark.parametrize("mishap", [Answer(b"{", reset=True), Answer(b'{"Id":4}', length=400)], ids=["reset", "half"])
def test_a_stream_that_breaks_is_a_lost_connection(
    ask: Ask, mishap: Answer, authority: Authority, over_http2: dict[str, Any]
) -> None:
    with H2Server(authority.server("127.0.0.1"), GET=mishap, POST=mishap) as server:
        with pytest.raises(errors.ConnectionLost, match="broke before the answer was complete"):
            ask(server.url, "fax.get", 4, settings=over_http2)
        with pytest.raises(errors.ConnectionLost, match="not known whether"):
            ask(server.url, "contacts.create", {"FirstName": "Ada"}, settings=over_http2)
    assert [asked.method for asked in server.asked if asked.target != "/connect/token"] == ["GET"] * 3 + ["POST"]


def test_httpx2_without_h2_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx2_adapter, "find_spec", lambda name: None)
    with pytest.raises(errors.ConfigurationError, match=r"httpx2\[http2\]"):
        WAYS["sync-httpx2"]("https://pbx.invalid", "fax.get", 4, settings={"http2": True})
