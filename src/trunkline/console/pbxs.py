"""The PBXs of this console, which all its pages share."""

from __future__ import annotations

from ..connections.opened import OpenPbxs

_pbxs = OpenPbxs()


def use(pbxs: OpenPbxs) -> None:
    """Make these the PBXs of this process."""
    global _pbxs  # noqa: PLW0603 - pages are functions that NiceGUI calls; nothing else leads from them to the process
    _pbxs = pbxs


def pbxs() -> OpenPbxs:
    """Return the PBXs of this process."""
    return _pbxs
