"""A node over items: order, pairing, and what becomes of items that fail.

The caller is a fake that checks arguments as a `Pbx` does, so that what a PBX would never be asked is not asked here.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.errors import (
    InvalidArgument,
    ItemsFailed,
    NotFound,
    TemplateError,
    TrunklineError,
    Unexpected,
    UnknownName,
)
from trunkline.node import Node, NodeResult
from trunkline.request import bind, build
from trunkline.result import File

CATALOG = catalog.load()


def gone(number: Any) -> NotFound:
    return NotFound(
        f"No fax with Id {number} on pbx.example.com.", hint="Look again.", status=404, codes={"Id": "NOT_FOUND"}
    )


class Fake:
    """Something that can call an action: checks the arguments as a PBX's client does, keeps them, and answers."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any] = lambda arguments: None) -> None:
        self.answer = answer
        self.targets: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()

    def call(self, action: str, /, **arguments: Any) -> Any:
        request = build(bind(CATALOG, CATALOG.action(action), (), arguments))
        with self.lock:
            self.targets.append(request.target)
            self.headers.append(dict(request.headers))
        found = self.answer(arguments)
        if isinstance(found, Exception):
            raise found
        return found


class AsyncFake(Fake):
    async def call(self, action: str, /, **arguments: Any) -> Any:
        await asyncio.sleep(0)
        return super().call(action, **arguments)


Runner = Callable[[Node, Fake, list[Any]], NodeResult]


def in_threads(node: Node, fake: Fake, items: list[Any]) -> NodeResult:
    return node.run(fake, items)


def in_a_loop(node: Node, fake: Fake, items: list[Any]) -> NodeResult:
    beneath = AsyncFake(fake.answer)
    beneath.targets, beneath.headers = fake.targets, fake.headers
    return asyncio.run(node.arun(beneath, items))


@pytest.fixture(params=[in_threads, in_a_loop], ids=["threads", "event loop"])
def run(request: pytest.FixtureRequest) -> Runner:
    found: Runner = request.param
    return found


def ids(*numbers: Any) -> list[dict[str, Any]]:
    return [{"Id": number} for number in numbers]


def delete(**more: Any) -> Node:
    return Node("fax.delete", {"Id": "{{ $json.Id }}"}, **more)


def fails(*numbers: int) -> Fake:
    return Fake(lambda arguments: gone(arguments["Id"]) if arguments["Id"] in numbers else None)


# ── what comes out ───────────────────────────────────────────────────────────────────────────────


def test_an_answer_without_a_body_says_what_was_done(run: Runner) -> None:
    fake = Fake()
    outcome = run(delete(), fake, ids(42))
    assert outcome == NodeResult([{"json": {"success": True, "Id": 42}, "pairedItem": {"item": 0}}], [], [], {})
    assert fake.targets == ["/Fax(42)"]


@pytest.mark.parametrize("given_id", ["42", 42.0, " 42"])
def test_a_key_in_the_output_is_a_number_where_3cx_has_one(run: Runner, given_id: Any) -> None:
    (item,) = run(delete(), Fake(), ids(given_id)).items
    assert item["json"] == {"success": True, "Id": 42}
    assert type(item["json"]["Id"]) is int


def test_a_key_of_text_stays_text(run: Runner) -> None:
    node = Node("website_links.delete", {"link": "{{ $json.Link }}"})
    (item,) = run(node, Fake(), [{"Link": "007"}]).items
    assert item["json"] == {"success": True, "Link": "007"}


def test_an_entity_is_the_item(run: Runner) -> None:
    entity = {"Id": 42, "Number": "9001"}
    outcome = run(Node("fax.get", {"Id": 42}), Fake(lambda _: entity), [{}])
    assert outcome.items == [{"json": entity, "pairedItem": {"item": 0}}]


def test_a_plain_value_is_put_under_value(run: Runner) -> None:
    outcome = run(Node("defs.has_system_owner"), Fake(lambda _: True), [{}])
    assert outcome.items == [{"json": {"value": True}, "pairedItem": {"item": 0}}]


def test_a_list_is_an_item_a_row_each_paired_with_the_input(run: Runner) -> None:
    rows = {"a": ids(1, 2), "b": [], "c": ids(3)}
    node = Node("fax.list", {"search": "{{ $json.word }}"})
    outcome = run(node, Fake(lambda a: rows[a["search"]]), [{"word": w} for w in "abc"])
    assert [(i["json"]["Id"], i["pairedItem"]["item"]) for i in outcome.items] == [(1, 0), (2, 0), (3, 2)]
    assert outcome.failed == outcome.not_started == []


