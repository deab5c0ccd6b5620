"""Carrying out one step of a plan: sent only where the PBX is still as the plan saw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...catalog import load
from ...errors import BadRequest, NotFound, PreconditionFailed
from ...odata import literal
from ...odata.equality import unchanged
from ...request import bind
from ...transport.retries import Retries
from ...work.outcome import as_error
from ...work.recovery import Effect, Finding
from ...work.step import Ask, Asks
from ...work.step import Step as WorkStep
from ..kinds import Kind, kind_of
from ..model import Fields, Secret
from ..planning.directory import NUMBERED, field_of, keys_of
from ..planning.model import Step
from ..planning.parts import kind_of_part
from ..spelling import Names, compared, merged, references, secrets, sent, spelled
from ..tables import tables

THERE = "It was so already."
ADDED = "It was added by somebody else since the plan was made."
GONE = "It was gone already."
_ONCE = Retries(attempts=1)  # a run sends again itself, and knows when that may make a double
_AGAIN = "Nothing was done. Make a new plan: it has what is left."


class ConfigStep(WorkStep):
    """One step as it is sent. ``names`` is shared by the steps of a run: what is added has an Id from then on."""

    options: Mapping[str, Any] = {"retries": _ONCE}

    def __init__(self, step: Step, names: Names, secret: Callable[[str], str | None], *, action: str) -> None:
        self.step, self.names, self.secret = step, names, secret
        self.catalog = load()
        self.kind: Kind = kind_of(self.catalog, step.id)
        super().__init__(self.catalog.action(action), {})

    def ask(self, arguments: Mapping[str, Any]) -> Ask:
        """Return the checked call of the step's action."""
        return Ask(bind(self.catalog, self.action, (), arguments), None, self.options)

    def keys(self) -> dict[str, Any]:
        """Return the arguments that say which entity it is about."""
        return keys_of(self.action, self.step.id, self.names)

    def read(self, fields: Sequence[str]) -> Asks[Any]:
        """Read the entity with some fields, and expand no others. Raises NotFound."""
        options = self._reading(fields)
        if self.kind.getter or self.kind.single:
            action = self.catalog.action(self.kind.getter or self.kind.reader)
            keys = keys_of(action, self.step.id, self.names) if action.keys else {}
            return (yield Ask(bind(self.catalog, action, (), {**keys, **options})))
        action = self.catalog.action(self.kind.reader)
        name = self.kind.api_key
        value = self.names.api(self.step.id, name)
        where = f"{name} eq {literal(value, self.catalog.fields(self.kind.type_name)[name])}"
        rows = yield Ask(bind(self.catalog, action, (), {"filter": where, **options}))
        if not rows:
            raise NotFound(f"The PBX has no {self.step.id} any more.", status=404, method="GET")
        return rows[0]

    def _reading(self, fields: Sequence[str]) -> dict[str, Any]:
        expand = [path for path in self.kind.expand if path.partition("(")[0] in fields]
        options: dict[str, Any] = {"expand": expand} if expand else {}
        if not {*self.kind.select}.isdisjoint(fields):
            known = self.catalog.fields(self.kind.type_name)
            options["select"] = [name for name, spec in known.items() if not spec.navigation]
        return options

    def file_form(self, row: Mapping[str, Any]) -> Fields:
        """Return a row of the PBX as files spell it, with its parts, such as phones."""
        fields = spelled(self.catalog, self.kind, row, self.names, self.step.id.key)
        for part in self.kind.parts:
            kind = kind_of_part(self.catalog, part)
            elements = [each for each in row.get(part.list) or () if each.get(kind.api_key)]
            fields[part.list] = [spelled(self.catalog, kind, each, self.names) for each in elements]
        return fields

    def after(self, row: Mapping[str, Any]) -> tuple[Fields, Fields]:
        """Return the fields of the step, as the PBX has them and as they are to be."""
        now = self.file_form(row)
        lists = {part.list for part in self.kind.parts}
        asked = {name: value for name, value in self.step.fields.items() if name not in lists}
        laid = merged(self.catalog, self.kind, now, asked)
        wanted = {name: self.step.fields[name] if name in lists else laid[name] for name in self.step.fields}
        return {name: now.get(name) for name in wanted}, wanted

    def is_same(self, field: str, one: Any, other: Any) -> bool:
        """Whether two values of a field are one; phones in any order."""
        for part in self.kind.parts:
            if field == part.list:
                key = kind_of_part(self.catalog, part).api_key
                by_key = [{each[key]: each for each in value or ()} for value in (one, other)]
                return compared(by_key[0], by_key[1])
        return compared(one, other, field)

    def keep(self, answer: Any, *, is_missing: bool = False) -> Any:
        """Keep what others refer by, and nothing else: an answer may hold secrets."""
        return None


