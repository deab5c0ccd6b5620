"""Keep the German texts of the console in step with its sources.

    python tools/console_texts.py            sort locale/de.po, add what it lacks, to be translated, and drop the rest
    python tools/console_texts.py --check    say what is wrong, and change nothing

Ends with 1 where a text has no translation, or one whose placeholders are others.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from trunkline.monitor.concerns import TEXTS

CONSOLE = Path(__file__).parents[1] / "src/trunkline/console"
FILE = CONSOLE / "locale/de.po"
_ARGUMENTS = {"_": 1, "ngettext": 2}  # functions that translate, and how many of their arguments are texts
_PLACEHOLDER = re.compile(r"\{(\w*)")


def texts() -> Iterator[str | tuple[str, ...]]:
    """Give the texts of the sources: literals in ``_("…")``, pairs in ``ngettext("…", "…", …)``, and of concerns."""
    yield from TEXTS.values()
    for file in sorted(CONSOLE.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):  # Babel's own reader misses what stands in f-strings
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ARGUMENTS:
                arguments = [_literal(argument, file) for argument in node.args[: _ARGUMENTS[node.func.id]]]
                yield arguments[0] if len(arguments) == 1 else tuple(arguments)


def _literal(argument: ast.expr, file: Path) -> str:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    sys.exit(f"{file.name}, line {argument.lineno}: the text is not a literal, so it can't be translated.")


def merged(catalog: Catalog) -> Catalog:
    """Return a catalog with the texts of the sources and the translations of another."""
    new = Catalog(locale="de", header_comment="", fuzzy=False)
    for text in texts():
        known = catalog.get(text if isinstance(text, str) else text[0])
        new.add(text, string=known.string if known and known.id == text else None)
    return new


def spelled(catalog: Catalog) -> bytes:
    """Spell a catalog, sorted, and without what changes from day to day."""
    content = BytesIO()
    write_po(content, catalog, width=0, no_location=True, omit_header=True, sort_output=True)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: de\\n"\n'
    return f'{header}"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'.encode() + content.getvalue().strip() + b"\n"


def problems(catalog: Catalog) -> Iterator[str]:
    """Give what is wrong with the translations, a line each."""
    for message in catalog:
        if message.id:
            sources, translations = _forms(message.id), _forms(message.string)
            if not all(translations) or len(translations) != len(sources):
                yield f"{sources[0]!r} has no German text."
            elif any(_placeholders(each) != _placeholders(sources[-1]) for each in translations[-1:]):
                yield f"The German text of {sources[0]!r} has other placeholders."
            elif extra := {p for each in translations for p in _placeholders(each)} - _all(message):
                yield f"The German text of {sources[0]!r} has placeholders that it lacks: {', '.join(extra)}."


def _forms(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value or "")]


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _all(message: Message) -> set[str]:
    return {name for form in _forms(message.id) for name in _placeholders(form)}


def main() -> int:
    """Run the tool."""
    with FILE.open("rb") as content:
        catalog = merged(read_po(content, locale="de", abort_invalid=True))
    found = list(problems(catalog))
    spelling = spelled(catalog)
    if "--check" not in sys.argv:
        FILE.write_bytes(spelling)
    elif FILE.read_bytes() != spelling:
        found.append(f"{FILE.name} is not sorted, or has texts that no source has: run python tools/console_texts.py.")
    print("\n".join(found) or "Every text of the console has its German one.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