def test_a_file_is_binary_data_with_its_name_type_and_size_beside_it(run: Runner) -> None:
    content = b"RIFF\x00\xff"
    node = Node("recordings.download_recording", {"recId": 7})
    (item,) = run(node, Fake(lambda _: File("call.wav", "audio/x-wav", content)), [{}]).items
    about = {"fileName": "call.wav", "mimeType": "audio/x-wav", "fileSize": 6, "fileExtension": "wav"}
    assert item["json"] == about
    assert base64.b64decode(item["binary"]["data"].pop("data")) == content
    assert item["binary"]["data"] == about
    assert item["pairedItem"] == {"item": 0}


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 8), st.sets(st.integers(1, 50)))
def test_order_and_pairing_are_kept_whatever_runs_at_once(numbers: list[int], at_once: int, bad: set[int]) -> None:
    for play in (in_threads, in_a_loop):
        outcome = play(delete(concurrency=at_once, on_error="continue"), fails(*bad), ids(*numbers))
        assert [item["json"]["Id"] for item in outcome.items] == numbers
        assert [item["pairedItem"]["item"] for item in outcome.items] == list(range(len(numbers)))
        assert ["error" in item for item in outcome.items] == [number in bad for number in numbers]
        assert outcome.not_started == []


def test_no_more_items_run_at_once_than_asked_for_and_no_fewer() -> None:
    together = threading.Barrier(3)
    most, running, lock = 0, 0, threading.Lock()

    def answer(arguments: dict[str, Any]) -> None:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        together.wait(10)
        with lock:
            running -= 1
        together.wait(10)

    delete(concurrency=3).run(Fake(answer), ids(1, 2, 3, 4, 5, 6))
    assert most == 3


def test_no_items_are_no_work(run: Runner) -> None:
    fake = Fake()
    assert run(delete(), fake, []) == NodeResult([], [], [], {})
    assert fake.targets == []


# ── what becomes of failures ─────────────────────────────────────────────────────────────────────

FAILED_AT_1 = {
    "json": {"Id": 2},
    "pairedItem": {"item": 1},
    "error": {
        "code": "not_found",
        "type": "NotFound",
        "status": 404,
        "message": "No fax with Id 2 on pbx.example.com.",
        "hint": {"text": "Look again.", "action": "", "arguments": {}},
        "codes": {"Id": "NOT_FOUND"},
    },
}


def done(index: int, number: int) -> dict[str, Any]:
    return {"json": {"success": True, "Id": number}, "pairedItem": {"item": index}}


def test_stop_starts_nothing_after_a_failure_and_says_what_was_done(run: Runner) -> None:
    fake = fails(2)
    with pytest.raises(ItemsFailed) as raised:
        run(delete(concurrency=1), fake, ids(1, 2, 3, 4))
    error = raised.value
    assert fake.targets == ["/Fax(1)", "/Fax(2)"]
    assert error.result.items == [done(0, 1)]
    assert error.result.failed == [FAILED_AT_1]
    assert error.result.not_started == [2, 3]
    assert list(error.result.errors) == [1]
    assert "item 1" in str(error)
    assert "1 of 4 items done, 1 failed, 2 not started" in str(error)
    assert isinstance(error.__cause__, NotFound)
    assert error.exit_code == 7


def test_continue_puts_the_failed_item_into_the_output_at_its_place(run: Runner) -> None:
    fake = fails(2)
    outcome = run(delete(concurrency=1, on_error="continue"), fake, ids(1, 2, 3))
    assert outcome.items == [done(0, 1), FAILED_AT_1, done(2, 3)]
    assert outcome.failed == [FAILED_AT_1]
    assert outcome.done == [done(0, 1), done(2, 3)]
    assert outcome.not_started == []
    assert len(fake.targets) == 3


def test_split_puts_the_failed_item_into_the_second_output(run: Runner) -> None:
    outcome = run(delete(concurrency=1, on_error="split"), fails(2), ids(1, 2, 3))
    assert outcome.items == outcome.done == [done(0, 1), done(2, 3)]
    assert outcome.failed == [FAILED_AT_1]
    assert outcome.not_started == []