class Addition(ConfigStep):
    """An entity that is new.

    Just before it is sent, the PBX is searched for one with its natural key that came since the plan was made, as when
    two applies run at once from two machines. That is one filtered request more for each addition, of kinds of which
    the PBX itself would take a second one; it refuses a second one of a number, so that those cost nothing more.

    ``is_resumed``: a process that is gone may have sent it. Then it is searched for, and sent if it is not there;
    where this process lost the answer the PBX may still be at work on it, so that only what can't become a double is
    sent again.
    """

    def __init__(
        self, step: Step, names: Names, secret: Callable[[str], str | None], *, is_resumed: bool = False
    ) -> None:
        super().__init__(step, names, secret, action=kind_of(load(), step.id).creator)
        self._is_resumed = is_resumed
        self._found: Mapping[str, Any] | None = None

    @property
    def effect(self) -> Effect:
        return Effect.KEYED if self._is_refused_twice or self._is_resumed else Effect.DOUBLING

    @property
    def _is_refused_twice(self) -> bool:
        """Whether the PBX itself refuses a second one."""
        return self.kind.keys == NUMBERED or self.kind.api_key in self.kind.key

    def send(self) -> Asks[Any]:
        """Send it unless it came meanwhile. Raises PreconditionFailed where one of its name came with other content."""
        self._is_resumed = False
        if not self._is_refused_twice:
            found, differing = yield from self._newcomer()
            if found is not None and differing:
                raise PreconditionFailed(
                    f"{self.step.id} came to the PBX since the plan was made, with other content: "
                    f"{', '.join(differing)}.",
                    hint=_AGAIN,
                    status=412,
                    codes=dict.fromkeys(differing, "changed"),
                )
            if found is not None:
                self._found, self.note = found, ADDED
                return None
        body = sent(self.catalog, self.kind, self.step.fields, self.names, None, self.secret)
        return (yield self.ask({"body": body}))

    def keep(self, answer: Any, *, is_missing: bool = False) -> Any:
        row = answer if isinstance(answer, Mapping) else self._found
        if row is None:
            return None
        self.names.add(self.step.id, row)
        record: dict[str, Any] = self.names.row(self.step.id)
        return record

    def look_up(self) -> Asks[Finding]:
        """Search for an entity with the natural key that nothing else is known to have."""
        found, differing = yield from self._newcomer()
        if found is None:
            return Finding.NOT_DONE
        if differing:
            return Finding.NO_TELLING
        self._found = found
        self.names.add(self.step.id, found)
        return Finding.DONE

    def _newcomer(self) -> Asks[tuple[Mapping[str, Any] | None, list[str]]]:
        """Return what has the natural key and is not known by another one, with the fields that are not as asked.

        Of several it is one that is as asked, if there is one.
        """
        first: tuple[Mapping[str, Any] | None, list[str]] = (None, [])
        for row in (yield from self._candidates()):
            known = self.names.key(self.kind.name, row.get(self.kind.api_key), self.kind.api_key)
            if known is not None and known != self.step.id.key:
                continue
            now, wanted = self.after(row)
            differing = [name for name in wanted if not _is_as_sent(self.is_same, name, now[name], wanted[name])]
            if not differing:
                return row, []
            if first[0] is None:
                first = row, differing
        return first

    def _candidates(self) -> Asks[list[Mapping[str, Any]]]:
        """List what somebody configured that has the same natural key; by a filter where plain fields make the key."""
        action = self.catalog.action(self.kind.reader)
        options = self._reading(list(self.step.fields))
        if "filter" in action.query and (where := self._where()):
            options["filter"] = where
        key = self.kind.key_of(self.step.fields)
        theirs = tables().not_ours.get(self.kind.set)
        try:
            rows = yield Ask(bind(self.catalog, action, (), options))
        except BadRequest:
            if not options.pop("filter", ""):
                raise
            rows = yield Ask(bind(self.catalog, action, (), options))
        ours = [row for row in rows if theirs is None or row.get(theirs.field) not in theirs.values]
        return [row for row in ours if _key_of(self.kind, row) == key]

    def _where(self) -> str:
        """Return a filter for the natural key, "" where a filter can't have it."""
        known = self.catalog.fields(self.kind.type_name)
        for names in self.kind.keys:
            values = {name: self.step.fields.get(name) for name in names if self.step.fields.get(name)}
            if not values:
                continue
            if any(n not in known or known[n].name != "String" or not isinstance(v, str) for n, v in values.items()):
                return ""
            return " and ".join(f"{name} eq {literal(value, known[name])}" for name, value in values.items())
        return ""


