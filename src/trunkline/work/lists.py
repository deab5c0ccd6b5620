"""Lists that an update replaces whole, such as the agents of a queue: what goes and what comes, and single changes.

A PBX takes a list of an update for all that there is (docs/pbx.md, Creating and changing), so whoever adds one agent
has to send the others, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ..catalog import Action, Catalog, TypeSpec, load, nearest
from ..catalog.members import member_lists
from ..catalog.secret import masked
from ..errors import InvalidArgument, NotFound, PreconditionFailed, UnknownName
from ..odata import literal
from ..request import Call, bind
from .drivers import AsyncCaller, Caller, adrive, drive
from .guards import Confirm, Question, check_confirmed
from .step import Ask, Asks

MOST_CHANGES = 1_000
"""Members that one call may add or remove."""
_IDENTITIES = ("Number", "Id", "GroupId", "RoleName", "Name")
_ROLES = "Rights"  # of a department's member; it is lost unless it is written back (docs/pbx.md, Creating and changing)


class ListChange(NamedTuple):
    """A list of an entity as it is and as it shall be. ``there`` were to be added and are in it, ``missing`` to be
    removed and are not."""

    field: str
    before: Sequence[Any]
    after: Sequence[Any]
    there: Sequence[str] = ()
    missing: Sequence[str] = ()

    @property
    def dropped(self) -> list[Any]:
        """The elements that are gone afterwards."""
        return [old for old in self.before if not any(is_same(old, new) for new in self.after)]

    @property
    def added(self) -> list[Any]:
        """The elements that are new."""
        return [new for new in self.after if not any(is_same(old, new) for old in self.before)]

    def __str__(self) -> str:
        before, after = (", ".join(map(element_name, part)) or "none" for part in (self.before, self.after))
        return f"{self.field}: {len(self.before)} → {len(self.after)}\n  before: {before}\n  after:  {after}"


def is_same(old: Any, new: Any) -> bool:
    """Whether two elements stand for the same thing: by number, Id or name, else by all that the new one says."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return bool(old == new)
    for name in _IDENTITIES:
        if old.get(name) is not None and new.get(name) is not None:
            return str(old[name]) == str(new[name])
    return all(old.get(name) == value for name, value in new.items())


def element_name(element: Any) -> str:
    """Return what a person calls an element of a list, without secrets: ``110 Ada Byron``."""
    if not isinstance(element, Mapping):
        return str(masked(element))
    names = [str(element[name]) for name in ("Number", "Name", "RoleName") if element.get(name)]
    if not names:
        names = [f"{name} {element[name]}" for name in ("Id", "GroupId") if element.get(name) is not None]
    return " ".join(names) or str(masked(dict(element)))


def replaced_lists(catalog: Catalog, action: Action, body: Mapping[str, Any] | None) -> dict[str, TypeSpec]:
    """Return the fields of an update's body that replace a list whole."""
    if action.kind != "update" or not body:
        return {}
    fields = catalog.spec_fields(action.body)
    return {name: fields[name] for name, value in body.items() if name in fields and fields[name].collection}


def reading_of(
    catalog: Catalog,
    action: Action,
    values: Mapping[str, Any],
    fields: Mapping[str, TypeSpec],
    options: Mapping[str, Any],
) -> Asks[Any]:
    """Read the entity that an update changes, with the lists of these fields. None if nothing reads it."""
    reader = load().resources[action.resource].get("get")
    if reader is None:
        return None
    expand = [expansion(catalog, name, spec) for name, spec in fields.items() if spec.navigation]
    arguments = dict(values) | ({"expand": expand} if expand else {})
    return (yield Ask(bind(load(), reader, (), arguments), options=options))


def expansion(catalog: Catalog, name: str, spec: TypeSpec) -> str:
    """Return how a list is expanded so that it can be written back: with the roles that its elements have."""
    return f"{name}($expand={_ROLES})" if _ROLES in catalog.fields(spec.name) else name


def replacing(fields: Iterable[str]) -> str:
    """Return what follows a request in a line: ``" (replaces the whole list Agents)"``, or nothing."""
    names = " and ".join(fields)
    return f" (replaces the whole list {names})" if names else ""


def list_facts(fields: Sequence[str]) -> tuple[str, ...]:
    """Return what is worth knowing before many updates that replace lists."""
    return (f"Each replaces the whole list {' and '.join(fields)}: elements that it doesn't name are dropped.",)


def update_changes(call: Call, options: Mapping[str, Any] = MappingProxyType({})) -> Asks[list[ListChange]]:
    """Read what an update changes, and return what it makes of each list; [] if it replaces none.

    ``options`` are the client's, for the reading.
    """
    fields = replaced_lists(call.catalog, call.action, call.body)
    entity = (yield from reading_of(call.catalog, call.action, call.values, fields, options)) if fields else None
    if not fields or entity is None:
        return []
    body = call.body or {}
    return [ListChange(name, entity.get(name) or [], body[name] or []) for name in fields]


def question_of(call: Call, changes: Sequence[ListChange]) -> Question | None:
    """Return what to ask before an update drops elements of lists; None if it drops none."""
    if not (dropping := [change for change in changes if change.dropped]):
        return None
    removals = sum(len(change.dropped) for change in dropping)
    present = sum(len(change.before) for change in dropping)
    name = " ".join(str(call.values[key]) for key in call.action.keys)
    return Question(call.action, 1, removals=removals, present=present, name=name, facts=tuple(map(str, dropping)))


