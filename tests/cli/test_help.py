"""What --help of an action shows: groups of options, the common ones first, and all of them with --help-all."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest

from trunkline import catalog
from trunkline.catalog.common_fields import MANY
from trunkline.catalog.defaults import required_of
from trunkline.catalog.names import snake
from trunkline.cli.action_command import ActionCommand
from trunkline.cli.action_help import groups
from trunkline.cli.action_page import action_page

CATALOG = catalog.load()


def headings(text: str) -> list[str]:
    return re.findall(r"^(\w[^:\n]*):$", text, re.M)


def test_help_groups_its_options_and_says_once_what_null_means(trunkline: Any) -> None:
    text = trunkline("users", "create", "--help").out
    assert headings(text) == ["Fields (null empties one)", "Options", "Output", "Connection"]
    assert text.count("null") == 1
    assert headings(trunkline("fax", "list", "--help").out)[0] == "Rows and fields of the answer"
    assert headings(trunkline("report-inbound-calls", "get-inbound-calls", "--help").out)[0] == "Arguments"


def test_the_common_fields_come_first_and_the_rest_is_counted(trunkline: Any) -> None:
    text, whole = (trunkline("users", "create", option).out for option in ("--help", "--help-all"))
    flags = re.findall(r"^  (--[\w-]+)", text, re.M)
    assert flags[:4] == ["--id", "--number", "--first-name", "--last-name"]
    more = re.search(r"^ +(\d+) more with --help-all", text, re.M)
    assert more is not None
    assert int(more[1]) == len(CATALOG.fields("Pbx.User")) - flags.index("--body")
    assert "--vmpin" not in text
    assert "--vmpin" in whole
    assert "--insecure" in whole
    assert "more with --help-all" not in whole


@pytest.mark.parametrize("whole", [False, True])
def test_no_option_is_shown_twice_and_none_is_lost(whole: bool) -> None:
    for action in list(CATALOG.actions)[::5]:
        command = ActionCommand(CATALOG, action)
        found = list(groups(CATALOG, action, command.params, whole=whole))
        shown = [id(option) for group in found for option in group.shown]
        options = [param for param in command.params if isinstance(param, click.Option)]
        assert len(set(shown)) == len(shown)
        assert len(shown) + sum(group.more for group in found) == len(options), action.id
        assert not whole or len(shown) == len(options)
        fields = next(group for group in found if group.title.startswith("Fields"))
        assert whole or isinstance(action.body, dict) or len(fields.shown) <= MANY + 5, action.id


def test_help_and_page_call_the_same_required_and_that_is_what_bind_wants() -> None:
    """That `bind` refuses a call without them, and no other, tests/request/test_periods.py shows."""
    for action in CATALOG.actions:
        command = ActionCommand(CATALOG, action)
        needed = {name for name in required_of(action) if name != "body"}
        asked = {param.name for param in command.params if param.required}
        # The keys of a deletion may come from its input instead; the command itself sees to them.
        keys = {snake(key) for key in action.keys} if action.kind == "delete" else set()
        assert asked | keys == {snake(name) for name in needed} | keys, action.id
        rows = re.findall(r"^\| (\w+) \|.* Required\. \|$", action_page(CATALOG, action), re.M)
        assert set(rows) == needed, action.id
