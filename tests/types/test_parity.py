"""The stubs and the run time say the same, both ways, and the stubs are those that the catalog gives."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline import AsyncPbx, Pbx, catalog
from trunkline.request import parameter_named

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "trunkline"
RESOURCES = ast.parse((PACKAGE / "client" / "resources.pyi").read_text(encoding="utf-8"))
CLASSES = {node.name: node for node in RESOURCES.body if isinstance(node, ast.ClassDef)}
CLIENTS = [(Pbx, "Resources"), (AsyncPbx, "AsyncResources")]

Parameter = tuple[str, str, str, str]  # name, kind, annotation, default


def stubbed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Parameter]:
    """The parameters of a method in the stub, without self."""
    arguments = node.args
    assert not arguments.posonlyargs
    assert arguments.vararg is None
    places = list(zip(arguments.args[::-1], [*arguments.defaults[::-1], *[None] * len(arguments.args)], strict=False))
    found = [row(argument, "POSITIONAL_OR_KEYWORD", default) for argument, default in places[::-1][1:]]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found += [row(argument, "KEYWORD_ONLY", default) for argument, default in named]
    assert arguments.kwarg is not None
    return [*found, row(arguments.kwarg, "VAR_KEYWORD", None)]


def row(argument: ast.arg, kind: str, default: ast.expr | None) -> Parameter:
    assert argument.annotation is not None
    annotation = ast.unparse(argument.annotation).replace("builtins.", "")
    return argument.arg, kind, annotation, ast.unparse(default) if default else ""


def live(signature: inspect.Signature) -> list[Parameter]:
    """The parameters of a method at run time."""
    return [
        (p.name, p.kind.name, str(p.annotation), "" if p.default is p.empty else repr(p.default))
        for p in signature.parameters.values()
    ]


def methods(node: ast.ClassDef) -> dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The methods of a class in the stub; a name has several where it is overloaded."""
    found: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
    for statement in node.body:
        assert isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        found.setdefault(statement.name, []).append(statement)
    return found


def stub_classes(name: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """The resources of a client in the stub, each with its class."""
    for statement in CLASSES[name].body:
        assert isinstance(statement, ast.AnnAssign)
        yield ast.unparse(statement.target), CLASSES[ast.unparse(statement.annotation)]


@pytest.fixture(params=CLIENTS, ids=["Pbx", "AsyncPbx"])
def client(request: pytest.FixtureRequest) -> tuple[Pbx | AsyncPbx, str]:
    kind, stub = request.param
    return kind("https://pbx.example.com", "tests", "tests-key"), stub


def test_the_same_resources_and_actions(client: tuple[Pbx | AsyncPbx, str]) -> None:
    pbx, stub = client
    in_stub = {resource: set(methods(node)) for resource, node in stub_classes(stub)}
    own = {name for name in dir(pbx) if not name.startswith("_")} - set(dir(object))
    at_run_time = {name: set(dir(getattr(pbx, name))) for name in own if name in catalog.load().resources}
    assert in_stub == at_run_time
    assert sum(map(len, in_stub.values())) >= 601


def test_every_class_of_the_stub_belongs_to_a_client() -> None:
    used = {node.name for _, stub in CLIENTS for _, node in stub_classes(stub)}
    assert CLASSES.keys() == used | {stub for _, stub in CLIENTS}


def test_the_same_parameters_and_answers(client: tuple[Pbx | AsyncPbx, str]) -> None:
    pbx, stub = client
    for resource, node in stub_classes(stub):
        for verb, forms in methods(node).items():
            signature = inspect.signature(getattr(getattr(pbx, resource), verb))
            answers = [ast.unparse(form.returns) for form in forms if form.returns]
            assert " | ".join(answers) == str(signature.return_annotation), f"{resource}.{verb}"
            parameters = live(signature)
            if len(forms) == 2:  # a file: given as it is, or saved somewhere
                without = [p for p in parameters if p[0] not in ("to", "progress")]
                assert stubbed(forms[0]) == without, f"{resource}.{verb}"
                parameters = [
                    (name, kind, text.removesuffix(" | None"), "") if name == "to" else (name, kind, text, default)
                    for name, kind, text, default in parameters
                ]
            assert stubbed(forms[-1]) == parameters, f"{resource}.{verb}"


def test_only_what_is_awaited_is_a_coroutine(client: tuple[Pbx | AsyncPbx, str]) -> None:
    pbx, stub = client
    for resource, node in stub_classes(stub):
        for verb, forms in methods(node).items():
            awaited = isinstance(pbx, AsyncPbx) and pbx.action(f"{resource}.{verb}").answer_kind != "list"
            assert {isinstance(form, ast.AsyncFunctionDef) for form in forms} == {awaited}, f"{resource}.{verb}"


def test_the_run_time_takes_every_parameter_by_the_name_that_the_stub_gives_it() -> None:
    everything = catalog.load()
    of_the_client = {"if_unchanged", "to", "progress", "call_options"}
    for resource, node in stub_classes("Resources"):
        for verb, forms in methods(node).items():
            action = everything.action(f"{resource}.{verb}")
            names = [name for name, *_ in stubbed(forms[-1]) if name not in of_the_client]
            meant = [parameter_named(everything, action, name) for name in names]
            assert len(set(meant)) == len(names), action.id
            assert meant[: len(action.params)] == list(action.params)


def test_regenerating_changes_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "stubs.py", tmp_path], check=True, timeout=120)
    for made, committed in (("types.pyi", PACKAGE), ("resources.pyi", PACKAGE / "client")):
        assert (tmp_path / made).read_bytes() == (committed / made).read_bytes()


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()
