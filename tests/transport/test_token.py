"""How long an access token lasts: what it says itself, else what came with it."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog import load
from trunkline.errors import TrunklineError
from trunkline.result import HttpResponse
from trunkline.transport.session import Session
from trunkline.transport.sign_in import granted
from trunkline.transport.token import LONGEST_LIFE, Token, read_token

NOW = 1_800_000_000.0
YEAR = 365 * 86400


def jwt(claims: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'ES256'})}.{part(claims)}.c2lnbmF0dXJl"


def life(answer: dict[str, Any], version: str | None = None) -> float:
    token = read_token({"access_token": "opaque", **answer}, NOW, version)
    assert token is not None
    return token.expires - NOW


def early(seconds: float) -> float:
    """A life less half a minute, or a tenth of a short life."""
    return seconds - min(30.0, seconds / 10)


@pytest.mark.parametrize(
    ("claims", "answer", "version", "expected"),
    [
        ({"exp": NOW + 3600, "iat": NOW}, {"expires_in": 60}, "20.0.10", 3600),
        ({"exp": NOW + 3600, "iat": NOW}, {"expires_in": 60}, "20.0.8", 3600),
        ({"exp": NOW + 3600, "iat": NOW}, {}, None, 3600),
        ({"exp": NOW + 3600, "nbf": NOW}, {"expires_in": 1}, None, 3600),
        ({"exp": NOW + 3600}, {"expires_in": 1}, None, 3600),
        ({"exp": NOW + 3600 + YEAR, "iat": NOW + YEAR}, {}, None, 3600),
        ({"exp": NOW + 3600 - YEAR, "iat": NOW - YEAR}, {}, None, 3600),
        ({"exp": NOW - 5, "iat": NOW}, {"expires_in": 3600}, "20.0.9", 3600),
        ({"exp": "soon", "iat": NOW}, {"expires_in": 3600}, "20.0.9", 3600),
        ({"iat": NOW}, {"expires_in": 3600}, "20.0.9", 3600),
        ({"exp": 10**400, "iat": NOW}, {"expires_in": 3600}, "20.0.9", 3600),
        ({"exp": NOW + 3600, "iat": 10**400}, {"expires_in": 1800}, "20.0.9", 3600),
        ({"exp": NOW + 3600, "iat": -(10**400)}, {"expires_in": 1800}, "20.0.9", 3600),
        ({"exp": NOW + 3600, "iat": -5}, {"expires_in": 1800}, "20.0.9", 3600),
        ({"exp": NOW + 3600, "iat": "then", "nbf": NOW - 60}, {"expires_in": 1800}, "20.0.9", 3660),
        ({"exp": NOW + 3600, "iat": None}, {"expires_in": 1800}, "20.0.9", 3600),
        ({"exp": NOW + 3600, "iat": True}, {"expires_in": 1800}, "20.0.9", 3600),
        ({"exp": True}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": -(10**400)}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": -5}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": 1e300, "iat": NOW}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": 10**18, "iat": NOW}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": [NOW + 3600]}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": str(NOW + 3600)}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": float("nan"), "iat": NOW}, {"expires_in": 1800}, "20.0.9", 1800),
        ({"exp": float("inf"), "iat": NOW}, {"expires_in": 1800}, "20.0.9", 1800),
        ([NOW], {"expires_in": 1800}, "20.0.9", 1800),
        (None, {"expires_in": 1800}, "20.0.9", 1800),
    ],
    ids=[
        "the claim wins over a small number",
        "the claim wins whatever the version",
        "the claim alone",
        "nbf stands in for iat",
        "without a start the own clock counts",
        "a clock a year ahead",
        "a clock a year behind",
        "an end before the start says nothing",
        "an end that is not a number says nothing",
        "no end says nothing",
        "an end of 400 digits says nothing",
        "a start of 400 digits says nothing",
        "nor does one below zero",
        "a start below zero says nothing",
        "a start in words leaves it to nbf",
        "a start that is null says nothing",
        "a start that is true says nothing",
        "an end that is true says nothing",
        "an end of 400 digits below zero says nothing",
        "an end below zero says nothing",
        "an end beyond all calendars says nothing",
        "nor does one in microseconds",
        "an end in a list says nothing",
        "an end in a text says nothing",
        "an end that is not a number says nothing",
        "an end without an end says nothing",
        "claims that are a list say nothing",
        "claims that are null say nothing",
    ],
)
def test_the_token_s_own_claims_tell_the_truth(
    claims: dict[str, Any], answer: dict[str, Any], version: str | None, expected: float
) -> None:
    assert life({"access_token": jwt(claims), **answer}, version) == pytest.approx(early(expected))


@pytest.mark.parametrize(
    ("expires_in", "version", "expected"),
    [
        (60, "pre-20.0.5", 3600),
        (60, "20.0.8", 3600),
        (60, "20.0.8.1109", 3600),
        (60, "20.0.9", 60),
        (60, "20.0.10", 60),
        (3600, "20.0.9", 3600),
        (3600, "20.0.10.5", 3600),
        (60, None, 3600),
        (3600, None, 3600),
        ("60", "20.0.8", 3600),
        ("3600", "20.0.9", 3600),
        (None, None, 60),
        ("soon", "20.0.9", 60),
        ([], "20.0.9", 60),
        (0, "20.0.9", 60),
        (-5, None, 60),
        ("nan", None, 60),
        ("inf", "20.0.9", 60),
        (10**400, "20.0.9", 60),
        (1e300, "20.0.9", 60),
        (1e300, None, 60),
        (10**15, "20.0.8", 60),
        ("1e400", "20.0.9", 60),
        ("9" * 400, "20.0.9", 60),
        ("9" * 5000, None, 60),
        (True, None, 60),
        (False, "20.0.9", 60),
        (["3600"], "20.0.9", 60),
        ({"seconds": 3600}, "20.0.9", 60),
        (float("nan"), "20.0.9", 60),
        (float("-inf"), "20.0.9", 60),
        ("", "20.0.9", 60),
        ("3600 s", "20.0.9", 60),
        (3600.5, "20.0.9", 3600.5),
    ],
)
def test_expires_in_is_minutes_before_20_0_9_and_seconds_since(
    expires_in: Any, version: str | None, expected: float
) -> None:
    assert life({"expires_in": expires_in}, version) == pytest.approx(early(expected))


@pytest.mark.parametrize(
    "access",
    [
        "opaque",
        "a.b",
        "a.b.c",
        "a.!!!.c",
        "..",
        f"a.{base64.urlsafe_b64encode(b'not json').decode()}.c",
        f"a.{base64.urlsafe_b64encode(b'[1]').decode()}.c",
        f"a.{base64.urlsafe_b64encode(bytes([255, 254])).decode()}.c",
        f"a.{base64.urlsafe_b64encode(b'[' * 9_000).decode()}.c",
        f"a.{base64.urlsafe_b64encode(b'{' + b'x' * 9_000).decode()}.c",
        f"a.{base64.urlsafe_b64encode(json.dumps({'exp': 'x'}).encode('utf-16')).decode()}.c",
    ],
)
def test_a_token_that_can_t_be_read_is_used_all_the_same(access: str) -> None:
    token = read_token({"access_token": access, "expires_in": 3600}, NOW, "20.0.9")
    assert token is not None
    assert token.access == access
    assert token.expires == pytest.approx(NOW + early(3600))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": ""},
        {"access_token": None},
        {"access_token": 5},
        {"access_token": "half a\r\nX-Header: token"},
        {"access_token": "token\n"},
        {"access_token": "two words"},
        {"access_token": "nul\0l"},
        {"access_token": "a.ünïcödé.c"},
        {"access_token": "\udcff"},
        {"access_token": "t" * 20_000},
        {"access_token": ["t"]},
        {"access_token": True},
        {"error": "x"},
    ],
)
def test_an_answer_without_a_token_has_none(answer: dict[str, Any]) -> None:
    assert read_token(answer, NOW, None) is None


@given(st.integers(1, 10**7))
def test_a_token_is_renewed_before_its_end_but_lives_for_nine_tenths_of_its_time(seconds: int) -> None:
    token = read_token({"access_token": jwt({"iat": NOW, "exp": NOW + seconds})}, NOW, None)
    assert token is not None
    assert token.fresh(NOW)
    assert token.fresh(NOW + seconds * 0.89)
    assert not token.fresh(NOW + seconds)


NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 1e308, NOW, NOW + 3600, 2**64])
CLAIMS = NUMBERS | st.booleans() | st.none() | st.text() | st.lists(NUMBERS, max_size=2)
VERSIONS = st.sampled_from([None, "pre-20.0.5", "20.0.8", "20.0.9", "20.0.10.1109", "21.0"])


@given(
    st.dictionaries(st.sampled_from(["exp", "iat", "nbf", "sub"]), CLAIMS),
    st.dictionaries(st.sampled_from(["expires_in", "token_type", "refresh_token"]), CLAIMS),
    VERSIONS,
)
def test_whatever_a_jwt_claims_its_token_lives_for_a_plausible_time(
    claims: dict[str, Any], answer: dict[str, Any], version: str | None
) -> None:
    token = read_token({"access_token": jwt(claims), **answer}, NOW, version)
    assert token is not None
    assert NOW < token.expires <= NOW + LONGEST_LIFE


@given(st.text(alphabet=st.characters(codec=None)) | CLAIMS, st.binary(), st.integers(0, 3))
def test_a_token_is_one_that_fits_into_a_header_or_it_is_none(access: Any, payload: bytes, dots: int) -> None:
    for candidate in (access, f"a.{base64.urlsafe_b64encode(payload).decode()}.{'x.' * dots}"):
        token = read_token({"access_token": candidate, "expires_in": 3600}, NOW, None)
        assert token is None or re.fullmatch(r"[\x21-\x7e]{1,16384}", token.access)


@given(
    st.binary()
    | st.recursive(
        CLAIMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ).map(lambda document: json.dumps(document).encode())
    | st.sampled_from([b"[" * 100_000, b'{"access_token":' * 50_000, b"\xff\xfe", b'{"access_token":"t"', b"null"]),
    st.sampled_from([200, 201, 204, 302, 404, 429, 500, 503]),
    st.sampled_from(["application/json", "text/html", "", "application/json; charset=utf-16"]),
    st.text() | st.sampled_from(["Wed, 21 Oct 99999 07:28:00 GMT", "-1", "9" * 400, "Mon, 01 Jan 0001 00:00:00 -2359"]),
)
def test_whatever_a_sign_in_is_answered_it_is_a_token_or_an_error_of_ours(
    body: bytes, status: int, content_type: str, after: str
) -> None:
    session = Session("https://pbx.example.com", "client", "key", clock=lambda: NOW)
    headers = {"content-type": content_type, "retry-after": after, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    with contextlib.suppress(TrunklineError):
        assert granted(session, HttpResponse(status, headers, body)).token.fresh(NOW)


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("20.0.10.1109", "20.0.10.1109"),
        ("20.0", "20.0"),
        ("20.0.99999999999999999999", None),
        ("9" * 5000 + ".1", None),
        ("20." * 1000 + "1", None),
        ("٢٠.٠.٩", None),
        ("20.0.9\n", None),
        ("v20.0.9", None),
        ("20", None),
        ("", None),
        (None, None),
    ],
)
def test_a_version_that_can_t_be_one_is_not_learned(header: str | None, version: str | None) -> None:
    session = Session("https://pbx.example.com", "client", "key")
    session.learn(header)
    assert session.version == version


@given(st.text() | st.from_regex(r"[0-9.]{1,40}"))
def test_a_version_that_is_learned_is_one_that_there_is_a_catalog_for(header: str) -> None:
    session = Session("https://pbx.example.com", "client", "key")
    session.learn(header)
    assert load(session.version).actions


def test_a_token_is_never_shown() -> None:
    assert "secret-token" not in repr(Token("secret-token", NOW))
    assert "secret-token" not in str(Token("secret-token", NOW))
