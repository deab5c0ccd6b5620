"""Characters that nobody sees, and those that only look like a space, a dash or a digit."""

from __future__ import annotations

import re
import unicodedata

_NOISE = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab and the ends of lines
    "\u00ad\u115f\u1160\u180e\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
)
_JOINING = "\u034f\u17b4\u17b5\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0000-\U000e0fff"
"""Unseen too, but some scripts and emoji are written with them; with the others all that Unicode lets be ignored."""
_UNSEEN = _NOISE + _JOINING
_SPACES = "\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
_ODD = re.compile(f"[{_UNSEEN}{_SPACES}]")
_SPACE = re.compile(f"[{_SPACES}]")
_HIDDEN = re.compile(f"[{_NOISE}]")
_OUTER = re.compile(rf"\A[\s{_NOISE}{_SPACES}]+|[\s{_NOISE}{_SPACES}]+\Z")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\u00b7\u2022\u2027\u2219\u22c5\u30fb\u30fc](?=\d)")
"""Dots and the Japanese long vowel, with which numbers are grouped; between letters they are part of a word."""
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u02d7\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212\u2796", "-"),
        **dict.fromkeys("\u058a\u05be\u1400\u1806\u2e3a\u2e3b\u2e40\u301c\u3030\ufe31\ufe32\ufe58\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u02b9\u2032\uff07", "'"),
    }
)


def visible(text: str) -> str:
    """Return a text with ``\\u202a`` in place of each character that is not seen or only looks like a space.

    Applied to JSON the result is the same JSON. Tabs and the ends of lines stay.
    """
    return text if text.isascii() and text.isprintable() else _ODD.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    pair = found[0].encode("utf-16-be")
    return "".join(f"\\u{pair[place : place + 2].hex()}" for place in range(0, len(pair), 2))


def has_invisible(text: str) -> bool:
    """Whether a text holds a character that is not seen, and that no script is written with."""
    return not (text.isascii() and text.isprintable()) and _HIDDEN.search(text) is not None


def trimmed(text: str) -> str:
    """Return a text without spaces and invisible characters around it.

    Those within it may mean something in its script.
    """
    return text.strip() if text.isascii() and text.isprintable() else _OUTER.sub("", text)


def cleaned(text: str) -> str:
    """Return a number, address or name of a value in plain characters.

    Invisible characters are gone; spaces, dashes, apostrophes, digits and letters of another width are the plain ones,
    and so are the digits of other scripts.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    plain = _SPACE.sub(" ", _INVISIBLE.sub("", text)).translate(_ALIKE)  # NFKC would part a dash's look-alikes
    plain = unicodedata.normalize("NFKC", plain).translate(_ALIKE)
    plain = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in plain).strip()
    return _BETWEEN_DIGITS.sub("-", plain)


def comparable(text: str) -> str:
    """Return a text as it is compared with others: `cleaned`, in one case, with single spaces."""
    plain = cleaned(text)
    folded = plain.casefold() if plain.isascii() else unicodedata.normalize("NFKC", plain.casefold())
    return " ".join(folded.split())


def composed(text: str) -> str:
    """Return a text with its accents composed (NFC): macOS writes them apart."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
