"""What the emulator says of itself, read by validators and parsers that others wrote, and by our own compiler."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from odatapy.edm.model import Edm
from odatapy.edm.names import FullQualifiedName
from odatapy.edm.xml_io import XmlEdmProvider
from openapi_spec_validator import validate

from trunkline import catalog
from trunkline.catalog.compile import Compiler, SpecFile, compile_files
from trunkline.catalog.model import Edition
from trunkline_emulator import Emulator

from .conftest import Dial, Line, dialling

VERSIONS = ("pre-20.0.5", "20.0.5", "20.0.7", "20.0.8", "20.0.9", "20.0.10")
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
# A member of Pbx.ContactSource: what 3CX sends, though no name in CSDL may start with a digit.
NOT_A_NAME = {"3CX"}


def asked(dial: Dial, version: Any, path: Any) -> Any:
    answer = dial(version=version).get(path)
    assert answer.status == 200
    return answer


def openapi(dial: Dial, version: Any) -> Any:
    return yaml.load(asked(dial, version, "/swagger.yaml").body, yaml.CSafeLoader)


@pytest.fixture(scope="module", params=VERSIONS)
def edition(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def described(runner: asyncio.Runner, edition: str) -> Any:
    """The catalog of a version, and the same compiled from what the emulator of that version says of itself."""
    spec = SpecFile(openapi(dialling(runner), edition))
    compiled = Compiler({Edition("2026-01-01", edition): spec}, {}).compile()
    return catalog.load(edition), catalog.Catalog(compiled)


def comparable(action: Any) -> Any:
    """An action's facts, without the words made of them, and without the length and the null of a part of a path."""
    params = {name: re.sub(r"\(\d+\)|\?", "", spec) for name, spec in action.params.items()}
    answer = "file" if action.answer.startswith("file") else action.answer
    keys = "operation_id", "tag", "method", "path", "kind", "query", "body", "body_required", "if_match"
    return {"params": params, "answer": answer, **{key: getattr(action, key) for key in keys}}


def test_our_compiler_reads_the_same_actions(described: Any) -> None:
    version, found = described
    wanted = {action.id.partition("@")[0]: comparable(action) for action in version.actions if action.published}
    assert len(wanted) > 500
    assert {action.id: comparable(action) for action in found.actions} == wanted


def test_our_compiler_reads_the_same_types(described: Any) -> None:
    version, found = described
    assert len(found.types) > 250
    for name, declared in found.types.items():
        assert found.fields(name) == version.fields(name), name
        assert (declared.base, declared.open, found.key(name)) == (
            version.types[name].base,
            version.types[name].open,
            version.key(name),
        )
    for name, enum in found.enums.items():
        assert found.enum_values(name) == version.enum_values(name), name
        assert enum.flags == version.enums[name].flags


def test_a_saved_document_compiles_from_its_file(dial: Dial, tmp_path: Path) -> None:
    saved = tmp_path / "2026-06-11_20.0.10.yaml"
    saved.write_bytes(asked(dial, "20.0.10", "/swagger.yaml").body)
    found = catalog.Catalog(compile_files([saved]))
    assert {action.id for action in found.actions} == {action.id for action in catalog.load("20.0.10").actions}


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.10"])
def test_the_openapi_document_is_valid(dial: Dial, version: str) -> None:
    document = openapi(dial, version)
    validate(document)
    assert document["info"]["version"] == version


def metadata(dial: Dial, version: Any) -> Any:
    return ElementTree.fromstring(asked(dial, version, "/$metadata").body)


@pytest.fixture(scope="module")
def schema(runner: asyncio.Runner, edition: str) -> Any:
    return metadata(dialling(runner), edition).find(f".//{EDM}Schema")


def named(schema: Any, kind: Any) -> Any:
    return {f"Pbx.{element.get('Name')}": element for element in schema.findall(EDM + kind)}


def item(type_name: Any) -> Any:
    return re.sub(r"^Collection\((.*)\)$", r"\1", type_name)


