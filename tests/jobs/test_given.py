"""What a person gives a job, what is shown before it starts, and what failed given again."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from jobs.conftest import FakePbx, Start, on
from trunkline.catalog import load
from trunkline.catalog.secret import MASK
from trunkline.errors import BadRequest, ConfigurationError, InvalidArgument
from trunkline.jobs import JobFolder, State
from trunkline.jobs.folder import running_alone
from trunkline.jobs.given import given_items, rest_csv
from trunkline.jobs.preview import CHECKED, SHOWN, preview
from trunkline.work.outcome import Outcome
from trunkline.work.run import CARRIED_OUT

TARGETS = {"acme": "https://pbx.example.com"}
DELETE = ("fax.delete", {"Id": "{{ $json.Id }}"})


def given(text: str, action: str = "fax.delete") -> list[dict[str, Any]]:
    return [dict(item["json"]) for item in given_items(io.BytesIO(text.encode()), load().action(action))]


def faxes(*numbers: int) -> FakePbx:
    return FakePbx({("fax", n): {"Id": n} for n in numbers})


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Id\n1\n2\n", [{"Id": "1"}, {"Id": "2"}]),
        ("Id;Name\n1;Lobby\n", [{"Id": "1", "Name": "Lobby"}]),
        ('{"Id": 1}\n{"Id": 2}\n', [{"Id": 1}, {"Id": 2}]),
        ('[{"Id": 1}]', [{"Id": 1}]),
        ("1\n2\n\n3", [{"Id": 1}, {"Id": 2}, {"Id": 3}]),
        ("Id,# why\n1,It is in use.\n", [{"Id": "1"}]),
        ("", []),
    ],
)
def test_a_file_or_a_list_becomes_items(text: str, items: list[dict[str, Any]]) -> None:
    assert given(text) == items


def test_a_bare_key_is_an_item_only_where_the_action_has_one_key() -> None:
    with pytest.raises(InvalidArgument, match="Line 1 of the input is not an item"):
        given("1\n2\n", "users.create")


def test_a_preview_has_the_first_requests_and_counts_all_items() -> None:
    items = given_items(io.BytesIO(b"Id\n" + b"".join(b"%d\n" % n for n in range(25))), load().action("fax.delete"))
    shown = preview(*DELETE, items, TARGETS)
    assert shown.size == 25
    assert len(shown.requests) == SHOWN
    assert [(r.n, r.method, r.path, r.body) for r in shown.requests[:2]] == [
        (0, "DELETE", "/Fax(0)", None),
        (1, "DELETE", "/Fax(1)", None),
    ]
    assert shown.faults == {}


def test_a_preview_masks_the_secrets_of_bodies() -> None:
    parameters = {"Id": "{{ $json.Id }}", "body": "{{ $json }}"}
    shown = preview("users.update", parameters, [{"json": {"Id": 3, "AuthPassword": "correct-horse-battery"}}], TARGETS)
    assert shown.requests[0].body["AuthPassword"] == MASK


def test_a_preview_says_which_items_cannot_be_sent() -> None:
    items: Any = [{"json": {"Id": 1}}, {"json": {"Number": 2}}, {"json": {"Id": "x"}}]
    shown = preview(*DELETE, items, TARGETS)
    assert [request.n for request in shown.requests] == [0]
    assert list(shown.faults) == [1, 2]
    assert "Id" in shown.faults[1].message


def test_a_preview_makes_no_more_requests_than_it_says() -> None:
    items: Any = ({"json": {}} for _ in range(CHECKED + 50))
    shown = preview(*DELETE, items, TARGETS)
    assert shown.size == CHECKED + 50
    assert len(shown.faults) == CHECKED


def test_a_preview_names_lists_that_are_replaced() -> None:
    parameters = {"Id": "{{ $json.Id }}", "Agents": [{"Number": "100"}]}
    assert "replaces the whole list Agents" in preview("queues.update", parameters, [], TARGETS).facts[0]


def test_a_preview_refuses_what_a_job_would_refuse() -> None:
    row = {"Id": 1, "Number": "100", "FirstName": "Ada", "LastName": "Byron", "EmailAddress": "ada@example.com"}
    with pytest.raises(InvalidArgument, match="Item 0 is a row of users, not of fax"):
        preview(*DELETE, [{"json": row}], TARGETS)


def test_what_failed_is_a_csv_that_can_be_given_again(start: Start) -> None:
    items = [{"Id": 1, "Note": "=cmd"}, {"Id": 2, "Note": "a;b"}, {"Id": 3}]
    with start(*DELETE, items) as job:
        asyncio.run(job.arun(on(faxes(1))))
        text = "".join(rest_csv(job.records([State.FAILED])))
    assert text.splitlines()[0] == "Id,Note,# why"
    assert "No fax 2." in text
    assert given(text) == [{"Id": "2", "Note": "a;b"}, {"Id": "3", "Note": ""}]


def test_a_csv_of_what_failed_has_no_secret(start: Start) -> None:
    with start(*DELETE, [{"Id": 1, "AuthPassword": "correct-horse-battery"}]) as job:
        asyncio.run(job.arun(on(faxes())))
        text = "".join(rest_csv(job.records([State.FAILED])))
    assert "correct-horse" not in text
    assert MASK in text


def test_what_failed_is_tried_again_and_nothing_else(start: Start) -> None:
    pbx = faxes(1, 2)
    with start(*DELETE, [{"Id": n} for n in (1, 2, 3, 4)]) as job:
        asyncio.run(job.arun(on(pbx)))
        assert job.summary().counts["failed"] == 2
        pbx.rows[("fax", 3)] = {"Id": 3}
        pbx.asked.clear()
        assert job.retry_failed() == 2
        assert job.summary().status == "paused"
        summary = asyncio.run(job.arun(on(pbx)))
    assert (summary.counts["done"], summary.counts["failed"]) == (3, 1)
    assert sorted(pbx.asked) == [("delete", 3), ("delete", 4)]


def test_what_was_carried_out_is_not_tried_again(start: Start) -> None:
    with start(*DELETE, [{"Id": 1}]) as job:
        error = BadRequest("It can't be kept.", status=400)
        job.ledger.write([(1, Outcome(0, State.FAILED, 1, error=error, note=CARRIED_OUT))])
        assert job.retry_failed() == 0
        assert job.summary().counts["failed"] == 1


def test_a_job_that_runs_or_was_cancelled_tries_nothing_again(start: Start, folder: JobFolder) -> None:
    with start(*DELETE, [{"Id": 1}]) as job:
        with running_alone(folder.file("night")), pytest.raises(ConfigurationError, match="is running"):
            job.retry_failed()
        job.cancel()
        with pytest.raises(ConfigurationError, match="was cancelled"):
            job.retry_failed()


def test_pages_have_every_record_once_in_order_over_all_pbxs(start: Start) -> None:
    targets = {"acme": "https://pbx.example.com", "other": "https://other.example.com"}
    with start(*DELETE, [{"Id": n} for n in range(7)], targets=targets) as job:
        job.ledger.write([(1, Outcome(n, State.DONE, 1)) for n in (1, 4)])
        for states in (list(State), [State.NOT_STARTED], [State.DONE, State.FAILED]):
            whole = list(job.records(states))
            pages = [job.page(states, skip, 3) for skip in range(0, len(whole) + 3, 3)]
            assert [record for page in pages for record in page] == whole
            assert all(len(page) <= 3 for page in pages)
