"""Whatever a library raises at a border stays the affair of one item or one PBX: the neighbours are looked at.

What the one in trouble says of it is the affair of other tests; here it is only accounted for.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Flow, Pbx, cli
from trunkline.errors import ItemsFailed, TrunklineError
from trunkline.jobs import Job, JobFolder, Limits
from trunkline.jobs.ledger import Ledger
from trunkline.node import Node, NodeResult
from trunkline.node.parameters import Parameters
from trunkline.transfer import Export
from trunkline.transfer.importing import Import
from trunkline.transfer.kinds import CONTACTS
from trunkline.transfer.parts import Parts
from trunkline.transfer.sheet import read_sheet
from trunkline.transport.pyreqwest_adapter import AsyncReqwestAdapter, ReqwestAdapter
from trunkline.transport.retries import Retries
from trunkline.work.ledger import LedgerFailed
from trunkline.work.state import State
from trunkline_emulator import Emulator, running

ITEMS = 20
BAD = 7  # the item that is in trouble
SECRET = "s3cret-s3cret"
DELETE = ("contacts.delete", {"Id": "{{ $json.Id }}"})


class Panic(BaseException):
    """As a library in Rust raises it: not an Exception."""


PROBLEMS: list[BaseException] = [
    ValueError(SECRET),
    Panic(SECRET),
    SystemExit(3),
    MemoryError(),
    RecursionError(),
    asyncio.CancelledError(),
]
problems = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: type(problem).__name__)


def ids() -> list[dict[str, Any]]:
    return [{"Id": n} for n in range(1, ITEMS + 1)]


def raising(problem: BaseException) -> Callable[..., Any]:
    def raises(*_: Any, **__: Any) -> Any:
        raise problem

    return raises


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let both adapters raise where a request's method and address have certain parts, before or after it was sent."""

    def install(problem: BaseException, *parts: str, method: str = "", after: bool = False) -> None:
        plain, in_loop = ReqwestAdapter.send, AsyncReqwestAdapter.send

        def hit(request: Any) -> bool:
            return all(part in request.target for part in parts) and method in ("", request.method)

        def send(self: Any, request: Any) -> Any:
            if hit(request) and not after:
                raise problem
            answer = plain(self, request)
            if hit(request):
                raise problem
            return answer

        async def send_in_loop(self: Any, request: Any) -> Any:
            if hit(request) and not after:
                raise problem
            answer = await in_loop(self, request)
            if hit(request):
                raise problem
            return answer

        monkeypatch.setattr(ReqwestAdapter, "send", send)
        monkeypatch.setattr(AsyncReqwestAdapter, "send", send_in_loop)

    return install


# ── one item of a run ───────────────────────────────────────────────────────────────────────────


def in_threads(url: str, node: Node) -> NodeResult:
    with Pbx(url, CLIENT, KEY) as pbx:
        return node.run(pbx, ids())


def in_a_loop(url: str, node: Node) -> NodeResult:
    async def run() -> NodeResult:
        async with AsyncPbx(url, CLIENT, KEY) as pbx:
            return await node.arun(pbx, ids())

    return asyncio.run(run())


both = pytest.mark.parametrize("way", [in_threads, in_a_loop])


@both
@problems
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_run_adapter(system: System, adapter: Any, way: Any, problem: BaseException, after: bool) -> None:
    adapter(problem, f"/Contacts({BAD})", after=after)
    outcome = way(system.url, Node(*DELETE, on_error="continue"))
    assert len(outcome.done) == ITEMS - 1
    assert list(outcome.errors) == [BAD - 1]
    assert outcome.unknown == [BAD - 1], "the request may have been sent, and could not be looked up"
    assert SECRET not in json.dumps(outcome.items)
    assert len(system.sent("DELETE")) == ITEMS - (not after)


@both
@problems
def test_run_answer_that_can_be_looked_up(system: System, adapter: Any, way: Any, problem: BaseException) -> None:
    """The `run fax.delete` of a header that can't be read: the item is done, for the PBX shows it."""
    adapter(problem, f"/Contacts({BAD})", method="DELETE", after=True)
    outcome = way(system.url, Node(*DELETE))
    assert len(outcome.done) == ITEMS


