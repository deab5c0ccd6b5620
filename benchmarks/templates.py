"""What templates of a node cost: 100,000 items, one template each, by the clock: JavaScript runs in another process."""

from __future__ import annotations

from functools import partial

from trunkline.node import Item, Template
from trunkline.node.template import Scope

from .figures import Figure, Options, Subject, by_turns
from .stopwatch import Stopwatch

ITEMS = 100_000
AIM = 1.0  # seconds for all of them, where a field is only read
JAVASCRIPT_AIM = 2.0  # seconds for all of them, where JavaScript is evaluated

PLAIN = "{{ $json.Id }}"
TEXTS = (PLAIN, "{{ $json.Id + 1 }}", "{{ $now.toISODate() }}")


def measure(options: Options) -> list[Subject]:
    items: list[Item] = [{"json": {"Id": number}} for number in range(ITEMS)]
    found = by_turns({text: partial(_pass, text, items) for text in TEXTS}, options.rounds)
    figures = [
        Figure(text, seconds, at_most=AIM if text == PLAIN else JAVASCRIPT_AIM) for text, seconds in found.items()
    ]
    return [Subject(f"{ITEMS:,} templates", "s", figures, [])]


def _pass(text: str, items: list[Item]) -> float:
    template = Template(text)
    template.value(Scope(items, 0), "Id")  # starts the process that evaluates, once for all
    watch = Stopwatch()
    for position in range(ITEMS):
        template.value(Scope(items, position), "Id")
    return watch.read().wall
