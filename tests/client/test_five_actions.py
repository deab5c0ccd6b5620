"""The five documented actions, each through Python (sync and async) and both commands, over one table of cases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import HALF, HTML, Nasty, closed_port
from trunkline import AsyncPbx, Pbx, TrunklineError, cli, errors
from trunkline.transport.retries import Retries


class Documented(NamedTuple):
    """One of the five: its resource, what one entity is called, its key, and a key that nothing has."""

    resource: str
    noun: str
    key: str
    unknown: Any

    @property
    def action(self) -> str:
        return f"{self.resource}.delete"


FIVE = [
    Documented("fax", "fax", "Id", 999999),
    Documented("device_infos", "device info", "Id", 999999),
    Documented("contacts", "contact", "Id", 999999),
    Documented("blocklist", "blocklist address", "Id", 999999),
    Documented("website_links", "weblink", "Link", "no-such-link"),
]


class Deletion(NamedTuple):
    """What came of a deletion: nothing wrong, or an error's class name, status and whole text."""

    error: str | None
    status: int | None
    text: str
    exit_code: int


DONE = Deletion(None, None, "", 0)


class Target(NamedTuple):
    url: str
    client: str = CLIENT
    key: str = KEY


Way = Callable[[Target, Documented, Any, "str | None"], Deletion]


def _caught(call: Callable[[], Any]) -> Deletion:
    try:
        answer = call()
    except TrunklineError as error:
        return Deletion(type(error).__name__, error.status, str(error), error.exit_code)
    assert answer is None
    return DONE


def python_sync(target: Target, documented: Documented, key: Any, if_match: str | None) -> Deletion:
    with Pbx(*target, label="acme", retries=Retries(base=0.001)) as pbx:
        delete = getattr(pbx, documented.resource).delete
        return _caught(lambda: delete(key, if_match=if_match))


def python_async(target: Target, documented: Documented, key: Any, if_match: str | None) -> Deletion:
    async def run() -> Any:
        async with AsyncPbx(*target, label="acme", retries=Retries(base=0.001)) as pbx:
            return await getattr(pbx, documented.resource).delete(key, if_match=if_match)

    return _caught(lambda: asyncio.run(run()))


@pytest.fixture
def command_delete(capsys: pytest.CaptureFixture[str]) -> Way:
    def delete(target: Target, documented: Documented, key: Any, if_match: str | None) -> Deletion:
        argv = [documented.resource.replace("_", "-"), "delete", "" if key is None else str(key), *_connection(target)]
        code = cli.execute([*argv, *([] if if_match is None else ["--if-match", if_match])])
        out, err = capsys.readouterr()
        if code == 0:
            assert json.loads(out) == {"success": True, documented.key: key}
            return DONE
        assert out == ""
        return Deletion("", None, err, code)

    return delete


@pytest.fixture
def command_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Way:
    def delete(target: Target, documented: Documented, key: Any, if_match: str | None) -> Deletion:
        item = {"Other": "field"} if key is None else {documented.key: key, "etag": if_match or ""}
        items = tmp_path / "items.jsonl"
        items.write_text(json.dumps(item) + "\n", encoding="utf-8")
        settings = ["--set", f"{documented.key}={{{{ $json.{documented.key} }}}}"]
        if if_match is not None:
            settings += ["--set", "If Match={{ $json.etag }}"]
        code = cli.execute(["run", documented.action, *settings, "--input", str(items), *_connection(target)])
        out, err = capsys.readouterr()
        answered = json.loads(out)
        assert answered["pairedItem"] == {"item": 0}
        if code == 0:
            assert answered["json"] == {"success": True, documented.key: key}
            return DONE
        assert answered["json"] == item
        error = answered["error"]
        return Deletion(error["type"], error["status"], f"{error['message']} {error['hint']} {err}", code)

    return delete


def _connection(target: Target) -> list[str]:
    return ["--url", target.url, "--client-id", target.client, "--api-key", target.key]


@pytest.fixture(params=["python_sync", "python_async", "command_delete", "command_run"])
def delete(request: pytest.FixtureRequest) -> Way:
    ways = {"python_sync": python_sync, "python_async": python_async}
    way: Way = ways.get(request.param) or request.getfixturevalue(request.param)
    return way


@pytest.fixture(params=FIVE, ids=lambda documented: documented.action)
def documented(request: pytest.FixtureRequest) -> Documented:
    found: Documented = request.param
    return found


@pytest.fixture
def row(pbx: Pbx, documented: Documented) -> Iterator[dict[str, Any]]:
    """An entity that exists, with its ETag."""
    return next(iter(pbx.call(f"{documented.resource}.list")))


def exists(pbx: Pbx, documented: Documented, key: Any) -> bool:
    return any(row[documented.key] == key for row in pbx.call(f"{documented.resource}.list"))


