"""A step: one action with its arguments, checked, and how to find out whether it was carried out.

Steps talk to a PBX by yielding `Ask`; whoever runs them (`drivers`) sends it and gives back the answer, or raises.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from ..catalog import Action, load
from ..request import Call, bind
from .lookup import Check, check_of, effect_of
from .outcome import Outcome, as_error
from .recovery import Effect, Finding, Trouble, trouble_of

T = TypeVar("T")


class Ask(NamedTuple):
    """Send a checked call. The answer of a list is all its rows; ``on_page`` gets those of each page before the next
    is read, and what it raises ends the reading. ``options`` are the client's, such as ``retries``. With
    ``is_count`` the answer of a list is the number of its rows, as the PBX counts them."""

    call: Call
    on_page: Callable[[Sequence[Any]], object] | None = None
    options: Mapping[str, Any] = MappingProxyType({})
    is_count: bool = False


class Wait(NamedTuple):
    """Wait for some seconds, or until the run is stopped."""

    seconds: float


class Record(NamedTuple):
    """Write outcomes to the ledger before anything else is done."""

    outcomes: Sequence[Outcome]


Asks = Generator[Ask, Any, T]
"""Calls of actions, one after the other, that end with a value."""


class Step:
    """One call that was checked. Subclasses ask more of the PBX before it, or keep something else of its answer."""

    options: Mapping[str, Any] = MappingProxyType({})
    """Of the client, for each of its calls that is not a reading."""
    on_page: Callable[[Sequence[Any]], object] | None = None
    note: str = ""
    """What is worth knowing of how it was done; `send` or `keep` may set it."""

    def __init__(self, action: Action, arguments: Mapping[str, Any]) -> None:
        self.action = action
        self.arguments = arguments

    @cached_property
    def call(self) -> Call:
        """The call, checked when it is first needed. Raises InvalidArgument or UnknownName."""
        return bind(load(), self.action, (), self.arguments)

    def send(self) -> Asks[Any]:
        """Carry it out; gives the PBX's answer."""
        return (yield Ask(self.call, self.on_page, self.options))

    def keep(self, answer: Any, *, is_missing: bool = False) -> Any:
        """Return what the outcome keeps of an answer. ``is_missing``: a delete found nothing to delete."""
        return answer

    @cached_property
    def check(self) -> Check | None:
        """Return how to look up its outcome; None if nothing shows it."""
        try:
            return check_of(self.call)
        except BaseException as problem:
            as_error(problem)  # Ctrl-C and cancellation go on
            return None

    @property
    def effect(self) -> Effect:
        """What sending it twice would do."""
        return effect_of(self.action, None if self.action.method == "GET" else self.check)

    def look_up(self) -> Asks[Finding]:
        """Read from the PBX whether it was carried out. Raises what the reading raises, except a 404."""
        check = self.check
        if check is None:
            return Finding.NO_TELLING
        try:
            answer = yield Ask(check.call)
        except BaseException as problem:
            error = as_error(problem)
            if trouble_of(error, check.call.action) is not Trouble.NOT_FOUND:
                raise error from None
            answer = None
        return check.finding(answer)
