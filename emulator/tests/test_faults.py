"""What a client sees of each fault, and whether its request took effect all the same."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from trunkline_emulator import Emulator, NotAllowed
from trunkline_emulator.control.faults import KINDS
from trunkline_emulator.control.presets import PRESETS
from trunkline_emulator.control.rules import Faults
from trunkline_emulator.variants import choices

from .conftest import Line
from .raw import Plug, Seen, plugged, wait_for

FAX, GONE, ONE = "/Fax(121)", 404, 200


@pytest.fixture(scope="module")
def line() -> Iterator[Plug]:
    """One PBX on a port for the whole module."""
    with plugged() as plug:
        yield plug


@pytest.fixture
def plug(line: Plug) -> Plug:
    """It is as new, and its client is signed in."""
    line.emulator.clear_faults()
    line.emulator.reset()
    line.token = line.sign_in().json["access_token"]
    line.emulator.clear_journal()
    return line


def strike(plug: Plug, do: object, method: str = "GET", path: str = FAX, **more: Any) -> Any:
    """Let a fault hit one request."""
    plug.emulator.add_fault({"match": {"path": "/Fax*", "times": 1}, "do": do})
    return plug.ask(method, path, **more)


def unheard(plug: Plug, do: object, method: str = "GET", patience: float = 0.3) -> Any:
    """The same, by a client that goes soon after the emulator took the request up."""
    return strike(plug, do, method, patience=patience, until=plug.is_in_the_journal)


@pytest.mark.parametrize(
    ("do", "ending", "effect", "status"),
    [
        ({"reset": "before"}, "reset", False, 0),
        ({"reset": "after"}, "reset", True, 0),
        ({"close": "before"}, "closed", False, 0),
        ({"close": "after"}, "closed", True, 0),
        ({"half_body": 0.5}, "closed", True, 0),
        ({"content_length": 5}, "closed", True, 0),
        ({"stall": "silence", "when": "before"}, "silence", False, 0),
        ({"stall": "silence", "when": "after"}, "silence", True, 0),
        ({"stall": "headers"}, "kept", True, 204),
        ({"garbage": True}, "kept", True, 204),
        ({"content_type": "text/html"}, "kept", True, 204),
        ({"trickle": 0.01}, "kept", True, 204),
        ({"status": 503}, "kept", False, 503),
        ({"status": 503, "when": "after"}, "kept", True, 503),
        ({"status": 500, "when": "after"}, "kept", True, 500),
        ({"html": True}, "kept", False, 200),
        ({"html": True, "when": "after"}, "kept", True, 200),
        ({"delay": 0.05}, "kept", True, 204),
        ({"delay": 0.05, "when": "after"}, "kept", True, 204),
        ({"flap": {"up": 1e-9, "down": 3600}}, "reset", False, 0),
    ],
    ids=str,
)
def test_a_delete_that_a_fault_hits(plug: Plug, do: dict[str, Any], ending: str, effect: bool, status: int) -> None:
    seen = unheard(plug, do, "DELETE") if ending == "silence" else strike(plug, do, "DELETE")
    assert (seen.ending, seen.status) == (ending, status)
    assert plug.ask("GET", FAX).status == (GONE if effect else ONE)
    entry = plug.emulator.journal[0]
    assert (entry.method, entry.effect, entry.status) == ("DELETE", effect, status)
    assert entry.fault.startswith(next(iter(do)))
    assert (entry.operation == "DeleteFax") is effect


def test_half_a_body_is_less_than_was_promised(plug: Plug) -> None:
    whole = plug.ask("GET", FAX)
    seen = strike(plug, {"half_body": 0.5})
    assert (seen.status, seen.ending) == (200, "closed")
    assert seen.headers["content-length"] == str(len(whole.body))
    assert seen.body == whole.body[: len(whole.body) // 2]


def test_a_chunked_body_ends_without_its_last_chunk(plug: Plug) -> None:
    whole = plug.ask("GET", FAX)
    seen = strike(plug, {"half_body": 0.5, "chunked": True})
    assert (seen.headers["transfer-encoding"], seen.ending) == ("chunked", "closed")
    assert seen.body == whole.body[: len(whole.body) // 2]


@pytest.mark.parametrize("added", [5, -5])
def test_a_content_length_that_is_wrong(plug: Plug, added: int) -> None:
    whole = plug.ask("GET", FAX)
    seen = strike(plug, {"content_length": added})
    assert int(seen.headers["content-length"]) == len(whole.body) + added
    if added > 0:
        assert (seen.body, seen.ending) == (whole.body, "closed")
    else:
        assert seen.body.startswith(whole.body[:added])


def test_headers_come_and_then_nothing(plug: Plug) -> None:
    seen = unheard(plug, {"stall": "headers"}, patience=2)
    assert (seen.status, seen.body, seen.ending) == (200, b"", "silence")
    assert int(seen.headers["content-length"]) > 0


def test_garbage_ends_as_it_should_and_is_no_json(plug: Plug) -> None:
    seen = strike(plug, {"garbage": True})
    assert (seen.status, seen.ending) == (200, "kept")
    with pytest.raises(UnicodeDecodeError):
        json.loads(seen.body)


def test_a_body_of_another_type(plug: Plug) -> None:
    seen = strike(plug, {"content_type": "text/html"})
    assert seen.headers["content-type"] == "text/html"
    assert seen.json["Id"] == 121


def test_a_body_that_trickles(plug: Plug) -> None:
    started = time.perf_counter()
    seen = strike(plug, {"trickle": 0.02, "piece": 100})
    assert seen.json["Id"] == 121
    assert time.perf_counter() - started >= 0.018 * (len(seen.body) // 100)


def test_a_trickle_ends_when_nobody_listens_any_more(plug: Plug) -> None:
    assert unheard(plug, {"trickle": 1}, patience=0.1).ending == "silence"
    wait_for(lambda: plug.emulator.journal[0].seconds is not None)  # the whole trickle takes minutes


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_answers_in_html_and_not_as_the_pbx(plug: Plug, status: int) -> None:
    seen = strike(plug, {"status": status})
    assert seen.headers["content-type"] == "text/html"
    assert b"<h1>" in seen.body
    assert "x-3cx-version" not in seen.headers


@pytest.mark.parametrize("status", [500, 403, 404])
def test_an_error_of_the_pbx_is_empty_and_names_its_version(plug: Plug, status: int) -> None:
    seen = strike(plug, {"status": status})
    assert (seen.status, seen.body, seen.headers["x-3cx-version"]) == (status, b"", "20.0.10.0")


def test_any_answer_at_all(plug: Plug) -> None:
    headers = {"X-Mine": "yes", "Content-Type": "application/problem+json"}
    seen = strike(plug, {"status": 418, "body": {"a": [1]}, "headers": headers})
    assert (seen.status, seen.json, seen.headers["x-mine"]) == (418, {"a": [1]}, "yes")
    assert seen.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after(plug: Plug, form: str) -> None:
    before = int(time.time())
    seen = strike(plug, {"status": 429, "retry_after": 7, "retry_after_form": form})
    told = seen.headers["retry-after"]
    if form == "seconds":
        assert told == "7"
    else:
        assert before <= parsedate_to_datetime(told).timestamp() - 7 <= time.time()


@pytest.mark.parametrize(("which", "other"), [("own", 200), ("all", 401)])
def test_dropped_tokens(plug: Plug, which: str, other: int) -> None:
    plug.emulator.add_client("other", "key", roles=("system_owners",))
    form = b"grant_type=client_credentials&client_id=other&client_secret=key"
    signed_in = plug.send("POST", "/connect/token", form, {"Content-Type": "application/x-www-form-urlencoded"})
    token = signed_in.json["access_token"]
    assert strike(plug, {"drop_tokens": which}).status == 401
    assert plug.ask("GET", FAX).status == 401
    plug.token = token
    assert plug.ask("GET", FAX).status == other


def test_401_kills_the_token_that_was_sent(plug: Plug) -> None:
    assert strike(plug, {"status": 401, "drop_tokens": "own"}).headers["www-authenticate"] == "Bearer"
    assert plug.ask("GET", FAX).status == 401
    plug.token = plug.sign_in().json["access_token"]
    assert plug.ask("GET", FAX).status == 200


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delay(plug: Plug, when: str) -> None:
    started = time.perf_counter()
    assert strike(plug, {"delay": 0.2, "when": when}).status == 200
    assert time.perf_counter() - started >= 0.19


def test_who_gave_up_before_a_late_answer_finds_the_work_done(plug: Plug) -> None:
    assert unheard(plug, {"delay": 3, "when": "after"}, "DELETE", patience=0.1).ending == "silence"
    assert plug.ask("GET", FAX).status == GONE


def test_a_sign_in_can_fail_too(plug: Plug) -> None:
    plug.emulator.add_fault({"match": {"path": "/connect/token"}, "do": {"status": 502}})
    assert plug.sign_in().status == 502
    assert plug.ask("GET", FAX).status == 200


def statuses(plug: Plug, count: int) -> list[int]:
    return [plug.ask("GET", FAX).status for _ in range(count)]


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"after": 4}, [5, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 3}, [3, 6]),
        ({"after": 1, "every": 2, "times": 2}, [3, 5]),
        ({"probability": 0}, []),
        ({"probability": 1}, [1, 2, 3, 4, 5, 6]),
        ({"method": "get", "path": "/Fax*"}, [1, 2, 3, 4, 5, 6]),
        ({"method": "DELETE"}, []),
        ({"path": "/Fax"}, []),
        ({"path": "^/Fax[(]12\\d[)]$"}, [1, 2, 3, 4, 5, 6]),
        ({"path": "^/Users"}, []),
        ({"operation": "GetFax"}, [1, 2, 3, 4, 5, 6]),
        ({"operation": "fax.get", "client": "trunkline"}, [1, 2, 3, 4, 5, 6]),
        ({"operation": "DeleteFax"}, []),
        ({"client": "somebody"}, []),
    ],
    ids=str,
)
def test_which_requests_a_rule_hits(plug: Plug, match: dict[str, Any], hit: list[Any]) -> None:
    plug.emulator.add_fault({"match": match, "do": {"status": 418}})
    assert statuses(plug, 6) == [418 if number in hit else 200 for number in range(1, 7)]
    (rule,) = plug.emulator.faults
    assert rule["hit"] == len(hit)


def test_a_server_that_flaps_by_requests(plug: Plug) -> None:
    plug.emulator.add_fault({"do": {"flap": {"up": 2, "down": 1, "unit": "requests"}}})
    assert [plug.ask("GET", FAX).ending for _ in range(6)] == ["kept", "kept", "reset"] * 2


def test_the_first_rule_that_strikes_is_taken(plug: Plug) -> None:
    plug.emulator.add_fault({"match": {"every": 2}, "do": {"status": 418}})
    plug.emulator.add_fault({"match": {"every": 2}, "do": {"status": 419}})
    assert statuses(plug, 6) == [200, 418, 419, 418, 200, 418]


def test_one_seed_hits_the_same_requests_each_time() -> None:
    def hits(seed: int) -> list[bool]:
        with plugged(faults=["403:0.5@/Fax*"], fault_seed=seed) as plug:
            first = [status == 403 for status in statuses(plug, 30)]
            plug.emulator.reset()
            assert [status == 403 for status in statuses(plug, 30)] == first
            return first

    assert hits(1) == hits(1) != hits(2)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("reset-after:0.05", {"match": {"probability": 0.05}, "do": {"reset": "after"}}),
        ("429=2:every=10@DELETE /Fax*", {"match": {"every": 10, "method": "DELETE", "path": "/Fax*"},
                                         "do": {"status": 429, "retry_after": 2}}),
        ("delay=0.5@/Users*", {"match": {"path": "/Users*"}, "do": {"delay": 0.5}}),
        ("500@DeleteFax", {"match": {"operation": "DeleteFax"}, "do": {"status": 500}}),
        ("close-before:after=2,times=1@GET", {"match": {"after": 2, "times": 1, "method": "GET"},
                                              "do": {"close": "before"}}),
        ("flap=3/1", {"do": {"flap": {"up": 3, "down": 1, "unit": "seconds"}}}),
        ("half-body=0.9", {"do": {"half_body": 0.9}}),
        ("401", {"do": {"status": 401, "drop_tokens": "own"}}),
        ('{"do": "stall"}', {"do": "stall"}),
    ],
)  # fmt: skip
def test_short_text(text: str, rule: dict[str, Any]) -> None:
    (shown,) = Emulator(faults=[text]).faults
    assert {name: shown[name] for name in ("match", "do") if name in shown} == rule


def test_every_preset_is_a_fault() -> None:
    assert len(Emulator(faults=PRESETS).faults) == len(PRESETS) > 25


def test_the_docs_name_every_preset_kind_and_variant() -> None:
    page = (Path(__file__).parents[1] / "docs" / "faults.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9_-]+)`", page)) | set(re.findall(r'`\{"(\w+)"', page))
    assert {*PRESETS, *KINDS, *choices()} <= named


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("nonsense", "No fault is called 'nonsense'. There are: reset-before, reset-after,"),
        ("???", "is not a fault; write NAME"),
        ("reset-after=3", "'reset-after' takes no value."),
        ("delay=soon", "do: delay: 'soon' is not a number of seconds from 0 to 3600."),
        ("delay:often=2", "'often=2' doesn't say which requests are hit. There are: after=, times="),
        ("delay:2", "match: probability: 2 is not a number from 0 to 1."),
        ("flap=5", "do: flap: {'up': 5, 'down': '', 'unit': 'seconds'} is not an object such as"),
        ('{"do": ', "The fault is not valid JSON"),
        ({}, "A fault needs 'do'. There are: match, do."),
        ({"do": {}}, "one kind of fault is expected, or its name. There are: status, html,"),
        ({"do": "boom"}, "exactly one kind of fault is expected, not 'boom'"),
        ({"do": {"reset": "after", "close": "after"}}, "not 'reset' and 'close'."),
        ({"do": {"reset": "sideways"}}, "do: reset: 'sideways' is not 'before' or 'after'."),
        ({"do": {"reset": "after", "when": "before"}}, "'reset' can't come 'before'."),
        ({"do": {"half_body": 0.5, "when": "before"}}, "'half_body' can't come 'before'. There are: after."),
        ({"do": {"status": 99}}, "do: status: 99 is not a status from 200 to 599."),
        ({"do": {"status": 429, "retry_after": 0.5}}, "retry_after: 0.5 is not a whole number of seconds"),
        ({"do": {"status": True}}, "is not a status from 200 to 599."),
        ({"do": {"status": 500, "chunked": True}}, "'status' has no option 'chunked'. There are: body,"),
        ({"do": {"status": 500, "headers": {"A": "b\r\nc"}}}, "is not an object of header names and texts."),
        ({"do": {"status": 500, "jitter": -1}}, "do: jitter: -1 is not a number of seconds"),
        ({"do": "stall", "where": 1}, "A fault has no field 'where'. There are: match, do."),
        ({"do": "stall", "match": []}, "match: an object is expected."),
        ({"do": "stall", "match": {"verb": "GET"}}, "match: there is no field 'verb'. There are: method, path,"),
        ({"do": "stall", "match": {"path": "Fax"}}, "match: path: 'Fax' is not a path such as '/Fax*'"),
        ({"do": "stall", "match": {"path": "^("}}, "'^(' is not a pattern"),
        ({"do": "stall", "match": {"times": 0}}, "match: times: 0 is not a whole number from 1 up."),
        ({"do": "stall", "match": {"every": True}}, "is not a whole number from 1 up."),
        ("500@DeleteFx", "operation: no action is called 'DeleteFx'. Did you mean DeleteFxs or DeleteFax"),
        ({"do": "stall", "match": {"operation": "fax.get_"}}, "no action is called 'fax.get_'. Did you mean fax.get"),
        (["stall"], "A fault is an object with 'do'"),
    ],
    ids=str,
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_told_why(rule: str | dict[str, Any] | list[Any], told: str) -> None:
    with pytest.raises(NotAllowed, match=re.escape(told)):
        Emulator().add_fault(rule)  # type: ignore[arg-type]


def test_a_rule_may_name_an_action_that_this_version_lacks() -> None:
    assert Emulator(version="20.0.10").add_fault("500@ExportContacts") == 1


def test_jitter_is_seeded() -> None:
    def delays(seed: int) -> list[float]:
        rule = Faults(seed).add({"do": {"delay": 1, "jitter": 2}})
        return [rule.delay() for _ in range(5)]

    assert delays(1) == delays(1) != delays(2)
    assert all(1 <= seconds <= 3 for seconds in delays(1))


@pytest.mark.parametrize(
    ("do", "error", "effect"),
    [
        ("reset", ConnectionResetError, False),
        ({"reset": "after"}, ConnectionResetError, True),
        ({"close": "after"}, ConnectionResetError, True),
        ({"half_body": 0.2}, ConnectionResetError, True),
        ({"stall": "silence"}, TimeoutError, True),
    ],
    ids=str,
)
def test_in_process_a_broken_connection_is_an_exception(
    pbx: Line, do: str | dict[str, Any], error: Any, effect: bool
) -> None:
    pbx.emulator.add_fault({"match": {"times": 1}, "do": do})
    with pytest.raises(error, match="A fault of the emulator"):
        pbx.ask("DELETE", FAX)
    assert pbx.get(FAX).status == (GONE if effect else ONE)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_request_that_runs_when_the_server_is_stopped_is_finished(name: str) -> None:
    program = (
        "from trunkline_emulator import Emulator, serve\n"
        "pbx = Emulator(api_key='key', faults=['delay-after=0.7@/Fax*'])\n"
        "serve(pbx, '127.0.0.1', 0, lambda url: print(url, flush=True))"
    )
    with (
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        plug = Plug(Emulator(api_key="key"), process.stdout.readline().strip())
        answers: list[Seen] = []
        asker = threading.Thread(target=lambda: answers.append(plug.ask("GET", FAX)))
        asker.start()
        wait_for(lambda: "GetFax" in plug.control("GET", "/journal").body.decode())
        process.send_signal(getattr(signal, name))
        asker.join()
        assert answers[0].status == 200
        assert process.wait(60) == 0


@pytest.mark.parametrize("fault", ["stall", "silence", "silence-after"])
def test_a_server_that_stops_does_not_wait_for_a_request_that_hangs(
    fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[Seen] = []
    with plugged(faults=[f"{fault}@/Fax*"]) as plug:
        asker = threading.Thread(target=lambda: seen.append(plug.ask("GET", FAX)))
        asker.start()
        wait_for(lambda: plug.emulator.journal[-1].fault)
    asker.join()
    assert seen[0].ending == "closed"
    assert capfd.readouterr() == ("", ""), "a server that has waited says that it gives up"
