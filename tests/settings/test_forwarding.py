"""Where calls of an extension go: read, changed, and what can't be a destination."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Forwarding, InvalidArgument, NotFound, Pbx, PreconditionFailed

MINE = Forwarding("104")


def profile(pbx: Pbx, name: str) -> Any:
    user = pbx.users.list(filter="Number eq '104'", expand="ForwardingProfiles").first()
    assert user is not None
    return next(each for each in user["ForwardingProfiles"] if each["Name"] == name)


@pytest.mark.parametrize(
    ("text", "words", "sent"),
    [
        ("105", "extension 105", {"To": "Extension", "Number": "105", "Type": "Extension"}),
        ("queue:800", "queue 800", {"To": "Queue", "Number": "800", "Type": "Queue"}),
        ("main menu", "receptionist 820", {"To": "IVR", "Number": "820", "Type": "IVR"}),
        ("810", "ring group 810", {"To": "RingGroup", "Number": "810", "Type": "RingGroup"}),
        ("voicemail", "voicemail", {"To": "VoiceMail", "Number": "104", "Type": "Extension"}),
        ("+44 20 7946 0100", "+442079460100", {"To": "External", "External": "+442079460100"}),
        ("none", "none", {"To": "None", "Number": "", "External": "", "Tags": []}),
    ],
)
def test_a_destination_in_plain_words(pbx: Pbx, text: str, words: str, sent: dict[str, str]) -> None:
    change = MINE.plan(pbx, "available", {"no-answer": text}, sides=["external"])
    assert [each.after for each in change.shown] == [words]
    MINE.apply(pbx, change)
    found = profile(pbx, "Available")["AvailableRoute"]["NoAnswerExternal"]
    assert sent.items() <= found.items() or words == "none"
    assert MINE.show(pbx)[0].no_answer == ["none", words]


def test_one_profile_changes_and_the_others_stay(pbx: Pbx, system: System) -> None:
    before = MINE.show(pbx)
    change = MINE.plan(pbx, "Away", {"away": "voicemail"}, timeout=15, switch_to="away")
    assert str(change) == (
        "extension 104 Leila Haddad\n"
        "  Away, away, internal calls: none → voicemail\n"
        "  Away, away, external calls: none → voicemail\n"
        "  Away, timeout: 20 s → 15 s\n"
        "  status: Available → Away"
    )
    assert system.sent("PATCH") == []
    assert MINE.apply(pbx, change)
    after = {each.profile: each for each in MINE.show(pbx)}
    assert (after["Away"].away, after["Away"].timeout) == (["voicemail", "voicemail"], 15)
    assert [each.profile for each in after.values() if each.is_current] == ["Away"]
    assert [each for each in before if each.profile in ("Out of office", "Custom 1", "Custom 2")] == [
        after[name] for name in ("Out of office", "Custom 1", "Custom 2")
    ]
    assert MINE.apply(pbx, MINE.plan(pbx, "Away", timeout=15)) is False


def test_profiles_that_somebody_else_changed_are_left_alone(pbx: Pbx) -> None:
    change = MINE.plan(pbx, "Available", {"busy": "105"})
    MINE.apply(pbx, MINE.plan(pbx, "Custom 1", timeout=30))
    with pytest.raises(PreconditionFailed, match="ForwardingProfiles of extension 104"):
        MINE.apply(pbx, change)


def test_a_pbx_that_diverts_otherwise_under_a_status_is_believed(pbx: Pbx) -> None:
    MINE.apply(pbx, MINE.plan(pbx, "Away", {"away": "105"}))
    with pytest.raises(InvalidArgument, match="Under Away calls are not diverted by no-answer"):
        MINE.plan(pbx, "Away", {"no-answer": "105"})


@pytest.mark.parametrize(
    ("arguments", "more", "error", "said"),
    [
        (("Available", {"busy": "999"}), {}, NotFound, "Nothing has the number '999'"),
        (("Available", {"busy": "nobody"}), {}, NotFound, "has the number or the name 'nobody'"),
        (("Available", {"busy": "department:Sales"}), {}, InvalidArgument, "Calls can't go to department"),
        (("Available", {"busy": ""}), {}, InvalidArgument, "A destination has 1 to 200"),
        (("Awayy", {"away": "105"}), {}, NotFound, "Did you mean Away?"),
        (("Available", {"later": "105"}), {}, InvalidArgument, "not 'later'"),
        (("Available",), {"timeout": 0}, InvalidArgument, "1 to 3,600 seconds"),
        (("Available", {"busy": "105"}), {"sides": []}, InvalidArgument, "internal or external"),
        (("Available",), {}, InvalidArgument, "A profile goes together with"),
        ((None, {"busy": "105"}), {}, InvalidArgument, "A profile goes together with"),
        ((), {}, InvalidArgument, "Nothing is to change"),
        ((), {"switch_to": "Holiday"}, NotFound, "no profile 'Holiday'"),
    ],
)
def test_what_is_refused(
    pbx: Pbx, system: System, arguments: Any, more: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        MINE.plan(pbx, *arguments, **more)
    assert said in str(caught.value)
    assert system.sent("PATCH") == []


def test_in_an_event_loop(system: System) -> None:
    async def change() -> tuple[bool, int | None]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            done = await MINE.aapply(pbx, await MINE.aplan(pbx, "Available", timeout=25))
            return done, (await MINE.ashow(pbx))[0].timeout

    assert asyncio.run(change()) == (True, 25)
