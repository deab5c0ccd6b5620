"""Where a template ends, against QuickJS itself: the first ``}}`` before which the text is a whole expression."""

from __future__ import annotations

import time

import pytest
import quickjs
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.errors import TemplateError
from trunkline.node import Template
from trunkline.node.javascript import Source
from trunkline.node.scan import AmbiguousComment, end_of_expression

CONTEXT = quickjs.Context()


def is_expression(text: str) -> bool:
    """Whether QuickJS can read it; it is compiled in a function that is not called."""
    try:
        CONTEXT.eval(f"(() => {{ return (\n{text}\n) }})")
        CONTEXT.eval(f"(() => {{ return [\n{text}\n] }})")  # else `a) + (b` would be one
    except quickjs.JSException:
        return False
    return True


def ends(text: str) -> list[int]:
    """Each place at which the template may end, as n8n's users mean it: what is before is an expression."""
    places = [at for at in range(len(text)) if text.startswith("}}", at)]
    return [at for at in places if is_expression(text[:at])]


TOKENS = st.sampled_from(
    [
        *"{}'\"`/\n\\[](),+.?: a1",
        *(
            "}}",
            "${",
            "//",
            "/*",
            "*/",
            "++",
            "=>",
            "in ",
            "typeof ",
            "/[/]/",
            "{a:1}",
            "`${",
            "}`",
            "\u2028",
            "a.in/1/",
        ),
    ]
)


@settings(max_examples=1500)
@given(st.lists(TOKENS, max_size=14).map("".join))
def test_a_soup_of_tokens_ends_where_quickjs_says(soup: str) -> None:
    text = f"{soup} }}}} }}"
    wanted = ends(text)
    try:
        found = end_of_expression(text, 0)
    except AmbiguousComment:
        assert "//" in text
        return
    if wanted:
        assert found == wanted[0]


SIMPLE = st.sampled_from(
    ["a", "1", "'}}'", '"`"', "/[}}/]}}/", "/* }} */ 1", "$json.a", "'\\''", "`}}`", "`$`", "`\\${`"]
)
EXPRESSIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        inner.map(lambda one: f"`a${{{one}}}}}`"),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"[{one}, {{}}]"),
        inner.map(lambda one: f"({{a: {{b: {one}}}}})"),
        inner.map(lambda one: f"(() => {{ // }}}} here\n return {one} }})()"),
        inner.map(lambda one: f"f( // }}}} here\n {one})"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]} / 2 / {two[1]}"),
        st.tuples(inner, inner).map(lambda two: f"`${{{two[0]}}}${{ {{a: {two[1]}}}.a }}`"),
    ),
    max_leaves=8,
)


@settings(max_examples=500)
@given(EXPRESSIONS, st.sampled_from(["", " ", "\n"]), st.sampled_from(["", " text", "{{ a }}", " { } "]))
def test_whatever_is_nested_the_end_is_found(expression: str, space: str, after: str) -> None:
    assert is_expression(expression)
    assert end_of_expression(f"{expression}{space or ' '}}}}}{after}", 0) == len(expression) + len(space or " ")


def nested_literals(depth: int) -> str:
    text = "1"
    for _ in range(depth):
        text = f"`a${{{text}}}`"
    return text


@pytest.mark.parametrize(
    "expression",
    [
        nested_literals(12),
        nested_literals(20_000),
        "{" * 50_000 + "}" * 50_000,
        "[" * 50_000 + "]" * 50_000,
        "'a'," * 25_000,
        "`${a}`," * 15_000,
        "a / b / " * 12_000 + "c",
        "/[/]}}a/, " * 10_000,
        "'" + "\\'" * 50_000 + "'",
        "`" + "$" * 100_000 + "`",
        "/" + "[a]" * 33_000 + "/",
        "a /* }} */ + " * 7_000 + "a",
        "(" + "a // }}\n + " * 10_000 + "a)",
    ],
    ids=lambda text: f"{text[:12]}-{len(text)}",
)
def test_a_long_template_is_scanned_in_one_pass(expression: str) -> None:
    steps = 0

    class Counted(str):
        """Text that counts how often one of its characters is looked at."""

        def __getitem__(self, index: object) -> str:
            nonlocal steps
            steps += 1
            return str.__getitem__(self, index)

    assert end_of_expression(Counted(f"{expression} }}}}"), 0) == len(expression) + 1
    assert steps <= 3 * len(expression)


@pytest.mark.parametrize(
    "text", ["`${" * 30_000, "'" + "\\" * 99_999, "/" + "[" * 100_000, "{" * 100_000, "/*" * 50_000]
)
def test_a_long_template_that_does_not_end_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="does not close") as raised:
        Template(f"{{{{ {text}")
    assert len(str(raised.value)) < 1_500


def test_many_templates_in_one_text() -> None:
    assert len(Template("{{ $json.a // why }} and " * 4_000).parts) == 8_000


def test_a_template_has_at_most_a_million_characters() -> None:
    assert Template("x" * 2_000_000).constant
    assert len(Template("{{ 1 }}" + "x" * 900_000).parts) == 2
    with pytest.raises(TemplateError, match=r"1,000,000 is the most"):
        Template("{{ 1 }}" + "x" * 1_000_000)


# ── `}}` in a comment to the end of the line ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{{ $json.Id // the fax }}", ["$json.Id // the fax"]),  # as in n8n
        ("{{ $json.Id // the fax }} b", ["$json.Id // the fax", " b"]),
        ("{{ 1 // a }} b {{ 2 // c }}", ["1 // a", " b ", "2 // c"]),
        ("{{ 1 // a\n + 1 }}", ["1 // a\n + 1"]),
        ("{{ 1 // a\r + 1 }}", ["1 // a\r + 1"]),
        ("{{ f( // }}\n 1) }}", ["f( // }}\n 1)"]),
        ("{{ [1, // }}\n 2] }}", ["[1, // }}\n 2]"]),
        ("{{ (() => { // }}\n return 1 })() }}", ["(() => { // }}\n return 1 })()"]),
        ("{{ 1 /* }} */ }}", ["1 /* }} */"]),
        ("{{ 'a//' }} }", ["'a//'", " }"]),
    ],
)
def test_a_comment_to_the_end_of_the_line(text: str, parts: list[str]) -> None:
    assert [part if isinstance(part, str) else part.source for part in Template(text).parts] == parts


@pytest.mark.parametrize(
    "text", ["{{ $json.Id // see }} below\n + 1 }}", "{{ 1 // }} }}", "a {{ 1 // x }}\n}}", "{{ 1 // {{ a }} b\n }}"]
)
def test_a_comment_in_which_either_braces_could_be_the_end_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match=r"in a // comment.*as /\* … \*/"):
        Template(text)


@pytest.mark.parametrize("text", ["$json.keys() + " * 6_000, "keys + " * 14_000 + "$json.keys() + ", "a.b " * 20_000])
def test_methods_of_objects_are_found_in_long_expressions(text: str) -> None:
    source = Source(f"{text}1")
    assert source.code.count("[$$.keys]()") == text.count(".keys()")
    assert source.code.replace("[$$.keys]", ".keys") == source.text


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 " + "// x\n" * 150_000 + "}}",
        "{{ 1 //\n}}" * 90_000,
        "{{ 1 // }}" * 99_000,
        "{{ ( " + "// }}\n" * 140_000 + ") }}",
    ],
    ids=["comments", "templates", "templates-on-one-line", "braces"],
)
def test_many_comments_take_no_longer_than_their_text(text: str) -> None:
    started = time.process_time()
    Template(text)
    assert time.process_time() - started < 20  # with a search for the end from each comment: minutes
