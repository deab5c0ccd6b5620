"""A PBX that a test tells how to fail: it keeps entities by resource and key, and what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from trunkline.catalog import load
from trunkline.errors import NotFound
from trunkline.jobs import Job, JobFolder, Limits

Trouble = Callable[[], Exception]


class FakePbx:
    """``troubles`` is raised call by call, each before or after the effect; when it is used up all goes well."""

    def __init__(
        self, rows: dict[tuple[str, Any], dict[str, Any]] | None = None, url: str = "https://pbx.example.com"
    ) -> None:
        self.url = url
        self.rows = dict(rows or {})
        self.asked: list[tuple[str, Any]] = []
        self.before: list[Trouble | None] = []
        self.after: list[Trouble | None] = []
        self.at_once = self.most_at_once = 0

    async def call(self, action: str, /, **arguments: Any) -> Any:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            return self._answer(action, arguments)
        finally:
            self.at_once -= 1

    def _answer(self, name: str, arguments: dict[str, Any]) -> Any:
        action = load().action(name)
        key = arguments.get("Id") or arguments.get("Number") or (arguments.get("body") or {}).get("Number")
        self.asked.append((action.verb, key))
        if action.method != "GET" and self.before and (trouble := self.before.pop(0)):
            raise trouble()
        if action.kind == "list":
            assert arguments["top"] == 1
            rows = ((f"{k} eq '{v}'", row) for (kind, _), row in self.rows.items() for k, v in row.items())
            return [row for condition, row in rows if condition == arguments["filter"]][:1]
        fields = {k: v for k, v in arguments.items() if k not in ("Id", "retries", "body")}
        value = self._effect(action.resource, action.kind, key, {**fields, **(arguments.get("body") or {})})
        if action.method != "GET" and self.after and (trouble := self.after.pop(0)):
            raise trouble()
        return value

    def _effect(self, resource: str, kind: str, key: Any, body: dict[str, Any]) -> Any:
        place = (resource, key)
        if kind in ("get", "update", "delete") and place not in self.rows:
            raise NotFound(f"No {resource} {key}.", status=404)
        if kind == "get":
            return dict(self.rows[place])
        if kind == "delete":
            del self.rows[place]
        if kind == "update":
            self.rows[place].update(body)
        if kind == "create":
            self.rows[place] = dict(body)
            return dict(body)
        return None


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path / "jobs")


Start = Callable[..., Job]


@pytest.fixture
def start(folder: JobFolder) -> Start:
    """A new job: an action, its parameters and its items; other options as `Limits` has them."""

    def make(action: str, parameters: dict[str, Any], items: list[dict[str, Any]], **limits: Any) -> Job:
        targets = limits.pop("targets", {"acme": "https://pbx.example.com"})
        return Job.create(folder.new("night"), action, parameters, items, targets, Limits(**limits))

    return make


def on(pbx: Any) -> Callable[[str], AbstractAsyncContextManager[Any]]:
    """What `Job.run` opens: one PBX for all targets, or one for each by name."""

    @asynccontextmanager
    async def opened(name: str) -> AsyncIterator[Any]:
        yield pbx[name] if isinstance(pbx, dict) else pbx

    return opened
