"""`Pbx` and `AsyncPbx`: every action of a 3CX by name."""

from .pbx import AsyncPbx, Pbx
from .rows import AsyncRows, Rows

__all__ = ["AsyncPbx", "AsyncRows", "Pbx", "Rows"]
