"""Errors as data: their codes, their hints, and how Python spells these."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import trunkline
from trunkline.catalog import load
from trunkline.errors import COMMANDS, Hint, NotFound, TrunklineError, UnknownName
from trunkline.redaction import MASK, remember

ROOM = Path(trunkline.__file__).parent
FAILURES = Path(__file__).parents[1] / "docs" / "guides" / "failures.md"


@pytest.mark.parametrize(
    ("hint", "spelled"),
    [
        (Hint(), ""),
        (Hint("Try again."), "Try again."),
        (Hint("See what exists.", "fax.list"), "See what exists: pbx.fax.list()"),
        (Hint("Read it again.", "fax.get", {"Id": 42}), "Read it again: pbx.fax.get(Id=42)"),
        (Hint("See what it takes.", "actions.show", {"action": "fax.get"}), "See what it takes: help(pbx.fax.get)"),
        (Hint("Sign in again.", "login", {"name": "acme"}), "Sign in again."),
        (Hint("Allow more.", arguments={"timeout": 90}), "Allow more: timeout=90"),
        (Hint("Take one.", arguments={"key": "Id", "restart": True}), "Take one: key='Id' or restart=True"),
    ],
)
def test_a_hint_is_spelled_as_a_call(hint: Hint, spelled: str) -> None:
    assert str(hint) == spelled
    assert bool(hint) is bool(spelled)
    assert str(TrunklineError("It failed.", hint=hint)) == f"It failed. {spelled}".strip()


def test_a_sentence_before_a_hint_leaves_its_action() -> None:
    assert Hint("See it.", "fax.list").after("Nothing was sent.") == Hint("Nothing was sent. See it.", "fax.list")


def test_a_hint_has_no_secret_in_it() -> None:
    remember("abcdef-1")
    error = TrunklineError("It failed.", hint=Hint("See abcdef-1.", "fax.list", {"filter": "abcdef-1", "top": 1}))
    assert error.hint == Hint(f"See {MASK}.", "fax.list", {"filter": MASK, "top": 1})


def test_an_error_does_not_change() -> None:
    error = NotFound("No fax with Id 42.", status=404, path="/Fax(42)")
    for name in ("message", "hint", "args", "status", "path", "processed", "anything"):
        with pytest.raises(AttributeError, match="replace"):
            setattr(error, name, "other")
    error.add_note("Notes are Python's.")
    assert vars(error) == {"message": "No fax with Id 42.", "status": 404, "path": "/Fax(42)", **vars(error)}


def test_another_error_with_other_facts_keeps_the_rest() -> None:
    cause = OSError("the disk is full")
    try:
        raise NotFound("No fax with Id 42.", status=404, codes={"Id": "NOT_FOUND"}) from cause
    except NotFound as caught:
        error = caught
    other = error.replace("Line 7: no fax with Id 42.", hint=error.hint.after("Look again."), processed=None)
    assert type(other) is NotFound
    assert (other.message, str(other.hint), other.processed) == ("Line 7: no fax with Id 42.", "Look again.", None)
    assert (other.status, other.codes) == (404, {"Id": "NOT_FOUND"})
    assert (other.__cause__, other.__traceback__) == (cause, error.__traceback__)
    assert (error.message, str(error.hint), error.processed) == ("No fax with Id 42.", "", False)


def test_python_may_say_which_attribute_is_missing() -> None:
    class Lacking:
        def __getattr__(self, name: str) -> None:
            raise UnknownName(f"There is no {name!r}.")

    with pytest.raises(UnknownName, match="There is no 'fux'"):
        _ = Lacking().fux


def kinds(kind: type[TrunklineError] = TrunklineError) -> Iterator[type[TrunklineError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from kinds(each)


def all_kinds() -> Mapping[str, type[TrunklineError]]:
    for module in pkgutil.walk_packages(trunkline.__path__, "trunkline."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {kind.__name__: kind for kind in kinds() if kind.__module__.startswith("trunkline.")}


def test_every_kind_of_error_has_a_code_of_its_own_and_the_guide_lists_it() -> None:
    listed: dict[str, Any] = {
        name: code for code, name in re.findall(r"^\| `(\w+)` \| `(\w+)` \|", FAILURES.read_text("utf-8"), re.M)
    }
    codes = {name: vars(kind).get("code") for name, kind in all_kinds().items() if not name.startswith("_")}
    assert listed == codes
    assert len(set(codes.values())) == len(codes)


OF_ONE_SURFACE = re.compile(r"(?<![\w./-])trunkline (?:$|[a-z])|(?<![\w-])--[a-z]|\bpbx\.[a-z_]*\(?$|\bpbx\.[a-z_.]+\(")
"""A command of the shell, the name of an option, and a call in Python, also where a value follows in an f-string."""
SURFACES = ("cli", "mcp", "metrics", "console")
SPELLS = {
    "errors.py",  # calls of Python: `Hint` is spelled there
    "catalog/compile.py",  # a program of its own
    "config/folder/revision.py",  # options of git
    "request/curl.py",  # options of curl
}


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module but for its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.lineno, node.value


def test_nothing_below_the_surfaces_speaks_for_one_of_them() -> None:
    modules = [
        path
        for path in sorted(ROOM.rglob("*.py"))
        if path.relative_to(ROOM).parts[0] not in SURFACES and path.relative_to(ROOM).as_posix() not in SPELLS
    ]
    spoken = [
        f"{path.relative_to(ROOM)}:{line}: {text}"
        for path in modules
        for line, text in literals(path)
        if OF_ONE_SURFACE.search(text)
    ]
    assert len(modules) > 80
    assert not spoken, "\n".join(spoken)


@pytest.mark.parametrize(
    "text",
    [
        "`trunkline fax list` shows it.",
        "See `trunkline ",
        "Give --key COLUMN.",
        "Call pbx.fax.list() first.",
        "Call pbx.",
    ],
)
def test_what_speaks_for_one_surface_is_recognised(text: str) -> None:
    assert OF_ONE_SURFACE.search(text)


def test_every_action_that_a_hint_names_exists() -> None:
    known = COMMANDS | {action.id for action in load().actions} | {""}
    named = [
        (path.name, argument.value)
        for path in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Hint"
        for argument in node.args[1:2]
        if isinstance(argument, ast.Constant)
    ]
    assert named
    assert {action for _, action in named} <= known, named


def test_no_command_of_ours_has_the_name_of_an_action() -> None:
    assert not COMMANDS & {action.id for action in load().actions}
