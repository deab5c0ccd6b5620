"""What is masked: secret fields at any depth, and the objects and rows that hold a secret under another name."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.catalog import load
from trunkline.catalog.secret import MASK, SECRET, masked, secret_path

CASES: list[tuple[Any, Any]] = [
    ({"AuthPassword": "4711"}, {"AuthPassword": MASK}),
    ({"AuthPassword": ""}, {"AuthPassword": ""}),
    ({"VMPIN": 4711, "AuthPassword": None}, {"VMPIN": MASK, "AuthPassword": None}),
    (
        {"AuthPassword": {"Concealed": False, "Value": "4711"}},
        {"AuthPassword": {"Concealed": False, "Value": MASK}},
    ),
    ({"AuthPassword": {"Value": "4711"}}, {"AuthPassword": {"Value": MASK}}),
    ({"AuthPassword": {"Concealed": True, "Value": None}}, {"AuthPassword": {"Concealed": True, "Value": None}}),
    ({"Passwords": ["4711", ""]}, {"Passwords": [MASK, ""]}),
    (
        {"Other": {"Concealed": False, "Contents": "key", "Name": "a.pem"}},
        {"Other": {"Concealed": False, "Contents": MASK, "Name": "a.pem"}},
    ),
    ({"GbJson": {"Contents": "{}"}}, {"GbJson": {"Contents": MASK}}),
    ({"PinNumber": "4711", "PinProtected": True}, {"PinNumber": MASK, "PinProtected": True}),
    ({"SeparateAuthId": "4711", "UseSeparateAuthId": True}, {"SeparateAuthId": MASK, "UseSeparateAuthId": True}),
    ([{"Key": "ApiKey", "Value": "4711"}], [{"Key": "ApiKey", "Value": MASK}]),
    ([{"Name": "MAILPASSWORD", "Value": "4711"}], [{"Name": "MAILPASSWORD", "Value": MASK}]),
    ([{"Name": "MAXCALLTIME", "Value": "7200"}], [{"Name": "MAXCALLTIME", "Value": "7200"}]),
    ({"Name": "Password office", "Number": "100"}, {"Name": "Password office", "Number": "100"}),
    ({"RegenerateOptions": {"DeskphonePassword": True}}, {"RegenerateOptions": {"DeskphonePassword": True}}),
]


@pytest.mark.parametrize(("value", "shown"), CASES)
def test_secrets_are_masked_wherever_they_stand(value: Any, shown: Any) -> None:
    assert masked(value) == shown


def test_every_password_that_3cx_conceals_is_in_a_field_known_as_secret() -> None:
    catalog = load()
    concealed = {
        field
        for name in catalog.types
        for field, spec in catalog.fields(name).items()
        if spec.name == "Pbx.ConcealedPassword"
    }
    assert concealed
    assert [field for field in sorted(concealed) if not SECRET.search(field)] == []


@pytest.mark.parametrize(
    ("path", "secret"),
    [("AuthPassword", True), ("Trunks[0].AuthPassword.Value", True), ("Groups[0].Name", False), ("ids[1]", False)],
)
def test_the_path_to_a_secret_is_told(path: str, secret: bool) -> None:
    assert secret_path(path) is secret
