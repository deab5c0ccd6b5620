"""The live secrets of a process leave in no text, however they are spelled there."""

from __future__ import annotations

import base64
import html
import json
import logging
import threading
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import redaction
from trunkline.errors import NotFound, TrunklineError
from trunkline.logs import log
from trunkline.redaction import MASK, redacted, remember, remember_texts, remember_values

SECRET = "k3y+/Säcret 'x' \"y\""
FORMS = {
    "itself": SECRET,
    "in a path": quote(SECRET, safe=""),
    "in a path, slashes kept": quote(SECRET),
    "in small hex": quote(SECRET, safe="").replace("%2B", "%2b").replace("%2F", "%2f").replace("%C3%A4", "%c3%a4"),
    "in a form": quote_plus(SECRET),
    "in JSON": json.dumps(SECRET)[1:-1],
    "in JSON of UTF-8": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "in HTML": html.escape(SECRET),
    "in Python": repr(SECRET)[1:-1],
    "in an OData literal": quote(SECRET.replace("'", "''"), safe="$'(),/:*@!;?"),
    "in base64": base64.b64encode(SECRET.encode()).decode().rstrip("=")[:-1],
    "in base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")[:-1],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_found_however_it_is_spelled(form: str) -> None:
    remember(SECRET)
    assert redacted(f"before {form} after") == f"before {MASK} after"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=6, max_size=40), st.text(max_size=5))
def test_no_form_of_any_secret_is_left(secret: str, before: str) -> None:
    redaction.forget()
    remember(secret)
    if len(set(secret)) == 1 or secret.lower() in redaction.COMMON or secret.isdigit() or secret.isalpha():
        return
    for text in (secret, quote(secret, safe=""), quote_plus(secret), urlencode({"a": secret}), json.dumps(secret)):
        assert redacted(f"-{text}-") != f"-{text}-"
    assert secret not in redacted(f"{before} {secret}, {secret}{secret}")


@given(st.text("abcXYZ0189", min_size=9, max_size=30), st.text("client-:", max_size=8))
def test_a_header_of_http_basic_is_of_no_use(secret: str, client: str) -> None:
    redaction.forget()
    remember(secret)
    if len(set(secret)) == 1 or secret in redaction.COMMON:
        return
    header = base64.b64encode(f"{client}:{secret}".encode()).decode()
    shown = redacted(f"Basic {header}")
    assert MASK in shown
    assert len(shown.removeprefix("Basic ").replace(MASK, "")) <= len(header) - len(secret)


KEPT = {
    "a PIN of four digits": ("1234", "ask 1234", "ask 1234"),
    "five characters": ("abc12", "ask abc12", "ask abc12"),
    "the same over and over": ("000000", "of 000000", "of 000000"),
    "a common word": ("Password", "AuthPassword: Password is required", "AuthPassword: Password is required"),
    "a PIN within a number": ("482913", "+44482913555", "+44482913555"),
    "a PIN by itself": ("482913", "PIN 482913.", f"PIN {MASK}."),
    "a short word within a word": ("Hunter", "Hunters", "Hunters"),
    "a short word by itself": ("Hunter", "is Hunter!", f"is {MASK}!"),
    "letters and digits within a word": ("hunter22", "xhunter22y", f"x{MASK}y"),
    "the longer of two": ("hunter22 and more", "hunter22 and more", MASK),
}


@pytest.mark.parametrize(("secret", "text", "shown"), KEPT.values(), ids=KEPT)
def test_what_would_destroy_more_than_it_protects_is_left(secret: str, text: str, shown: str) -> None:
    remember_values(["hunter22 a" if "more" in secret else "other-value", secret])
    assert redacted(text) == shown


def test_a_trunk_s_own_number_stays_although_it_signs_in_with_it() -> None:
    remember_texts(["+442079460923", "442079460924", "trunk-login-7"], are_names=True)
    assert redacted("+442079460923 442079460924 trunk-login-7") == f"+442079460923 442079460924 {MASK}"


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "VALUES", 30)
    monkeypatch.setattr(redaction, "CREDENTIALS", 10)
    for page in range(20):
        remember_values(f"value-{page}-{row}" for row in range(10))
        remember(f"token-{page}")
    text = "value-0-1 value-16-9 value-17-0 value-19-9 token-9 token-10"
    assert redacted(text) == f"value-0-1 value-16-9 {MASK} {MASK} token-9 {MASK}"
    for page in range(20, 40):  # however often something left meanwhile
        remember_values(f"value-{page}-{row}" for row in range(10))
        redacted("anything at all")
    assert redacted("value-39-1 value-2-1") == f"{MASK} value-2-1"


def test_many_threads_learn_and_write_at_once() -> None:
    shown: list[str] = []

    def work(number: int) -> None:
        for turn in range(200):
            remember_values([f"value-{number}-{turn}"])
            shown.append(redacted(f"<value-{number}-{turn}>"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown == [f"<{MASK}>"] * 800


def test_every_text_of_an_error_is_without() -> None:
    late = NotFound(
        "No abcdef-1", hint="See abcdef-1", status=404, codes={"abcdef-1": "abcdef-1"}, path="/A('abcdef-1')"
    )
    remember("abcdef-1")
    early = NotFound(
        "No abcdef-1", hint="See abcdef-1", status=404, codes={"abcdef-1": "abcdef-1"}, path="/A('abcdef-1')"
    )
    assert "abcdef-1" not in f"{late} {late!r} {early} {early!r} {early.args} {vars(early)}"
    early.message += " with abcdef-1"
    assert early.message == f"No {MASK} with {MASK}"
    assert str(TrunklineError("abcdef-1")) == MASK


def test_the_log_is_without_down_to_its_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    remember("abcdef-1")
    with caplog.at_level(logging.DEBUG, "trunkline"):
        log.debug("sent %s to %s", "abcdef-1", "x")
        try:
            raise ValueError("abcdef-1")
        except ValueError:
            log.exception("it failed")
    assert f"sent {MASK} to x" in caplog.text
    assert "abcdef-1" not in caplog.text
    assert f"ValueError: {MASK}" in caplog.text
