"""The process that evaluates templates: when it starts, how it ends, and what it is given."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trunkline.errors import ConfigurationError, TemplateError
from trunkline.node import Node, Template, World, as_item
from trunkline.node import worker_process as workers
from trunkline.node.template import Scope

HANG = "{{ $json.long.includes($json.needle) }}"
HANGING = {"long": "a" * 400_000, "needle": "a" * 200_000 + "b"}
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX's")


def value(text: str, *items: Any, position: int = 0, world: World | None = None) -> Any:
    scope = Scope([as_item(item) for item in items or ({"Id": 42},)], position, world or World())
    return Template(text).value(scope, "p")


def script(
    text: str, *, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own that has Template and Scope."""
    return subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(text)],
        capture_output=True, text=True, cwd=cwd, env=None if env is None else {**os.environ, **env}, check=False,
    )  # fmt: skip


START = """
import sys
from trunkline.node import worker_process as workers
from trunkline.node.template import Scope, Template
def value(text, **fields):
    return Template(text).value(Scope([{"json": fields}], 0), "p")
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def wait_until_gone(pid: int) -> None:
    while is_running(pid):  # faulthandler ends a test that waits for ever
        time.sleep(0.01)


def test_a_plain_template_starts_no_process_and_needs_no_quickjs() -> None:
    ended = script("""
        sys.modules["quickjs"] = None
        print(value("{{ $json.a.b }} and {{ $json['c'] }}", a={"b": 1}, c=2), workers.is_running())
    """)
    assert (ended.stdout, ended.stderr) == ("1 and 2 False\n", "")


@pytest.mark.parametrize(
    "blocker",
    [
        "sys.modules['quickjs'] = None",
        """
        class Blocker:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("quickjs", "_quickjs"):
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        sys.meta_path.insert(0, Blocker())
        """,
    ],
    ids=["none", "finder"],
)
def test_without_quickjs_javascript_says_what_to_install(blocker: str) -> None:
    ended = script(
        textwrap.dedent(blocker)
        + textwrap.dedent("""
        from trunkline.errors import ConfigurationError
        try:
            value("{{ $json.a + 1 }}", a=1)
        except ConfigurationError as error:
            print(error)
        """)
    )
    assert ended.stderr == ""
    assert "pip install quickjs-ng" in ended.stdout
    assert value("{{ $json.Id + 1 }}") == 43


def test_a_quickjs_that_does_not_load_says_why(tmp_path: Path) -> None:
    (tmp_path / "quickjs.py").write_text("raise ImportError('DLL load failed')", encoding="utf-8")
    ended = script(f"""
        sys.path.insert(0, {str(tmp_path)!r})
        from trunkline.errors import ConfigurationError
        try:
            value("{{{{ $json.a + 1 }}}}", a=1)
        except ConfigurationError as error:
            print(error)
    """)
    assert ended.stderr == ""
    assert "DLL load failed" in ended.stdout
    assert "pip install quickjs-ng" in ended.stdout


@pytest.fixture
def no_worker() -> Iterator[None]:
    workers.stop()
    yield
    workers.stop()


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("executable", ["", "/nowhere/python", os.devnull])
def test_a_worker_that_cannot_be_started_is_an_error_that_says_so(
    executable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(ConfigurationError, match="could not be started"):
        value("{{ $json.Id + 1 }}")
    assert value("{{ $json.Id }}") == 42
    monkeypatch.undo()
    assert value("{{ $json.Id + 1 }}") == 43


@pytest.mark.usefixtures("no_worker")
def test_a_worker_that_ends_at_once_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.setattr(workers, "_SCRIPT", broken)
    with pytest.raises(ConfigurationError, match="could not be started: it ended with exit code 3"):
        value("{{ $json.Id + 1 }}")


def test_the_worker_stays_warm_and_is_replaced_when_it_was_killed() -> None:
    assert value("{{ $json.Id + 1 }}") == 43
    first = workers.worker().pid
    assert value("{{ $json.Id + 2 }}") == 44
    assert workers.worker().pid == first
    os.kill(first, signal.SIGTERM)
    wait_until_gone(first)
    assert value("{{ $json.Id + 1 }}") == 43
    assert workers.worker().pid != first


def test_an_evaluation_that_is_ended_from_inside_native_code_starts_another_worker() -> None:
    first = workers.worker().pid
    with pytest.raises(TemplateError, match=r"ran longer than 0\.5 s and was stopped"):
        value(HANG, HANGING)
    assert not is_running(first)
    assert value("{{ $json.Id + 1 }}") == 43


@pytest.mark.usefixtures("no_worker")
def test_where_the_system_limits_no_cpu_the_worker_limits_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CPU_LIMIT", False)  # as on Windows, which can't wait for pipes either
    monkeypatch.delattr("select.poll", raising=False)
    with pytest.raises(TemplateError, match=r"ran longer than 0\.5 s and was stopped"):
        value(HANG, HANGING)
    assert value("{{ $json.Id + 1 }}") == 43
    assert value("{{ (async () => 1)() ? 2 : 0 }}") == 2
    with pytest.raises(TemplateError, match=r"ran longer than 0\.5 s and was stopped"):
        value(HANG, HANGING)


@posix
@pytest.mark.usefixtures("no_worker")
def test_a_parent_that_blocks_or_ignores_signals_changes_nothing() -> None:
    handler = signal.signal(signal.SIGPROF, signal.SIG_IGN)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF])
    try:
        with pytest.raises(TemplateError, match=r"ran longer than 0\.5 s and was stopped"):
            value(HANG, HANGING)
    finally:
        signal.signal(signal.SIGPROF, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@posix
@pytest.mark.usefixtures("no_worker")
def test_a_worker_that_does_not_answer_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.WorkerProcess.ask, "__defaults__", (0.2,))
    os.kill(workers.worker().pid, signal.SIGSTOP)
    with pytest.raises(TemplateError, match="was stopped"):
        value("{{ $json.Id + 1 }}")
    assert value("{{ $json.Id + 1 }}") == 43


@posix
@pytest.mark.parametrize("what", ["", f'value("{HANG}", **{{"long": "a" * 400_000, "needle": "a" * 200_000 + "b"}})'])
def test_the_worker_ends_with_a_parent_that_was_killed(what: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START + f"value('{{{{ 1 + 1 }}}}')\nprint(workers.worker().pid, flush=True)\n{what}\n"
         "import time\ntime.sleep(1000)"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert is_running(worker)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until_gone(worker)


def test_the_worker_ends_with_a_parent_that_ends() -> None:
    ended = script("value('{{ 1 + 1 }}'); print(workers.worker().pid)")
    assert ended.stderr == ""
    assert not is_running(int(ended.stdout))


@posix
def test_ctrl_c_ends_an_evaluation_and_the_worker_says_nothing() -> None:
    # Without the CPU limit the worker would go on for two seconds: what ends it here is the interrupt.
    program = START + textwrap.dedent("""
        workers.CPU_LIMIT = False
        print(workers.worker().pid, flush=True)
        try:
            value("{{ $json.long.includes($json.needle) }}", long="a" * 400_000, needle="a" * 200_000 + "b")
        except KeyboardInterrupt:
            print("interrupted", workers.is_running(), value("{{ 1 + 1 }}"))
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    busy = Path(f"/proc/{worker}/stat")
    while busy.exists() and int(busy.read_text().rsplit(")", 1)[1].split()[11]) < 20:  # until it evaluates
        time.sleep(0.005)
    os.killpg(parent.pid, signal.SIGINT)
    output, errors = parent.communicate()
    assert (output, errors) == ("interrupted False 2\n", "")
    wait_until_gone(worker)


