"""Configuration as a Python user meets it: a folder and a PBX, read, written, compared, planned."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Config, InvalidArgument, Pbx, RenameMap
from trunkline.config.applying.secrets import SecretSource
from trunkline.config.cloning.mapping import Renaming
from trunkline.config.planning.plan import Plan


@pytest.fixture
def folder(pbx: Pbx, tmp_path: Path) -> Path:
    """The demo company as files."""
    Config.read(pbx).write(tmp_path / "acme")
    return tmp_path / "acme"


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_what_was_written_is_what_was_read(pbx: Pbx, folder: Path) -> None:
    there, here = Config.read(pbx), Config.load(folder)
    assert list(here) == list(there)
    assert here.diff(there) == []
    assert here["queues/800"]["Name"] == "Sales"
    assert "queues/800" in here
    assert "queues/999" not in here
    with pytest.raises(KeyError, match=r"has no queues/803. Did you mean queues/80"):
        here["queues/803"]


def test_a_folder_that_says_the_same_is_not_touched(pbx: Pbx, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    written = Config.read(pbx).write(folder)
    assert (written.added, written.changed, written.removed) == ((), (), ())
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_changed_file_is_one_step_of_a_plan(pbx: Pbx, folder: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimeout: 25")
    config = Config.load(folder)
    (difference,) = Config.read(pbx).diff(config)
    assert [(str(difference.id), each.field, each.old, each.new) for each in difference.fields] == [
        ("queues/800", "RingTimeout", 20, 25)
    ]
    (step,) = config.plan(pbx).steps
    assert (step.change, str(step.id), step.fields, step.old) == (
        "change",
        "queues/800",
        {"RingTimeout": 25},
        {"RingTimeout": 20},
    )


def test_what_the_files_lack_is_removed_only_where_that_is_asked_for(pbx: Pbx, folder: Path) -> None:
    (folder / "holidays" / "New Year.yaml").unlink()
    config = Config.load(folder)
    kept = config.plan(pbx)
    assert (kept.steps, kept.removable) == ((), 1)
    (step,) = config.plan(pbx, remove=True).steps
    assert (step.change, str(step.id)) == ("remove", "holidays/New Year")


def test_only_kinds_that_are_named_are_read_and_planned(system: System, pbx: Pbx, folder: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimeout: 25")
    changed(folder / "queues" / "801.yaml", "WrapUpTime: 10", "WrapUpTime: 15")
    config = Config.load(folder)
    assert config.plan(pbx, kinds=["holidays"]).steps == ()
    assert [str(step.id) for step in config.plan(pbx, kinds=["queues"]).steps] == ["queues/800", "queues/801"]
    assert [id.partition("/")[0] for id in Config.read(pbx, ["queues"])] == ["queues"] * 3
    assert not system.sent("PATCH")


def test_values_stand_in_for_those_of_files(tmp_path: Path) -> None:
    (tmp_path / "queues").mkdir()
    (tmp_path / "trunkline.yaml").write_text("values: values.yaml\n")
    (tmp_path / "values.yaml").write_text("customer: {prefix: '8'}\n")
    (tmp_path / "queues" / "sales.yaml").write_text("Number: ${customer.prefix}00\nName: Sales\n")
    assert list(Config.load(tmp_path)) == ["queues/800"]
    assert list(Config.load(tmp_path, {"customer": {"prefix": "9"}})) == ["queues/900"]


def test_other_numbers_stand_wherever_the_old_ones_did(pbx: Pbx) -> None:
    config = Config.read(pbx).renamed(RenameMap([Renaming(2, "", "1xx", "21xx")]))
    assert "users/2101" in config
    assert "users/101" not in config
    assert config["queues/800"]["Managers"] == ["2101"]


def test_faults_of_files_come_with_their_lines(folder: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimout: 20")
    with pytest.raises(InvalidArgument, match=r"queues/800\.yaml:\d+: .*RingTimeout"):
        Config.load(folder)


def test_an_event_loop_reads_and_plans_the_same(system: System, pbx: Pbx, folder: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimeout: 25")
    config = Config.load(folder)

    async def both() -> tuple[Config, Plan]:
        async with AsyncPbx(system.url, CLIENT, KEY) as client:
            return await Config.aread(client), await config.aplan(client)

    there, plan = asyncio.run(both())
    assert there.diff(Config.read(pbx)) == []
    assert plan.as_record() == config.plan(pbx).as_record()


def test_its_repr_says_what_it_is_and_how_much(pbx: Pbx) -> None:
    config = Config.read(pbx, ["queues"])
    assert repr(config) == f"Config({pbx.url!r}, 3 entities)"


@pytest.fixture
def applies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the ledgers of applies of this test are."""
    monkeypatch.setenv("TRUNKLINE_APPLY_DIR", str(tmp_path / "applies"))
    return tmp_path / "applies"


