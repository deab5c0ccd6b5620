"""A condition on a masked field is answered with a warning, not with a silent 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trunkline.catalog.secret import secrets_named

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (("--query", "[?VMPIN=='0000'].Number"), "--query compares VMPIN"),
        (("--query", "length([?AuthPassword && Enabled])"), "--query compares AuthPassword"),
        (("--query", "[?contains(VMPIN, '0')].Number"), "--query compares VMPIN"),
        (("--query", "[].{no: Number, pin: VMPIN}"), ""),
        (("--query", "[?Number=='VMPIN'].Number"), ""),
        (("--query", "[?VMPIN=='0000'].Number", "--show-secrets"), ""),
        (("--filter", "VMPIN eq '0000'"), "--filter compares VMPIN"),
        (("--filter", "Number eq 'VMPIN'"), ""),
        (("--filter", "VMPIN eq '0000'", "--show-secrets"), ""),
    ],
)
def test_a_condition_on_a_masked_field_warns(trunkline: Run, options: tuple[str, ...], warning: str) -> None:
    done = trunkline("users", "list", *options)
    assert done.code == 0
    assert (warning in done.err and "--show-secrets" in done.err) if warning else "Warning" not in done.err


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ("VMPIN eq '0000' and Number gt '1'", ("VMPIN",)),
        ("contains(AuthID, 'x') or AuthID eq 'y'", ("AuthID",)),
        ("Name eq 'it''s VMPIN'", ()),
        ("", ()),
    ],
)
def test_the_secret_fields_of_a_filter(condition: str, fields: tuple[str, ...]) -> None:
    assert secrets_named(condition) == fields
