"""The state file: what was acknowledged outlives the emulator, however it ends."""

from __future__ import annotations

import http.client
import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from trunkline import catalog
from trunkline_emulator import Emulator
from trunkline_emulator.state import StateError

from . import valid
from .conftest import Dial, Line
from .raw import wait_for
from .test_actions import UPLOAD, content_of, known_values

KEY = "a-key-for-tests"


@pytest.fixture
def path(tmp_path: Path) -> Any:
    return tmp_path / "pbx.db"


@pytest.fixture
def opened(path: Any, dial: Dial) -> Iterator[Any]:
    """Opens a PBX on the file, closing the one before."""
    last: list[Any] = []

    def again(**options: Any) -> Any:
        while last:
            last.pop().emulator.close()
        line = dial(**{"state": path, "api_key": KEY, **options})
        last.append(line)
        return line

    yield again
    for line in last:
        line.emulator.close()


def everything(emulator: Any) -> Any:
    """All that the store holds, whether it was written through it or behind its back."""
    store = emulator._store
    held = {
        "sets": {name: list(table.rows.values()) for name, table in store.tables.items()},
        "singletons": dict(store.singletons),
        "kept": store.kept,
    }
    return msgspec.json.encode(held, order="sorted")


def contact(name: Any) -> Any:
    return {"FirstName": name, "PhoneNumber": "+12025550142"}


WRITES = [
    ("POST", "/Contacts", contact("Ada")),
    ("PATCH", "/Users(12)", {"FirstName": "Ada"}),
    ("PATCH", "/MyUser", {"FirstName": "Ada"}),
    ("PATCH", "/MailSettings", {"MailServer": "smtp2.example.com"}),
    ("DELETE", "/Fax(125)", None),
    ("DELETE", "/WebsiteLinks('sales')", None),
    ("POST", "/ActivityLog/Pbx.PurgeLogs", None),
    ("POST", "/PromptSets(1)/Pbx.SetActive", None),
    ("POST", "/Contacts/Pbx.DeleteContactsByType", {"contactSource": "CRM"}),
]


def test_a_restart_loses_nothing(opened: Any) -> None:
    line = opened()
    for method, path, body in WRITES:
        assert line.ask(method, path, body).status in (201, 204), path
    before = everything(line.emulator)
    again = opened()
    assert everything(again.emulator) == before
    assert again.ask("POST", "/Contacts", contact("Bob")).json["Id"] == 62


def test_new_rows_stay_in_their_order_over_many_restarts(opened: Any) -> None:
    names = []
    for number in range(12):
        line = opened()
        names.append(line.ask("POST", "/Contacts", contact(f"No {number}")).json["Id"])
        if number % 3 == 2:
            line.ask("DELETE", f"/Contacts({names.pop(number // 3)})")
    line.ask("DELETE", "/WebsiteLinks('sales')")
    line.ask("POST", "/WebsiteLinks", {"Link": "last"})
    line.ask("POST", "/WebsiteLinks", {"Link": "sales"})
    line = opened()
    assert [row["Id"] for row in line.get("/Contacts?$skip=60").rows] == names
    assert [row["Link"] for row in line.get("/WebsiteLinks").rows][-2:] == ["last", "sales"]


def test_reset_empties_the_file(opened: Any) -> None:
    line = opened()
    before = everything(line.emulator)
    line.ask("DELETE", "/Fax(124)")
    line.emulator.reset()
    assert everything(opened().emulator) == before


def test_a_restored_snapshot_is_kept_too(opened: Any) -> None:
    line = opened()
    line.ask("DELETE", "/Fax(124)")
    saved, before = line.emulator.snapshot(), everything(line.emulator)
    line.ask("DELETE", "/Fax(125)")
    line.emulator.restore(saved)
    assert everything(opened().emulator) == before


def test_reading_does_not_touch_the_file(opened: Any, path: Any) -> None:
    line = opened()
    before = [p.stat().st_mtime_ns for p in sorted(path.parent.iterdir())]
    assert line.get("/Users").status == 200
    assert line.get("/Contacts(9999)").status == 404
    assert [p.stat().st_mtime_ns for p in sorted(path.parent.iterdir())] == before


def test_a_made_key_is_remembered(path: Any) -> None:
    first = Emulator(state=path)
    first.close()
    second = Emulator(state=path)
    assert second.api_key == first.api_key
    second.close()


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_only_its_owner_can_read_it(opened: Any, path: Any) -> None:
    opened().ask("DELETE", "/Fax(124)")
    assert {stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()} == {0o600}