class Change(ConfigStep):
    """New values of fields of an entity; also the fields that its add left out, which are not compared first."""

    def __init__(self, step: Step, names: Names, secret: Callable[[str], str | None]) -> None:
        super().__init__(step, names, secret, action=kind_of(load(), step.id).updater)

    @property
    def effect(self) -> Effect:
        return Effect.KEYED

    def send(self) -> Asks[Any]:
        """Read it, compare it with what the plan saw, and send the fields that are not as they are to be."""
        row = yield from self.read(list(self.step.fields))
        now, wanted = self.after(row)
        fields = {name: value for name, value in wanted.items() if not self._is_done(name, now[name], value)}
        if self.step.change == "change":
            self._check(now, fields)
        body = sent(self.catalog, self.kind, fields, self.names, row, self.secret)
        body = {name: value for name, value in body.items() if not unchanged(row.get(name), value)}
        if not body:
            self.note = THERE
            return None
        arguments = {**(self.keys() if self.action.keys else {}), "body": body}
        return (yield self.ask(arguments))

    def _is_done(self, name: str, now: Any, wanted: Any) -> bool:
        return self.is_same(name, now, wanted) and not any(self.secret(path) for path in secrets(wanted))

    def _check(self, now: Fields, fields: Fields) -> None:
        """Refuse to change what somebody else changed since the plan was made. Raises PreconditionFailed."""
        differing = [name for name in fields if not self.is_same(name, now[name], self.step.old.get(name))]
        if differing:
            raise PreconditionFailed(
                f"{self.step.id} changed since the plan was made: {', '.join(differing)}.",
                hint=_AGAIN,
                status=412,
                codes=dict.fromkeys(differing, "changed"),
            )

    def look_up(self) -> Asks[Finding]:
        row = yield from self.read(list(self.step.fields))
        now, wanted = self.after(row)
        return Finding.DONE if all(self._is_done(n, now[n], wanted[n]) for n in wanted) else Finding.NOT_DONE


class Removal(ConfigStep):
    """An entity that the files lack."""

    def __init__(self, step: Step, names: Names, secret: Callable[[str], str | None]) -> None:
        super().__init__(step, names, secret, action=kind_of(load(), step.id).deleter)

    @property
    def effect(self) -> Effect:
        return Effect.DELETE

    def send(self) -> Asks[Any]:
        """Read it, and remove it if it is still what the plan saw, apart from what it names."""
        named = {field_of(reference) for reference in references(self.catalog, self.kind, self.step.old)}
        fields = [name for name in self.step.old if name not in named]
        row = yield from self.read(fields)
        now = self.file_form(row)
        differing = [name for name in fields if not self.is_same(name, now.get(name), self.step.old[name])]
        if differing:
            raise PreconditionFailed(
                f"{self.step.id} changed since the plan was made: {', '.join(differing)}. It is not removed.",
                hint=_AGAIN,
                status=412,
            )
        return (yield self.ask(self.keys()))

    def keep(self, answer: Any, *, is_missing: bool = False) -> Any:
        if is_missing:
            self.note = GONE
        self.names.remove(self.step.id)
        return None

    def look_up(self) -> Asks[Finding]:
        try:
            yield from self.read([])
        except BaseException as problem:
            if isinstance(as_error(problem), NotFound):
                return Finding.DONE
            raise
        return Finding.NOT_DONE


def work_step(
    step: Step, names: Names, secret: Callable[[str], str | None], *, is_resumed: bool
) -> Addition | Change | Removal:
    """Return what carries a step out. ``is_resumed``: a process that is gone may have sent it."""
    match step.change:
        case "add":
            return Addition(step, names, secret, is_resumed=is_resumed)
        case "remove":
            return Removal(step, names, secret)
    return Change(step, names, secret)


def _is_as_sent(is_same: Callable[[str, Any, Any], bool], name: str, now: Any, wanted: Any) -> bool:
    """Whether a value is as it was sent, as far as can be seen: not of a secret, nor of what was left out."""
    return isinstance(wanted, Secret) or is_same(name, now, wanted)


def _key_of(kind: Kind, row: Mapping[str, Any]) -> str | None:
    try:
        return kind.key_of(row)
    except ValueError:
        return None
