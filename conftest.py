"""What the tests of both packages share: the same environment on every machine, and nothing kept from test to test."""

from __future__ import annotations

import gc
import os
import re
import secrets
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from certificates import Authority
from trunkline import redaction
from trunkline.catalog import answered

pytest_plugins = ("once", "postgres", "prometheus")

# A test never times: a busy machine takes seconds over what a quiet one does in milliseconds.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Containers often forbid Python to keep bytecode; then each command that a test starts compiles what it imports again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Files with tests that take long each: with several workers they come first, so that none ends alone with one of them.
_LONG = re.compile(
    r"integrations/prefect/tests/|test_(readme|survival|schemathesis|distributions|site|checkers|state)\.py$"
)

# What a machine's environment may say of where to connect and how to draw; a test that wants it says it itself.
_SAID = re.compile(
    r"TRUNKLINE_(?!SPECS$).+|(HTTPS?|ALL|NO)_PROXY"
    r"|TERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|COLORTERM|TTY_(COMPATIBLE|INTERACTIVE)|PAGER|LESS",
    re.IGNORECASE,
)


def pytest_xdist_auto_num_workers() -> int:
    """Start two workers a processor, at most four: the suite waits for other processes half of its time."""
    return min(4, 2 * (os.cpu_count() or 1))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without a search for garbage: they and their modules live as long as the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first; the others keep their order."""
    items.sort(key=lambda item: _LONG.search(item.path.as_posix()) is None)


@pytest.fixture(scope="session", autouse=True)
def _environment_of_nobody() -> Iterator[None]:
    """Show tests the same environment on every machine, behind a proxy too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(_SAID.fullmatch, list(os.environ)):
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Commands of tests heed Ctrl-C, even where a shell started the tests in the background, that is, without it."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    if ignored:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.fixture(scope="session", autouse=True)
def _few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust a single authority: each client reads the certificates of all, which takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(Authority(tmp_path_factory.mktemp("authorities"), "Nobody's CA").ca_file))
        patch.delenv("SSL_CERT_DIR", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _token_folders(_environment_of_nobody: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tokens, profiles and all else of tests is kept far from the developer's own, in subprocesses too."""
    folder = tmp_path_factory.mktemp("tokens")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUNKLINE_TOKEN_DIR", str(folder / "shared"))
        patch.setenv("TRUNKLINE_PROFILES", str(folder / "profiles.toml"))
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        yield folder


@pytest.fixture(autouse=True)
def _token_folder(_token_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds the token of another."""
    monkeypatch.setenv("TRUNKLINE_TOKEN_DIR", str(_token_folders / secrets.token_hex(8)))


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """No test knows the secrets of another, or what a PBX answered it."""
    redaction.forget()
    answered.forget()
