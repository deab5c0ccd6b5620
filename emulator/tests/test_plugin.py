"""The pytest plugin, in test runs of its own, and asking in process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from trunkline_emulator import Emulator, running

from .conftest import Line

pytest_plugins = ["pytester"]


# Plugins of the suite's other tools, which take longer to import than the runs below to end.
OTHERS = [f"-pno:{name}" for name in ("schemathesis", "hypothesispytest", "anyio", "pyreqwest", "xdist", "pytest_cov")]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Any:
    """Run a test file where the package is installed: pytest finds the plugin by itself."""

    def run(source: Any, *options: Any) -> Any:
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-W", "error", "--strict-markers", *OTHERS, *options)

    return run


CONTACT = {"FirstName": "Ada", "PhoneNumber": "+12025550142"}


def test_a_test_gets_a_running_pbx_as_new(run: Any) -> None:
    result = run(
        """
        import urllib.error, urllib.parse, urllib.request, json
        import pytest

        def token(pbx):
            form = {"grant_type": "client_credentials", "client_id": pbx.client_id, "client_secret": pbx.api_key}
            with urllib.request.urlopen(pbx.url + "/connect/token", urllib.parse.urlencode(form).encode()) as answer:
                return json.load(answer)["access_token"]

        @pytest.mark.parametrize("turn", range(2))
        def test_each_starts_anew(pbx_emulator, turn):
            request = urllib.request.Request(pbx_emulator.url + "/xapi/v1/Fax(124)", method="DELETE")
            request.add_header("Authorization", "Bearer " + token(pbx_emulator))
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 204
            assert [(e.method, e.path, e.status) for e in pbx_emulator.journal] == [
                ("POST", "/connect/token", 200), ("DELETE", "/xapi/v1/Fax(124)", 204),
            ]
            pbx_emulator.reset()
            assert pbx_emulator.journal == []
            assert pbx_emulator.ask("GET", "/Fax(124)").status == 200
        """
    )
    result.assert_outcomes(passed=2)


def test_one_server_serves_all_tests_with_the_same_options(run: Any) -> None:
    result = run(
        """
        import pytest
        seen = set()

        @pytest.mark.parametrize("turn", range(3))
        def test_shared(pbx_emulator, turn):
            seen.add(pbx_emulator.url)
            assert len(seen) == 1

        @pytest.mark.pbx_emulator(seed="empty")
        def test_another(pbx_emulator):
            assert pbx_emulator.url not in seen
            assert pbx_emulator.ask("GET", "/Users").json()["value"] == []
        """
    )
    result.assert_outcomes(passed=4)


def test_options_of_the_run_the_class_and_the_test(run: Any) -> None:
    result = run(
        """
        import pytest

        @pytest.fixture(scope="session")
        def pbx_emulator_options():
            return {"version": "20.0.7", "seed": "empty"}

        def test_the_run(pbx_emulator):
            assert pbx_emulator.emulator.version == "20.0.7"

        @pytest.mark.pbx_emulator(version="20.0.8")
        class TestAll:
            def test_the_class(self, pbx_emulator):
                assert pbx_emulator.emulator.version == "20.0.8"

            @pytest.mark.pbx_emulator(version="20.0.9", etags=True)
            def test_the_test(self, pbx_emulator):
                assert (pbx_emulator.emulator.version, pbx_emulator.emulator.etags) == ("20.0.9", True)
                assert pbx_emulator.ask("GET", "/Users").json()["value"] == []
        """
    )
    result.assert_outcomes(passed=3)


def test_more_pbxs_and_tls(run: Any) -> None:
    result = run(
        """
        import ssl, urllib.error, urllib.request
        import pytest

        def test_two(pbx_emulator, pbx_emulator_factory):
            other, third = pbx_emulator_factory(seed="empty"), pbx_emulator_factory(tls=True)
            assert len({pbx_emulator.url, other.url, third.url}) == 3
            other.ask("POST", "/Users", json={"Number": "100"})
            assert len(other.ask("GET", "/Users").json()["value"]) == 1
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(third.url, context=ssl.create_default_context(cafile=third.url.ca))
        """
    )
    result.assert_outcomes(passed=1)


def test_wrong_options_fail_the_test_and_nothing_else(run: Any) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.pbx_emulator(seed="nope")
        def test_wrong(pbx_emulator):
            pass

        def test_right(pbx_emulator):
            assert pbx_emulator.url
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*No seed is called 'nope'*"])


def test_faults_end_with_the_test(run: Any) -> None:
    """The emulator's own faults are tested elsewhere; here, that a test's rules are taken back after it."""
    result = run(
        """
        import pytest

        @pytest.fixture(scope="session")
        def added():
            return []

        def test_adds(pbx_emulator, added, monkeypatch):
            rules = pbx_emulator.emulator.__dict__.setdefault("rules", {})
            kind = type(pbx_emulator.emulator)
            kind.add_fault = lambda self, rule: rules.setdefault(len(rules) + 1, rule) and len(rules)
            kind.remove_fault = lambda self, number: rules.pop(number)
            pbx_emulator.fault("reset-after:0.05")
            assert rules == {1: "reset-after:0.05"}

        def test_has_none(pbx_emulator):
            assert pbx_emulator.emulator.rules == {}
        """
    )
    result.assert_outcomes(passed=2)


def test_the_plugin_loads_next_to_nothing() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import trunkline_emulator.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert loaded == ["trunkline_emulator", "trunkline_emulator.pytest_plugin"]


# ── asking in process ───────────────────────────────────────────────────────────────────────────


def test_asking_signs_in_and_speaks_json() -> None:
    emulator = Emulator()
    made = emulator.ask("POST", "/Contacts", json=CONTACT)
    assert (made.status, made.json()["Id"]) == (201, 61)
    assert made.headers["x-trunkline-evidence"]
    found = emulator.ask("GET", "/Contacts?$filter=FirstName eq 'Ada'&$select=Id").json()
    assert found["value"] == [{"Id": 61}]
    assert found["@odata.context"] == "https://pbx.example.com/xapi/v1/$metadata#Contacts(Id)"
    assert emulator.ask("GET", "/xapi/v1/Contacts(61)").status == 200
    assert emulator.ask("GET", "/WebsiteLinks('o''brien-münchen')").status == 200
    assert emulator.ask("GET", "/Contacts(62)").status == 404


def test_asking_kills_nobody_elses_token(pbx: Line) -> None:
    pbx.emulator.ask("GET", "/Users")
    assert pbx.get("/Users").status == 200


def test_asking_with_headers_of_ones_own() -> None:
    emulator = Emulator(etags=True)
    assert emulator.ask("DELETE", "/Fax(124)", headers={"If-Match": 'W/"stale"'}).status == 412
    assert emulator.ask("GET", "/Fax", headers={"Authorization": "Bearer nonsense"}).status == 401


def test_asking_goes_on_when_its_token_has_died() -> None:
    emulator = Emulator(token_lifetime=0.05)
    assert [emulator.ask("GET", "/Fax(124)").status for _ in range(2)] == [200, 200]
    asyncio.run(asyncio.sleep(0.1))
    assert emulator.ask("GET", "/Fax(124)").status == 200


def test_asking_from_within_an_event_loop() -> None:
    async def ask() -> Any:
        return Emulator().ask("GET", "/Defs").status

    assert asyncio.run(ask()) == 200


def test_an_asgi_transport_needs_no_port_either() -> None:
    emulator = Emulator(client_id="tests", api_key="a-key-for-tests")

    async def sign_in() -> Any:
        transport = httpx2.ASGITransport(app=emulator)
        async with httpx2.AsyncClient(transport=transport, base_url="https://pbx.example.com") as client:
            form = {"grant_type": "client_credentials", "client_id": "tests", "client_secret": "a-key-for-tests"}
            token = (await client.post("/connect/token", data=form)).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            return await client.get("/xapi/v1/WebsiteLinks('o''brien-m%C3%BCnchen')", headers=headers)

    assert asyncio.run(sign_in()).json()["Name"] == "Büro O'Brien"


def test_asking_while_the_server_answers_others(tmp_path: Path) -> None:
    """Two threads at one PBX with a state file: every write is done and kept."""
    emulator = Emulator(state=tmp_path / "pbx.db")
    with running(emulator) as url:
        form = {
            "grant_type": "client_credentials",
            "client_id": emulator.client_id,
            "client_secret": emulator.api_key,
        }
        token = httpx2.post(f"{url}/connect/token", data=form).json()["access_token"]

        def write_over_http() -> Any:
            with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
                return [client.post("/xapi/v1/Contacts", json=CONTACT).status_code for _ in range(100)]

        with ThreadPoolExecutor(1) as aside:
            over_http = aside.submit(write_over_http)
            asked = [emulator.ask("POST", "/Contacts", json=CONTACT).status for _ in range(100)]
        assert {*asked, *over_http.result()} == {201}
    emulator.close()
    again = Emulator(state=tmp_path / "pbx.db")
    assert again.ask("GET", "/Contacts?$count=true&$top=0").json()["@odata.count"] == 260
    again.close()
