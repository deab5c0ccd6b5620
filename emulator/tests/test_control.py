"""``/_emulator``: what an emulator can be told while it runs, by Python and over HTTP."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_emulator import Emulator, NotAllowed

from .conftest import Dial, Line

JSON = {"content-type": "application/json"}
OURS = {"x-trunkline-emulator": "1"}


def control(line: Line, method: Any, path: Any, body: Any = None, headers: Any = None) -> Any:
    """A control request in process, without a token."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return line.send(method, f"/_emulator{path}", content, {**JSON, **OURS, **(headers or {})}, host="localhost")


# ── what it leaves alone ─────────────────────────────────────────────────────────────────────────


def test_control_is_no_part_of_the_journal_and_no_fault_hits_it(pbx: Line) -> None:
    pbx.emulator.add_fault("reset-before")
    pbx.emulator.clear_journal()
    assert control(pbx, "GET", "").status == 200
    assert pbx.emulator.journal == []


# ── what can be asked ────────────────────────────────────────────────────────────────────────────


def test_the_first_page_says_what_can_be_done(pbx: Line) -> None:
    about = control(pbx, "GET", "").json
    assert (about["version"], about["seed"], about["faults"], about["clock_skew"]) == ("20.0.10", "demo", 0, 0)
    assert about["variants"] == pbx.emulator.variants.as_dict()
    for line in about["controls"]:
        method, _, path = line.partition(" ")
        assert control(pbx, method, path.removeprefix("/_emulator")).status in (200, 204, 400), line
        assert control(pbx, "BREW", path.removeprefix("/_emulator")).status == 405


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("GET", "/nothing", None, 404, "/_emulator/nothing is not there."),
        ("GET", "/reset/all", None, 404, "is not there"),
        ("GET", "/reset", None, 405, "GET is not possible here."),
        ("POST", "/seed", b"{", 400, "The body is not valid JSON"),
        ("POST", "/seed", b"\xff", 400, "The body is not valid JSON"),
        ("POST", "/seed", {"seed": "none"}, 400, "No seed is called 'none'"),
        ("POST", "/seed", {}, 400, "Either a seed or rows are expected."),
        ("POST", "/seed", {"seed": 1}, 400, "seed: 1 is of the wrong type."),
        ("POST", "/seed", {"rows": {"Faxes": []}}, 400, "Faxes: 3CX has no such set."),
        ("POST", "/seed", {"rows": {"Fax": {}}}, 400, "Fax: a list of rows is expected."),
        ("POST", "/seed", {"rows": {"Fax": [{"Id": "1"}]}}, 400, "Fax, row 1, Id: Cannot convert the value"),
        (
            "POST",
            "/seed",
            {"rows": {"Fax": [{"Colour": "red"}]}},
            400,
            "Fax, row 1, Colour: Pbx.Fax has no",
        ),
        ("PUT", "/snapshot", {}, 400, "That is not a snapshot"),
        ("POST", "/faults", "boom", 400, "No fault is called 'boom'."),
        ("POST", "/faults", [{"do": "stall"}, {"do": "boom"}], 400, "exactly one kind"),
        ("POST", "/faults", 7, 400, "A fault is an object"),
        ("DELETE", "/faults/7", None, 400, "No fault has the id 7."),
        ("DELETE", "/faults/x", None, 400, "'x' is not the id of a fault."),
        ("PATCH", "/faults", {}, 400, "A seed is expected."),
        ("PATCH", "/variants", {"etags": "on"}, 400, "etags: 'on' is not"),
        ("PATCH", "/variants", ["etags"], 400, "An object with some variants is expected."),
        ("GET", "/journal?since=x", None, 400, "since: 'x' is not a whole number from 0 up."),
        ("GET", "/journal?operation=DeleteFx", None, 400, "no action is called 'DeleteFx'. Did you mean"),
        ("GET", "/journal?from=1", None, 400, "The journal has no option 'from'."),
        ("POST", "/clients", {"client_id": "x"}, 400, "client_id and api_key are expected"),
        ("POST", "/clients", {"client_id": "x", "api_key": "y", "roles": [1]}, 400, "roles are texts"),
        ("POST", "/clients", {"client_id": "x", "password": "y"}, 400, "There is no field 'password' here."),
        ("POST", "/tokens/revoke", {"client": "x"}, 400, "There is no field 'client' here."),
        ("POST", "/clock", {}, 400, "How many seconds this PBX is ahead is expected."),
        ("POST", "/clock", {"skew": 1e300}, 400, "is not a number of seconds below a hundred years."),
        ("POST", "/clock", {"skew": "1"}, 400, "skew: '1' is of the wrong type."),
    ],
)
def test_mistakes_are_told(pbx: Line, method: str, path: str, body: Any, status: int, told: str) -> None:
    answer = control(pbx, method, path, body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert told in answer.json["error"]
    assert pbx.emulator.faults == []
    if status == 405:
        assert answer.headers["allow"] == ", ".join(answer.json["allowed"])


def test_reset_and_seeds(pbx: Line) -> None:
    pbx.ask("DELETE", "/Fax(121)")
    assert control(pbx, "POST", "/reset").status == 204
    assert pbx.get("/Fax(121)").status == 200
    assert control(pbx, "POST", "/seed", {"seed": "empty"}).status == 204
    assert pbx.get("/Fax").rows == []
    rows = {"Fax": [{"Id": 900, "Number": "900"}], "MailSettings": {"MailServer": "mail.example.com"}}
    assert control(pbx, "POST", "/seed", {"rows": rows}).status == 204
    for _ in range(2):
        assert [row["Number"] for row in pbx.get("/Fax").rows] == ["900"]
        assert pbx.get("/MailSettings").json["MailServer"] == "mail.example.com"
        assert pbx.get("/Groups").rows
        assert pbx.ask("PATCH", "/Fax(900)", {"OutboundCallerId": "x"}).status == 204
        pbx.emulator.reset()
        assert pbx.get("/Fax(900)").json.get("OutboundCallerId") != "x"
    assert control(pbx, "GET", "").json["seed"] == "of one's own"


def test_a_seed_of_rows_from_the_start(dial: Dial) -> None:
    assert [row["Id"] for row in dial(seed={"Fax": [{"Id": 5, "Number": "5"}]}).get("/Fax").rows] == [5]
    with pytest.raises(ValueError, match=r"No seed is called 'none'; there are demo, empty, large"):
        Emulator(seed="none")


def test_faults_over_http(pbx: Line) -> None:
    assert control(pbx, "POST", "/faults", b"500:times=1@/Users*", {"content-type": "text/plain"}).json == {"ids": [1]}
    rules = ["503@/Fax*", {"match": {"method": "DELETE"}, "do": {"status": 403}}]
    assert control(pbx, "POST", "/faults", rules).json == {"ids": [2, 3]}
    assert [pbx.get("/Users").status for _ in range(2)] == [500, 200]
    assert pbx.get("/Fax").status == 503
    shown = control(pbx, "GET", "/faults").json
    assert [(rule["id"], rule["seen"], rule["hit"]) for rule in shown["faults"]] == [(1, 2, 1), (2, 1, 1), (3, 0, 0)]
    assert control(pbx, "PATCH", "/faults", {"seed": 9}).status == 204
    assert pbx.get("/Users").status == 500
    assert control(pbx, "DELETE", "/faults/2").status == 204
    assert [rule["id"] for rule in pbx.emulator.faults] == [1, 3]
    assert control(pbx, "DELETE", "/faults").status == 204
    assert pbx.emulator.faults == []


def test_variants_over_http(pbx: Line) -> None:
    told = control(pbx, "PATCH", "/variants", {"etags": True, "page_size": 3}).json["variants"]
    assert (told["etags"], told["page_size"]) == ("weak", 3)
    assert len(pbx.get("/Fax?$count=true").rows) <= 3
    assert pbx.get("/Fax(121)").headers["etag"]
    shown = control(pbx, "GET", "/variants").json
    assert shown["variants"] == told
    assert shown["choices"]["etags"] == "'off' or 'weak' or 'strict'"


def test_the_journal_over_http(pbx: Line) -> None:
    pbx.get("/Fax")
    pbx.ask("DELETE", "/Fax(121)")
    entries = control(pbx, "GET", "/journal?since=1").json["entries"]
    assert [(e["id"], e["operation"], e["effect"]) for e in entries] == [(2, "ListFax", False), (3, "DeleteFax", True)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", entries[0]["at"])
    assert len(control(pbx, "GET", "/journal?operation=DeleteFax&limit=5").json["entries"]) == 1
    assert control(pbx, "GET", "/journal?limit=1").json["entries"][0]["path"] == "/connect/token"
    control(pbx, "DELETE", "/journal")
    assert control(pbx, "GET", "/journal").json == {"entries": []}


def test_clients_and_tokens_over_http(pbx: Line) -> None:
    key = "a-key-that-nobody-sees"
    made = {"client_id": "other", "api_key": key, "roles": ["system_admins"]}
    assert control(pbx, "POST", "/clients", made).status == 204
    shown = control(pbx, "GET", "/clients")
    assert {"client_id": "other", "roles": ["system_admins"]} in shown.json["clients"]
    first = pbx.token
    assert pbx.sign_in("other", key).get("/Users").status == 200
    assert pbx.get("/Recordings").status == 403
    assert control(pbx, "POST", "/tokens/revoke", {"client_id": "other"}).json == {"revoked": 1}
    assert pbx.get("/Users").status == 401
    pbx.token = first
    assert pbx.get("/Users").status == 200
    assert control(pbx, "POST", "/tokens/revoke").json == {"revoked": 1}
    assert pbx.get("/Users").status == 401
    everything = "".join(
        control(pbx, "GET", path).body.decode() for path in ("", "/clients", "/journal", "/faults", "/variants")
    )
    for secret in (key, first, pbx.token, pbx.emulator.api_key):
        assert secret not in everything


def test_the_clock_and_the_levels_over_http(pbx: Line) -> None:
    assert control(pbx, "POST", "/clock", {"skew": -3600}).json["skew"] == -3600
    assert control(pbx, "GET", "/clock").json["skew"] == -3600
    assert control(pbx, "GET", "/evidence").json["actions"]["fax.delete"] == "seen"


# ── snapshots ────────────────────────────────────────────────────────────────────────────────────

LOOKS = (
    "/Users?$expand=Groups",
    "/Groups",
    "/Fax",
    "/Peers",
    "/MyUser",
    "/MailSettings",
    "/EmailTemplate",
    "/Recordings",
)


def look(line: Line) -> Any:
    return [(answer.status, answer.body) for answer in (line.get(path) for path in LOOKS)]


@pytest.mark.parametrize("version", ["20.0.10", "20.0.7", "pre-20.0.5"])
def test_a_restored_snapshot_gives_the_same_answers(dial: Dial, version: str) -> None:
    line = dial(version=version, variants={"etags": "weak"})
    line.ask("DELETE", "/Fax(121)")
    line.ask("POST", "/Fax", {"Number": "7001"})
    line.ask("PATCH", "/MyUser", {"FirstName": "Changed"})
    before = look(line)
    answer = control(line, "GET", "/snapshot")
    line.ask("POST", "/Fax", {"Number": "7002"})
    line.emulator.vary({"etags": "off", "page_size": 3})
    control(line, "POST", "/seed", {"seed": "empty"})
    assert look(line) != before
    assert control(line, "PUT", "/snapshot", answer.body).status == 204
    assert look(line) == before
    assert control(line, "GET", "/snapshot").body == answer.body
    other = dial(version=version)
    other.emulator.restore(answer.json)
    assert look(other) == before
    ids = [line.ask("POST", "/Fax", {"Number": "7003"}).json["Id"] for line in (line, other)]
    assert ids[0] == ids[1]
    line.ask("PATCH", "/MyUser", {"FirstName": "Again"})
    assert "Again" in line.get("/Users").body.decode()


def test_a_snapshot_is_of_its_version(dial: Dial) -> None:
    saved = dial(version="20.0.7").emulator.snapshot()
    with pytest.raises(NotAllowed, match=r"The snapshot is of version 20\.0\.7, this PBX is 20\.0\.10\."):
        Emulator().restore(saved)


@pytest.mark.parametrize(
    "damage",
    [
        {"state": []},
        {"state": {"sets": {}}},
        {"variants": {"etags": "on"}},
        {"variants": None},
        {"seed": "none"},
        {"clock_skew": "now"},
        {"version": None},
    ],
    ids=str,
)
def test_a_damaged_snapshot_changes_nothing(pbx: Line, damage: dict[str, Any]) -> None:
    before = look(pbx)
    with pytest.raises(NotAllowed):
        pbx.emulator.restore({**pbx.emulator.snapshot(), **damage})
    assert look(pbx) == before


# ── whatever it is told, it answers ──────────────────────────────────────────────────────────────

PATHS = ("", "/reset", "/seed", "/faults", "/faults/1", "/variants", "/journal", "/clients", "/tokens/revoke", "/clock")
BODIES = st.one_of(
    st.sampled_from(
        [
            {"seed": "empty"},
            {"rows": {"Fax": [{"Id": 1, "Number": "1"}]}},
            {"rows": {"LicenseStatus": {"LicenseActive": None}}},
            {"etags": "strict"},
            {"page_size": 1, "next_link": "skiptoken"},
            {"licence": "expired"},
            {"throttle": True},
            {"bearer": "opaque", "expires_in": "minutes"},
            {"skew": -(10**9)},
            {"skew": 3 * 10**9},
            {"client_id": "x", "api_key": "y"},
            "403:0.5",
            {"match": {"every": 2}, "do": {"status": 500, "when": "after"}},
            {"do": "drop_tokens"},
        ]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(st.tuples(st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]), st.sampled_from(PATHS), BODIES))
)
def test_after_any_controls_it_still_answers(dial: Dial, told: Any) -> None:
    line = dial()
    for method, path, body in told:
        assert control(line, method, path, body).status in (200, 204, 400, 404, 405)
        assert line.get("/LicenseStatus").status in (200, 401, 403, 429, 500)
    saved = control(line, "GET", "/snapshot")
    assert control(line, "PUT", "/snapshot", saved.body).status == 204
    line.emulator.clear_faults()
    line.emulator.vary({"throttle": False, "licence": "ok"})
    assert line.sign_in().get("/Fax").status == 200
