"""Where the emulator answers differently from a PBX that was recorded, and how sure it claims to be there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from trunkline.catalog import load

from ..app import Emulator
from .recorder import Heard, Recorded, Recording, recording
from .shapes import Shape
from .vocabulary import WITHHELD

_NOT_THE_ANSWER = (0, 403, 429, 502, 503, 504)
"""Statuses that depend on the client's rights and the network, not on the question."""


class Difference(msgspec.Struct, frozen=True):
    """One thing that differs: ``place`` is a property's path, a header, or "".

    ``evidence`` is what the emulator claims for its answer. ``certain`` is false for a property that one side left out
    and that may be null there.
    """

    question: str
    evidence: str
    kind: str
    place: str
    recorded: str
    emulated: str
    certain: bool = True


class Comparison(msgspec.Struct, frozen=True):
    """``agreed`` has the evidence of each answer without a certain difference, ``skipped`` why one wasn't compared."""

    version: str
    differences: list[Difference]
    agreed: dict[str, str]
    skipped: dict[str, str]


def compare(recorded: Recording, version: str | None = None) -> Comparison:
    """Ask an emulator of the recording's version, or of another, the same questions, and compare the answers."""
    version = version or recorded.version or load().editions[-1].version
    emulated, evidence = record_emulator(Emulator(version), version)
    comparison = Comparison(version, [], {}, {})
    for name, answer in recorded.answers.items():
        own = emulated.answers.get(name)
        if answer.status in _NOT_THE_ANSWER:
            comparison.skipped[name] = answer.problem or f"the PBX answered {answer.status}"
        elif own is None:
            comparison.skipped[name] = "the emulator has no row or action for it"
        else:
            differences = [Difference(name, evidence[name], *facts) for facts in _answers(answer, own)]
            comparison.differences.extend(differences)
            if not any(each.certain for each in differences):
                comparison.agreed[name] = evidence[name]
    return comparison


def record_emulator(emulator: Emulator, version: str | None = None) -> tuple[Recording, dict[str, str]]:
    """Record an emulator in this process, without a socket; with the evidence of each answer."""
    evidence: dict[str, str] = {}
    steps = recording(version)
    try:
        question = next(steps)
        while True:
            answer = emulator.ask("GET", question.target)
            evidence[question.name] = answer.headers.get("x-trunkline-evidence", "")
            framing = {} if "content-length" in answer.headers else {"transfer-encoding": "chunked"}  # a server adds it
            question = steps.send(Heard(answer.status, answer.headers | framing, answer.body))
    except StopIteration as done:
        return done.value, evidence


# A difference: its kind and place, what is in the recording and in the emulator, and whether it is certain.
_Found = Iterator[tuple[str, str, str, str, bool]]


def _answers(recorded: Recorded, own: Recorded) -> _Found:
    if recorded.status != own.status:
        yield "status", "", str(recorded.status), str(own.status), True
        return
    for name in sorted(recorded.headers.keys() | own.headers.keys()):
        header, own_header = recorded.headers.get(name, "none"), own.headers.get(name, "none")
        if header != own_header:
            yield "header", name, header, own_header, True
    if recorded.body is not None and own.body is not None:
        yield from _shapes("", recorded.body, own.body)
    elif recorded.body is not own.body:
        content, own_content = ("JSON" if each.body is not None else each.content for each in (recorded, own))
        yield "body", "", content, own_content, True


def _shapes(place: str, recorded: Shape, own: Shape) -> _Found:
    types, own_types = _types(recorded), _types(own)
    formats, own_formats = _formats(recorded), _formats(own)
    if types and own_types and types.isdisjoint(own_types):
        yield "type", place, _listed(types), _listed(own_types), True
    elif formats and own_formats and formats.isdisjoint(own_formats):
        kind = "error text" if any(each.startswith("says") for each in formats | own_formats) else "format"
        yield kind, place, _listed(formats), _listed(own_formats), True
    if recorded.kinds.get("object") and own.kinds.get("object"):
        yield from _properties(place, recorded, own)
    if recorded.items and own.items:
        yield from _shapes(f"{place}[]", recorded.items, own.items)


def _properties(place: str, recorded: Shape, own: Shape) -> _Found:
    always, own_always = _always(recorded), _always(own)
    for name in dict.fromkeys((*recorded.properties, *own.properties)):
        one, other = recorded.properties.get(name), own.properties.get(name)
        inner = f"{place}.{name}".lstrip(".")
        if one and other:
            yield from _shapes(inner, one, other)
        elif one and name in always:
            yield "missing property", inner, _listed(_types(one)), "none", not one.optional
        elif other and name in own_always:
            yield "extra property", inner, "none", _listed(_types(other)), not other.optional
    order, own_order = [name for name in always if name in own_always], [name for name in own_always if name in always]
    for first, own_first in zip(order, own_order, strict=True):
        if first != own_first:
            yield "order", place, f"{first} before {own_first}", f"{own_first} before {first}", True
            return


def _always(shape: Shape) -> list[str]:
    """Return the properties that every row has; which ones were withheld is unknown."""
    rows = shape.kinds["object"]
    return [name for name, each in shape.properties.items() if sum(each.kinds.values()) == rows and name != WITHHELD]


def _types(shape: Shape) -> set[str]:
    """Return the types in JSON; null only if there is nothing else, and none of secrets."""
    types = {kind.partition(":")[0] for kind in shape.kinds} - {"secret"}
    return types - {"null"} or types


def _formats(shape: Shape) -> set[str]:
    """Return the formats of texts and numbers without sizes; an empty text has none, and a fraction may end early."""
    kinds = {kind.partition(": ")[2] for kind in shape.kinds if kind.startswith(("text: ", "number: "))} - {"empty"}
    sized = ("words, ", "integer, ", "enum, ")
    plain = {each if not each.startswith(sized) else each.partition(", ")[0] for each in kinds}
    return {"words" if each in ("url", "enum") else re.sub(r"\b[1-6] digits", "1-6 digits", each) for each in plain}


def _listed(words: set[str]) -> str:
    return " or ".join(sorted(words)) or "secret"
