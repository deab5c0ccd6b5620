"""Which words of an answer may be kept: those that 3CX published, and those in which ASP.NET refuses.

Everything else may be somebody's name, number or host, and is replaced by ``…``.
"""

from __future__ import annotations

import re
from functools import cache

from trunkline import catalog

WITHHELD = "…"
_REFUSING = frozenset(
    """a an and annotation any are at be been by can cannot character code context could count delta details did
    does entity equal error exceeded exist expand expected expects expression failed field filter find for forbidden
    format found from function had has have http identifier in incoming innererror input integer internalexception
    invalid is key limit literal match matches message method missing must name named negative nextlink no node not
    occurred odata of on one open operand operator option or orderby parameter parse path position property query
    read request requested required resource resulted search segment select should skip specified stacktrace string
    supported syntax target term that the this to token top type unauthorized unexpected unknown unrecognized
    unsupported uri url used valid value was were with
    """.split()  # noqa: SIM905
)
_MODEL_NAME = re.compile(
    r"(?!.*\d{4})([A-Za-z_]\w{0,59}|\w{0,60}@odata\.(context|count|etag|id|type|\w{4,11}Link))", re.ASCII
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_QUOTED = re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"|(?<!\w)[‘“][^’”]*[’”]")
_PIECE = re.compile(r"'…'|\$?[A-Za-z_][\w.]*\w|[A-Za-z]|\S", re.ASCII)
_MARKS = ("'…'", *".,:;()/")


def may_keep_name(name: str, *, is_open: bool) -> bool:
    """Whether a property that no published type has can be kept.

    A closed type has the names of 3CX's model only, so the name has to look like one: ASCII letters and digits, no four
    digits in a row. In an open type it may be anything, so all of its words must be words of published names.
    """
    own, annotates, _ = name.partition("@odata.")
    words = {word.lower() for word in _WORD.findall(own)}
    is_published = words <= _published_words() and bool(words or (annotates and not own))
    return _MODEL_NAME.fullmatch(name) is not None and (not is_open or is_published)


def sentence(text: str) -> str:
    """Return a text of the PBX without what it quotes and without words that are not in the vocabulary."""
    pieces: list[str] = []
    for piece in _PIECE.findall(_QUOTED.sub("'…'", text[:1000])):
        word = piece.removeprefix("$")
        kept = piece in _MARKS or word.lower() in _REFUSING or word in published_names()
        if kept or pieces[-1:] != [WITHHELD]:
            pieces.append(piece if kept else WITHHELD)
    return re.sub(r" (?=[.,:;)])|(?<=\() ", "", " ".join(pieces))


@cache
def published_names() -> frozenset[str]:
    """Every name of a set, type and property, and every code of a warning."""
    everything = catalog.load()
    types = {name: everything.types[name].fields for name in everything.types}
    names = {name.removeprefix("Pbx.") for name in types}.union(everything.sets, *types.values(), ("Pbx", "Collection"))
    return frozenset(names.union(everything.enum_values("Pbx.Warnings")))


@cache
def _published_words() -> frozenset[str]:
    return _REFUSING.union(word.lower() for name in published_names() for word in _WORD.findall(name))
