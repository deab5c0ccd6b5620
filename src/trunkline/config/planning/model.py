"""A plan: what to send to one PBX, in order, to bring it in line with files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Self

from ..model import Fields, Id
from ..spelling import secrets
from .plan_file import decoded, encoded, load_plan, plan_record, read_plan, save_plan

Change = Literal["add", "change", "finish", "remove"]
NoteKind = Literal[
    "unread",
    "version",
    "sound_file",
    "names_removed",
    "renamed",
    "role",
    "secret",
    "carried",
    "removable",
    "protected",
    "left_alone",
]
THERE = "there"
"""The fingerprint of an entity that is only referred to: it must still be there."""
ABSENT = ""
"""The fingerprint of an entity that is to be added: the PBX must not have it."""


class Step(NamedTuple):
    """One thing to do. ``n`` is its place in the plan; steps of one ``wave`` wait for nothing within it.

    ``fields`` are the new values as files spell them: all of an entity that is added, those that change of one that is
    there, those that an add left out because what they name did not exist yet (``finish``), none for a removal.
    ``old`` are the values that the PBX held: of the same fields for a change, of all for a removal. A phone is a part
    of its user, so a change of phones is a change of the user's ``Phones``. ``needs`` names the entities whose own
    steps come first. There is no value of a secret in a step, only its `Secret` path.
    """

    n: int
    wave: int
    change: Change
    id: Id
    fields: Fields
    old: Fields
    needs: tuple[Id, ...] = ()

    @property
    def text(self) -> str:
        """What it does, as a sentence begins: ``add queues/800``."""
        return f"{self.change} {self.id}"

    @property
    def secrets(self) -> list[str]:
        """The paths of the secrets that it sends where they are given."""
        return list(secrets(self.fields))

    def as_record(self) -> dict[str, Any]:
        """Return it as plain JSON; `from_record` reads that."""
        return {
            "n": self.n,
            "wave": self.wave,
            "change": self.change,
            "kind": self.id.kind,
            "key": self.id.key,
            "fields": encoded(self.fields),
            "old": encoded(self.old),
            "needs": [list(id) for id in self.needs],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `as_record` made. Raises KeyError, TypeError or ValueError for what is not a step."""
        needs = tuple(Id(str(kind), str(key)) for kind, key in record["needs"])
        change = record["change"]
        if change not in ("add", "change", "finish", "remove"):
            raise ValueError(f"{change!r} is not a change")
        return cls(
            int(record["n"]),
            int(record["wave"]),
            change,
            Id(str(record["kind"]), str(record["key"])),
            dict(decoded(record["fields"])),
            dict(decoded(record["old"])),
            needs,
        )


class Note(NamedTuple):
    """What is worth knowing before anything is sent, and refuses nothing."""

    kind: NoteKind
    text: str


class Plan(NamedTuple):
    """What is to be done to the PBX at ``url``, in order of `Step.n`.

    ``version`` is the PBX's, "" where it is not known. ``removable``: how many entities the PBX has that the files,
    which speak for their kinds, have not; they are steps only if the plan was made with ``remove=True``.
    ``present``: how many entities of each kind the PBX had. ``fingerprints`` say, by entity, what this plan was made
    from, and ``names`` is the record of the natural keys that its references need (`trunkline.config.spelling.Names`).
    """

    url: str
    version: str
    steps: tuple[Step, ...]
    notes: tuple[Note, ...] = ()
    removable: int = 0
    present: Mapping[str, int] = MappingProxyType({})
    fingerprints: Mapping[Id, str] = MappingProxyType({})
    names: Mapping[str, Any] = MappingProxyType({})
    removed: tuple[Id, ...] = ()
    """The entities that it removes, phones that their user loses among them."""
    given: tuple[str, ...] = ()
    """The paths of the secrets of its steps that were given when it was made."""
    is_saved: bool = False
    """Whether it was saved and read again, so that the PBX may have changed since it was made."""

    @property
    def is_partial(self) -> bool:
        """Whether the PBX did not give all that the files were to be compared with."""
        return any(note.kind == "unread" for note in self.notes)

    @property
    def waves(self) -> list[range]:
        """The places of the steps of each wave."""
        ranges: list[range] = []
        for step in self.steps:
            if step.wave == len(ranges) - 1:
                ranges[-1] = range(ranges[-1].start, step.n + 1)
            else:
                ranges.append(range(step.n, step.n + 1))
        return ranges

    def count(self, change: Change) -> int:
        """Count the steps of a kind."""
        return sum(step.change == change for step in self.steps)

    @property
    def secrets(self) -> list[str]:
        """The paths of the secrets that its steps send where they are given."""
        return [path for step in self.steps for path in step.secrets]

    def as_record(self) -> dict[str, Any]:
        """Return it as plain JSON; `from_record` reads that."""
        return plan_record(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any], name: str = "The plan") -> Self:
        """Read what `as_record` made. ``name``: what it is called in errors. Raises InvalidArgument."""
        return read_plan(cls, Step.from_record, record, name)

    def save(self, path: Path) -> None:
        """Write it as JSON, for its owner only. Raises ConfigurationError."""
        save_plan(self.as_record(), path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            InvalidArgument: the file is not a saved plan.
            ConfigurationError: it can't be read.
        """
        return cls.from_record(load_plan(path), str(path))
