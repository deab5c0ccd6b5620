"""What takes long to make and tests only read, made by one process for all processes of a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from filelock import FileLock


class Once(Protocol):
    """Make something in a folder unless this run has it; return the folder."""

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path: ...


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Once:
    """Return what makes a thing once: ``folder = once("site", build)``."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder = shared / f"{name}-{testrun_uid}"
        mark = folder / ".made"
        with FileLock(f"{folder}.lock"):
            if not mark.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a process that failed at it
                folder.mkdir()
                make(folder)
                mark.touch()
        return folder

    return made