class Members:
    """A list of extensions of one entity, of which some are to be added or removed.

        agents = Members("queues", 61, "agents")
        change = agents.plan(pbx, add=["110"])
        agents.apply(pbx, change)

    `plan` and `apply` take a `Pbx`; `aplan` and `aapply` an `AsyncPbx`. Raises UnknownName for a list that the resource
    doesn't have.
    """

    def __init__(self, resource: str, key: Any, name: str) -> None:
        lists = member_lists(resource)
        if name not in lists:
            near = nearest(name, iter(lists))
            has = f"It has {', '.join(lists)}." if lists else ""
            raise UnknownName(f"{resource} has no list of members {name!r}.{near}", hint=has)
        self.field, self.spec = lists[name]
        self.action = load().resources[resource]["update"]
        self.key = key

    def plan(
        self,
        pbx: Caller,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        values: Mapping[str, Any] | None = None,
    ) -> ListChange:
        """Read the list, and return what it becomes; nothing is changed.

        Members are extension numbers, or Ids of users written ``id:12``. ``values`` are further fields of those that
        are added, such as ``{"SkillGroup": "2"}``. Raises NotFound for an extension that the PBX doesn't have.
        """
        change: ListChange = drive(self._planned(add, remove, values or {}), pbx)
        return change

    async def aplan(
        self,
        pbx: AsyncCaller,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        values: Mapping[str, Any] | None = None,
    ) -> ListChange:
        """Plan as `plan` does."""
        change: ListChange = await adrive(self._planned(add, remove, values or {}), pbx)
        return change

    def apply(self, pbx: Caller, change: ListChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send the list of a plan; False if it is so already, and nothing was sent.

        ``confirm`` asks a person before members are removed, or is the answer. Raises PreconditionFailed, and changes
        nothing, if the list is not as it was read by now; NotConfirmed after a no.
        """
        return bool(drive(self._sent(change, confirm), pbx))

    async def aapply(self, pbx: AsyncCaller, change: ListChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send as `apply` does."""
        return bool(await adrive(self._sent(change, confirm), pbx))

    def _read(self) -> Asks[list[Any]]:
        values = {self.action.keys[0]: self.key}
        row = yield from reading_of(load(), self.action, values, {self.field: self.spec}, {})
        return [_own(element) for element in row.get(self.field) or []]

    def _planned(self, add: Sequence[str], remove: Sequence[str], values: Mapping[str, Any]) -> Asks[ListChange]:
        if len(add) + len(remove) > MOST_CHANGES:
            raise InvalidArgument(f"At most {MOST_CHANGES:,} members can be changed at once.")
        before = yield from self._read()
        after, there, missing = list(before), [], []
        for who in remove:
            if (place := _place(after, who)) is None:
                missing.append(who)
            else:
                del after[place]
        for who in add:
            if _place(after, who) is not None:
                there.append(who)
                continue
            person = yield from _person(who)
            keys = ("Number", "Id") if load().key(self.spec.name) else ("Number",)
            after.append({**{name: person[name] for name in keys}, **values})
        return ListChange(self.field, before, after, there, missing)

    def _sent(self, change: ListChange, confirm: Confirm | bool | None) -> Asks[bool]:
        if change.after == change.before:
            return False
        if change.dropped:
            gone = ", ".join(map(element_name, change.dropped))
            facts = (f"{change.field}: {len(change.before)} → {len(change.after)}", f"Removed: {gone}")
            removals, present = len(change.dropped), len(change.before)
            question = Question(self.action, 1, removals=removals, present=present, name=str(self.key), facts=facts)
            check_confirmed(question, confirm)
        if (yield from self._read()) != change.before:
            raise PreconditionFailed(
                f"{change.field} of the {self.action.noun} {self.key} changed since it was read. Nothing was done.",
                hint="Plan it again.",
                status=412,
                codes={change.field: "changed"},
            )
        arguments = {self.action.keys[0]: self.key, "body": {change.field: change.after}}
        yield Ask(bind(load(), self.action, (), arguments))
        return True


def _own(element: Any) -> Any:
    """Return an element as it can be sent back: without what OData adds."""
    return {k: v for k, v in element.items() if "@odata." not in k} if isinstance(element, Mapping) else element


def _place(elements: Sequence[Any], who: str) -> int | None:
    name, value = _named(who)
    return next((n for n, element in enumerate(elements) if str(element.get(name)) == value), None)


def _named(who: str) -> tuple[str, str]:
    """``id:12`` is an Id, all else a number. Raises InvalidArgument for neither."""
    text = str(who).strip()
    is_id = text.startswith("id:")
    value = text.removeprefix("id:")
    if not value or (is_id and not value.isdecimal()):
        raise InvalidArgument(f"A member is an extension number such as 110, or an Id such as id:12, not {who!r}.")
    return ("Id" if is_id else "Number"), value


def _person(who: str) -> Asks[Mapping[str, Any]]:
    name, value = _named(who)
    where = f"{name} eq {value if name == 'Id' else literal(value, TypeSpec('String'))}"
    arguments = {"filter": where, "select": "Id,Number", "top": 1}
    rows = yield Ask(bind(load(), load().action("users.list"), (), arguments))
    if not rows:
        raise NotFound(f"There is no extension {who}.", hint="Nothing was changed.", status=404)
    person: Mapping[str, Any] = rows[0]
    return person
