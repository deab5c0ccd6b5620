"""Expressions that hang, allocate, recurse or break out elsewhere, each of its kind: all end, and leave nothing behind.

A test here that hangs is a failure: pytest's faulthandler ends it.
"""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.errors import TemplateError
from trunkline.node import Template, as_item
from trunkline.node.template import Scope

HOSTILE_ITEM = as_item({"Id": 1, "long": "a" * 400_000, "needle": "a" * 200_000 + "b"})

ENDLESS = [
    "(() => { for (;;) {} })()",
    "(() => { try { for (;;) {} } catch { return 1 } })()",
    "(() => { try { for (;;) {} } finally { for (;;) {} } })()",
    "(() => { while (true) try { while (true) {} } finally { continue } })()",
    "[...(function* () { for (;;) yield 1 })()].length",
    "(function f() { return f() })()",
    "(function f() { try { f() } finally { f() } })()",
    "((f) => f(f))((f) => [f(f), f(f)])",
    "new Proxy({}, {get() { for (;;) {} }}).x",
    "new Proxy({}, {ownKeys() { for (;;) {} }, getOwnPropertyDescriptor() { for (;;) {} }})",
    "JSON.stringify({toJSON() { for (;;) {} }})",
    "({toJSON() { for (;;) {} }})",
    "(() => { throw {toString() { for (;;) {} }} })()",
    "(() => { const e = new Error('x'); e.toString = () => { for (;;) {} }; throw e })()",
    "(() => { throw {[Symbol.toPrimitive]() { for (;;) {} }} })()",
    "(() => { class E extends Error { get name() { for (;;) {} } } throw new E('x') })()",
    "(() => { class E extends Error { get stack() { for (;;) {} } } throw new E('x') })()",
    "({[Symbol.toPrimitive]() { for (;;) {} }}) + ''",
    "`${({toString() { for (;;) {} }})}`",
    "[3, 2, 1].sort(() => { for (;;) {} })",
    "Array.from({length: 1e9}, () => 1)",
    "Array.from({[Symbol.iterator]: () => ({next: () => ({done: false})})}).length",
    "new Set({[Symbol.iterator]: () => ({next: () => ({done: false, value: Math.random()})})}).size",
    "Object.fromEntries({[Symbol.iterator]: () => ({next: () => ({done: false, value: [Math.random(), 1]})})})",
    "new Map([[1, 1]]).forEach((v, k, m) => { m.delete(k); m.set(k + 1, v) })",
    "(() => { const s = new Set([1]); for (const x of s) { s.delete(x); s.add(x + 1) } })()",
    "(() => { const a = [1]; for (const x of a) a.push(x) })()",
    "(() => { label: for (;;) { continue label } })()",
    "$now.plus({days: 1}).diff(new Proxy($now, {get() { for (;;) {} }}))",
    "(async () => { for (;;) {} })()",
    "(() => { Promise.resolve().then(function f() { return Promise.resolve().then(f) }); for (;;) {} })()",
    "new Function('for (;;) {}')()",
    "Reflect.construct(class { constructor() { for (;;) {} } }, [])",
    "(() => { const i = (function* () { try { yield 1 } finally { for (;;) {} } })(); for (const x of i) break })()",
]
# Most of these spend their time in one call of native code, which no interrupt of QuickJS's reaches.
NATIVE = [
    "(() => { throw {get message() { for (;;) {} }} })()",
    "(function* () { try { yield 1 } finally { for (;;) {} } })().return(1)",
    "$json.long.includes($json.needle)",
    "$json.long.indexOf($json.needle)",
    "$json.long.lastIndexOf($json.needle)",
    "$json.long.split($json.needle).length",
    "$json.long.replaceAll($json.needle, 'x').length",
    "$json.long.replace($json.needle, 'x').length",
    "Array.from({length: 50}, () => $json.long.includes($json.needle)).length",
    "Array.prototype.join.call({get length() { return 2 ** 53 - 1 }}, '')",
    "(() => { let n = 0; return Array.prototype.reverse.call({get length() { return n++ ? 2 ** 53 - 1 : 1 }}) })()",
    "(() => { let n = 0; return Array.prototype.join.call({get length() { return n++ ? 2 ** 53 - 1 : 1 }}, '') })()",
    "(() => { let n = 0; return Array.prototype.indexOf.call({get length() { return n++ ? 2 ** 53 - 1 : 1 }}, 1) })()",
    "(() => { let n = 0; return Array.prototype.fill.call({get length() { return n++ ? 2 ** 53 - 1 : 1 }}, 1) })()",
    "Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1)",
    "Array.prototype.lastIndexOf.call({length: 2 ** 53 - 1}, 1)",
    "Array.prototype.includes.call({length: {valueOf: () => 2 ** 53 - 1}}, 1)",
    "Array.prototype.fill.call({length: 2 ** 53 - 1}, 1)",
    "Array.prototype.copyWithin.call({length: 2 ** 53 - 1}, 1)",
    "Array.prototype.concat.call([], {length: 2 ** 53 - 2, [Symbol.isConcatSpreadable]: true})",
    "Array.prototype.slice.call({length: 2 ** 32 - 1})",
    "Array.prototype.flat.call({length: 2 ** 53 - 1})",
    "Array.prototype.sort.call({length: 2 ** 53 - 1})",
    "Array.prototype.unshift.call({length: 2 ** 53 - 2}, 1)",
    "Array.prototype.splice.call({length: 2 ** 53 - 2}, 0, 1)",
    "Array.prototype.toReversed.call({length: 2 ** 32 - 1})",
    "Array.prototype.toSorted.call({length: 2 ** 32 - 1})",
    "Array.prototype.with.call({length: 2 ** 32 - 1}, 0, 1)",
    "new Array(4294967295).includes(1)",
    "new Array(4294967295).forEach(x => x)",
    "new Array(4294967295).reverse()",
    "new Array(4294967295).fill(0)",
    "new Array(4294967295).join('x').length",
    "new Array(4294967295)",
    "JSON.stringify(new Array(4294967295))",
    "JSON.stringify({length: 1, toJSON() { return new Array(4294967295) }})",
    "Array(1e8).toString().length",
    "Object.keys(new Array(4294967295).fill(0))",
    "[].concat(...Array(1e5).fill(Array(1e5)))",
    "Iterator.from({next: () => ({done: false})}).drop(Infinity).next()",
    "Iterator.from({next: () => ({done: false})}).drop(1e15).next()",
    "Iterator.from({next: Math.random}).drop(1e15).next()",
    "[1].values().drop(Infinity).toArray()",
    "Iterator.from({next: Date}).some(Date)",
    "Iterator.from({next: Object}).toArray()",
    "Iterator.from({next: Object}).forEach(Object)",
    "Iterator.from({next: Object}).reduce(Object)",
    "Iterator.from({next: Object}).find(Symbol)",
    "String.raw({raw: {length: 2 ** 53 - 1}})",
    "String.raw({raw: {length: 2 ** 32}}, ...Array(1000))",
    "Math.max.apply(null, {length: 2 ** 31})",
    "Function.prototype.apply.call(Math.max, null, {length: 1e9})",
    "Reflect.apply(Math.max, null, {length: 2 ** 32})",
    "String.fromCharCode.apply(null, {length: 1e9})",
    "new Uint8Array(2 ** 31)",
    "new Uint8Array({length: 2 ** 31})",
    "new Float64Array(2 ** 21).fill(1.5).sort().join('').length",
    "new Uint8Array(2e7).sort((a, b) => a - b).length",
    "Array.from({length: 2e6}, (_, i) => -i).sort().length",
    "new ArrayBuffer(2 ** 40)",
    "new ArrayBuffer(8, {maxByteLength: 2 ** 40}).resize(2 ** 39)",
    "'a'.repeat(2 ** 29).length",
    "'a'.repeat(2 ** 30 - 1).repeat(2)",
    "'a'.padEnd(2 ** 30).length",
    "'a'.padStart(2 ** 30 - 1, $json.long).length",
    "((s) => { for (let i = 0; i < 40; i++) s += s; return s.length })('ab')",
    "Array(2 ** 20).fill($json.long).join('').length",
    "$json.long.normalize('NFD').normalize('NFC').repeat(60).normalize('NFKD').length",
    "$json.long.toUpperCase().toLowerCase().split('').reverse().join('').localeCompare($json.long)",
    "encodeURIComponent($json.long.repeat(20)).length",
    "$json.long.at(-1) + escape($json.long.repeat(20)).length",
    "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "/(a*)*b/.exec('a'.repeat(5000))",
    "/(?:a|a)*$/.test('a'.repeat(60) + 'b')",
    "/(?=(a+))*b/.test('a'.repeat(1e5))",
    "/a{0,100000}{0,100000}/.test('a')",
    "new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5)).test('')",
    "new RegExp('a{1000}'.repeat(1e5)).test('a')",
    "new RegExp('(a)'.repeat(1e5)).exec('a')",
    "new RegExp('[' + 'a-z'.repeat(1e6) + ']').test('a')",
    "/.*.*.*.*x/s.test($json.long)",
    "/(?<=(a+)+)b/.test($json.long)",
    "$json.long.match(/(?=.*b)./g).length",
    "$json.long.replace(/a*?b|a/g, m => m + m).length",
    "2n ** (2n ** 40n)",
    "2n ** 200000000n",
    "3n ** 20000000n % 7n",
    "((n) => { for (;;) n *= n })(3n)",
    "(1n << 100000000n).toString().length",
    "BigInt('9'.repeat(5e6)).toString().length",
    "BigInt('1' + '0'.repeat(2e6)) ** 2n % 12345678901234567890n",
    "BigInt.asUintN(2 ** 53 - 1, -1n)",
    "(10n ** 400000n).toString(7).length",
    "(1e308).toFixed(100).repeat(1e7).length",
    "JSON.parse('['.repeat(1e6))",
    "JSON.parse('{\"a\":'.repeat(1e5) + '1' + '}'.repeat(1e5))",
    "JSON.stringify($json.long.split('').map(a => ({a}))).repeat(9).length",
    "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a })()",
    "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a).length })()",
    "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a).length })()",
    "(() => { let a = 1; for (let i = 0; i < 1e5; i++) a = {a}; return structuredClone(a) })()",
    "(() => { let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x })()",
    "(() => { let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); return f() })()",
    "(() => { let o = {}; for (let i = 0; i < 1e6; i++) o = Object.create(o); return o.x })()",
    "[1].flat(Infinity).concat((() => { const a = []; a.push(a); return a })()).flat(Infinity)",
    "Object.assign({}, $json.long).length",
    "Object.entries($json.long.repeat(50)).length",
    "[...$json.long.repeat(80)].length",
    "Object.groupBy(Array(1e7).keys(), x => x)",
    "new Intl.NumberFormat().format(1)",
    "new Date(2 ** 53, 2 ** 53, 2 ** 53).toString()",
    "DateTime.fromISO('9'.repeat(1e6)).toISO()",
    "$now.toFormat('y'.repeat(1e6))",
    "DateTime.fromFormat($json.long, 'd'.repeat(1e5)).toISO()",
    "$now.plus({days: Number.MAX_VALUE}).diff($now, ['years', 'days']).toObject()",
    "$now.diff(DateTime.fromISO('0001-01-01'), 'seconds').seconds.toString().padEnd(2 ** 30)",
    "Array(1e7).fill(1).chunk(1).length",
    "[1, 2].chunk(-1)",
    "[1, 2].chunk(0.0000001)",
    "Array(3e5).fill(0).map((_, i) => ({i})).unique().length",
    "Array(2e6).fill(1).union(Array(2e6).fill(2)).length",
    "$json.long.hash('sha512')",
    "$json.long.repeat(20).hash()",
    "$json.long.repeat(20).base64Encode().length",
    "('<'.repeat(4e5)).removeTags().length",
    "($json.long + '@').extractEmail()",
    "('a.'.repeat(2e5) + '@').isEmail()",
    "('http://' + 'a.'.repeat(2e5) + '!').extractUrl()",
    "('a-'.repeat(2e5)).extractDomain()",
    "$json.long.repeat(20).toTitleCase().length",
    "(' !'.repeat(2e5)).toSentenceCase().length",
    "(1).format('en-US', {minimumFractionDigits: 1e9})",
    "(1.5).round(1e9)",
    "'x'.quote('').quote($json.long).quote($json.long).quote('x').length",
]
ESCAPES = [
    "globalThis.process",
    "this",
    "(() => this)()",
    "(function () { return this })()",
    "Function('return this')().process",
    "[].constructor.constructor('return process')()",
    "(async () => {}).constructor('return process')()",
    "(function* () {}).constructor('return process')().next()",
    "$now.constructor.constructor('return this.std')()",
    "$json.constructor.constructor('return os')()",
    "''.toDateTime.constructor('return require(\"fs\")')()",
    "import('os')",
    "import('/etc/passwd')",
    "import.meta",
    "new Worker('x')",
    "print(1)",
    "console.log(1)",
    "std.exit(1)",
    "os.exec(['id'])",
    "std.loadFile('/etc/passwd')",
    "require('child_process').execSync('id')",
    "Reflect.ownKeys(globalThis).filter(n => /std|os|load|exec|read/i.test(n)).join('')",
    "(0, Function)('x'.repeat(1e6) + '(')()",
    "1); process.exit(",
    "1]; globalThis.x = [1",
    "1 }; globalThis.x = { a: 1",
    "1 //",
    "1 /*",
    "1 <!-- x",
    "'\\u0000' + String.fromCharCode(0)",
    "'\\ud800'",
    "['\\udfff']",
    "({'\\ud800': 1})",
    "String.fromCharCode(10, 13, 0x2028)",
    "(() => { throw 'a\\nb\\n=1' })()",
    "(() => { throw '\\ud800' })()",
    "(() => { throw undefined })()",
    "(() => { throw Symbol('x') })()",
    "(() => { throw $json })()",
    "JSON.rawJSON('1')",
    "new Proxy(globalThis, {}).$json",
    "$$",
    "$$.keys",
    "arguments",
    "new.target",
    "super.x",
    "yield",
    "await 1",
    "debugger",
]