def test_a_plan_is_applied_and_a_second_one_has_nothing_to_do(pbx: Pbx, folder: Path, applies: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimeout: 25")
    config = Config.load(folder)
    summary = config.apply(pbx, config.plan(pbx))
    assert (summary.done, summary.failed, summary.left) == (1, 0, 0)
    assert pbx.call("queues.get", Id=61)["RingTimeout"] == 25
    assert config.plan(pbx).steps == ()
    assert not list(applies.glob("*.job"))


def test_the_ledger_of_an_apply_is_for_its_owner_only_and_old_ones_go(pbx: Pbx, folder: Path, applies: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimeout: 25")
    config = Config.load(folder)
    config.plan(pbx).save(folder / "plan")
    config.apply(pbx, Plan.load(folder / "plan"))
    (ledger,) = applies.glob("*.job")
    assert ledger.stat().st_mode & 0o077 == 0
    os.utime(ledger, (0, 0))
    changed(folder / "queues" / "800.yaml", "RingTimeout: 25", "RingTimeout: 26")
    config = Config.load(folder)
    config.apply(pbx, config.plan(pbx))
    assert not list(applies.glob("*.job"))


@pytest.mark.usefixtures("applies")
def test_a_change_that_was_undone_by_hand_is_applied_again(pbx: Pbx, folder: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimeout: 25")
    config = Config.load(folder)
    for _ in range(2):
        config.apply(pbx, config.plan(pbx))
        assert pbx.call("queues.get", Id=61)["RingTimeout"] == 25
        pbx.call("queues.update", 61, {"RingTimeout": 20})


@pytest.mark.usefixtures("applies")
def test_removals_need_a_yes(pbx: Pbx, folder: Path, system: System) -> None:
    (folder / "holidays" / "New Year.yaml").unlink()
    config = Config.load(folder)
    plan = config.plan(pbx, remove=True)
    with pytest.raises(InvalidArgument, match="nobody has confirmed"):
        config.apply(pbx, plan)
    assert not system.sent("DELETE")
    assert config.apply(pbx, plan, confirm=True).done == 1


@pytest.mark.usefixtures("applies")
def test_a_secret_that_is_given_is_sent_where_somebody_asks_for_it(pbx: Pbx, folder: Path) -> None:
    config = Config.load(folder)
    source = SecretSource(None, {"TRUNKLINE_SECRET_USERS_100_AUTHPASSWORD": "not-a-real-password-2"})
    assert config.plan(pbx, secrets=source).steps == ()
    plan = config.plan(pbx, secrets=source, resend_secrets=True)
    assert config.apply(pbx, plan, secrets=source).done == 1
    (user,) = pbx.users.list(filter="Number eq '100'")
    assert user["AuthPassword"] == "not-a-real-password-2"


@pytest.mark.usefixtures("applies")
def test_an_event_loop_applies_too(system: System, pbx: Pbx, folder: Path) -> None:
    changed(folder / "queues" / "800.yaml", "RingTimeout: 20", "RingTimeout: 25")
    config = Config.load(folder)

    async def applied() -> int:
        async with AsyncPbx(system.url, CLIENT, KEY) as client:
            return (await config.aapply(client, await config.aplan(client))).done

    assert asyncio.run(applied()) == 1
    assert pbx.call("queues.get", Id=61)["RingTimeout"] == 25
