"""From an action and its arguments to an HTTP request, with everything checked before anything is sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from ..catalog import Action, Catalog, nearest
from ..catalog.defaults import default_of, needs_body
from ..catalog.names import folded
from ..catalog.secret import secrets_in
from ..errors import Hint, InvalidArgument, UnknownName, UsageError
from ..odata import OPTIONS, fill, literal, option_text, query_string
from ..redaction import remember_values
from .body import checked_body
from .multipart import ContainedFile, Part, part
from .periods import in_time

__all__ = [
    "Call",
    "ContainedFile",
    "HttpRequest",
    "Part",
    "Sink",
    "bind",
    "build",
    "parameter_named",
    "parameter_names",
]


class Sink(Protocol):
    """Where the body of an answer goes instead of into memory, if it takes it, judging by status and headers."""

    def accepts(self, status: int, headers: Mapping[str, str]) -> bool: ...
    def write(self, chunk: bytes) -> None: ...
    def wrote(self) -> None: ...


class HttpRequest(NamedTuple):
    """One request. ``target`` is path and query below the API's root, already encoded.

    ``timeout``: seconds that its answer may take in all, where the connection's own limit is not to count. ``sink``
    takes the body of the answer, where one is to be streamed. ``limit``: bytes that its answer may have in memory,
    where the connection's own limit (`ConnectOptions.max_answer`) is not to count. ``is_outside``: the target is below
    the PBX's own address instead, such as a file that a row links to.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Part | None = None
    timeout: float | None = None
    sink: Sink | None = None
    limit: int | None = None
    is_outside: bool = False

    def __repr__(self) -> str:
        """Show only method and target: headers carry the token, a body may carry passwords."""
        return f"<{self.method} {self.target}>"


class Call(NamedTuple):
    """An action with its arguments, checked: ``values`` are keys and function parameters by 3CX's names.

    ``catalog`` is what they were checked against, ``arguments`` what was given, for a PBX whose catalog differs.
    ``if_match_anyway``: send ``if_match`` even to a PBX that sends no ETags, and so ignores it.
    """

    action: Action
    path: str
    values: Mapping[str, Any]
    options: Mapping[str, str]
    body: Mapping[str, Any] | None
    if_match: str | None
    catalog: Catalog
    arguments: Mapping[str, Any]
    if_match_anyway: bool = False

    def __repr__(self) -> str:
        """Show only action and path: a body may carry passwords."""
        return f"<{self.action.id} {self.path}>"


def parameter_names(action: Action, catalog: Catalog) -> list[str]:
    """Every name that may be given to an action: parameters, query options, ``body`` and its fields, ``if_match``."""
    names = [p.name for p in action.parameters] + [o for o in OPTIONS if o in action.query]
    if action.body is not None:
        names += ["body", *(f for f in catalog.spec_fields(action.body) if f not in names)]
    if action.if_match:
        names += ["if_match", "if_match_anyway"]
    return names


def bind(
    catalog: Catalog,
    action: Action,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    now: datetime | None = None,
) -> Call:
    """Match arguments with an action's parameters and check them.

    Positional arguments are the keys and function parameters in the order of the path, then the body. Names are
    3CX's own (``periodFrom``), their snake case (``period_from``) or the workflow node's (``If Match``). A body's
    fields may be given one by one. A parameter of a function may be left out where it has a default
    (`catalog.defaults`), and a point in time may be words such as ``last-month`` (`periods`): both mean something only
    at a time, which is ``now``. Raises InvalidArgument or UnknownName; the message names action and argument.
    """
    ordered = action.positional
    if len(args) > len(ordered):
        takes = f"takes {', '.join(ordered)}" if ordered else "takes no positional argument"
        raise InvalidArgument(f"{action.id} {takes}; {len(args)} were given.", hint=_see(action))
    given: dict[str, Any] = dict(zip(ordered, args, strict=False))
    arguments = {**given, **kwargs}
    for name, value in kwargs.items():
        target = name if name in action.params else parameter_named(catalog, action, name)
        if target in given:
            raise InvalidArgument(f"{action.id} got {target} twice.", parameter=target)
        given[target] = value

    if action.kind == "function" and (meant := in_time(action, given, now)):
        settled = {folded(name) for name in meant}
        arguments = {name: value for name, value in arguments.items() if folded(name) not in settled} | meant
        given |= meant
    literals, values = {}, {}
    for parameter in action.parameters:
        if parameter.name not in given:
            default = default_of(action, parameter)
            if default is None:
                what = f"{action.id} needs {parameter.name}."
                raise InvalidArgument(what, hint=_see(action), parameter=parameter.name)
            given[parameter.name] = default.value
        value = values[parameter.name] = given.pop(parameter.name)
        if parameter.name in action.keys and value in (None, ""):
            raise InvalidArgument(
                f"{parameter.name} of {action.id} is empty.",
                hint="A key must have a value; nothing was sent.",
                parameter=parameter.name,
            )
        try:
            literals[parameter.name] = literal(value, parameter.type)
        except InvalidArgument as problem:
            raise InvalidArgument(f"{parameter.name} of {action.id} {problem}.", parameter=parameter.name) from None

    path = fill(action.path, literals)
    if not given and action.body is None:  # as of most that reads or deletes
        return Call(action, path, values, {}, None, None, catalog, arguments)
    call = Call(
        action=action,
        path=path,
        values=values,
        options={
            name: _option(catalog, action, name, given.pop(name)) for name in OPTIONS if given.get(name) is not None
        },
        if_match=_entity_tag(action, given.pop("if_match", None)),
        if_match_anyway=_truth(action, "if_match_anyway", given.pop("if_match_anyway", None)),
        body=_body(catalog, action, {k: v for k, v in given.items() if k not in OPTIONS}),
        catalog=catalog,
        arguments=arguments,
    )
    if call.body is not None:  # an answer may repeat what was sent
        remember_values(secrets_in(call.body))
    return call


