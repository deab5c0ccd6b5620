"""The audit log: one line of JSON for each call of a tool, without secrets and without the values of bodies."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError, TrunklineError
from ..local.folders import own_folder
from ..local.timestamps import format_timestamp
from .content import as_json, clean

_LONGEST = 4_000
"""Characters of a line: what is that short is appended in one piece on every system."""


class AuditFailed(TrunklineError):
    """The audit log can't be written, so nothing is done."""

    code = "audit_failed"
    exit_code = 3


class AuditLog:
    """A file that is only appended to, and that only its owner reads. Rotation is the user's: it is opened each time.

    A line is there before a change is sent; where it can't be written, nothing is sent.
    """

    def __init__(self, path: Path) -> None:
        """Make the file. Raises ConfigurationError where that fails."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(self._open())
        except (OSError, ValueError) as problem:
            raise ConfigurationError(
                f"The audit log {path} can't be written: {getattr(problem, 'strerror', problem)}.",
                hint="Name a file in a folder of your own.",
            ) from problem

    @classmethod
    def default_path(cls) -> Path:
        """Return where it is kept unless the user says otherwise. ConfigurationError for a user without a home."""
        folder = own_folder("state")
        if folder is None:
            raise ConfigurationError("This user has no home for the audit log.", hint="Name a file for it.")
        return folder / "mcp-audit.jsonl"

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        number = os.open(self.path, flags, 0o600)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise OSError(0, "it is not an ordinary file")
        return number

    def write(self, record: Mapping[str, Any]) -> None:
        """Append a record with the time. Raises AuditFailed."""
        line = as_json({"time": format_timestamp(datetime.now(UTC)), **clean(dict(record))})
        if len(line) > _LONGEST:
            kept = {name: value for name, value in clean(dict(record)).items() if len(as_json(value)) < 200}
            line = as_json({"time": format_timestamp(datetime.now(UTC)), **kept, "shortened": True})
        try:
            number = self._open()
            try:
                os.write(number, f"{line}\n".encode())
            finally:
                os.close(number)
        except OSError as problem:
            raise AuditFailed(
                f"The audit log {self.path} can't be written: {problem.strerror or problem}.",
                hint="Nothing was sent. The person who started this server has to look at the disk.",
            ) from problem
