"""The step that takes an extension out of one entity, sent only where its fields are still as they were read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..catalog import Catalog, load
from ..errors import PreconditionFailed
from ..request import bind
from ..work.recovery import Effect, Finding
from ..work.step import Ask, Asks, Step
from .fields import Source
from .rewriting import rewritten
from .target import Target


class Holding(Step):
    """New values of an entity that refers to an extension. ``old`` and ``new`` are its fields, ``entity`` its name."""

    def __init__(
        self,
        catalog: Catalog,
        source: Source,
        row: Mapping[str, Any],
        new: Mapping[str, Any],
        target: Target,
        heir: Target | None,
        entity: str,
    ) -> None:
        self.source, self.target, self.heir, self.entity, self._catalog = source, target, heir, entity, catalog
        self.old, self.new = {name: row.get(name) for name in new}, dict(new)
        self.keys = {} if source.is_single else {name: row[name] for name in source.key}
        super().__init__(catalog.action(f"{source.resource}.update"), {**self.keys, "body": self.new})

    @property
    def effect(self) -> Effect:
        return Effect.KEYED

    def send(self) -> Asks[Any]:
        """Compare, then change. Raises PreconditionFailed where somebody has changed the fields meanwhile."""
        row = yield from self._read()
        if differing := [name for name, value in self.old.items() if row.get(name) != value]:
            raise PreconditionFailed(
                f"{self.entity} changed since it was read: {', '.join(differing)}. Nothing was done to it.",
                hint="Plan again: then it is compared.",
                status=412,
                codes=dict.fromkeys(differing, "changed"),
            )
        return (yield from super().send())

    def look_up(self) -> Asks[Finding]:
        row = yield from self._read()
        rest = rewritten(self._catalog, self.source, row, self.target, self.heir)
        return Finding.NOT_DONE if self.new.keys() & rest.keys() else Finding.DONE

    def _read(self) -> Asks[Any]:
        action = load().action(f"{self.source.resource}.get")
        expand = [name for name in self.old if name in self.source.expand]
        select = [*self.keys, *(name for name in self.old if name not in expand)]
        reading = {**self.keys, **({"select": select} if select else {}), **({"expand": expand} if expand else {})}
        return (yield Ask(bind(load(), action, (), reading)))
