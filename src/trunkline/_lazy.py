"""Names of a package that load the module they live in when they are first used."""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself would take longer to import than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package; ``homes`` has the relative module of each name, such as ``.job``."""

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module
        from sys import modules

        value: object = getattr(import_module(homes[name], package), name)
        setattr(modules[package], name, value)
        return value

    return load
