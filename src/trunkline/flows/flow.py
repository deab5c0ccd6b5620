"""A flow: a YAML file with a few steps, checked line by line before anything is sent (docs/guides/flows.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..catalog import load as load_catalog
from ..catalog import nearest
from ..catalog.names import folded
from ..errors import InvalidArgument, TrunklineError
from ..node.template import Template, World, prepared
from .conditions import conditions
from .document import Fields, Located, problem, read
from .files import ENDINGS
from .steps import MOST_ITEMS, Act, AtMost, ForEach, Match, Read, Save, Set, Setting, Step, Where

_TEXT = (str, "text")
_WHOLE = (int, "a whole number")
_OPTIONS: dict[str, tuple[str, type | tuple[type, ...], str]] = {
    "on error": ("on_error", str, "stop, continue or split"),
    "concurrency": ("concurrency", *_WHOLE),
    "retries": ("retries", *_WHOLE),
    "retry wait": ("retry_wait", (int, float), "a number of seconds"),
    "max errors": ("max_errors", *_WHOLE),
    "missing ok": ("missing_ok", bool, "true or false"),
    "binary to": ("binary_to", *_TEXT),
}


class Flow(NamedTuple):
    """A checked flow. ``variables`` are the defaults of ``$vars``; ``setting`` is what its steps see."""

    name: str
    description: str
    file: str
    variables: Mapping[str, Any]
    setting: Setting
    steps: list[Step]


def load(
    path: str | Path,
    *,
    variables: Mapping[str, Any] | None = None,
    allow_env: Iterable[str] = (),
    zone: str | None = None,
) -> Flow:
    """Read and check a flow's file.

    ``variables`` stand in for the file's own ``vars`` of the same name; text is read as a number or truth value where
    the default is one. ``allow_env`` names what ``$env`` shows. ``zone`` stands in for the file's.
    Raises InvalidArgument or UnknownName that name file and line, all that is wrong at once.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        why = failed.strerror if isinstance(failed, OSError) else "it is not written in UTF-8"
        raise InvalidArgument(f"{file} can't be read: {why}.") from None
    return parse(text, file.name, file.parent, variables=variables, allow_env=allow_env, zone=zone)


def parse(
    text: str,
    name: str,
    folder: Path,
    *,
    variables: Mapping[str, Any] | None = None,
    allow_env: Iterable[str] = (),
    zone: str | None = None,
) -> Flow:
    """As `load`, for text; ``folder`` is where its files are."""
    document = read(text, name)
    fields = Fields(document, name, "A flow")
    title = fields.take("name", *_TEXT) or Path(name).stem
    description = fields.take("description", *_TEXT) or ""
    own = fields.take("vars", dict, "names with values") or {}
    own_zone = fields.take("zone", *_TEXT) or "UTC"
    most_line = fields.left["max items"].line if "max items" in fields.left else document.line
    most = fields.take("max items", *_WHOLE)
    if most is not None and most < 1:
        raise problem(name, most_line, f"max items must be at least 1, not {most}")
    fields.known.append("steps")
    steps = fields.left.pop("steps", None)
    fields.done()
    if steps is None or not isinstance(steps.value, list) or not steps.value:
        raise problem(name, document.line if steps is None else steps.line, "a flow needs a list of steps")
    values = {**own, **{key: _given(key, value, own) for key, value in (variables or {}).items()}}
    setting = Setting(World(values, allow_env, zone or own_zone), folder, most or MOST_ITEMS)
    made: list[Step] = []
    wrong: list[TrunklineError] = []
    for located in steps.value:
        try:
            made.append(_step(located, name, setting))
        except InvalidArgument as failed:
            wrong.append(failed)
    if wrong:
        raise InvalidArgument("\n".join(error.message for error in wrong), hint=wrong[0].hint)
    if not isinstance(made[0], Read | Act):
        raise problem(name, made[0].line, "the first step must bring items: list, read or action")
    return Flow(title, description, name, values, setting, made)


def _given(name: str, value: Any, own: Mapping[str, Any]) -> Any:
    """A variable's value, as the file's default has it."""
    if name not in own:
        near = nearest(name, iter(own))
        raise InvalidArgument(f"The flow has no variable {name!r}; it has {', '.join(own) or 'none'}.{near}")
    default = own[name]
    if not isinstance(value, str) or isinstance(default, str):
        return value
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[value.strip().lower()]
        if isinstance(default, int):
            return int(value)
        return float(value) if isinstance(default, float) else value
    except (KeyError, ValueError):
        raise InvalidArgument(f"The variable {name} must be of the kind of {default!r}, not {value!r}.") from None