@both
@problems
def test_run_template(system: System, monkeypatch: pytest.MonkeyPatch, way: Any, problem: BaseException) -> None:
    real = Parameters.call

    def call(self: Any, scope: Any) -> Any:
        if scope.position == BAD - 1:
            raise problem
        return real(self, scope)

    monkeypatch.setattr(Parameters, "call", call)
    outcome = way(system.url, Node(*DELETE, on_error="split"))
    assert (len(outcome.done), list(outcome.errors), list(outcome.unknown)) == (ITEMS - 1, [BAD - 1], [])
    assert f"/xapi/v1/Contacts({BAD})" not in system.sent("DELETE")


@both
def test_run_that_stops_at_a_defect_says_what_was_done(system: System, adapter: Any, way: Any) -> None:
    adapter(ValueError(SECRET), f"/Contacts({BAD})")
    with pytest.raises(ItemsFailed) as caught:
        way(system.url, Node(*DELETE, concurrency=1))
    assert len(caught.value.result.done) == BAD - 1
    assert len(caught.value.result.not_started) == ITEMS - BAD
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("where", ["close", "output"])
def test_run_command_says_what_was_done_whatever_breaks_afterwards(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path, where: str
) -> None:
    for name, value in (("URL", system.url), ("CLIENT_ID", CLIENT), ("CLIENT_SECRET", KEY)):
        monkeypatch.setenv(f"TRUNKLINE_{name}", value)
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in ids()), encoding="utf-8")
    if where == "close":
        monkeypatch.setattr(AsyncReqwestAdapter, "close", raising(ValueError(SECRET)))
    else:
        monkeypatch.setattr("trunkline.cli.over_items.write_rows", raising(ValueError(SECRET)))
    code = cli.execute(["run", "contacts.delete", "--set", "Id={{ $json.Id }}", "--input", str(rows), "--yes"])
    out, err = capsys.readouterr()
    assert code == 1
    assert f"{ITEMS} done, 0 failed, 0 not started." in err
    assert "Error: ValueError in " in err
    assert SECRET not in out + err
    assert "Traceback" not in out + err


# ── one PBX of a job ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def _neighbour() -> Iterator[System]:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture
def neighbour(_neighbour: System) -> System:
    """The PBX on which all is well."""
    _neighbour.emulator.reset()
    return _neighbour


def opener(bad: System, good: System, options: dict[str, Any], spoil: Callable[[AsyncPbx], None]) -> Any:
    @asynccontextmanager
    async def opened(name: str) -> AsyncIterator[AsyncPbx]:
        if name == "good":
            async with AsyncPbx(good.url, CLIENT, KEY) as pbx:
                yield pbx
            return
        given = {"client_secret": KEY, **options}
        pbx = AsyncPbx(bad.url, CLIENT, **given)
        spoil(pbx)
        async with pbx:
            yield pbx

    return opened


def spoiled(method: str, problem: BaseException) -> Callable[[AsyncPbx], None]:
    def spoil(pbx: AsyncPbx) -> None:
        setattr(pbx._session.kept, method, raising(problem))

    return spoil


JOB_BORDERS: dict[str, Callable[[BaseException], tuple[dict[str, Any], Callable[[AsyncPbx], Any]]]] = {
    "adapter": lambda problem: ({}, lambda pbx: setattr(pbx._driver.adapter, "send", raising(problem))),
    "adapter, closing": lambda problem: ({}, lambda pbx: setattr(pbx._driver.adapter, "close", raising(problem))),
    "credentials function": lambda problem: ({"client_secret": raising(problem)}, lambda pbx: None),
    "token store, reading": lambda problem: ({}, spoiled("read", problem)),
    "token store, lock": lambda problem: ({}, spoiled("lock", problem)),
    "token store, writing": lambda problem: ({}, spoiled("write", problem)),
    "hook": lambda problem: ({"hooks": [raising(problem)]}, lambda pbx: None),
    "address": lambda problem: ({}, raising(problem)),
}


@problems
@pytest.mark.parametrize("border", JOB_BORDERS)
def test_job_over_two_pbxs(
    system: System, neighbour: System, tmp_path: Path, border: str, problem: BaseException
) -> None:
    options, spoil = JOB_BORDERS[border](problem)
    file = JobFolder(tmp_path).new("night")
    targets = {"bad": system.url, "good": neighbour.url}
    with Job.create(file, *DELETE, ids(), targets, Limits(patience=0.3)) as job:
        summary = asyncio.run(job.arun(opener(system, neighbour, options, spoil)))
    bad, good = summary.targets
    assert (good.counts["done"], good.halt) == (ITEMS, "")
    assert sum(bad.counts.values()) == ITEMS
    assert bad.counts["sent"] == 0
    assert bad.counts["done"] == len(system.sent("DELETE"))
    assert SECRET not in repr(summary)
    with Job.open(file) as job:
        again = asyncio.run(job.arun(opener(system, neighbour, {}, lambda pbx: None)))
    assert again.counts["done"] + again.counts["failed"] + again.counts["unknown"] == 2 * ITEMS
    assert len(system.sent("DELETE")) == ITEMS


