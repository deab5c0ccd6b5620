"""Who talks to which PBX: the address as users write it, and what must be there."""

from __future__ import annotations

import pytest

from trunkline.errors import ConfigurationError
from trunkline.transport.session import Session, base_url


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://pbx.example.com", "https://pbx.example.com"),
        ("https://pbx.example.com/", "https://pbx.example.com"),
        ("https://pbx.example.com:5001", "https://pbx.example.com:5001"),
        ("https://pbx.example.com:5001/xapi/v1", "https://pbx.example.com:5001"),
        ("https://pbx.example.com/xapi/v1/", "https://pbx.example.com"),
        ("https://pbx.example.com/xapi", "https://pbx.example.com"),
        ("https://pbx.example.com/xapi/", "https://pbx.example.com"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("pbx.example.com", "https://pbx.example.com"),
        ("pbx.example.com:5001", "https://pbx.example.com:5001"),
        ("  https://pbx.example.com\n", "https://pbx.example.com"),
        ("HTTPS://PBX.Example.COM", "https://pbx.example.com"),
        ("https://[2001:db8::1]:5001", "https://[2001:db8::1]:5001"),
        ("https://[::1]", "https://[::1]"),
    ],
)
def test_an_address_is_taken_as_users_write_it(given: str, expected: str) -> None:
    assert base_url(given) == expected
    assert base_url(base_url(given)) == expected


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "https://",
        "ftp://pbx.example.com",
        "file:///etc/passwd",
        "https://pbx.example.com/webclient",
        "https://pbx.example.com/xapi/v2",
        "https://pbx.example.com?x=1",
        "https://pbx.example.com/#/login",
        "https://pbx.example.com:port",
        "https://pbx.example.com:99999",
        "https://[::1",
        "https://pbx example.com",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(given)
    assert raised.value.hint
    assert raised.value.exit_code == 3


@pytest.mark.parametrize("given", ["https://admin:hunter2@pbx.example.com", "admin:hunter2@pbx.example.com"])
def test_a_password_in_an_address_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(given)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(("client_id", "secret", "missing"), [("", "key", "client id"), ("id", "", "API key")])
def test_a_session_needs_credentials(client_id: str, secret: str, missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        Session("https://pbx.example.com", client_id, secret)


def test_a_session_never_shows_its_secret() -> None:
    session = Session("https://pbx.example.com", "client", "hunter2")
    assert "hunter2" not in repr(session)
    assert "client" in repr(session)


def test_a_session_is_called_by_its_host_unless_it_has_a_label() -> None:
    assert Session("https://pbx.example.com:5001", "id", "key").label == "pbx.example.com:5001"
    assert Session("https://pbx.example.com", "id", "key", label="Head office").label == "Head office"


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("20.0.10", "20.0.10"),
        ("20.0.9.1109", "20.0.9.1109"),
        (None, "20.0.8"),
        ("", "20.0.8"),
        ("unknown", "20.0.8"),
        ("20", "20.0.8"),
        ("20.0.10\r\nX: 1", "20.0.8"),
    ],
)
def test_only_a_version_is_learned_as_one(header: str | None, version: str) -> None:
    session = Session("https://pbx.example.com", "id", "key")
    session.learn("20.0.8")
    session.learn(header)
    assert session.version == version
