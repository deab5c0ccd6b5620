"""The live secrets of this process, and texts without them.

Whoever learns a secret calls `remember` (an API key, a token) or `remember_values` (what stands in the secret fields
of an answer). Whatever leaves as text goes through `redacted`: messages, hints, logs, reprs, what is printed or saved.

Not every value can be taken out of every text, because that would destroy more than it protects:

- A value of fewer than `SHORTEST` characters is not kept: "1234" is a PIN, and part of half of all numbers.
  A PIN of that length is protected by the name of its field alone (`catalog/secret.py`).
- A value that consists of one character repeated, or is a common word or sequence (`COMMON`), is not kept either.
- A value of digits only, or of letters only and shorter than 8, is replaced only where it stands alone, not as part
  of a longer number or word.
- A value of more than `LONGEST` characters is not kept.
- A credential of fewer than `SPLIT` characters is found only in its own case and in one piece.
- In a text of more than `LONG` characters, which is a file, only the forms in `_forms` are found.
- Only the newest are kept: `CREDENTIALS` of the first kind, `VALUES` of the second.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from urllib.parse import quote, quote_plus

from .disguise import ESCAPE, ESCAPE_OR_BREAK, places, undone
from .printable import printable

MASK = "••••••"
SHORTEST, LONGEST = 6, 20_000
SPLIT = 12
LONG = 1_000_000
CREDENTIALS = 1_000
VALUES = 50_000
# fmt: off
COMMON = frozenset((
    "123456", "1234567", "12345678", "123456789", "1234567890", "0123456789", "654321", "qwerty", "abcdef",
    "password", "passwort", "passw0rd", "secret", "default", "enabled", "disabled", "unknown", "private", "public",
    "system", "string", "custom", "client", "provider", "extension", "trunkline", "localhost", "undefined",
    "concealed", "required", "optional", "example",
))
# fmt: on
_END = "\0"  # between the values of a batch: no value of a secret field has it
_NAMES = "\0names\0"
_ODATA = "$'(),/:*@!;?"  # what a query option leaves unencoded, as odata/query.py spells it
_CLEAN = 20_000  # texts that are known to hold none, kept until another secret is learned


def remember(secret: str) -> None:
    """Keep a credential: an API key, an access token, a refresh token."""
    if secret:
        _live.keep(secret)


def remember_values(values: Iterable[object]) -> None:
    """Keep values of secret fields; anything but text is left out."""
    remember_texts([value for value in values if isinstance(value, str)])


def remember_texts(texts: Sequence[str], *, are_names: bool = False) -> None:
    """As `remember_values`, for a list of nothing but text; TypeError if something else is in it.

    Of names to sign in with those that are a phone number are left out: a trunk's main number stands in many places.
    """
    if texts:
        _live.keep_batch(texts if len(texts) <= VALUES else texts[-VALUES:], _NAMES if are_names else "")


def redacted(text: str) -> str:
    """Return the text with `MASK` in place of every live secret, however the secret is spelled in it.

    Found are the value itself, its forms in a URL, in a form, in JSON, in HTML, in Python, in hexadecimal, and in
    base64, also as part of something longer, as in the header of HTTP Basic. A credential of `SPLIT` characters is
    also found in other case, and with line breaks or spaces inside.
    """
    return _live.redacted(text)


def forget() -> None:
    """Forget all secrets, as tests want it."""
    _live.clear()


class _Live:
    """All secrets that are kept; safe to use from several threads.

    Values come in batches, one for each page that was read, and each is kept as one text: kept one by one, 50,000
    values would take several megabytes, and keeping them would slow down a long list. What to search for is worked
    out only when a text leaves.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._credentials: dict[str, None] = {}  # the oldest first, as in the next two
            self._batches: dict[str, int] = {}
            self._new: dict[str, None] = {}
            self._count = 0
            self._forms = _Forms()

    def keep(self, secret: str) -> None:
        with self._lock:
            if secret in self._credentials:
                del self._credentials[secret]
            else:
                self._new[secret] = None
            self._credentials[secret] = None
            if len(self._credentials) > CREDENTIALS:
                oldest = next(iter(self._credentials))
                del self._credentials[oldest]
                self._new.pop(oldest, None)

    def keep_batch(self, values: Sequence[str], kind: str) -> None:
        batch = kind + _END.join(values)
        with self._lock:
            if batch in self._batches:
                del self._batches[batch]
            else:
                self._new[batch] = None
                self._count += len(values)
            self._batches[batch] = len(values)
            while self._count > VALUES and len(self._batches) > 1:
                oldest = next(iter(self._batches))
                self._count -= self._batches.pop(oldest)
                self._new.pop(oldest, None)

    def redacted(self, text: str) -> str:
        if len(text) < SHORTEST or not (self._new or self._forms.starts):
            return text
        return self._current().without(text)

    def _current(self) -> _Forms:
        if self._new:
            with self._lock:
                batches: Iterable[str] = self._new
                if self._forms.count > 2 * VALUES:  # most of it is of values that are no longer kept
                    batches, self._forms = [*self._batches, *self._credentials], _Forms()
                for batch in batches:
                    values = batch.removeprefix(_NAMES).split(_END)
                    are_names = batch.startswith(_NAMES)
                    self._forms.add([v for v in values if not (are_names and v.removeprefix("+").isdigit())])
                self._forms.add_joined(self._credentials)
                self._new = {}
        return self._forms


