"""Templates: JavaScript between braces, evaluated for each item."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.errors import InvalidArgument, TemplateError
from trunkline.node import Node, World, as_item
from trunkline.node.template import Expression, Scope, Template

ITEMS: list[dict[str, Any]] = [
    {
        "Id": 42,
        "Name": "Sales",
        "Active": True,
        "Nothing": None,
        "Empty": "",
        "Rate": 1.5,
        "Big": 9007199254740993,
        "Tags": ["a", "b"],
        "Groups": [{"Name": "Support", "Rights": {"RoleName": "users"}}],
        "First Name": "Ann",
        "it's": "quoted",
        'say "hi"': "greeting",
        "0": "zero",
        "Emoji": "😀",
        "Zoë": "umlaut",
    },
    {"Id": 43, "Name": "Support"},
]


def value(text: str, position: int = 0, items: list[dict[str, Any]] | None = None) -> Any:
    scope = Scope([as_item(item) for item in (ITEMS if items is None else items)], position)
    return Template(text).value(scope, "Id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ $json.Id }}", 42),
        ("{{$json.Id}}", 42),
        ("={{ $json.Id }}", 42),
        ("{{ $json.Active }}", True),
        ("{{ $json.Nothing }}", None),
        ("{{ $json.Empty }}", ""),
        ("{{ $json.Rate }}", 1.5),
        ("{{ $json.Big }}", 9007199254740993),
        ("{{ $json.Tags }}", ["a", "b"]),
        ("{{ $json.Tags[1] }}", "b"),
        ("{{ $json.Tags.length }}", 2),
        ("{{ $json.Name.length }}", 5),
        ("{{ $json.Name[0] }}", "S"),
        ("{{ $json.Emoji.length }}", 2),
        ("{{ $json.Groups[0].Rights.RoleName }}", "users"),
        ("{{ $json.Groups[0].Rights }}", {"RoleName": "users"}),
        ('{{ $json["First Name"] }}', "Ann"),
        ("{{ $json['First Name'] }}", "Ann"),
        ('{{ $json["it\'s"] }}', "quoted"),
        ("{{ $json['say \"hi\"'] }}", "greeting"),
        ("{{ $json[0] }}", "zero"),
        ('{{ $json["0"] }}', "zero"),
        ("{{ $json.Zoë }}", "umlaut"),
        ("{{ $json['Groups'][0]['Name'] }}", "Support"),
    ],
)
def test_a_lone_template_keeps_the_type_of_its_value(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fax {{ $json.Id }}", "Fax 42"),
        ("{{ $json.Id }}{{ $json.Name }}", "42Sales"),
        ("={{ $json.Id }}/{{ $json.Name }}", "42/Sales"),
        ("{{ $json.Id }} ", "42 "),
        ("{{ $json.Active }}!", "true!"),
        ("{{ $json.Nothing }}!", "!"),
        ("{{ $json.Empty }}!", "!"),
        ("{{ $json.Rate }}!", "1.5!"),
        ("{{ $json.Big }}!", "9007199254740993!"),
        ("Id eq {{ $json.Id }} and Name eq '{{ $json.Name }}'", "Id eq 42 and Name eq 'Sales'"),
        ("} {{ $json.Id }} {", "} 42 {"),
    ],
)
def test_a_template_within_text_is_joined_to_it(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ {a: {b: 1}} }}", {"a": {"b": 1}}),
        ("{{ {a:{b:1}}}}", {"a": {"b": 1}}),
        ("{{{a: 1}}}", {"a": 1}),
        ("{{ '}}' }}", "}}"),
        ("{{ `}}${ {a: '}'}.a }` }}", "}}}"),
        ("{{ 'it\\'s }}' }}", "it's }}"),
        ("{{ /}}/.test('}}') }}", True),
        ("{{ $json.Id / 2 /* }} */ }}", 21),
        ("{{ (() => { // }}\n return 1 })() }}", 1),
        ("{{ 1 }}}", "1}"),
        ("{{ '{{' }}", "{{"),
    ],
)
def test_the_end_of_a_template_is_found_as_javascript_reads_it(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("text", ["", "plain", "=plain", "{ $json.Id }", "}}", "$json.Id"])
def test_text_without_braces_is_itself(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ $json.Id + 1 }}", 43),
        ("{{ $json.Name.toUpperCase() }}", "SALES"),
        ("{{ $json.Tags.map(t => t + '!').join() }}", "a!,b!"),
        ("{{ $json.Missing ?? 'none' }}", "none"),
        ("{{ $json.Nothing?.Deep ?? 7 }}", 7),
        ("{{ $itemIndex }}", 0),
        ("{{ $items.length }}", 2),
        ("{{ $items[1].json.Name }}", "Support"),
        ("{{ $input.first().json.Id }}", 42),
        ("{{ $input.last().json.Id }}", 43),
        ("{{ $input.all().length }}", 2),
        ("{{ $input.item.json.Id }}", 42),
        ("{{ $item.json.Id }}", 42),
        ("{{ null }}", None),
        ("{{ [1, 'a', null, true] }}", [1, "a", None, True]),
        ("{{ 0.1 + 0.2 }}", 0.1 + 0.2),
        ("{{ 9007199254740993n * 10n }}", 90071992547409930),
        ("{{ 'undefined' }}", "undefined"),
        ("{{ $json.Id // the fax }}", 42),
        ("{{ $json.Active ? 'on' : 'off' }}", "on"),
        ("{{ JSON.stringify($json.Tags) }}", '["a","b"]'),
        ("{{ ({Id: $json.Id}) }}", {"Id": 42}),
    ],
)
def test_anything_else_is_javascript(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_each_item_sees_itself() -> None:
    assert [value("{{ $json.Id }}:{{ $itemIndex + 1 }}", i) for i in (0, 1)] == ["42:1", "43:2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ $json.Nr }}", ["Item 1", "Id = {{ $json.Nr }}", "no field Nr", "Id, Name"]),
        ("{{ $json.Groups[0].Name }}", ["Item 1", "$json.Groups[0].Name", "no field Groups"]),
        ("{{ $json.Name.First }}", ["no field Name.First"]),
        ("Fax {{ $json.Nr }}", ["Item 1", "no field Nr"]),
        ("{{ $json.Nr + 0 }}", ["Item 1", "NaN", "$json.Nr is undefined"]),
        ("{{ $json.Name ? $json.Nr : 1 }}", ["is undefined: $json.Nr has no value"]),
        ("{{ ($json.Nr) }}", ["$json.Nr has no value"]),
        ("{{ undefined }}", ["Item 1", "undefined"]),
        ("{{ $json.missing.deep + 1 }}", ["Item 1", "$json.missing is undefined", "no deep"]),
        ("{{ $json['missing'].deep.deeper + 1 }}", ["$json['missing'] is undefined"]),
        ("{{ $json.Name.First.Letter + 1 }}", ["$json.Name.First is undefined", "no Letter"]),
        ("{{ $input.first().json.Gone.x }}", ["$input.first().json.Gone is undefined"]),
        ("{{ ['a'].map(t => t.x.y) }}", ["undefined", "no y"]),
        ("{{ $json.Name.shout() }}", ["$json.Name.shout is not a function"]),
        ("{{ Name + 1 }}", ["Name is not defined", "$json.Name"]),
        ("{{ $json.Name( }}", ["Item 1", "SyntaxError"]),
        ("{{ 1); (2 }}", ["SyntaxError"]),
        ("{{ 1]; [2 }}", ["SyntaxError"]),
        ("{{ nobody }}", ["Item 1", "nobody"]),
        ("{{ 1/0 }}", ["Item 1", "Infinity"]),
        ("{{ Number('x') }}", ["Item 1", "NaN"]),
        ("{{ () => 1 }}", ["Item 1"]),
        ("{{ Symbol('x') }}", ["Item 1"]),
        ("{{ (() => { throw '' })() }}", ["Item 1"]),
        ("{{ (() => { throw null })() }}", ["Item 1"]),
        ("{{ (() => { const a = {}; a.a = a; return a })() }}", ["Item 1", "circular"]),
        ("{{ [1n] }}", ["Item 1"]),
        ("{{ '\\ud83d' }}", ["Item 1"]),
        ("{{ (f => f(f))(f => f(f)) }}", ["Item 1"]),
    ],
)
def test_what_has_no_value_is_an_error_that_names_item_parameter_and_expression(text: str, said: list[str]) -> None:
    with pytest.raises(TemplateError) as raised:
        value(text, 1)
    assert [part for part in said if part not in str(raised.value)] == []
    assert "Nothing was sent" in str(raised.value)


def test_a_template_error_says_why_in_words() -> None:
    with pytest.raises(TemplateError) as raised:
        value("{{ '\\ud83d' }}")
    assert "truncated" not in str(raised.value)


@pytest.mark.parametrize("text", ["{{ $json.Id", "a {{ b }} {{ c", "{{ }}", "{{}}", "={{ }}"])
def test_braces_that_hold_nothing_or_do_not_close_are_refused_when_the_node_is_made(text: str) -> None:
    with pytest.raises(TemplateError):
        Node("fax.delete", {"Id": text})


def test_an_endless_loop_is_stopped() -> None:
    with pytest.raises(TemplateError, match="was stopped"):
        value("{{ (() => { for (;;) {} })() }}")


@pytest.mark.parametrize("text", ["{{ new Array(1e8).fill(0) }}", "{{ 'x'.repeat(2**29) }}"])
def test_memory_has_an_end(text: str) -> None:
    with pytest.raises(TemplateError, match=r"more than 32 MB"):
        value(text)


@pytest.mark.parametrize(
    "name",
    ["std", "os", "require", "process", "fetch", "XMLHttpRequest", "WebSocket", "Deno", "Bun", "module", "print"],
)
def test_there_are_no_files_no_network_and_no_host_in_a_template(name: str) -> None:
    assert value(f"{{{{ typeof {name} }}}}") == "undefined"


@pytest.mark.parametrize("name", ["os", "std", "fs", "./x.js"])
def test_no_module_can_be_imported(name: str) -> None:
    assert value(f"{{{{ import('{name}').then ? 'pending' : 'loaded' }}}}") == "pending"
    with pytest.raises(TemplateError):
        value(f"{{{{ require('{name}') }}}}")


def test_one_template_leaves_nothing_behind_for_the_next() -> None:
    assert value("{{ ($json.Id = 99, $json.Id) }}") == 99
    assert value("{{ $json.Id }}") == value("{{ ($json.Id) }}") == 42


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CHARACTERS = st.characters(exclude_characters="\"'\\", exclude_categories=["Cs", "Cc", "Zl", "Zp"])
KEYS = st.text(CHARACTERS, min_size=1).filter(lambda key: "}}" not in key)


@given(KEYS, JSON_VALUES, st.sampled_from("\"'"))
def test_a_plain_path_gives_any_value_back_as_it_is(key: str, stored: Any, quote: str) -> None:
    found = value(f"{{{{ $json[{quote}{key}{quote}] }}}}", 0, [{key: stored}])
    assert found == stored
    assert type(found) is type(stored)


NAMES = st.text().filter(lambda name: name != "__proto__")
SAFE_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(SAFE_JSON)
def test_javascript_gives_back_what_it_was_given(stored: Any) -> None:
    assert value("{{ ($json.v) }}", 0, [{"v": stored}]) == stored


@given(st.text())
def test_text_joined_by_javascript_and_by_a_plain_path_is_the_same(text: str) -> None:
    items = [{"v": text}]
    assert value("<{{ $json.v }}>", 0, items) == value("{{ '<' + $json.v + '>' }}", 0, items) == f"<{text}>"


@given(st.text().filter(lambda t: "{{" not in t))
def test_text_without_a_template_is_never_changed(text: str) -> None:
    assert value(text) == text


@given(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_value_within_text_is_written_as_javascript_writes_it(stored: Any) -> None:
    items = [{"v": stored}]
    joined = value("<{{ $json.v }}>", 0, items)
    assert joined == ("<>" if stored is None else value("{{ '<' + $json.v + '>' }}", 0, items))


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (100.0, "100"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (-2.5e-9, "-2.5e-9"),
        (0.1, "0.1"),
    ],
)
def test_a_number_within_text_is_spelled_as_javascript_spells_it(stored: float, written: str) -> None:
    items = [{"v": stored}]
    assert value("<{{ $json.v }}>", 0, items) == value("{{ '<' + $json.v + '>' }}", 0, items) == f"<{written}>"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_within_text_loses_nothing(stored: float) -> None:
    assert float(value("{{ $json.v }}{{ '' }}", 0, [{"v": stored}])) == stored


@given(st.lists(st.none() | st.booleans() | st.text() | st.integers(-9, 9) | st.lists(st.integers(0, 9), max_size=2)))
def test_a_list_within_text_is_joined_with_commas_as_javascript_joins_it(stored: Any) -> None:
    items = [{"v": stored}]
    assert value("<{{ $json.v }}>", 0, items) == value("{{ '<' + $json.v + '>' }}", 0, items)


@pytest.mark.parametrize(
    "text",
    [
        f"{{{{ {'x.' * 40_000}x }}}}",
        "{{ DateTime.fromISO('9'.repeat(1e6)).toISO() }}",
        f"{{{{ '{'x' * 90_000}'.y.z }}}}",
    ],
)
def test_an_error_is_short_however_long_what_failed(text: str) -> None:
    with pytest.raises(TemplateError) as raised:
        value(text)
    assert len(str(raised.value)) < 1_500


def deep(levels: int) -> Any:
    nested: Any = 1
    for _ in range(levels):
        nested = [nested]
    return nested


ITSELF: dict[str, Any] = {}
ITSELF["a"] = ITSELF


@pytest.mark.parametrize("stored", [deep(100_000), ITSELF], ids=["deep", "itself"])
@pytest.mark.parametrize("text", ["{{ ($json.v) }}", "{{ $items.length + 0 }}", "{{ JSON.stringify($json.v) }}!"])
def test_what_is_nested_too_deep_is_an_error(text: str, stored: Any) -> None:
    with pytest.raises(TemplateError, match="nested too deep"):
        value(text, 0, [{"v": stored}])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x{{ $json.v }}", "nested too deep"),
        ("{{ JSON.parse('['.repeat(1500) + ']'.repeat(1500)) }}", "nested too deep"),
        ("{{ JSON.parse('['.repeat(1e6)) }}", "stack"),
    ],
)
def test_a_value_that_is_nested_too_deep_is_an_error(text: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        value(text, 0, [{"v": deep(100_000)}])


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a": {{ 1 }}, "b": ' + "[" * 100_000 + "]" * 100_000 + "}",
        deep(100_000),
        {"FirstName": deep(100_000)},
        ITSELF,
    ],
    ids=["open", "closed", "template", "list", "field", "itself"],
)
def test_a_body_that_is_nested_too_deep_is_refused_when_the_node_is_made(body: Any) -> None:
    with pytest.raises(InvalidArgument, match="nested too deep"):
        Node("users.update", {"Id": 1, "body": body})


@pytest.mark.parametrize("body", ["{{ $json.v }}", '{"Groups": {{ $json.v }} }', {"Groups": "{{ $json.v }}"}])
def test_a_body_that_a_template_makes_too_deep_is_refused(body: Any) -> None:
    node = Node("users.update", {"Id": 1, "body": body})
    with pytest.raises((InvalidArgument, TemplateError), match=r"nested too deep|Groups"):
        node.call(Scope([as_item({"v": deep(100_000)})], 0))


@pytest.mark.parametrize(
    "stored", [object(), "\ud800", {"x": object()}, float("nan")], ids=["object", "half", "in", "nan"]
)
def test_what_is_not_json_is_an_error_where_json_is_needed(stored: Any) -> None:
    node = Node("users.update", {"Id": 1, "body": '{"FirstName": {{ $json.v }} }'})
    with pytest.raises(TemplateError, match=r"not (a )?JSON"):
        node.call(Scope([as_item({"v": stored})], 0))


@pytest.mark.parametrize("stored", [object(), "\ud800", {"x": object()}], ids=["object", "half", "in"])
def test_javascript_is_given_json_only(stored: Any) -> None:
    with pytest.raises(TemplateError, match="not JSON"):
        value("{{ ($json.v) }}", 0, [{"v": stored}])
    with pytest.raises(TemplateError, match="not JSON"):
        Template("{{ $vars.v }}").value(Scope([as_item({})], 0, World({"v": stored})), "p")


def test_an_object_within_text_is_refused_and_not_written_as_object_object() -> None:
    with pytest.raises(TemplateError, match=r"JSON\.stringify"):
        value("Groups: {{ $json.Groups }}")
    assert value("{{ JSON.stringify($json.Groups[0].Rights) }}!") == '{"RoleName":"users"}!'


@given(KEYS, SAFE_JSON)
def test_a_plain_path_and_javascript_agree(key: str, stored: Any) -> None:
    items = [{key: stored}]
    quoted = json.dumps(key)
    assert value(f"{{{{ $json[{quoted}] }}}}", 0, items) == value(f"{{{{ ($json[{quoted}]) }}}}", 0, items) == stored


FRAGMENTS = st.sampled_from(
    [
        "'}}'",
        '"}}"',
        "`}}`",
        "`${ {a: '}}'}.a }`",
        "{a: {b: 1}}.a",
        "({a:{b:{}}})",
        "/[/}}]}}/",
        "/* }} */ 1",
        "'\\'}}'",
        "(() => { return {} })()",
        "[{}, {}]",
        "4 / 2",
        "$json.a / 2 / 1",
        "`a${`b${1}}}`}c`",
        '"\\"}}"',
        "(x => { if (x) { } })(1)",
    ]
)


@given(
    st.lists(FRAGMENTS, min_size=1, max_size=4),
    st.text("ab}{ ", max_size=4).filter(lambda t: "{{" not in t),
    st.sampled_from(["", " "]),
)
def test_a_template_ends_where_its_javascript_ends(fragments: list[str], after: str, space: str) -> None:
    source = ", ".join(fragments)
    template = Template(f"<{{{{ [{source}]{space}}}}}{after}")
    head, expression, *rest = template.parts
    assert head == "<"
    assert isinstance(expression, Expression)
    assert expression.source == f"[{source}]"
    assert "".join(map(str, rest)) == after
