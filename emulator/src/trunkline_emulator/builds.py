"""The catalog of a version; late builds of a release have fields that its file lacks (docs/pbx.md, Versions)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from trunkline import catalog
from trunkline.catalog import Catalog, TypeSpec, version_key

# The first build that was seen with these fields.
_RELEASE, _BUILD = "20.0.8", 1109
_FIELDS = (
    "VMEmailList", "VMEmailOptions", "MaxUserExtensions", "UserExtensions", "DepartmentContactsMaxCount", "Tags",
    "DisableCallTransfer",
)  # fmt: skip


class LateBuild(Catalog):
    """The catalog of a release, with fields that are listed from a later one on."""

    def __init__(self, build: str) -> None:
        super().__init__(catalog.load()._data, build)
        self._fields: dict[str, Mapping[str, TypeSpec]] = {}

    def fields(self, type_name: str) -> Mapping[str, TypeSpec]:
        if type_name not in self._fields:
            listed, later = super().fields(type_name), catalog.load().fields(type_name)
            self._fields[type_name] = {**listed, **{name: later[name] for name in _FIELDS if name in later}, **listed}
        return self._fields[type_name]


@lru_cache(maxsize=16)
def load(version: str) -> Catalog:
    """Return the catalog of a release such as 20.0.8, or of a build of one such as 20.0.8.1121.

    Raises: ValueError for text that is not a version, and for a build of an unknown release.
    """
    if version.count(".") < 3:
        return catalog.load(version)
    release, _, build = version.rpartition(".")
    known = dict.fromkeys(edition.version for edition in catalog.load().editions)
    if release not in known or not build.isdecimal():
        raise ValueError(f"{version!r} is not a build of a release that 3CX published; there are {', '.join(known)}.")
    late = version_key(release) >= version_key(_RELEASE) and int(build) >= _BUILD
    return LateBuild(version) if late else catalog.load(version)