class _Forms:
    """Every form of every secret, found by its first characters."""

    def __init__(self) -> None:
        self.starts: dict[str, tuple[int, ...]] = {}
        """The first characters of forms, each with the lengths of all forms that begin so, the longest first."""
        self.count = 0
        self._all: set[str] = set()
        self._joined: frozenset[str] = frozenset()
        self._bare: frozenset[bytes] = frozenset()
        self._clean: set[str] = set()

    def add(self, values: Sequence[str]) -> None:
        self._clean.clear()
        self.count += len(values)
        for value in values:
            for form in _forms(value) if _is_kept(value) else ():
                self._all.add(form)
                lengths = self.starts.get(form[:SHORTEST], ())
                if len(form) not in lengths:
                    self.starts[form[:SHORTEST]] = tuple(sorted((*lengths, len(form)), reverse=True))

    def add_joined(self, credentials: Iterable[str]) -> None:
        self._joined = frozenset(form for each in credentials for form in _joined_forms(each))
        self._bare = frozenset(map(_bare, self._joined))

    def without(self, text: str) -> str:
        if text in self._clean:
            return text
        shown = _without(text, self._spans(text))
        is_short = len(shown) <= LONG
        if is_short and ESCAPE.search(shown) and (spans := self._spans(undone(shown, ESCAPE))):
            shown = _without(shown, spans, places(shown, ESCAPE))
        if is_short and self._may_be_joined(shown) and (spans := self._joined_spans(_joined(shown))):
            shown = _without(shown, spans, places(shown, ESCAPE_OR_BREAK))
        if shown == text and len(text) <= 64:
            if len(self._clean) >= _CLEAN:
                self._clean.clear()
            self._clean.add(text)
        return shown

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """From where to where secrets stand."""
        starts = self.starts
        spans, end = [], 0
        for at in [at for at in range(len(text) - SHORTEST + 1) if text[at : at + SHORTEST] in starts]:
            if at >= end and (length := self._length(text, at)):
                end = at + length
                spans.append((at, end))
        return spans

    def _may_be_joined(self, text: str) -> bool:
        """Whether to look closely: where nothing is escaped, letters and figures alone are quicker to search."""
        if "\\" in text or "<" in text or ESCAPE.search(text):
            return bool(self._joined)
        bare = _bare(text)
        return any(form in bare for form in self._bare)

    def _joined_spans(self, text: str) -> list[tuple[int, int]]:
        """From where to where credentials stand in a text that was joined."""
        spans = []
        for form in self._joined:
            at = text.find(form)
            while at >= 0:
                spans.append((at, at + len(form)))
                at = text.find(form, at + len(form))
        return sorted(spans)

    def _length(self, text: str, at: int) -> int:
        """Return the length of the longest secret at this place; 0 if there is none."""
        for length in self.starts[text[at : at + SHORTEST]]:
            form = text[at : at + length]
            if form in self._all and _stands_alone(form, text[at - 1 : at], text[at + length : at + length + 1]):
                return len(form)  # at the end of the text it is shorter
        return 0


