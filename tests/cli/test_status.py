"""`trunkline status`: one PBX at a glance, many as a table, and what deserves attention."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from terminal import TRUNKLINE, Terminal
from trunkline.cli.attention import Limits, concerns
from trunkline.cli.glance import PARTS, UNKNOWN, told
from trunkline_emulator import Emulator, fleet, running

Line = Callable[..., Any]
Ask = Callable[..., Any]

NOW = datetime.now(UTC)


def later(days: float) -> str:
    """A date so many days from now; an hour more, so that no test runs into the next whole day."""
    return (NOW + timedelta(days=days, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seed(**changes: dict[str, Any] | list[dict[str, Any]]) -> dict[str, Any]:
    """A PBX with which all is well, but for the changes."""
    well: dict[str, Any] = {
        "LicenseStatus": {"LicenseKey": "X", "ExpirationDate": later(400), "MaintenanceExpiresAt": later(400)},
        "Backups": [backup(1)],
        "Trunks": [trunk("10000", True)],
    }
    return {**well, **changes}


def backup(age: float) -> dict[str, Any]:
    name = f"{age:g}-days-old.zip"
    return {"FileName": name, "CreationTime": later(-age), "DownloadLink": f"/{name}", "Size": 1}


def trunk(number: str, online: bool) -> dict[str, Any]:
    gateway = {"Name": f"Line {number}", "Type": "Provider"}
    return {"Id": int(number), "Number": number, "IsOnline": online, "Gateway": gateway}


Serve = Callable[..., System]


@pytest.fixture(scope="module")
def _places() -> Iterator[list[System]]:
    """Three PBXs, for all tests here: starting one takes longer than looking at it."""
    with fleet(3) as tenants:
        yield [System(tenant.emulator, tenant.url) for tenant in tenants]


@pytest.fixture
def serve(_places: list[System]) -> Serve:
    """A PBX with which all is well, but for the changes; at most three in a test."""
    free = iter(_places)

    def now(**changes: Any) -> System:
        system = next(free)
        system.emulator.add_client(CLIENT, KEY, roles=("system_owners",))
        system.emulator.clear_faults()
        system.emulator.load_seed(seed(**changes))
        return system

    return now


@pytest.fixture
def at(line: Line) -> Ask:
    """Run `trunkline status` on a PBX."""

    def run(url: str, *argv: str, client: str = CLIENT, key: str = KEY) -> Any:
        return line("status", "--url", url, "--client-id", client, "--client-secret", key, *argv)

    return run


@pytest.fixture
def saved(file: Path) -> Callable[..., None]:
    """Save connections by name and address; one without a key was signed out of."""

    def now(keyless: tuple[str, ...] = (), **urls: str) -> None:
        file.parent.mkdir(exist_ok=True)
        tables = [
            f'[{name}]\nurl = "{url}"\nclient_id = "{CLIENT}"\n'
            + ("" if name in keyless else f'client_secret = "{KEY}"\n')
            for name, url in urls.items()
        ]
        file.write_text("\n".join(tables), encoding="utf-8")
        file.chmod(0o600)

    return now


@pytest.fixture
def troubled(system: System) -> Iterator[System]:
    """The demo company, whose faults and variants end with the test."""
    yield system
    system.emulator.clear_faults()
    system.emulator.vary({"licence": "ok"})


# ── one PBX ─────────────────────────────────────────────────────────────────────────────────────


def test_a_pipe_gets_one_object_with_everything(at: Ask, system: System) -> None:
    said = at(system.url)
    assert (said.code, said.err) == (0, "")
    (row,) = said.lines
    assert row["url"] == system.url
    assert row["version"] == "20.0.10.0"
    assert row["updates"] == {"available": 4, "version": "20.0.10.1"}
    assert (row["licence"]["product"], row["licence"]["active"]) == ("3CXPSENTSPLA", True)
    assert row["licence"]["expires"] == "2099-06-30T00:00:00Z"
    assert row["calls"] == {"active": 4, "licensed": 16}
    assert row["extensions"] == {"registered": 35, "total": 40, "system_registered": True}
    assert row["trunks"] == {"registered": 2, "total": 2, "not_registered": []}
    assert row["services"] == {"running": 8, "total": 8, "all_running": True, "not_running": []}
    assert row["disk"]["total"] == 107_374_182_400
    assert 0 < row["disk"]["used_percent"] < 100
    backup = row["backup"]
    assert (backup["file"], backup["last"]) == ("backup-2026-06-15.zip", "2026-06-15T02:00:00Z")
    assert (backup["count"], backup["scheduled"]) == (3, True)
    assert (row["stopped"], row["unread"], row["error"]) == ([], {}, None)


def test_it_asks_once_for_each_part_and_changes_nothing(at: Ask, system: System) -> None:
    assert at(system.url).code == 0
    assert len(system.sent("GET")) == len(PARTS)
    assert system.sent("POST") == ["/connect/token"]


def test_all_well_is_no_attention(at: Ask, serve: Serve) -> None:
    system = serve()
    said = at(system.url, "--check")
    assert said.lines[0]["attention"] == []
    assert said.code == 0


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.5", "20.0.9"])
def test_an_old_pbx_tells_as_much(at: Ask, version: str) -> None:
    with running(Emulator(version, client_id=CLIENT, api_key=KEY, seed=seed())) as url:
        (row,) = at(url).lines
    assert row["version"].startswith(version)
    assert (row["unread"], row["attention"]) == ({}, [])
    assert row["trunks"]["total"] == 1


@pytest.mark.parametrize(
    ("changes", "about", "said"),
    [
        ({"Backups": [backup(9), backup(8)]}, "backup", "The last backup is 8 days old."),
        ({"Backups": []}, "backup", "There is no backup."),
        (
            {"LicenseStatus": {"LicenseKey": "X", "ExpirationDate": later(12), "MaintenanceExpiresAt": later(12)}},
            "licence",
            f"The licence ends in 12 days ({later(12)[:10]}).",
        ),
        (
            {"LicenseStatus": {"LicenseKey": "X", "ExpirationDate": later(-3), "LicenseActive": False}},
            "licence",
            f"The licence has ended ({later(-3)[:10]}).",
        ),
        (
            {"LicenseStatus": {"LicenseKey": "X", "ExpirationDate": None, "MaintenanceExpiresAt": later(1)}},
            "licence",
            f"Its maintenance ends in 1 day ({later(1)[:10]}).",
        ),
        ({"Trunks": [trunk("10000", True), trunk("10001", False)]}, "trunks", "Not registered: 10001 (Line 10001)."),
        ({"SystemStatus": {"FreeDiskSpace": 5_000_000_000}}, "disk", "The disk is 95.3 % full."),
        ({"SystemStatus": {"RecordingStopped": True}}, "disk", "Stopped for want of space: recording."),
        ({"SystemStatus": {"VoicemailQuotaReached": True}}, "disk", "Reached: the voicemail quota."),
        (
            {"Users": [{"Id": 900, "Number": "100", "FirstName": "Ada", "LastName": "Quill", "IsRegistered": False}]},
            "extensions",
            "None of 1 extensions is registered.",
        ),
    ],
)
def test_what_deserves_attention(at: Ask, changes: dict[str, Any], about: str, said: str, serve: Serve) -> None:
    system = serve(**changes)
    plain, checked = at(system.url), at(system.url, "--check")
    assert [(item["about"], item["said"]) for item in plain.lines[0]["attention"]] == [(about, said)]
    assert (plain.code, checked.code) == (0, 1)


def test_stopped_services_are_named(at: Ask, serve: Serve) -> None:
    system = serve()
    services = [{"Name": "IVR", "Status": "Stopped"}, {"Name": "Tunnel", "Status": "Running"}]
    system.emulator.add_fault({"match": {"path": "/Services*"}, "do": {"status": 200, **rows(services)}})
    (row,) = at(system.url).lines
    assert row["services"]["not_running"] == [{"name": "IVR", "status": "Stopped"}]
    assert row["attention"][0]["said"] == "Not running: IVR (Stopped)."


def rows(value: list[dict[str, Any]]) -> dict[str, Any]:
    """What makes a fault answer with a list."""
    return {"body": json.dumps({"value": value}), "content_type": "application/json"}


@pytest.mark.parametrize(
    ("options", "attention"),
    [
        (("--backup-days", "8"), []),
        (("--backup-days", "6"), ["backup"]),
        (("--licence-days", "40"), []),
        (("--licence-days", "41"), ["licence"]),
    ],
)
def test_the_bounds_are_options(at: Ask, options: tuple[str, ...], attention: list[str], serve: Serve) -> None:
    licence = {"LicenseKey": "X", "ExpirationDate": later(40), "MaintenanceExpiresAt": later(400)}
    system = serve(Backups=[backup(7.5 if "8" in options else 6.5)], LicenseStatus=licence)
    (row,) = at(system.url, *options).lines
    assert [item["about"] for item in row["attention"]] == attention


def test_every_command_that_is_advised_works(line: Line, saved: Callable[..., None], serve: Serve) -> None:
    licence = {"LicenseKey": "X", "ExpirationDate": later(1), "MaintenanceExpiresAt": later(2), "MaxSimCalls": 1}
    users = [{"Id": 900, "Number": "100", "FirstName": "Ada", "LastName": "Quill", "IsRegistered": False}]
    disk = {"FreeDiskSpace": 0}
    system = serve(LicenseStatus=licence, Backups=[], Trunks=[trunk("10000", False)], Users=users, SystemStatus=disk)
    saved(acme=system.url)
    system.emulator.add_fault("500@/GetUpdates*")
    (row,) = line("status", "--profile", "acme").lines
    system.emulator.clear_faults()
    assert {item["about"] for item in row["attention"]} == {
        "licence", "trunks", "extensions", "disk", "backup", "unread",
    }  # fmt: skip
    for item in row["attention"]:
        program, *argv = shlex.split(item["next"])
        assert program == "trunkline"
        assert argv[-2:] == ["--profile", "acme"]
        assert line(*argv).code == 0, item


# ── parts that can't be read ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "why", "attention"),
    [
        ("403@/Services*", "refused", ["unread"]),
        ("404@/Services*", "missing", []),
        ("500@/Services*", "failed", ["unread"]),
        ("garbage@/Services*", "failed", ["unread"]),
        ("reset-before@/Services*", "failed", ["unread"]),
    ],
)
def test_a_part_that_fails_takes_no_other_down(
    at: Ask, fault: str, why: str, attention: list[str], serve: Serve
) -> None:
    system = serve()
    system.emulator.add_fault(fault)
    said = at(system.url)
    (row,) = said.lines
    assert said.code == 0
    assert row["unread"]["services"]["why"] == why
    assert row["services"] == {"running": None, "total": None, "all_running": True, "not_running": []}
    assert row["calls"] == {"active": 0, "licensed": 16}
    assert row["backup"]["count"] == 1
    assert [item["about"] for item in row["attention"]] == attention


def test_parts_may_hang_for_as_long_as_they_are_allowed(at: Ask, serve: Serve) -> None:
    system = serve()
    for path in ("/SystemStatus*", "/Trunks*", "/GetUpdates*"):
        system.emulator.add_fault(f"silence@{path}")
    said = at(system.url, "--timeout", "1.5")
    assert list(said.lines[0]["unread"]) == ["system", "trunks", "updates"]


def test_without_the_status_the_lists_still_count(at: Ask, serve: Serve) -> None:
    system = serve(Trunks=[trunk("10000", True), trunk("10001", False)])
    system.emulator.add_fault("500@/SystemStatus*")
    (row,) = at(system.url).lines
    assert (row["trunks"]["registered"], row["trunks"]["total"]) == (1, 2)
    assert row["calls"] == {"active": None, "licensed": 16}
    assert row["version"] == "20.0.10.0"
    assert row["backup"]["file"] == "1-days-old.zip"


def test_without_the_list_of_backups_the_status_tells_the_last(at: Ask, serve: Serve) -> None:
    system = serve(Backups=[backup(3)])
    system.emulator.add_fault("403@/Backups*")
    (row,) = at(system.url).lines
    assert (row["backup"]["file"], row["backup"]["count"]) == (None, None)
    assert 2.9 < row["backup"]["age_days"] < 3.1


def test_an_ended_licence_is_said_though_all_else_is_refused(at: Ask, troubled: System) -> None:
    troubled.emulator.vary({"licence": "expired"})
    said = at(troubled.url, "--check")
    (row,) = said.lines
    assert {item["why"] for item in row["unread"].values()} == {"refused"}
    assert row["attention"][0]["said"].startswith("The licence has ended")
    assert said.code == 1


ANSWERS: dict[str, Any] = dict.fromkeys(PARTS)


@pytest.mark.parametrize(
    "answers",
    [
        {"licence": {}, "system": {}, "services": [], "trunks": [], "backups": [], "updates": {}},
        {"services": [{}], "trunks": [{}], "backups": [{}], "updates": {"Entries": None}},
        {"services": [None], "trunks": [3], "backups": ["x"], "updates": []},
        {"system": {"CallsActive": "4", "TotalDiskSpace": 0, "ExtensionsTotal": True}},
        {"licence": {"ExpirationDate": "0001-01-01T00:00:00.0000000+00:00", "MaintenanceExpiresAt": "soon"}},
        {"trunks": [{"Number": "10000", "Gateway": None}]},
        {"trunks": [{"Number": "10000", "Gateway": "x"}], "services": [{"Name": "IVR"}, {"Status": "Running"}]},
    ],
)
def test_fields_that_are_left_out_are_not_known(answers: dict[str, Any]) -> None:
    row = told({**ANSWERS, **answers}, None, NOW)
    assert row.keys() == UNKNOWN.keys()
    assert {item.about for item in concerns(row, Limits())} <= {"backup"}
    assert row["licence"]["days_left"] is None
    assert row["trunks"]["not_registered"] == []
    assert (row["services"]["all_running"], row["services"]["not_running"]) == (None, [])


@pytest.mark.parametrize(
    ("statuses", "flag", "running", "every"),
    [
        (["Running", "Running"], True, 2, True),
        (["Running", "Stopped"], False, 1, False),
        (["Running", "StartPending"], None, 1, False),
        (["Running", None], None, 1, None),
        (["Running", None], True, 1, False),
        ([], False, 0, True),
    ],
)
def test_a_service_runs_only_if_it_says_so(
    statuses: list[str | None], flag: bool | None, running: int, every: bool | None
) -> None:
    services = [{"Name": "IVR", "Status": status} for status in statuses]
    row = told({**ANSWERS, "services": services, "system": {"HasNotRunningServices": flag}}, None, NOW)
    assert (row["services"]["running"], row["services"]["all_running"]) == (running, every)


def test_dates_come_in_every_spelling_of_iso_8601() -> None:
    system = {"LastBackupDateTime": "2026-06-15T02:00:00.1234567+02:00"}
    assert told({**ANSWERS, "system": system}, None, NOW)["backup"]["last"] == "2026-06-15T00:00:00Z"


# ── a PBX that can't be looked at ───────────────────────────────────────────────────────────────


def test_a_dead_pbx_ends_with_6(at: Ask) -> None:
    said = at(closed_port())
    assert (said.code, said.out) == (6, "")
    assert "can't be reached" in said.err


def test_a_pbx_that_hangs_ends_with_6(at: Ask, troubled: System) -> None:
    troubled.emulator.add_fault("silence@/*")
    said = at(troubled.url, "--timeout", "0.3")
    assert (said.code, said.out) == (6, "")
    assert troubled.url.removeprefix("http://") in said.err
    assert "--timeout" in said.err


def test_refused_credentials_end_with_4_after_one_try(at: Ask, system: System) -> None:
    said = at(system.url, key="wrong")
    assert (said.code, said.out) == (4, "")
    assert system.sent("POST") == ["/connect/token"]


def test_a_token_that_is_never_taken_ends_with_4_after_one_renewal(at: Ask, troubled: System) -> None:
    troubled.emulator.add_fault("401@/LicenseStatus*")
    said = at(troubled.url)
    assert (said.code, said.out) == (4, "")
    assert troubled.sent("POST") == ["/connect/token"] * 2


def test_a_sign_in_that_breaks_ends_with_6(at: Ask, troubled: System) -> None:
    troubled.emulator.add_fault({"match": {"path": "^/connect/token"}, "do": {"status": 500}})
    said = at(troubled.url)
    assert (said.code, said.out) == (6, "")
    assert "failed at sign-in" in said.err


def test_a_client_without_rights_ends_with_5_and_hears_where_to_look(at: Ask, system: System) -> None:
    said = at(system.url, client=VIEWER, key=VIEWER_KEY)
    assert (said.code, said.out) == (5, "")
    assert "may see nothing of its status (403)" in said.err
    assert "trunkline doctor" in said.err


# ── many PBXs ───────────────────────────────────────────────────────────────────────────────────


def test_of_many_each_is_a_row_and_the_worst_come_first(line: Line, saved: Callable[..., None], serve: Serve) -> None:
    well = serve()
    ill = serve(Backups=[], Trunks=[trunk("10000", False)])
    poor = serve(Backups=[])
    saved(well=well.url, ill=ill.url, poor=poor.url, dead=closed_port(), away=closed_port(), keyless=("away",))
    said = line("status", "--all")
    assert said.code == 7
    assert [row["pbx"] for row in said.lines] == ["away", "dead", "ill", "poor", "well"]
    assert len({tuple(row) for row in said.lines}) == 1, "every row has the same fields in the same order"
    away, dead, ill, *_ = said.lines
    assert away["error"]["hint"] == "`trunkline login away` asks for the API key."
    assert (dead["error"]["exit_code"], dead["version"]) == (6, None)
    assert [item["about"] for item in ill["attention"]] == ["trunks", "backup"]
    assert ill["attention"][0]["next"].endswith(" --profile ill")
    assert said.err == "2 of 5 PBXs could not be looked at.\n"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--profile", "customer-*"), ["customer-a", "customer-b"]),
        (("--profile", "customer-a", "--profile", "shop"), ["customer-a", "shop"]),
        (("--profile", "s*"), ["shop"]),
        (("--all",), ["customer-a", "customer-b", "shop"]),
    ],
)
def test_profiles_are_named_by_patterns(
    line: Line, saved: Callable[..., None], options: tuple[str, ...], names: list[str], serve: Serve
) -> None:
    system = serve()
    saved(**{"customer-a": system.url, "customer-b": system.url, "shop": system.url})
    said = line("status", *options, "-o", "json")
    assert said.code == 0
    assert [row["pbx"] for row in json.loads(said.out)] == names


@pytest.mark.parametrize("place", ["before", "after"])
def test_one_profile_by_its_name_is_one_object(
    line: Line, saved: Callable[..., None], place: str, serve: Serve
) -> None:
    system = serve()
    saved(acme=system.url)
    named = ("--profile", "acme")
    argv = (*named, "status") if place == "before" else ("status", *named)
    assert json.loads(line(*argv, "-o", "json").out)["pbx"] == "acme"


@pytest.mark.parametrize(
    ("backups", "options", "code"),
    [([backup(1)], ("--check",), 0), ([], ("--check",), 1), ([], (), 0)],
)
def test_check_looks_at_all_of_them(
    line: Line, saved: Callable[..., None], backups: list[Any], options: tuple[str, ...], code: int, serve: Serve
) -> None:
    well = serve()
    other = serve(Backups=backups)
    saved(well=well.url, other=other.url)
    assert line("status", "--all", *options).code == code


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--all", "--profile", "a"), 2, "--all is every saved PBX"),
        (("--all", "--url", "https://pbx.example.com"), 2, "--url goes with one PBX"),
        (("--profile", "a*", "--client-id", "x"), 2, "--client-id goes with one PBX"),
        (("--profile", "z*"), 3, "No profile is called 'z*'"),
        (("--profile", "z"), 3, "No profile is called 'z'"),
        (("--backup-days", "-1"), 2, "--backup-days"),
        (("--query", "["), 2, "--query"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_sent(
    line: Line, saved: Callable[..., None], argv: tuple[str, ...], code: int, said: str
) -> None:
    saved(a=closed_port())
    answer = line("status", *argv)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err


def test_nothing_saved_is_no_empty_fleet(line: Line) -> None:
    said = line("status", "--all")
    assert said.code == 3
    assert "trunkline login NAME" in said.err


# ── how it is written ───────────────────────────────────────────────────────────────────────────


def test_the_shared_options_say_how_it_is_written(at: Ask, system: System) -> None:
    assert at(system.url, "--columns", "version,calls.active", "-o", "csv").out == (
        "version,calls.active\n20.0.10.0,4\n"
    )
    assert at(system.url, "--query", "services.running").out == "8\n"
    assert at(system.url, "-o", "yaml", "--columns", "version").out == "version: 20.0.10.0\n"


def test_a_table_says_why_a_part_is_not_there(at: Ask, troubled: System) -> None:
    troubled.emulator.add_fault("500@/SystemStatus*")
    out = at(troubled.url, "-o", "table").out
    assert "System     failed: 127.0.0.1:" in out
    assert "Services   8 of 8 running" in out
    assert "Calls      ? of 16" in out
    assert "Disk" not in out


def test_a_terminal_gets_a_table_and_what_to_type_next(environment: dict[str, str], system: System) -> None:
    terminal = Terminal([TRUNKLINE, "status"], environment)
    assert terminal.end() == 0
    assert "35 of 40 registered" in terminal.seen
    assert "20.0.10.0 (20.0.10.1 is available)" in terminal.seen
    assert "Attention:\r\n  The last backup is " in terminal.seen
    assert """trunkline backups backup --description '{"Name": "now"}'""" in terminal.seen


def test_a_narrow_terminal_cuts_no_command(
    environment: dict[str, str], saved: Callable[..., None], file: Path, serve: Serve
) -> None:
    system = serve(Backups=[])
    saved(acme=system.url, dead=closed_port())
    own = {**environment, "COLUMNS": "60", "TRUNKLINE_PROFILES": str(file)}
    terminal = Terminal([TRUNKLINE, "status", "--all"], own, size=(24, 60))
    assert terminal.end() == 7
    assert "FAILED" in terminal.seen
    assert """'{"Name": "now"}' --profile acme""" in terminal.seen
    assert "dead: 127.0.0.1:" in terminal.seen
    assert "1 of 2 PBXs could not be looked at." in terminal.seen


def test_ctrl_c_shows_what_was_seen_so_far(
    environment: dict[str, str], saved: Callable[..., None], file: Path, serve: Serve
) -> None:
    quick = serve()
    slow = serve()
    saved(quick=quick.url, slow=slow.url)
    slow.emulator.add_fault("silence@/*")
    terminal = Terminal([TRUNKLINE, "status", "--all"], {**environment, "TRUNKLINE_PROFILES": str(file)})
    terminal.until("1/2")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Interrupted: 1 of 2 PBXs were looked at." in terminal.seen
    assert "quick   ok" in terminal.seen
