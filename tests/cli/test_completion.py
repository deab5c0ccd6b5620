"""What Tab offers: by the lines that the shells' scripts send, and in the shells of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import System
from terminal import TRUNKLINE, Terminal
from trunkline import cli
from trunkline.catalog import load
from trunkline.catalog.members import member_lists
from trunkline.jobs import JobFolder

SHELLS = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]

PROFILES = """
[acme]
url = "https://pbx.example.com"
client_id = "trunkline"
[branch-office]
url = "https://pbx.example.com:5001"
client_id = "trunkline"
"""


@pytest.fixture
def folder(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder: two profiles, two jobs, a few files."""
    file.parent.mkdir()
    file.write_text(PROFILES, encoding="utf-8")
    jobs, here = tmp_path / "jobs", tmp_path / "here"
    for path in (jobs / "old-faxes.job", jobs / "new-users.job", here / "body.json", here / "My Files" / "b c.json"):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("{}", encoding="utf-8")
    monkeypatch.setenv("TRUNKLINE_JOB_DIR", str(jobs))
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def tab(folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., str]:
    """What a shell's script gets for a line with the cursor at its end."""

    def press(line: str, shell: str = "bash", code: int = 0) -> str:
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_REPLACED", line.rpartition(" ")[2].rpartition("=")[2])
        monkeypatch.setenv("_TRUNKLINE_COMPLETE", f"{shell}_complete")
        assert cli.execute([]) == code
        out, err = capfdbinary.readouterr()
        assert err == b""
        return out.decode().rstrip("\n")

    return press


def offered(text: str) -> list[str]:
    """The words of an answer to bash."""
    return [line.partition(",")[2] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("trunkline fax", "fax fax-server-settings"),
        ("trunkline website_l", "website-links"),
        ("trunkline logi", "login"),
        ("trunkline --pro", "--profile"),
        ("trunkline --profile b", "branch-office"),
        ("trunkline --profile acme fax get", "get get-by-number"),
        ("trunkline fax get_by", "get-by-number"),
        ("trunkline fax list --sel", "--select"),
        ("trunkline fax list -o ", "table json jsonl yaml csv"),
        ("trunkline fax list --output=y", "yaml"),
        ("trunkline fax list --select A", "AuthID AuthPassword"),
        ("trunkline fax list --select Num", "Number"),
        ("trunkline fax list --select AuthID,A", "AuthID,AuthPassword"),
        ("trunkline fax list --orderby id,nu", "id,Number"),
        ("trunkline users list --expand Gro", "Groups"),
        ("trunkline users list --columns Number,Hours.I", "Number,Hours.IgnoreHolidays"),
        ("trunkline contacts create --contact-type ", "3CX CRM Google M365 null"),
        ("trunkline users update 7 --enabled t", "true"),
        ("trunkline contacts create --body ", "@ -"),
        ("trunkline contacts create --body @b", "@body.json"),
        ("trunkline contacts create --body=@b", "@body.json"),
        ("trunkline contacts create --body @M", "@My\\ Files/"),
        ("trunkline contacts create --skeleton --fi", "--first-name"),
        ("trunkline fax delete --inp", "--input"),
        ("trunkline actions ", "diff open show"),
        ("trunkline actions show fax.bul", "fax.bulk_fax_delete"),
        ("trunkline actions diff 20.0.1", "20.0.10"),
        ("trunkline actions --api-version 20.0.7 diff 20.0.7 20.0.1", "20.0.10"),
        ("trunkline run fax.get_", "fax.get_by_number fax.get_by_number@20.0.7"),
        ("trunkline run fax.delete --set ", "Id= if_match= if_match_anyway="),
        ("trunkline job run contacts.lis", "contacts.list"),
        ("trunkline job resume ", "new-users old-faxes"),
        ("trunkline job show o", "old-faxes"),
        ("trunkline job run fax.delete --profile acme --profile b", "branch-office"),
        ("trunkline status --profile acme --profile b", "branch-office"),
        ("trunkline profiles use ", "acme branch-office"),
        ("trunkline profiles rename acme ", ""),
        ("trunkline logout a", "acme"),
        ("trunkline completion ", "bash fish zsh"),
        ("trunkline config dif", "diff"),
        ("trunkline config diff pro", "profile:acme profile:branch-office"),
        ("trunkline config diff here profile:b", "profile:branch-office"),
        ("trunkline config drift --only que", "queues"),
        ("trunkline config drift --only queues,ring", "queues,ring_groups"),
    ],
)
def test_what_is_offered(tab: Callable[..., str], line: str, words: str) -> None:
    assert sorted(offered(tab(line))) == sorted(re.split(r"(?<!\\) ", words) if words else [])


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("trunkline run fax.delete --input ", "file"),
        ("trunkline --ca-file ", "file"),
        ("trunkline flow run ", "file"),
        ("trunkline recordings download-recording 5 --save ", "file"),
        ("trunkline run fax.get --binary-to ", "dir"),
        ("trunkline config diff ", "dir"),
    ],
)
def test_files_are_left_to_the_shell(tab: Callable[..., str], line: str, kind: str) -> None:
    assert tab(line) == f"{kind},"


@pytest.mark.parametrize(
    ("typed", "offered_as"),
    [
        ("@it", "@it\\'s\\ \\$5.json"),
        ("'@it", "@it'\\''s $5.json"),
        ('"@it', "@it's \\$5.json"),
        ('"@i"t', "@it\\'s\\ \\$5.json"),
    ],
)
def test_within_quotation_marks_a_word_is_written_as_they_want_it(
    tab: Callable[..., str], folder: Path, typed: str, offered_as: str
) -> None:
    (folder / "it's $5.json").touch()
    assert tab(f"trunkline contacts create --body {typed}") == f"plain,{offered_as}"


