"""How names are derived from 3CX's: short ids, Python names, display names, nouns and one-line summaries.

Everything here is a rule over the spec's own names; the only lists are the handful of words
that a rule can't spell.
"""

from __future__ import annotations

import re

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


def article(text: str) -> str:
    """``fax`` → ``a fax``, ``inbound rule`` → ``an inbound rule``, ``MCU row`` → ``an MCU row``."""
    first = text.split(maxsplit=1)[0]
    if len(first) > 1 and first.isupper():
        vowel = first[0] in "AEFHILMNORSX"
    else:
        vowel = first[0].lower() in "aeiou" and not re.match(r"(us|uni|one)", first)
    return f"{'an' if vowel else 'a'} {text}"


def listing(items: list[str]) -> str:
    """Write ``["a", "b", "c"]`` as ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def summary(
    kind: str, entity: str, own_keys: list[str], called: str | None, arguments: list[str], answer: str, singleton: bool
) -> str:
    """One sentence that says what an action does, made from its structure alone.

    ``entity`` is the noun of the entity set's type, ``called`` the spec's name of the function, action or
    navigation property, ``arguments`` the parameters or body fields it takes.
    """
    by = f" by its {listing(own_keys)}" if own_keys else ""
    one = f"the {entity}" if singleton else article(entity)
    if called is None:
        match kind:
            case "list":
                return f"List {plural(entity)}."
            case "create":
                return f"Create {article(entity)}."
            case _:
                return f"{kind.capitalize()} {one}{by}."
    spoken = phrase(called)
    if kind == "list" and not arguments:
        return f"List the {spoken.removeprefix('list ')} of {one}{by}."
    sentence = spoken[0].upper() + spoken[1:]
    scope = f" ({one}{by})" if own_keys else f" ({plural(entity)})" if not singleton else f" ({entity})"
    given = f", given {listing(arguments)}" if arguments else ""
    back = {"list": "; answers a list", "file": "; answers a file", "value": "; answers a value"}.get(answer, "")
    return f"{sentence}{scope}{given}{back}."
