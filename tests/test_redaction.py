"""The live secrets of a process leave in no text, however they are spelled there."""

from __future__ import annotations

import base64
import html
import json
import logging
import threading
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
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
    "in a path, twice": quote(quote(SECRET, safe=""), safe=""),
    "in a path, every byte": "".join(f"%{byte:02X}" for byte in SECRET.encode()),
    "in a shell": SECRET.replace("'", "'\\''"),
    "in JSON of PHP": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "in JSON of .NET": SECRET.translate({ord(each): f"\\u{ord(each):04X}" for each in "+'\"ä"}),
    "in JSON in JSON": json.dumps(json.dumps(SECRET)[1:-1])[1:-1],
    "in HTML of PHP": html.escape(SECRET).replace("&#x27;", "&#039;"),
    "in XML": html.escape(SECRET).replace("&#x27;", "&apos;"),
    "in HTML, every character": "".join(f"&#{ord(each)};" for each in SECRET),
    "in escaped bytes": "".join(f"\\x{byte:02x}" for byte in SECRET.encode()),
    "in hexadecimal": SECRET.encode().hex(),
    "in capital hexadecimal": SECRET.encode().hex().upper(),
    "in base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")[:-1],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_found_however_it_is_spelled(form: str) -> None:
    remember(SECRET)
    assert redacted(f"before {form} after") == f"before {MASK} after"


KEY = "Kx7-pQ/9z+Lm2=wV'4tR8s&Yb1"
BASIC = base64.b64encode(f"client:{KEY}".encode()).decode()
APART = {
    "in capitals": KEY.upper(),
    "in small letters": KEY.lower(),
    "over lines": "\n".join((KEY[:9], KEY[9:18], KEY[18:])),
    "over lines of a header": "\r\n ".join((KEY[:9], KEY[9:])),
    "over lines of a shell": "\\\n".join((KEY[:9], KEY[9:])),
    "over lines of HTML": "<br />".join((KEY[:9], KEY[9:])),
    "over lines in JSON": "\\n".join((KEY[:9], KEY[9:])),
    "over lines of quoted-printable": "=\r\n".join((KEY[:9], KEY[9:])),
    "with what can't be seen": "\u200b".join(KEY),
    "with zeros, as UTF-16": "\\x00".join(KEY),
    "as a dump": KEY.encode().hex(" "),
    "as a dump with colons": KEY.encode().hex(":").upper(),
    "as a dump of C": " ".join(f"0x{byte:02x}" for byte in KEY.encode()),
}


@pytest.mark.parametrize("form", APART.values(), ids=APART)
def test_a_credential_is_found_split_and_in_other_case(form: str) -> None:
    remember(KEY)
    assert redacted(f"before: {form}; after") == f"before: {MASK}; after"


def test_a_header_of_http_basic_over_lines_is_of_no_use() -> None:
    remember(KEY)
    shown = redacted("\r\n".join((BASIC[:20], BASIC[20:40], BASIC[40:])))
    assert not any(part in shown for part in (BASIC[14:20], BASIC[20:40], BASIC[40:46]))


@pytest.mark.parametrize("text", ["to 442079 460123", "Correct horse, battery: staple", "50 % of 7 & \\u0041"])
def test_sentences_and_numbers_are_not_put_together(text: str) -> None:
    for secret in ("442079460123", "correcthorsebattery", "Kx7-pQ/9z+Lm2"):
        remember(secret)
    assert redacted(text) == text


def test_a_secret_that_begins_another_ends_an_escaped_text() -> None:
    remember("abc/def-1")
    remember("abc/def-1 and more")
    assert redacted("%61bc/def-1") == MASK


@given(
    st.lists(st.text("aB3+/ '\"%\\\\&;=x0u", min_size=6, max_size=20), min_size=1, max_size=4),
    st.lists(
        st.sampled_from(["%25", "\\\\u0041", "&amp;", "&#65;", "\\r\\n", "0x41", "<br>", "a", "B", "%2", "\\\\", "="])
    ),
    st.booleans(),
)
def test_whatever_the_text_is_nothing_is_lost_around_a_secret(
    secrets: list[str], around: list[str], lower: bool
) -> None:
    redaction.forget()
    for secret in secrets:
        remember(secret)
        remember(secret + secrets[0])
    text = "".join(around) + quote(secrets[0].lower() if lower else secrets[0], safe="") + "".join(around)
    shown = redacted(f"first: {text} :last")
    assert (shown[:6], shown[-5:]) == ("first:", ":last")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=6, max_size=40), st.text(max_size=5))
@example("\x0100000", "")  # begins as a mark of our own once did
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
    assert early.replace(f"{early.message} with abcdef-1").message == f"No {MASK} with {MASK}"
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