def test_after_a_folder_or_a_name_no_space_follows(tab: Callable[..., str]) -> None:
    assert tab("trunkline contacts create --body @M").startswith("part,")
    assert tab("trunkline run fax.delete --set I").startswith("part,")
    assert tab("trunkline contacts create --body @b").startswith("plain,")


def test_every_resource_and_every_verb_is_offered(tab: Callable[..., str]) -> None:
    resources = load().resources
    assert {name.replace("_", "-") for name in resources} < set(offered(tab("trunkline ")))
    for name, actions in resources.items():
        line = f"trunkline {name.replace('_', '-')} "
        lists = member_lists(name)
        verbs = {verb.replace("_", "-") for verb in [*actions, *lists]}
        assert set(offered(tab(line))) >= verbs
        assert len(offered(tab(line))) - len(verbs) == {"backups": 1, "holidays": 1, "recordings": 1}.get(
            name, 0
        )  # commands of their own


def test_zsh_and_fish_get_a_help_text_beside_each(tab: Callable[..., str]) -> None:
    assert tab("trunkline fax del", "zsh").splitlines() == ["plain", "delete", "Delete a fax by its Id."]
    assert tab("trunkline fax del", "fish") == "plain,delete\tDelete a fax by its Id."
    assert "list, get" in tab("trunkline phone-book", "fish") or tab("trunkline defs", "fish").startswith(
        "plain,defs\t"
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("trunkline nonsense ", 1),
        ("trunkline fax nonsense ", 1),
        ("trunkline run nonsense.delete --set ", 1),
        ("trunkline fax get ", 0),
        ("trunkline fax list --filter ", 0),
    ],
)
def test_where_nothing_can_be_offered_nothing_is_said(tab: Callable[..., str], line: str, code: int) -> None:
    assert tab(line, code=code) == ""


def test_a_broken_file_of_profiles_is_no_traceback(tab: Callable[..., str], file: Path) -> None:
    file.write_text("[acme", encoding="utf-8")
    assert tab("trunkline --profile ", code=1) == ""


def test_a_tab_opens_no_file(tab: Callable[..., str], folder: Path) -> None:
    failed = folder / "failed.jsonl"
    failed.write_text("kept", encoding="utf-8")
    assert offered(tab(f"trunkline run fax.delete --failed {failed} --on-error sp")) == ["split"]
    assert failed.read_text(encoding="utf-8") == "kept"


def test_a_tab_asks_the_pbx_nothing(tab: Callable[..., str], system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    before = len(system.emulator.journal)
    for line in ("trunkline fax get ", "trunkline fax list --filter ", "trunkline job resume "):
        tab(line)
    assert len(system.emulator.journal) == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed_and_the_help_says_where_it_goes(line: Callable[..., Any], shell: str) -> None:
    said = line("completion", shell)
    assert said.code == 0
    assert f"_TRUNKLINE_COMPLETE={shell}_complete" in said.out
    assert f"trunkline completion {shell} > ~/" in line("completion", "--help").out


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_can_read(line: Callable[..., Any], shell: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(line("completion", shell).out, encoding="utf-8")
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


STARTED = {
    "bash": (["bash", "--norc", "-i"], 'eval "$(trunkline completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -Uz compinit; compinit -u; eval "$(trunkline completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "trunkline completion fish | source"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_in_a_real_shell(environment: dict[str, str], system: System, folder: Path, shell: str) -> None:
    argv, load_script = STARTED[shell]
    own = {
        **environment,
        "PATH": f"{Path(TRUNKLINE).parent}{os.pathsep}{environment['PATH']}",
        "HOME": str(folder),
        "TRUNKLINE_PROFILES": os.environ["TRUNKLINE_PROFILES"],
        "TRUNKLINE_JOB_DIR": str(JobFolder().path),
    }
    for name in ("COLUMNS", "EDITOR", "VISUAL"):
        own.pop(name, None)
    terminal = Terminal(argv, own)
    terminal.type(f"{load_script}; echo REA''DY\n")
    terminal.until("READY")
    for typed, words in (
        ("trunkline --profile ac", "<trunkline><--profile><acme>"),
        ("trunkline fax-s", "<trunkline><fax-server-settings>"),
        ("trunkline fax list --output=ya", "<trunkline><fax><list><--output=yaml>"),
        ("trunkline fax list --select Id,Num", "<trunkline><fax><list><--select><Id,Number>"),
        ("trunkline job show old", "<trunkline><job><show><old-faxes>"),
        ("trunkline contacts create --body @bod", "<trunkline><contacts><create><--body><@body.json>"),
        ("trunkline contacts create --body=@My\\ Files/", "<trunkline><contacts><create><--body=@My Files/b c.json>"),
        ("trunkline fax delete --input bod", "<trunkline><fax><delete><--input><body.json>"),
        ("trunkline nonsense x", "<trunkline><nonsense><x>"),
    ):
        terminal.type(f"{typed}\t\x01printf '<%s>' \n")  # Tab, then to the beginning of the line, and show its words
        terminal.until(words)
    assert "Traceback" not in terminal.seen
    terminal.type("\nexit\n")
    terminal.end()
    assert system.emulator.journal == []
