"""Errors and hints as fields of the records of this room, in the shape that all of Trunkline's JSON has."""

from __future__ import annotations

from typing import Any, Self

import msgspec

from ..errors import Hint, TrunklineError


class HintRecord(msgspec.Struct, frozen=True):
    """What to do next. ``action`` is an action of the catalog or a command, "" where the text says it all."""

    text: str = ""
    action: str = ""
    arguments: dict[str, Any] = {}

    @classmethod
    def of(cls, hint: Hint) -> Self:
        return cls(hint.text, hint.action, dict(hint.arguments))

    def as_hint(self) -> Hint:
        """Give the hint, which each surface spells its own way."""
        return Hint(self.text, self.action, self.arguments)

    def __str__(self) -> str:
        return str(self.as_hint())


class ErrorRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error: the ``code`` of its kind, the PBX's HTTP ``status`` where it answered, and 3CX's ``codes`` by field."""

    code: str
    status: int | None
    message: str
    hint: HintRecord
    codes: dict[str, str] = {}

    @classmethod
    def of(cls, error: TrunklineError) -> Self:
        from ..work.outcome import described  # brings asyncio, which the help of a command doesn't need

        return msgspec.convert(described(error), cls)


msgspec.json.Decoder(ErrorRecord)  # made ready before several threads convert one (CONTRIBUTING.md)
