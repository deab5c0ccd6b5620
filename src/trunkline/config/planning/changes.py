"""What of an entity is to change: the fields of a file over what the PBX holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...catalog import Catalog
from ..kinds import Kind
from ..model import Fields, Secret
from ..spelling import compared, merged, secrets

Given = Callable[[str], bool]
"""Whether a secret is given, by its path."""
_NOTHING: Any = object()


class Changes:
    """Finds the fields that change.

    A secret is sent where it is given and the PBX has none; with ``resend`` also where the PBX has one, since nobody
    can see whether that is the same. ``missing`` has the paths of those that neither the PBX has nor anybody gives.
    """

    def __init__(self, catalog: Catalog, is_given: Given, *, resend: bool = False) -> None:
        self.missing: list[str] = []
        self._catalog, self._is_given, self._resend = catalog, is_given, resend

    def of(self, kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], ignores: Callable[[str], bool]) -> Fields:
        """Return the values of the fields that change, whole: what a file lacks within them is as the PBX has it.

        ``ignores``: paths of fields that are left to others.
        """
        asked = {
            name: _without(value, name, ignores)
            for name, value in new.items()
            if (self._resend or not compared(old.get(name), value, name)) and not ignores(name)  # most are the same
        }
        after = merged(self._catalog, kind, old, asked)
        found: Fields = {}
        for name in asked:
            value = self._settled(old.get(name), after[name])
            if value is not _NOTHING and (not compared(old.get(name), value, name) or self._sends_again(value)):
                found[name] = value
        return found

    def _sends_again(self, value: Any) -> bool:
        return self._resend and any(map(self._is_given, secrets(value)))

    def _settled(self, old: Any, after: Any) -> Any:
        """Return a value without secrets that neither the PBX has nor anybody gives."""
        if isinstance(after, Secret):
            if old is not None or self._is_given(after.path):
                return after
            self.missing.append(after.path)
            return _NOTHING
        if isinstance(after, Mapping):
            before = old if isinstance(old, Mapping) else {}
            inner = {name: self._settled(before.get(name), value) for name, value in after.items()}
            return {name: value for name, value in inner.items() if value is not _NOTHING}
        if isinstance(after, list):
            beside = [*(old if isinstance(old, list) else []), *[None] * len(after)]
            elements = (self._settled(*pair) for pair in zip(beside, after, strict=False))
            return [value for value in elements if value is not _NOTHING]
        return after


def _without(value: Any, path: str, ignores: Callable[[str], bool]) -> Any:
    """Return a value without the fields of objects in it that are ignored."""
    if isinstance(value, Mapping):
        kept = {name: inner for name, inner in value.items() if not ignores(f"{path}.{name}")}
        return {name: _without(inner, f"{path}.{name}", ignores) for name, inner in kept.items()}
    return [_without(each, path, ignores) for each in value] if isinstance(value, list) else value
