"""Recording a PBX: against a server that answers as captured systems do, through the command that people run."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasty import closed_port
from terminal import Terminal
from trunkline import catalog
from trunkline.connections.targets import Target
from trunkline.errors import BrokenAnswer, SignInError, UsageError
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline_emulator.recording import real_pbx
from trunkline_emulator.recording.questions import PROBES
from trunkline_emulator.recording.recorder import Recording
from trunkline_emulator.recording.shapes import Shape, Shaper
from trunkline_emulator.recording.vocabulary import sentence

from .stand_in import API_KEY, CANARIES, CLIENT_ID, HOST, StandIn, error, listed, stand_in

COMMAND = [sys.executable, "-c", "from trunkline_emulator.recording.command import main; main()"]
RECORD = [*COMMAND, "record", "--profile", "acme"]


@pytest.fixture
def pbx() -> Iterator[StandIn]:
    with stand_in() as pbx:
        yield pbx


@pytest.fixture
def environment(pbx: StandIn, tmp_path: Path) -> dict[str, str]:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(f'[acme]\nurl = "{pbx.url}"\nclient_id = "{CLIENT_ID}"\nclient_secret = "{API_KEY}"\n')
    profiles.chmod(0o600)
    return {**os.environ, "TRUNKLINE_PROFILES": str(profiles), "PAGER": "cat", "PYTHONIOENCODING": "utf-8"}


def run(*argv: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def record(pbx: StandIn, key: str = API_KEY) -> Recording:
    target = Target(pbx.url, CLIENT_ID, key, {"verify": True})
    return asyncio.run(real_pbx.record(target, lambda question, heard: None))


def shape_at(recording: Recording, question: str, *steps: str) -> Shape:
    shape = recording.answers[question].body
    for step in steps:
        shape = shape and (shape.items if step == "[]" else shape.properties.get(step))
    assert shape is not None, steps
    return shape


def leaks(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.lower() in text.lower()]


def test_the_file_has_shapes_and_none_of_the_values(pbx: StandIn, environment: dict[str, str], tmp_path: Path) -> None:
    done = run(*RECORD, "--yes", folder=tmp_path, environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "recording.json"
    text = file.read_text()
    assert leaks(text) == leaks(done.stdout) == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (
        "Names that 3CX has not published: MESSAGING_ACCESS_KEY, NewerHours, NewerThanPublished, Ports, SMS_PREFIX, …."
        in done.stdout
    )
    assert "WARNINGS.XAPI.DUPLICATE" in done.stdout
    recording = msgspec.json.decode(text, type=Recording)
    assert recording.version == "20.0.8.1121"
    assert {each.name for each in tmp_path.iterdir()} == {"profiles.toml", "recording.json"}


def test_only_gets_are_sent_and_one_sign_in(pbx: StandIn) -> None:
    record(pbx)
    methods = [method for method, _ in pbx.asked]
    assert pbx.asked[0] == ("POST", "/connect/token")
    assert set(methods[1:]) == {"GET"}
    targets = [target for _, target in pbx.asked]
    assert len(targets) == len(set(targets)), "each question is asked once"
    assert not [target for target in targets if re.search(r"Pbx\.(Generate|Init|Test|Check)|Token\(|Secret\(", target)]


def test_what_the_captures_have_is_in_the_recording(pbx: StandIn) -> None:
    recording = record(pbx)
    users = ("/Users?$top=2&$count=true", "value", "[]")
    rules = ("/OutboundRules?$top=2&$count=true", "value", "[]")
    kinds: list[tuple[tuple[str, ...], set[str]]] = [
        ((*users, "EmailAddress"), {"text: empty"}),
        ((*users, "VMEmailOptions"), {"text: enum, Attachment"}),
        ((*users, "VMEmailList"), {"list: 1"}),
        ((*users, "AuthPassword"), {"secret"}),
        ((*users, "NewerThanPublished"), {"boolean"}),
        ((*users, "…"), {"number: integer, 1-digit", "null"}),
        (("/Users?$select=Id", "value"), {"list: 50"}),
        (("/Users({Id})", "@odata.context"), {"text: url with #Users/$entity"}),
        (("/Users(Number={Number})", "Id"), {"number: integer, 9-digit"}),
        (("/Trunks?$top=2&$count=true", "value", "[]", "AuthPassword"), {"secret"}),
        (("/Trunks?$top=2&$count=true", "value", "[]", "Messaging", "SMS_PREFIX"), {"text: words, 10-49 characters"}),
        ((*rules, "Routes"), {"list: 2-9"}),
        ((*rules, "Routes", "[]", "TrunkId"), {"number: integer, negative 1-digit"}),
        (("/SystemStatus", "LastBackupDateTime"), {"text: datetime offset, 7 digits of a second"}),
        (("/SystemStatus", "Ports"), {"null"}),
        (("/OfficeHours", "Hours", "Periods", "[]", "Start"), {"text: time of day, 7 digits of a second"}),
        (("/Groups?$top=2&$count=true", "value", "[]", "Name"), {"text: guid"}),
        (("/TenantProperties({Name})", "Name"), {"text: words, 2-9 characters"}),
    ]  # fmt: skip
    for (question, *steps), expected in kinds:
        assert set(shape_at(recording, question, *steps).kinds) == expected, (question, steps)
    row = shape_at(recording, *users)
    assert list(row.properties)[:4] == ["Number", "FirstName", "LastName", "EmailAddress"]
    assert (row.kinds, row.properties["OutboundCallerID"].kinds) == (
        {"object": 2},
        {"text: words, 10-49 characters": 1},
    )
    assert "Id" not in shape_at(recording, "/SystemStatus").properties
    statuses = {question: answer.status for question, answer in recording.answers.items()}
    assert statuses["/Recordings?$top=2&$count=true"] == 403
    assert statuses["/EventLogs?$top=2&$count=true"] == 500
    assert statuses["/TrunklineNoSuchSet"] == 404
    assert recording.answers["/Playlists?$top=2&$count=true"].content == "10-49 bytes"
    assert recording.answers["/SystemStatus"].headers == {
        "framing": "chunked",
        "content-type": "application/json; odata.metadata=minimal",
        "content-disposition": "inline",
        "x-3cx-version": "present",
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("EmailAddress:\nWARNINGS.XAPI.ALREADY_IN_USE", "EmailAddress: WARNINGS.XAPI.ALREADY_IN_USE"),
        ("Could not find a property named 'Ada' on type 'A.B'.", "Could not find a property named '…' on type '…'."),
        ("The limit of '100' for Top query has been exceeded.", "The limit of '…' for Top query has been exceeded."),
        ("The input was not valid.\n\ndelta:\nThe delta field is required.",
         "The input was not valid. delta: The delta field is required."),
        ('No "Ada Lovelace" at pbx.example.com, +1 202 555 0142', "No '…' at …, …"),
        ("Ada's phone is in C:\\Users\\Ada", "… is in …: … Users …"),
        ("WARNINGS.ADA.LOVELACE", "…"),
    ],
)  # fmt: skip
def test_a_sentence_keeps_only_words_that_no_person_wrote(said: str, kept: str) -> None:
    assert sentence(said) == kept


_WORDS = st.text(max_size=8).map(lambda text: f"Zuleika{text}".lower())
_NUMBERS = st.integers(10**8, 10**17).map(lambda number: int(f"48151623{number}"[:18]))
_TYPES = ["Pbx.User", "Pbx.Trunk", "Pbx.TrunkMessaging", "Pbx.Property"]
_PUBLISHED = st.sampled_from(["error", "message", *(name for each in _TYPES for name in catalog.load().fields(each))])
_ODD_NAMES = _WORDS.map(lambda word: f"{word} Quibblethorpe") | st.just("+12025550187") | st.just(HOST)
_ROWS = st.recursive(
    _WORDS | _NUMBERS | st.none() | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_PUBLISHED | _ODD_NAMES, inner, max_size=6),
    max_leaves=25,
)


@given(
    rows=st.lists(st.dictionaries(_PUBLISHED | _ODD_NAMES, _ROWS, max_size=12), max_size=4),
    name=st.sampled_from([*_TYPES, "Pbx.Unknown"]),
    says=st.booleans(),
)
def test_no_value_of_any_row_is_in_its_shape(rows: list[dict[str, Any]], name: str, says: bool) -> None:
    shaper = Shaper(catalog.load(), says=says)
    spec = catalog.TypeSpec(name, collection=True)
    for shape in (
        shaper.shape({"value": rows}, spec, is_entity=False),
        shaper.shape({"error": rows}, None, is_entity=False),
        *(shaper.shape(row, spec, is_entity=True) for row in rows),
    ):
        text = msgspec.json.encode(shape).decode().lower()
        assert not [canary for canary in ("zuleika", "quibblethorpe", "48151623", "2025550187", HOST) if canary in text]


class Network:
    """An adapter that would send anything."""

    def __init__(self) -> None:
        self.sent: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        return HttpResponse(200, {}, b"")

    async def close(self) -> None:
        """Nothing is open."""


PBX = "https://pbx.example.com"


@pytest.mark.parametrize(
    ("request_", "passes"),
    [
        (HttpRequest("GET", f"{PBX}/xapi/v1/Users"), True),
        (HttpRequest("POST", f"{PBX}/connect/token", body=b"grant_type=client_credentials"), True),
        (HttpRequest("GET", f"{PBX}/xapi/v1/Users", body=b"{}"), False),
        (HttpRequest("POST", f"{PBX}/xapi/v1/Users", body=b"{}"), False),
        (HttpRequest("POST", f"{PBX}/connect/token/revoke"), False),
        (HttpRequest("POST", "https://elsewhere.example.com/connect/token"), False),
        (HttpRequest("DELETE", f"{PBX}/xapi/v1/Users(1)"), False),
        (HttpRequest("PATCH", f"{PBX}/xapi/v1/Users(1)", body=b"{}"), False),
        (HttpRequest("PUT", f"{PBX}/connect/token"), False),
        (HttpRequest("get", f"{PBX}/xapi/v1/Users"), False),
    ],
    ids=str,
)  # fmt: skip
def test_the_door_to_the_network_lets_only_gets_through(request_: HttpRequest, passes: bool) -> None:
    network = Network()
    door = real_pbx.GetOnly(network, PBX)
    if passes:
        asyncio.run(door.send(request_))
    else:
        with pytest.raises(UsageError, match="A recording sends no"):
            asyncio.run(door.send(request_))
    assert len(network.sent) == passes


def test_what_takes_too_long_or_is_too_large_is_noted(pbx: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_pbx, "SECONDS", 1.0)
    monkeypatch.setattr(real_pbx, "LARGEST", 20_000)
    pbx.held["/SystemStatus"] = Event()
    pbx.routes["/Contacts?$select=Id"] = listed("Contacts(Id)", *[{"Id": number} for number in range(5000)])
    answers = record(pbx).answers
    assert (answers["/SystemStatus"].status, answers["/SystemStatus"].problem) == (0, "timed_out")
    assert answers["/Contacts?$select=Id"].problem == "broken_answer"
    assert answers["/Users?$top=2&$count=true"].status == 200


@pytest.mark.parametrize(("status", "most_sign_ins"), [(401, 2), (403, 1), (404, 1), (500, 1)])
def test_a_pbx_that_answers_nothing_ends_the_recording(pbx: StandIn, status: int, most_sign_ins: int) -> None:
    pbx.status_of_all = status
    with pytest.raises(BrokenAnswer, match=str(status)):
        record(pbx)
    assert [method for method, _ in pbx.asked].count("POST") <= most_sign_ins
    assert len(pbx.asked) <= 4


def test_what_is_not_the_api_ends_the_recording(pbx: StandIn) -> None:
    pbx.routes[PROBES[0]] = (200, b"<html>a portal</html>")
    with pytest.raises(BrokenAnswer, match="something other than JSON"):
        record(pbx)


def test_a_pbx_that_is_not_there_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    nowhere = {
        **environment,
        "TRUNKLINE_URL": closed_port(),
        "TRUNKLINE_CLIENT_ID": "x",
        "TRUNKLINE_CLIENT_SECRET": "y",
    }
    done = run(*COMMAND, "record", "--yes", folder=tmp_path, environment=nowhere)
    assert (done.returncode, "can't be reached" in done.stderr) == (6, True)
    assert not (tmp_path / "recording.json").exists()


def test_names_beside_the_rows_are_withheld_unless_published() -> None:
    body = {"value": [], "@odata.nextLink": "https://x", "Zuleika": 1, "zuleika@odata.type": "x", "Number": "1"}
    shape = Shaper(catalog.load()).shape(body, catalog.TypeSpec("Pbx.User", collection=True), is_entity=False)
    assert list(shape.properties) == ["value", "@odata.nextLink", "…", "Number"]


def test_a_pbx_that_falls_silent_ends_the_recording(pbx: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_pbx, "SECONDS", 0.3)
    pbx.held |= {probe: Event() for probe in PROBES[1:]}
    with pytest.raises(BrokenAnswer, match="timed_out"):
        record(pbx)
    assert len(pbx.asked) == 5  # the sign-in, an answer, and three that never came


def test_what_is_nested_without_end_is_no_trouble(pbx: StandIn) -> None:
    pbx.routes["/SystemStatus"] = (200, b'{"value":' + b"[" * 900 + b"]" * 900 + b"}")
    pbx.routes["/OfficeHours"] = (200, b"{" + b'"Hours":{' * 100_000)
    pbx.routes["/Defs/Codecs?$top=2&$count=true"] = error(400, "x" * 100_000)
    answers = record(pbx).answers
    assert answers["/SystemStatus"].status == answers["/OfficeHours"].status == 200
    assert len(msgspec.json.encode(answers["/SystemStatus"])) < 2000


def test_credentials_that_are_refused_are_an_error(pbx: StandIn) -> None:
    with pytest.raises(SignInError):
        record(pbx, key="wrong")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ([], 2, "--yes keeps it without asking"),
        (["--yes", "--output", "there.json"], 2, "there.json exists"),
        (["--yes", "--profile", "nobody"], 3, "No profile is called 'nobody'"),
        (["--yes", "--output", "no/such/folder/file.json"], 3, "can't be written"),
    ],
)
def test_what_can_not_be_kept_is_explained(
    options: list[str], code: int, says: str, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "there.json").write_text("mine")
    done = run(*RECORD, *options, folder=tmp_path, environment=environment)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "there.json").read_text() == "mine"
    assert not (tmp_path / "recording.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="it needs a terminal")
class TestAtATerminal:
    def test_a_person_sees_the_recording_and_says_no(self, environment: dict[str, str], tmp_path: Path) -> None:
        terminal = Terminal([*RECORD, "--output", str(tmp_path / "kept.json")], environment)
        seen = terminal.until("kept.json? [y/N]:")
        assert '"/Users?$top=2&$count=true"' in seen
        assert "206 answers" in seen
        assert leaks(seen.replace(str(tmp_path), "")) == []
        terminal.type("n\n")
        terminal.until("Nothing was kept.")
        assert terminal.end() == 0
        assert not (tmp_path / "kept.json").exists()

    def test_a_person_says_yes(self, environment: dict[str, str], tmp_path: Path) -> None:
        terminal = Terminal([*RECORD, "--output", str(tmp_path / "kept.json")], environment)
        terminal.until("kept.json? [y/N]:")
        assert not (tmp_path / "kept.json").exists()
        terminal.type("y\n")
        assert terminal.end() == 0
        assert stat.S_IMODE((tmp_path / "kept.json").stat().st_mode) == 0o600

    def test_ctrl_c_keeps_nothing(self, pbx: StandIn, environment: dict[str, str], tmp_path: Path) -> None:
        pbx.held["/SystemStatus"] = Event()
        terminal = Terminal([*RECORD, "--output", str(tmp_path / "kept.json")], environment)
        terminal.until("/SipDevices")
        while ("GET", "/SystemStatus") not in pbx.asked:
            time.sleep(0.01)
        terminal.interrupt()
        terminal.until("Interrupted; nothing was kept.")
        assert terminal.end() == 130
        assert [each.name for each in tmp_path.iterdir()] == ["profiles.toml"]

    def test_ctrl_c_at_the_question_keeps_nothing(self, environment: dict[str, str], tmp_path: Path) -> None:
        terminal = Terminal([*RECORD, "--output", str(tmp_path / "kept.json")], environment)
        terminal.until("kept.json? [y/N]:")
        terminal.interrupt_question()
        assert terminal.end() == 130
        assert [each.name for each in tmp_path.iterdir()] == ["profiles.toml"]
