"""If-Match goes only to a PBX that sends ETags, through whichever door an action comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Flow, InvalidArgument, Job, Node, NotFound, Pbx, PreconditionFailed, TrunklineError, cli
from trunkline.catalog import load
from trunkline.errors import ItemsFailed
from trunkline_emulator import Emulator, running

STALE = 'W/"stale"'
Door = Callable[[System, str, bool, Path], str]


def _said(call: Callable[[], Any]) -> str:
    try:
        call()
    except ItemsFailed as stopped:
        cause = stopped.__cause__
        return f"{cause.code}: {cause}" if isinstance(cause, TrunklineError) else "no cause"
    except TrunklineError as error:
        return f"{error.code}: {error}"
    return "done"


def _given(tag: str, anyway: bool) -> dict[str, Any]:
    return {"if_match": tag, **({"if_match_anyway": True} if anyway else {})}


def threads(system: System, tag: str, anyway: bool, folder: Path) -> str:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        return _said(lambda: pbx.fax.delete(121, **_given(tag, anyway)))


def event_loop(system: System, tag: str, anyway: bool, folder: Path) -> str:
    async def run() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            await pbx.fax.delete(121, **_given(tag, anyway))

    return _said(lambda: asyncio.run(run()))


def raw(system: System, tag: str, anyway: bool, folder: Path) -> str:
    def call() -> None:
        with Pbx(system.url, CLIENT, KEY) as pbx:
            answer = pbx.call("fax.delete", 121, raw=True, **_given(tag, anyway))
        if answer.status == 412:
            raise PreconditionFailed("412", status=412)

    return _said(call)


def node(system: System, tag: str, anyway: bool, folder: Path) -> str:
    parameters = {"Id": 121, "If Match": "{{ $json.tag }}", "If Match Anyway": str(anyway).lower()}
    with Pbx(system.url, CLIENT, KEY) as pbx:
        return _said(lambda: Node("fax.delete", parameters).run(pbx, [{"tag": tag}]))


def flow(system: System, tag: str, anyway: bool, folder: Path) -> str:
    extra = "      If Match Anyway: true\n" if anyway else ""
    text = (
        f"steps:\n  - list: fax\n  - where: {{Id: 121}}\n  - delete: fax\n    with:\n      If Match: '{tag}'\n{extra}"
    )
    with Pbx(system.url, CLIENT, KEY) as pbx:
        return _said(lambda: Flow.parse(text, "test.yaml", folder).run(pbx))


def job(system: System, tag: str, anyway: bool, folder: Path) -> str:
    given = {"Id": 121, "If Match": "{{ $json.tag }}", "If Match Anyway": anyway}
    with (
        Job.create(folder / "one.job", "fax.delete", given, [{"tag": tag}], {"acme": system.url}) as made,
        Pbx(system.url, CLIENT, KEY) as pbx,
    ):
        made.run(lambda _: pbx)
        (record,) = made.records()
    return f"{record['error']['code']}: {record['error']}" if "error" in record else str(record["state"])


def _line(system: System, *argv: str) -> str:
    return str(cli.execute([*argv, "--url", system.url, "--client-id", CLIENT, "--api-key", KEY]))


def command(system: System, tag: str, anyway: bool, folder: Path) -> str:
    return _line(system, "fax", "delete", "121", "--if-match", tag, *(["--if-match-anyway"] if anyway else []))


def command_over_rows(system: System, tag: str, anyway: bool, folder: Path) -> str:
    rows = folder / "rows.jsonl"
    rows.write_text(json.dumps({"Id": 121, "tag": tag}), encoding="utf-8")
    more = ["--if-match-anyway"] if anyway else []
    return _line(system, "fax", "delete", "--input", str(rows), "--if-match", "{{ $json.tag }}", "--yes", *more)


def command_run(system: System, tag: str, anyway: bool, folder: Path) -> str:
    rows = folder / "rows.jsonl"
    rows.write_text(json.dumps({"tag": tag}), encoding="utf-8")
    more = ["--set", "if_match_anyway=true"] if anyway else []
    match = "If Match={{ $json.tag }}"
    return _line(system, "run", "fax.delete", "--set", "Id=121", "--set", match, *more, "--input", str(rows))


DOORS = [threads, event_loop, raw, node, flow, job, command, command_over_rows, command_run]
REFUSED = {"command": "2", "command_over_rows": "7", "command_run": "2"}
STALE_412 = {"command": "5", "command_over_rows": "7", "command_run": "5"}


def _exists(system: System) -> bool:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        return bool(pbx.fax.list(filter="Id eq 121").all())


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_without_etags_nothing_is_sent_on_the_strength_of_one(door: Door, tmp_path: Path) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url:
        system = System(emulator, url)
        said = door(system, STALE, False, tmp_path)
        assert said == REFUSED.get(door.__name__) or said.startswith("invalid_argument: ")
        assert system.sent("DELETE") == []
        assert len(system.sent("GET")) == (2 if door is flow else 1)  # a flow lists before it acts
        assert _exists(system)
        said = door(system, STALE, True, _fresh(tmp_path))
        assert said in ("done", "0")
        assert not _exists(system)


def _fresh(folder: Path) -> Path:
    other = folder / "again"
    other.mkdir()
    return other


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_with_etags_it_protects_as_it_always_did(door: Door, system: System, pbx: Pbx, tmp_path: Path) -> None:
    said = door(system, STALE, False, tmp_path)
    assert said == STALE_412.get(door.__name__) or said.startswith("precondition_failed: ")
    assert len(system.sent("DELETE")) == 1
    assert _exists(system)
    said = door(system, pbx.fax.get(121)["@odata.etag"], False, _fresh(tmp_path))
    assert said in ("done", "0")
    assert not _exists(system)


def test_the_refusal_says_what_to_use(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url:
        system = System(emulator, url)
        command(system, STALE, False, tmp_path)
        err = capsys.readouterr().err
        assert "sends no ETag of a fax, so If-Match would protect nothing: fax.delete was not sent." in err
        assert "if_unchanged" in err or "--if-unchanged" in err
        assert "--if-match-anyway" in err
        assert command(system, "*", False, tmp_path) == "0"


def test_what_was_read_of_a_pbx_is_not_read_again(system: System, pbx: Pbx) -> None:
    row = pbx.fax.get(121)
    reads = len(system.sent("GET"))
    with pytest.raises(PreconditionFailed):
        pbx.fax.delete(121, if_match=STALE)
    assert len(system.sent("GET")) == reads
    with pytest.raises(PreconditionFailed):
        pbx.contacts.delete(7, if_match=STALE)  # of another type, on a PBX that sends ETags
    pbx.fax.delete(121, if_match=row["@odata.etag"])
    assert len(system.sent("GET")) == reads


def test_where_an_entity_came_without_one_it_is_refused_at_once() -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url, Pbx(url, CLIENT, KEY) as pbx:
        pbx.fax.list().all()  # the rows of a list may lack what the entity has
        pbx.fax.get(121)
        asked = len(emulator.journal)
        with pytest.raises(InvalidArgument) as refused:
            pbx.fax.delete(121, if_match=STALE)
        assert refused.value.parameter == "if_match"
        assert refused.value.hint.arguments == {"if_match_anyway": True}
        assert len(emulator.journal) == asked


def test_what_is_not_there_is_not_found_as_ever(system: System, pbx: Pbx) -> None:
    with pytest.raises(NotFound):
        pbx.fax.delete(999999, if_match=STALE)
    assert system.sent("DELETE") == ["/xapi/v1/Fax(999999)"]


def test_a_row_with_an_etag_of_another_day_is_compared_by_its_fields() -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url, Pbx(url, CLIENT, KEY) as pbx:
        row = {**pbx.contacts.get(7), "@odata.etag": STALE}
        pbx.contacts.update(7, {"Tag": "new"})
        with pytest.raises(PreconditionFailed, match="Tag"):
            pbx.contacts.delete(7, if_unchanged=row)
        fresh = {**pbx.contacts.get(7), "@odata.etag": STALE}
        pbx.contacts.delete(7, if_match=STALE, if_unchanged=fresh)  # the fields protect it
        with pytest.raises(NotFound):
            pbx.contacts.get(7)


@pytest.mark.parametrize("action", [a.id for a in load().actions if a.if_match and load().reader(a) is None])
def test_where_nothing_can_be_read_by_key_the_list_shows_it(action: str) -> None:
    found = load().action(action)
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url, Pbx(url, CLIENT, KEY) as pbx:
        rows = pbx.call(f"{found.resource}.list").all()
        if not rows:
            pytest.skip(f"the demo has no {found.noun}")
        with pytest.raises(InvalidArgument, match="sends no ETag"):
            pbx.call(action, rows[0][found.keys[0]], if_match=STALE)


@pytest.mark.parametrize("value", ["yes", 1, "true"])
def test_anyway_is_yes_or_no(pbx: Pbx, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"if_match_anyway of fax\.delete must be true or false"):
        pbx.call("fax.delete", 121, if_match=STALE, if_match_anyway=value)
