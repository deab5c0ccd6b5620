"""``pbx.fax.delete``: names looked up in the catalog when they are used, with signatures and help made from it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Protocol, Self

from ..catalog import Action, Catalog, nearest
from ..catalog.defaults import default_of
from ..catalog.descriptions.parameters import parameter_description
from ..catalog.names import snake
from ..catalog.spelling import answered_type, argument_type, body_name, part_name, sent_type
from ..errors import Hint, UnknownName
from ..odata import OPTIONS

_NAMED = inspect.Parameter.KEYWORD_ONLY
_REQUIRED = inspect.Parameter.empty
_TYPES = "types."  # names of `trunkline.types`, as signatures and stubs spell them
_OPTION_TYPES = {
    "filter": "str | Filter | Field | None",
    "search": "str | None",
    "orderby": "str | Expression | OrderBy | Sequence[str | Expression | OrderBy] | None",
    "select": "str | Field | Sequence[str | Field] | None",
    "expand": "str | Field | Expand | Sequence[str | Field | Expand] | None",
    "top": "int | None",
    "skip": "int | None",
    "count": "bool | None",
    "if_match": "str | None",
    "if_match_anyway": "bool | None",
    "if_unchanged": "Mapping[str, Any] | None",
    "to": "str | PathLike[str] | BinaryIO | None",
    "progress": "Callable[[int, int | None], object] | None",
}


class _Caller(Protocol):
    def call(self, action: str, /, *args: Any, **kwargs: Any) -> Any: ...


class Resource:
    """A group of actions, such as ``pbx.fax``. ``rows`` is what the caller's lists are called."""

    def __init__(self, caller: _Caller, catalog: Catalog, name: str, rows: str) -> None:
        self._caller = caller
        self._catalog = catalog
        self._name = name
        self._actions: Mapping[str, Action] = catalog.resources[name]
        self._rows = rows

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        width = max(map(len, self._actions), default=0)
        return "\n".join(f"{verb:{width}}  {action.summary}" for verb, action in sorted(self._actions.items()))

    def __getattr__(self, verb: str) -> Method:
        if verb not in self._actions:
            if verb.startswith("_"):
                raise AttributeError(verb)
            near = nearest(verb, iter(self._actions))
            raise UnknownName(f"{self._name} has no action {verb!r}.{near}", hint=f"It has {', '.join(self._actions)}.")
        method = self.__dict__[verb] = Method(self._caller, self._catalog, self._actions[verb], self._rows)
        return method

    def __dir__(self) -> list[str]:
        return sorted(self._actions)

    def __repr__(self) -> str:
        return f"<{self._name}: {', '.join(self._actions)}>"


class Method:
    """One action as a callable, such as ``pbx.fax.delete``."""

    def __init__(self, caller: _Caller, catalog: Catalog, action: Action, rows: str) -> None:
        self._caller = caller
        self._catalog = catalog
        self._action = action
        self._rows = rows
        self.__name__ = action.verb
        self.__qualname__ = action.id

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return help_text(self._action)

    @property
    def __signature__(self) -> inspect.Signature:
        return signature(self._catalog, self._action, self._rows)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._caller.call(self._action.id, *args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        """As a function has it: that is how help() tells what has a signature to show from plain data."""
        return self

    def __repr__(self) -> str:
        return f"<{self._action.id}{self.__signature__}>"


class _LeftOut:
    """The default of a body's field: not None, for that is sent, as null."""

    def __repr__(self) -> str:
        return "..."


LEFT_OUT = _LeftOut()


class Annotation(str):
    """An annotation as text, shown without quotes: real types would have to be imported, all 3CX's among them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def resource(caller: _Caller, catalog: Catalog, name: str, rows: str) -> Resource:
    """Return a resource of a catalog; UnknownName with the nearest names."""
    if name.startswith("_"):
        raise AttributeError(name)
    if name not in catalog.resources:
        near = nearest(name, iter(catalog.resources))
        raise UnknownName(f"A PBX has no resource {name!r}.{near}", hint=Hint("See what there is.", "actions"))
    return Resource(caller, catalog, name, rows)


def signature(catalog: Catalog, action: Action, rows: str = "Rows") -> inspect.Signature:
    """Return the call signature of an action, the same as in resources.pyi.

    Parameters in snake case, then ``body``; by keyword the fields of a body that has no type of its own, query options,
    conditions, where a file goes to, and what every call takes.
    """
    fields = catalog.spec_fields(action.body) if isinstance(action.body, dict) else {}
    # A key can't be null, whatever the published type says: a path without it would mean every entity.
    given = {p.name: p.type._replace(nullable=p.type.nullable and p.name not in action.keys) for p in action.parameters}
    defaults = {p.name: default_of(action, p) for p in action.parameters}
    found = [_parameter(snake(name), argument_type(spec)) for name, spec in given.items()]
    for place in range(len(found) - 1, -1, -1):  # Python has no parameter without a default after one that has it
        default = defaults[action.parameters[place].name]
        if default is None or action.body is not None:
            break
        found[place] = found[place].replace(default=default.value)
    if fields:
        found.append(_parameter("body", f"{_TYPES}{body_name(action)} | None", default=None))
    elif isinstance(action.body, str):
        found.append(_parameter("body", _TYPES + part_name(action.body)))
    found += [_parameter(snake(f), sent_type(catalog, s, _TYPES), _NAMED, LEFT_OUT) for f, s in fields.items()]
    found += [_parameter(name, _OPTION_TYPES[name], _NAMED, default=None) for name in _options(catalog, action)]
    # Not **options: that is what 3CX calls the one field of several bodies.
    found.append(_parameter("call_options", "Unpack[CallOptions]", inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(found, return_annotation=Annotation(_answer_type(action, rows)))


def _options(catalog: Catalog, action: Action) -> list[str]:
    found = [name for name in OPTIONS if name in action.query] + ["if_match", "if_match_anyway"] * action.if_match
    if catalog.reader(action):
        found.append("if_unchanged")
    return found + ["to", "progress"] * (action.answer_kind == "file")


def _parameter(
    name: str, annotation: str, kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD, default: object = _REQUIRED
) -> inspect.Parameter:
    return inspect.Parameter(name, kind, default=default, annotation=Annotation(annotation))


def _answer_type(action: Action, rows: str) -> str:
    """Return what an action gives: ``Rows[types.Fax]``, ``types.Fax | None``, ``bool``, ``File``, ``None``."""
    spec = action.answer_type
    if action.answer_kind == "file":
        return "File | Saved"
    if action.answer_kind == "none" or spec is None:
        return "None"
    known = answered_type(spec, _TYPES)
    return f"{rows}[{known}]" if action.answer_kind == "list" else known


def help_text(action: Action) -> str:
    """Return what ``help()`` says: the description, the request, its parameters, the body's fields and the answer."""
    lines = [action.description, "", f"{action.method} /xapi/v1{action.path}"]
    named = (*action.params, *(action.body if isinstance(action.body, dict) else ()))
    meanings = [f"{name}: {meaning}" for name in named if (meaning := parameter_description(action.id, name))]
    lines += ["", *meanings] if meanings else []
    if isinstance(action.body, dict):
        lines += ["", "Body: " + ", ".join(f"{name} ({spec})" for name, spec in action.body.items())]
    elif action.body:
        lines += ["", f"Body: {action.body}"]
    return "\n".join([*lines, f"Answers: {action.answer}"]).replace("Pbx.", "")
