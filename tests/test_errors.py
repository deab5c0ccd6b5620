"""Errors as data: their codes, their hints, and how Python spells these."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import trunkline
from trunkline.errors import COMMANDS, Hint, TrunklineError
from trunkline.redaction import MASK, remember

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


def test_no_command_of_ours_has_the_name_of_an_action() -> None:
    from trunkline.catalog import load

    assert not COMMANDS & {action.id for action in load().actions}
