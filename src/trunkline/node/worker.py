"""The process that evaluates templates' JavaScript: it answers requests from stdin on stdout until stdin ends.

worker_process.py starts it by its path, in an interpreter that has nothing but the standard library: this file imports
nothing of Trunkline, and finds QuickJS where its first request says.

A message is its length in eight bytes, then lines of UTF-8: the first is JSON, the others are what it says. JSON text
has no line breaks, so that the items of a request and the answers are one line each. An answer begins with ``=`` (the
value's JSON, or ``undefined``), ``!`` (JSON text: why there is no value) or ``?`` (JSON text: a missing time zone).
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import signal
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TIME_LIMIT = 0.5  # seconds of CPU, which QuickJS itself looks at between its instructions
MEMORY_LIMIT = 32 * 1024 * 1024  # bytes, beside the items themselves
_NATIVE_LIMIT = TIME_LIMIT + 0.1  # seconds of CPU, after which the system ends this process
_WALL_LIMIT = 2.0  # seconds, where the system can't limit the CPU (Windows)
_SLICE = 0.05  # seconds, after which no further item is evaluated ahead
_ANSWER_SIZE = 1 << 20  # characters, after which no further item is evaluated ahead
_PROCESS_MEMORY = 1 << 30  # bytes of addresses, where the system can limit them
_PRELUDE = ("dates.js", "functions.js", "sandbox.js")
_MESSAGE = 1000  # characters of an error's text
_KEPT = 1000  # compiled expressions
_PROBE_LIMIT = 0.1  # seconds for one question about a failed expression


class Sandbox:
    """One QuickJS context with all that expressions can reach frozen; thrown away after it was stopped."""

    def __init__(self, quickjs: Any, prelude: str) -> None:
        self.problems: type[Exception] = quickjs.JSException
        self.context = quickjs.Context()
        self.context.set_memory_limit(MEMORY_LIMIT)
        self.door: Callable[..., Any] = self.context.eval(prelude)
        self.context.set_time_limit(TIME_LIMIT)
        self._compiled: dict[str, Callable[..., Any]] = {}

    def load(self, items: str) -> None:
        """All items go in once; the limits then count what an expression adds to them."""
        self.context.set_time_limit(-1)
        self.context.set_memory_limit(-1)
        self.door("setItems", items)
        self.context.set_memory_limit(self.context.memory()["malloc_size"] + MEMORY_LIMIT)
        self.context.set_time_limit(TIME_LIMIT)

    def add_zone(self, name: str, starts: str, offsets: str) -> None:
        self.door("addZone", name, self.context.parse_json(starts), self.context.parse_json(offsets))

    def compile(self, request: dict[str, Any], source: str) -> Callable[..., Any]:
        function = self._compiled.get(source)
        if function is None:
            if len(self._compiled) >= _KEPT:
                self._compiled.clear()
            function = self.door("compile", source, ",".join(request["names"]), request["calls_items"])
            self._compiled[source] = function
        return function


class Worker:
    """What the requests have left: the sandbox, the items of the run, the time zones."""

    def __init__(self, quickjs: Any, *, cpu_limit: bool) -> None:
        self._quickjs = quickjs
        parts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _PRELUDE]
        self._prelude = '(() => {\n"use strict";\n' + "".join(parts) + "})()"
        self._cpu_limit = cpu_limit
        self._items = "[]"
        self._zones: dict[str, tuple[str, str] | None] = {}
        self._sandbox = Sandbox(quickjs, self._prelude)

    def answer(self, lines: list[str]) -> list[str]:
        """Return the lines of the answer to a request."""
        request = json.loads(lines[0])
        self._start_limit()
        try:
            match request["do"]:
                case "evaluate":
                    return self._evaluate(request, lines[1:])
                case "probe":
                    return self._probe(request, lines[1])
                case "zone":
                    self._add_zone(request["name"], lines[1:])
                case "items":
                    _limit_memory(_PROCESS_MEMORY + 20 * len(lines[1]))
                    self._items = lines[1]
                    self._renew()
            return []
        finally:
            self._stop_limit()

    def _evaluate(self, request: dict[str, Any], items: list[str]) -> list[str]:
        """Return the answers for the first items, at least one: as many as fit into a slice of time."""
        answers: list[str] = []
        size, ends = 0, time.monotonic() + _SLICE
        for position, item in enumerate(items, request["position"]):
            self._start_limit(again=True)
            answer, lasting = self._one(request, request["source"], item, position)
            answers.append(answer)
            size += len(answer)
            if not lasting or request["later"]:
                self._renew()
                if not lasting:
                    break
            if answer[0] == "?" or size > _ANSWER_SIZE or time.monotonic() > ends:
                break
        return answers

    def _one(self, request: dict[str, Any], source: str, item: str, position: int) -> tuple[str, bool]:
        """Return the answer for one item, and whether the sandbox can be used again."""
        sandbox = self._sandbox
        answer, lasting = "", True
        try:
            function = sandbox.compile(request, source)
            value = function(item, position, request["now"], request["zone"], request["outside"])
            answer = f"={value}"
        except sandbox.problems as problem:
            text = (str(problem)[:_MESSAGE].splitlines() or [""])[0]
            if text in ("null", "[uninitialized]"):  # what QuickJS throws where it has no memory left for an error
                text = "InternalError: out of memory"
            answer, lasting = f"!{json.dumps(text)}", not text.startswith("InternalError")
        except self._quickjs.StackOverflow:
            answer, lasting = f"!{json.dumps('InternalError: stack overflow')}", False
        except MemoryError:
            answer, lasting = f"!{json.dumps('InternalError: out of memory')}", False
        except UnicodeError:
            answer = f"!{json.dumps('half a character')}"
        if lasting:
            missing = sandbox.door("missingZone")
            if missing is not None and missing not in self._zones:
                return f"?{json.dumps(missing)}", True
        return answer, lasting

    def _probe(self, request: dict[str, Any], item: str) -> list[str]:
        """Describe each of some expressions for a message: its ``typeof``, ``null``, or nothing if it fails."""
        kinds: list[str] = []
        ends = time.process_time() + TIME_LIMIT - 2 * _PROBE_LIMIT
        for source in request["sources"]:
            if time.process_time() > ends:
                break
            self._sandbox.context.set_time_limit(_PROBE_LIMIT)
            answer, lasting = self._one(request, source, item, request["position"])
            kinds.append(answer[1:] if answer[0] == "=" else '""')
            if not lasting or request["later"]:
                self._renew()
        self._sandbox.context.set_time_limit(TIME_LIMIT)
        return kinds

    def _add_zone(self, name: str, table: list[str]) -> None:
        """Add a zone's table; an empty one says that there is no such zone."""
        self._zones[name] = (table[0], table[1]) if table else None
        if table:
            self._sandbox.add_zone(name, *table)

    def _renew(self) -> None:
        """Make a fresh sandbox with what the old one was given, which takes its time where the items are many."""
        self._stop_limit()
        self._sandbox = Sandbox(self._quickjs, self._prelude)
        for name, table in self._zones.items():
            if table is not None:
                self._sandbox.add_zone(name, *table)
        if self._items != "[]":
            self._sandbox.load(self._items)
        self._start_limit()

    def _start_limit(self, *, again: bool = False) -> None:
        """End this process if the next evaluation takes too long, whatever native code it is in."""
        if self._cpu_limit:
            signal.setitimer(signal.ITIMER_PROF, _NATIVE_LIMIT)
        elif not again:  # a thread in C, which waits for no lock of Python's
            faulthandler.dump_traceback_later(_WALL_LIMIT, exit=True, file=sys.__stderr__ or 2)

    def _stop_limit(self) -> None:
        if self._cpu_limit:
            signal.setitimer(signal.ITIMER_PROF, 0)
        else:
            faulthandler.cancel_dump_traceback_later()


