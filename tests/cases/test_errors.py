"""Error answers, explained: the table that the n8n package's engine is tested with too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline import catalog
from trunkline.errors import TrunklineError
from trunkline.result import Asked, HttpResponse, value

CASES = json.loads(Path(__file__).with_name("errors.json").read_text(encoding="utf-8"))
CATALOG = catalog.load()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['action']} {case['status']}: {case['case']}")
def test_an_answer_is_explained(case: dict[str, Any]) -> None:
    body = case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])
    asked = Asked(CATALOG.action(case["action"]), case["values"], case["path"], "pbx.example.com")
    with pytest.raises(TrunklineError) as raised:
        value(asked, HttpResponse(case["status"], case["headers"], body.encode()))
    error = raised.value
    assert {"kind": type(error).__name__, "message": error.message, "hint": str(error.hint)} == case["python"]