def test_every_name_is_one(schema: Any) -> None:
    names = {element.get("Name") for element in schema.iter() if element.get("Name")}
    assert {name for name in names if not re.fullmatch(r"[^\W\d]\w*", name)} <= NOT_A_NAME


def test_every_type_that_is_spoken_of_is_there(schema: Any) -> None:
    known = {**named(schema, "EntityType"), **named(schema, "ComplexType"), **named(schema, "EnumType")}
    spoken_of = {
        item(element.get(attribute))
        for element in schema.iter()
        for attribute in ("Type", "BaseType", "EntityType")
        if element.get(attribute)
    }
    assert len(spoken_of) > 250
    assert {name for name in spoken_of if not name.startswith("Edm.")} <= known.keys()


def test_properties_and_navigation(schema: Any) -> None:
    entities, complex_types = named(schema, "EntityType"), named(schema, "ComplexType")
    for element in (*entities.values(), *complex_types.values()):
        assert not {item(one.get("Type")) for one in element.findall(f"{EDM}Property")} & entities.keys()
        for one in element.findall(f"{EDM}NavigationProperty"):
            assert item(one.get("Type")) in entities
            assert not (one.get("Type").startswith("Collection") and one.get("Nullable"))
    assert not [element for element in complex_types.values() if element.find(f"{EDM}Key") is not None]


def test_every_entity_of_a_set_has_a_key(schema: Any) -> None:
    entities = named(schema, "EntityType")
    for entity_set in schema.findall(f"{EDM}EntityContainer/{EDM}EntitySet"):
        name, found = entity_set.get("EntityType"), []
        while name:
            element = entities[name]
            own = {one.get("Name"): one for one in element.findall(f"{EDM}Property")}
            for reference in element.findall(f"{EDM}Key/{EDM}PropertyRef"):
                found.append(reference.get("Name"))
                assert own[reference.get("Name")].get("Nullable") == "false"
            name = element.get("BaseType")
        assert found, entity_set.get("Name")


def test_bound_operations_differ_in_form(schema: Any) -> None:
    forms = [
        (element.get("Name"), *((one.get("Name"), one.get("Type")) for one in element.findall(f"{EDM}Parameter")))
        for kind in ("Function", "Action")
        for element in schema.findall(EDM + kind)
    ]
    assert len(forms) > 250
    assert len(forms) == len(set(forms))
    assert all(element.find(f"{EDM}ReturnType") is not None for element in schema.findall(f"{EDM}Function"))


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.10"])
def test_another_parser_reads_the_metadata(dial: Dial, version: str) -> None:
    edm = Edm(XmlEdmProvider(asked(dial, version, "/$metadata").body))
    user = edm.get_entity_type(FullQualifiedName("Pbx", "User"))
    assert {"FirstName", "Number"} <= set(user.property_names)


@pytest.mark.parametrize("path", ["/", ""])
def test_the_service_document(quiet: Line, path: str) -> None:
    answer = quiet.get(path)
    assert answer.json["@odata.context"] == "https://pbx/xapi/v1/$metadata"
    listed = {(entry["name"], entry["kind"]) for entry in answer.json["value"]}
    assert {("Users", "EntitySet"), ("MyUser", "Singleton"), ("GetUpdates", "FunctionImport")} <= listed
    assert all(entry["url"] == entry["name"] for entry in answer.json["value"])
    assert "GetUpdateDetails" not in {name for name, _ in listed}  # it wants arguments


@pytest.mark.parametrize(
    ("path", "status", "media_type"),
    [
        ("/swagger.yaml", 200, "application/yaml; charset=utf-8"),
        ("/$metadata", 401, None),
        ("/", 401, None),
    ],
)
def test_who_has_not_signed_in_sees_the_openapi_file_only(
    runner: asyncio.Runner, path: str, status: int, media_type: str | None
) -> None:
    answer = Line(Emulator(), runner).send("GET", f"/xapi/v1{path}")
    assert (answer.status, answer.headers.get("content-type")) == (status, media_type)


@pytest.mark.parametrize("path", ["/swagger.yaml", "/$metadata", "/"])
def test_descriptions_are_only_read(quiet: Line, path: str) -> None:
    answer = quiet.ask("POST", path)
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
