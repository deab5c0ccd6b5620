"""``trunkline completion``: what Tab offers in bash, zsh and fish.

The script that a shell loads asks this program at each Tab: it sends the line as far as the cursor in COMP_WORDS, and
gets a line (zsh: three) for each candidate. A candidate is a whole word, or ``file`` and ``dir`` for the shell's own
completion; after a ``part`` no space follows. Nothing is asked of a PBX and no file is opened. What stands where is
decided by click, and by `candidates` where click can't know.
"""

from __future__ import annotations

import os
import re
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

VARIABLE = "_TRUNKLINE_COMPLETE"

_BASH = """\
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            file,*) compopt -o default 2>/dev/null ;;
            dir,*) compopt -o dirnames 2>/dev/null ;;
            part,*) compopt -o nospace 2>/dev/null; COMPREPLY+=("${line#*,}") ;;
            plain,*) COMPREPLY+=("${line#*,}") ;;
        esac
    done <<< "$(env COMP_WORDS="${COMP_LINE:0:$COMP_POINT}" COMP_REPLACED="${2#=}" \\
        %(complete_var)s=bash_complete "${1/#\\~/$HOME}" 2>/dev/null)"
}

complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null || complete -F %(complete_func)s %(prog_name)s
"""
_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local type word help
    local -a plain described response
    response=("${(@f)$(env COMP_WORDS="${(j: :)words[1,CURRENT]}" \\
        %(complete_var)s=zsh_complete ${~words[1]} 2>/dev/null)}")
    for type word help in ${response}; do
        case $type in
            file) _files ;;
            dir) _files -/ ;;
            part) compadd -U -S '' -- "$word" ;;
            plain) if [[ $help == _ ]]; then plain+=("$word"); else described+=("$word:$help"); fi ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#plain )) && compadd -U -V unsorted -a plain
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""
_FISH = """\
function %(complete_func)s
    set -l response (env COMP_WORDS=(commandline -cp | string collect) %(complete_var)s=fish_complete \\
        (string replace -r '^~' $HOME -- (commandline -opc)[1]) 2>/dev/null)
    for line in $response
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case file
                __fish_complete_path (commandline -ct)
            case dir
                __fish_complete_directories (commandline -ct)
            case plain part
                echo $parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""
_FILES = ("file", "dir")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, /, shell: str) -> None:
    """Print the script that lets Tab complete commands, resources, options and values.

    \b
    bash  trunkline completion bash > ~/.local/share/bash-completion/completions/trunkline
          or, without the package bash-completion, in ~/.bashrc:
          eval "$(trunkline completion bash)"
    zsh   trunkline completion zsh > ~/.zfunc/_trunkline
          and in ~/.zshrc, once: fpath+=(~/.zfunc); autoload -Uz compinit; compinit
    fish  trunkline completion fish > ~/.config/fish/completions/trunkline.fish

    The folder must be there. A shell that is started after that completes; no Tab asks a PBX anything.
    """
    click.echo(_SHELLS[shell](ctx.find_root().command, {}, "trunkline", VARIABLE).source(), nl=False)


def answer(cli: click.Command, instruction: str) -> int:
    """Answer a shell that asks, as ``bash_complete``; 1, and not a word on the user's line, if that fails."""
    shell, _, wanted = instruction.partition("_")
    if shell not in _SHELLS or wanted not in ("complete", "source"):
        return 1
    try:
        asking = _SHELLS[shell](cli, {}, "trunkline", VARIABLE)
        text = asking.source() if wanted == "source" else asking.complete()
        click.echo(text.encode())
    except Exception:
        return 1
    return 0


class _Line(ShellComplete):
    """Reads the line as far as the cursor, and gives candidates that are whole words."""

    def get_completion_args(self) -> tuple[list[str], str]:
        *args, last = split_arg_string(f"{os.environ['COMP_WORDS']}\0")  # so that the last word is there if it is empty
        return args[1:], last.removesuffix("\0")

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        head, equals, rest = incomplete.partition("=")
        option = f"{head}=" if equals and head.startswith("-") else ""
        candidates = super().get_completions(args, incomplete)
        if not option:
            return candidates
        from .candidates import paths

        if any(item.type in _FILES for item in candidates):
            candidates = paths(rest, folders=candidates[0].type == "dir")
        return [CompletionItem(f"{option}{item.value}", item.type, item.help) for item in candidates]


class _Bash(_Line, BashComplete):
    source_template = _BASH

    def source(self) -> str:
        return ShellComplete.source(self)  # click would start a bash, to see how old it is

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return what replaces the part of the word that readline replaces: for ``--output=y`` that is ``y``."""
        line, replaced = os.environ["COMP_WORDS"], os.environ["COMP_REPLACED"]
        _, incomplete = self.get_completion_args()
        left = len(incomplete) - len("".join(split_arg_string(replaced)))
        rest = item.value[max(left, 0) :]
        return f"{item.type},{_spelled(rest, _open_quote(line))}"


class _Zsh(_Line, ZshComplete):
    source_template = _ZSH


class _Fish(_Line, FishComplete):
    source_template = _FISH


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def _open_quote(line: str) -> str:
    """Return the quotation mark that is open at the end of a line, or ""."""
    mark, characters = "", iter(line)
    for character in characters:
        if character == "\\" and mark != "'":
            next(characters, None)
        elif character == mark:
            mark = ""
        elif character in ("'", '"') and not mark:
            mark = character
    return mark


def _spelled(text: str, mark: str) -> str:
    """Return a text as bash reads it outside of quotation marks or, where one is open, within."""
    if mark == "'":
        return text.replace("'", "'\\''")
    return re.sub(r'(["\\$`])' if mark else r"([^\w@%+=:,./~-])", r"\\\1", text)
