"""Weak PINs and missing second factors are found, and no PIN is in what is found."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Audit, InvalidArgument, Pbx, UnknownName
from trunkline.monitor.audit import pin_weaknesses


@pytest.mark.parametrize(
    ("pin", "least", "reasons"),
    [
        ("104", 3, ["equals-extension"]),
        ("0000", 4, ["repeated"]),
        ("1234", 4, ["sequential"]),
        ("8901", 4, ["sequential"]),
        ("9876", 4, ["sequential"]),
        ("2580", 4, ["common"]),
        ("483", 4, ["short"]),
        ("4837", 6, ["short"]),
        ("0000", 6, ["repeated", "short"]),
        ("4837", 4, []),
        ("", 4, []),
    ],
)
def test_why_a_pin_is_weak(pin: str, least: int, reasons: list[str]) -> None:
    assert pin_weaknesses(pin, "104", least) == reasons


def test_weak_pins_are_found_and_not_shown(pbx: Pbx) -> None:
    pbx.users.update(15, {"VMPIN": "738194"})
    pbx.users.update(12, {"VMPIN": "123456"})
    audit = Audit.of(pbx, "weak-pins")
    found = {each.number: each for each in audit.found}
    assert "104" not in found
    assert found["101"].reasons == ["sequential"]
    assert (found["101"].name, found["101"].id, found["101"].pbx) == ("Tomás Lindqvist", 12, "acme")
    assert (audit.read, audit.unknown) == (40, 0)
    assert "123456" not in repr(audit)
    assert "0000" not in repr(audit)


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("voicemail-pin-off", {"VMDisablePinAuth": True}, "pin-off"),
        ("no-2fa", {"Require2FA": False}, "2fa-not-required"),
    ],
)
def test_the_other_kinds(pbx: Pbx, kind: str, change: dict[str, Any], reason: str) -> None:
    pbx.call("users.update", Id=15, body=change)
    assert [each.reasons for each in Audit.of(pbx, kind).found if each.number == "104"] == [[reason]]
    assert "100" not in [each.number for each in Audit.of(pbx, kind).found]


def test_the_same_in_an_event_loop(system: System) -> None:
    async def run() -> Audit:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return await Audit.aof(pbx, "weak-pins")

    assert len(asyncio.run(run()).found) == 40


def test_what_can_not_be_an_audit_is_refused(pbx: Pbx, system: System) -> None:
    with pytest.raises(UnknownName, match="weak-pins"):
        Audit.of(pbx, "weak-pin")
    with pytest.raises(InvalidArgument, match="1 to 32"):
        Audit.of(pbx, "weak-pins", least=0)
    assert not system.sent("GET")
