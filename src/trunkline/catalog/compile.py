"""Compile 3CX's published OpenAPI files into the catalog's data file.

    python -m trunkline.catalog.compile SPEC.yaml… [-o catalog.json]

Each file is one *edition*; its name must be ``DATE_VERSION.yaml`` (``2026-06-11_20.0.10.yaml``). Only facts are
taken: names, types, paths, enum values. The result depends on nothing but the files and ``patches.toml``, so
compiling again gives the same bytes.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from . import names
from .model import (
    Action,
    ActionBefore,
    Data,
    Edition,
    EntitySet,
    EnumType,
    EnumValue,
    FieldForm,
    ObjectType,
    parse_type,
)

HERE = Path(__file__).parent
COMMAND = "python -m trunkline.catalog.compile SPEC.yaml…"

_METHODS = ("get", "post", "patch", "put", "delete")
_FORMATS = {
    ("integer", "int32"): "Int32",
    ("integer", "int64"): "Int64",
    ("integer", "uint8"): "Byte",
    ("integer", "decimal"): "Decimal",
    ("string", "date-time"): "DateTimeOffset",
    ("string", "duration"): "Duration",
    ("string", "odata-duration"): "Duration",  # as the emulator's own document has it
    ("string", "time"): "TimeOfDay",
    ("string", "odata-time-of-day"): "TimeOfDay",
    ("string", "date"): "Date",
    ("string", "uuid"): "Guid",
    ("string", "base64url"): "Binary",
    ("number", "float"): "Single",
    ("number", "double"): "Double",
    ("number", "decimal"): "Decimal",
    ("boolean", None): "Boolean",
    ("string", None): "String",
    ("object", None): "Any",
}

Json = dict[str, Any]
Run = tuple[Any, int, int]  # a value, and the first and last edition that had it


class CompileError(Exception):
    """An input that the compiler doesn't understand; the message names the place."""


# ── one file ─────────────────────────────────────────────────────────────────────────────────────


