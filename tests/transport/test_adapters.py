"""One contract for every adapter, sync and async: what goes over the wire, and what each mishap is called."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import pytest

from nasty import HALF, HTML, RESET, Asked, Bytes, Nasty, closed_port, http
from trunkline import errors
from trunkline.client import AsyncPbx, Pbx
from trunkline.transport.exchange import Retries
from trunkline.transport.options import AdapterName, InsecureConnection

QUICK = Retries(attempts=3, base=0.001)
Ask = Callable[..., Any]


def _ask_sync(adapter: AdapterName) -> Ask:
    def ask(url: str, action: str, *args: Any, settings: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        with Pbx(url, "id", "key", adapter=adapter, **{"retries": QUICK, **(settings or {})}) as pbx:
            answer = pbx.call(action, *args, **kwargs)
            return list(answer) if pbx.action(action).answer_kind == "list" else answer

    return ask


def _ask_async(adapter: AdapterName) -> Ask:
    def ask(url: str, action: str, *args: Any, settings: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        async def run() -> Any:
            async with AsyncPbx(url, "id", "key", adapter=adapter, **{"retries": QUICK, **(settings or {})}) as pbx:
                return await pbx.call(action, *args, **kwargs)

        return asyncio.run(run())

    return ask


@pytest.fixture(
    params=[(make, adapter) for make in (_ask_sync, _ask_async) for adapter in ("pyreqwest", "httpx2")],
    ids=lambda param: f"{param[0].__name__.removeprefix('_ask_')}-{param[1]}",
)
def ask(request: pytest.FixtureRequest) -> Ask:
    make, adapter = request.param
    made: Ask = make(adapter)
    return made


def test_a_request_goes_out_as_it_was_built(ask: Ask) -> None:
    with Nasty(lambda asked: http(204)) as server:
        ask(server.url, "website_links.delete", "it's 100% a/b ü", if_match='W/"7"')
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
    rows = "[" + ",".join(['{"Id":1}'] * 100) + "]"
    pages = iter([f'{{"value":{rows}}}', f'{{"value":{rows}}}', '{"value":[]}'])
    with Nasty(lambda asked: http(200, next(pages))) as server:
        assert len(ask(server.url, "fax.list")) == 200
    assert [asked.method for asked in server.asked] == ["POST", "GET", "GET", "GET"]


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
    "half of JSON": (http(200, '{"Id": 4'), errors.BrokenAnswer, "ends or breaks early", 1),
    "redirect": (http(302, "", Location="http://127.0.0.1:1/elsewhere"), errors.PbxError, "not followed", 1),
    "500 without a body": (http(500), errors.ServerError, "status 500", 1),
    "502 from a proxy": (http(502, "<html>bad gateway", "text/html"), errors.ServerError, "status 502", 3),
    "slow": (http(200, "{}")._replace(delay=1.0), errors.TimedOut, "did not answer within 0.3 s", 3),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_mishap_while_reading_has_a_name_and_a_next_step(ask: Ask, mishap: str) -> None:
    answer, kind, text, times = MISHAPS[mishap]
    with Nasty(lambda asked: answer) as server, pytest.raises(kind, match=text) as caught:
        ask(server.url, "fax.get", 4, settings={"timeout": 0.3})
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
    with Nasty(lambda asked: http(404)) as server, pytest.raises(errors.NotFound, match="No fax with Id 4"):
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
