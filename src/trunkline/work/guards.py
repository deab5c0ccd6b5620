"""What refuses a list of calls before anything is sent, whoever made it: a person, a script, a job, a flow, an import.

A surface may ask a person and pass the answer in (`Confirm`); it can't go around a guard. Values that are masked are
refused where a body is checked (`request.body`), since that is on the way of every call.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..catalog import Action, load
from ..catalog.names import folded
from ..catalog.secret import has_mask
from ..errors import ConfigurationError, Hint, InvalidArgument, TrunklineError
from ..transport.address import comparable_url

MOST_AT_ONCE = 256
"""Items at once, each of which may be a thread."""
_UNSENT = "Nothing was sent."
_FOREIGN_FIELDS = 2  # fields that the rows of a resource never had


class NotConfirmed(TrunklineError):
    """Somebody was asked whether to go on, and did not say yes. Nothing was sent."""

    code = "not_confirmed"
    exit_code = 130


class Question(NamedTuple):
    """What is about to be done: ``calls`` of an action, of which ``removals`` remove something.

    ``url``: the address of the PBX, or of several, where the asker doesn't know it. ``present``: how many there are of
    it on the PBX, where that is known. ``name``: what a person calls the one thing that it is about, as the PBX has it.
    ``facts``: what else is worth knowing before a yes, a sentence each. ``phrase``: the question up to "on acme?",
    where somebody has read what it is about.
    """

    action: Action
    calls: int
    url: str = ""
    removals: int = 0
    present: int | None = None
    name: str = ""
    facts: tuple[str, ...] = ()
    phrase: str = ""

    def sentence(self, pbx: str) -> str:
        """Return the question itself, in one sentence that names what is at stake. ``pbx``: what the PBX is called."""
        if self.phrase:
            return f"{self.phrase} on {pbx}?"
        name = f" {self.name}" if self.name else ""
        if self.action.kind == "update" and self.calls == 1 and not self.removals:
            return f"Change {self.name or f'the {self.action.noun}'} on {pbx}?"
        if self.action.kind == "update" and self.removals:
            return f"Remove {self.removals:,} of {self.present or 0:,} from the {self.action.noun}{name} on {pbx}?"
        if self.action.kind == "delete" and self.name:
            return f"Delete {self.name} on {pbx}?"
        times = f", {self.calls:,} times" if self.calls > 1 else ""
        return f"On {pbx}: {self.action.summary.removesuffix('.')}{times}?"


Confirm = Callable[[Question], bool]
"""Asks a person; True is yes."""


def check_confirmed(question: Question, confirm: Confirm | bool | None, *, is_required: bool = False) -> None:
    """Refuse to go on without a yes, where somebody is to be asked. ``confirm`` asks, or is the answer.

    ``is_required``: nobody named what is removed, a comparison found it, so that None is not enough.
    Raises NotConfirmed after a no, InvalidArgument where a yes is required and nobody was asked.
    """
    if confirm is None:
        if is_required:
            raise InvalidArgument(
                f"{question.action.id} would remove {question.removals:,} of {question.present:,}, "
                "and nobody has confirmed that.",
                hint=Hint(f"{_UNSENT} Look at what is to be removed, then confirm it.", arguments={"confirm": True}),
            )
    elif not (confirm if isinstance(confirm, bool) else confirm(question)):
        raise NotConfirmed(f"{question.action.id} was not confirmed.", hint=_UNSENT)


class MostRemovals(NamedTuple):
    """How many removals are let pass: ``number``, or that share in per cent of what the PBX has."""

    number: int
    is_share: bool = False

    @classmethod
    def parse(cls, text: str | int) -> MostRemovals:
        """``20`` or ``50%``. Raises InvalidArgument for anything else."""
        number, share, rest = str(text).strip().partition("%")
        if rest or isinstance(text, bool) or not number.strip().isdecimal():
            raise InvalidArgument(f"The most removals are a number such as 20, or a share such as 10%, not {text!r}.")
        return cls(int(number), bool(share))

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_share else str(self.number)

    def allows(self, removals: int, present: int) -> bool:
        """Whether ``removals`` of ``present`` may be removed."""
        return removals * 100 <= self.number * present if self.is_share else removals <= self.number


def check_removals(removals: int, present: int, most: MostRemovals, what: str) -> None:
    """Refuse more removals than are allowed. ``what``: the plural of what is removed. Raises InvalidArgument."""
    if removals and not most.allows(removals, present):
        raise InvalidArgument(
            f"{removals:,} of {present:,} {what} would be removed; at most {most} may be.",
            hint=Hint(
                f"{_UNSENT} Look at what is to be removed and at how rows are matched, then allow more.",
                arguments={"max_removals": removals},
            ),
        )


def check_has_rows(name: str, rows: int, removals: int, what: str) -> None:
    """Refuse to remove everything because a file is empty. ``what``: the plural of what is removed.

    Raises InvalidArgument.
    """
    if removals and not rows:
        raise InvalidArgument(
            f"{name} has no rows, so all {removals:,} {what} would be removed.",
            hint=f"{_UNSENT} To remove all of them, delete them by their keys.",
        )


def check_same_pbx(what: str, expected: str, url: str) -> None:
    """Refuse another PBX than the one that a job or a plan was made for. Raises ConfigurationError."""
    if comparable_url(url) != comparable_url(expected):
        raise ConfigurationError(
            f"{what} is for {expected}, and this connection is to {url}.", hint=f"{_UNSENT} Connect to {expected}."
        )


def check_origin(n: int, row: Mapping[str, Any], names: Collection[str]) -> None:
    """Refuse an item that was read on another PBX: key 4 is another entity there.

    A list over several PBXs says in its field ``pbx`` where each row is from. ``names``: what the PBX that the item
    would be sent to is called; none where that is not known. Raises InvalidArgument.
    """
    origin = row.get("pbx")
    if names and isinstance(origin, str) and not {origin, _address(origin)} & {*names, *map(_address, names)}:
        raise InvalidArgument(
            f"Item {n} is of the PBX {origin!r}, and it would be sent to {next(iter(names))}.",
            hint=f"{_UNSENT} Send it to its own PBX, or remove its field pbx if that means something else.",
        )


def _address(name: str) -> str:
    """Return the address that a name is, as it is compared; the name itself where it is not an address."""
    try:
        return comparable_url(name)
    except TrunklineError:
        return name


def check_distinct(targets: Mapping[str, str]) -> None:
    """Refuse two names of one PBX, which would be sent every item twice. Raises ConfigurationError."""
    names: dict[str, str] = {}
    for name, url in targets.items():
        if (first := names.setdefault(comparable_url(url), name)) != name:
            raise ConfigurationError(
                f"{first!r} and {name!r} are the same PBX, {url}, which would be sent every item twice.",
                hint=f"{_UNSENT} Name one of them.",
            )


class Several(NamedTuple):
    """What is about to be done to several PBXs: an action's id, or other words for it; and their names."""

    changes: str
    pbxs: tuple[str, ...]