@posix
def test_a_terminal_s_ctrl_c_does_not_reach_the_worker() -> None:
    assert os.getpgid(workers.worker().pid) != os.getpgid(0)


def test_nothing_of_the_environment_reaches_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    workers.stop()
    monkeypatch.setenv("TRUNKLINE_API_KEY", "s3cret-key")
    environment = Path(f"/proc/{workers.worker().pid}/environ")
    if not environment.exists():
        pytest.skip("this system has no /proc")
    assert b"s3cret-key" not in environment.read_bytes()
    assert b"HOME=" not in environment.read_bytes()


def test_modules_of_the_current_folder_are_not_imported_by_the_worker(tmp_path: Path) -> None:
    for name in ("quickjs", "json", "signal", "struct", "scan", "faulthandler"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'w')", encoding="utf-8")
    program = tmp_path / "elsewhere" / "program.py"
    program.parent.mkdir()
    program.write_text(START + "print(value('{{ $json.Id + 1 }}', Id=1))", encoding="utf-8")
    ended = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (ended.stdout, ended.stderr) == ("2\n", "")
    assert not (tmp_path / "imported").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is POSIX's")
def test_a_fork_has_a_worker_of_its_own() -> None:
    ended = script("""
        import os
        value("{{ 1 + 1 }}")
        mine = workers.worker().pid
        child = os.fork()
        if child == 0:
            print(value("{{ 2 + 2 }}"), workers.worker().pid != mine, flush=True)
            workers.stop()
            os._exit(0)
        os.waitpid(child, 0)
        print(value("{{ 3 + 3 }}"), workers.worker().pid == mine)
    """)
    assert (ended.stdout, ended.stderr) == ("4 True\n6 True\n", "")


