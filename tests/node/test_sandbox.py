"""The sandbox of templates: nothing of one item is left for another, and nothing runs or grows without end."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import pytest

from trunkline.errors import TemplateError
from trunkline.node import Template, as_item
from trunkline.node.template import Scope

WALK = """{{ (() => {
  const seen = new Set(), open = [];
  const walk = (value, path) => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
    seen.add(value);
    if (!Object.isFrozen(value)) open.push(path);
    walk(Object.getPrototypeOf(value), path + ".[[Prototype]]");
    for (const key of Reflect.ownKeys(value)) {
      const found = Object.getOwnPropertyDescriptor(value, key);
      for (const part of ["value", "get", "set"]) walk(found[part], `${path}.${String(key)}`);
    }
  };
  walk(globalThis, "globalThis");
  for (const made of [async () => {}, function* () {}, async function* () {}, [].keys(), ""[Symbol.iterator](),
      new Map().entries(), new Set().values(), "a".matchAll(/a/g), [].values().map((x) => x), /x/, new Error("x"),
      Promise.resolve(), new Proxy({}, {}), 1n, Symbol.iterator, (function () { return arguments })()])
    walk(Object.getPrototypeOf(Object(made)), String(Object.prototype.toString.call(made)));
  return [seen.size > 500, open];
})() }}"""

ATTACKS = [
    "globalThis.left = 1",
    "Function('return this')().left = 1",
    "Function('left = 1')()",
    "(0, Function)('var left = 1; this.left = left')()",
    "Object.prototype.left = 1",
    "Array.prototype.map = () => 'stolen'",
    "Array.prototype.push.call(Array.prototype, 1)",
    "JSON.stringify = () => '\"stolen\"'",
    "JSON.parse = () => ({})",
    "Math.max = () => 1",
    "DateTime.now = () => 1",
    "DateTime.prototype.toISO = () => 'stolen'",
    "Object.setPrototypeOf(DateTime, null)",
    "Object.setPrototypeOf(Object.prototype, {left: 1})",
    "Object.defineProperty(String.prototype, 'left', {value: 1})",
    "(async () => {}).constructor.prototype.left = 1",
    "Reflect.getPrototypeOf(function* () {}).left = 1",
    "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({done: true})",
    "Error.prepareStackTrace = () => 1",
    "Error.prototype.left = 1",
    "RegExp.prototype.exec = () => null",
    "Promise.prototype.then = () => 1",
    "$items[0].json.Id = 99",
    "$items.push(1)",
    "$input.first().json.Id = 99",
    "$input.all().push(1)",
    "$item.json.Id = 99",
    "$json.Id = 99",
    "$env.PATH = 1",
]
CHECK = (
    "{{ [typeof left, ({}).left, [1].map(x => x + 1), JSON.stringify({a: 1}), Math.max(1, 2), Object.keys({a: 1}), "
    "[...'ab'], $items.length, $items[0].json.Id, $json.Id, $input.all().length, /a/.exec('a')[0], "
    "DateTime.fromMillis(0).toISO()] }}"
)


def value(text: str, items: list[Any] | None = None, position: int = 0) -> Any:
    return Template(text).value(Scope([as_item(i) for i in items or [{"Id": 42}, {"Id": 43}]], position), "p")


def test_everything_that_a_template_can_reach_and_that_lasts_is_frozen() -> None:
    assert value(WALK) == [True, []]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_template_changes_what_another_finds(attack: str) -> None:
    items = [as_item({"Id": 42}), as_item({"Id": 43})]
    scope = Scope(items, 0)
    before = Template(CHECK).value(scope, "p")
    with contextlib.suppress(TemplateError):  # refusing is as good as doing it where it can't be seen
        Template(f"{{{{ {attack} }}}}").value(scope, "p")
    assert Template(CHECK).value(scope, "p") == before
    assert items == [{"json": {"Id": 42}}, {"json": {"Id": 43}}]


@pytest.mark.parametrize(
    "expression",
    [
        "(() => { const o = {}; o.toString = () => 'mine'; return String(o) })()",
        "(() => { const e = new Error('a'); e.message = 'mine'; return e.message })()",
        "(() => { class A extends Error { constructor() { super(); this.name = 'mine' } } return new A().name })()",
        "(() => { const o = {}; o.constructor = 'mine'; return o.constructor })()",
    ],
)
def test_own_objects_may_still_be_changed(expression: str) -> None:
    assert value(f"{{{{ {expression} }}}}") == "mine"


@pytest.mark.parametrize(
    "expression",
    [
        "(() => { for (;;) {} })()",
        "(() => { try { for (;;) {} } catch { return 1 } })()",
        "(() => { try { for (;;) {} } finally { for (;;) {} } })()",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1)",
        "new Array(4294967295).includes(1)",
        "new Array(4294967295).forEach(x => x)",
        "new Array(4294967295).reverse()",
        "Array.from({length: 1e9}, () => 1)",
        "[...(function* () { for (;;) yield 1 })()].length",
        "(function f() { return f() })()",
        "'a'.repeat(2 ** 29).length",
        "2n ** (2n ** 40n)",
        "JSON.stringify({toJSON() { for (;;) {} }})",
        "new Proxy({}, {get() { for (;;) {} }}).x",
        "((f) => f(f))((f) => [f(f), f(f)])",
    ],
)
def test_nothing_runs_or_grows_without_end(expression: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError):
        value(f"{{{{ {expression} }}}}")
    assert time.process_time() - started < 5
    assert value("{{ $json.Id + 1 }}") == 43


def test_work_put_off_for_later_is_thrown_away() -> None:
    for _ in range(60):  # each would keep a megabyte
        assert (
            value("{{ (s => (Promise.resolve().then(() => s), s.length))('x'.repeat(1e6) + $itemIndex) }}") == 1000001
        )
    assert value("{{ (async () => 'x'.repeat(1e6))() && $json.Id }}") == 42


def test_many_items_are_not_counted_as_the_template_s_memory() -> None:
    items = [as_item({"Id": n, "Text": "x" * 400}) for n in range(60_000)]
    found = Template("{{ $items.filter(i => i.json.Id % 20000 === 0).length + $input.all().length }}")
    assert found.value(Scope(items, 5), "p") == 60_003


def test_threads_have_sandboxes_of_their_own() -> None:
    found: list[Any] = []

    def work(number: int) -> None:
        template = Template("{{ $json.Id * 2 }}")
        found.extend(template.value(Scope([as_item({"Id": number})], 0), "p") for _ in range(200))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(n * 2 for n in range(8) for _ in range(200))


@pytest.mark.parametrize("name", ["eval", "Atomics", "SharedArrayBuffer", "WeakRef", "queueMicrotask", "performance"])
def test_what_could_wait_or_run_later_is_taken_away(name: str) -> None:
    assert value(f"{{{{ typeof {name} }}}}") == "undefined"
