"""Every number that an option or a variable takes: what a clock, a socket or a counter would choke on is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import System

Line = Callable[..., Any]
NO_SECONDS = ["1e14", "1e308", "nan", "inf", "-inf", "-1", "0", "31536001", "9" * 400, "x", "1,5"]


@pytest.mark.parametrize("value", NO_SECONDS)
@pytest.mark.parametrize("command", [["fax", "get", "4"], ["status"], ["doctor"], ["calls", "watch", "--count", "1"]])
def test_a_timeout_that_no_clock_can_count(
    trunkline: Line, system: System, monkeypatch: pytest.MonkeyPatch, command: list[str], value: str
) -> None:
    refused = trunkline(*command, "--timeout", value)
    assert refused.code in (2, 3)
    assert "timeout" in refused.err + refused.out
    monkeypatch.setenv("TRUNKLINE_TIMEOUT", value)
    refused = trunkline(*command)
    assert refused.code == 3
    assert "TRUNKLINE_TIMEOUT" in refused.err + refused.out


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e300", "x", "64 MB", "1048577"])
@pytest.mark.parametrize("variable", ["TRUNKLINE_MAX_ANSWER", "TRUNKLINE_MAX_FILE"])
def test_a_size_that_is_none(trunkline: Line, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    refused = trunkline("fax", "list")
    assert refused.code == 3
    assert f"{variable} is {value!r}. It is a number of MB above 0" in " ".join(refused.err.split())


def test_the_size_of_the_environment_counts(trunkline: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_MAX_ANSWER", "0.0001")
    refused = trunkline("users", "list")
    assert refused.code == 6
    assert "more than 104 bytes" in refused.err
    assert "TRUNKLINE_MAX_ANSWER" in refused.err
    monkeypatch.setenv("TRUNKLINE_MAX_ANSWER", "1")
    assert trunkline("users", "list").code == 0


HUGE = ["1e14", "1e300", "nan", "inf", "9" * 400]
OPTIONS = [
    ("run fax.delete --yes --retry-wait", 1),
    ("job run fax.delete --name n --yes --rate", 1),
    ("job run fax.delete --name n --yes --patience", 1),
    ("calls watch --for", 1),
    ("calls watch --interval", 1),
    ("status --backup-days", 1),
    ("emulator --latency", 1),
    ("emulator --clock-skew", 1),
]


@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("option", [option for option, _ in OPTIONS])
def test_a_span_that_no_timer_can_wait_for(trunkline: Line, option: str, value: str) -> None:
    refused = trunkline(*option.split(), value, stdin="")
    assert refused.code == 2
    assert option.rsplit(maxsplit=1)[-1] in refused.err


@pytest.mark.parametrize("value", ["5e-324", "0", "-1"])
def test_a_rate_that_means_never(trunkline: Line, value: str) -> None:
    assert trunkline("job", "run", "fax.delete", "--name", "n", "--yes", "--rate", value, stdin="").code == 2


@pytest.mark.parametrize(
    "option",
    [
        "run fax.delete --yes --concurrency",
        "run fax.delete --yes --retries",
        "run fax.delete --yes --max-errors",
        "job run fax.delete --name n --yes --attempts",
        "job run fax.delete --name n --yes --max-errors",
        "job run fax.delete --name n --yes --concurrency",
        "fax list --top",
        "fax list --skip",
        "fax get",
        "status --licence-days",
        "calls watch --count",
        "emulator --tenants",
        "emulator --port",
        "export fax --concurrency",
        "import contacts --concurrency",
    ],
)
@pytest.mark.parametrize("value", ["-1", "1.5", "nan", "9" * 5000])
def test_a_count_that_is_none(trunkline: Line, tmp_path: Path, option: str, value: str) -> None:
    refused = trunkline(*option.split(), value, stdin="")
    assert refused.code in (2, 5), refused.err
    assert not re.search("Traceback|Error\\(", refused.err)
