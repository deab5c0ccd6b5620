"""What no way into an import gets past: from Python, in threads and in an event loop, and from the command line."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, ConfigurationError, Import, InvalidArgument, Pbx, TrunklineError, UsageError, cli
from trunkline.transfer import ImportStep
from trunkline.transfer.kinds import CONTACTS
from trunkline.transfer.lock import import_lock
from trunkline.work.guards import NotConfirmed, Question
from trunkline.work.outcome import Outcome
from trunkline.work.state import State

Apply = Callable[..., list[Outcome]]


class Asked(NamedTuple):
    """Somebody who gives always the same answer, and what they were asked."""

    answer: bool
    questions: list[Question]

    def __call__(self, question: Question) -> bool:
        self.questions.append(question)
        return self.answer


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def keeping(tmp_path: Path) -> Callable[[int], Path]:
    """Write a file with the first contacts; its path."""

    def write(count: int) -> Path:
        path = tmp_path / "contacts.csv"
        path.write_text("Id\n" + "".join(f"{n}\n" for n in range(1, count + 1)))
        return path

    return write


def in_threads(system: System, imported: Import, **options: Any) -> list[Outcome]:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        return imported.apply(pbx, imported.plan(pbx), **options)


def in_a_loop(system: System, imported: Import, **options: Any) -> list[Outcome]:
    async def main() -> list[Outcome]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return await imported.aapply(pbx, await imported.aplan(pbx), **options)

    return asyncio.run(main())


python = pytest.mark.parametrize("apply", [in_threads, in_a_loop])


@pytest.mark.parametrize(
    ("kept", "most", "message"),
    [
        (1, "50%", "59 of 60 contacts would be removed; at most 50% may be."),
        (29, "30", "31 of 60 contacts would be removed; at most 30 may be."),
        (0, "100%", "contacts.csv has no rows, so all 60 contacts would be removed."),
    ],
)
class TestTooManyRemovals:
    @python
    def test_from_python(
        self, system: System, keeping: Callable[[int], Path], apply: Apply, kept: int, most: str, message: str
    ) -> None:
        imported = Import.read(keeping(kept), "contacts", remove_missing=True)
        with pytest.raises(InvalidArgument) as refused:
            apply(system, imported, confirm=True, max_removals=most)
        assert refused.value.message == message
        assert not system.sent("DELETE")

    def test_from_the_command_line(
        self,
        system: System,
        keeping: Callable[[int], Path],
        kept: int,
        most: str,
        message: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        connection = ["--url", system.url, "--client-id", CLIENT, "--client-secret", KEY]
        argv = ["import", "contacts", str(keeping(kept)), "--remove-missing", "--apply", "--yes"]
        assert cli.execute([*argv, "--max-removals", most, *connection]) == 2
        assert message in capsys.readouterr().err
        assert not system.sent("DELETE")


class TestConfirmation:
    @python
    def test_removals_need_a_yes(self, system: System, keeping: Callable[[int], Path], apply: Apply) -> None:
        imported = Import.read(keeping(58), "contacts", remove_missing=True)
        with pytest.raises(
            InvalidArgument, match=r"contacts\.delete would remove 2 of 60, and nobody has confirmed that"
        ):
            apply(system, imported)
        asked = Asked(answer=False, questions=[])
        with pytest.raises(NotConfirmed):
            apply(system, imported, confirm=asked)
        assert not system.sent("DELETE")
        (question,) = asked.questions
        assert question == Question(question.action, 2, system.url, removals=2, present=60)
        assert question.action.id == "contacts.delete"
        assert [outcome.state for outcome in apply(system, imported, confirm=Asked(answer=True, questions=[]))] == [
            State.DONE,
            State.DONE,
        ]

    @python
    def test_additions_ask_only_who_wants_to_be_asked(self, system: System, tmp_path: Path, apply: Apply) -> None:
        (tmp_path / "new.csv").write_text("PhoneNumber,FirstName\n+442079460001,Ada\n")
        imported = Import.read(tmp_path / "new.csv", "contacts")
        for no in (False, Asked(answer=False, questions=[])):
            with pytest.raises(NotConfirmed, match=r"contacts\.create"):
                apply(system, imported, confirm=no)
        assert "/xapi/v1/Contacts" not in system.sent("POST")
        (outcome,) = apply(system, imported)
        assert (outcome.state, set(outcome.answer)) == (State.DONE, {"Id"})


@python
def test_a_second_import_at_once_is_refused(
    system: System, keeping: Callable[[int], Path], apply: Apply, tmp_path: Path
) -> None:
    imported = Import.read(keeping(59), "contacts", remove_missing=True)
    with import_lock(system.url, CONTACTS), pytest.raises(ConfigurationError, match="Another import of contacts"):
        apply(system, imported, confirm=True)
    assert not system.sent("DELETE")


def test_a_plan_of_another_pbx_is_refused(system: System, keeping: Callable[[int], Path], pbx: Pbx) -> None:
    imported = Import.read(keeping(59), "contacts", remove_missing=True)
    plan = imported.plan(pbx)
    elsewhere = plan._replace(url="http://pbx.example.com")
    with pytest.raises(ConfigurationError, match=r"The plan is for http://pbx\.example\.com, and this connection is"):
        imported.apply(pbx, elsewhere, confirm=True)

    async def main() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as other:
            await imported.aapply(other, elsewhere, confirm=True)

    with pytest.raises(ConfigurationError, match="The plan is for"):
        asyncio.run(main())
    assert not system.sent("DELETE")
    assert [outcome.state for outcome in imported.apply(pbx, plan, confirm=True)] == [State.DONE]


def test_a_plan_of_another_import_is_refused(system: System, keeping: Callable[[int], Path], pbx: Pbx) -> None:
    """Its file is what was checked: the other one's may be empty."""
    plan = Import.read(keeping(1), "contacts", remove_missing=True).plan(pbx)
    other = Import.read(io.BytesIO(b"IPAddrMask\n192.0.2.99\n"), "blocklist")
    with pytest.raises(InvalidArgument, match="made by another import"):
        other.apply(pbx, plan, confirm=True, max_removals="100%")
    assert system.sent("DELETE") == []