@given(
    st.lists(st.integers(1, 9), max_size=12),
    st.sets(st.integers(1, 9)),
    st.sampled_from(["stop", "continue", "split"]),
    st.integers(1, 5),
)
def test_every_item_is_done_failed_or_not_started_and_only_one_of_them(
    numbers: list[int], bad: set[int], on_error: Any, at_once: int
) -> None:
    for play in (in_threads, in_a_loop):
        try:
            outcome = play(delete(on_error=on_error, concurrency=at_once), fails(*bad), ids(*numbers))
        except ItemsFailed as error:
            assert on_error == "stop"
            outcome = error.result
        indexes = [item["pairedItem"]["item"] for item in (*outcome.done, *outcome.failed)] + outcome.not_started
        assert sorted(indexes) == list(range(len(numbers)))
        assert {item["json"]["Id"] for item in outcome.done} & bad == set()
        assert {item["json"]["Id"] for item in outcome.failed} <= bad
        assert list(outcome.errors) == [item["pairedItem"]["item"] for item in outcome.failed]
        if on_error != "stop":
            assert outcome.not_started == []


def test_a_failed_item_keeps_its_data_and_its_files(run: Runner) -> None:
    item = {"json": {"Id": 2, "Note": "x"}, "binary": {"data": {"data": "UklGRg=="}}, "pairedItem": {"item": 9}}
    (failed,) = run(delete(on_error="split"), fails(2), [item]).failed
    assert (failed["json"], failed["binary"]) == (item["json"], item["binary"])
    assert failed["pairedItem"] == {"item": 0}
    assert "error" not in item


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({}, TemplateError),
        ({"Id": None}, InvalidArgument),
        ({"Id": ""}, InvalidArgument),
        ({"Id": "abc"}, InvalidArgument),
        ({"Id": 2**31}, InvalidArgument),
        ({"Id": [1]}, InvalidArgument),
    ],
    ids=repr,
)
def test_an_item_without_a_good_key_fails_alone_and_nothing_is_sent_for_it(
    run: Runner, value: dict[str, Any], error: type[TrunklineError]
) -> None:
    fake = Fake()
    outcome = run(delete(on_error="split", concurrency=1), fake, [{"Id": 1}, value, {"Id": 3}])
    assert fake.targets == ["/Fax(1)", "/Fax(3)"]
    assert [type(e) for e in outcome.errors.values()] == [error]
    (failed,) = outcome.failed
    assert failed["json"] == value
    assert failed["error"]["type"] == error.__name__
    assert failed["error"]["status"] is None


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{{ Symbol('x') }}", "sales"),
        ("{{ (() => { throw '' })() }}", "sales"),
        ("{{ '\\ud83d' }}", "sales"),
        ("{{ $json.Name.slice(0, 1) }}", "😀"),
        ("{{ $json.Name }}", "\ud83d"),
    ],
    ids=["no JSON", "nothing thrown", "half a character", "cut in half", "half a character in the item"],
)
def test_whatever_a_template_gives_only_its_item_fails(run: Runner, template: str, name: str) -> None:
    fake, node = Fake(), Node("website_links.delete", {"Link": template}, on_error="split")
    outcome = run(node, fake, [{"Name": name}])
    assert len(outcome.failed) == 1
    assert fake.targets == []


def test_a_defect_fails_its_own_item_and_no_other(run: Runner) -> None:
    fake = Fake(lambda arguments: ZeroDivisionError("a secret") if arguments["Id"] == 2 else None)
    outcome = run(delete(on_error="continue", concurrency=2), fake, ids(1, 2, 3))
    assert ["error" in item for item in outcome.items] == [False, True, False]
    assert isinstance(outcome.errors[1], Unexpected)
    assert isinstance(outcome.errors[1].__cause__, ZeroDivisionError)
    assert outcome.errors[1].message.startswith("ZeroDivisionError in ")
    assert "a secret" not in str(outcome.items)


def test_a_run_that_is_stopped_finishes_what_is_on_its_way() -> None:
    holder: list[Any] = []

    def answer(arguments: dict[str, Any]) -> None:
        if arguments["Id"] == 2:
            holder[0].stop()

    run = delete(concurrency=1).over(ids(1, 2, 3, 4))
    holder.append(run)
    run.on(Fake(answer))
    outcome = run.result()
    assert outcome.items == [done(0, 1), done(1, 2)]
    assert outcome.not_started == [2, 3]


