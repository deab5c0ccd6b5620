"""The exporter as a process: its pages, what it refuses, how it shares readings, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import System
from exporting import TIMEOUT, Exporter, key, running_exporter, series_of
from saved_fleet import KEY, SavedFleet


def metrics(environment: dict[str, str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run ``trunkline metrics`` to its end."""
    command = [sys.executable, "-m", "trunkline", "metrics", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)


# ── pages


def test_all_pbxs_are_on_one_page_and_a_dead_and_a_slow_one_cost_only_their_own_series(exporter: Exporter) -> None:
    series = exporter.series()
    up = {labels[0][1]: value for (name, labels), value in series.items() if name == "threecx_up"}
    assert up == {"pbx-01": 1, "pbx-02": 1, "pbx-03": 1, "pbx-04": 0}
    assert series[key("threecx_down_info", pbx="pbx-04", reason="unreachable")] == 1
    assert series[key("threecx_extensions", pbx="pbx-01")] == 40
    assert any(name == "process_cpu_seconds_total" for name, _ in series)
    assert any(name == "trunkline_exporter_build_info" for name, _ in series)


def test_a_pbx_that_is_slower_than_the_scrape_may_be_is_down_in_that_scrape_only(fleet: SavedFleet) -> None:
    words = ("--profile", "pbx-01", "--profile", "pbx-03", "--min-interval", "0")
    with running_exporter(fleet.environment, *words) as exporter:
        series = series_of(exporter.get(headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"}).text)
        assert series[key("threecx_down_info", pbx="pbx-03", reason="timed_out")] == 1
        assert exporter.series()[key("threecx_up", pbx="pbx-03")] == 1


def test_a_probe_has_one_pbx_and_nothing_of_the_exporter(exporter: Exporter) -> None:
    series = exporter.series("/probe?target=pbx-02&module=ignored")
    assert {dict(labels)["pbx"] for _, labels in series} == {"pbx-02"}
    assert series[key("threecx_up", pbx="pbx-02")] == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/probe", 400),
        ("/probe?target=pbx-01&target=pbx-02", 400),
        ("/probe?target=nobody", 404),
        ("/probe?target=http://169.254.169.254/", 404),
        ("/probe?target=pbx-0*", 404),
        (f"/probe?target={'x' * 3_000}", 414),
        (f"/metrics?{'x' * 3_000}", 414),
        ("/nowhere", 404),
        ("/metrics/", 404),
        ("/..%2fmetrics", 404),
    ],
)
def test_other_addresses_are_refused_with_a_line(exporter: Exporter, path: str, status: int) -> None:
    answer = exporter.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.count("\n") == 1


@pytest.mark.parametrize("path", ["/metrics", "/probe?target=pbx-01", "/", "/-/healthy"])
def test_pages_are_read_and_nothing_else(exporter: Exporter, path: str) -> None:
    head = exporter.get(path, "HEAD")
    assert (head.status_code, head.text) == (200, "")
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert exporter.get(path, method).status_code == 405


def test_another_host_name_is_refused(exporter: Exporter) -> None:
    assert exporter.get(headers={"Host": "evil.example.com"}).status_code == 421


def test_it_says_that_it_is_well(exporter: Exporter) -> None:
    assert exporter.get("/-/healthy").text == "Healthy.\n"
    assert exporter.get("/-/ready").text == "Ready.\n"


def test_the_first_page_leads_to_the_others(exporter: Exporter, fleet: SavedFleet) -> None:
    answer = exporter.get("/")
    assert all(f'href="probe?target={name}"' in answer.text for name in (*fleet.names, *fleet.dead))
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert KEY not in answer.text


# ── what a PBX is asked


def test_two_scrapes_at_once_are_one_reading_and_all_are_one_token(fleet: SavedFleet) -> None:
    with running_exporter(fleet.environment, "--profile", "pbx-01", "--min-interval", "3600") as exporter:
        fleet.tenant("pbx-01").emulator.clear_journal()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: exporter.series(), range(4)))
        journal = list(fleet.tenant("pbx-01").emulator.journal)
    assert all(series[key("threecx_up", pbx="pbx-01")] == 1 for series in answers)
    readings = [entry for entry in journal if entry.path.startswith("/xapi/v1/SystemStatus?")
                or entry.path == "/xapi/v1/SystemStatus"]  # fmt: skip
    assert len(readings) == 1
    assert sum(entry.path == "/connect/token" for entry in journal) <= 1, "0 where an exporter before left it one"
    assert all(entry.method == "GET" or entry.path == "/connect/token" for entry in journal)


