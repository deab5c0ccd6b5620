"""What a gateway answers in place of the PBX is never taken for the PBX's word, whichever door a request comes from."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from nasty import MISSING, RESET, Bytes, Nasty, http
from trunkline import BrokenAnswer, ItemsFailed, NotFound, Pbx, PbxError, ServerError
from trunkline.node import Node
from trunkline.result import HttpResponse, is_from_pbx
from trunkline.transport.retries import Retries
from trunkline_emulator import Emulator

QUICK = Retries(attempts=3, base=0.001)
GATEWAYS = {
    "Traefik": http(404, "404 page not found\n", "text/plain; charset=utf-8"),
    "empty": Bytes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", keep_alive=True),
    "Kong": http(404, '{"message":"no Route matched with those values"}'),
    "Google": http(404, '{"error":{"code":404,"message":"Not found"}}'),
    "nginx": http(404, "<html>404 Not Found</html>", "text/html"),
}


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_delete_that_was_lost_before_a_gateway_s_404_is_not_done(gateway: str) -> None:
    answers = iter([RESET, GATEWAYS[gateway]])
    with (
        Nasty(lambda asked: next(answers)) as server,
        Pbx(server.url, CLIENT, KEY, retries=QUICK) as pbx,
        pytest.raises(BrokenAnswer, match="not known whether the PBX carried it out") as raised,
    ):
        pbx.fax.delete(4)
    assert (raised.value.status, raised.value.processed) == (404, None)


def test_a_fax_that_a_gateway_hides_is_still_there(system: System) -> None:
    with Pbx(system.url, CLIENT, KEY, retries=QUICK) as pbx:
        fax = pbx.fax.list(top=1).all()[0]
        system.emulator.add_fault("reset-before:times=1@DELETE /Fax*")
        system.emulator.add_fault("gateway-404:times=1@DELETE /Fax*")
        with pytest.raises(BrokenAnswer):
            pbx.fax.delete(fax["Id"])
        assert pbx.fax.get(fax["Id"])["Id"] == fax["Id"]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_dead_route_has_no_missing_entities(gateway: str) -> None:
    with Nasty(lambda asked: GATEWAYS[gateway]) as server, Pbx(server.url, CLIENT, KEY, retries=QUICK) as pbx:
        node = Node("fax.delete", {"Id": "{{ $json.Id }}"}, missing_ok=True, on_error="continue")
        outcome = node.run(pbx, [{"Id": n} for n in range(5)])
    assert len(outcome.errors) == 5
    assert {type(error) for error in outcome.errors.values()} == {BrokenAnswer}


def test_what_the_pbx_lacks_is_missing() -> None:
    with Nasty(lambda asked: MISSING) as server, Pbx(server.url, CLIENT, KEY, retries=QUICK) as pbx:
        node = Node("fax.delete", {"Id": "{{ $json.Id }}"}, missing_ok=True)
        outcome = node.run(pbx, [{"Id": n} for n in range(5)])
    assert not outcome.errors


@pytest.mark.parametrize("retry_after", [None, "0", "1"])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("action", ["contacts.create", "contacts.update"])
def test_a_write_is_sent_once_whatever_the_answer_asks_for(action: str, status: int, retry_after: str | None) -> None:
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    arguments: dict[str, Any] = {"body": {"FirstName": "Ada"}} | ({"Id": 4} if action == "contacts.update" else {})
    with (
        Nasty(lambda asked: http(status, "", **headers)) as server,
        Pbx(server.url, CLIENT, KEY, retries=QUICK) as pbx,
        pytest.raises(PbxError, match="not known whether the PBX carried it out") as raised,
    ):
        pbx.call(action, **arguments)
    assert len(server.api_calls) == 1
    assert raised.value.processed is None
    assert raised.value.retry_after == (None if retry_after is None else float(retry_after))


def test_a_503_after_effect_doubles_no_create(system: System) -> None:
    with Pbx(system.url, CLIENT, KEY, retries=QUICK) as pbx:
        before = len(pbx.contacts.list().all())
        system.emulator.add_fault("503-after=0@POST /Contacts")
        for n in range(5):
            with pytest.raises(ServerError, match="not known whether"):
                pbx.contacts.create({"FirstName": f"Ada {n}", "PhoneNumber": "+442079460001"})
        assert len(pbx.contacts.list().all()) == before + 5


def test_a_503_after_effect_makes_no_delete_fail(system: System) -> None:
    with Pbx(system.url, CLIENT, KEY, retries=QUICK) as pbx:
        fax = pbx.fax.list(top=1).all()[0]
        system.emulator.add_fault("503-after=0:times=1@DELETE /Fax*")
        assert pbx.fax.delete(fax["Id"]) is None
        with pytest.raises(NotFound):
            pbx.fax.get(fax["Id"])


PORTALS = {
    "a portal's page": http(200, "<html>Sign in to this network</html>", "text/html"),
    "an empty page": http(200, "", "text/html"),
    "a 204 with a page's type": Bytes(b"HTTP/1.1 204 X\r\nContent-Type: text/html\r\n\r\n", keep_alive=True),
    "a health check": http(200, '{"status":"ok"}'),
    "a text": http(200, "OK", "text/plain"),
    "an empty 200": http(200, ""),
    "accepted for later": http(202, ""),
    "a redirect": http(302, "", Location="https://portal.example.com/login"),
    "not modified": Bytes(b"HTTP/1.1 304 X\r\n\r\n", keep_alive=True),
    "a proxy's 403": http(403, "<html>Blocked</html>", "text/html"),
    "a proxy's 401": http(401, "", WWW_Authenticate='Basic realm="proxy"'),
    "a proxy's 412": http(412, "precondition failed", "text/plain"),
}


@pytest.mark.parametrize("portal", PORTALS)
def test_what_a_portal_answers_to_a_delete_does_not_say_that_it_is_done(portal: str) -> None:
    with Nasty(lambda asked: PORTALS[portal]) as server, Pbx(server.url, CLIENT, KEY, retries=QUICK) as pbx:
        with pytest.raises(BrokenAnswer, match="not known whether the PBX carried it out") as raised:
            pbx.fax.delete(4)
        with pytest.raises(ItemsFailed):
            Node("fax.delete", {"Id": "{{ $json.Id }}"}, missing_ok=True).run(pbx, [{"Id": 4}])
    assert raised.value.processed is None
    assert sum(asked.target == "/connect/token" for asked in server.asked) == 1


def test_no_content_is_not_an_empty_list() -> None:
    with Nasty(lambda asked: http(204)) as server, Pbx(server.url, CLIENT, KEY, retries=QUICK) as pbx:
        with pytest.raises(BrokenAnswer):
            pbx.users.list().all()


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.8", "20.0.10"])
@pytest.mark.parametrize("version_header", [True, False])
@pytest.mark.parametrize("error_bodies", ["full", "empty"])
@pytest.mark.parametrize("path", ["/Fax(999999)", "/Nothing", "/Fax(999999)/Nothing", "/Users(Number='none')", "/../x"])
def test_every_404_of_the_emulator_is_recognisable(
    version: str, version_header: bool, error_bodies: str, path: str
) -> None:
    variants = {"version_header": version_header, "error_bodies": error_bodies}
    answer = Emulator(client_id=CLIENT, api_key=KEY, version=version, variants=variants).ask("GET", path)
    assert answer.status == 404
    assert is_from_pbx(HttpResponse(answer.status, answer.headers, answer.body))
