"""Who talks to which PBX, and what must be there."""

from __future__ import annotations

import pytest

from trunkline.errors import ConfigurationError
from trunkline.transport.session import Session


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
