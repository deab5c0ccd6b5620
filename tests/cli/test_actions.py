"""``actions diff`` and ``actions open``."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from trunkline.catalog import load


def test_diff_says_what_came_went_and_changed(trunkline: Any) -> None:
    result = trunkline("actions", "diff", "20.0.7", "20.0.10", "-o", "json")
    records = {record["action"]: record for record in json.loads(result.out)}
    old, new = load("20.0.7"), load("20.0.10")
    names = [
        {f"{r}.{v}" for r, verbs in c.resources.items() for v, a in verbs.items() if a.published} for c in (old, new)
    ]
    assert {n for n, record in records.items() if record["change"] == "added"} == names[1] - names[0]
    assert {n for n, record in records.items() if record["change"] == "dropped"} == names[0] - names[1]
    assert records["contacts.delete_contacts_by_id"] == {
        "action": "contacts.delete_contacts_by_id",
        "change": "added",
        "what": [],
    }
    assert "body mode added" in records["crm_integration.test"]["what"]
    assert "answer: Contact.ContactType: String? → Pbx.ContactSource?" in records["contacts.get"]["what"]
    assert trunkline("actions", "diff", "20.0.10", "20.0.10", "-o", "jsonl").out == ""
    assert trunkline("actions", "diff", "old", "20.0.10").code == 2
    back = json.loads(trunkline("actions", "diff", "20.0.10", "20.0.7", "-o", "json").out)
    assert {r["action"] for r in back if r["change"] == "dropped"} == names[1] - names[0]


@pytest.mark.parametrize("opens", [True, False])
def test_open_shows_the_page_or_says_where_it_is(
    trunkline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or opens)
    monkeypatch.setattr("webbrowser.get", lambda: webbrowser.BackgroundBrowser("browser"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    result = trunkline("actions", "open", "DeleteFax")
    page = tmp_path / "actions" / "fax.delete.html"
    assert asked == [page.as_uri()]
    assert result.out == ("" if opens else f"{page}\n")
    text = page.read_text(encoding="utf-8")
    assert "<h2>Troubleshooting</h2>" in text
    assert "<table>" in text
    assert trunkline("actions", "open", "nothing").code == 2


def test_a_browser_that_draws_on_a_terminal_is_not_started_without_one(
    trunkline: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("webbrowser.get", lambda: webbrowser.GenericBrowser("lynx"))
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail("it was started"))
    assert Path(trunkline("actions", "open", "fax.delete").out.rstrip()).is_file()


def test_the_list_says_how_many_actions_it_has_and_of_what(trunkline: Any) -> None:
    counts = load().counts
    assert (
        f"{counts.live} actions of 3CX {counts.version}; {counts.forms} with" in trunkline("actions", "-o", "jsonl").err
    )
    older = trunkline("actions", "--api-version", "20.0.7", "-o", "jsonl")
    assert f"{len(older.out.splitlines())} actions of 3CX 20.0.7; 1 more" in older.err


def test_what_3cx_has_no_action_for_is_stated_before_what_comes_nearest(trunkline: Any) -> None:
    result = trunkline("actions", "send", "an", "SMS", "-o", "jsonl")
    assert result.code == 0
    assert result.err == "3CX has no action that sends a text message. What comes nearest:\n"
    assert result.lines[0]["id"] == "trunks.update"
    assert trunkline("actions", "fax.delete", "-o", "jsonl").err == ""