ConfirmSeveral = Callable[[Several], bool]
"""Asks a person whether several PBXs are to be changed; True is yes."""


def check_several(changes: str, targets: Mapping[str, str], confirm: ConfirmSeveral | bool | None) -> None:
    """Refuse to change more than one PBX without a yes. ``targets``: their addresses by name.

    Raises NotConfirmed after a no, InvalidArgument where nobody was asked, ConfigurationError for two names of one PBX.
    """
    if len(targets) < 2:
        return
    check_distinct(targets)
    if confirm is None:
        raise InvalidArgument(
            f"{changes} would change {len(targets):,} PBXs, and nobody has confirmed that.",
            hint=Hint(f"{_UNSENT} Look at which PBXs they are, then confirm it.", arguments={"confirm": True}),
        )
    if not (confirm if isinstance(confirm, bool) else confirm(Several(changes, tuple(targets)))):
        raise NotConfirmed(f"{changes} on {len(targets):,} PBXs was not confirmed.", hint=_UNSENT)


def check_concurrency(concurrency: object) -> None:
    """Refuse what is not a number of items at once. Raises InvalidArgument."""
    if not is_whole(concurrency, 1, MOST_AT_ONCE):
        raise InvalidArgument(f"concurrency must be a whole number, 1 to {MOST_AT_ONCE}, not {concurrency!r}.")


def is_whole(value: Any, least: int, most: int | None = None) -> bool:
    """Whether a value is a whole number within its bounds; ``True`` is not a number."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value and (most is None or value <= most)


def check_rows(action: Action, n: int, row: Mapping[str, Any], keys: Callable[[], Mapping[str, Any]]) -> None:
    """Refuse a row of another resource, whose keys are the same small numbers: contact 4 is not fax 4.

    ``keys`` gives the keys that would be sent; only where one is a field of that name, of the row or of an object in
    it, that is taken for what is acted on. Raises InvalidArgument.
    """
    if action.method == "GET" or not action.keys:
        return
    parts = [(part, *_resource_of(action.resource, action.keys, tuple(part))) for part in _objects(row)]
    if not any(other for _, other, _ in parts):
        return
    sent = keys()
    for part, other, names in parts:
        if any(_as_key(sent.get(key)) == _as_key(part[name]) for key, name in names):
            if not other:
                return
            raise InvalidArgument(
                f"Item {n} is a row of {other}, not of {action.resource}.",
                hint=f"{_UNSENT} If its {action.keys[0]} is the right one, pass only {', '.join(action.keys)}.",
            )


def _objects(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a row, then the objects within it."""
    yield row
    for value in row.values():
        if isinstance(value, dict):
            yield from _objects(value)


