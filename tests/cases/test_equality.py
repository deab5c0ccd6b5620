"""When two values are one: the table that the n8n package's engine is tested with too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline.odata.equality import equal, unchanged

CASES = json.loads(Path(__file__).with_name("equality.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_are_compared(case: dict[str, Any]) -> None:
    if "equal" in case:
        assert equal(case["one"], case["other"]) is case["equal"]
        assert equal(case["other"], case["one"]) is case["equal"]
    else:
        assert unchanged(case["before"], case["now"]) is case["unchanged"]
        assert unchanged(case["now"], case["before"]) is case["unchanged"]
