"""Each rule of docs/node-semantics.md: what is seen beside what it says."""

from __future__ import annotations

import base64
import datetime as dt
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from trunkline import catalog
from trunkline.errors import (
    BrokenAnswer,
    ConnectionLost,
    Forbidden,
    InvalidArgument,
    ItemsFailed,
    NotFound,
    PreconditionFailed,
    ServerError,
    TemplateError,
    TooManyRequests,
    UnknownName,
    Unreachable,
    VersionWarning,
)
from trunkline.node import Node, NodeResult, Template, World, as_item
from trunkline.node.template import Scope
from trunkline.request import ContainedFile, Part, bind, build
from trunkline.result import File, Saved

PAGE = Path(__file__).parents[2] / "docs" / "node-semantics.md"
CATALOG = catalog.load()
NOW = dt.datetime(2026, 11, 22, 13, 0, tzinfo=dt.UTC)


class Fake:
    """Something that can call an action: checks arguments as a PBX's client does, and answers what it is told to."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []
        self.bodies: list[Any] = []
        self.etags: list[str | None] = []

    def call(self, action: str, /, to: Path | None = None, **arguments: Any) -> Any:
        request = build(bind(CATALOG, CATALOG.action(action), (), arguments))
        self.sent.append(f"{request.method} {request.target}")
        self.bodies.append(request.body.decode() if isinstance(request.body, bytes) else request.body)
        self.etags.append(dict(request.headers).get("If-Match"))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, File) and to is not None:
            name = answer.name or "file"
            (to / name).write_bytes(answer.content)
            return Saved(to / name, name, answer.content_type, len(answer.content))
        return answer


NAMED = {"json": {}, "binary": {"data": {"path": str(PAGE), "fileName": "a.wav"}}}


class Case(NamedTuple):
    """What is done, and what must come of it: a value, or an error whose message has certain words."""

    rule: str
    what: str
    do: Callable[[], Any]
    expected: Any = None
    raises: type[Exception] | None = None
    said: str = ""


def value(text: str, *items: Any, position: int = 0, **world: Any) -> Any:
    scope = Scope([as_item(item) for item in items or ({},)], position, World(clock=NOW.timestamp, **world))
    return Template(text).value(scope, "p")


def sent(action: str, parameters: dict[str, Any], item: Any = None, answer: Any = None, **options: Any) -> str:
    """The request of one item."""
    fake = Fake(answer)
    Node(action, parameters, **options).run(fake, [item or {}])
    (found,) = fake.sent
    return found


def body(action: str, parameters: dict[str, Any], item: Any = None) -> str:
    fake = Fake({})
    Node(action, parameters).run(fake, [item or {}])
    (found,) = fake.bodies
    return str(found)


def unheard(parameters: dict[str, Any]) -> str:
    with pytest.warns(VersionWarning, match="Unheard"):
        return body(USER, parameters)


def output(action: str, parameters: dict[str, Any], *answers: Any, items: Any = ({},), **options: Any) -> Any:
    return Node(action, parameters, concurrency=1, **options).run(Fake(*answers), items).items


def uploaded(parameters: dict[str, Any], item: Any, **options: Any) -> tuple[str, Any]:
    fake = Fake()
    Node("custom_prompts.upload", parameters, **options).run(fake, [item])
    (part,) = fake.bodies
    assert isinstance(part, Part)
    return part.filename, part.source


def gone(number: int = 1) -> NotFound:
    return NotFound(f"No fax with Id {number}.", status=404)


def down(status: int = 503) -> ServerError:
    return ServerError("The PBX is in trouble.", status=status)


def slow() -> TooManyRequests:
    return TooManyRequests("Slow down.", status=429)


def unread() -> BrokenAnswer:
    """A 404 of something that is not a 3CX."""
    return BrokenAnswer("404 page not found", status=404)


def lost() -> ConnectionLost:
    return ConnectionLost("The connection broke.")


def delete(*answers: Any, count: int = 1, **options: Any) -> tuple[NodeResult, list[str]]:
    """Deleting faxes 1, 2, …: what came of it, and what was sent."""
    fake = Fake(*answers)
    node = Node("fax.delete", {"Id": "{{ $json.Id }}"}, concurrency=1, retry_wait=0, **options)
    try:
        outcome = node.run(fake, [{"Id": n} for n in range(1, count + 1)])
    except ItemsFailed as stopped:
        outcome = stopped.result
        assert isinstance(outcome, NodeResult)
    return outcome, fake.sent


def jsons(outcome: NodeResult) -> list[Any]:
    return [item["json"] for item in outcome.items]


def counts(outcome: NodeResult) -> tuple[int, int, int]:
    return len(outcome.done), len(outcome.failed), len(outcome.not_started)


CHANGED = {"OutboundCallerId": "+12025550100"}
OTHER = {"OutboundCallerId": "+12025550199"}


def patched(*answers: Any) -> tuple[list[str], str]:
    """The methods that were sent for a change, and what became of it."""
    fake = Fake(*answers)
    node = Node("fax.update", {"Id": 1, **CHANGED}, retries=1, retry_wait=0, on_error="continue")
    outcome = node.run(fake, [{}])
    fate = "unknown" if outcome.unknown else "failed" if outcome.failed else "done"
    return [line.partition(" ")[0] for line in fake.sent], fate


def added(*answers: Any) -> tuple[list[str], str]:
    """As `patched`, for a contact, which can't be looked up."""
    fake = Fake(*answers)
    node = Node("contacts.create", {"First Name": "Ada"}, retries=1, retry_wait=0, on_error="continue")
    outcome = node.run(fake, [{}])
    fate = "unknown" if outcome.unknown else "failed" if outcome.failed else "done"
    return [line.partition(" ")[0] for line in fake.sent], fate


