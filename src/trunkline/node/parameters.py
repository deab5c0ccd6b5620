"""A node's parameters: what each is called, and what a value given for it means (docs/node-semantics.md, rules P)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..catalog import Action, Catalog, TypeSpec
from ..catalog.defaults import default_of
from ..catalog.names import folded
from ..errors import InvalidArgument, UnknownName, UsageError
from ..odata import OPTIONS
from ..odata.literals import INTEGER_RANGES
from ..request import Call, bind, parameter_named
from .binary import PROPERTY, PathRule, content
from .template import JsonTemplate, Scope, Template, evaluated, parsed, prepared

_GROUPS = ("options", "query", "queryoptions", "queryparameters")  # what a workflow node may group its options under
_FILE_FIELD = ("inputbinaryfield", "inputdatafieldname", "binarypropertyname", "binaryproperty")
_STEP = re.compile(r"\s*([^.\[\]]+?)\s*(?:\.|$|(?=\[))|\[(\d+)\]\.?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?")

Path = tuple[str | int, ...]


class _NotGiven:
    """An empty text where no text can stand."""


_NOT_GIVEN = _NotGiven()


class Parameters:
    """The parameters of an action, each with a value or a template; ``given`` has them by the action's own names.

    Raises UnknownName for a name that the action doesn't have, InvalidArgument for one that is given twice, for a
    required one that is missing, and for JSON text that is none. ``paths``: which files an item may name by a path.
    """

    def __init__(
        self,
        catalog: Catalog,
        action: Action,
        values: Mapping[str, Any],
        paths: PathRule = PathRule(),  # noqa: B008 - immutable
    ) -> None:
        self._paths = paths
        self.catalog = catalog
        self.action = action
        self.given: dict[str, Any] = {}
        self.within: list[tuple[Path, str, Any]] = []  # parts of the body: path, name as given, value
        self.fields = catalog.spec_fields(action.body)
        for name, value in values.items():
            try:
                self._take(name, value)
            except UsageError as problem:
                raise problem.replace(parameter=name) from problem.__cause__
        for path, name, _ in self.within:
            if path[0] in self.given and path[0] not in action.params:
                raise InvalidArgument(f"{action.id} got {path[0]} twice, as {path[0]} and as {name}.")
        for parameter in action.parameters:
            if parameter.name not in self.given and default_of(action, parameter) is None:
                raise InvalidArgument(
                    f"{action.id} needs {parameter.name}.",
                    hint=f"Give it a value or a template, such as {parameter.name}={{{{ $json.{parameter.name} }}}}.",
                )
        of_body = {"body", *self.fields} - action.params.keys()
        if action.kind in ("create", "update") and not (self.within or of_body & self.given.keys()):
            some = next(iter(self.fields))
            raise InvalidArgument(
                f"{action.id} needs a body.",
                hint=f"Give fields, such as {some}={{{{ $json.{some} }}}}, or body={{{{ $json }}}} for whole items.",
            )
        if action.kind == "upload":
            self.given.setdefault(self._file, PROPERTY)

    @property
    def _file(self) -> str:
        return next(iter(self.fields))

    def _take(self, name: str, value: Any) -> None:
        group, dot, rest = name.partition(".")
        if dot and folded(group) == "body" and self.action.body is not None:
            path = self._path(name, rest)
            if any(path == other for other, _, _ in self.within):
                raise InvalidArgument(f"{self.action.id} got {name} twice.")
            self.within.append((path, name, prepared(value)))
            return
        if dot and folded(group) in _GROUPS:
            name = rest
        if self.action.kind == "upload" and folded(name) in _FILE_FIELD:
            name = self._file
        target = parameter_named(self.catalog, self.action, name)
        if target in self.given:
            raise InvalidArgument(f"{self.action.id} got {target} twice.")
        if target == "body" and isinstance(value, str):
            self.given[target] = JsonTemplate(value, f"body of {self.action.id}")
        else:
            self.given[target] = prepared(value)

    def _path(self, name: str, rest: str) -> Path:
        """``Groups[0].Rights.RoleName`` as steps, each field by 3CX's own name."""
        steps: list[str | int] = []
        spec: TypeSpec | None = None
        fields: Mapping[str, TypeSpec] | None = self.fields
        position = 0
        while position < len(rest):
            step = _STEP.match(rest, position)
            if step is None or step.end() == position:
                raise InvalidArgument(f"{name!r} is not a path into a body; write Body.Groups[0].GroupId.")
            position = step.end()
            if step[2] is not None:
                steps.append(int(step[2]))
                continue
            if fields is None:
                raise UnknownName(f"{name} of {self.action.id} leads into {steps[-1]}, which has no fields.")
            known = step[1] if step[1] in fields else next((f for f in fields if folded(f) == folded(step[1])), None)
            if known is None:  # a late build may have it; the check of the body warns
                steps.append(step[1])
                fields = None
                continue
            spec = fields[known]
            fields = self.catalog.fields(spec.name) if spec.name in self.catalog.types else None
            steps.append(known)
        if not steps or isinstance(steps[0], int):
            raise InvalidArgument(f"{name!r} is not a path into a body; write Body.FirstName.")
        return tuple(steps)

    def call(self, scope: Scope) -> Call:
        """Return the call for one item, checked against the catalog.

        TemplateError if a template has no value; InvalidArgument or UnknownName if what it gives can't be right.
        """
        try:
            return self._call(scope)
        except RecursionError:
            raise InvalidArgument(
                f"Item {scope.position}: a value of {self.action.id} is nested too deep.",
                hint="Nothing was sent for it.",
            ) from None

    def _call(self, scope: Scope) -> Call:
        found = {name: evaluated(value, scope, name) for name, value in self.given.items()}
        found = {name: self._meant(name, value, scope) for name, value in found.items()}
        found = {name: value for name, value in found.items() if value is not _NOT_GIVEN}
        if self.within:
            found["body"] = self._whole_body(found.get("body", {}), scope)
        return bind(self.catalog, self.action, (), found, scope.world.now())

    def _meant(self, name: str, value: Any, scope: Scope) -> Any:
        if name in self.action.params:
            return value
        if name == "if_match_anyway":
            return _NOT_GIVEN if value is None else fitted(value, TypeSpec("Boolean"), self.catalog, name)
        if name in OPTIONS or name == "if_match":
            if value is None or (isinstance(value, str) and not value):
                return _NOT_GIVEN
            digits = isinstance(value, int | float) and not isinstance(value, bool) and name not in ("top", "skip")
            return fitted(value, TypeSpec("String"), self.catalog, name) if digits else value
        if self.action.kind == "upload":
            return self._upload(value, scope) if name == self._file else value
        if name == "body":
            if isinstance(value, Mapping):
                return {k: v for k, v in ((k, self._field(k, v)) for k, v in value.items()) if v is not _NOT_GIVEN}
            return value
        return self._field(name, value)

    def _upload(self, value: Any, scope: Scope) -> Any:
        return content(scope.item, value, self._paths) if isinstance(value, str) else value

    def _field(self, name: str, value: Any) -> Any:
        return fitted(value, self.fields[name], self.catalog, name) if name in self.fields else value

    def _whole_body(self, whole: Any, scope: Scope) -> Any:
        if not isinstance(whole, Mapping):
            raise InvalidArgument(
                f"body of {self.action.id} must be an object, since {self.within[0][1]} is given too."
            )
        body = dict(whole)
        for path, name, value in self.within:
            _put(body, path, evaluated(value, scope, name), name)
        return self._meant("body", body, scope)


