"""Both distributions are released together, with the version of src/trunkline/_version.py."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path

from trunkline import __version__

ROOT = Path(__file__).parents[1]


def test_what_is_installed_has_the_version() -> None:
    assert version("trunkline") == version("trunkline-emulator") == __version__


def test_each_distribution_asks_for_the_other_of_the_same_version() -> None:
    client = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    emulator = tomllib.loads(ROOT.joinpath("emulator/pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert client["optional-dependencies"]["emulator"] == [f"trunkline-emulator=={__version__}"]
    assert f"trunkline=={__version__}" in emulator["dependencies"]
    assert emulator["version"] == __version__