def saved(folder: Path) -> list[Any]:
    folder.mkdir()
    (folder / "call.wav").write_bytes(b"older")
    files = [File("call.wav", "audio/x-wav", b"one"), File("call.wav", "audio/x-wav", b"two")]
    node = Node("recordings.download_recording", {"recId": "{{ $json.Id }}"}, concurrency=1, binary_to=folder)
    items = node.run(Fake(*files), [{"Id": 1}, {"Id": 2}]).items
    paths = [Path(item["binary"]["data"]["path"]) for item in items]
    assert "data" not in items[0]["binary"]["data"]
    assert sorted(path.name for path in folder.iterdir()) == ["call (2).wav", "call (3).wav", "call.wav"]
    return [(path.name, path.read_bytes()) for path in paths]


WAV = File("call.wav", "audio/x-wav", b"RIFF")
ABOUT = {"fileName": "call.wav", "mimeType": "audio/x-wav", "fileSize": 4, "fileExtension": "wav"}
IN_ITEM = {
    "json": {},
    "binary": {"data": {**ABOUT, "data": "UklGRg=="}, "other": {"data": "eA==", "fileExtension": "mp3"}},
}
ENV = {"SITE": "north", "SECRET": "x"}
USER = "users.update"
DELETED = {"json": {"success": True, "Id": 1}, "pairedItem": {"item": 0}}

