"""What templates of a node cost: 100,000 items, one template each."""

from __future__ import annotations

from functools import partial

from trunkline.node import Item, Template
from trunkline.node.template import Scope

from .figures import Figure, Options, Subject, by_turns
from .stopwatch import Stopwatch

ITEMS = 100_000
AIM = 1.0  # seconds for all of them, where a field is only read

PLAIN = "{{ $json.Id }}"
TEXTS = (PLAIN, "{{ $json.Id + 1 }}", "{{ $now.toISODate() }}")


def measure(options: Options) -> list[Subject]:
    items: list[Item] = [{"json": {"Id": number}} for number in range(ITEMS)]
    found = by_turns({text: partial(_pass, text, items) for text in TEXTS}, options.rounds)
    figures = [Figure(text, seconds, at_most=AIM if text == PLAIN else None) for text, seconds in found.items()]
    return [Subject(f"{ITEMS:,} templates", "s", figures, [])]


def _pass(text: str, items: list[Item]) -> float:
    template = Template(text)
    watch = Stopwatch()
    for position in range(ITEMS):
        template.value(Scope(items, position), "Id")
    return watch.read().own
