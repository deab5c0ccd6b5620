"""How OData is spelled in an address: literals, keys and function paths, query options, filters.

Pure: text in, text out. What 3CX wants beyond the standard is noted where it is done (docs/pbx.md, Requests).
What filters are built from is loaded when it is first used: a command line has only text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names
from .literals import literal
from .options import option_text
from .paths import fill
from .query import OPTIONS, query_string

if TYPE_CHECKING:
    from .expand import Expand
    from .filters import Expression, F, Field, Filter, OrderBy

__all__ = [
    "OPTIONS",
    "Expand",
    "Expression",
    "F",
    "Field",
    "Filter",
    "OrderBy",
    "fill",
    "literal",
    "option_text",
    "query_string",
]

__getattr__ = lazy_names(
    __name__, {"Expand": ".expand", **dict.fromkeys(("Expression", "F", "Field", "Filter", "OrderBy"), ".filters")}
)