def test_threads_and_an_event_loop_share_the_worker() -> None:
    found: list[int] = []

    def work(number: int) -> None:
        items = [as_item({"Id": n}) for n in range(number, number + 60)]
        template = Template("{{ $json.Id + $items.length }}")
        found.extend(template.value(Scope(items, position), "p") for position in range(60))

    async def works() -> None:
        await asyncio.gather(*(asyncio.to_thread(work, number) for number in range(0, 400, 100)))
        work(400)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(500, 900, 100)]
    for thread in threads:
        thread.start()
    asyncio.run(works())
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(n + 60 for start in range(0, 900, 100) for n in range(start, start + 60))


# ── what was evaluated ahead ─────────────────────────────────────────────────────────────────────


def test_an_item_that_changed_after_it_was_evaluated_ahead_is_evaluated_again() -> None:
    items = [as_item({"Id": n}) for n in range(200)]
    template = Template("{{ $json.Id + 1 }}")
    for position in range(200):
        items[position]["json"]["Id"] += 1000
        assert template.value(Scope(items, position), "p") == position + 1001


def test_time_goes_on_while_items_are_evaluated_ahead() -> None:
    clock = [1_000_000]  # milliseconds
    world = World(clock=lambda: clock[0] / 1000)
    items = [as_item({}) for _ in range(300)]
    template = Template("{{ $now.toMillis() }}")
    for position in range(300):
        clock[0] += 300
        assert clock[0] - 1000 <= template.value(Scope(items, position, world), "p") <= clock[0]


@pytest.mark.parametrize("order", [range(100), reversed(range(100)), [*range(0, 100, 7), *range(100)]])
def test_each_item_gets_its_own_value_whatever_the_order(order: Any) -> None:
    items = [as_item({"Id": n * n}) for n in range(100)]
    template = Template("{{ [$json.Id, $itemIndex] }}")
    for position in order:
        assert template.value(Scope(items, position), "p") == [position**2, position]


def test_another_world_sees_its_own_values() -> None:
    items = [as_item({"Id": n}) for n in range(50)]
    template = Template("{{ $vars.x + $json.Id }}")
    for position in range(50):
        for x in (100, 200):
            assert template.value(Scope(items, position, World({"x": x})), "p") == x + position


def test_an_error_is_the_item_s_own_though_it_was_found_ahead() -> None:
    items = [as_item({"Name": None if n % 3 == 0 else "x"}) for n in range(60)]
    template = Template("{{ $json.Name.length + 1 }}")
    for position in range(60):
        if position % 3:
            assert template.value(Scope(items, position), "p") == 2
        else:
            with pytest.raises(TemplateError, match=rf"^Item {position}: .*\$json\.Name is null"):
                template.value(Scope(items, position), "p")


def test_a_run_over_items_with_javascript_is_in_order() -> None:
    class Fake:
        def call(self, action: str, /, **arguments: Any) -> Any:
            return None

    node = Node("fax.delete", {"Id": "{{ $json.Id * 2 }}"}, concurrency=4)
    outcome = node.run(Fake(), [{"Id": n} for n in range(1, 301)])
    assert [item["json"]["Id"] for item in outcome.items] == [2 * n for n in range(1, 301)]


def test_an_answer_of_many_megabytes_comes_whole() -> None:
    assert value("{{ 'ä'.repeat(6e6) }}") == "ä" * 6_000_000
    items = [as_item({"text": "x" * 300_000}) for _ in range(12)]
    template = Template("{{ $json.text + $itemIndex }}")
    assert [template.value(Scope(items, n), "p")[-2:] for n in range(12)] == [f"x{n}"[-2:] for n in range(12)]


def test_an_expression_that_crashes_the_worker_twice_is_the_item_s_error(monkeypatch: pytest.MonkeyPatch) -> None:
    first = workers.worker().pid
    os.kill(first, signal.SIGTERM)
    wait_until_gone(first)
    real = workers.WorkerProcess.ask

    def ended(self: workers.WorkerProcess, request: dict[str, Any], *rest: Any) -> list[str]:
        if request.get("do") == "evaluate":
            self.stop()
            raise workers.Ended(-11, too_long=False)
        return real(self, request, *rest)

    monkeypatch.setattr(workers.WorkerProcess, "ask", ended)
    with pytest.raises(TemplateError, match="ended unexpectedly, with exit code -11"):
        value("{{ $json.Id + 1 }}")
    monkeypatch.undo()
    assert value("{{ $json.Id + 1 }}") == 43
