"""Plans as JSON: with the paths of secrets, never their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ...errors import ConfigurationError, InvalidArgument
from ...local.atomic import replace_file
from ..model import Id, Secret

if TYPE_CHECKING:
    from .plan import Plan

FORMAT = 1
LARGEST = 256 * 1024 * 1024
"""Bytes of a saved plan that are read; one that changes 100,000 entities has about a tenth."""
_SECRET = "!secret"  # noqa: S105 - no field of 3CX begins so
P = TypeVar("P", bound="Plan")


def encoded(value: Any) -> Any:
    """Return a value in file form as plain JSON: a `Secret` as an object that only has its path."""
    if isinstance(value, Secret):
        return {_SECRET: value.path}
    if isinstance(value, str):  # most are texts, and whether one is a mapping takes long to say
        return value
    if isinstance(value, Mapping):
        return {str(name): encoded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(inner) for inner in value]
    return value


def decoded(value: Any) -> Any:
    """Undo `encoded`."""
    if isinstance(value, dict):
        if value.keys() == {_SECRET}:
            return Secret(str(value[_SECRET]))
        return {name: decoded(inner) for name, inner in value.items()}
    return [decoded(inner) for inner in value] if isinstance(value, list) else value


def plan_record(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON."""
    return {
        "format": FORMAT,
        "url": plan.url,
        "version": plan.version,
        "steps": [step.as_record() for step in plan.steps],
        "notes": [list(note) for note in plan.notes],
        "removable": plan.removable,
        "present": dict(plan.present),
        "given": list(plan.given),
        "removed": [list(id) for id in plan.removed],
        "fingerprints": [[*id, fingerprint] for id, fingerprint in plan.fingerprints.items()],
        "names": dict(plan.names),
    }


def read_plan(make: Callable[..., P], step: Callable[[Mapping[str, Any]], Any], record: Any, name: str) -> P:
    """Make a plan of a record. ``step`` makes a step of its own record. Raises InvalidArgument."""
    from .plan import Note

    format_ = record.get("format") if isinstance(record, Mapping) else None
    if format_ != FORMAT:
        what = "is not a saved plan" if format_ is None else f"is a plan of format {format_}, and {FORMAT} is read here"
        raise InvalidArgument(f"{name} {what}.", hint="Nothing was sent. Make a new plan and save that.")
    try:
        return make(
            str(record["url"]),
            str(record["version"]),
            tuple(map(step, record["steps"])),
            tuple(Note(kind, str(text)) for kind, text in record["notes"]),
            int(record["removable"]),
            {str(kind): int(number) for kind, number in record["present"].items()},
            {Id(str(kind), str(key)): str(print_) for kind, key, print_ in record["fingerprints"]},
            dict(record["names"]),
            tuple(Id(str(kind), str(key)) for kind, key in record["removed"]),
            tuple(map(str, record.get("given", ()))),
            is_saved=True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InvalidArgument(
            f"{name} is not as it was saved ({type(problem).__name__}: {problem}).",
            hint="Nothing was sent. Make a new plan and save that.",
        ) from None


def save_plan(record: Mapping[str, Any], path: Path) -> None:
    """Write the record of a plan, for its owner only. Raises ConfigurationError."""
    try:
        with replace_file(path) as file:
            file.write(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    except OSError as problem:
        raise ConfigurationError(
            f"The plan can't be written to {path}: {problem.strerror}.", hint="Nothing was sent. Name another file."
        ) from None


def load_plan(path: Path) -> Any:
    """Read the record of a saved plan.

    Raises:
        InvalidArgument: the file is not JSON, or too large.
        ConfigurationError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as problem:
        raise ConfigurationError(
            f"The plan {path} can't be read: {problem.strerror}.",
            hint="Check the path, and that this user may read it.",
        ) from None
    if len(data) > LARGEST:
        raise InvalidArgument(f"{path} is larger than any plan ({LARGEST // 2**20} MB).", hint="Nothing was sent.")
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        raise InvalidArgument(f"{path} is not a saved plan.", hint="Save one when you plan.") from None