@pytest.mark.parametrize("concurrency", [0, 257, "4", None])
def test_what_is_not_a_number_of_steps_at_once(pbx: Pbx, keeping: Callable[[int], Path], concurrency: Any) -> None:
    imported = Import.read(keeping(59), "contacts", remove_missing=True)
    with pytest.raises(InvalidArgument, match="concurrency must be a whole number, 1 to 256"):
        imported.apply(pbx, imported.plan(pbx), confirm=True, concurrency=concurrency)


@python
def test_what_changed_since_the_plan_is_left_alone(system: System, tmp_path: Path, pbx: Pbx, apply: Apply) -> None:
    (tmp_path / "titles.csv").write_text("Id,Title\n1,Dr\n2,Dr\n")
    imported = Import.read(tmp_path / "titles.csv", "contacts")

    def change_first(question: Question) -> bool:
        pbx.contacts.update(1, {"Title": "Prof"})
        return True

    first, second = apply(system, imported, confirm=change_first)
    assert (first.state, second.state) == (State.FAILED, State.DONE)
    assert isinstance(first.error, TrunklineError)
    assert "changed since it was read: Title" in first.error.message
    assert pbx.contacts.get(1)["Title"] == "Prof"


def test_progress_hears_of_each_step(pbx: Pbx, tmp_path: Path) -> None:
    (tmp_path / "titles.csv").write_text("Id,Title\n1,Dr\n2,Dr\n")
    imported = Import.read(tmp_path / "titles.csv", "contacts")
    heard: list[tuple[ImportStep, Outcome]] = []
    read: list[int] = []
    plan = imported.plan(pbx, read.append)
    imported.apply(pbx, plan, lambda step, outcome: heard.append((step, outcome)))
    assert read[-1] == 60
    assert {(step.key, outcome.state) for step, outcome in heard} == {("Id 1", State.DONE), ("Id 2", State.DONE)}


@pytest.mark.parametrize(
    ("file", "resource", "message"),
    [
        ("missing.csv", "contacts", r"missing\.csv can't be read: No such file or directory"),
        ("new.csv", "faxes", "'faxes' can't be imported; contacts, users, blocklist, black_list_numbers can"),
        (b"NoSuchField\n1\n", "contacts", "There is no field 'NoSuchField'"),
    ],
)
def test_a_file_that_can_not_be_imported(tmp_path: Path, file: str | bytes, resource: str, message: str) -> None:
    source = io.BytesIO(file) if isinstance(file, bytes) else tmp_path / file
    with pytest.raises(UsageError, match=message):
        Import.read(source, resource)
