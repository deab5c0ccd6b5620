"""What refuses a list of calls before anything is sent, whoever made it: a person, a script, a job, a flow, an import.

A surface may ask a person and pass the answer in (`Confirm`); it can't go around a guard. Values that are masked are
refused where a body is checked (`request.body`), since that is on the way of every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..catalog import Action, Catalog, load
from ..catalog.secret import has_mask
from ..errors import ConfigurationError, Hint, InvalidArgument, TrunklineError

_UNSENT = "Nothing was sent."
_FOREIGN_FIELDS = 2  # fields that the rows of a resource never had


class NotConfirmed(TrunklineError):
    """Somebody was asked whether to go on, and did not say yes. Nothing was sent."""

    code = "not_confirmed"
    exit_code = 130


class Question(NamedTuple):
    """What is about to be done: ``calls`` of an action, of which ``removals`` remove something.

    ``url``: the address of the PBX, or of several, where the asker doesn't know it. ``present``: how many there are of
    it on the PBX, where that is known.
    """

    action: Action
    calls: int
    url: str = ""
    removals: int = 0
    present: int | None = None


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
    if _normal(url) != _normal(expected):
        raise ConfigurationError(
            f"{what} is for {expected}, and this connection is to {url}.", hint=f"{_UNSENT} Connect to {expected}."
        )


def _normal(url: str) -> str:
    return url.rstrip("/").lower()


def check_rows(action: Action, n: int, row: Mapping[str, Any], keys: Callable[[], Mapping[str, Any]]) -> None:
    """Refuse a row of another resource, whose keys are the same small numbers: contact 4 is not fax 4.

    ``keys`` gives the keys that would be sent; only where one is the row's own field of that name, the row is taken
    for what is acted on. Raises InvalidArgument.
    """
    if action.method == "GET" or not action.keys or not any(name in row for name in action.keys):
        return
    other = _resource_of(action.resource, frozenset(row) - {*action.keys})
    if not other:
        return
    sent = keys()
    if any(name in row and str(sent.get(name)) == str(row[name]) for name in action.keys):
        raise InvalidArgument(
            f"Item {n} is a row of {other}, not of {action.resource}.",
            hint=f"{_UNSENT} If its {action.keys[0]} is the right one, pass only {', '.join(action.keys)}.",
        )


@lru_cache(maxsize=256)
def _resource_of(resource: str, names: frozenset[str]) -> str:
    """Return the other resource that a row with these fields was listed from; "" if it may well be of this one.

    Two fields that this one never had, and another has all of them: then somebody mixed up two lists. A column or two
    of somebody's own prove nothing.
    """
    catalog = load()
    fields = {name.partition(".")[0] for name in names if "@odata." not in name}
    own = _listed_fields(catalog, resource)
    if not own or len(fields - own) < _FOREIGN_FIELDS:
        return ""
    others = (other for other in catalog.resources if fields <= _listed_fields(catalog, other))
    return min(others, key=lambda other: len(_listed_fields(catalog, other)), default="")


def _listed_fields(catalog: Catalog, resource: str) -> frozenset[str]:
    """Return what a row of the resource's list may have; nothing where it has no list."""
    listing = catalog.resources[resource].get("list")
    spec = listing.answer_type if listing else None
    return frozenset(catalog.fields(spec.name)) if spec and spec.name in catalog.types else frozenset()


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
