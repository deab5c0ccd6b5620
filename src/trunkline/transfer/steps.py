"""The steps of an import: what is to be added, changed or removed, each sent only where the PBX is still as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..catalog import load
from ..catalog.secret import masked
from ..errors import PreconditionFailed
from ..odata import literal
from ..odata.equality import unchanged
from ..request import bind
from ..work.outcome import as_error
from ..work.recovery import Effect, Finding
from ..work.step import Ask, Asks, Step
from .cells import same

if TYPE_CHECKING:
    from .importing import Import

_FILTERED = ("String", "Boolean", "Int32")
GONE = "It was gone already."
NO_ADDRESS = "There is no e-mail address for a welcome mail."
MAIL_UNSENT = "No welcome mail was sent."
THERE = "It was there already, with the same values."


class ImportStep(Step):
    """One thing to do to a PBX. ``line`` is that of the file, None for a removal; ``id`` is None for an addition.

    ``key`` says which one, such as ``Number 100``, and ``name`` how a person calls it. ``new`` are the fields to send,
    ``old`` what they hold now; ``guard`` is what must still be so when it is sent.
    """

    change: ClassVar[Literal["add", "change", "remove"]]
    _verb: ClassVar[str]

    def __init__(
        self,
        imported: Import,
        key: str,
        *,
        line: int | None = None,
        id: Any = None,
        name: str = "",
        old: Mapping[str, Any] | None = None,
        new: Mapping[str, Any] | None = None,
        guard: Mapping[str, Any] | None = None,
    ) -> None:
        self.key, self.line, self.id, self.name = key, line, id, name
        self.old, self.new, self.guard = dict(old or {}), dict(new or {}), dict(guard or {})
        arguments = ({} if id is None else {"Id": id}) | ({"body": self.new} if self.new else {})
        super().__init__(imported.kind.action(load(), self._verb), arguments)
        self.options = {"if_unchanged": self.guard} if self.guard else {}
        self.imported = imported

    @property
    def keys(self) -> dict[str, Any]:
        """The fields that rows are matched by, with their values; None where the PBX will give one."""
        known = {**self.old, **self.guard, **self.new}
        return {name: known.get(name) for name in self.imported.key}

    def keep(self, answer: Any, *, is_missing: bool = False) -> Any:
        """Keep only the Id that the PBX gave: answers may hold secrets, and there may be a million."""
        if is_missing:
            self.note = GONE
        return {"Id": answer["Id"]} if isinstance(answer, dict) and "Id" in answer else None

    def _read(self, fields: Sequence[str]) -> Asks[Any]:
        reading = self.imported.reading(load(), fields)
        return (yield self.imported.ask("get", {"Id": self.id, **reading}))

    def __repr__(self) -> str:
        fields = {name: masked(value) for name, value in (("old", self.old), ("new", self.new))}
        return f"<{self.change} {self.key!r}, line {self.line}, {fields}>"


class Addition(ImportStep):
    """An entity that is new. Where the PBX would take a second one with its key, it is searched for the first."""

    change = "add"
    _verb = "create"

    @property
    def effect(self) -> Effect:
        return Effect.KEYED if self.imported.kind.unique else Effect.DOUBLING

    def send(self) -> Asks[Any]:
        if self.effect is Effect.DOUBLING and (is_same := (yield from self._compare())) is not None:
            if not is_same:
                raise PreconditionFailed(
                    f"There is one with {self.key} by now, with other values. Nothing was done.",
                    hint="Import again: then they are compared.",
                    status=412,
                )
            self.note = THERE
            return None
        answer = yield from super().send()
        if self.imported.wishes.welcome_mail:
            yield from self._welcome(answer)
        return answer

    def _welcome(self, answer: Any) -> Asks[None]:
        """Have the PBX send its welcome mail. The user is there already, so a failure is a note and not an error."""
        if not self.new.get("EmailAddress"):
            self.note = NO_ADDRESS
            return
        try:
            yield Ask(bind(load(), load().action("users.send_welcome_email"), (), {"Id": answer["Id"]}))
        except BaseException as problem:
            self.note = f"The welcome mail was not sent: {as_error(problem).message}"  # Ctrl-C and cancellation go on

    def look_up(self) -> Asks[Finding]:
        is_same = yield from self._compare()
        if is_same is None:
            return Finding.NOT_DONE
        if is_same and self.imported.wishes.welcome_mail:
            self.note = MAIL_UNSENT
        return Finding.DONE if is_same else Finding.NO_TELLING

    def _compare(self) -> Asks[bool | None]:
        """Whether the one with this key has the other plain fields too; None if there is none.

        Where the PBX gives the key, it is known by all its fields.
        """
        known = load().fields(self.imported.kind.type_name(load()))
        plain = {n: v for n, v in self.new.items() if isinstance(v, str | int) and known[n].name in _FILTERED}
        sought = {name: plain[name] for name in self.imported.key if name in plain} or plain
        where = " and ".join(f"{name} eq {literal(value, known[name])}" for name, value in sought.items())
        reading = {**self.imported.reading(load(), list(plain)), "filter": where}
        answer = yield self.imported.ask("list", reading)
        rows = [row for row in answer if same(sought, row)]
        return any(same(plain, row) for row in rows) if rows else None


class Change(ImportStep):
    """New values of an entity."""

    change = "change"
    _verb = "update"

    @property
    def effect(self) -> Effect:
        return Effect.KEYED

    def send(self) -> Asks[Any]:
        """Compare what comes only with ``$expand``, which ``if_unchanged`` doesn't see, then change it."""
        known = load().fields(self.imported.kind.type_name(load()))
        if expanded := [name for name in self.new if known[name].navigation]:
            row = yield from self._read(expanded)
            if differing := [name for name in expanded if not unchanged(self.old[name], row.get(name))]:
                raise PreconditionFailed(
                    f"{self.key} changed since it was read: {', '.join(differing)}. Nothing was done.",
                    hint="Import again: then they are compared.",
                    status=412,
                    codes=dict.fromkeys(differing, "changed"),
                )
        return (yield from super().send())

    def look_up(self) -> Asks[Finding]:
        row = yield from self._read(list(self.new))
        return Finding.DONE if same(self.new, row) else Finding.NOT_DONE


class Removal(ImportStep):
    """An entity that the file doesn't have."""

    change = "remove"
    _verb = "delete"