def test_one_pbx_of_the_environment_is_enough(environment: dict[str, str], system: System) -> None:
    done = metrics(environment, "--once")
    assert (done.returncode, done.stderr) == (0, "")
    name = system.url.removeprefix("http://")
    assert series_of(done.stdout)[key("threecx_calls_active", pbx=name)] == 4


# ── once


def test_once_prints_for_a_textfile_collector_and_ends_with_7_if_a_pbx_failed(fleet: SavedFleet) -> None:
    done = metrics(dict(fleet.environment), "--once", "--profile", "pbx-01", "--profile", "pbx-04")
    assert (done.returncode, done.stderr) == (7, "1 of 2 PBXs could not be read.\n")
    series = series_of(done.stdout)
    assert series[key("threecx_up", pbx="pbx-01")] == 1
    assert series[key("threecx_up", pbx="pbx-04")] == 0
    assert not [name for name, _ in series if name.startswith("process_")], "node_exporter has its own"


def test_once_waits_for_a_slow_pbx_longer_than_a_scrape_may(fleet: SavedFleet) -> None:
    emulator = fleet.tenant("pbx-02").emulator
    emulator.add_fault({"match": {"path": "/Trunks*"}, "do": {"delay": 5.5}})  # half of a scrape is less
    try:
        done = metrics(dict(fleet.environment), "--once", "--profile", "pbx-02")
    finally:
        emulator.clear_faults()
    assert (done.returncode, done.stderr) == (0, "")
    assert series_of(done.stdout)[key("threecx_part_up", pbx="pbx-02", part="trunks")] == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--once", "--otlp", "http://collector.example.com"), 2),
        (("--min-interval", "nan"), 2),
        (("--profile", "nobody"), 3),
        (("--tls-key", __file__), 2),
        (("--otlp", "ftp://collector.example.com"), 3),
        (("--otlp", "http://user:secret-of-the-collector@collector.example.com"), 3),
        (("--web-config-file", __file__), 3),
    ],
)
def test_options_that_make_no_sense_are_refused(fleet: SavedFleet, words: tuple[str, ...], code: int) -> None:
    done = metrics(dict(fleet.environment), *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert "secret-of-the-collector" not in done.stderr
    assert "Traceback" not in done.stderr


# ── its end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(fleet: SavedFleet, number: int) -> None:
    with running_exporter(fleet.environment, "--profile", "pbx-01") as exporter:
        exporter.series()
        assert exporter.end(number) == (0, "", "")


def test_an_address_that_others_reach_is_warned_of_in_one_line(fleet: SavedFleet) -> None:
    with running_exporter(fleet.environment, "--profile", "pbx-01", host="0.0.0.0") as exporter:
        code, _, errors = exporter.end()
    assert code == 0
    assert errors.startswith("Warning: 0.0.0.0 has no TLS and no password, so every machine that reaches it can read")
    assert errors.count("\n") == 1


def test_it_ends_well_while_a_scrape_waits_for_a_slow_pbx(fleet: SavedFleet) -> None:
    emulator = fleet.tenant("pbx-02").emulator
    fault = emulator.add_fault("silence@/*")
    try:
        with running_exporter(fleet.environment, "--profile", "pbx-02", "--min-interval", "0") as exporter:
            with ThreadPoolExecutor(1) as pool:
                emulator.clear_journal()
                scrape = pool.submit(exporter.get, headers={"X-Prometheus-Scrape-Timeout-Seconds": "100"})
                while not emulator.journal:
                    pass
                assert exporter.end() == (0, "", "")
                assert scrape.exception() is not None or scrape.result().status_code == 500
    finally:
        emulator.clear_faults()
    assert fault is not None


def test_without_the_extra_it_says_how_to_install_it(fleet: SavedFleet) -> None:
    code = "import sys; sys.modules['prometheus_client'] = None; from trunkline.cli import main; main(['metrics'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(fleet.environment),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 3
    assert "pip install 'trunkline[metrics]'" in done.stderr
