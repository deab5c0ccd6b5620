"""If-Match goes only to a PBX that sends ETags: another takes no notice of it (docs/pbx.md, Answers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..catalog import Action, Catalog
from ..errors import Hint, InvalidArgument
from ..request import Call, bind


class SeenTags:
    """Which entities of one PBX came with an ETag and which without, by their types."""

    def __init__(self) -> None:
        self._by_type: dict[str, bool] = {}
        self._some = False

    def note(self, type_name: str, row: Mapping[str, Any], *, is_whole: bool) -> None:
        """Learn from a row. ``is_whole``: the entity was read by itself; a row of a list may lack the ETag it has."""
        if row.get("@odata.etag"):
            self._some = self._by_type[type_name] = True
        elif is_whole:
            self._by_type.setdefault(type_name, False)

    def has(self, type_name: str) -> bool | None:
        """Whether entities of a type come with an ETag; None while no answer has shown it."""
        known = self._by_type.get(type_name)
        return True if known is None and self._some else known


class IfMatch:
    """What a call with If-Match depends on, and how that is found out before it is sent."""

    def __init__(self, catalog: Catalog, call: Call) -> None:
        self.call = call
        verbs = catalog.resources[call.action.resource]
        self.reader: Action | None = catalog.reader(call.action) or verbs.get("list")
        spec = self.reader.answer_type if self.reader else None
        self.type_name = spec.name if spec else ""

    @staticmethod
    def is_in(call: Call) -> bool:
        """Whether a call depends on an ETag. ``*`` names none, and asks for nothing that a PBX without ETags ignores:
        what isn't there can't be deleted either.
        """
        return call.if_match not in (None, "*") and not call.if_match_anyway

    def reading(self) -> Call | None:
        """Return the call that shows whether the entity has an ETag; None if nothing can be read."""
        if self.reader is None:
            return None
        if self.reader.answer_kind == "list":
            return bind(self.call.catalog, self.reader, (), {"top": 1} if "top" in self.reader.query else {})
        return bind(self.call.catalog, self.reader, (), self.call.values)

    def check(self, *, has_tags: bool | None, server: str) -> None:
        """Refuse the call where the PBX sends no ETags. Raises InvalidArgument."""
        if has_tags:
            return
        unseen = f"{server} sends no ETag of a {self.call.action.noun}"
        instead = "if_unchanged, which compares its fields" if self.reader and self.reader.kind == "get" else ""
        raise InvalidArgument(
            f"{unseen}, so If-Match would protect nothing: {self.call.action.id} was not sent.",
            hint=Hint(
                f"Use {instead}, or act in any case." if instead else "Act in any case, or leave If-Match out.",
                arguments={"if_match_anyway": True},
            ),
            parameter="if_match",
        )
