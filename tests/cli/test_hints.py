"""Hints as commands, to be copied into the shell."""

from __future__ import annotations

import click
import pytest

from trunkline.cli.hints import spelled
from trunkline.cli.root import cli
from trunkline.errors import COMMANDS, Hint
from trunkline.redaction import MASK, remember


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        (Hint("Try again."), "Try again."),
        (Hint("See what exists.", "website_links.list"), "See what exists: `trunkline website-links list`"),
        (Hint("Read it.", "fax.get", {"Id": 42}), "Read it: `trunkline fax get 42`"),
        (Hint("Read it.", "website_links.get", {"Link": "a b"}), "Read it: `trunkline website-links get 'a b'`"),
        (
            Hint("Look.", "users.list", {"filter": "Id eq 1", "top": 1}),
            "Look: `trunkline users list --filter 'Id eq 1' --top 1`",
        ),
        (Hint("Sign in.", "login", {"name": "acme"}), "Sign in: `trunkline login acme`"),
        (Hint("See it.", "actions.show", {"action": "fax.get"}), "See it: `trunkline actions show fax.get`"),
        (
            Hint("Go on.", "job.resume", {"name": "a", "accept_damage": True}),
            "Go on: `trunkline job resume a --accept-damage`",
        ),
        (Hint("Allow more.", arguments={"max_removals": 60}), "Allow more: `--max-removals 60`"),
        (Hint("Send it anyway.", arguments={"check_version": False}), "Send it anyway: `--no-check-version`"),
        (Hint("Trust it.", arguments={"verify": "PATH"}), "Trust it: `--ca-file PATH`"),
        (Hint("Take one.", arguments={"key": "Id", "restart": True}), "Take one: `--key Id` or `--restart`"),
    ],
)
def test_a_hint_is_spelled_as_a_command(hint: Hint, shown: str) -> None:
    assert spelled(hint) == shown


@pytest.mark.parametrize(
    ("argv", "kept"),
    [
        (["--profile", "acme", "fax", "get", "7"], "--profile acme "),
        (["fax", "get", "7", "--url=https://pbx.example.com"], "--url https://pbx.example.com "),
        (["fax", "get", "7", "--client-id", "x", "--api-key", "s3cr3t", "--insecure"], "--client-id x --insecure "),
    ],
)
def test_the_command_asks_the_same_pbx(argv: list[str], kept: str) -> None:
    assert spelled(Hint("See.", "fax.list"), argv) == f"See: `trunkline {kept}fax list`"
    assert spelled(Hint("See.", "job.list"), argv) == "See: `trunkline job list`"


def test_what_others_wrote_reaches_the_terminal_harmless() -> None:
    remember("abcdef-1")
    shown = spelled(Hint("Read it.", "website_links.get", {"Link": "\x1b abcdef-1"}))
    assert "\x1b" not in shown
    assert "abcdef-1" not in shown
    assert MASK in shown


@pytest.mark.parametrize("action", sorted(COMMANDS))
def test_every_command_that_a_hint_can_name_exists(action: str) -> None:
    command: click.Command | None = cli
    for word in action.split("."):
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