def _limit_memory(size: int) -> None:
    try:
        import resource  # not on Windows
    except ImportError:
        return
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    if most != resource.RLIM_INFINITY:
        size = min(size, most)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (size, most))
    except (OSError, ValueError):  # macOS refuses some values; QuickJS has its own limit
        return


def _read() -> list[str] | None:
    head = sys.stdin.buffer.read(8)
    if len(head) < 8:
        return None
    (size,) = struct.unpack("!Q", head)
    body = sys.stdin.buffer.read(size)
    return body.decode().split("\n") if len(body) == size else None


def _write(lines: list[str]) -> None:
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    sys.stdout.buffer.write(struct.pack("!Q", len(body)) + body)
    sys.stdout.buffer.flush()


def main() -> None:
    """Serve until stdin ends, which it does with the process that started this one."""
    first = _read()
    if first is None:
        return
    settings = json.loads(first[0])
    sys.path[:] = settings["path"]
    try:
        import quickjs
    except ImportError as problem:
        _write([json.dumps({"missing": re.sub(r"\s+", " ", str(problem))})])
        return
    _limit_memory(_PROCESS_MEMORY)
    if settings["cpu_limit"]:  # whoever started this process may have ignored or blocked it
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGPROF])
    worker = Worker(quickjs, cpu_limit=settings["cpu_limit"])
    _write(["{}"])
    while (lines := _read()) is not None:
        _write(worker.answer(lines))


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)
