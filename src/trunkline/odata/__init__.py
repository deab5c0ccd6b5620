"""How OData is spelled in an address: literals, keys and function paths, query options, filters.

Pure: text in, text out. What 3CX wants beyond the standard is noted where it is done (PBX.md, Requests).
"""

from .filters import Expression, F, Field, Filter, OrderBy
from .literals import literal
from .options import Expand, option_text
from .paths import fill
from .query import OPTIONS, query_string

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