@problems
def test_job_one_item(system: System, adapter: Any, tmp_path: Path, problem: BaseException) -> None:
    adapter(problem, f"/Contacts({BAD})", after=True)
    with Job.create(JobFolder(tmp_path).new("night"), *DELETE, ids(), {"good": system.url}) as job:
        summary = asyncio.run(job.arun(opener(system, system, {}, lambda pbx: None)))
        assert (summary.counts["done"], summary.counts["unknown"]) == (ITEMS - 1, 1)
        (entry,) = [entry for entry in job.ledger.entries(1) if entry.state.label == "unknown"]
    assert entry.item["json"]["Id"] == BAD
    assert SECRET not in json.dumps(entry.record)
    assert len(system.sent("DELETE")) == ITEMS


@pytest.mark.parametrize("method", ["write", "pending", "begin_stretch"])
def test_job_ledger(system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str) -> None:
    """A ledger that can't be written is the whole job's trouble: nothing may be sent that it does not know of."""
    real = getattr(Ledger, method)
    calls = 0

    def breaks(self: Any, *given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > (3 if method == "write" else 0):
            raise ValueError(SECRET)
        return real(self, *given, **more)

    file = JobFolder(tmp_path).new("night")
    Job.create(file, *DELETE, ids(), {"good": system.url}).close()
    monkeypatch.setattr(Ledger, method, breaks)
    with Job.open(file) as job:
        if method == "write":
            with pytest.raises(LedgerFailed, match="can't be written: ValueError in"):
                asyncio.run(job.arun(opener(system, system, {}, lambda pbx: None)))
        else:
            assert asyncio.run(job.arun(opener(system, system, {}, lambda pbx: None))).targets[0].halt
    monkeypatch.undo()
    with Job.open(file) as job:
        asyncio.run(job.arun(opener(system, system, {}, lambda pbx: None)))
        assert job.summary().counts["done"] == ITEMS
    assert len(system.sent("DELETE")) == len(set(system.sent("DELETE"))) == ITEMS


def test_job_progress(system: System, tmp_path: Path) -> None:
    with Job.create(JobFolder(tmp_path).new("night"), *DELETE, ids(), {"good": system.url}) as job:
        with pytest.warns(UserWarning, match="Progress is not shown any more"):
            summary = asyncio.run(job.arun(opener(system, system, {}, lambda pbx: None), raising(ValueError(SECRET))))
    assert summary.counts["done"] == ITEMS


# ── one PBX of a status ─────────────────────────────────────────────────────────────────────────


@problems
@pytest.mark.parametrize("part", ["/connect/token", "/xapi/v1/", "/xapi/v1/SystemStatus", "address"])
def test_status_over_several(
    system: System,
    neighbour: System,
    adapter: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: Any,
    part: str,
    problem: BaseException,
) -> None:
    profiles = tmp_path / "profiles.toml"
    tables = [
        f'[{name}]\nurl = "{url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n'
        for name, url in (("bad", system.url), ("good", neighbour.url))
    ]
    profiles.write_text("\n".join(tables), encoding="utf-8")
    profiles.chmod(0o600)
    monkeypatch.setenv("TRUNKLINE_PROFILES", str(profiles))
    if part == "address":
        real = AsyncPbx.__init__

        def made(self: Any, url: str, *given: Any, **more: Any) -> None:
            if url == system.url:
                raise problem
            real(self, url, *given, **more)

        monkeypatch.setattr(AsyncPbx, "__init__", made)
    else:
        adapter(problem, system.url, part)
    code = cli.execute(["status", "--all", "-o", "jsonl"])
    out, err = capsys.readouterr()
    rows = {row["pbx"]: row for row in map(json.loads, out.splitlines())}
    assert rows["good"]["error"] is None
    assert rows["good"]["extensions"]["total"]
    if part == "/xapi/v1/SystemStatus":
        assert (code, rows["bad"]["error"]) == (0, None)
        assert rows["bad"]["unavailable"]["system"]["code"] in ("unexpected", "http_library_failed")
    else:
        assert code == 7
        assert rows["bad"]["error"]["message"]
    assert SECRET not in out + err
    assert "Traceback" not in err


# ── one step of an import, one window of an export ──────────────────────────────────────────────


@problems
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_import(system: System, adapter: Any, problem: BaseException, after: bool) -> None:
    content = "Id,Title\n" + "".join(f"{n},Dr\n" for n in range(1, ITEMS + 1))
    imported = Import(read_sheet(content.encode(), "x.csv"), CONTACTS)

    async def run() -> list[Any]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            plan = await imported.aplan(pbx)
            adapter(problem, f"/Contacts({BAD})", method="PATCH", after=after)
            return await imported.aapply(pbx, plan)

    outcomes = asyncio.run(run())
    states = [outcome.state for outcome in outcomes]
    assert states == [State.DONE if after or n != BAD else State.FAILED for n in range(1, ITEMS + 1)]
    assert len(system.sent("PATCH")) == ITEMS - (not after)
    assert SECRET not in repr(outcomes)


def test_import_that_is_listened_to_by_what_breaks(system: System) -> None:
    imported = Import(read_sheet(b"Id,Title\n1,Dr\n2,Dr\n", "x.csv"), CONTACTS)

    async def run() -> list[Any]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return await imported.aapply(pbx, await imported.aplan(pbx), raising(ValueError(SECRET)))

    with pytest.warns(UserWarning, match="Progress is not shown"):
        assert [outcome.state for outcome in asyncio.run(run())] == [State.DONE] * 2


@problems
@pytest.mark.parametrize("border", ["adapter", "parts"])
def test_export(
    system: System, adapter: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, border: str, problem: BaseException
) -> None:
    start, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 6, tzinfo=UTC)

    def export(to: Any) -> Any:
        async def run() -> Any:
            async with AsyncPbx(system.url, CLIENT, KEY, retries=Retries(attempts=1)) as pbx:
                return await Export(start, end, to).arun(pbx)

        return asyncio.run(run())

    whole = io.BytesIO()
    export(whole)
    out = tmp_path / "calls.jsonl"
    with monkeypatch.context() as patch:
        real_keep, real_send = Parts.keep, AsyncReqwestAdapter.send

        def keep(self: Any, window: Any, *given: Any, **more: Any) -> Any:
            if window.start.day == 3:
                raise problem
            return real_keep(self, window, *given, **more)

        async def send(self: Any, request: Any) -> Any:
            if "periodFrom=2026-06-03" in request.target:
                raise problem
            return await real_send(self, request)

        if border == "parts":
            patch.setattr(Parts, "keep", keep)
        else:
            patch.setattr(AsyncReqwestAdapter, "send", send)
        with pytest.raises(TrunklineError) as caught:
            export(out)
    assert isinstance(caught.value, ItemsFailed)
    assert "Missing: 2026-06-03." in caught.value.message
    assert SECRET not in str(caught.value)
    system.emulator.clear_journal()
    assert export(out).resumed
    asked = {
        entry.path.partition("periodFrom=")[2][:10] for entry in system.emulator.journal if "CallLog" in entry.path
    }
    assert asked == {"2026-06-03"}, "the neighbours were read, and kept"
    assert out.read_bytes() == whole.getvalue()


