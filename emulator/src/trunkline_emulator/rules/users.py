"""People: their extensions, departments, forwarding profiles and phones."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from ..evidence import ASSUMED, refusal, seen
from ..refusals import bad_field
from ..values import Row
from ..warning_codes import ALREADY_IN_USE, DUPLICATE, FORBIDDEN_CHANGE, NOT_FOUND, OUT_OF_THE_RANGE, refuse
from . import phones
from .checks import MEDIUM, SHORT, Wrong, between, empty, exists_in, like, longest, refuse_wrong
from .dns import Dn
from .index import unique_to
from .memberships import enrol, leave_all
from .numbering import numbered

if TYPE_CHECKING:
    from ..store import Store

# The five profiles that every user has, in 3CX's order.
PROFILES = ("Available", "Away", "Out of office", "Custom 1", "Custom 2")
AVAILABLE = ("Available", "Custom 1")
NO_ANSWER_TIMEOUT = 20
_LETTERS = string.ascii_letters + string.digits
_VOICE_MAIL: Row = {"To": "VoiceMail", "Number": "", "External": "", "Name": "", "Type": "None", "Tags": []}
_ANSWERS = tuple(f"{why}{who}" for why in ("Busy", "NoAnswer", "NotRegistered") for who in ("External", "Internal"))


def secret(length: int) -> str:
    """Letters and digits, as a PBX makes them for its SIP accounts."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def pin(digits: int = 4) -> str:
    return "".join(secrets.choice(string.digits) for _ in range(digits))


def _profile(name: str) -> Row:
    """Return a profile as a new user has it: calls that nobody takes go to the user's voicemail."""
    profile: Row = {"Id": 0, "Name": name, "CustomName": "", "CustomMessage": ""}
    if name in AVAILABLE:
        routing = {"BusyAllCalls": True, "NoAnswerAllCalls": True, "NotRegisteredAllCalls": True}
        routes = {field: dict(_VOICE_MAIL) for field in _ANSWERS}
        return {**profile, "NoAnswerTimeout": NO_ANSWER_TIMEOUT, "AvailableRoute": {**routing, **routes}}
    ways = {"External": dict(_VOICE_MAIL), "Internal": dict(_VOICE_MAIL)}
    return {**profile, "AwayRoute": {"AllHoursExternal": True, "AllHoursInternal": True, **ways}}


EMAIL_IN_USE = refusal("A user's `EmailAddress` that another user has answers 400.", seen("answers"))


class Users(Dn):
    name = "Users"
    unique = ("EmailAddress", "ClickToCallId", "WebMeetingFriendlyName")
    fields: ClassVar = {
        "Number": (like(r"(HD)?[0-9]{1,10}"),),
        "FirstName": (SHORT,),
        "LastName": (SHORT,),
        "DisplayName": (MEDIUM,),
        "EmailAddress": (MEDIUM, like(r"[^@\s]+@[^@\s]+")),
        "Mobile": (SHORT,),
        "OutboundCallerID": (SHORT,),
        "AuthID": (longest(50, "WARNINGS.LENGTH_NOT_MORE_50_CHARS"), like(r"\S+")),
        "VMPIN": (like(r"[0-9]{3,10}", "WARNINGS.XAPI.INVALID_PIN_NUMBER"),),
        "PinProtectTimeout": (between(0, 86_400),),
        "PrimaryGroupId": (exists_in("Groups"),),
    }
    defaults: ClassVar = {
        "Enabled": True,
        "Internal": False,
        "IsRegistered": False,
        "VMEnabled": True,
        "VMEmailOptions": "Notification",
        "QueueStatus": "LoggedOut",
        "CurrentProfileName": PROFILES[0],
        "SRTPMode": "SRTPDisabled",
        "Require2FA": False,
        "CallUsEnableChat": True,
        "SendEmailMissedCalls": True,
    }

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        address = given.get("EmailAddress")
        if not empty(address) and (old is None or address != old["EmailAddress"]):
            holder = unique_to(store, self.name, "EmailAddress", str(address))
            if holder is not None and (old is None or holder["Id"] != old["Id"]):
                raise bad_field("EmailAddress", ALREADY_IN_USE, fact=EMAIL_IN_USE)
        filled = super().fill(store, given, old)
        if old is None:
            filled = {**_credentials(), **_names(filled), **{k: v for k, v in filled.items() if v not in (None, "")}}
        elif {"FirstName", "LastName"} & given.keys() and "DisplayName" not in given:
            filled |= _new_display_name(filled, old)
        if old is None or "ForwardingProfiles" in given:
            filled["ForwardingProfiles"] = _profiles(store, filled.get("ForwardingProfiles") or [], old)
        if filled.get("ForwardingExceptions"):
            before = old["ForwardingExceptions"] if old else []
            filled["ForwardingExceptions"] = numbered(filled["ForwardingExceptions"], before)
        if "Phones" in given:
            filled["Phones"] = phones.complete(store, filled["Phones"], old)
        return filled

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        profiles = {profile["Name"] for profile in row["ForwardingProfiles"]}
        if "CurrentProfileName" in given and row["CurrentProfileName"] not in profiles:
            yield "CurrentProfileName", NOT_FOUND
        for place, profile in enumerate(given.get("ForwardingProfiles") or []):
            if profile.get("NoAnswerTimeout") is not None and between(0, 3600)(store, profile["NoAnswerTimeout"]):
                yield f"ForwardingProfiles[{place}].NoAnswerTimeout", OUT_OF_THE_RANGE
        for field in ("ClickToCallId", "WebMeetingFriendlyName"):
            if not empty(given.get(field)) and unique_to(store, "WebsiteLinks", "Link", given[field]):
                yield field, ALREADY_IN_USE
        location = given.get("EmergencyLocationId")
        if not empty(location) and all(known["Id"] != location for known in store.rows("EmergencyGeoLocations")):
            yield "EmergencyLocationId", NOT_FOUND

    def stored(self, store: Store, row: Row, old: Row | None) -> None:
        if old is None:
            # The user's own Id keeps those of the profiles apart from all others'.
            profiles = [{**one, "Id": 10 * row["Id"] + place} for place, one in enumerate(row["ForwardingProfiles"])]
            store.change("Users", row, ForwardingProfiles=profiles)
        enrol(store, row, old)
        if row["Phones"] or (old and old["Phones"]):
            phones.connect(store, row, old)
        super().stored(store, row, old)

    def check_removal(self, store: Store, row: Row) -> None:
        if row["Number"] == store.singletons["GeneralSettingsForPbx"]["OperatorExtension"]:
            raise refuse(store, "WARNINGS.OPERATOR_CANNOT_BE_DELETED", row["Number"], fact=ASSUMED)

    def removed(self, store: Store, row: Row) -> None:
        leave_all(store, row)
        phones.disconnect(store, row)
        super().removed(store, row)


