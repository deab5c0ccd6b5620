"""A folder as it is in a commit of git: ``main:customers/acme``, ``HEAD~3:acme``, ``v1.4:.``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ...errors import ConfigurationError, InvalidArgument, TrunklineError

MOST_FILES = 50_000
MOST_BYTES = 200_000_000
PATIENCE = 60.0
"""Seconds for one command of git."""
_ENDINGS = (".yaml", ".yml")
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables that git sets for its hooks, relative to another folder."""
_FILE, _LINK = ("100644", "100755"), "120000"


class Revision(NamedTuple):
    """A folder in a commit. ``folder`` is relative to the current folder, as other paths of a command line are."""

    commit: str
    folder: str

    def __str__(self) -> str:
        return f"{self.commit}:{self.folder}"

    @classmethod
    def parsed(cls, text: str) -> Revision | None:
        """Return what ``REV:DIR`` names, without a look at git; None for a text that can't be one."""
        commit, colon, folder = text.partition(":")
        return cls(commit, folder or ".") if colon and commit and not commit.startswith("-") else None


class _Blob(NamedTuple):
    """A file in a tree of git."""

    path: str
    mode: str
    object: str


@contextmanager
def extracted(revision: Revision) -> Iterator[Path]:
    """Give the folder as it is in that commit, in a temporary place with all YAML files of the commit.

    They are all there, because a folder may extend others beside it. Nothing of the working tree is touched, and what
    ``export-ignore`` leaves out of an archive is there too.

    Raises:
        InvalidArgument: there is no repository, no such commit, or no such folder in it.
        ConfigurationError: git is not installed, or can't be run.
    """
    wanted = Path(revision.folder).resolve()
    start = next(folder for folder in (wanted, *wanted.parents) if folder.is_dir())
    top = _repository(start, revision)
    commit = _commit(top, revision)
    inside = _inside(wanted, top, revision)
    blobs = _blobs(top, commit, revision)
    if not any(PurePosixPath(blob.path).is_relative_to(inside) for blob in blobs):
        raise InvalidArgument(
            f"{revision}: the commit has no YAML file in {str(inside) if inside.parts else 'its tree'!r}.",
            hint=f"`git ls-tree {revision.commit}` shows what it has; the folder counts from the current one.",
        )
    with TemporaryDirectory(prefix="trunkline-") as temporary:
        place = Path(temporary).resolve()
        _write(top, blobs, place)
        yield place / inside


def _repository(start: Path, revision: Revision) -> Path:
    found = _git(start, "rev-parse", "--show-toplevel")
    if found.returncode:
        why = found.stderr.decode(errors="replace").strip().removeprefix("fatal: ").partition("\n")[0]
        raise InvalidArgument(f"{revision}: {start} is not in a repository of git: {why}.")
    return Path(os.fsdecode(found.stdout.removesuffix(b"\n"))).resolve()


def _commit(top: Path, revision: Revision) -> str:
    found = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision.commit}^{{commit}}")
    if found.returncode:
        raise InvalidArgument(
            f"{revision}: the repository {top} has no commit {revision.commit!r}.",
            hint="`git log --oneline` shows commits; a shallow clone, as CI makes it, lacks the older ones.",
        )
    return found.stdout.decode().strip()


def _inside(wanted: Path, top: Path, revision: Revision) -> PurePosixPath:
    if not wanted.is_relative_to(top):
        raise InvalidArgument(f"{revision}: {wanted} is not in the repository {top}.")
    return PurePosixPath(wanted.relative_to(top).as_posix())


def _blobs(top: Path, commit: str, revision: Revision) -> list[_Blob]:
    """List the YAML files of a commit, and the links, which may lead to some."""
    listed = _git(top, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
    if listed.returncode:
        raise _failed("ls-tree", listed)
    blobs, size = [], 0
    for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        mode, _, name, length = facts.split()
        if mode == _LINK or (mode in _FILE and path.endswith(_ENDINGS)):
            if ".." in PurePosixPath(path).parts or path.startswith("/"):
                raise InvalidArgument(f"{revision}: the commit has a file {path!r}, which leads out of its tree.")
            if not length.isdigit():
                raise _missing(top, path)
            blobs.append(_Blob(path, mode, name))
            size += int(length)
    if len(blobs) > MOST_FILES or size > MOST_BYTES:
        raise InvalidArgument(
            f"{revision}: the commit has {len(blobs):,} YAML files of {size:,} bytes; at most {MOST_FILES:,} files of "
            f"{MOST_BYTES:,} bytes can be compared.",
            hint="Keep configuration in a repository of its own.",
        )
    return blobs


def _write(top: Path, blobs: list[_Blob], place: Path) -> None:
    """Write the files below ``place``; links last, so that no file is written through one."""
    asked = "".join(f"{blob.object}\n" for blob in blobs).encode()
    answer = _git(top, "cat-file", "--batch", input=asked)
    if answer.returncode:
        raise _failed("cat-file", answer)
    at = 0
    links: list[tuple[Path, str]] = []
    for blob in blobs:
        end = answer.stdout.find(b"\n", at)
        header = answer.stdout[at:end].split()
        if len(header) != 3:  # "<name> missing"
            raise _missing(top, blob.path)
        content = answer.stdout[end + 1 : end + 1 + int(header[2])]
        at = end + 2 + int(header[2])
        path = place / blob.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if blob.mode == _LINK:
            links.append((path, os.fsdecode(content)))
        else:
            path.write_bytes(content)
    for path, leads_to in links:
        path.symlink_to(leads_to)


def _missing(top: Path, path: str) -> InvalidArgument:
    """Return the error of a partial clone, or of a damaged repository."""
    return InvalidArgument(
        f"The repository {top} lacks the content of {path!r}.", hint="`git fsck` shows what it lacks."
    )


def _failed(command: str, ended: subprocess.CompletedProcess[bytes]) -> TrunklineError:
    why = ended.stderr.decode(errors="replace").strip().partition("\n")[0] or f"exit code {ended.returncode}"
    return ConfigurationError(f"git {command} failed: {why}.")


def _git(folder: Path, *arguments: str, input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git without questions and in English. ConfigurationError where it can't be run."""
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    environment = {**inherited, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(  # noqa: S603  # no shell; what the user gave follows --end-of-options
            ["git", "-C", str(folder), *arguments],  # noqa: S607  # the git of the user's PATH, as in a shell
            input=input,
            capture_output=True,
            timeout=PATIENCE,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        raise ConfigurationError(
            "git is not installed, or not on the PATH.", hint="Install git, or compare two folders."
        ) from None
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"git {arguments[0]} took longer than {PATIENCE:.0f} s.") from None
    except OSError as problem:
        raise ConfigurationError(f"git can't be run: {problem.strerror}.") from None
