"""Faults in short text, for a command line: ``reset-after:0.05``, ``429=2:every=10@DELETE /Fax*``.

``NAME[=VALUE][:WHICH][@WHERE]``. WHICH is a probability, or some of ``after=``, ``times=``, ``every=`` and
``probability=`` with commas between; WHERE is a method, a path, both, or the name of an action.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..variants import NotAllowed

# What each name does. VALUE, where it can be given, goes to the field named second, read as a number if it is one.
PRESETS: dict[str, tuple[Mapping[str, Any], str]] = {
    "reset-before": ({"reset": "before"}, ""),
    "reset-after": ({"reset": "after"}, ""),
    "close-before": ({"close": "before"}, ""),
    "close-after": ({"close": "after"}, ""),
    "half-body": ({"half_body": 0.5}, "half_body"),
    "chunked-cut": ({"half_body": 0.5, "chunked": True}, "half_body"),
    "captive-portal": ({"html": True}, ""),
    "delay": ({"delay": 1.0}, "delay"),
    "delay-after": ({"delay": 1.0, "when": "after"}, "delay"),
    "stall": ({"stall": "headers"}, ""),
    "silence": ({"stall": "silence", "when": "before"}, ""),
    "silence-after": ({"stall": "silence", "when": "after"}, ""),
    "garbage": ({"garbage": True}, ""),
    "wrong-type": ({"content_type": "text/plain"}, "content_type"),
    "wrong-length": ({"content_length": 10}, "content_length"),
    "trickle": ({"trickle": 0.01}, "trickle"),
    "drop-tokens": ({"drop_tokens": "all"}, ""),
    "401": ({"status": 401, "drop_tokens": "own"}, ""),
    "403": ({"status": 403}, ""),
    "404": ({"status": 404}, ""),
    "gateway-404": ({"status": 404, "proxy": True, "body": "404 page not found"}, ""),
    "gateway-403": ({"status": 403, "proxy": True, "body": {"message": "Forbidden"}}, ""),
    "429": ({"status": 429, "retry_after": 1}, "retry_after"),
    "429-date": ({"status": 429, "retry_after": 1, "retry_after_form": "date"}, "retry_after"),
    "429-after": ({"status": 429, "retry_after": 1, "when": "after"}, "retry_after"),
    "500": ({"status": 500}, ""),
    "500-after": ({"status": 500, "when": "after"}, ""),
    "502": ({"status": 502}, ""),
    "502-after": ({"status": 502, "when": "after"}, ""),
    "503": ({"status": 503}, "retry_after"),
    "503-after": ({"status": 503, "when": "after", "retry_after": 1}, "retry_after"),
    "504": ({"status": 504}, ""),
    "504-after": ({"status": 504, "when": "after"}, ""),
    "flap": ({"flap": {"up": 5, "down": 2, "unit": "seconds"}}, "flap"),
    "flap-requests": ({"flap": {"up": 5, "down": 2, "unit": "requests"}}, "flap"),
}
_COUNTS = ("after", "times", "every", "probability")
_TEXT = re.compile(r"([a-z0-9-]+)(?:=([^:@]*))?(?::([^@]*))?(?:@(.+))?")
_METHOD = re.compile(r"[A-Z]+")


def read(text: str) -> dict[str, Any]:
    """Return the rule that a short text stands for. NotAllowed says what is wrong."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise NotAllowed(f"{text!r} is not a fault; write NAME[=VALUE][:PROBABILITY][@METHOD PATH], or JSON.", PRESETS)
    name, value, which, where = found.groups()
    if name not in PRESETS:
        raise NotAllowed(f"No fault is called {name!r}.", PRESETS)
    preset, takes = PRESETS[name]
    do = dict(preset)
    if value is not None:
        if not takes:
            raise NotAllowed(f"{name!r} takes no value.")
        do[takes] = _cycle(do[takes], value) if takes == "flap" else _number(value)
    match = {**_which(which or ""), **_where(where or "")}
    return {"match": match, "do": do} if match else {"do": do}


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _cycle(preset: Mapping[str, Any], text: str) -> dict[str, Any]:
    """``5/2``: up for five, down for two."""
    up, _, down = text.partition("/")
    return {**preset, "up": _number(up), "down": _number(down)}


def _which(text: str) -> dict[str, Any]:
    found = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            name, value = "probability", name
        if name not in _COUNTS:
            raise NotAllowed(f"{part!r} doesn't say which requests are hit.", (f"{count}=" for count in _COUNTS))
        found[name] = _number(value)
    return found


def _where(text: str) -> dict[str, str]:
    """``DELETE``, ``/Fax*``, ``DELETE /Fax*``, ``DeleteFax`` or ``fax.delete``."""
    first, _, rest = text.strip().partition(" ")
    if not first:
        return {}
    if first[0] in "/*^":
        return {"path": text.strip()}
    if _METHOD.fullmatch(first):
        return {"method": first, "path": rest.strip()} if rest.strip() else {"method": first}
    return {"operation": text.strip()}
