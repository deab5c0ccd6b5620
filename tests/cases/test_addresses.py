"""The addresses that the Python package and the n8n package take and refuse alike; the latter's address.test.ts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trunkline.errors import ConfigurationError
from trunkline.transport.address import base_url

CASES = json.loads(Path(__file__).with_name("addresses.json").read_text())


@pytest.mark.parametrize(("given", "expected"), CASES["taken"])
def test_an_address_is_taken_as_users_write_it(given: str, expected: str) -> None:
    assert base_url(given) == expected
    assert base_url(base_url(given)) == expected


@pytest.mark.parametrize(
    ("reason", "given"), [(reason, given) for reason, each in CASES["refused"].items() for given in each]
)
def test_what_cannot_be_an_address_is_refused_with_the_reason_and_an_example(reason: str, given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(given)
    assert reason in raised.value.message
    assert raised.value.hint
    assert raised.value.exit_code == 3
    assert raised.value.message.isprintable()


@pytest.mark.parametrize(("given", "beginning"), CASES["named"])
def test_a_refusal_names_the_address_as_it_was_typed(given: str, beginning: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(given)
    assert raised.value.message.startswith(beginning)


@pytest.mark.parametrize("given", CASES["secret"])
def test_what_may_be_a_secret_in_an_address_is_not_repeated(given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(given)
    assert "hunter2" not in str(raised.value)
