"""Options that belong together: a command gets each group of them as one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Generic, TypeVar

import click

Made = TypeVar("Made")


class OptionGroup(Generic[Made]):
    """Some options of click, and what is made of their values."""

    def __init__(self, name: str, make: Callable[..., Made], options: Sequence[click.Option]) -> None:
        """``name`` is the argument of the command that gets the object; ``make`` takes the values by name."""
        self.name = name
        self.options = tuple(options)
        self._make = make
        self._names = frozenset(option.name or "" for option in options)

    def made_of(self, values: Mapping[str, Any]) -> Made:
        """Make the object of a command's values."""
        return self._make(**{name: values[name] for name in self._names})

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate the function of a command: add the options, and hand it the object in place of their values."""

        @wraps(function)
        def callback(*args: Any, **values: Any) -> Any:
            others = {name: value for name, value in values.items() if name not in self._names}
            return function(*args, **others, **{self.name: self.made_of(values)})

        above = getattr(function, "__click_params__", [])
        vars(callback)["__click_params__"] = [*above, *reversed(self.options)]
        return callback


def parsed_into(kind: Callable[..., Made]) -> Callable[[Callable[[Made], Any]], Callable[..., Any]]:
    """Decorate a function that takes one options object, so that click can call it with the value of each option."""

    def decorate(function: Callable[[Made], Any]) -> Callable[..., Any]:
        @wraps(function)
        def callback(**values: Any) -> Any:
            return function(kind(**values))

        return callback

    return decorate
