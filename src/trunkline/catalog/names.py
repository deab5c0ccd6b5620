"""How names are derived from 3CX's: short ids, Python names, display names and nouns.

Everything here is a rule over the spec's own names; the only lists are the handful of words
that a rule can't spell.
"""

from __future__ import annotations

import re
from functools import lru_cache

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
_DIGITS = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
# Words whose letters belong together although case says otherwise.
_JOINED = {
    "O Auth": "OAuth", "M 365": "M365", "E 164": "E164", "Microsoft 365": "Microsoft365", "Office 365": "Office365",
}  # fmt: skip
_KEPT = {"OAuth", "M365", "E164", "Microsoft365", "Office365", "OpenAI", "Debian", "Google", "Amazon"}
_SPELLED = {
    "addr": "address",
    "addrs": "addresses",
    "backups": "backup",
    "ips": "IPs",
    "id": "Id",
    "ids": "Ids",
    "ai": "AI",
}
_ACRONYMS = frozenset(
    [
        "ai",
        "api",
        "cdr",
        "cid",
        "crm",
        "db",
        "dn",
        "fxs",
        "fqdn",
        "iam",
        "ip",
        "mcu",
        "pbx",
        "pin",
        "rps",
        "sbc",
        "sip",
        "sftp",
        "sla",
    ]
)
_UNCOUNTED = (
    "settings",
    "status",
    "data",
    "defs",
    "parameters",
    "statistics",
    "restrictions",
    "performance",
    "totals",
    "history",
)


def display_words(name: str) -> str:
    """``GetM365Users`` → ``Get M 365 Users``: the way the 3CX workflow node spells its display names."""
    return " ".join(_DIGITS.sub(" ", word) for word in _BOUNDARY.split(name) if word)


def words(name: str) -> list[str]:
    """``GetM365Users`` → ``["Get", "M365", "Users"]``, the words of a name with brand names whole."""
    text = display_words(name)
    for apart, joined in _JOINED.items():
        text = re.sub(rf"\b{apart}\b", joined, text)
    return text.split()


def snake(name: str) -> str:
    """``WebsiteLinks`` → ``website_links``; ``IPAddrMask`` → ``ip_addr_mask``."""
    return "_".join(words(name)).lower()


@lru_cache(maxsize=8192)
def folded(name: str) -> str:
    """``If Match``, ``if_match``, ``IfMatch`` → ``ifmatch``: two names that people take for the same are the same."""
    return "".join(c for c in name.lower() if c.isalnum())


def phrase(name: str) -> str:
    """``DeviceInfo`` → ``device info``, ``BlocklistAddr`` → ``blocklist address``, ``AISettings`` → ``AI settings``."""
    spoken = []
    for word in words(name):
        if word in _KEPT or (len(word) > 1 and word.isupper()):
            spoken.append(word)
        elif word.lower() in _ACRONYMS:
            spoken.append(word.upper())
        else:
            spoken.append(_SPELLED.get(word.lower(), word.lower()))
    return " ".join(spoken)


def noun(type_name: str) -> str:
    """Return what one entity of a type is called: ``Pbx.Weblink`` → ``weblink``."""
    return phrase(type_name.removeprefix("Pbx."))


def plural(singular: str) -> str:
    """``fax`` → ``faxes``, ``country`` → ``countries``, ``device info`` → ``device infos``."""
    if singular.endswith(_UNCOUNTED):
        return singular
    if singular.rsplit(maxsplit=1)[-1].isupper():
        return f"{singular}s"
    if re.search(r"[^su]s$", singular):  # a type that 3CX named in the plural, such as AbandonedQueueCalls
        return singular
    if re.search(r"(s|x|ch|sh)$", singular):
        return f"{singular}es"
    if re.search(r"[^aeiou]y$", singular):
        return f"{singular[:-1]}ies"
    return f"{singular}s"


def listing(items: list[str]) -> str:
    """Write ``["a", "b", "c"]`` as ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
