"""The query string: its system options and parameter aliases (docs/pbx.md, Requests)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..refusals import bad_query
from .paths import BadPath, decode

# What ASP.NET knows as a system query option, with or without the dollar sign and in any case of letters.
SYSTEM = frozenset(
    {
        "$filter", "$orderby", "$top", "$skip", "$count", "$search", "$select", "$expand", "$format",
        "$apply", "$compute", "$skiptoken", "$deltatoken",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """System options by name (``$top``), and what ``@name`` stands for in expressions."""

    system: dict[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


def read_options(raw: bytes) -> Options:
    """Return the options of a query string. Raises Refusal (400).

    Names with neither ``$`` nor ``@`` that are not a system option belong to somebody else, and are ignored.
    A ``+`` is a space, as for any ASP.NET server, and ``%2B`` a plus sign (docs/pbx.md, Requests).
    """
    system: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for part in raw.split(b"&"):
        name, _, value = part.partition(b"=")
        try:
            decoded, text = decode(name.replace(b"+", b" ")), decode(value.replace(b"+", b" "))
        except BadPath as error:
            raise bad_query(str(error)) from None
        known = system_name(decoded)
        if known is None and not decoded.startswith(("$", "@")):
            continue
        name_as_read = known or decoded
        found = aliases if decoded.startswith("@") else system
        if name_as_read in found:
            raise bad_query(
                f"Query option '{name_as_read}' was specified more than once, but it must be specified at most once."
            )
        found[name_as_read] = text
    return Options(system, aliases)


def system_name(name: str) -> str | None:
    """``$top`` for ``$top``, ``top`` and ``TOP``; None for what is not a system query option."""
    lower = name.lower()
    known = lower if lower.startswith("$") else f"${lower}"
    return known if known in SYSTEM else None
