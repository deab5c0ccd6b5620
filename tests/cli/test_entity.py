"""One entity on a terminal: what is set, in groups; piped output stays whole."""

from __future__ import annotations

import json
from typing import Any

from trunkline import Pbx


def test_a_table_of_an_entity_shows_what_is_set_in_groups(trunkline: Any, pbx: Pbx, monkeypatch: Any) -> None:
    user = pbx.users.list(filter="Number eq '100'").all()[0]
    short = trunkline("users", "get", str(user["Id"]), "-o", "table")
    lines = [line.split()[0] for line in short.out.splitlines() if line.strip()]
    assert lines.index("IDENTITY") < lines.index("Number") < lines.index("CALLS") < lines.index("RIGHTS")
    unset = [name for name, value in user.items() if value in (None, "", False, [])]
    assert unset
    assert set(unset).isdisjoint(lines)
    assert "fields that are not set are left out: --all shows them." in short.err
    whole = trunkline("users", "get", str(user["Id"]), "-o", "table", "--all")
    assert set(unset) <= {line.split()[0] for line in whole.out.splitlines() if line.strip()}
    assert "left out" not in whole.err


def test_columns_and_pipes_have_all_that_was_asked_for(trunkline: Any, pbx: Pbx) -> None:
    user = pbx.users.list(filter="Number eq '100'").all()[0]
    piped = json.loads(trunkline("users", "get", str(user["Id"])).out)
    assert piped.keys() >= {name for name, value in user.items() if value is not None}
    unset = next(name for name, value in user.items() if value is False)
    assert unset in trunkline("users", "get", str(user["Id"]), "-o", "table", "--columns", f"Number,{unset}").out