def _put(body: dict[str, Any], path: Path, value: Any, name: str) -> None:
    place: Any = body
    for step, following in zip(path, (*path[1:], None), strict=True):
        if isinstance(step, int):
            if not isinstance(place, list) or step > len(place):
                raise InvalidArgument(f"{name} leaves out elements of its list before [{step}].")
            if step == len(place):
                place.append(None)
        elif not isinstance(place, dict):
            raise InvalidArgument(f"{name} leads into {place!r}, which is not an object.")
        if following is None:
            place[step] = value
            return
        inner = place[step] if isinstance(step, int) else place.get(step)
        if inner is None:
            inner = [] if isinstance(following, int) else {}
        # Copied on the way down: what stands there may belong to an item.
        place[step] = dict(inner) if isinstance(inner, Mapping) else list(inner) if isinstance(inner, list) else inner
        place = place[step]


def fitted(value: Any, spec: TypeSpec, catalog: Catalog, name: str) -> Any:
    """Return a value as the field's type wants it, as long as nothing is lost; what doesn't fit is left for the check.

    Text becomes a number, a truth value or JSON where the type asks for it, a number its digits where it asks for
    text; an enum's value is found by its label. Empty text that is not text is not given at all.
    """
    if value == "" and isinstance(value, str) and (spec.collection or spec.name != "String"):
        return _NOT_GIVEN
    nested = spec.collection or (spec.name in catalog.types and spec.name not in catalog.enums)
    if isinstance(value, str) and nested and value.lstrip()[:1] in ("[", "{"):
        value = parsed(value, name)
    if spec.collection:
        one = spec._replace(collection=False)
        if isinstance(value, list | tuple):
            return [None if (v := fitted(x, one, catalog, name)) is _NOT_GIVEN else v for x in value]
        return value
    if spec.name in catalog.enums:
        return _enum(value, spec.name, catalog)
    if isinstance(value, Mapping) and spec.name in catalog.types:
        fields = catalog.fields(spec.name)
        inner = {k: fitted(v, fields[k], catalog, f"{name}.{k}") if k in fields else v for k, v in value.items()}
        return {k: v for k, v in inner.items() if v is not _NOT_GIVEN}
    if isinstance(value, str):
        return _from_text(value, spec)
    if spec.name == "String" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return value


def _from_text(value: str, spec: TypeSpec) -> Any:
    text = value.strip()
    if spec.name in INTEGER_RANGES and _INTEGER.fullmatch(text):
        return int(text)
    if spec.name in ("Single", "Double", "Decimal") and _NUMBER.fullmatch(text):
        return float(text)
    if spec.name == "Boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return value


def _enum(value: Any, name: str, catalog: Catalog) -> Any:
    """Return an enum's value from its label: its own name, with case, spaces and hyphens as anybody writes them."""
    if not isinstance(value, str):
        return value
    values = catalog.enum_values(name)
    labels = {folded(known): known for known in values}
    parts = value.split(",") if catalog.enums[name].flags else [value]
    return ",".join(part if part in values else labels.get(folded(part), part) for part in parts)


def shown(value: Any) -> str:
    """Return a parameter's value as it was written."""
    return value.text if isinstance(value, Template | JsonTemplate) else str(value)