# ── parameters ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["If Match", "if_match", "ifMatch", "If-Match"])
def test_parameters_go_by_3cx_s_names_python_s_and_the_workflow_s(run: Runner, name: str) -> None:
    fake = Fake()
    run(Node("Delete Fax", {"id": 42, name: "{{ $json.etag }}"}), fake, [{"etag": 'W/"5"'}])
    assert fake.headers[0]["If-Match"] == 'W/"5"'


@pytest.mark.parametrize("empty", ["", None, "{{ $json.etag }}", "{{ '' }}", "={{ $json.etag }}"])
def test_an_option_given_as_empty_text_counts_as_not_given(run: Runner, empty: Any) -> None:
    fake = Fake()
    outcome = run(Node("fax.delete", {"Id": 42, "If Match": empty}), fake, [{"etag": ""}])
    assert len(outcome.done) == 1
    assert "If-Match" not in fake.headers[0]


def test_an_option_whose_field_is_missing_is_an_error_and_not_left_out(run: Runner) -> None:
    fake = Fake()
    outcome = run(Node("fax.delete", {"Id": 42, "If Match": "{{ $json.etag }}"}, on_error="split"), fake, [{}])
    assert len(outcome.failed) == 1
    assert fake.targets == []


def test_empty_query_options_are_left_out_and_others_are_sent(run: Runner) -> None:
    fake = Fake(lambda _: [])
    run(
        Node("fax.list", {"Filter": "Id eq {{ $json.Id }}", "search": "", "Top": "{{ $json.n }}"}),
        fake,
        [{"Id": 3, "n": 5}],
    )
    assert fake.targets == ["/Fax?$filter=Id%20eq%203&$top=5"]


def test_templates_work_within_lists_and_objects_and_keep_their_types(run: Runner) -> None:
    seen: list[dict[str, Any]] = []
    fake = Fake(seen.append)
    run(Node("fax.bulk_fax_delete", {"ids": ["{{ $json.a }}", "{{ $json.b }}", 3]}), fake, [{"a": 1, "b": 2}])
    run(Node("fax.update", {"Id": 1, "body": {"Number": "{{ $json.a }}"}}), fake, [{"a": "9001"}])
    assert seen == [{"ids": [1, 2, 3]}, {"Id": 1, "body": {"Number": "9001"}}]


def test_a_name_of_3cx_s_own_is_taken_before_a_likeness(run: Runner) -> None:
    seen: list[dict[str, Any]] = []
    node = Node("email_template.update", {"TemplatePath": "a.html", "Body": "<p>{{ $json.Text }}</p>", "Subject": "Hi"})
    run(node, Fake(seen.append), [{"Text": "Hello"}])
    assert seen == [{"TemplatePath": "a.html", "Body": "<p>Hello</p>", "Subject": "Hi"}]


@pytest.mark.parametrize(
    ("action", "parameters", "error", "said"),
    [
        ("fax.delete", {}, InvalidArgument, ["fax.delete needs Id", "{{ $json.Id }}"]),
        ("fax.delete", {"Id": 1, "id": 2}, InvalidArgument, ["Id twice"]),
        ("fax.delete", {"Id": 1, "force": True}, UnknownName, ["'force'"]),
        ("fax.delete", {"Idd": 1}, UnknownName, ["'Idd'", "Did you mean Id"]),
        ("fax.list", {"Fliter": "x"}, UnknownName, ["'Fliter'", "filter"]),
        ("fax.delte", {"Id": 1}, UnknownName, ["fax.delete"]),
        ("dn_properties.get_properties_by_dn", {}, InvalidArgument, ["needs dnNumber"]),
    ],
)
def test_a_wrong_or_missing_parameter_is_refused_before_any_item(
    action: str, parameters: dict[str, Any], error: type[Exception], said: list[str]
) -> None:
    with pytest.raises(error) as raised:
        Node(action, parameters)
    assert [part for part in said if part not in str(raised.value)] == []


@pytest.mark.parametrize("options", [{"concurrency": 0}, {"concurrency": -1}, {"on_error": "ignore"}], ids=repr)
def test_a_node_has_sensible_options(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Node("fax.delete", {"Id": 1}, **options)


def test_something_that_is_no_item_is_refused_before_anything_is_sent(run: Runner) -> None:
    fake = Fake()
    with pytest.raises(InvalidArgument):
        run(delete(), fake, [{"Id": 1}, 2])
    assert fake.targets == []
