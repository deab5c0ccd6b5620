"""Find words that plain English has better ones for, in pages, docstrings, messages and the n8n package.

python tools/english.py [--all]      with --all, also show what is not corrected yet

A word fails when it is found more often than `Word.left` allows: that number only shrinks, to zero.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
N8N_FOLDERS = ("credentials", "engine", "nodes", "test")


class Word(NamedTuple):
    """What to look for, what to write in its place, and how often it may still stand."""

    pattern: str
    instead: str
    left: int = 0

    def find(self, text: str) -> Iterator[re.Match[str]]:
        return re.finditer(self.pattern, text, re.IGNORECASE)


class Text(NamedTuple):
    """A page or a string literal, and the line on which it begins."""

    path: Path
    line: int
    content: str


WORDS = [
    Word(r"\btold\b", "given, set, reported", left=11),
    Word(r"\bsaid\b", "stated, reported, given", left=1),
    Word(r"\bmere(ly)?\b", "only"),
    Word(r"\bmend(s|ed|ing)?\b", "fix, correct"),
    Word(r"(?<!\bthere )\b(is|are|was) no (?!longer|more|other|one\b)[a-z]+", "is not a, has no"),
    Word(r"\bthe doing\b", "the action, the work"),
    Word(r"\bto be had\b", "available"),
    Word(r"\bwhatever happens\b", "always"),
    Word(r"\bglances?\b", "status", left=1),
    Word(r"(?<!needs )(?<!need )\battention\b", "concerns"),
    Word(r"\b(is|are|be|was|were|left|leave|leaves|that \w+) alone\b", "only, unchanged, paused"),
    Word(r"\b(read|replaced?|writes?|written|kept|sent) whole\b", "completely, atomically"),
    Word(r"\banew\b", "again", left=6),
    Word(r"\bheeds?\b", "respect, notice"),
    Word(r"\bonce more\b", "again"),
    Word(r"\btruly\b", "faithfully, really"),
    Word(r"\bnone of (ours|theirs)\b|\bof (ours|theirs)\b", "our, their"),
    Word(r"\bone's own\b", "your own", left=4),
    Word(r"\bin vain\b", "without success"),
    Word(r"\bso many\b", "a given number of", left=2),
    Word(r"\bthe like\b", "similar"),
    Word(r"\b(can't|cannot|can) be meant\b|\b(is|are) meant\b", "is not possible, is intended"),
    Word(r"\bas \w+ (has|have) (it|them)\b", "in the form that, as … writes it", left=3),
    Word(r"\bwhat (becomes|became) of\b", "the outcome of", left=2),
    Word(r"\bon (its|their) way\b", "in progress, in transit", left=1),
    Word(r"\bgoes? on\b(?= (what|as|its|their) )", "continues"),
    Word(r"\bif it died\b", "if it were abandoned"),
    Word(r"\bat (that|this) very\b|\bthe very (value|moment|same)\b", "exactly"),
    Word(r"\bnever meant\b|\bmust not be meant\b", "not intended"),
    Word(r"\b(lest|hence|thereof|whereof|aught|naught|unforeseen)\b", "so that … not, so, of it, unexpected"),
]


def main() -> int:
    texts = list(_texts())
    failed = False
    for word in WORDS:
        places = [
            f"{text.path.relative_to(ROOT)}:{line}: {words!r}" for text in texts for line, words in _hits(word, text)
        ]
        if len(places) > word.left or "--all" in sys.argv:
            print("\n".join(places))
        if len(places) > word.left:
            failed = True
            print(f"error: {len(places)} times, at most {word.left} allowed; better: {word.instead}\n")
        elif len(places) < word.left:
            print(f"{word.pattern}: {len(places)} are left; write that in place of {word.left}.")
    return int(failed)


def _hits(word: Word, text: Text) -> Iterator[tuple[int, str]]:
    for match in word.find(text.content):
        yield text.line + text.content.count("\n", 0, match.start()), match[0]


def _texts() -> Iterator[Text]:
    """Yield each page and description that people wrote, each string in the sources, which make docs/reference, and
    the n8n package: its TypeScript, comments and names included, and its workflows.
    """
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("emulator/*.md"),
        *ROOT.glob("emulator/docs/**/*.md"),
        *ROOT.glob("integrations/*/*.md"),
        *ROOT.glob("examples/**/*.md"),
    ]
    for path in sorted(pages):
        if "reference" not in path.parts and path.name != "CHANGELOG.md":
            yield Text(path, 1, path.read_text(encoding="utf-8"))
    wholes = [
        *ROOT.glob("src/trunkline/catalog/descriptions/*.json"),
        *ROOT.glob("src/**/topics.json"),
        *(path for folder in N8N_FOLDERS for path in ROOT.glob(f"integrations/n8n/{folder}/**/*.ts")),
        *ROOT.glob("integrations/n8n/workflows/*.json"),
    ]
    for path in sorted(wholes):
        yield Text(path, 1, path.read_text(encoding="utf-8"))
    for path in sorted(
        [*ROOT.glob("src/**/*.py"), *ROOT.glob("emulator/src/**/*.py"), *ROOT.glob("integrations/prefect/src/**/*.py")]
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield Text(path, node.lineno, node.value)


if __name__ == "__main__":
    sys.exit(main())
