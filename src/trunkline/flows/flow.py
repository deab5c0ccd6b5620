"""A flow: a YAML file with a few steps, checked line by line before anything is sent (docs/guides/flows.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from ..catalog import load as load_catalog
from ..catalog import nearest
from ..catalog.names import folded
from ..errors import InvalidArgument, TrunklineError, UsageError
from ..local.contained import reason, resolved, spelled
from ..node.run import Node, NodeRun
from ..node.template import JsonTemplate, Scope, Template, World, prepared
from ..work.drivers import AsyncCaller, Caller
from .conditions import conditions
from .document import LONGEST, Fields, Located, problem, read
from .files import ENDINGS
from .play import Ask, Played, Tell, answered, play
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
    "unchanged": ("unchanged", bool, "true or false"),
    "binary to": ("binary_to", *_TEXT),
}


class Flow(NamedTuple):
    """A checked flow.

        Flow.load("old-faxes.yaml", variables={"days": 90}).run(pbx)

    `run` takes a `Pbx`, `arun` an `AsyncPbx`. ``variables`` are the defaults of ``$vars``; ``setting`` is what its
    steps see.
    """

    name: str
    description: str
    file: str
    variables: Mapping[str, Any]
    setting: Setting
    steps: list[Step]

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        variables: Mapping[str, Any] | None = None,
        allow_env: Iterable[str] = (),
        zone: str | None = None,
        files_from: str | Path | None = None,
        trust_item_paths: bool = False,
    ) -> Self:
        """Read and check a flow's file.

        ``variables`` stand in for the file's own ``vars`` of the same name; text is read as a number or truth value
        where the default is one. ``allow_env`` names what ``$env`` shows. ``zone`` stands in for the file's. The flow's
        files are in ``files_from``, else in the folder of its own file. ``trust_item_paths`` lets items name files of
        this machine for uploads, with ``files_from`` only those in that folder.

        Raises:
            InvalidArgument, UnknownName: all that is wrong, with file and line.
        """
        file = Path(path)
        try:
            with file.open("rb") as opened:
                content = opened.read(4 * LONGEST + 1)  # no character takes more bytes; a device may have no end
        except (OSError, ValueError) as failed:
            raise InvalidArgument(f"{spelled(file)} can't be read: {reason(failed)}.") from None
        try:
            text = content.decode("utf-8-sig", "strict" if len(content) <= 4 * LONGEST else "ignore")
        except UnicodeDecodeError as failed:
            line = content.count(b"\n", 0, failed.start) + 1
            raise problem(str(file), line, "this is not written in UTF-8", "Save it as UTF-8 and try again.") from None
        return cls._parsed(
            text,
            file.name,
            Setting(World(), file.parent if files_from is None else Path(files_from), ((file, "the flow itself"),)),
            variables,
            allow_env,
            zone,
            {"trust_item_paths": trust_item_paths, "files_from": files_from} if trust_item_paths else {},
        )

    @classmethod
    def parse(
        cls,
        text: str,
        name: str,
        folder: Path,
        *,
        variables: Mapping[str, Any] | None = None,
        allow_env: Iterable[str] = (),
        zone: str | None = None,
        trust_item_paths: bool = False,
    ) -> Self:
        """As `load`, for text; ``folder`` is where its files are."""
        setting = Setting(World(), folder, ((folder / name, "the flow itself"),))
        trust = {"trust_item_paths": True} if trust_item_paths else {}
        return cls._parsed(text, name, setting, variables, allow_env, zone, trust)

    @classmethod
    def _parsed(
        cls,
        text: str,
        name: str,
        setting: Setting,
        variables: Mapping[str, Any] | None,
        allow_env: Iterable[str],
        zone: str | None,
        trust: Mapping[str, Any],
    ) -> Self:
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
        setting = setting._replace(world=World(values, allow_env, zone or own_zone), most_items=most or MOST_ITEMS)
        made: list[Step] = []
        wrong: list[TrunklineError] = []
        for located in steps.value:
            try:
                step = _step(located, name, setting)
                made.append(step._replace(options={**step.options, **trust}) if isinstance(step, Act) else step)
            except InvalidArgument as failed:
                wrong.append(failed)
        read_files = tuple((setting.place(s.file), "a file that it reads") for s in made if isinstance(s, Read | Match))
        setting = setting._replace(kept=(*setting.kept, *read_files))
        wrong += [error for step in made if (error := _overwriting(step, name, setting)) is not None]
        if wrong:
            raise InvalidArgument("\n".join(error.message for error in wrong), hint=wrong[0].hint)
        if not isinstance(made[0], Read | Act):
            raise problem(name, made[0].line, "the first step must bring items: list, read or action")
        return cls(title, description, name, values, setting, made)

    def run(self, pbx: Caller, *, dry_run: bool = False, ask: Ask | None = None, tell: Tell | None = None) -> Played:
        """Run the steps in threads.

        ``ask`` is given what is about to be sent and says whether to; without it everything is sent. ``tell`` hears of
        it and of each step that is done. Raises the errors of its steps, whose messages name file and line, and
        FlowStopped where ``ask`` returned False.
        """
        events = play(self, dry_run=dry_run)
        answer: Any = None
        while True:
            try:
                event = events.send(answer)
            except StopIteration as end:
                played: Played = end.value
                return played
            answer = answered(event, ask, tell, dry_run=dry_run)
            if isinstance(event, NodeRun):
                event.on(pbx)

    async def arun(
        self,
        pbx: AsyncCaller,
        *,
        dry_run: bool = False,
        ask: Ask | None = None,
        tell: Tell | None = None,
        started: Callable[[NodeRun], object] | None = None,
    ) -> Played:
        """As `run`, in the current event loop; ``started`` hears of each `NodeRun`, which it may stop later."""
        events = play(self, dry_run=dry_run)
        answer: Any = None
        while True:
            try:
                event = events.send(answer)
            except StopIteration as end:
                played: Played = end.value
                return played
            answer = answered(event, ask, tell, dry_run=dry_run)
            if isinstance(event, NodeRun):
                if started is not None:
                    started(event)
                await event.aon(pbx)


def _overwriting(step: Step, where: str, setting: Setting) -> InvalidArgument | None:
    """Why a step may not write its file, if it writes one whose name is known by now."""
    if isinstance(step, Save) and step.template is None:
        try:
            setting.place_to_write(step.file)
        except InvalidArgument as failed:
            return problem(where, step.line, failed.message, failed.hint)
    return None


def _given(name: str, value: Any, own: Mapping[str, Any]) -> Any:
    """Return a variable's value, as the file's default has it."""
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
        if isinstance(default, float) and not math.isfinite(number := float(value)):
            raise ValueError
        return number if isinstance(default, float) else value
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
        if isinstance(failed, UsageError):
            if failed.line:
                raise
            line = _line_of(failed.parameter, located, line)
        raise problem(where, line, failed.message, failed.hint) from None
    return step


def _line_of(parameter: str, step: Located, line: int) -> int:
    """Return the line where a step names a parameter; else the step's own."""
    for inner in step.value.values():
        for name, found in inner.value.items() if isinstance(inner.value, dict) else ():
            if folded(name) == folded(parameter):
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
        options["binary_to"] = resolved(setting.folder, _literal(options["binary_to"], "binary to"), is_folder=True)
    action = load_catalog().action(f"{name}.{verb}" if verb else name)
    if verb == "delete":
        given = {folded(key) for key in parameters}
        keys = {key: f'{{{{ $json["{key}"] }}}}' for key in action.keys if folded(key) not in given}
        parameters = {**keys, **parameters}
    step = Act(line, options, action.id, parameters)
    node = step.node(setting.world)
    # What no item changes is checked now: at its turn the steps before it would have been carried out.
    fixed = {name: value for name, value in node.parameters.items() if not _has_template(value)}
    if action.method == "GET" and all(parameter.name in fixed for parameter in action.parameters):
        Node(action.id, fixed, world=setting.world).call(Scope([{"json": {}}], 0, setting.world))
    return step