def failed(deletion: Deletion, kind: type[TrunklineError], *texts: str) -> None:
    """The error is of a kind, ends the command with its code, and says these things."""
    assert deletion.error in (kind.__name__, ""), deletion
    assert deletion.exit_code == kind.exit_code
    for text in texts:
        assert text in deletion.text, deletion.text
    assert KEY not in deletion.text
    assert "Traceback" not in deletion.text


def test_success(delete: Way, system: System, pbx: Pbx, documented: Documented, row: dict[str, Any]) -> None:
    assert delete(Target(system.url), documented, row[documented.key], None) == DONE
    assert not exists(pbx, documented, row[documented.key])


def test_the_right_etag(delete: Way, system: System, pbx: Pbx, documented: Documented, row: dict[str, Any]) -> None:
    assert delete(Target(system.url), documented, row[documented.key], row["@odata.etag"]) == DONE
    assert not exists(pbx, documented, row[documented.key])


def test_an_unknown_key_is_404(delete: Way, system: System, documented: Documented) -> None:
    deletion = delete(Target(system.url), documented, documented.unknown, None)
    failed(
        deletion,
        errors.NotFound,
        f"No {documented.noun} with {documented.key} {documented.unknown} on ",
        "See what exists",
    )


def test_a_stale_etag_is_412(
    delete: Way, system: System, pbx: Pbx, documented: Documented, row: dict[str, Any]
) -> None:
    deletion = delete(Target(system.url), documented, row[documented.key], 'W/"stale"')
    failed(deletion, errors.PreconditionFailed, documented.noun, "changed since", "Nothing was done", "with its ETag")
    assert exists(pbx, documented, row[documented.key])


def test_a_wrong_api_key_is_401(
    delete: Way, system: System, pbx: Pbx, documented: Documented, row: dict[str, Any]
) -> None:
    deletion = delete(Target(system.url, key="a-wrong-key"), documented, row[documented.key], None)
    failed(deletion, errors.SignInError, "refused to sign in client 'tests'", "Check the client id and the API key")
    assert "a-wrong-key" not in deletion.text
    assert exists(pbx, documented, row[documented.key])


def test_a_client_without_rights_is_403(
    delete: Way, system: System, pbx: Pbx, documented: Documented, row: dict[str, Any]
) -> None:
    deletion = delete(Target(system.url, VIEWER, VIEWER_KEY), documented, row[documented.key], None)
    failed(deletion, errors.Forbidden, "lacks the right", "System Admin", "System Wide")
    assert exists(pbx, documented, row[documented.key])


def test_a_missing_key_is_refused_and_nothing_is_sent(delete: Way, system: System, documented: Documented) -> None:
    deletion = delete(Target(system.url), documented, None, None)
    assert deletion.exit_code == 2
    assert deletion.error in ("InvalidArgument", "TemplateError", "")
    assert documented.key in deletion.text
    assert system.sent("DELETE") == []


def test_a_pbx_that_is_down(delete: Way, documented: Documented) -> None:
    deletion = delete(Target(closed_port()), documented, documented.unknown, None)
    failed(deletion, errors.Unreachable, "can't be reached", "Check that the 3CX is up")


@pytest.mark.parametrize("sign_in", [True, False], ids=["for the action", "for the sign-in"])
def test_a_pbx_that_answers_with_a_web_page(delete: Way, documented: Documented, sign_in: bool) -> None:
    with Nasty(lambda asked: HTML, sign_in=sign_in) as server:
        deletion = delete(Target(server.url), documented, documented.unknown, None)
    failed(deletion, errors.BrokenAnswer, "a web page instead of JSON", "Check that the address is the 3CX itself")


def test_a_pbx_that_breaks_the_connection_half_way(delete: Way, documented: Documented) -> None:
    with Nasty(lambda asked: HALF) as server:
        deletion = delete(Target(server.url), documented, documented.unknown, None)
    failed(deletion, errors.ConnectionLost, "broke before the answer was complete", "not known whether")
    assert len([asked for asked in server.api_calls if asked.method == "DELETE"]) == 3  # `run` then looks it up


@pytest.mark.parametrize(
    "link",
    ["o'brien", "''", "50% off", "a/b", "../users", "%2F", "münchen", "日本", "a b+c&d=e?f#g", "(x)", "x;y,z", "\\"],
)
def test_a_weblink_with_any_key(delete: Way, system: System, pbx: Pbx, link: str) -> None:
    weblinks = FIVE[4]
    pbx.website_links.create({"Link": link, "Name": "A link"})
    assert pbx.website_links.get(link)["Link"] == link
    assert delete(Target(system.url), weblinks, link, None) == DONE
    assert not exists(pbx, weblinks, link)