CASES = [
    Case("I1", "a plain object", lambda: as_item({"Id": 1}), {"json": {"Id": 1}}),
    Case(
        "I1",
        "an item",
        lambda: as_item({"json": {"Id": 1}, "error": {"message": "x"}}),
        {"json": {"Id": 1}, "error": {"message": "x"}},
    ),
    Case("I1", "no files", lambda: as_item({"json": {}, "binary": 5}), raises=InvalidArgument, said="binary"),
    Case("I2", "index", lambda: as_item({"json": {}, "pairedItem": 3})["pairedItem"], 3),
    Case("I2", "object", lambda: as_item({"json": {}, "pairedItem": {"item": 3, "input": 1}})["pairedItem"]["item"], 3),
    Case("I2", "list", lambda: as_item({"json": {}, "pairedItem": [1, {"item": 2}]})["pairedItem"], [1, {"item": 2}]),
    Case("I2", "neither", lambda: as_item({"json": {}, "pairedItem": "3"}), raises=InvalidArgument, said="pairedItem"),
    Case(
        "I2",
        "what comes out",
        lambda: output("fax.delete", {"Id": 1}, items=[{"json": {}, "pairedItem": [7]}]),
        [DELETED],
    ),
    Case(
        "I3",
        "a file",
        lambda: output("recordings.download_recording", {"recId": 7}, WAV),
        [
            {
                "json": ABOUT,
                "binary": {"data": {**ABOUT, "data": base64.b64encode(b"RIFF").decode()}},
                "pairedItem": {"item": 0},
            }
        ],
    ),
    Case("I4", "property data", lambda: uploaded({}, IN_ITEM), ("call.wav", b"RIFF")),
    Case("I4", "another property", lambda: uploaded({"file": "other"}, IN_ITEM), ("other.mp3", b"x")),
    Case("I4", "n8n's name", lambda: uploaded({"Input Binary Field": "{{ 'other' }}"}, IN_ITEM), ("other.mp3", b"x")),
    Case("I8", "a path", lambda: uploaded({}, NAMED), raises=ItemsFailed, said="not trusted"),
    Case("I8", "a path that is trusted", lambda: uploaded({}, NAMED, trust_item_paths=True), ("a.wav", PAGE)),
    Case(
        "I8",
        "a path in the folder",
        lambda: uploaded({}, NAMED, trust_item_paths=True, files_from=PAGE.parent),
        ("a.wav", ContainedFile(PAGE.parent, PAGE)),
    ),
    Case(
        "I8",
        "a path outside of the folder",
        lambda: uploaded({}, NAMED, trust_item_paths=True, files_from=PAGE.parent / "guides"),
        raises=ItemsFailed,
        said="outside of the folder",
    ),
    Case("I4", "none", lambda: uploaded({}, {"json": {}}), raises=ItemsFailed, said="no file 'data'"),
    Case(
        "I4",
        "no content",
        lambda: uploaded({}, {"json": {}, "binary": {"data": {"data": "%%"}}}),
        raises=ItemsFailed,
        said="no content",
    ),
    Case(
        "I4",
        "n8n's store",
        lambda: uploaded({}, {"json": {}, "binary": {"data": {"id": "filesystem-v2:1", "data": "filesystem-v2"}}}),
        raises=ItemsFailed,
        said="n8n's own store",
    ),
    Case("I5", "rows", lambda: [i["json"]["Id"] for i in output("fax.list", {}, iter([{"Id": 1}, {"Id": 2}]))], [1, 2]),
    Case(
        "I5",
        "a value",
        lambda: output("defs.has_system_owner", {}, True),
        [{"json": {"value": True}, "pairedItem": {"item": 0}}],
    ),
    Case("I5", "no body", lambda: output("fax.delete", {"Id": "1"}), [DELETED]),
    Case(
        "I7",
        "order",
        lambda: [
            i["json"]["Id"]
            for i in Node("fax.delete", {"Id": "{{ $json.Id }}"}).run(Fake(), [{"Id": n} for n in range(30)]).items
        ],
        list(range(30)),
    ),
    Case("T1", "a template", lambda: value("{{ $json.a + 1 }}", {"a": 1}), 2),
    Case("T1", "an equals sign", lambda: value("={{ $json.a }}", {"a": 1}), 1),
    Case("T1", "text", lambda: value("=1"), "=1"),
    Case("T1", "two expressions", lambda: value("{{ 1; 2 }}"), raises=TemplateError, said="SyntaxError"),
    Case(
        "T2",
        "types",
        lambda: [value("{{ $json.a }}", {"a": v}) for v in (1, 1.5, "1", True, None, [1], {"b": 1})],
        [1, 1.5, "1", True, None, [1], {"b": 1}],
    ),
    Case("T2", "large numbers", lambda: value("{{ $json.a }}", {"a": 2**63 + 1}), 2**63 + 1),
    Case(
        "T3",
        "joined",
        lambda: value(
            "{{ $json.a }}|{{ $json.b }}|{{ $json.c }}|{{ $json.d }}",
            {"a": None, "b": [1, None, "x"], "c": 1.5, "d": False},
        ),
        "|1,,x|1.5|false",
    ),
    Case("T3", "an object", lambda: value("a{{ $json.a }}", {"a": {}}), raises=TemplateError, said="is an object"),
    Case("T4", "strings and objects", lambda: value("{{ {a: {b: '}}'}} }}"), {"a": {"b": "}}"}}),
    Case("T4", "a comment to the end of the line", lambda: value("{{ 1 // one }} a"), "1 a"),
    Case(
        "T4",
        "an ambiguous comment",
        lambda: value("{{ 1 // }} }}"),
        raises=TemplateError,
        said="either could be its end",
    ),
    Case(
        "T4", "too long", lambda: value("{{ 1 }}" + " " * 1_000_000), raises=TemplateError, said="1,000,000 is the most"
    ),
    Case(
        "T5",
        "plain",
        lambda: value("{{ $json.a.b }}", {"a": {}}),
        raises=TemplateError,
        said=r"Item 0: p = \{\{ \$json.a.b \}\} .*no field a.b",
    ),
    Case(
        "T5",
        "JavaScript",
        lambda: value("{{ $json.a.b.c }}".replace("}}", "+ 1 }}"), {"a": {}}),
        raises=TemplateError,
        said=r"\$json.a.b is undefined",
    ),
    Case("T5", "within text", lambda: value("a {{ $json.b }}"), raises=TemplateError, said="no field b"),
    Case(
        "T6",
        "own",
        lambda: value("{{ [$json.a, $item.json.a, $itemIndex] }}", {"a": 1}, {"a": 2}, position=1),
        [2, 2, 1],
    ),
    Case(
        "T6",
        "all",
        lambda: value(
            "{{ [$items.length, $items()[0].json.a] }}".replace("$items.length", "$items().length"), {"a": 1}, {"a": 2}
        ),
        [2, 1],
    ),
    Case("T6", "the list", lambda: value("{{ $items.map(i => i.json.a) }}", {"a": 1}, {"a": 2}), [1, 2]),
    Case(
        "T6",
        "input",
        lambda: value(
            "{{ [$input.all().length, $input.first().json.a, $input.last().json.a, $input.item.json.a] }}",
            {"a": 1},
            {"a": 2},
        ),
        [2, 1, 2, 1],
    ),
    Case(
        "T6",
        "binary",
        lambda: value("{{ [$binary.data.fileName, $binary.data.data ?? 'left out'] }}", IN_ITEM),
        ["call.wav", "left out"],
    ),
    Case("T7", "arithmetic", lambda: value("{{ $now.minus({days: 30}).startOf('month').toISODate() }}"), "2026-10-01"),
    Case(
        "T7",
        "comparison",
        lambda: value("{{ DateTime.fromISO($json.at) < $today }}", {"at": "2026-11-21T23:59:59Z"}),
        True,
    ),
    Case(
        "T7",
        "no date",
        lambda: value("{{ DateTime.fromISO('soon') < $now }}"),
        raises=TemplateError,
        said="not an ISO date",
    ),
    Case(
        "T7",
        "out of range",
        lambda: value("{{ $now.plus({years: 1e6}).toISO() }}"),
        raises=TemplateError,
        said="out of range",
    ),
    Case("T7", "a number that is none", lambda: value("{{ [0 / 0] }}"), raises=TemplateError, said="NaN"),
    Case("T8", "UTC", lambda: value("{{ $now.toISO() }}"), "2026-11-22T13:00:00.000Z"),
    Case("T8", "a zone", lambda: value("{{ $today.toISO() }}", zone="Europe/Berlin"), "2026-11-22T00:00:00.000+01:00"),
    Case("T9", "allowed", lambda: value("{{ $env.SITE }}", allow_env=["SITE"], environment=ENV), "north"),
    Case(
        "T9",
        "not allowed",
        lambda: value("{{ $env.SECRET }}", allow_env=["SITE"], environment=ENV),
        raises=TemplateError,
        said="--allow-env SECRET",
    ),
    Case(
        "T9",
        "not set",
        lambda: value("{{ $env.NONE }}", allow_env=["NONE"], environment=ENV),
        raises=TemplateError,
        said="the environment has no NONE",
    ),
    Case("T9", "variables", lambda: value("{{ $vars.days + 1 }}", variables={"days": 3}), 4),
    Case(
        "T9",
        "no such variable",
        lambda: value("{{ $vars.weeks }}", variables={"days": 3}),
        raises=TemplateError,
        said="--var weeks=VALUE",
    ),
    Case("T10", "no host", lambda: value("{{ [typeof process, typeof require, typeof fetch] }}"), ["undefined"] * 3),
    Case("T10", "time", lambda: value("{{ (() => { for (;;) {} })() }}"), raises=TemplateError, said="was stopped"),
    Case("T10", "memory", lambda: value("{{ 'x'.repeat(2**29) }}"), raises=TemplateError, said="MB and was stopped"),
    Case(
        "T10",
        "native code",
        lambda: value("{{ $json.a.includes($json.b) }}", {"a": "a" * 400_000, "b": "a" * 200_000 + "b"}),
        raises=TemplateError,
        said="was stopped",
    ),
    Case("T11", "frozen", lambda: value("{{ (Array.prototype.map = 1) }}"), raises=TemplateError, said="TypeError"),
    Case("T11", "given anew", lambda: [value("{{ ($json.a += 1) }}", {"a": 1}) for _ in range(2)], [2, 2]),
    Case("T12", "works", lambda: value("{{ $json.a.extractEmail() }}", {"a": "x ann@example.com"}), "ann@example.com"),
    Case(
        "T12",
        "says what to use",
        lambda: value("{{ $('Users').item.json.Id }}"),
        raises=TemplateError,
        said=r"another node's.*\$json",
    ),
    Case(
        "P1",
        "names",
        lambda: {
            sent("Delete Fax", {key: 1, etag: '"x"'})
            for key in ("Id", "id", "ID")
            for etag in ("If-Match", "if_match", "If Match")
        },
        {"DELETE /Fax(1)"},
    ),
    Case("P1", "unknown", lambda: Node("fax.delete", {"Idd": 1}), raises=UnknownName, said="Did you mean Id"),
    Case("P1", "twice", lambda: Node("fax.delete", {"Id": 1, "id": 1}), raises=InvalidArgument, said="twice"),
    Case(
        "P2",
        "options",
        lambda: {
            sent("fax.list", {name: "Id eq 1"}, answer=[])
            for name in ("$filter", "filter", "Filter", "Options.Filter", "Query Parameters.$filter")
        },
        {"GET /Fax?$filter=Id%20eq%201"},
    ),
    Case(
        "P3",
        "a field",
        lambda: {
            body(USER, {"Id": 1, name: "Ada"})
            for name in ("FirstName", "First Name", "first_name", "Body.FirstName", "body.first name")
        },
        {'{"FirstName":"Ada"}'},
    ),
    Case(
        "P3",
        "a path",
        lambda: body(USER, {"Id": 1, "Body.Groups[0].Rights.RoleName": "users", "Body.Groups[0].GroupId": 7}),
        '{"Groups":[{"Rights":{"RoleName":"users"},"GroupId":7}]}',
    ),
    Case("P3", "a key's name", lambda: body(USER, {"Id": 1, "Body.Id": 2}), '{"Id":2}'),
    Case("P3", "a field of no version", lambda: unheard({"Id": 1, "Body.Unheard": "x"}), '{"Unheard":"x"}'),
    Case(
        "P3",
        "twice",
        lambda: Node(USER, {"Id": 1, "FirstName": "a", "Body.FirstName": "b"}),
        raises=InvalidArgument,
        said="twice",
    ),
    Case(
        "P3",
        "a gap in a list",
        lambda: body(USER, {"Id": 1, "Body.Groups[1].GroupId": 7}),
        raises=ItemsFailed,
        said="leaves out",
    ),
    Case(
        "P4",
        "an object",
        lambda: body(USER, {"Id": 1, "body": {"FirstName": "{{ $json.n }}"}}, {"n": "Ada"}),
        '{"FirstName":"Ada"}',
    ),
    Case(
        "P4",
        "JSON text without a template",
        lambda: body(USER, {"Id": 1, "body": '={"FirstName": "Ada"}'}),
        '{"FirstName":"Ada"}',
    ),
    Case(
        "P4",
        "JSON text",
        lambda: body(
            USER,
            {"Id": 1, "body": '={"FirstName": "{{ $json.n }}!", "Groups": {{ $json.g }} }'},
            {"n": 'A"d\na', "g": [{"GroupId": 1}]},
        ),
        r'{"FirstName":"A\"d\na!","Groups":[{"GroupId":1}]}',
    ),
    Case(
        "P4",
        "a whole item",
        lambda: body(USER, {"Id": 1, "body": "{{ $json }}"}, {"FirstName": "Ada"}),
        '{"FirstName":"Ada"}',
    ),
    Case(
        "P4",
        "both",
        lambda: body(USER, {"Id": 1, "body": '{"FirstName": "Ada"}', "Body.LastName": "{{ $json.l }}"}, {"l": "B"}),
        '{"FirstName":"Ada","LastName":"B"}',
    ),
    Case(
        "P4",
        "no JSON",
        lambda: Node(USER, {"Id": 1, "body": "{FirstName: {{ $json.n }}}"}),
        raises=InvalidArgument,
        said="not JSON",
    ),
    Case(
        "P5",
        "labels",
        lambda: {body("blocklist.create", {"BlockType": label}) for label in ("Block", "block", " BLOCK ")},
        {'{"BlockType":"Block"}'},
    ),
    Case(
        "P5",
        "no label",
        lambda: body("blocklist.create", {"BlockType": "Blocked"}),
        raises=ItemsFailed,
        said="BlockType",
    ),
    Case(
        "P6",
        "from text",
        lambda: body("fax.update", {"Id": 1, "FaxServer": "True", "Number": 9001}),
        '{"FaxServer":true,"Number":"9001"}',
    ),
    Case("P6", "a list", lambda: body("fax.bulk_fax_delete", {"ids": "[1, 2]"}), '{"ids":[1,2]}'),
    Case(
        "P6",
        "what doesn't fit",
        lambda: body("fax.update", {"Id": 1, "FaxServer": "perhaps"}),
        raises=ItemsFailed,
        said="FaxServer",
    ),
    Case(
        "P7",
        "options",
        lambda: sent("fax.list", {"filter": "", "Top": "{{ $json.n }}"}, {"n": ""}, answer=[]),
        "GET /Fax",
    ),
    Case(
        "P7",
        "fields without text",
        lambda: body("fax.update", {"Id": 1, "FaxServer": "", "Number": "9001"}),
        '{"Number":"9001"}',
    ),
    Case(
        "P7", "a text field", lambda: body("fax.update", {"Id": 1, "OutboundCallerId": ""}), '{"OutboundCallerId":""}'
    ),
    Case("P7", "a key", lambda: sent("website_links.delete", {"Link": ""}), raises=ItemsFailed, said="empty"),
    Case(
        "P8",
        "checked",
        lambda: (
            delete(count=1, on_error="split")[0].failed
            + Node("fax.delete", {"Id": "x"}, on_error="split").run(fake := Fake(), [{}]).done
            + fake.sent
        ),
        [],
    ),
    Case(
        "P8",
        "whoever is called",
        lambda: Node("fax.update", {"Id": 1, "FaxServer": "{{ 5 }}"}).call(Scope([{"json": {}}], 0)),
        raises=InvalidArgument,
        said="FaxServer",
    ),
    Case("P9", "nothing made up", lambda: body(USER, {"Id": 1, "FirstName": "Ada"}), '{"FirstName":"Ada"}'),
    Case("P9", "required", lambda: Node("fax.delete", {}), raises=InvalidArgument, said="needs Id"),
    Case("E1", "stop", lambda: counts(delete(None, gone(), count=4)[0]), (1, 1, 2)),
    Case(
        "E2",
        "continue",
        lambda: [i.get("error", {}).get("status") for i in delete(None, gone(), count=3, on_error="continue")[0].items],
        [None, 404, None],
    ),
    Case(
        "E3",
        "split",
        lambda: [[i["json"]["Id"] for i in out] for out in delete(None, gone(), count=3, on_error="split")[0][:2]],
        [[1, 3], [2]],
    ),
    Case(
        "E4",
        "a delete",
        lambda: [line.partition("?")[0] for line in delete(down(), {"Id": 1}, down(), {"Id": 1}, None, retries=2)[1]],
        ["DELETE /Fax(1)", "GET /Fax(1)", "DELETE /Fax(1)", "GET /Fax(1)", "DELETE /Fax(1)"],
    ),
    Case(
        "E4",
        "no more than told",
        lambda: [line.partition("?")[0] for line in delete(down(), {"Id": 1}, down(), {"Id": 1}, retries=1)[1]],
        ["DELETE /Fax(1)", "GET /Fax(1)", "DELETE /Fax(1)", "GET /Fax(1)"],
    ),
    Case(
        "E4",
        "a delete that was carried out",
        lambda: [delete(error, gone())[0].items for error in (lost(), down(), down(504), down(500))],
        [[DELETED]] * 4,
    ),
    Case(
        "E4",
        "what won't pass",
        lambda: delete(PreconditionFailed("changed", status=412), retries=5)[1],
        ["DELETE /Fax(1)"],
    ),
    Case(
        "E4",
        "a change that was carried out",
        lambda: [patched(error, CHANGED) for error in (lost(), down(500), down(503), slow(), unread())],
        [(["PATCH", "GET"], "done")] * 5,
    ),
    Case(
        "E4",
        "a change that was not",
        lambda: [patched(error, OTHER, {}) for error in (lost(), down(500), down(503), slow(), unread())],
        [(["PATCH", "GET", "PATCH"], "done")] * 5,
    ),
    Case(
        "E4",
        "a change that can't be looked up",
        lambda: [patched(error, down(500), {}) for error in (lost(), down(500), down(503), slow(), unread())],
        [(["PATCH", "GET"], "unknown")] * 5,
    ),
    Case(
        "E4",
        "a create without a key",
        lambda: [added(error, {}) for error in (lost(), down(500), down(503), slow(), unread())],
        [(["POST"], "unknown")] * 5,
    ),
    Case(
        "E4",
        "what surely was not sent",
        lambda: [patched(Unreachable("no", processed=False), {}), added(Unreachable("no", processed=False), {})],
        [(["PATCH", "PATCH"], "done"), (["POST", "POST"], "done")],
    ),
    Case("E5", "lost, then missing", lambda: delete(lost(), {"Id": 1}, gone(), retries=1)[0].items, [DELETED]),
    Case("E5", "missing at once", lambda: counts(delete(gone(), retries=3, on_error="split")[0]), (0, 1, 0)),
    Case(
        "E6",
        "asked for",
        lambda: jsons(delete(gone(), missing_ok=True)[0]),
        [{"success": True, "Id": 1, "missing": True}],
    ),
    Case(
        "E6",
        "another refusal",
        lambda: counts(delete(Forbidden("No right.", status=403), missing_ok=True)[0]),
        (0, 1, 0),
    ),
    Case("E6", "not asked for", lambda: counts(delete(gone())[0]), (0, 1, 0)),
    Case(
        "E6",
        "not for others",
        lambda: Node("fax.get", {"Id": 1}, missing_ok=True),
        raises=InvalidArgument,
        said="missing_ok",
    ),
    Case(
        "E7",
        "continue",
        lambda: counts(delete(gone(), None, gone(), count=6, on_error="continue", max_errors=2)[0]),
        (1, 2, 3),
    ),
    Case(
        "E7",
        "an error",
        lambda: Node("fax.get", {"Id": 1}, on_error="split", max_errors=1, concurrency=1).run(Fake(gone()), [{}, {}]),
        raises=ItemsFailed,
        said="not started",
    ),
    Case(
        "E8",
        "a bug",
        lambda: counts(delete(None, ZeroDivisionError("a bug"), {"Id": 2}, count=3, on_error="split")[0]),
        (2, 1, 0),
    ),
    Case("L1", "four", lambda: Node("fax.delete", {"Id": 1}).concurrency, 4),
    Case(
        "L3",
        "no item",
        lambda: Node("fax.delete", {"Id": 1}).run(Fake(), [{}, 5]),
        raises=InvalidArgument,
        said="Item 1",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.what}")
def test_rule(case: Case) -> None:
    if case.raises is None:
        assert case.do() == case.expected
    else:
        with pytest.raises(case.raises, match=case.said):
            case.do()


def test_rule_i6_a_file_is_saved_and_nothing_is_overwritten(tmp_path: Path) -> None:
    assert saved(tmp_path / "files") == [("call (2).wav", b"one"), ("call (3).wav", b"two")]


def test_rule_l1_no_more_run_at_once_than_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Slow(Fake):
        def call(self, action: str, /, to: Path | None = None, **arguments: Any) -> Any:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

    Node("fax.delete", {"Id": 1}, concurrency=3).run(Slow(), [{}] * 12)
    assert most == 3


def test_rule_l2_a_stopped_run_finishes_and_counts() -> None:
    holder: list[Any] = []

    class Stopping(Fake):
        def call(self, action: str, /, to: Path | None = None, **arguments: Any) -> Any:
            if arguments["Id"] == 2:
                holder[0].stop()

    run = Node("fax.delete", {"Id": "{{ $json.Id }}"}, concurrency=1).over([{"Id": n} for n in (1, 2, 3, 4)])
    holder.append(run)
    run.on(Stopping())
    assert counts(run.result()) == (2, 0, 2)


def test_each_rule_has_a_test_and_each_test_a_rule() -> None:
    written = re.findall(r"^- \*\*(\w+)\*\* \S", PAGE.read_text(encoding="utf-8"), re.M)
    tested = {case.rule for case in CASES} | {
        name.split("_")[2].upper() for name in globals() if name.startswith("test_rule_")
    }
    assert len(written) == len(set(written))
    assert set(written) == tested
