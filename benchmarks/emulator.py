"""What the emulator costs: reads and deletes beside a bare ASGI answer and beside Prism, start-up, memory."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from .figures import Figure, Options, Subject, by_turns
from .load import AT_ONCE, ask, request
from .server import API_KEY, CLIENT_ID, started

SHOWN = 1000  # every time is given for that many requests
PRISM = Path(__file__).parents[1] / ".venv" / "prism" / "node_modules" / ".bin" / "prism"
HOW_TO_INSTALL_PRISM = "Prism is left out, not being installed: npm install --prefix .venv/prism @stoplight/prism-cli"
READY = 60.0  # seconds that Prism may take to read 601 operations

EMULATOR = "the emulator"
BARE = "a bare ASGI answer"
BARE_AIM, PRISM_AIM = 0.4, 10.0
START_AIM, MEMORY_AIM = 0.5, 80.0

_START = """
import sys, time
from trunkline_emulator import Emulator, running
with running(Emulator(seed="demo")):
    print(time.perf_counter())
    status = open("/proc/self/status").read() if sys.platform == "linux" else ""
    print(next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")), 0))
"""


def measure(options: Options) -> list[Subject]:
    with ExitStack() as stack:
        emulator = stack.enter_context(started()).url
        servers = {EMULATOR: emulator, BARE: stack.enter_context(started("benchmarks.bare")).url}
        notes = []
        if shutil.which(str(PRISM)):
            servers["Prism"] = stack.enter_context(_prism(emulator))
        else:
            notes.append(HOW_TO_INSTALL_PRISM)
        token = _token(emulator)
        (first,) = _new_contacts(emulator, token, 1)
        reads = {
            name: partial(_timed, url, [request("GET", f"{_base(name)}/Contacts({first})", token)], options, 200)
            for name, url in servers.items()
        }
        deletes = {name: partial(_deletes, name, url, token, emulator, options) for name, url in servers.items()}
        subjects = [
            _subject("1,000 reads of a contact", by_turns(reads, options.rounds * 3), notes),
            _subject("1,000 deletes of contacts", by_turns(deletes, options.rounds * 3), []),
        ]
    return [*subjects, *_start(options)]


def _subject(what: str, samples: dict[str, list[float]], notes: list[str]) -> Subject:
    aims = {BARE: BARE_AIM, "Prism": PRISM_AIM}
    rates = ", ".join(f"{SHOWN / sorted(times)[len(times) // 2]:,.0f} ({name})" for name, times in samples.items())
    figures = [Figure(name, times, ratio_at_least=aims.get(name)) for name, times in samples.items()]
    return Subject(what, "s", figures, [f"{AT_ONCE} at once over kept connections; a second: {rates}.", *notes])


def _timed(url: str, requests: list[bytes], options: Options, status: int) -> float:
    """Seconds for 1,000 requests; a single one is sent over and over. RuntimeError for any other answer."""
    sent = requests * options.requests if len(requests) == 1 else requests
    begun = time.perf_counter()
    statuses = ask(url, sent)
    spent = time.perf_counter() - begun
    if statuses != {status: len(sent)}:
        raise RuntimeError(f"{url} answered {dict(statuses)}, {status} was expected")
    return spent / len(sent) * SHOWN


def _deletes(name: str, url: str, token: str, emulator: str, options: Options) -> float:
    """The emulator loses contacts that were made for it; the others lose none, but are sent the same."""
    ids = _new_contacts(emulator, token, options.requests) if name == EMULATOR else range(1, options.requests + 1)
    return _timed(url, [request("DELETE", f"{_base(name)}/Contacts({n})", token) for n in ids], options, 204)


def _base(name: str) -> str:
    """Prism takes the paths of the description as they are."""
    return "" if name == "Prism" else "/xapi/v1"


def _token(url: str) -> str:
    form = urlencode({"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": API_KEY})
    with urllib.request.urlopen(f"{url}/connect/token", form.encode()) as answer:
        token: str = msgspec.json.decode(answer.read())["access_token"]
    return token


def _new_contacts(url: str, token: str, count: int) -> list[int]:
    """Make contacts; their Ids count up, so the last one tells them all."""
    body = msgspec.json.encode({"FirstName": "Contact", "PhoneNumber": "+12025550100"})
    made = request("POST", "/xapi/v1/Contacts", token, body)
    ask(url, [made] * (count - 1))
    asked = urllib.request.Request(f"{url}/xapi/v1/Contacts", body)
    asked.add_header("Authorization", f"Bearer {token}")
    asked.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(asked) as answer:
        last: int = msgspec.json.decode(answer.read())["Id"]
    return list(range(last - count + 1, last + 1))


@contextmanager
def _prism(emulator: str) -> Iterator[str]:
    """Prism on a free port, answering from the description that the emulator gives of itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [str(PRISM), "mock", "--port", str(port), "--verboseLevel", "silent", f"{emulator}/xapi/v1/swagger.yaml"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(partial(socket.create_connection, ("127.0.0.1", port)), process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(connect: Callable[[], socket.socket], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until and process.poll() is None:
        try:
            connect().close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"Prism did not answer within {READY:.0f} s")


def _start(options: Options) -> list[Subject]:
    """From the start of a process to its first answer, and the memory it then has."""
    seconds, megabytes = [], []
    for _ in range(options.runs):
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _START], check=True, capture_output=True, text=True)
        ready, resident = done.stdout.split()
        seconds.append(float(ready) - begun)  # both processes read the same clock
        megabytes.append(int(resident) / 1000)
    return [
        Subject("start of the emulator, demo seed", "s", [Figure(EMULATOR, seconds, at_most=START_AIM)], []),
        Subject("… its memory", "MB", [Figure(EMULATOR, megabytes, at_most=MEMORY_AIM)], []),
    ]