# ── one item of a flow ──────────────────────────────────────────────────────────────────────────


@problems
def test_flow(system: System, adapter: Any, tmp_path: Path, problem: BaseException) -> None:
    adapter(problem, f"/Contacts({BAD})")
    text = (
        "steps:\n  - list: contacts\n    with: { Options.Select: Id }\n"
        f"  - where: '{{{{ $json.Id <= {ITEMS} }}}}'\n  - delete: contacts\n    on error: split\n"
    )
    with Pbx(system.url, CLIENT, KEY) as pbx:
        played = Flow.parse(text, "test.yaml", tmp_path).run(pbx)
    assert len(played.items) == ITEMS - 1
    assert [item["json"]["Id"] for item in played.failed] == [BAD]
    assert SECRET not in json.dumps(played.failed)


@problems
def test_flow_step(system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, problem: BaseException) -> None:
    """A defect in a step that sends nothing ends the flow, with file and line."""
    monkeypatch.setattr("trunkline.flows.files.write", raising(problem))
    with Pbx(system.url, CLIENT, KEY) as pbx, pytest.raises(TrunklineError) as caught:
        Flow.parse("steps:\n  - list: fax\n  - save: x.csv\n", "test.yaml", tmp_path).run(pbx)
    assert caught.value.message.startswith("test.yaml, line 3: ")
    assert SECRET not in str(caught.value)
