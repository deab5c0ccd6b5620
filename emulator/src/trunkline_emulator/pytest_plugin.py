"""Fixtures for tests of software that talks to a 3CX: an emulated one on a real socket, as new for each test.

    def test_my_sync(pbx_emulator):
        my_sync(pbx_emulator.url, pbx_emulator.client_id, pbx_emulator.api_key)
        assert pbx_emulator.journal[-1].path == "/xapi/v1/Contacts"

pytest loads this module in every run where trunkline-emulator is installed, so the emulator is imported only when it is
used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import Address, Answer, Entry

Factory = Callable[..., "PbxEmulator"]
_MARKER = "pbx_emulator(**options): the options of this test's emulated PBX, such as version, seed, etags, tls"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


class PbxEmulator:
    """A running emulator: where it answers, how to sign in, what it was asked."""

    def __init__(self, emulator: Any, url: Address) -> None:
        self.emulator = emulator
        self.url = url
        self.client_id: str = emulator.client_id
        self.api_key: str = emulator.api_key
        self._faults: list[int] = []

    @property
    def journal(self) -> list[Entry]:
        """What it was asked in this test, oldest first."""
        journal: list[Entry] = self.emulator.journal
        return journal

    def ask(self, method: str, path: str, **given: Any) -> Answer:
        """Ask it past the network, to prepare a test or to look at what it did."""
        answer: Answer = self.emulator.ask(method, path, **given)
        return answer

    def fault(self, rule: Any) -> int:
        """Let requests go wrong by a rule, as ``Emulator.add_fault`` takes it, until this test ends."""
        number: int = self.emulator.add_fault(rule)
        self._faults.append(number)
        return number

    def reset(self) -> None:
        """Back to the seed, without faults and with an empty journal."""
        while self._faults:
            self.emulator.remove_fault(self._faults.pop())
        self.emulator.reset()


class _Servers:
    """One running emulator for each set of options, shared by the tests that ask for it."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[str, PbxEmulator] = {}

    def get(self, options: dict[str, Any]) -> PbxEmulator:
        key = repr(sorted(options.items()))
        if key not in self._running:
            self._running[key] = self._stack.enter_context(_Started(options))
        return self._running[key]

    def close(self) -> None:
        self._stack.close()


class _Started:
    """An emulator that runs while a ``with`` block does."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = dict(options)
        self._stack = ExitStack()

    def __enter__(self) -> PbxEmulator:
        from . import Emulator, running

        tls = self._options.pop("tls", False)
        with ExitStack() as stack:
            emulator = Emulator(**self._options)
            stack.callback(emulator.close)
            url = stack.enter_context(running(emulator, tls=tls))
            self._stack = stack.pop_all()
        return PbxEmulator(emulator, url)

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@pytest.fixture(scope="session")
def pbx_emulator_options() -> dict[str, Any]:
    """Options of every emulated PBX of this run: override it to have another version, seed, ETags, TLS."""
    return {}


@pytest.fixture(scope="session")
def _pbx_emulator_servers() -> Iterator[_Servers]:
    servers = _Servers()
    yield servers
    servers.close()


@pytest.fixture
def pbx_emulator(
    request: pytest.FixtureRequest, pbx_emulator_options: dict[str, Any], _pbx_emulator_servers: _Servers
) -> Iterator[PbxEmulator]:
    """Yield an emulated PBX as new, on a real socket; ``@pytest.mark.pbx_emulator(...)`` gives it other options."""
    options = dict(pbx_emulator_options)
    for marker in reversed(list(request.node.iter_markers("pbx_emulator"))):
        options.update(marker.kwargs)
    found = _pbx_emulator_servers.get(options)
    found.reset()
    yield found
    found.reset()


@pytest.fixture
def pbx_emulator_factory(pbx_emulator_options: dict[str, Any]) -> Iterator[Factory]:
    """Start one more emulated PBX with these options each time it is called; they stop when the test ends."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(_Started({**pbx_emulator_options, **options}))