def _credentials() -> Row:
    return {
        "AuthID": secret(10),
        "AuthPassword": secret(16),
        "AccessPassword": secret(12),
        "DeskphonePassword": secret(10),
        "VMPIN": pin(),
        "ClickToCallId": secret(12).lower(),
        "WebMeetingFriendlyName": secret(12).lower(),
        "SIPID": "",
        "ContactImage": "",
    }


def _names(given: Row) -> Row:
    """Return what others see: ``DisplayName`` follows from the names."""
    shown = " ".join(part for part in (given.get("FirstName"), given.get("LastName")) if part)
    return {"DisplayName": shown or given.get("Number")}


def _new_display_name(given: Row, old: Row) -> Row:
    """Return a display name that nobody chose changes along with the names it was made of."""
    return _names({**old, **given}) if old["DisplayName"] in (None, "", _names(old)["DisplayName"]) else {}


def _profiles(store: Store, sent: list[Row], old: Row | None) -> list[Row]:
    """Return the profiles to store: those that were sent replace the old ones whole (docs/pbx.md, Requests).

    One is known again by its Id or its name. A new user gets the five that everybody has, those that were sent as they
    were sent.
    Raises Refusal (400).
    """
    wrong: Wrong = {}
    if old is None:
        by_name = {profile.get("Name"): {**profile, "Id": 0} for profile in sent}
        for place, profile in enumerate(sent):
            if profile.get("Name") not in PROFILES:
                wrong[f"ForwardingProfiles[{place}].Name"] = NOT_FOUND
        refuse_wrong(store, wrong)
        return [by_name.get(name) or _profile(name) for name in PROFILES]
    known: dict[Any, Row] = {}
    for profile in old["ForwardingProfiles"]:
        known[profile["Id"]] = known[profile["Name"]] = profile
    found: list[Row] = []
    for place, profile in enumerate(sent):
        before = known.get(profile.get("Id") or profile.get("Name"))
        if before is None:
            wrong[f"ForwardingProfiles[{place}].{'Id' if profile.get('Id') else 'Name'}"] = NOT_FOUND
            found.append({**_profile(profile.get("Name") or ""), **profile})
        elif any(before["Id"] == other["Id"] for other in found):
            wrong[f"ForwardingProfiles[{place}].Id"] = DUPLICATE
        elif profile.get("Name", before["Name"]) != before["Name"]:
            wrong[f"ForwardingProfiles[{place}].Name"] = FORBIDDEN_CHANGE
        else:
            found.append({**profile, "Id": before["Id"], "Name": before["Name"]})
    refuse_wrong(store, wrong)
    return found
