"""How long an access token lasts: what it says itself, else what came with it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.transport.token import Token, read_token

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
        "an end that is no number says nothing",
        "no end says nothing",
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
        "a.ünïcödé.c",
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
        {"error": "x"},
    ],
)
def test_an_answer_without_a_token_has_none(answer: dict[str, Any]) -> None:
    assert read_token(answer, NOW, None) is None


@settings(deadline=None)
@given(st.integers(1, 10**7))
def test_a_token_is_renewed_before_its_end_but_lives_for_nine_tenths_of_its_time(seconds: int) -> None:
    token = read_token({"access_token": jwt({"iat": NOW, "exp": NOW + seconds})}, NOW, None)
    assert token is not None
    assert token.fresh(NOW)
    assert token.fresh(NOW + seconds * 0.89)
    assert not token.fresh(NOW + seconds)


def test_a_token_is_never_shown() -> None:
    assert "secret-token" not in repr(Token("secret-token", NOW))
    assert "secret-token" not in str(Token("secret-token", NOW))
