"""The worker process (worker.py) as seen from here: started when it is first needed, kept, and replaced when it ended.

There is one for a process, used by one thread at a time. It gets neither our environment nor a terminal; Ctrl-C doesn't
reach it, and it ends when this process does, however that ends.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ConfigurationError

CPU_LIMIT = hasattr(signal, "setitimer")  # else the worker limits its wall time
_PATIENCE = 30.0  # seconds of wall time: a loaded machine gives the worker little CPU
_START = 60.0  # seconds until it must be ready
_SCRIPT = Path(__file__).with_name("worker.py")
_PASSED_ON = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without these some Pythons don't start
_INSTALL = "Install it with: pip install quickjs-ng. Plain templates such as {{ $json.Id }} work without it."


class Ended(Exception):
    """The worker ended during a request. ``too_long``: because it ran longer than it may."""

    def __init__(self, code: int | None, *, too_long: bool) -> None:
        super().__init__(code)
        self.code = code
        self.too_long = too_long


class WorkerProcess:
    """A running worker. Raises ConfigurationError if it can't be started."""

    def __init__(self) -> None:
        _check_quickjs()
        self.items: Sequence[Any] | None = None  # what it was given as the items of the run
        self.count = 0
        try:
            self._process = _start()
        except OSError as problem:
            raise _not_started(str(problem)) from None
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._write_to, self._read_from = self._process.stdin.fileno(), self._process.stdout.fileno()
        paths = [os.path.abspath(path) for path in sys.path if path]  # noqa: PTH100 - an entry may be a zip file
        try:
            (greeting,) = self.ask({"path": paths, "cpu_limit": CPU_LIMIT}, (), _START)
        except Ended as ended:
            raise _not_started(f"it ended with exit code {ended.code}") from None
        if missing := msgspec.json.decode(greeting).get("missing"):
            self.stop()
            raise ConfigurationError(
                f"This template is JavaScript, and quickjs can't be imported: {missing}.", hint=_INSTALL
            )

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def ask(self, request: dict[str, Any], lines: Sequence[str], patience: float = _PATIENCE) -> list[str]:
        """Return the lines of the worker's answer. Raises Ended if it ended instead; it is then no longer of use."""
        body = "\n".join((msgspec.json.encode(request).decode(), *lines)).encode()
        ends = time.monotonic() + patience
        try:
            self._write(struct.pack("!Q", len(body)) + body)
            answer = self._read(ends)
        except TimeoutError:
            self.stop(kill=True)
            raise Ended(None, too_long=True) from None
        except (OSError, EOFError):
            self.stop()
            code = self._process.returncode
            over_limit = code == -signal.SIGPROF if CPU_LIMIT else code == 1
            raise Ended(code, too_long=over_limit) from None
        except BaseException:  # Ctrl-C: what it will answer belongs to nobody
            self.stop(kill=True)
            raise
        return answer.split("\n") if answer else []

    def _write(self, message: bytes) -> None:
        rest = memoryview(message)
        while rest:
            rest = rest[os.write(self._write_to, rest) :]

    def _read(self, ends: float) -> str:
        answer = bytearray()
        size = 8
        while len(answer) < size:
            if not _is_readable(self._read_from, ends - time.monotonic()):
                raise TimeoutError
            part = os.read(self._read_from, 1 << 16 if size == 8 else max(1, min(1 << 20, size - len(answer))))
            if not part:
                raise EOFError
            answer += part
            if size == 8 <= len(answer):
                size += struct.unpack_from("!Q", answer)[0]
        return answer[8:].decode("utf-8", "surrogatepass")

    def stop(self, *, kill: bool = False) -> None:
        """End it: it ends by itself when nothing more can come. The next use of `worker` starts another."""
        if _kept.worker is self:
            _kept.worker = None
        if kill:
            self._process.kill()
        self._close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def forget(self) -> None:
        """Leave it to the process that this one was forked from."""
        self._close()
        self._process.returncode = 0  # it is not a child of this process, and is not waited for


def _check_quickjs() -> None:
    try:
        present = importlib.util.find_spec("quickjs") is not None
    except (ImportError, ValueError):
        present = False
    if not present:
        raise ConfigurationError("This template is JavaScript, and quickjs-ng is not installed.", hint=_INSTALL)


def _not_started(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The process that evaluates templates could not be started: {why}.",
        hint=f"It is {sys.executable or 'a Python interpreter (sys.executable is empty)'} with {_SCRIPT}. "
        "Plain templates such as {{ $json.Id }} work without it.",
    )


def _start() -> subprocess.Popen[bytes]:
    if not sys.executable:
        raise OSError("this Python doesn't know where its interpreter is")
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # A process group of its own: Ctrl-C in a terminal is sent to the whole group.
    apart: dict[str, Any] = {"process_group": 0}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own file
        [sys.executable, "-I", "-S", str(_SCRIPT)],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=_SCRIPT.parent,
        **apart,
    )


def _is_readable(descriptor: int, timeout: float) -> bool:
    """Whether something can be read within ``timeout`` seconds; True where pipes can't be waited for (Windows)."""
    if not hasattr(select, "poll"):
        return True
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(max(0, timeout * 1000)))


class _Kept:
    """The one worker of this process."""

    lock: threading.RLock
    worker: WorkerProcess | None

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.lock = threading.RLock()
        self.worker = None


_kept = _Kept()


def lock() -> threading.RLock:
    """Held by the thread that uses the worker."""
    return _kept.lock


def worker() -> WorkerProcess:
    """Return the worker, started if there is none. Call it with the lock held."""
    if _kept.worker is None:
        _kept.worker = WorkerProcess()
    return _kept.worker


def is_running() -> bool:
    """Whether a worker was started and is kept."""
    return _kept.worker is not None


def stop() -> None:
    """End the worker; the next template that needs one starts another."""
    with _kept.lock:
        if _kept.worker is not None:
            _kept.worker.stop()


def _after_fork() -> None:
    if _kept.worker is not None:
        _kept.worker.forget()
    _kept.reset()


atexit.register(stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