def test_two_emulators_cannot_share_a_file(path: Any) -> None:
    first = Emulator(state=path)
    with pytest.raises(StateError, match=r"pbx\.db is in use by another emulator"):
        Emulator(state=path)
    program = f"from trunkline_emulator import Emulator; Emulator(state={str(path)!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "is in use by another emulator" in done.stderr
    first.close()
    Emulator(state=path).close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": "empty"}, "belongs to version 20.0.10 with the seed demo; this emulator is 20.0.10 with the seed em"),
        ({"version": "20.0.7"}, "this emulator is 20.0.7 with the seed demo. Start it as it was, or delete the file"),
    ],
)
def test_the_file_of_another_pbx_is_refused(path: Any, options: dict[str, Any], said: str) -> None:
    Emulator(state=path).close()
    with pytest.raises(StateError) as caught:
        Emulator(**{"state": path, **options})
    assert said in str(caught.value)
    Emulator(state=path).close()


def test_a_seed_that_changed_since_is_refused(path: Any, tmp_path: Path) -> None:
    seed = tmp_path / "company.json"
    seed.write_text('{"Users": [{"Number": "100"}]}')
    Emulator(state=path, seed=seed).close()
    seed.write_text('{"Users": [{"Number": "101"}]}')
    with pytest.raises(StateError, match="whose rows have changed since"):
        Emulator(state=path, seed=seed)


def test_the_same_seed_file_by_another_name_is_the_same(
    path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "company.json").write_text('{"Users": [{"Number": "100"}]}')
    Emulator(state=path, seed=tmp_path / "company.json").close()
    Emulator(state=path, seed="company.json").close()


def test_files_of_something_else_are_refused_and_left_alone(tmp_path: Path) -> None:
    text, other, folder = tmp_path / "notes.txt", tmp_path / "other.db", tmp_path / "folder"
    text.write_text("Not a database, but long enough to be looked at as one. " * 40)
    text.chmod(0o644)
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    folder.mkdir()
    before = {path: path.read_bytes() for path in (text, other)}
    for path, said in (
        (text, "is not a state file of the emulator, or a damaged one"),
        (other, "is a database of something else"),
        (folder, "can't be opened: it is a folder"),
        (tmp_path / "none" / "pbx.db", "can't be opened: No such file or directory"),
    ):
        with pytest.raises(StateError, match=said):
            Emulator(state=path)
    assert {path: path.read_bytes() for path in (text, other)} == before
    assert stat.S_IMODE(text.stat().st_mode) == 0o644


def test_a_format_of_another_release_is_refused(path: Any) -> None:
    Emulator(state=path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StateError, match="has format 99, this emulator has 3"):
        Emulator(state=path)


def test_a_torn_file_is_refused(path: Any) -> None:
    emulator = Emulator(state=path)
    for number in range(300):
        emulator.ask("POST", "/Contacts", json=contact(f"No {number}"))
    emulator.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StateError, match="damaged"):
        Emulator(state=path)


def test_what_cannot_be_kept_is_not_acknowledged(opened: Any, path: Any, caplog: pytest.LogCaptureFixture) -> None:
    line = opened()
    line.emulator.close()
    assert line.ask("DELETE", "/Fax(124)").status == 500
    assert f"The state file {path} can't be written" in caplog.text


def hitting(store: Any, action: Any, turn: Any) -> Any:
    """A body of an action that names rows which exist: by their key, number or name, as its fields are called.

    The last of the set is named, as some first rows may not be changed; ``turn`` picks the members of enums.
    """
    resource = action.path[1:].partition("/")[0].partition("(")[0]
    rows = store.rows(resource) if resource in store.tables else []
    row = rows[-1] if rows else {}
    known = {name.lower(): row[name] for name in ("Id", "Number", "Name") if name in row}

    def filled(fields: Any, depth: Any) -> Any:
        return {name: value(name, spec, depth) for name, spec in fields.items()}

    def value(name: Any, spec: Any, depth: Any) -> Any:
        catalog = store.catalog
        wanted = name.lower().removesuffix("s")
        found = [row for ending, row in known.items() if wanted.endswith(ending)]
        if spec.name in catalog.types:
            one = filled(catalog.fields(spec.name), depth + 1) if depth < 2 else {}
        elif spec.name in catalog.enums:
            members = catalog.enum_values(spec.name)
            one = members[turn % len(members)]
        elif found and isinstance(found[0], type(valid.VALUES[spec.name])):
            one = found[0]
        else:
            one = valid.VALUES[spec.name]
        return [one] if spec.collection else one

    return filled(store.catalog.spec_fields(action.body), 0)


TURNS = 3


def bodies(line: Line, narrowed: Any, action: Any) -> Iterator[Any]:
    yield None if action.kind == "upload" else content_of(narrowed, action)
    if action.kind == "action" and action.body is not None:
        for turn in range(TURNS):
            yield hitting(line.emulator._store, action, turn)


