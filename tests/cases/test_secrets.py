"""Which fields hold secrets: the table that the n8n package's engine is tested with too, which leaves them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trunkline.catalog.secret import is_secret, masked_by_name

CASES = json.loads(Path(__file__).with_name("secrets.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES["secret"])
def test_a_name_says_that_it_is_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", CASES["not_secret"])
def test_a_name_only_looks_like_a_secret(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize("case", CASES["values"], ids=str)
def test_secrets_are_masked(case: dict[str, Any]) -> None:
    assert masked_by_name(case["given"]) == case["masked"]
