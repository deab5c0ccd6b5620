"""Which fields hold secrets, and values without them.

Users, phones and trunks come with secrets, and none is shown unless somebody asks for it. A secret is recognised by the
name of its field (`SECRET`), by the name beside it in a row with a name and a value, and by its value, once the process
knows that as a secret (`redaction`): what a flow has copied into another field is found by that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..redaction import MASK, redacted

if TYPE_CHECKING:
    from . import Catalog
    from .model import Action

SECRET = re.compile(
    r"passw(?:or)?d|passphrase|passcode|pwd$|secret|api[ _-]?key|token$"
    r"|^VMPIN$|^PinNumber$|(?-i:(?:^|[^A-Z])(?:PIN|Pin)$|(?:^|_)pin$)"
    r"|AuthID$|^SIPID$|Session_?id$"
    r"|PrivateKey|private_key|^TranscribeKey|RpsKey|(?:access|licen[cs]e|shared|signing|master|encryption)_?key$"
    r"|^GbJson$|(?-i:^Json$)|CodeVerifier$"
    r"|Prov(?:ision(?:ing)?)?Link|ConfigurationLink|FinalizeURL$|^Webhook$"
    r"|^(?:proxy-)?authorization$|^(?:set-)?cookie$",
    re.I,
)
HELD = ("Value", "Contents")
"""Where a secret stands that is an object of its own (`Pbx.ConcealedPassword`), or a row with a name beside it."""
NAMES = ("Name", "Key")
"""Where that name stands."""
_NAMELESS = frozenset((*HELD, "Id", "Description"))
"""What is left of a row with a name and a value where only the name was left out: its value may be anything."""

_SECRET_ANSWERS = frozenset(("token", "secret", "key", "link"))
"""Words in the names of actions whose plain answer is a secret, with no field whose name says so."""

__all__ = [
    "HELD",
    "MASK",
    "NAMES",
    "SECRET",
    "answers_secret",
    "has_mask",
    "holds_secret",
    "is_masked",
    "is_secret",
    "is_sign_in_name",
    "masked",
    "masked_by_name",
    "secret_fields",
    "secret_path",
    "secrets_in",
    "secrets_named",
    "texts_in",
]


def has_mask(value: Any) -> bool:
    """Whether a masked secret stands anywhere in a value, by itself or as a part of a text."""
    if isinstance(value, Mapping):
        return any(map(has_mask, value.values()))
    if isinstance(value, list):
        return any(map(has_mask, value))
    return is_masked(value)


def is_masked(value: Any) -> bool:
    """Whether a value is a masked secret, or a text with one in it."""
    return isinstance(value, str) and MASK in value


def masked(value: Any) -> Any:
    """Replace secrets at any depth: what stands in secret fields, and known secrets in other text."""
    return _masked(value, redacted)


def masked_by_name(value: Any) -> Any:
    """Return a value with what stands in secret fields replaced, at any depth; other text stays, whatever is in it."""
    return _masked(value, None)


def _masked(value: Any, text: Callable[[str], str] | None) -> Any:
    if isinstance(value, str):  # most are texts, and whether one is a mapping takes long to say
        return text(value) if text is not None else value
    if isinstance(value, Mapping):
        held = HELD if holds_secret(value) else ()
        return {k: _hidden(v) if k in held or is_secret(k) else _masked(v, text) for k, v in value.items()}
    return [_masked(v, text) for v in value] if isinstance(value, list) else value


def secrets_in(value: Any) -> Iterator[str]:
    """Every text that `masked_by_name` replaces in a value, but for names to sign in with that are phone numbers."""
    if isinstance(value, Mapping):
        held = HELD if holds_secret(value) else ()
        for name, inner in value.items():
            if name not in held and not is_secret(name):
                yield from secrets_in(inner)
            elif is_sign_in_name(name):
                yield from (text for text in texts_in(inner) if not text.removeprefix("+").isdigit())
            else:
                yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets_in(inner)


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(inner)


def secrets_named(condition: str) -> tuple[str, ...]:
    """Return the secret fields that a filter compares, such as ``VMPIN eq '0000'``; texts in quotes don't count."""
    names = re.findall(r"[^\W\d]\w*", re.sub(r"'[^']*'", " ", condition))
    return tuple(dict.fromkeys(filter(is_secret, names)))


def is_sign_in_name(name: str) -> bool:
    """Whether a secret field holds a name to sign in with, which may be no more than a trunk's phone number."""
    return name[-2:].lower() == "id"


@lru_cache(maxsize=4096)  # the rows of a list have the same names, a hundred thousand times
def is_secret(name: str) -> bool:
    """Whether a field of that name holds a secret."""
    return SECRET.search(name) is not None


def answers_secret(action: Action) -> bool:
    """Whether all that an action answers is a text that is a secret: a password, a key, a link to sign in with."""
    return action.answer == "value String" and not _SECRET_ANSWERS.isdisjoint(action.verb.split("_"))


def secret_fields(catalog: Catalog, action: Action) -> tuple[str, ...]:
    """Return the fields of what an action answers that may hold a secret, at any depth, those of each row first."""
    waiting = [action.answer_type.name] if action.answer_type is not None else []
    found: dict[str, None] = {}
    for name in waiting:
        if name in catalog.types:
            fields = catalog.fields(name)
            found |= dict.fromkeys(field for field in fields if is_secret(field) or field in HELD)
            waiting += dict.fromkeys(spec.name for spec in fields.values() if spec.name not in waiting)
    return tuple(found)


def secret_path(path: str) -> bool:
    """Whether ``Trunks[0].AuthPassword.Value`` leads to or into a secret field."""
    return any(SECRET.search(step) for step in re.split(r"[.\[\]]+", path))


def holds_secret(value: Mapping[str, Any]) -> bool:
    """Whether an object is a secret, or a parameter, choice or variable that is called like one."""
    if "Value" not in value and "Contents" not in value:
        return False
    if "Concealed" in value:
        return True
    names = [value[name] for name in NAMES if name in value]
    if names:
        return any(SECRET.search(str(name)) for name in names)
    # A template of a CRM is the one thing that is nothing but a value; a PBX names its type.
    return value.keys() <= _NAMELESS or (
        {name for name in value if not name.startswith("@odata.")} <= _NAMELESS
        and "CrmTemplateSource" not in str(value.get("@odata.context"))
    )


def _hidden(value: Any) -> Any:
    """All in a secret field, which some versions have as an object; somebody's own rows may have a PIN as a number."""
    if isinstance(value, Mapping):
        return {k: _hidden(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_hidden(v) for v in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK
