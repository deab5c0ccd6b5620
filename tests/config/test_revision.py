"""A folder of a commit, taken out of a real repository of git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trunkline.config.folder.revision import Revision, extracted
from trunkline.errors import ConfigurationError, InvalidArgument


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits, in which the tests are; the second has a queue less and another 800."""
    top = tmp_path / "Büro & Co"
    (top / "acme" / "queues").mkdir(parents=True)
    (top / "base").mkdir()
    git(top, "init", "-q", "-b", "main")
    (top / "acme" / "queues" / "800.yaml").write_text("Number: 800\nName: Straße\n", encoding="utf-8")
    (top / "acme" / "queues" / "801.yaml").write_text("Number: 801\n", encoding="utf-8")
    (top / "base" / "trunkline.yaml").write_text("complete: false\n", encoding="utf-8")
    (top / "acme" / "logo.png").write_bytes(b"\x89PNG")
    (top / ".gitattributes").write_text("acme export-ignore\n", encoding="utf-8")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    git(top, "tag", "v1")
    (top / "acme" / "queues" / "801.yaml").unlink()
    (top / "acme" / "queues" / "800.yaml").write_text("Number: 800\nName: Other\n", encoding="utf-8")
    git(top, "commit", "-q", "-a", "-m", "two")
    monkeypatch.chdir(top)
    return top


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_is_as_it_was_in_the_commit_and_the_working_tree_stays(repository: Path) -> None:
    with extracted(Revision("v1", "acme")) as folder:
        assert files(folder) == ["queues/800.yaml", "queues/801.yaml"]
        assert (folder / "queues/800.yaml").read_text(encoding="utf-8") == "Number: 800\nName: Straße\n"
    assert not folder.exists()
    assert files(repository / "acme") == ["logo.png", "queues/800.yaml"]


def test_the_layers_beside_a_folder_are_there_too(repository: Path) -> None:
    with extracted(Revision("HEAD", "acme")) as folder:
        assert files(folder.parent / "base") == ["trunkline.yaml"]


@pytest.mark.parametrize("revision", ["HEAD", "main", "v1^{commit}"])
def test_a_commit_has_any_name_that_git_understands(repository: Path, revision: str) -> None:
    with extracted(Revision(revision, ".")) as folder:
        assert "acme/queues/800.yaml" in files(folder)


def test_the_folder_counts_from_the_current_one(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "acme")
    for name in (".", "../acme", str(repository / "acme")):
        with extracted(Revision("v1", name)) as folder:
            assert files(folder) == ["queues/800.yaml", "queues/801.yaml"]


def test_a_folder_that_is_gone_by_now_is_found(repository: Path) -> None:
    git(repository, "rm", "-q", "-r", "acme")
    git(repository, "commit", "-q", "-m", "three")
    with extracted(Revision("v1", "acme/queues")) as folder:
        assert files(folder) == ["800.yaml", "801.yaml"]


def test_in_a_hook_of_git_the_folder_says_which_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    with extracted(Revision("v1", "acme")) as folder:
        assert files(folder) == ["queues/800.yaml", "queues/801.yaml"]


def test_a_link_is_a_link(repository: Path) -> None:
    (repository / "acme" / "more").symlink_to("../base")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "three")
    with extracted(Revision("HEAD", "acme")) as folder:
        assert (folder / "more").is_symlink()
        assert (folder / "more" / "trunkline.yaml").read_text(encoding="utf-8") == "complete: false\n"


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        (Revision("v2", "acme"), "v2:acme: the repository .* has no commit 'v2'"),
        (Revision("--output=x", "acme"), "has no commit '--output=x'"),
        (Revision("v1", "elsewhere"), "v1:elsewhere: the commit has no YAML file in 'elsewhere'"),
        (Revision("v1", ".."), "is not in a repository of git|is not in the repository"),
    ],
)
def test_what_is_not_there_is_refused_by_name(repository: Path, revision: Revision, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message), extracted(revision):
        pass


def test_outside_of_a_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgument, match="is not in a repository of git"), extracted(Revision("v1", "acme")):
        pass


def test_without_git_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="git is not installed"), extracted(Revision("v1", "acme")):
        pass


def test_a_commit_of_too_many_files_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.config.folder.revision.MOST_FILES", 2)
    with pytest.raises(InvalidArgument, match="has 3 YAML files"), extracted(Revision("v1", "acme")):
        pass


def test_a_file_whose_content_the_repository_lacks_is_named(repository: Path) -> None:
    listed = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD:acme/queues/800.yaml"], check=True, capture_output=True
    )
    name = listed.stdout.decode().strip()
    (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(InvalidArgument, match=r"lacks the content of 'acme/queues/800.yaml'"):
        with extracted(Revision("HEAD", "acme")):
            pass


def test_a_file_that_leads_out_of_its_tree_is_refused(repository: Path) -> None:
    """git itself writes no such tree, but a repository may come from anywhere."""
    blob = _git_object(repository, "blob", b"Number: 800\n")
    inner = _git_object(repository, "tree", b"100644 800.yaml\0" + bytes.fromhex(blob))
    tree = _git_object(repository, "tree", b"40000 ..\0" + bytes.fromhex(inner))
    commit = f"tree {tree}\nauthor T <t@example.com> 1 +0000\ncommitter T <t@example.com> 1 +0000\n\nx\n".encode()
    with pytest.raises(InvalidArgument, match="leads out of its tree"):
        with extracted(Revision(_git_object(repository, "commit", commit), ".")):
            pass


def _git_object(repository: Path, kind: str, content: bytes) -> str:
    command = ["git", "-C", str(repository), "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
    made = subprocess.run(command, input=content, check=True, capture_output=True)
    return made.stdout.decode().strip()


@pytest.mark.parametrize(
    ("text", "revision"),
    [
        ("main:acme", Revision("main", "acme")),
        ("HEAD~3:customers/acme", Revision("HEAD~3", "customers/acme")),
        ("main:", Revision("main", ".")),
        ("acme", None),
        (":acme", None),
        ("--output=/etc/passwd:acme", None),
    ],
)
def test_a_text_may_name_a_folder_in_a_commit(text: str, revision: Revision | None) -> None:
    assert Revision.parsed(text) == revision
