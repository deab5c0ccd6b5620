"""What is wrong in a folder, all of it at once, each with its file and line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...errors import InvalidArgument
from ..model import Place

MOST = 100
"""Faults that are reported of one folder; more than that are usually one mistake, made everywhere."""
_LONGEST = 500  # characters of one


class Fault(NamedTuple):
    """One thing about a folder that is wrong, or, without ``is_error``, that somebody should know."""

    place: Place
    text: str
    is_error: bool = True

    def __str__(self) -> str:
        text = self.text if len(self.text) <= _LONGEST else f"{self.text[:_LONGEST]}…"
        return f"{self.place}: {text}"


class ConfigurationFaults(InvalidArgument):
    """A folder that can't be read as a configuration. ``faults`` has what is wrong, by file and line."""

    code = "configuration_faults"
    faults: tuple[Fault, ...] = ()

    def __init__(self, faults: Iterable[Fault], more: int = 0, folder: str = "") -> None:
        known = tuple(faults)
        number = len(known) + more
        head = [f"{number:,} {'fault' if number == 1 else 'faults'} in {folder}:"] if folder else []
        lines = [*head, *(str(fault) for fault in known)]
        if more:
            lines.append(f"and {more:,} more")
        super().__init__("\n".join(lines))
        vars(self)["faults"] = known


def place_of(problem: Exception, file: str) -> Place:
    """Return where in a file something went wrong, as far as an exception says; else its first line."""
    return Place(file, getattr(problem, "line", 0) or 1)


class Faults:
    """Collects what is wrong, and raises it in the end."""

    def __init__(self) -> None:
        self._faults: set[Fault] = set()
        self._notes: set[Fault] = set()

    def add(self, place: Place, text: str) -> None:
        """Record an error."""
        self._faults.add(Fault(place, text))

    def extend(self, wrong: ConfigurationFaults) -> None:
        """Record what another reading found."""
        self._faults.update(wrong.faults)

    def note(self, place: Place, text: str) -> None:
        """Record what is not wrong."""
        self._notes.add(Fault(place, text, is_error=False))

    @property
    def notes(self) -> list[Fault]:
        """What is not wrong, by file and line."""
        return sorted(self._notes)

    def check(self, folder: str = "") -> None:
        """Raise ConfigurationFaults if there is an error; places in its message are relative to ``folder``."""
        if self._faults:
            by_place = sorted(self._faults)
            raise ConfigurationFaults(by_place[:MOST], max(0, len(by_place) - MOST), folder)