def build(call: Call, options: Mapping[str, str] | None = None) -> HttpRequest:
    """Return the request of a checked call; ``options`` stand in for its own query options, as paging wants."""
    chosen = call.options if options is None else options
    query = query_string(chosen) if chosen else ""
    headers = [("Accept", "*/*" if call.action.answer_kind == "file" else "application/json")]
    if call.if_match is not None:
        headers.append(("If-Match", call.if_match))
    body: bytes | Part | None = None
    if call.body is not None and call.action.kind == "upload":
        (body,) = call.body.values()  # its Content-Type has a boundary, and comes when it is sent
    elif call.body is not None:
        body = msgspec.json.encode(call.body)
        headers.append(("Content-Type", "application/json"))
    target = f"{call.path}?{query}" if query else call.path
    return HttpRequest(call.action.method, target, tuple(headers), body)


def parameter_named(catalog: Catalog, action: Action, name: str) -> str:
    """Return the parameter that a name means: 3CX's own spelling first, then any likeness.

    UnknownName with the nearest.
    """
    names = parameter_names(action, catalog)
    if name in names:
        return name
    names += catalog.body_elsewhere(action)  # to be warned of, when the body is checked
    for known in names:
        if folded(known) == folded(name):
            return known
    near = nearest(name, iter(names))
    raise UnknownName(f"{action.id} has no parameter {name!r}.{near}", hint=_see(action), parameter=name)


def _see(action: Action) -> Hint:
    return Hint("See what it takes.", "actions.show", {"action": action.id})


def _option(catalog: Catalog, action: Action, name: str, value: Any) -> str:
    spec = action.answer_type
    rows = spec.name if spec is not None and spec.name in catalog.types else None
    try:
        return option_text(name, value, catalog, rows)
    except UsageError as problem:
        raise problem.replace(f"{name} of {action.id} {problem.message}.", parameter=name) from None


def _entity_tag(action: Action, value: Any) -> str | None:
    """Return an If-Match value. An empty one is refused: it would quietly take the protection away."""
    if value is None:
        return None
    if isinstance(value, str) and not value.strip():
        raise InvalidArgument(
            f"if_match of {action.id} is empty.",
            hint="Leave it out to go without; nothing was sent.",
            parameter="if_match",
        )
    if not isinstance(value, str) or not all(" " <= c <= "~" for c in value):
        raise InvalidArgument(
            f"if_match of {action.id} must be an ETag in plain ASCII, not {value!r}.", parameter="if_match"
        )
    return value.strip()


def _truth(action: Action, name: str, value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise InvalidArgument(f"{name} of {action.id} must be true or false, not {value!r}.", parameter=name)
    return bool(value)


def _body(catalog: Catalog, action: Action, given: dict[str, Any]) -> Mapping[str, Any] | None:
    whole = given.pop("body", None)
    if action.body is None:
        return None
    if whole is not None and not isinstance(whole, Mapping):
        raise InvalidArgument(f"body of {action.id} must be a dict with 3CX's field names, not {whole!r}.")
    if whole is not None and (twice := whole.keys() & given.keys()):
        raise InvalidArgument(f"{action.id} got {', '.join(sorted(twice))} twice, in the body and beside it.")
    fields = {**(whole or {}), **given}
    if not fields and whole is None and needs_body(action):
        raise InvalidArgument(f"{action.id} needs a body.", hint=_see(action))
    if action.kind == "upload":
        return _upload(catalog, action, fields)
    return checked_body(catalog, action, fields) if fields or whole is not None else None


def _upload(catalog: Catalog, action: Action, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the one part of an upload."""
    (field,) = catalog.spec_fields(action.body)
    for name in fields:
        if name != field:
            raise UnknownName(f"The body of {action.id} has no field {name}; it has {field}.")
    if field not in fields:
        raise InvalidArgument(f"{action.id} needs {field}.", hint=_see(action))
    return {field: part(field, fields[field])}