def _as_key(value: Any) -> str:
    """Return a key in the one form that all its spellings share: 4, 4.0, "4" and " 04" are the same to a PBX."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text.lstrip("0") or "0" if text.isdecimal() else text


@lru_cache(maxsize=256)
def _resource_of(
    resource: str, keys: tuple[str, ...], names: tuple[str, ...]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the other resource that a row with these fields was listed from, "" if it may well be of this one; and
    the keys that the row has, each with the name that it has there.

    Two fields that this one never had, and another has all of them: then somebody mixed up two lists. Columns of
    somebody's own, which no resource has, prove nothing.
    """
    found = {folded(name): name for name in names}
    own_keys = tuple((key, found[folded(key)]) for key in keys if folded(key) in found)
    if not own_keys:
        return "", ()
    catalog = load()
    fields = {folded(name.partition(".")[0]) for name in names if "@odata." not in name and name not in keys}
    fields = fields & _fields_of_all() - {folded(key) for key in keys}
    own = _listed_fields(resource)
    if not own or len(fields - own) < _FOREIGN_FIELDS:
        return "", own_keys
    others = (other for other in catalog.resources if fields <= _listed_fields(other))
    return min(others, key=lambda other: len(_listed_fields(other)), default=""), own_keys


@lru_cache(maxsize=1)
def _fields_of_all() -> frozenset[str]:
    return frozenset().union(*map(_listed_fields, load().resources))


@lru_cache(maxsize=256)
def _listed_fields(resource: str) -> frozenset[str]:
    """Return what a row of the resource's list may have, folded; nothing where it has no list."""
    catalog = load()
    listing = catalog.resources[resource].get("list")
    spec = listing.answer_type if listing else None
    fields = catalog.fields(spec.name) if spec and spec.name in catalog.types else ()
    return frozenset(map(folded, fields))


def comparable(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the fields of a row that can be compared with the PBX's: all but those whose secrets are masked in it.

    ``name``: what the row is called in errors. Raises InvalidArgument for a part of a field, such as ``Groups.Name``.
    """
    if dotted := [field for field in row if "." in field and "@odata." not in field]:
        raise InvalidArgument(
            f"{name} has {', '.join(dotted)}, a part of a field, which can't be compared.",
            hint=f"{_UNSENT} Take the rows with whole fields.",
        )
    return {field: value for field, value in row.items() if not has_mask(value)}


class UnchangedRows:
    """Rows as they were read, for actions that are sent only if the entity is still so."""

    def __init__(self, action: Action) -> None:
        """Find the action that reads. Raises InvalidArgument for an action that has no entity to compare with."""
        self.action = action
        if load().reader(action) is None or not action.keys:
            raise InvalidArgument(f"{action.id} has no entity that can be read by key, so there is nothing to compare.")
        self._keys: set[tuple[str, ...]] = set()

    def check(self, n: int, row: Mapping[str, Any]) -> None:
        """Refuse a row that can't be compared, and a second one with the same key. Raises InvalidArgument."""
        name = f"Item {n}"
        fields = comparable(row, name)
        if missing := [key for key in self.action.keys if key not in fields]:
            raise InvalidArgument(f"{name} has no {missing[0]}, so it can't be compared.", hint=_UNSENT)
        key = tuple(str(fields[name]) for name in self.action.keys)
        if key in self._keys:
            raise InvalidArgument(f"{name} has the same key as another.", hint=_UNSENT)
        self._keys.add(key)
        if not any("@odata." not in field and field not in self.action.keys for field in fields):
            hint = f"{_UNSENT} Bare keys can't be compared; use complete rows."
            raise InvalidArgument(f"{name} has nothing to compare besides its key.", hint=hint)
        if any(_is_text_of_number(self.action, field, fields[field]) for field in self.action.keys):
            hint = f"{_UNSENT} Take rows in which numbers are numbers, as JSON Lines have them."
            raise InvalidArgument(f"{name} is all text, so it can't be compared.", hint=hint)


def _is_text_of_number(action: Action, key: str, value: Any) -> bool:
    """Whether a numeric key came as text, as out of a CSV; then all other fields did too."""
    return isinstance(value, str) and not action.params[key].startswith("String")


def hidden_fields(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the fields that are not compared, since their secrets are masked in a row."""
    yield from dict.fromkeys(field for row in rows for field, value in row.items() if has_mask(value))
