"""What is added comes after what it names; circles are broken at as few places as is needed to begin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline.config.model import Id
from trunkline.config.planning.order import Circle, left_out, waves_of

A, B, C, D = (Id("users", name) for name in "abcd")
_GRAPHS = st.dictionaries(
    st.integers(0, 7).map(lambda n: Id("users", str(n))),
    st.dictionaries(st.sampled_from("xyz"), st.frozensets(st.integers(0, 9).map(lambda n: Id("users", str(n))))),
)


def test_nothing_is_left_out_without_a_circle() -> None:
    assert left_out({A: {"x": {B, C}}, B: {"x": {C}}, C: {}}, {}) == {}


def test_the_first_of_a_circle_leaves_out_the_fields_that_lead_into_it() -> None:
    assert left_out({A: {"x": {B}, "y": {D}}, B: {"x": {A}}, C: {"x": {A}}, D: {}}, {}) == {A: {"x"}}


def test_what_only_waits_for_a_circle_leaves_nothing_out() -> None:
    assert left_out({A: {"x": {B}}, B: {"x": {C}}, C: {"x": {B}}}, {}) == {B: {"x"}}


def test_a_field_that_is_needed_is_left_out_by_another() -> None:
    assert left_out({A: {"x": {B}}, B: {"y": {A}}}, {A: {"x"}}) == {B: {"y"}}


def test_a_circle_that_nobody_can_leave_is_named() -> None:
    assert left_out({A: {"x": {B}}, B: {"y": {A}}, C: {}}, {A: {"x"}, B: {"y"}}) == Circle((A, B))


def test_one_may_name_itself_and_what_is_not_added() -> None:
    assert left_out({A: {"x": {A, D}}}, {}) == {}


@given(_GRAPHS)
def test_what_is_left_makes_waves_in_which_everything_comes_after_what_it_names(
    needs: dict[Id, dict[str, frozenset[Id]]],
) -> None:
    dropped = left_out(needs, {})
    assert not isinstance(dropped, Circle)
    left = {
        id: {target for field, ids in fields.items() if field not in dropped.get(id, ()) for target in ids} - {id}
        for id, fields in needs.items()
    }
    waves = waves_of(left)
    assert waves.keys() == needs.keys()
    for id, targets in left.items():
        known = [waves[target] for target in targets if target in waves]
        assert waves[id] == max(known, default=-1) + 1


@given(_GRAPHS)
def test_only_a_circle_leaves_something_out(needs: dict[Id, dict[str, frozenset[Id]]]) -> None:
    dropped = left_out(needs, {})
    assert not isinstance(dropped, Circle)
    for id, fields in dropped.items():
        for field in fields:
            assert any(_leads(needs, target, id) for target in needs[id][field] - {id})


def _leads(needs: dict[Id, dict[str, frozenset[Id]]], start: Id, end: Id) -> bool:
    seen, waiting = set(), [start]
    while waiting:
        id = waiting.pop()
        if id == end:
            return True
        if id not in seen:
            seen.add(id)
            waiting += [target for ids in needs.get(id, {}).values() for target in ids]
    return False