def _step(located: Located, where: str, setting: Setting) -> Step:
    fields = Fields(located, where, "A step")
    kind = next((name for name in fields.names() if name in _KINDS), None)
    if kind is None:
        near = nearest(next(fields.names(), ""), iter(_KINDS))
        raise problem(where, located.line, f"a step is one of {', '.join(_KINDS)}.{near}")
    fields.what = f"The step {kind!r}"
    line = fields.left[kind].line
    try:
        step = _KINDS[kind](kind, fields, setting)
        fields.done()
    except TrunklineError as failed:
        if isinstance(failed, InvalidArgument) and failed.message.startswith(f"{where}, line "):
            raise
        raise problem(where, _line_of(failed.message, located, line), failed.message, failed.hint) from None
    return step


def _line_of(message: str, step: Located, line: int) -> int:
    """The line of the name within a step that a message speaks of; else the step's own."""
    for inner in step.value.values():
        for name, found in inner.value.items() if isinstance(inner.value, dict) else ():
            spoken = repr(found.value) if isinstance(found.value, str) else name
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) or spoken in message:
                return int(found.line)
    return line


def _list(kind: str, fields: Fields, setting: Setting) -> Step:
    return _action(kind, fields, setting, "list")


def _delete(kind: str, fields: Fields, setting: Setting) -> Step:
    return _action(kind, fields, setting, "delete")


def _action(kind: str, fields: Fields, setting: Setting, verb: str = "") -> Step:
    line = fields.left[kind].line
    name = fields.take(kind, *_TEXT)
    parameters = fields.take("with", dict, "names with values") or {}
    options = {
        target: value
        for spoken, (target, types, described) in _OPTIONS.items()
        if (value := fields.take(spoken, types, described)) is not None
    }
    if "binary_to" in options:
        options["binary_to"] = setting.folder / options["binary_to"]
    action = load_catalog().action(f"{name}.{verb}" if verb else name)
    if verb == "delete":
        given = {folded(key) for key in parameters}
        keys = {key: f'{{{{ $json["{key}"] }}}}' for key in action.keys if folded(key) not in given}
        parameters = {**keys, **parameters}
    step = Act(line, options, action.id, parameters)
    step.node(setting.world)
    return step


def _where(kind: str, fields: Fields, _: Setting) -> Step:
    line = fields.left[kind].line
    given = fields.take(kind, (str, dict), "a template or conditions")
    if isinstance(given, dict):
        return Where(line, None, conditions(given))
    return Where(line, _template(given, kind), [])


def _template(text: str, kind: str) -> Template:
    template = Template(text)
    if template.constant or len(template.parts) != 1:
        raise InvalidArgument(f"{kind} must be one template, such as {{{{ $json.Id > 5 }}}}, not {text!r}")
    return template


def _set(kind: str, fields: Fields, _: Setting) -> Step:
    line = fields.left[kind].line
    given = fields.take(kind, dict, "fields with values")
    return Set(line, prepared(given), bool(fields.take("only", bool, "true or false")))


def _for_each(kind: str, fields: Fields, _: Setting) -> Step:
    line = fields.left[kind].line
    template = _template(fields.take(kind, *_TEXT), kind)
    keep = fields.take("keep", list, "a list of fields") or []
    return ForEach(line, template, [str(name) for name in keep])


def _match(kind: str, fields: Fields, _: Setting) -> Step:
    line = fields.left[kind].line
    file = _file(fields.take(kind, *_TEXT))
    on = fields.take("on", (str, dict), "a field, or fields with the file's columns")
    keep = fields.take("keep", *_TEXT)
    if on is None or keep not in ("found", "missing"):
        raise InvalidArgument("match needs `on: FIELD` and `keep: found` or `keep: missing`")
    return Match(line, file, {on: on} if isinstance(on, str) else on, keep == "missing")


def _read(kind: str, fields: Fields, _: Setting) -> Step:
    return Read(fields.left[kind].line, _file(fields.take(kind, *_TEXT)))


def _save(kind: str, fields: Fields, _: Setting) -> Step:
    line = fields.left[kind].line
    return Save(line, _file(fields.take(kind, *_TEXT)), bool(fields.take("secrets", bool, "true or false")))


def _file(name: str) -> str:
    if Path(name).suffix.lower() not in ENDINGS:
        raise InvalidArgument(f"{name} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    return name


def _at_most(kind: str, fields: Fields, _: Setting) -> Step:
    line = fields.left[kind].line
    return AtMost(line, fields.take(kind, *_WHOLE))


_KINDS: dict[str, Callable[[str, Fields, Setting], Step]] = {
    "list": _list,
    "action": _action,
    "delete": _delete,
    "read": _read,
    "where": _where,
    "match": _match,
    "set": _set,
    "for each": _for_each,
    "at most": _at_most,
    "save": _save,
}