def value(text: str, item: Any = HOSTILE_ITEM) -> Any:
    return Template(text).value(Scope([item], 0), "p")


def outcome(expression: str, items: Any = (HOSTILE_ITEM,), position: int = 0) -> Any:
    """The expression's value, or its error."""
    try:
        return Template(f"{{{{ {expression} }}}}").value(Scope(list(items), position), "p")
    except TemplateError as error:
        return error


def assert_the_next_evaluation_works() -> None:
    found = value("{{ [typeof left, [3, 1].sort(), 'abc'.includes('b'), $json.Id + 1] }}", as_item({"Id": 1}))
    assert found == ["undefined", [1, 3], True, 2]


@pytest.mark.parametrize("expression", ENDLESS)
def test_what_has_no_end_is_stopped(expression: str) -> None:
    with pytest.raises(TemplateError, match="Item 0: p = "):
        value(f"{{{{ {expression} }}}}")
    assert_the_next_evaluation_works()


@pytest.mark.parametrize("expression", NATIVE)
def test_native_code_ends_with_a_value_or_an_error(expression: str) -> None:
    found = outcome(expression)
    assert not isinstance(found, TemplateError) or "Nothing was sent" in str(found)
    assert "ended unexpectedly" not in str(found)
    assert_the_next_evaluation_works()


@pytest.mark.parametrize("expression", ESCAPES)
def test_nothing_of_the_host_is_reached(expression: str) -> None:
    assert "root:" not in str(outcome(expression))
    assert_the_next_evaluation_works()


@pytest.mark.parametrize("expression", ["$json.long.includes($json.needle)", "(() => { for (;;) {} })()"])
def test_the_neighbours_of_an_item_that_is_stopped_go_on(expression: str) -> None:
    plain = [as_item({"Id": n, "long": "x", "needle": "y"}) for n in range(40)]
    items = [*plain[:20], HOSTILE_ITEM, *plain[20:]]
    template = Template(f"{{{{ $json.Id + ($json.long.length > 9 ? {expression} : 0) }}}}")
    for position, item in enumerate(items):
        if item is HOSTILE_ITEM:
            with pytest.raises(TemplateError, match=r"Item 20: .* ran longer than 0\.5 s"):
                template.value(Scope(items, position), "p")
        else:
            assert template.value(Scope(items, position), "p") == item["json"]["Id"]


def test_each_kind_of_attack_is_here_once() -> None:
    everything = [*ENDLESS, *NATIVE, *ESCAPES]
    assert len(everything) == len(set(everything)) > 100
