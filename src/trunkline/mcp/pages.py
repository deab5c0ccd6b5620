"""The pages that are resources: of an action, of the facts about 3CX, of a flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..catalog import Action
from ..errors import NotFound
from ..local.contained import open_named
from ..redaction import redacted
from ..work.permission import Permission
from .arguments import Field
from .content import MOST, visible
from .finding import described_action

_LARGEST = 200_000
"""Bytes of a flow, and of the page of facts."""
_MOST_FLOWS = 200
_FLOW = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml")


def action_page(action: Action, permission: Permission) -> str:
    """Return what the catalog says of an action, in Markdown."""
    about = described_action(action, permission, MOST)
    lines = [f"# {about.action}", about.description, f"`{about.method} {about.path}`", *about.facts]
    lines += [*_table("Parameters", about.parameters), *_table("Body", about.body)]
    if about.options:
        lines += ["## Options", "\n".join(f"- {option}" for option in about.options)]
    lines += ["## Answer", f"`{about.answer}`", ", ".join(f"`{name}`" for name in about.answer_fields)]
    return "\n\n".join(line for line in lines if line)


def _table(title: str, fields: Sequence[Field]) -> list[str]:
    if not fields:
        return []
    rows = [
        f"| `{field.name}` | {field.type} | {'yes' if field.required else ''} | {field.meaning.replace('|', '/')} |"
        for field in fields
    ]
    return [f"## {title}", "\n".join(["| name | type | needed | meaning |", "| --- | --- | --- | --- |", *rows])]


def facts_page() -> str:
    """Return what is known of 3CX: docs/pbx.md, which a wheel has beside this module. Raises NotFound."""
    here = Path(__file__).resolve()
    for path in (here.with_name("pbx.md"), here.parents[3] / "docs" / "pbx.md"):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise NotFound("The page of facts is not installed.", hint="Install Trunkline again.")


def flow_names(folder: Path | None) -> list[str]:
    """Return the names of the flows in a folder."""
    if folder is None:
        return []
    try:
        files = (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
        return sorted(path.name for path in files if _FLOW.fullmatch(path.name))[:_MOST_FLOWS]
    except OSError:
        return []


def flow_page(folder: Path | None, name: str) -> str:
    """Return the text of a flow, without the secrets that are known. Raises NotFound for anything else."""
    missing = NotFound(f"There is no flow {name[:100]!r}.", hint="List the resources.")
    if folder is None or not _FLOW.fullmatch(name):
        raise missing
    try:
        with open_named(folder, name) as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError, AttributeError):
        raise missing from None
    if len(content) > _LARGEST:
        raise NotFound(f"The flow {name} is larger than {_LARGEST:,} bytes.", hint="Read it with another tool.")
    return visible(redacted(content.decode("utf-8", "replace")))
