"""Where ledgers are: a file for each job in the user's state folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from ..errors import ConfigurationError, Hint, InvalidArgument
from ..local.folders import own_folder
from .lock import FOLDER, open_file

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class JobFolder:
    """The jobs of one user by name. ``path`` None means ``TRUNKLINE_JOB_DIR``, else the user's own state folder."""

    def __init__(self, path: Path | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self.path = path or _default(environ)

    def file(self, name: str) -> Path:
        """Return the path of a job's ledger, existing or not. Raises InvalidArgument unless the name is a file's."""
        check_name(name)
        return self.path / f"{name}.job"

    def existing(self, name: str) -> Path:
        """Return the path of a job's ledger. Raises ConfigurationError if there is none."""
        file = self.file(name)
        if not file.exists():
            known = ", ".join(self.names()) or "none"
            raise ConfigurationError(f"There is no job {name!r}.", hint=f"There are: {known}.")
        return file

    def new(self, name: str) -> Path:
        """Where the ledger of a new job goes. ConfigurationError if the name is taken."""
        file = self.file(name)
        if file.exists():
            raise ConfigurationError(
                f"There is a job {name!r} already.",
                hint=Hint("Remove it, take another name, or go on with it.", "job.resume", {"name": name}),
            )
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigurationError(
                f"{self.path} can't be made: {problem.strerror}.", hint=f"Name another folder for jobs in {FOLDER}."
            ) from None
        return file

    def names(self) -> list[str]:
        """All jobs, by name. OSError if the folder is there and can't be read."""
        return sorted(file.stem for file in self.path.iterdir() if file.suffix == ".job") if self.path.is_dir() else []

    def remove(self, name: str) -> None:
        """Forget a job. ConfigurationError if there is none, or while it runs."""
        file = self.existing(name)
        with running_alone(file):
            if os.name != "nt":
                discard(file)
        discard(file)  # Windows deletes no file that is open


def check_name(name: str) -> None:
    """Refuse what is not a name for a job. Raises InvalidArgument."""
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            f"{name!r} is not a name for a job.",
            hint="Use letters, digits, dots, dashes; 64 at most; no leading dot.",
        )


def discard(file: Path) -> None:
    """Throw a ledger away, with what SQLite keeps beside it."""
    for part in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        part.unlink(missing_ok=True)


@contextmanager
def running_alone(file: Path) -> Iterator[None]:
    """Hold a job while a block runs; the operating system frees it when a process dies. ConfigurationError if taken."""
    with closing(open_file(file)) as ledger, ledger.held():
        yield


def _default(environ: Mapping[str, str]) -> Path:
    given = environ.get(FOLDER)
    if given:
        return Path(given)
    own = own_folder("state")
    if own is None:
        raise ConfigurationError("This user has no folder for jobs.", hint=f"Name one in {FOLDER}.")
    return own / "jobs"
