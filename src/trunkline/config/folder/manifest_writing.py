"""``trunkline.yaml`` as an export writes it; what a person wrote there stays."""

from __future__ import annotations

from typing import Any

from ..model import Configuration
from . import emission
from .document import read
from .editing import edited
from .manifest import ALL, FIELDS, FILE
from .schemas import MANIFEST, schema_file

_HEAD = f"""\
# yaml-language-server: $schema={schema_file(MANIFEST)}
# The configuration of a phone system, written by Trunkline. Each file is one entity; a field
# that it lacks stays as it is on the PBX.
"""


def manifest_text(text: str, configuration: Configuration, *, is_terse: bool) -> str:
    """Return the text of a manifest, "" being that of a new one.

    All kinds that were read stand under ``manage``: files can't say that there are none of a kind, neither when the
    PBX has none, nor once somebody deletes the last file.
    """
    old = read(text, FILE).plain() if text else {}
    old = old if isinstance(old, dict) else {}
    scope = configuration.scope
    new: dict[str, Any] = {**old, "complete": not is_terse}
    if configuration.version:
        new["version"] = configuration.version
    if not old:
        new |= {name: list(each) for name, each in (("ignore", scope.ignore), ("protect", scope.protect)) if each}
    known = old.get("manage") or []
    unread = (*configuration.unread, *configuration.absent)
    missing = {kind: list(patterns) for kind, patterns in scope.manage.items() if kind not in (*known, *unread)}
    if missing:
        is_list = isinstance(known, list) and all(tuple(patterns) == ALL for patterns in missing.values())
        named = {kind: list(ALL) for kind in known} if isinstance(known, list) else known
        new["manage"] = [*known, *missing] if is_list else {**named, **missing}
    new = {name: new[name] for name in FIELDS if name in new}
    if not text:
        return _HEAD + "".join(f"{line}\n" for line in emission.lines(new))
    return text if new == old else edited(text, old, new)
