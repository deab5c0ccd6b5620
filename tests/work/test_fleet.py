"""`Fleet`: the same work on several PBXs, from Python."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from nasty import closed_port
from trunkline import ConfigurationError, Fleet, InvalidArgument, NotConfirmed, State, Target
from trunkline.work.fleet import aeach, each


def target(name: str, url: str) -> Target:
    return Target(url, CLIENT, KEY, {"timeout": 5.0}, name)


@pytest.fixture
def fleet(system: System) -> Fleet:
    return Fleet([target("down", closed_port()), target("acme", system.url)], at_once=2)


def shown(outcomes: Any) -> list[tuple[str, str, int]]:
    return [(name, outcome.state.label, len(outcome.answer or ())) for name, outcome in outcomes]


async def gathered(outcomes: Any) -> list[Any]:
    return [each async for each in outcomes]


def test_each_pbx_has_its_outcome_in_threads_and_in_a_loop(fleet: Fleet) -> None:
    expected = [("down", "failed", 0), ("acme", "done", 3)]
    assert shown(fleet.call("users.list", select="Number", top=3)) == expected
    assert shown(asyncio.run(gathered(fleet.acall("users.list", select="Number", top=3)))) == expected
    assert shown(fleet.each(lambda pbx: list(pbx.users.list(top=3)))) == expected


@pytest.mark.parametrize(
    ("confirm", "error"), [(None, InvalidArgument), (False, NotConfirmed), (lambda _: False, NotConfirmed)]
)
def test_no_write_to_several_without_a_yes(fleet: Fleet, system: System, confirm: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        fleet.call("users.update", confirm=confirm, Id=28, body={"FirstName": "Eve"})
    with pytest.raises(error):
        asyncio.run(gathered(fleet.acall("users.update", confirm=confirm, Id=28, body={"FirstName": "Eve"})))
    assert system.sent("PATCH") == []


def test_who_is_asked_hears_which_pbxs_they_are(fleet: Fleet, system: System) -> None:
    asked: list[Any] = []

    def confirm(several: Any) -> bool:
        asked.append(several)
        return True

    (row,) = [row for _, row in fleet.call("contacts.list", top=1) if row.state is State.DONE]
    key = row.answer[0]["Id"]
    outcomes = shown(fleet.call("contacts.delete", confirm=confirm, Id=key))
    assert asked == [("contacts.delete", ("down", "acme"))]
    assert outcomes == [("down", "failed", 0), ("acme", "done", 0)]
    assert len(system.sent("DELETE")) == 1


def test_one_pbx_needs_no_yes(system: System) -> None:
    fleet = Fleet([target("acme", system.url)])
    assert shown(fleet.call("contacts.create", body={"FirstName": "Fay", "PhoneNumber": "+12025550142"}))


@pytest.mark.parametrize("at_once", [0, 65, True, "8"])
def test_a_number_at_once_that_cannot_be_used(at_once: Any) -> None:
    with pytest.raises(InvalidArgument, match="at_once must be a whole number, 1 to 64"):
        Fleet([], at_once=at_once)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="called 'a'"):
        Fleet([target("a", "https://pbx.example.com"), target("a", "https://pbx2.example.com")])


def test_saved_pbxs_by_pattern(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    environ = {"TRUNKLINE_PROFILES": str(file)}
    with pytest.raises(ConfigurationError, match="No connection is saved"):
        Target.saved(environ=environ)
    table = 'url = "https://pbx.example.com"\nclient_id = "c"\nclient_secret_env = "KEY"\n'
    file.write_text("".join(f"[{name}]\n{table}" for name in ("b-1", "a-1", "b-2")), encoding="utf-8")
    assert [each.name for each in Target.saved(environ=environ)] == ["b-1", "a-1", "b-2"]
    assert [each.name for each in Target.saved("b-*", environ=environ)] == ["b-1", "b-2"]


def test_never_more_at_once_than_asked_for_and_whoever_stops_starts_no_more() -> None:
    async def run() -> tuple[int, int, list[int]]:
        active = most = begun = 0

        async def work(_: int) -> None:
            nonlocal active, most, begun
            active, begun = active + 1, begun + 1
            most = max(most, active)
            await asyncio.sleep(0)
            active -= 1

        outcomes = aeach(range(50), work, at_once=3)
        order = [(await anext(outcomes)).n for _ in range(2)]
        await outcomes.aclose()
        return most, begun, order

    most, begun, order = asyncio.run(run())
    assert most == 3
    assert begun < 50
    assert order == [0, 1]


def test_in_threads_order_and_errors_are_kept() -> None:
    def work(n: int) -> int:
        if n == 1:
            raise SystemExit("a library gave up")
        return n * n

    outcomes = list(each([0, 1, 2, 3], work, at_once=3))
    assert [(outcome.n, outcome.state.label, outcome.answer) for outcome in outcomes] == [
        (0, "done", 0),
        (1, "failed", None),
        (2, "done", 4),
        (3, "done", 9),
    ]