def test_every_action_writes_through_the_store(opened: Any) -> None:
    """Each action, then a second emulator on the same file: what the first holds in memory is what the file gave.

    A handler that changes a row, or a list within, behind the store's back shows here.
    """
    narrowed = catalog.load("20.0.10")
    line = opened()
    seeded = everything(line.emulator)
    wrote = set()
    for action in narrowed.actions:
        target = valid.path(action, known_values(line.emulator._store, action))
        for body in bodies(line, narrowed, action):
            if action.kind == "upload":
                headers = {"authorization": f"Bearer {line.token}", "content-type": "multipart/form-data; boundary=X"}
                line.send("POST", "/xapi/v1" + target, UPLOAD, headers)
            else:
                line.ask(action.method, target, body)
        held = everything(line.emulator)
        if line.emulator._store.changed:
            wrote.add(action.id)
            line = opened()
            kept = everything(line.emulator)
            line.emulator.reset()
        else:
            kept = seeded  # nothing was given to the file, so it has the seed
        assert held == kept or json.loads(held) == json.loads(kept), action.id
    assert {"services.stop", "fax.bulk_fax_delete", "contacts.delete_contacts_by_id", "fax.create"} <= wrote
    assert len(wrote) > 100


# ── killed ──────────────────────────────────────────────────────────────────────────────────────


class Writer(threading.Thread):
    """Creates, changes and deletes contacts as fast as it can until the connection breaks, and remembers the answers.

    ``known`` maps Ids to the names that were acknowledged, None for a deleted one; ``open`` is the write under way.
    """

    def __init__(self, port: int, token: str, name: str) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.label = name
        self.known: dict[int, str | None] = {}
        self.open: tuple[int | None, str | None] | None = None

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body)
        self.connection.request(method, f"/xapi/v1{path}", content, self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def run(self) -> None:
        draw = random.Random(self.label)
        try:
            for number in range(10**6):
                self.step(draw, f"{self.label} {number}")
        except (OSError, http.client.HTTPException):
            return

    def step(self, draw: random.Random, text: str) -> None:
        living = [key for key, name in self.known.items() if name is not None]
        if len(living) < 3 or draw.random() < 0.5:
            self.open = (None, text)
            status, body = self.ask("POST", "/Contacts", contact(text))
            assert status == 201
            self.known[json.loads(body)["Id"]] = text
        else:
            key = draw.choice(living)
            new = None if draw.random() < 0.5 else text
            self.open = (key, new)
            status, _ = self.ask("PATCH" if new else "DELETE", f"/Contacts({key})", {"FirstName": new} if new else None)
            assert status == 204
            self.known[key] = new
        self.open = None


@pytest.fixture
def start(path: Any) -> Iterator[Any]:
    """Starts an emulator of its own process on the file; gives the process, its port and a token."""
    last = []
    yield lambda: last.append(started(path)) or last[-1]
    for process, _, _ in last:
        process.kill()
        process.communicate()


def started(path: Any) -> tuple[subprocess.Popen[str], int, str]:
    argv = [sys.executable, "-m", "trunkline", "emulator", "--port", "0", "--api-key", KEY, "--state", str(path)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    port = int(process.stdout.readline().partition("127.0.0.1:")[2].split()[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    form = {"grant_type": "client_credentials", "client_id": "trunkline", "client_secret": KEY}
    connection.request("POST", "/connect/token", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
    token = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return process, port, token


def contacts(port: int, token: str) -> dict[int, str]:
    reader = Writer(port, token, "reader")
    found: dict[int, str] = {}
    while True:
        status, body = reader.ask("GET", f"/Contacts?$select=Id,FirstName&$top=100&$skip={len(found)}")
        assert status == 200
        page = json.loads(body)["value"]
        found |= {row["Id"]: row["FirstName"] for row in page}
        if len(page) < 100:
            reader.connection.close()
            return found


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_kill_9_loses_no_acknowledged_write(start: Any) -> None:
    draw = random.Random(9)
    acknowledged: dict[int, str | None] = {}
    highest = 60
    process, port, token = start()
    for turn in range(4):
        writers = [Writer(port, token, f"{turn}.{n}") for n in range(4)]
        for writer in writers:
            writer.start()
        wait_for(lambda written=writers: sum(len(writer.known) for writer in written) > 20)  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.4))
        process.kill()
        process.wait()
        for writer in writers:
            writer.join()
            writer.connection.close()
        process, port, token = start()
        found = {key: name for key, name in contacts(port, token).items() if key > 60}

        given = [key for writer in writers for key in writer.known]
        assert len(set(given)) == len(given), "no Id is given twice"
        assert min(given) > highest, "nor one that was given before the kill"
        for writer in writers:
            acknowledged |= writer.known
        under_way = [writer.open for writer in writers if writer.open is not None]
        perhaps = {key: name for key, name in under_way if key is not None}
        for key, name in acknowledged.items():
            assert found.get(key) in ([name, perhaps[key]] if key in perhaps else [name]), key
        unasked = {name for key, name in found.items() if key not in acknowledged}
        assert unasked <= {name for key, name in under_way if key is None}
        acknowledged = dict(found) | {key: None for key in acknowledged if key not in found}
        highest = max(acknowledged)