class SpecFile:
    """One OpenAPI file, read through rules that even out how 3CX's generator changed over the years."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.components: Json = document["components"]
        self.schemas: Json = self.components["schemas"]

    def resolve(self, node: Json) -> Json:
        while "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def type_spec(self, schema: Json) -> str:
        """Return the type spec of a schema, e.g. ``[Pbx.UserGroup] nav``."""
        tail = ("?" if schema.get("nullable") else "") + (" nav" if schema.get("x-ms-navigationProperty") else "")
        if "$ref" in schema:
            return str(schema["$ref"]).rpartition("/")[2] + tail
        if "allOf" in schema:
            return self.type_spec(schema["allOf"][0]) + tail
        if "anyOf" in schema:  # older files: [{$ref}, {type: object, nullable: true}]
            return self.type_spec(schema["anyOf"][0]) + "?"
        if "oneOf" in schema:  # a float, or one of the strings -INF, INF and NaN
            return self.type_spec(schema["oneOf"][0])
        if schema.get("type") == "array":
            return f"[{self.type_spec(schema['items']).removesuffix('?')}]{tail}"
        kind, form = str(schema.get("type")), schema.get("format")
        if kind == "number" and form in ("int32", "int64", "uint8"):  # files of 20.0.6 and 20.0.7
            kind = "integer"
        name = _FORMATS.get((kind, form)) or _FORMATS.get((kind, None))
        if name is None:
            raise CompileError(f"no type for {schema!r}")
        length = f"({schema['maxLength']})" if "maxLength" in schema else ""
        return name + length + tail

    def fields(self, schema: Json) -> dict[str, str]:
        return {name: self.type_spec(field) for name, field in schema.get("properties", {}).items()}

    def objects(self) -> Iterator[tuple[str, str | None, dict[str, str], bool]]:
        """Every object type as (name, base, own fields, open)."""
        for name, schema in self.schemas.items():
            if not name.startswith("Pbx.") or "enum" in schema or _is_envelope(name):
                continue
            base, own = None, schema
            for part in schema.get("allOf", ()):
                if "$ref" in part:
                    base = part["$ref"].rpartition("/")[2]
                else:
                    own = part
            yield name, base, self.fields(own), bool(own.get("additionalProperties"))

    def enums(self) -> Iterator[tuple[str, list[str], bool]]:
        for name, schema in self.schemas.items():
            if name.startswith("Pbx.") and "enum" in schema:
                yield name, [v for v in schema["enum"] if v is not None], "x-ms-enum-flags" in schema

    def marked_keys(self) -> dict[str, tuple[str, ...]]:
        """Keys of types as the examples mark them: ``"Name": "string (identifier)"``."""
        found = {}
        for name, example in self.components.get("examples", {}).items():
            value = example.get("value")
            if isinstance(value, dict):
                keys = tuple(k for k, v in value.items() if isinstance(v, str) and "(identifier)" in v)
                if keys:
                    found[name] = keys
        return found

    def operations(self) -> Iterator[tuple[tuple[str, str, str], Json]]:
        """Every operation as ((operationId, method, path), form)."""
        for path, item in self.document["paths"].items():
            for method in _METHODS:
                if method in item:
                    operation = item[method]
                    yield (operation["operationId"], method.upper(), path), self.form(path, method, operation)

    def form(self, path: str, method: str, operation: Json) -> Json:
        parameters = [self.resolve(p) for p in operation.get("parameters", ())]
        in_path = {p["name"]: self.type_spec(p["schema"]) for p in parameters if p["in"] == "path"}
        body: str | dict[str, str] | None = None
        required = False
        if "requestBody" in operation:
            request_body = self.resolve(operation["requestBody"])
            required = bool(request_body.get("required"))
            schema = request_body["content"]["application/json"]["schema"]
            if schema.get("$ref", "").endswith("RequestBody"):
                schema = self.resolve(schema)
            body = self.fields(schema) if "properties" in schema else self.type_spec(schema)
        answer = self.answer(operation)
        return {
            "tag": operation["tags"][0],
            "kind": _kind(method, operation.get("x-ms-docs-operation-type"), answer),
            "params": {name: in_path[name] for name in re.findall(r"\{(\w+)\}", path)},
            "query": tuple(p["name"].removeprefix("$") for p in parameters if p["in"] == "query"),
            "if_match": any(p["in"] == "header" and p["name"] == "If-Match" for p in parameters),
            "body": body,
            "body_required": required,
            "answer": answer,
        }

    def answer(self, operation: Json) -> str:
        success = next(self.resolve(r) for status, r in operation["responses"].items() if status.startswith("2"))
        if "content" not in success:
            return "none"
        schema = next(iter(success["content"].values()))["schema"]
        if schema.get("format") == "binary":  # no published file says so of its files; the emulator's own document does
            return "file"
        if schema.get("$ref", "").endswith("CollectionResponse"):
            schema = self.resolve(schema)
        parts = schema.get("allOf", ())
        own = next((p for p in parts if "properties" in p), schema)
        properties = own.get("properties", {})
        if "value" in properties and (len(properties) == 1 or parts):
            value = self.type_spec(properties["value"])
            spec = parse_type(value)
            return f"list {spec.name}" if spec.collection else f"value {value}"
        spec = parse_type(self.type_spec(schema))
        if spec.name == "Pbx.IActionResult":  # an ASP.NET result without a body of its own
            return "none"
        return f"value {spec}" if "enum" in self.schemas.get(spec.name, {}) else f"entity {spec}"


def _is_envelope(name: str) -> bool:
    return name.endswith("CollectionResponse") or name.startswith("Pbx.ODataErrors.") or name == "Pbx.IActionResult"


def _kind(method: str, operation_type: str | None, answer: str) -> str:
    if operation_type in ("function", "functionImport"):
        return "function"
    if operation_type in ("action", "actionImport"):
        return "action"
    if method == "get":
        return "list" if answer.startswith("list ") else "get"
    return {"post": "create", "patch": "update", "put": "update", "delete": "delete"}[method]


# ── over all files ───────────────────────────────────────────────────────────────────────────────


def runs(values: Iterable[tuple[int, Any]]) -> list[Run]:
    """Fold (edition, value) pairs, oldest first, into runs of equal values over adjacent editions."""
    folded: list[Run] = []
    for edition, value in values:
        if folded and folded[-1][0] == value and folded[-1][2] == edition - 1:
            folded[-1] = (value, folded[-1][1], edition)
        else:
            folded.append((value, edition, edition))
    return folded


def _path_parts(path: str) -> tuple[str, list[str], bool, str | None]:
    """(set, own keys, whether the key is an alternate one, name called on it) of a path template."""
    first, _, rest = path.removeprefix("/").partition("/")
    name, paren, inside = first.partition("(")
    inside = inside.removesuffix(")")
    if paren and ("=" in inside or not inside) and not rest and not re.fullmatch(r"[A-Z]\w*=\{\w+\}", inside):
        return "", [], False, name  # a function import: /GetUpdates(), /GetUpdateDetails(key={key},id={id})
    called = rest.partition("(")[0].removeprefix("Pbx.") or None
    return name, re.findall(r"\{(\w+)\}", inside), "=" in inside, called


def _action_id(path: str, form: Mapping[str, Any]) -> str:
    name, keys, alternate, called = _path_parts(path)
    resource = names.snake(form["tag"])
    kind = form["kind"]
    if kind in ("function", "action"):
        return f"{resource}.{names.snake(called or name)}"
    if called is not None:
        return f"{resource}.{kind}_{names.snake(called)}"
    return f"{resource}.{kind}_by_{names.snake(keys[0])}" if alternate else f"{resource}.{kind}"


class Compiler:
    def __init__(self, files: Mapping[Edition, SpecFile], patches: Json) -> None:
        self.editions = tuple(files)
        self.files = list(files.values())
        self.newest = len(self.files) - 1
        self.patches = patches
        self.forms: dict[tuple[str, str, str], dict[int, Json]] = {}
        for edition, spec in enumerate(self.files):
            for key, form in spec.operations():
                self.forms.setdefault(key, {})[edition] = form
        self._change_forms()

    def until(self, last: int) -> int | None:
        return None if last == self.newest else last

    def _change_forms(self) -> None:
        for patch in self.patches.get("change", ()):
            matched = [k for k in self.forms if fnmatchcase(k[0], patch["operations"]) and k[1] == "GET"]
            if not matched:
                raise CompileError(f"patch for {patch['operations']} matches nothing")
            for key in matched:
                for form in self.forms[key].values():
                    rows = form["answer"].removeprefix("list ") if form["answer"].startswith("list ") else ""
                    form["answer"] = f"{patch['answer']} {rows}".strip()
        for patch in self.patches.get("not_null", ()):
            for name in patch["parameters"]:
                hits = [f["params"] for forms in self.forms.values() for f in forms.values() if name in f["params"]]
                if not hits:
                    raise CompileError(f"patch for parameter {name} matches nothing")
                for params in hits:
                    params[name] = params[name].removesuffix("?")

    def types(self) -> dict[str, ObjectType]:
        seen: dict[str, dict[int, tuple[str | None, dict[str, str], bool]]] = {}
        for edition, spec in enumerate(self.files):
            for name, base, fields, is_open in spec.objects():
                seen.setdefault(name, {})[edition] = (base, fields, is_open)
        keys = self._type_keys(seen)
        opened = {name for patch in self.patches.get("open", ()) for name in patch["types"]}
        if opened - seen.keys():
            raise CompileError(f"patch for {', '.join(sorted(opened - seen.keys()))} matches nothing")
        compiled = {}
        for name, by_edition in sorted(seen.items()):
            first, last = min(by_edition), max(by_edition)
            all_fields = sorted({f for _, fields, _ in by_edition.values() for f in fields})
            compiled[name] = ObjectType(
                fields={f: self._field(f, by_edition, first, last) for f in all_fields},
                base=by_edition[last][0],
                key=keys.get(name, ()),
                open=by_edition[last][2] or name in opened,
                since=first,
                until=self.until(last),
            )
        return compiled

    def _field(self, field: str, by_edition: Mapping[int, Any], first: int, last: int) -> str | tuple[FieldForm, ...]:
        spans = runs((e, by_edition[e][1][field]) for e in sorted(by_edition) if field in by_edition[e][1])
        if len(spans) == 1 and spans[0][1:] == (first, last):
            return str(spans[0][0])
        return tuple(FieldForm(spec, since, self.until(until)) for spec, since, until in spans)

    def _type_keys(self, seen: Mapping[str, Mapping[int, Any]]) -> dict[str, tuple[str, ...]]:
        """Keys by type: from the paths, else marked in an example, else a plain ``Id`` of an entity."""
        found: dict[str, tuple[str, ...]] = {}
        latest = {name: by_edition[max(by_edition)] for name, by_edition in seen.items()}
        for spec in self.files:
            found.update(spec.marked_keys())
        for entity_set in self.sets().values():
            if entity_set.type and entity_set.key:
                found[entity_set.type] = tuple(entity_set.key)
        for patch in self.patches.get("key", ()):
            found.update({name: tuple(key) for name, key in patch["types"].items()})
        entities = {s.type for s in self.sets().values()} | {
            parse_type(spec).name
            for _, fields, _ in latest.values()
            for spec in fields.values()
            if spec.endswith(" nav")
        }
        for name in entities:
            if (
                name in latest
                and name not in found
                and latest[name][1].get("Id") in ("Int32", "Int64", "String", "Guid")
            ):
                found[name] = ("Id",)
        bases = {base for base, _, _ in latest.values() if base}
        for name, (base, _, _) in latest.items():  # a key belongs to the type that declares the field
            if base and name in found and all(key in latest[base][1] for key in found[name]):
                found[base] = found.pop(name)
        return {name: key for name, key in found.items() if name in latest and (key or name in bases)}

    def enums(self) -> dict[str, EnumType]:
        seen: dict[str, dict[int, list[str]]] = {}
        flags = set()
        for edition, spec in enumerate(self.files):
            for name, values, is_flags in spec.enums():
                seen.setdefault(name, {})[edition] = values
                if is_flags:
                    flags.add(name)
        compiled = {}
        for name, by_edition in sorted(seen.items()):
            first, last = min(by_edition), max(by_edition)
            ordered = list(by_edition[last])
            ordered += [v for e in sorted(by_edition, reverse=True) for v in by_edition[e] if v not in ordered]
            members: list[str | EnumValue] = []
            for value in dict.fromkeys(ordered):
                had = [e for e in by_edition if value in by_edition[e]]
                whole = (min(had), max(had)) == (first, last)
                members.append(value if whole else EnumValue(value, min(had), self.until(max(had))))
            compiled[name] = EnumType(tuple(members), name in flags, first, self.until(last))
        return compiled

    def sets(self) -> dict[str, EntitySet]:
        """Entity sets and singletons, read off the paths of every edition."""
        found: dict[str, Json] = {}
        for (_, method, path), by_edition in self.forms.items():
            form = by_edition[max(by_edition)]
            name, keys, alternate, called = _path_parts(path)
            if not name or (form["kind"] == "action" and called is None):
                continue  # function and action imports
            entry = found.setdefault(
                name, {"type": None, "resource": names.snake(form["tag"]), "key": {}, "alternate": ()}
            )
            if alternate:
                entry["alternate"] = tuple(keys)
            elif keys:
                entry["key"] = {k: form["params"][k] for k in keys}
            if called is None and method == "GET":
                entry["singleton"] = entry.get("singleton", True) and form["kind"] == "get" and not keys
                entry["type"] = parse_type(form["answer"].partition(" ")[2]).name
            elif called is not None and entry["type"] is None and form["answer"].startswith("list Pbx."):
                entry.setdefault("rows", form["answer"].removeprefix("list "))
        return {
            name: EntitySet(
                type=e["type"] or e.get("rows"),
                resource=e["resource"],
                singleton=e.get("singleton", False),
                key=e["key"],
                alternate=e["alternate"],
            )
            for name, e in sorted(found.items())
        }

    def actions(self) -> list[Action]:
        sets = self.sets()
        compiled = [self._action(key, by_edition, sets) for key, by_edition in self.forms.items()]
        for patch in self.patches.get("add", ()):
            added = {k: v for k, v in patch.items() if k not in ("reason", "verb")}
            compiled.append(Action(id=f"{names.snake(patch['tag'])}.{patch['verb']}", published=False, **added))
        return sorted(self._superseded(compiled), key=lambda a: (a.resource, a.id, a.since))

    def _action(
        self, key: tuple[str, str, str], by_edition: Mapping[int, Json], sets: Mapping[str, EntitySet]
    ) -> Action:
        operation_id, method, path = key
        first, last = min(by_edition), max(by_edition)
        form = by_edition[last]
        entity_set = sets.get(_path_parts(path)[0])
        return Action(
            id=_action_id(path, form),
            operation_id=operation_id,
            method=method,
            path=path,
            noun=names.noun((entity_set and entity_set.type) or form["tag"]),
            since=first,
            until=self.until(last),
            before=self._before(by_edition),
            **form,
        )

    def _before(self, by_edition: Mapping[int, Json]) -> tuple[ActionBefore, ...]:
        """Return what differed in older editions, newest difference last."""
        watched = ("answer", "query", "body", "body_required", "params")
        spans = runs((e, {k: by_edition[e][k] for k in watched}) for e in sorted(by_edition))
        now = spans[-1][0]
        return tuple(
            ActionBefore(until=until, **{k: then[k] for k in watched if then[k] != now[k]})
            for then, _, until in spans[:-1]
        )

    def _superseded(self, actions: list[Action]) -> Iterator[Action]:
        """Give an older form of an action, whose path 3CX changed, the id ``resource.verb@LAST_VERSION``."""
        by_id: dict[str, list[Action]] = {}
        for action in actions:
            by_id.setdefault(action.id, []).append(action)
        for same in by_id.values():
            *older, newest = sorted(same, key=lambda a: (a.until is None, a.until or 0))
            yield newest
            for action in older:
                if action.until is None or action.until >= newest.since:
                    raise CompileError(f"two actions would be called {action.id}: {action.path} and {newest.path}")
                yield msgspec.structs.replace(action, id=f"{action.id}@{self.editions[action.until].version}")

    def compile(self) -> Data:
        return Data(
            generated=f"by {COMMAND}; do not edit",
            editions=self.editions,
            sets=self.sets(),
            actions=tuple(self.actions()),
            types=self.types(),
            enums=self.enums(),
        )


def render(data: Data) -> str:
    """Return the data file's text: JSON with one record to a line, so that a change reads well in a diff."""
    lines = [f'{{"generated":{json.dumps(data.generated, ensure_ascii=False)}']
    for section in ("editions", "sets", "actions", "types", "enums"):
        records = msgspec.to_builtins(getattr(data, section))
        if isinstance(records, dict):
            body = ",\n".join(f"{json.dumps(k)}:{_compact(v)}" for k, v in records.items())
            lines.append(f'"{section}":{{\n{body}\n}}')
        else:
            body = ",\n".join(_compact(r) for r in records)
            lines.append(f'"{section}":[\n{body}\n]')
    return ",\n".join(lines) + "\n}\n"


