"""`trunkline.types` at run time: made from the catalog, the same as the stub, and only for those who ask."""

from __future__ import annotations

import ast
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from trunkline import Pbx, Rows, catalog, types

PACKAGE = Path(__file__).parents[2] / "src" / "trunkline"
STUB = ast.parse((PACKAGE / "types.pyi").read_text(encoding="utf-8"))
ODATA = {"@odata.context", "@odata.etag", "@odata.type"}


def test_the_same_names_as_in_the_stub() -> None:
    classes = [node.name for node in STUB.body if isinstance(node, ast.ClassDef)]
    aliases = [ast.unparse(node.target) for node in STUB.body if isinstance(node, ast.AnnAssign)]
    functional = [ast.unparse(node.targets[0]) for node in STUB.body if isinstance(node, ast.Assign)]
    names = classes + aliases + functional
    assert len(names) == len(set(names))
    assert sorted(names) == dir(types)


def test_the_same_fields_as_in_the_stub() -> None:
    in_stub: dict[str, dict[str, str]] = {"Entity": {}, "TypedDict": {}}
    nodes = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}

    def fields(name: str) -> dict[str, str]:
        if name not in in_stub:
            own = [line for line in nodes[name].body if isinstance(line, ast.AnnAssign)]
            inherited = fields(ast.unparse(nodes[name].bases[0]))
            in_stub[name] = inherited | {ast.unparse(line.target): ast.unparse(line.annotation) for line in own}
        return in_stub[name]

    for name in nodes:
        made = getattr(types, name)
        optional = name.endswith(("Part", "Body"))
        assert fields(name).keys() == made.__annotations__.keys() - ODATA, name
        for field, text in fields(name).items():
            missing = optional or text.startswith("NotRequired[")
            assert (field in made.__optional_keys__) == missing, f"{name}.{field}"
            bare = text.removeprefix("NotRequired[" if not optional else "ReadOnly[")
            bare = bare.removesuffix("]") if bare != text else bare
            reference = made.__annotations__[field]
            reference = reference.__args__[0] if typing.get_origin(reference) is typing.NotRequired else reference
            assert bare == reference.__forward_arg__, f"{name}.{field}"


def test_every_type_has_the_fields_of_the_catalog() -> None:
    everything = catalog.load()
    for name in everything.types:
        made: Any = getattr(types, name.removeprefix("Pbx."))
        hints = typing.get_type_hints(made)
        assert hints.keys() == everything.fields(name).keys() | ODATA
        assert hints.keys() == made.__annotations__.keys()


def test_every_body_without_a_name_has_the_fields_of_its_action() -> None:
    everything = catalog.load()
    inline = [action for action in everything.actions if isinstance(action.body, dict) and "@" not in action.id]
    assert len(inline) > 100
    for action in inline:
        verb = "".join(word.capitalize() for word in action.verb.split("_"))
        hints = typing.get_type_hints(getattr(types, f"{action.tag}{verb}Body"))
        assert hints.keys() == dict(action.body or {}).keys()  # type: ignore[arg-type]


def test_enums_are_literals_of_all_values_and_flags_are_text() -> None:
    everything = catalog.load()
    for name, enum in everything.enums.items():
        made = getattr(types, name.removeprefix("Pbx."))
        if enum.flags:
            assert made is str
        else:
            assert made == Literal[everything.enum_values(name)]
    assert typing.get_args(types.ContactSource) == ("3CX", "CRM", "Google", "M365")


def test_a_type_is_made_once() -> None:
    assert types.Contact is types.Contact
    assert types.Contact.__module__ == "trunkline.types"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Kontact'"):
        types.Kontact  # type: ignore[attr-defined]  # noqa: B018


def test_fields_by_a_name_that_python_lacks_come_from_the_base() -> None:
    assert types.Fax.__optional_keys__ >= ODATA
    assert types.Entity.__annotations__.keys() == ODATA


def test_what_the_types_promise_is_in_the_answers(pbx: Pbx) -> None:
    checked = set()
    for actions in catalog.load().resources.values():
        for action in actions.values():
            spec = action.answer_type
            if action.params or action.kind not in ("get", "list") or spec is None or not spec.name.startswith("Pbx."):
                continue
            if action.until is not None:
                continue
            answer = pbx.call(action.id)
            shape: Any = getattr(types, spec.name.removeprefix("Pbx."))
            for row in answer.all() if isinstance(answer, Rows) else [answer]:
                assert row.keys() >= shape.__required_keys__, action.id
                checked.add(action.id)
    assert len(checked) > 50


def test_a_library_can_check_an_answer_by_its_type(pbx: Pbx) -> None:
    fax = pbx.fax.list().first()
    assert msgspec.convert(fax, types.Fax) == {k: v for k, v in (fax or {}).items() if k in types.Fax.__annotations__}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**(fax or {}), "Id": "42"}, types.Fax)


def test_importing_trunkline_does_not_import_its_types() -> None:
    code = "import sys, trunkline; trunkline.Pbx; trunkline.Node; assert 'trunkline.types' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_importing_the_types_makes_none_and_brings_no_client() -> None:
    code = "import sys, trunkline.types as t; assert 'Fax' not in vars(t); assert 'trunkline.client' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
