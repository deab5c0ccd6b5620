"""`Pbx` and `AsyncPbx`: every action of a 3CX by name."""

from .pbx import AsyncPbx, Pbx

__all__ = ["AsyncPbx", "Pbx"]
