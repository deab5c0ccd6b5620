"""The four ways to send a request: each adapter, with threads and in an event loop, behind one face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from trunkline.client import AsyncPbx, Pbx
from trunkline.transport.options import AdapterName
from trunkline.transport.retries import Retries

QUICK = Retries(attempts=3, base=0.001)
Ask = Callable[..., Any]


def _sync(adapter: AdapterName) -> Ask:
    def ask(url: str, action: str, *args: Any, settings: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        with Pbx(url, "id", "key", adapter=adapter, **{"retries": QUICK, **(settings or {})}) as pbx:
            answer = pbx.call(action, *args, **kwargs)
            return list(answer) if pbx.action(action).answer_kind == "list" else answer

    return ask


def _async(adapter: AdapterName) -> Ask:
    def ask(url: str, action: str, *args: Any, settings: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        async def run() -> Any:
            async with AsyncPbx(url, "id", "key", adapter=adapter, **{"retries": QUICK, **(settings or {})}) as pbx:
                return await pbx.call(action, *args, **kwargs)

        return asyncio.run(run())

    return ask


WAYS: dict[str, Ask] = {
    "sync-pyreqwest": _sync("pyreqwest"),
    "sync-httpx2": _sync("httpx2"),
    "async-pyreqwest": _async("pyreqwest"),
    "async-httpx2": _async("httpx2"),
}
