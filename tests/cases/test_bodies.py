"""Bodies of a node: the table that the n8n package's engine is tested with too.

``{action}`` in a message stands for what each engine calls the action.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline import catalog
from trunkline.errors import UsageError
from trunkline.node import Node
from trunkline.node.template import Scope

CASES = json.loads(Path(__file__).with_name("bodies.json").read_text(encoding="utf-8"))
CATALOG = catalog.load()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['action']} {case['body']}"[:90])
def test_a_body_is_checked(case: dict[str, Any]) -> None:
    action = CATALOG.action(case["action"])
    keys = {name: "x" if spec.startswith("String") else 1 for name, spec in action.params.items()}
    call = Node(action.id, {**keys, "body": case["body"]}).call
    scope = Scope([{"json": {}}], 0)
    if "refused" in case:
        with pytest.raises(UsageError) as raised:
            call(scope)
        assert raised.value.message == case["refused"].replace("{action}", action.id)
    else:
        assert call(scope).body == case["expected"]
