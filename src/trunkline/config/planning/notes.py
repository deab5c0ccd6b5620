"""What is worth knowing of a plan before anything is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import get_args

from ...catalog import nearest
from ...errors import TrunklineError
from ..lacking import absent_text, lacking_text
from ..model import Id
from ..spelling import Names, Reference
from .model import Note, NoteKind, Step
from .roles import UnknownRole

EXAMPLES = 5
"""How many of a kind a note names; of the rest it says how many they are."""


class Notes:
    """The notes of one plan, gathered by subject, so that a thousand of a kind are one sentence."""

    def __init__(self) -> None:
        self._unread: dict[str, tuple[TrunklineError, list[str]]] = {}
        self._lacking: dict[str, list[str]] = defaultdict(list)
        self._not_addable: dict[str, list[str]] = defaultdict(list)
        self._protected: list[str] = []
        self._alone: list[str] = []
        self._sounds: dict[str, list[str]] = defaultdict(list)
        self._named: dict[str, list[str]] = defaultdict(list)
        self._parts: dict[Id, list[str]] = defaultdict(list)
        self._roles: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
        self._notes: list[Note] = []

    def unread(self, id: Id, why: TrunklineError) -> None:
        """Note an entity of the files whose kind the PBX did not give."""
        what = str(id) if id.kind == "settings" else id.kind
        self._unread.setdefault(what, (why, []))[1].append(id.key)

    def unread_kind(self, name: str, why: TrunklineError) -> None:
        """Note a kind that the files manage and that the PBX did not give."""
        self._unread.setdefault(name, (why, []))

    def lacking(self, id: Id, version: str, field: str = "") -> None:
        """Note what this PBX's version does not have, as far as 3CX has published."""
        what = lacking_text(version, id, field) if field else absent_text(version, id)
        self._lacking[what].append(str(id))

    def not_addable(self, id: Id) -> None:
        """Note an entity that the PBX lacks and that nobody can add, such as a template of 3CX's own."""
        self._not_addable[id.kind].append(str(id))

    def protected(self, id: Id) -> None:
        """Note an entity that the files lack and protect."""
        self._protected.append(str(id))

    def left_alone(self, id: Id, fields: Iterable[str]) -> None:
        """Note fields that only the PBX has."""
        self._alone += [f"{id}/{field}" for field in fields]

    def sound(self, id: Id, reference: Reference, files: Collection[str]) -> None:
        """Note a sound file that the PBX does not have; files don't carry them."""
        if reference.key not in files:
            self._sounds[reference.key].append(f"{id}/{reference.field}")

    def names_removed(self, id: Id, field: str, target: Id) -> None:
        """Note that something that the files don't have names what is removed."""
        self._named[str(target)].append(f"{id}/{field}")

    def part_of_removed(self, id: Id, owner: Id) -> None:
        """Note a phone that goes with its user."""
        self._parts[owner].append(str(id))

    def unknown_role(self, id: Id, unknown: UnknownRole) -> None:
        """Note a role that a department does not have."""
        self._roles[unknown.department, unknown.role, unknown.roles].append(str(id))

    def of_steps(self, steps: Iterable[Step], is_given: Callable[[str], bool]) -> None:
        """Note the secrets of what is added that are not given."""
        missing = [path for step in steps if step.change == "add" for path in step.secrets if not is_given(path)]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            self._say("secret", f"{counted(missing, 'secret')} {verb} not given, and left out: {some(missing)}.")

    def of_unused(self, given: Iterable[str], paths: Collection[str]) -> None:
        """Note names in a file of secrets that nothing has. ``paths``: those of all secrets that something has."""
        unused = sorted(set(given).difference(paths))
        for name in unused[:EXAMPLES]:
            near = nearest(name, iter(paths))
            self._say("secret", f"The file of secrets has {name}, which nothing in the plan is called.{near}")
        if len(unused) > EXAMPLES:
            self._say("secret", f"It has {len(unused) - EXAMPLES:,} more names that nothing in the plan is called.")

    def missing(self, paths: Iterable[str]) -> None:
        """Note the secrets that neither an entity of the PBX has nor anybody gives."""
        if missing := list(dict.fromkeys(paths)):
            verb = "is" if len(missing) == 1 else "are"
            text = f"{counted(missing, 'secret')} that the PBX lacks {verb} not given, and left out: {some(missing)}."
            self._say("secret", text)

    def of_removals(self, removable: Collection[Id], *, remove: bool) -> None:
        """Note what the files lack and what therefore could be removed."""
        if removable and not remove:
            names = [str(id) for id in removable]
            stay = (
                "It stays, since nobody asked for removals"
                if len(names) == 1
                else "They stay, since nobody asked for removals"
            )
            count = counted(names, "entity", "entities")
            self._say("removable", f"The PBX has {count} that the files lack: {some(names)}. {stay}.")

    def of_departments(self, steps: Iterable[Step], removable: Iterable[Id], names: Names) -> None:
        """Note departments that are added where others are missing: files have no Ids, so it may be a new name."""
        new = [step.id for step in steps if step.change == "add" and step.id.kind == "groups"]
        gone = [id for id in removable if id.kind == "groups"]
        if not (new and gone):
            return
        which = ""
        if len(new) == len(gone) == 1:
            which = f", of the department with Id {names.api(gone[0], 'Id')} to {new[0].key}"
        added, lost = (some([str(id) for id in ids]) for ids in (new, gone))
        self._say(
            "renamed",
            f"{added} {'is' if len(new) == 1 else 'are'} added, and the files lack {lost}. A new name is a new "
            f"department. To keep the department, and what is in it, change its Name first with groups.update{which}.",
        )

    def of_warnings(self, warnings: Iterable[str], kind: NoteKind = "carried") -> None:
        """Note what files and reading warn of."""
        for warning in dict.fromkeys(warnings):
            self._say(kind, warning)

    def all(self) -> tuple[Note, ...]:
        """Return every note, those that matter most first."""
        for kind, (why, keys) in self._unread.items():
            files = "1 file is not compared" if len(keys) == 1 else f"{len(keys):,} files are not compared"
            so = f", so {files}" if keys else ""
            self._say("unread", f"The PBX did not give {kind}{so}: {why.message}")
        for what, ids in self._lacking.items():
            self._say("version", f"{what}, so it is left out: {some(ids)}.")
        for kind, ids in self._not_addable.items():
            label = kind.replace("_", " ")
            self._say("carried", f"3CX has no action that adds to its {label}, so these are left out: {some(ids)}.")
        for file, fields in self._sounds.items():
            self._say("sound_file", f"The PBX does not have the sound file {file}: {some(fields)}.")
        for target, fields in self._named.items():
            self._say("names_removed", f"{target} is removed, and still named by {some(fields)}.")
        for owner, parts in self._parts.items():
            self._say("names_removed", f"{owner} is removed, and with it {some(parts)}.")
        for (department, role, roles), ids in self._roles.items():
            text = f"groups/{department} has no role {role}, which {some(ids)} would have there; it has"
            self._say("role", f"{text} {', '.join(roles)}.")
        if self._protected:
            count = counted(self._protected, "protected entity", "protected entities")
            self._say("protected", f"{count} that the files lack: {some(self._protected)}. Nothing removes them.")
        if self._alone:
            count = counted(self._alone, "field")
            stay = "stays as it is" if len(self._alone) == 1 else "stay as they are"
            self._say("left_alone", f"{count} that only the PBX has {stay}: {some(self._alone)}.")
        order = get_args(NoteKind)
        return tuple(sorted(self._notes, key=lambda note: order.index(note.kind)))

    def _say(self, kind: NoteKind, text: str) -> None:
        self._notes.append(Note(kind, text))


def counted(names: Collection[str], one: str, several: str = "") -> str:
    """Return how many there are: ``3 secrets``."""
    return f"{len(names):,} {one if len(names) == 1 else several or f'{one}s'}"


def some(names: Collection[str]) -> str:
    """Return the first few of them, and how many more there are."""
    first = ", ".join(list(names)[:EXAMPLES])
    return first if len(names) <= EXAMPLES else f"{first} and {len(names) - EXAMPLES:,} more"
