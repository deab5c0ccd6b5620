"""System query options: ``$filter``, ``$top`` and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

OPTIONS = ("filter", "search", "orderby", "select", "expand", "top", "skip", "count")

# Everything that RFC 3986 lets stand in a query value. Not '&', '=' and '#', which would end it, and not '+',
# which 3CX reads as a space in some places and as a plus in others (docs/pbx.md, Requests).
_SAFE = "$'(),/:*@!;?"


def query_string(options: Mapping[str, str]) -> str:
    """``{"top": "5", "filter": "Id eq 3"}`` → ``$filter=Id%20eq%203&$top=5``, always in the same order."""
    return "&".join(f"${name}={quote(options[name], safe=_SAFE)}" for name in OPTIONS if name in options)