def _has_template(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_template, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_template, value))
    return isinstance(value, Template | JsonTemplate)


def _where(kind: str, fields: Fields, setting: Setting) -> Step:
    line = fields.left[kind].line
    given = fields.take(kind, (str, dict), "a template or conditions")
    if isinstance(given, dict):
        return Where(line, None, conditions(given, setting.world.zone))
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
    for field in keep:
        if not isinstance(field, str):
            raise InvalidArgument(f"keep takes names of fields, not {field!r}")
    return ForEach(line, template, keep)


def _match(kind: str, fields: Fields, setting: Setting) -> Step:
    line = fields.left[kind].line
    file = _file(fields.take(kind, *_TEXT), kind, setting)
    on = fields.take("on", (str, dict), "a field, or fields with the file's columns")
    keep = fields.take("keep", *_TEXT)
    if not on or keep not in ("found", "missing"):
        raise InvalidArgument("match needs `on: FIELD` and `keep: found` or `keep: missing`")
    pairs = {on: on} if isinstance(on, str) else on
    for field, column in pairs.items():
        if not isinstance(column, str):
            raise InvalidArgument(f"{field} must be on the name of a column, not {column!r}")
    return Match(line, file, pairs, keep == "missing")


def _read(kind: str, fields: Fields, setting: Setting) -> Step:
    return Read(fields.left[kind].line, _file(fields.take(kind, *_TEXT), kind, setting))


def _save(kind: str, fields: Fields, setting: Setting) -> Step:
    line = fields.left[kind].line
    name = fields.take(kind, *_TEXT)
    secrets = bool(fields.take("secrets", bool, "true or false"))
    template = Template(_text_of(name, kind))
    if template.constant:
        return Save(line, _file(name, kind, setting), secrets)
    # Whatever the items hold, the folders and the ending are the flow's own.
    _file("".join(part if isinstance(part, str) else "x" for part in template.parts), kind, setting)
    return Save(line, name, secrets, template)


def _file(name: str | None, kind: str, setting: Setting) -> str:
    """Return the name of a file in the flow's folder, as rows can be read from and written to."""
    name = _literal(name, kind)
    if Path(name).suffix.lower() not in ENDINGS:
        raise InvalidArgument(f"{name} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    setting.place(name)
    return name


def _literal(name: str | None, kind: str) -> str:
    name = _text_of(name, kind)
    if "{{" in name:
        raise InvalidArgument(f"{kind} takes the name as it is; {{{{ }}}} has no place in {name!r}")
    return name


def _text_of(value: str | None, kind: str) -> str:
    if not value:
        raise InvalidArgument(f"{kind} needs the name of a file or folder")
    return value


def _at_most(kind: str, fields: Fields, _: Setting) -> Step:
    line = fields.left[kind].line
    most = fields.take(kind, *_WHOLE)
    if most is None or most < 0:
        raise InvalidArgument(f"at most must be a whole number of items, 0 or more, not {most}")
    return AtMost(line, most)


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
