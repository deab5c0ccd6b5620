"""POST /connect/token and what a token opens (docs/pbx.md, Signing in)."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_emulator.clock import Clock
from trunkline_emulator.messages import Headers, Request
from trunkline_emulator.refusals import Refusal
from trunkline_emulator.signin import SignIn

from .conftest import Dial, Line
from .raw import Plug, plugged

FORM = "application/x-www-form-urlencoded"
GRANT = "grant_type=client_credentials"


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def multipart(**fields: str) -> tuple[bytes, dict[str, str]]:
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    return "".join([*parts, "--X--\r\n"]).encode(), {"content-type": "multipart/form-data; boundary=X"}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "error"),
    [
        (f"{GRANT}&client_id=me&client_secret=key", FORM, 200, None),
        (f"{GRANT}&client_id=me&client_secret=wrong", FORM, 400, "invalid_client"),
        (f"{GRANT}&client_id=nobody&client_secret=key", FORM, 400, "invalid_client"),
        ("grant_type=password&client_id=me&client_secret=key", FORM, 400, "unsupported_grant_type"),
        ("client_id=me&client_secret=key", FORM, 400, "invalid_request"),
        (f"{GRANT}&client_id=me", FORM, 400, "invalid_request"),
        (f"{GRANT}&client_id=me&client_secret=", FORM, 400, "invalid_request"),
        ("", FORM, 400, "invalid_request"),
        ("\xff%zz", FORM, 400, "invalid_request"),
        ('{"client_id":"me"}', "application/json", 400, "invalid_request"),
        ("no boundary", "multipart/form-data", 400, "invalid_request"),
        ("broken", "multipart/form-data; boundary=X", 400, "invalid_request"),
    ],
)
def test_token_requests(dial: Dial, body: str, content_type: Any, status: int, error: str | None) -> None:
    line = dial(client_id="me", api_key="key")
    answer = line.send("POST", "/connect/token", body.encode("latin-1"), {"content-type": content_type})
    assert answer.status == status
    assert answer.json.get("error") == error


def test_a_multipart_body_signs_in_too(dial: Dial) -> None:
    line = dial(client_id="me", api_key="a key&more")
    body, headers = multipart(grant_type="client_credentials", client_id="me", client_secret="a key&more")
    assert line.send("POST", "/connect/token", body, headers).json["token_type"] == "Bearer"


def test_get_on_the_token_address_is_not_allowed(pbx: Line) -> None:
    answer = pbx.send("GET", "/connect/token")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("version", "expires_in"),
    [("20.0.5", 60), ("20.0.8", 60), ("20.0.9", 3600), ("20.0.10", 3600), ("20.0.10.77", 3600)],
)
def test_expires_in_was_minutes_before_20_0_9(dial: Dial, version: str, expires_in: int) -> None:
    line = dial(version=version)
    body, headers = multipart(
        grant_type="client_credentials", client_id="trunkline", client_secret=line.emulator.api_key
    )
    answer = line.send("POST", "/connect/token", body, headers).json
    assert answer["expires_in"] == expires_in
    assert answer["refresh_token"] is None
    told = claims(answer["access_token"])
    assert told["exp"] - told["iat"] == 3600


def test_the_token_is_a_jwt_signed_with_es256(pbx: Line) -> None:
    header = json.loads(base64.urlsafe_b64decode(pbx.token.split(".")[0] + "=="))
    told = claims(pbx.token)
    assert header == {"alg": "ES256", "typ": "JWT"}
    assert (told["sub"], told["scope"], told["aud"], told["iss"]) == ("trunkline", "xapi", "/api", "pbx")
    assert "system_owners" in told["role"]
    assert told["jti"]


def test_a_new_token_kills_the_old_one(pbx: Line) -> None:
    old = pbx.token
    pbx.sign_in()
    assert pbx.get("/Defs").status == 200
    pbx.token = old
    assert pbx.get("/Defs").status == 401


def test_clients_do_not_disturb_one_another(pbx: Line) -> None:
    pbx.emulator.add_client("other", "key", roles=("system_owners",))
    first = pbx.token
    pbx.sign_in("other", "key")
    assert pbx.get("/Defs").status == 200
    pbx.token = first
    assert pbx.get("/Defs").status == 200


def test_an_expired_token_is_dead(dial: Dial) -> None:
    assert dial(token_lifetime=0).get("/Defs").status == 401


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer x.y.z", "Basic Zm9vOmJhcg==", "Bearer {}x"]
)
def test_without_a_living_token_401_and_no_body(pbx: Line, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization.format(pbx.token)}
    answer = pbx.send("GET", "/xapi/v1/Defs?$select=Id", headers=headers)
    assert (answer.status, answer.body, answer.headers["www-authenticate"]) == (401, b"", "Bearer")


@pytest.mark.parametrize(
    ("roles", "path", "status"),
    [
        (("system_owners",), "/Users", 200),
        (("system_owners",), "/ScheduledReports", 200),
        (("system_admins",), "/Users", 200),
        (("system_admins",), "/Recordings/Pbx.DownloadRecording(recId=1)", 200),
        (("system_admins",), "/Recordings", 403),
        (("system_admins",), "/ScheduledReports", 403),
        (("system_admins",), "/ChatHistoryView", 403),
        (("system_admins",), "/ChatMessagesHistoryView", 403),
        ((), "/Users", 403),
        ((), "/Defs", 403),
    ],
)
def test_rights(pbx: Line, roles: tuple[Any, ...], path: str, status: int) -> None:
    pbx.emulator.add_client("other", "key", roles=roles)
    answer = pbx.sign_in("other", "key").get(path)
    assert answer.status == status
    if status == 403:
        assert answer.body == b""


@pytest.mark.parametrize(("version", "header"), [("20.0.10", "20.0.10.0"), ("20.0.9.112", "20.0.9.112")])
def test_every_answer_names_the_version(dial: Dial, version: str, header: str) -> None:
    line = dial(version=version)
    for path in ("/Defs", "/Nothing", "/Fax(0)"):
        assert line.get(path).headers["x-3cx-version"] == header


def test_keys_never_show(dial: Dial) -> None:
    line = dial(api_key="very-secret")
    line.get("/Users")
    assert "very-secret" not in repr(line.emulator)
    assert "very-secret" not in repr(line.emulator.journal)
    assert line.token not in repr(line.emulator.journal)


@given(
    body=st.binary(max_size=200),
    boundary=st.sampled_from(["; boundary=X", '; boundary="X"', "", "; boundary=", ";;=\xff"]),
)
def test_no_form_brings_it_down(quiet: Line, body: Any, boundary: Any) -> None:
    for content in (body, b"--X\r\n" + body, b'--X\r\nContent-Disposition: form-data; name="a"' + body + b"\r\n--X--"):
        answer = quiet.send("POST", "/connect/token", content, {"content-type": f"multipart/form-data{boundary}"})
        assert (answer.status, answer.json) == (400, {"error": "invalid_request"})


# ── authorization code with PKCE ─────────────────────────────────────────────────────────────────

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
BACK = "http://127.0.0.1:40123/callback"
AUTHORIZE = {
    "response_type": "code",
    "client_id": "trunkline",
    "redirect_uri": BACK,
    "scope": "openid offline_access",
    "state": "s&t",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


def authorize(line: Line, **changes: Any) -> Any:
    query = {name: value for name, value in {**AUTHORIZE, **changes}.items() if value is not None}
    return line.send("GET", f"/connect/authorize?{urlencode(query)}")


def code_from(line: Line, **changes: Any) -> Any:
    return dict(parse_qsl(urlsplit(authorize(line, **changes).headers["location"]).query))["code"]


def token(line: Line, **form: Any) -> Any:
    return line.send("POST", "/connect/token", urlencode(form).encode(), {"content-type": FORM})


def by_code(line: Line, code: Any, **changes: Any) -> Any:
    form = {"client_id": "trunkline", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER, **changes}
    return token(line, grant_type="authorization_code", **form)


def test_a_browser_is_sent_back_with_a_code_and_its_own_state(pbx: Line) -> None:
    answer = authorize(pbx)
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{BACK}?code=")
    assert answer.headers["location"].endswith("&state=s%26t")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"client_id": "nobody"}, "unauthorized_client"),
        ({"client_id": None}, "unauthorized_client"),
        ({"redirect_uri": "https://evil.example.com/callback"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1.example.com:1/"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1@example.com:1/"}, "invalid_request"),
        ({"redirect_uri": "http://me@127.0.0.1:1/"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:port/"}, "invalid_request"),
        ({"redirect_uri": f"{BACK}\r\nX: 1"}, "invalid_request"),
        ({"redirect_uri": f"{BACK}#x"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": VERIFIER + "="}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_what_a_browser_may_not_ask_for(pbx: Line, changes: dict[str, Any], error: str) -> None:
    answer = authorize(pbx, **changes)
    assert (answer.status, answer.json) == (400, {"error": error})
    assert "location" not in answer.headers


def test_only_get_authorizes_and_nothing_else_is_below_connect(pbx: Line) -> None:
    assert pbx.send("POST", "/connect/authorize").status == 405
    assert pbx.send("GET", "/connect/userinfo").status == 404
    assert pbx.send("GET", "/connect/authorize?%ff").status == 400


def test_a_code_with_its_proof_gives_a_token_once(pbx: Line) -> None:
    code = code_from(pbx)
    answer = by_code(pbx, code)
    assert answer.status == 200
    pbx.token = answer.json["access_token"]
    assert pbx.get("/Fax").status == 200
    assert by_code(pbx, code).json == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "made-up"}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:40124/callback"}, "invalid_grant"),
        ({"code_verifier": VERIFIER[:-1] + "l"}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
    ],
)
def test_a_code_without_all_that_belongs_to_it_is_refused(pbx: Line, changes: dict[str, Any], error: str) -> None:
    pbx.emulator.add_client("other", "key")
    answer = by_code(pbx, **{"code": code_from(pbx), **changes})
    assert (answer.status, answer.json) == (400, {"error": error})


def test_a_code_dies_with_the_first_wrong_proof(pbx: Line) -> None:
    code = code_from(pbx)
    by_code(pbx, code, code_verifier="x" * 43)
    assert by_code(pbx, code).status == 400


def test_a_code_does_not_last(pbx: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    code = code_from(pbx)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert by_code(pbx, code).json == {"error": "invalid_grant"}


def test_a_refresh_token_works_once_and_brings_the_next(pbx: Line) -> None:
    first = by_code(pbx, code_from(pbx)).json["refresh_token"]
    answer = token(pbx, grant_type="refresh_token", client_id="trunkline", refresh_token=first)
    assert answer.status == 200
    assert answer.json["refresh_token"] != first
    again = token(pbx, grant_type="refresh_token", client_id="trunkline", refresh_token=first)
    assert again.json == {"error": "invalid_grant"}
    other = token(pbx, grant_type="refresh_token", client_id="x", refresh_token=answer.json["refresh_token"])
    assert other.json == {"error": "invalid_grant"}
    assert token(pbx, grant_type="refresh_token", client_id="trunkline").json == {"error": "invalid_request"}


def test_without_offline_access_there_is_no_refresh_token(pbx: Line) -> None:
    assert by_code(pbx, code_from(pbx, scope="openid")).json["refresh_token"] is None


# ── OpenID Connect ───────────────────────────────────────────────────────────────────────────────


def test_a_token_is_signed_with_es256(pbx: Line) -> None:
    head, payload, signature = pbx.token.split(".")
    assert jwt.get_unverified_header(pbx.token) == {"alg": "ES256", "typ": "JWT"}
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64
    key = pbx.emulator._sign_in._key.public_key()
    assert jwt.decode(pbx.token, key, ["ES256"], audience="/api")["sub"] == pbx.emulator.client_id
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{head}.{payload}AA.{signature}", key, ["ES256"], audience="/api")


# ── clients that are found elsewhere ─────────────────────────────────────────────────────────────


def test_a_client_that_is_found_is_looked_up_each_time() -> None:
    known = {"900": ("key", ("system_owners",))}
    sign_in = SignIn("20.0.10", Clock(), find_more=known.get)

    def token_for(key: str) -> str | None:
        body = f"{GRANT}&client_id=900&client_secret={key}".encode()
        request = Request("POST", b"/connect/token", b"", Headers([(b"content-type", FORM.encode())]), "https", body)
        return json.loads(sign_in.answer(request).body).get("access_token")

    def asking(token: str) -> Request:
        return Request("GET", b"/", b"", Headers([(b"authorization", f"Bearer {token}".encode())]), "https")

    assert token_for("wrong") is None
    token = token_for("key")
    assert sign_in.client_of(asking(token)).roles == ("system_owners",)  # type: ignore[arg-type]
    known["900"] = ("key", ("system_admins",))
    assert sign_in.client_of(asking(token)).roles == ("system_admins",)  # type: ignore[arg-type]
    known["900"] = ("another key", ("system_admins",))
    with pytest.raises(Refusal):
        sign_in.client_of(asking(token))  # type: ignore[arg-type]
    del known["900"]
    with pytest.raises(Refusal):
        sign_in.client_of(asking(token))  # type: ignore[arg-type]
    assert token_for("key") is None


# ── blocked addresses ────────────────────────────────────────────────────────────────────────────

ELSEWHERE = {"X-Forwarded-For": "203.0.113.77"}


def fail(plug: Plug, times: Any, **headers: Any) -> Any:
    return [plug.sign_in("wrong", **headers).status for _ in range(times)]


def blocked_rows(plug: Plug) -> Any:
    rows = plug.ask("GET", "/Blocklist?$filter=AddedBy%20eq%20'AutoBlacklist'").json["value"]
    return [row for row in rows if "authentications" in row["Description"]]


def test_repeated_failures_block_the_address_until_its_row_is_deleted() -> None:
    with plugged() as plug:
        assert fail(plug, 24, **ELSEWHERE) == [400] * 24
        assert fail(plug, 2, **ELSEWHERE) == [400, 403]
        assert plug.sign_in(**ELSEWHERE).status == 403
        assert plug.send("GET", "/xapi/v1/Defs", headers=ELSEWHERE).status == 403
        assert plug.ask("GET", "/Defs").status == 200
        (row,) = blocked_rows(plug)
        assert (row["IPAddrMask"], row["AddedBy"], row["BlockType"]) == ("203.0.113.77", "AutoBlacklist", "Block")
        assert plug.ask("DELETE", f"/Blocklist({row['Id']})").status == 204
        assert plug.sign_in(**ELSEWHERE).status == 200


def test_a_success_forgets_the_failures() -> None:
    with plugged() as plug:
        for _ in range(3):
            assert fail(plug, 20, **ELSEWHERE) == [400] * 20
            assert plug.sign_in(**ELSEWHERE).status == 200


def test_a_block_ends_and_the_settings_rule_it() -> None:
    with plugged() as plug:
        settings = {"HackAuthRequests": 2, "HackBlacklistDuration": 100}
        assert plug.ask("PATCH", "/AntiHackingSettings", settings).status == 204
        assert fail(plug, 3, **ELSEWHERE) == [400, 400, 403]
        plug.emulator.skew_clock(101)
        assert plug.sign_in(**ELSEWHERE).status == 200


@pytest.mark.parametrize(("variant", "own", "other"), [("all", 403, 403), ("remote", 400, 403), ("off", 400, 400)])
def test_whom_a_block_is_for(variant: str, own: int, other: int) -> None:
    with plugged(variants={"block_addresses": variant}) as plug:
        plug.ask("PATCH", "/AntiHackingSettings", {"HackAuthRequests": 2})
        assert fail(plug, 3, **ELSEWHERE)[-1] == other
        assert fail(plug, 3)[-1] == own
        assert plug.control("GET", "/variants").status == 200


def test_a_restored_block_holds() -> None:
    with plugged() as plug:
        plug.ask("PATCH", "/AntiHackingSettings", {"HackAuthRequests": 1})
        fail(plug, 1, **ELSEWHERE)
        saved = plug.emulator.snapshot()
        plug.emulator.reset()
        assert plug.sign_in(**ELSEWHERE).status == 200
        plug.emulator.restore(saved)
        assert plug.sign_in(**ELSEWHERE).status == 403
