"""``pbx.fax``: the resources of a PBX, looked up in the catalog when they are used.

Type checkers read resources.pyi beside this file instead, which has a class per resource and a method per action.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself would take longer than all the rest

if TYPE_CHECKING:
    from typing import Any

    from ..catalog import Catalog
    from .methods import Resource


class _Named:
    _catalog: Catalog | None = None  # the client's own; None for 3CX's
    _rows: str

    if TYPE_CHECKING:

        def call(self, action: str, /, *args: Any, **kwargs: Any) -> Any: ...

    def __getattr__(self, name: str) -> Resource:
        from ..catalog import load
        from .methods import resource  # brings inspect; `call` does without

        group = self.__dict__[name] = resource(self, self._catalog or load(), name, self._rows)
        return group

    def __dir__(self) -> list[str]:
        from ..catalog import load

        return sorted({*super().__dir__(), *(self._catalog or load()).resources})


class Resources(_Named):
    """The resources of a `Pbx`."""

    _rows = "Rows"


class AsyncResources(_Named):
    """The resources of an `AsyncPbx`."""

    _rows = "AsyncRows"
