"""The imports of src/trunkline, drawn: no circle between files of different folders, and none of cli above three files.

A circle is a set of files each of which imports, through the others, itself; imports inside functions count too.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

import trunkline

FOLDER = Path(trunkline.__file__).parent
LARGEST = 3


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Every largest set of files in which each imports each, through others."""
    reached = {name: _reached(graph, name) for name in graph}
    found: list[set[str]] = []
    for name in graph:
        circle = {other for other in reached[name] if name in reached[other]}
        if circle and circle not in found:
            found.append(circle)
    return found


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting += graph[name]
    return seen


@pytest.fixture(scope="module")
def drawn() -> dict[str, set[str]]:
    graph = grimp.build_graph("trunkline", cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def folder(module: str) -> Path:
    path = FOLDER.joinpath(*module.split(".")[1:])
    return path if path.is_dir() else path.parent


def test_no_circle_leaves_its_folder(drawn: dict[str, set[str]]) -> None:
    assert [circle for circle in circles(drawn) if len({folder(name) for name in circle}) > 1] == []


def test_circles_of_the_command_line_are_small(drawn: dict[str, set[str]]) -> None:
    own = [circle for circle in circles(drawn) if any(name.startswith("trunkline.cli") for name in circle)]
    assert [circle for circle in own if len(circle) > LARGEST] == []


def test_a_circle_is_found_where_there_is_one() -> None:
    chain = {"a": {"b"}, "b": {"c"}, "c": set[str](), "d": {"a"}}
    assert circles(chain) == []
    assert list(TopologicalSorter(chain).static_order())
    ring = {**chain, "c": {"a", "d"}}
    assert circles(ring) == [{"a", "b", "c", "d"}]
    with pytest.raises(CycleError):
        list(TopologicalSorter(ring).static_order())