def _compact(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def read_spec(path: Path) -> tuple[Edition, SpecFile]:
    date, _, version = path.stem.partition("_")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date) or not version:
        raise CompileError(f"{path.name}: the name must be DATE_VERSION.yaml, such as 2026-06-11_20.0.10.yaml")
    with path.open(encoding="utf-8") as stream:
        return Edition(date, version), SpecFile(_load_yaml(stream))


def _load_yaml(stream: Any) -> Json:
    """Read YAML with 1.2's booleans: in 1.1, PyYAML's, the enum value ``No`` would be false."""
    import yaml  # only here: users of the catalog don't need it

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[Json] = {
            first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
            for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    # Millions of small objects and no cycles: the collector would only look, for most of the time.
    collecting = gc.isenabled()
    gc.disable()
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])
    try:
        document: Json = yaml.load(stream, Loader)  # noqa: S506 - a safe loader
    finally:
        if collecting:
            gc.enable()
    return document


def compile_files(paths: Iterable[Path]) -> Data:
    """Compile OpenAPI files, in any order, with the project's patches; CompileError says what is wrong where."""
    patches = tomllib.loads((HERE / "patches.toml").read_text(encoding="utf-8"))
    return Compiler(dict(sorted(map(read_spec, paths), key=lambda pair: pair[0].date)), patches).compile()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m trunkline.catalog.compile", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("specs", nargs="+", type=Path, metavar="SPEC.yaml")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "catalog.json")
    options = parser.parse_args(argv)
    try:
        data = compile_files(options.specs)
    except (CompileError, OSError) as error:
        print(f"compile: {error}", file=sys.stderr)
        return 1
    options.output.write_text(render(data), encoding="utf-8", newline="\n")
    live = sum(a.until is None and a.published for a in data.actions)
    print(f"{options.output}: {live} actions of {data.editions[-1].version}, {len(data.actions)} in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
