"""The catalog's types as Python annotations: for signatures, for `trunkline.types` and for the committed stubs.

They are text, so that nothing is imported to spell them. Names of 3CX's types and enums lose their ``Pbx.``. What is
sent may hold Python's own dates where an answer has text; its types are called `FaxPart` beside the answer's `Fax`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from . import Action, Catalog, TypeSpec, parse_type

_ANSWERED = {
    "Boolean": "bool",
    "Decimal": "float",
    "Double": "float",
    "Single": "float",
    "Byte": "int",
    "Int16": "int",
    "Int32": "int",
    "Int64": "int",
    "Date": "str",
    "DateTimeOffset": "str",
    "Duration": "str",
    "Guid": "str",
    "String": "str",
    "TimeOfDay": "str",
}
_ARGUMENTS = {**_ANSWERED, "DateTimeOffset": "datetime | str", "Guid": "UUID | str"}
_SENT = {**_ARGUMENTS, "Duration": "timedelta | str"}
# Only when selected, and never (docs/pbx.md, Answers).
_ON_REQUEST = {"Pbx.CallFlowApp": "ScriptCode", "Pbx.SystemStatus": "Id"}


def answered_type(spec: TypeSpec, module: str = "") -> str:
    """Return what a field holds in an answer: ``int``, ``str | None``, ``list[PeerType]``.

    ``object`` for what is unknown.

    ``module`` goes before names of the catalog: ``types.PeerType``.
    """
    return _whole(module + short(spec.name) if _own(spec) else _ANSWERED.get(spec.name, "object"), spec)


def sent_type(catalog: Catalog, spec: TypeSpec, module: str = "") -> str:
    """Return what a field takes in a body: ``datetime | str``, ``Sequence[UserGroupPart]``."""
    if spec.name == "Binary":
        return f"{module}Upload"
    if spec.name in catalog.types:
        return _whole(f"{module}{part_name(spec.name)}", spec, "Sequence")  # a list of whole ones is one of parts too
    return _whole(module + short(spec.name) if _own(spec) else _SENT.get(spec.name, "object"), spec)


def argument_type(spec: TypeSpec) -> str:
    """Return what a key or function parameter takes."""
    return _whole(_ARGUMENTS.get(spec.name, "object"), spec)


def _own(spec: TypeSpec) -> bool:
    return spec.name.startswith("Pbx.")


def _whole(name: str, spec: TypeSpec, many: str = "list") -> str:
    if spec.collection:
        name = f"{many}[{name}]"
    return f"{name} | None" if spec.nullable else name


def short(name: str) -> str:
    """``Pbx.PeerType`` → ``PeerType``."""
    return name.removeprefix("Pbx.")


def part_name(name: str) -> str:
    """``Pbx.Fax`` → ``FaxPart``: what may be sent of one."""
    return f"{short(name)}Part"


def body_name(action: Action) -> str:
    """Name the type of a body that has no name in 3CX's: ``fax.bulk_fax_delete`` → ``FaxBulkFaxDeleteBody``."""
    return f"{action.tag}{''.join(word.capitalize() for word in action.verb.split('_'))}Body"


class Shape(NamedTuple):
    """One TypedDict: its fields with those it inherits, and which of them are always there."""

    name: str
    base: str | None
    fields: Mapping[str, str]
    firm: frozenset[str]
    doc: str


def shapes(catalog: Catalog) -> Iterator[Shape]:
    """Every TypedDict of `trunkline.types`: answers, the parts of them that bodies hold, and bodies without a name."""
    for name, known in sorted(catalog.types.items()):
        fields = {field: answered_type(spec) for field, spec in catalog.fields(name).items()}
        key = catalog.key(name)
        base = short(known.base) if known.base else "Entity"
        doc = f"Key: {', '.join(key)}." if key else "Without a key."
        yield Shape(short(name), base, fields, _firm_fields(catalog, name), doc)
    for name in sorted(_sent_types(catalog)):
        inherited = catalog.types[name].base
        fields = {field: sent_type(catalog, spec) for field, spec in catalog.fields(name).items()}
        base = part_name(inherited) if inherited else "Entity"
        yield Shape(part_name(name), base, fields, frozenset(), f"What may be sent of {short(name)}.")
    for action in sorted(inline_bodies(catalog), key=body_name):
        fields = {field: sent_type(catalog, spec) for field, spec in catalog.spec_fields(action.body).items()}
        yield Shape(body_name(action), None, fields, frozenset(), f"The body of {action.id}.")


def inline_bodies(catalog: Catalog) -> Iterator[Action]:
    """Yield the actions whose body's fields are written out in them, in the form that counts."""
    for actions in catalog.resources.values():
        yield from (action for action in actions.values() if isinstance(action.body, dict))


def _sent_types(catalog: Catalog) -> set[str]:
    """Return the types that occur in a body, however deep, and those that they inherit from."""
    found: set[str] = set()
    specs = [spec for action in catalog.actions for spec in _body_specs(catalog, action)]
    while specs:
        name = specs.pop().name
        if name in catalog.types and name not in found:
            found.add(name)
            specs += [*catalog.fields(name).values(), TypeSpec(catalog.types[name].base or "")]
    return found


def _body_specs(catalog: Catalog, action: Action) -> list[TypeSpec]:
    return [parse_type(action.body)] if isinstance(action.body, str) else [*catalog.spec_fields(action.body).values()]


def _firm_fields(catalog: Catalog, type_name: str) -> frozenset[str]:
    """Return the fields that every whole answer has: those of all versions, without what ``expand`` brings.

    A property that is null is left out, so none that may be null is among them. Of a report's rows none: they leave
    out what is null or zero (docs/pbx.md, Answers).
    """
    return frozenset() if type_name in _report_rows(catalog) else frozenset(_lasting(catalog, type_name))


def _lasting(catalog: Catalog, type_name: str) -> set[str]:
    known = catalog.types[type_name]
    found = _lasting(catalog, known.base) if known.base else set()
    for name in known.fields:
        forms = known.forms(name)
        always = forms[0].since == known.since and forms[-1].until == known.until
        spec = catalog.fields(type_name)[name]
        if always and not (spec.nullable or spec.navigation or _ON_REQUEST.get(type_name) == name):
            found.add(name)
    return found


@lru_cache(maxsize=16)
def _report_rows(catalog: Catalog) -> frozenset[str]:
    """Return the types that only functions list: no entity is one."""
    made: set[str] = set()
    read: set[str] = set()
    for action in catalog.actions:
        if action.answer_type is not None:
            if action.kind == "function" and action.answer_kind in ("list", "file"):
                made.add(action.answer_type.name)
            elif action.kind in ("get", "list", "create"):
                read.add(action.answer_type.name)
    return frozenset(made - read)
