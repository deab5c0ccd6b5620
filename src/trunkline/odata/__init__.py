"""How OData is spelled in an address: literals, keys and function paths, query options.

Pure: text in, text out. What 3CX wants beyond the standard is noted where it is done (PBX.md, Requests).
"""

from .literals import literal
from .paths import fill
from .query import OPTIONS, query_string

__all__ = ["OPTIONS", "fill", "literal", "query_string"]