def _without(text: str, spans: Iterable[tuple[int, int]], at: Sequence[int] | None = None) -> str:
    """Return the text with the mask in place of spans, whose bounds are found in ``at`` if it is not the text's own
    places.
    """
    kept, end = [], 0
    for first, last in spans:
        start, stop = (
            (first, last) if at is None else (at[first], at[last - 1] + len(text[at[last - 1] : at[last]].rstrip()))
        )
        if start >= end:
            kept += [text[end:start], MASK]
        end = max(end, stop)
    return "".join([*kept, text[end:]])


def _joined(text: str) -> str:
    return undone(text, ESCAPE_OR_BREAK).translate(_LOWER)


def _bare(text: str) -> bytes:
    return text.encode("ascii", "ignore").lower().translate(None, _NEITHER)


def _joined_forms(credential: str) -> Iterator[str]:
    """Yield what is found in a joined text.

    Letters or figures alone could be the words of a sentence, or a phone number.
    """
    if not (credential.isalpha() or credential.isdigit()):
        raw = credential.encode("utf-8", "surrogatepass")
        for form in (credential, raw.hex(), *_in_base64(raw)):
            if len(joined := _joined(form)) >= SPLIT:
                yield joined


def _is_kept(value: str) -> bool:
    return SHORTEST <= len(value) <= LONGEST and len(set(value)) > 1 and value.lower() not in COMMON


def _stands_alone(form: str, before: str, after: str) -> bool:
    """Whether a number is not part of a longer number, and a short word no part of a longer word."""
    if form.isdigit():
        return not (before.isdigit() or after.isdigit())
    return not (form.isalpha() and len(form) < 8 and (before.isalpha() or after.isalpha()))


def _forms(value: str) -> Iterator[str]:
    import html  # both are needed only here, and take a while to load
    import json

    yield value
    if not (value.isascii() and value.isalnum()):
        quoted = (value.replace("'", "''"), value.replace("'", "'\\''"))  # for OData, and for a shell
        plain = {value, *quoted, " ".join(value.split()), printable(value)}  # as OData and we write it
        for text in plain:
            raw = text.encode("utf-8", "surrogatepass")
            coded = {quote(raw, safe=""), quote(raw), quote(raw, safe=_ODATA), quote_plus(raw)}
            coded |= {re.sub("%..", lambda found: found[0].lower(), each) for each in coded}
            written = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
            for form in {text, html.escape(text), *coded, *written}:
                if len(form) >= SHORTEST:
                    yield form
    raw = value.encode("utf-8", "surrogatepass")
    yield raw.hex()
    yield raw.hex().upper()
    if not value.isascii():
        yield raw.decode("latin-1")  # what is left of it where each byte was escaped
    yield from _in_base64(raw)


def _in_base64(value: bytes) -> Iterator[str]:
    """Yield what base64 makes of the value, at any place in what is encoded, without the characters that it shares
    there.
    """
    for shift, first in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(b"\0" * shift + value).decode()[first : (shift + len(value)) * 8 // 6]
        if len(whole) >= SHORTEST:
            yield whole
            if "+" in whole or "/" in whole:
                yield whole.translate(_URL_SAFE)


_URL_SAFE = str.maketrans("+/", "-_")
_NEITHER = bytes(byte for byte in range(128) if not chr(byte).isalnum())  # neither a letter nor a figure
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_live = _Live()
