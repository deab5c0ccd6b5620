"""What `import trunkline` offers: each public name in one import, by the same name for type checkers."""

from __future__ import annotations

import ast
import inspect

import pytest

import trunkline
from trunkline import (
    Export,
    Flow,
    Hint,
    Import,
    Job,
    JobFolder,
    Node,
    NodeResult,
    NotConfirmed,
    Outcome,
    State,
    Status,
    TrunklineError,
    Watermark,
    Wishes,
)


def test_type_checkers_see_what_is_there() -> None:
    tree = ast.parse(inspect.getsource(trunkline))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {name.name for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert seen == set(trunkline.__all__) == set(dir(trunkline)) & seen


@pytest.mark.parametrize("name", trunkline.__all__)
def test_each_name_is_that_of_the_class(name: str) -> None:
    public = getattr(trunkline, name)
    assert public is trunkline.F or public.__name__ == name


def test_the_words_of_the_work() -> None:
    for kind in (Export, Flow):
        assert callable(kind.run)
        assert callable(kind.arun)
    assert issubclass(NotConfirmed, TrunklineError)
    assert Outcome(0, State.DONE).error is None
    assert TrunklineError("No.", hint="Try.").hint == Hint("Try.")
    assert {
        kind.__module__.split(".")[1] for kind in (Import, Job, JobFolder, Node, NodeResult, Status, Watermark, Wishes)
    } == {
        "jobs",
        "node",
        "monitor",
        "transfer",
    }
