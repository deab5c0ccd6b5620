"""``pbx.fax.delete``: names looked up in the catalog when they are used, with signatures and help made from it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Protocol

from ..catalog import Action, TypeSpec, nearest, parse_type
from ..catalog.names import snake
from ..errors import UnknownName
from ..odata import OPTIONS

_PYTHON = {"Boolean": "bool", "String": "str", "DateTimeOffset": "datetime", "Guid": "UUID"}


class _Caller(Protocol):
    def call(self, action: str | Action, /, *args: Any, **kwargs: Any) -> Any: ...
    def action(self, name: str) -> Action: ...


class Resource:
    """A group of actions, such as ``pbx.fax``."""

    def __init__(self, caller: Any, name: str, actions: Mapping[str, Action]) -> None:
        self._caller = caller
        self._name = name
        self._actions = actions

    def __getattr__(self, verb: str) -> Method:
        if verb not in self._actions:
            if verb.startswith("_"):
                raise AttributeError(verb)
            near = nearest(verb, iter(self._actions))
            raise UnknownName(f"{self._name} has no action {verb!r}.{near}", hint=f"It has {', '.join(self._actions)}.")
        return Method(self._caller, self._actions[verb])

    def __dir__(self) -> list[str]:
        return sorted(self._actions)

    def __repr__(self) -> str:
        return f"<{self._name}: {', '.join(self._actions)}>"


class Method:
    """One action as a callable, such as ``pbx.fax.delete``."""

    def __init__(self, caller: _Caller, action: Action) -> None:
        self._caller = caller
        self._action = action
        self.__name__ = action.verb
        self.__qualname__ = action.id

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return help_text(self._action)

    @property
    def __signature__(self) -> inspect.Signature:
        return signature(self._action)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._caller.call(self._caller.action(self._action.id), *args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self._action.id}{signature(self._action)}>"


def signature(action: Action) -> inspect.Signature:
    """The call signature of an action: parameters in snake case, then ``body``, then options by keyword."""
    kind = inspect.Parameter
    found = [kind(snake(p.name), kind.POSITIONAL_OR_KEYWORD, annotation=python_type(p.type)) for p in action.parameters]
    if action.body is not None:
        default = kind.empty if action.kind in ("create", "update") else None
        found.append(kind("body", kind.POSITIONAL_OR_KEYWORD, default=default, annotation=_body_type(action)))
    options = [name for name in OPTIONS if name in action.query] + (["if_match"] if action.if_match else [])
    found += [kind(name, kind.KEYWORD_ONLY, default=None, annotation=_option_type(name)) for name in options]
    return inspect.Signature(found)


def help_text(action: Action) -> str:
    """What ``help()`` says: the summary, the request, the body's fields and the answer."""
    lines = [action.summary, "", f"{action.method} /xapi/v1{action.path}"]
    if isinstance(action.body, dict):
        lines += ["", "Body: " + ", ".join(f"{name} ({spec})" for name, spec in action.body.items())]
    elif action.body:
        lines += ["", f"Body: {action.body}"]
    return "\n".join([*lines, f"Answers: {action.answer}"])


def python_type(spec: TypeSpec) -> str:
    """A type spec as an annotation: ``int``, ``str | None``, ``list[dict]``."""
    name = _PYTHON.get(spec.name)
    if name is None:
        name = "int" if spec.name.startswith(("Int", "Byte")) else "dict" if spec.name.startswith("Pbx.") else "object"
    if spec.collection:
        name = f"list[{name}]"
    return f"{name} | None" if spec.nullable else name


def _body_type(action: Action) -> str:
    return python_type(parse_type(action.body)) if isinstance(action.body, str) else "dict"


def _option_type(name: str) -> str:
    kinds = {"top": "int", "skip": "int", "count": "bool", "select": "str | list[str]", "expand": "str | list[str]"}
    return f"{kinds.get(name, 'str')} | None"
