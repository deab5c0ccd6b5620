"""Files whose columns other programs name: which field each column fills, and which columns no field is for.

3CX's own exports are those of the console before V20; the columns were taken from exported files. V20 publishes no
list of what its fields were called before. So a column is mapped where its name or its meaning is clear (that is an
assumption, and the plan shows each value before it is sent); the others are listed when the file is read, and not set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..local.characters import cleaned


def spoken(name: str) -> str:
    """Return a name without regard to case and separators: ``first name``, ``First_Name`` and ``FirstName`` are one."""
    return "".join(character for character in cleaned(name).casefold() if character.isalnum())


class Layout(NamedTuple):
    """How a program writes a kind.

    ``fields``: the field that each column fills, None where there is none; columns that are called like their field
    are not in it. ``values``: what the cells of a column mean, in the words of an import. ``telling``: columns that
    only this layout has; ``needed`` of them prove it. ``keyless``: whether a row may lack the key, and is then known by
    all its values.
    """

    name: str
    kind: str
    fields: Mapping[str, str | None]
    telling: tuple[str, ...]
    needed: int
    values: Mapping[str, Mapping[str, str]] = {}
    keyless: bool = False

    def fields_of(self, titles: Sequence[str]) -> dict[str, str | None]:
        """Return the field of each column, None where there is none.

        The title itself where the layout doesn't know it.
        """
        known = {spoken(name): field for name, field in self.fields.items()}
        return {title: known.get(spoken(title), title) for title in titles}

    def values_of(self, title: str) -> Mapping[str, str]:
        """Return what the cells of a column mean; nothing where they mean what they say."""
        return next((values for name, values in self.values.items() if spoken(name) == spoken(title)), {})


def layout_of(header: Sequence[str], kind: str) -> Layout | None:
    """Return the layout that a header has; None if it has none of them."""
    titles = {spoken(title) for title in header}
    for layout in LAYOUTS:
        if layout.kind == kind and sum(spoken(title) in titles for title in layout.telling) >= layout.needed:
            return layout
    return None


_PERSON: dict[str, str | None] = {
    **dict.fromkeys(("Extension", "Ext", "Extension Number", "Ext Number"), "Number"),
    **dict.fromkeys(("Given Name", "Forename"), "FirstName"),
    **dict.fromkeys(("Surname", "Family Name"), "LastName"),
    **dict.fromkeys(("Email", "Mail"), "EmailAddress"),
    **dict.fromkeys(("Mobile Number", "Mobile Phone", "Cell", "Cell Phone"), "Mobile"),
    **dict.fromkeys(("Department", "Departments", "Group"), "Groups"),
    **dict.fromkeys(("Primary Department", "Primary Group"), "PrimaryGroupId"),
    **dict.fromkeys(("Caller ID",), "OutboundCallerID"),
    **dict.fromkeys(("Voicemail", "Voicemail Enabled"), "VMEnabled"),
    **dict.fromkeys(("Voicemail PIN",), "VMPIN"),
}
"""What people call the fields of a user."""
ROLES = ("role", "roles", "departmentrole", "rolename")
"""What people call the column of roles, as `spoken` has it: no field, but part of each department."""

_OPPOSITE = {"0": "true", "false": "true", "no": "true", "1": "false", "true": "false", "yes": "false"}

EXTENSIONS = Layout(
    "3CX's export of extensions",
    "users",
    {
        **_PERSON,
        "MobileNumber": "Mobile",
        "WebMeetingPrivateRoom": None,
        "ClickToCall": None,
        "ClickToCallFriendlyName": "ClickToCallId",
        "WebMeetingAcceptReject": "WebMeetingApproveParticipants",
        "EnableVoicemail": "VMEnabled",
        "VMNoPin": "VMDisablePinAuth",
        "PIN": "VMPIN",
        "DeliverAudio": "PbxDeliversAudio",
        "SupportReinvite": None,
        "SupportReplaces": None,
        "EnableSRTP": "SRTPMode",
        "ManagementAccess": None,
        "ReporterAccess": None,
        "WallboardAccess": None,
        "TurnOffMyPhone": None,
        "HideFWrules": "MyPhoneHideForwardings",
        "CanSeeRecordings": "MyPhoneShowRecordings",
        "CanDeleteRecordings": "MyPhoneAllowDeleteRecordings",
        "EmailMissedCalls": "SendEmailMissedCalls",
        "Disabled": "Enabled",
        "DisableExternalCalls": "Internal",
        "BlockRemoteTunnel": "BlockTunnel",
        "PinProtect": "PinProtected",
        **{f"{name}_{number}": None for number in range(10) for name in ("MAC", "InterfaceIP")},
        "UseTunnel": None,
        "DND": None,
        "UseCTI": None,
        "StartupScreen": None,
        "HotelModuleAccess": None,
        "DontShowExtInPHBK": "HideInPhonebook",
        "DeskphoneWebPass": "DeskphonePassword",
        "SrvcAccessPwd": None,
        "VoipAdmin": None,
        "SysAdmin": None,
        "SecureSIP": None,
        "PhoneModel14": None,
        "PhoneTemplate14": None,
        "CustomTemplate": None,
        "PhoneSettings": None,
        "AllowAllRecordings": None,
        "PushExtension": "MyPhonePush",
        "Integration": None,
        "DID": None,
        "SMS": None,
        "PhoneSysAdmin": None,
    },
    telling=(
        *("MobileNumber", "EnableVoicemail", "VMNoPin", "DeliverAudio", "SupportReinvite", "HideFWrules"),
        *("EmailMissedCalls", "DisableExternalCalls", "BlockRemoteTunnel", "DontShowExtInPHBK", "PushExtension"),
    ),
    needed=3,
    values={
        "Disabled": _OPPOSITE,
        # Assumed: the console's numbers count the members of the enums.
        "VMEmailOptions": {"0": "None", "1": "Notification", "2": "Attachment", "3": "AttachmentAndDelete"},
        "VMPlayMsgDateTime": {"0": "None", "1": "Play12Hr", "2": "Play24Hr"},
        "QueueStatus": {"0": "LoggedOut", "1": "LoggedIn"},
        "EnableSRTP": {"0": "SRTPDisabled", "1": "SRTPEnabled"},
    },
)
PHONE_BOOK = Layout(
    "3CX's export of the phone book",
    "contacts",
    {"Company": "CompanyName", "Mobile": "PhoneNumber", "Home2": None, "HomeFax": None},
    telling=("Company", "Mobile", "Home2", "HomeFax"),
    needed=3,
    keyless=True,
)
_GOOGLE_NUMBERED = ("E-mail", "Phone", "Address", "Organization", "Website", "Relation", "Event", "Custom Field", "IM")
_GOOGLE_PARTS = (
    *("Type", "Label", "Value", "Formatted", "Street", "City", "PO Box", "Region", "Postal Code", "Country"),
    *("Extended Address", "Name", "Yomi Name", "Title", "Department", "Symbol", "Location", "Job Description"),
    "Service",
)
GOOGLE = Layout(
    "Google's export of contacts",
    "contacts",
    {
        **{f"{name} {n} - {part}": None for name in _GOOGLE_NUMBERED for n in range(1, 10) for part in _GOOGLE_PARTS},
        **dict.fromkeys(
            (
                *("Name", "Additional Name", "Middle Name", "Yomi Name", "Given Name Yomi", "Additional Name Yomi"),
                *("Family Name Yomi", "Name Prefix", "Name Suffix", "Initials", "Nickname", "Short Name"),
                *("Maiden Name", "Birthday", "Gender", "Location", "Billing Information", "Directory Server"),
                *("Mileage", "Occupation", "Hobby", "Sensitivity", "Priority", "Subject", "Notes", "Language"),
                *("Photo", "Group Membership", "Labels", "Phonetic First Name", "Phonetic Middle Name"),
                *("Phonetic Last Name", "File As"),
            )
        ),
        "Given Name": "FirstName",
        "Family Name": "LastName",
        "E-mail 1 - Value": "Email",
        "Phone 1 - Value": "PhoneNumber",
        "Phone 2 - Value": "Other",
        "Organization 1 - Name": "CompanyName",
        "Organization Name": "CompanyName",
        "Organization 1 - Title": "Title",
        "Organization Title": "Title",
        "Organization 1 - Department": "Department",
        "Organization Department": "Department",
    },
    telling=("Phone 1 - Value", "E-mail 1 - Value", "Group Membership", "Labels", "Given Name", "Phone 1 - Type"),
    needed=2,
    keyless=True,
)
_ADDRESS_TITLES: dict[str, str | None] = {
    **dict.fromkeys(("ip", "ip address", "ip addr", "address", "network", "cidr", "subnet", "range"), "IPAddrMask"),
    **dict.fromkeys(("source ip", "ip mask", "ip address/mask", "ipv4", "ipv6", "netblock", "host"), "IPAddrMask"),
    **dict.fromkeys(("comment", "reason", "note", "notes", "remark", "sblid"), "Description"),
    **dict.fromkeys(("expires", "expiry", "expiration", "valid until", "until"), "ExpiresAt"),
}
ADDRESSES = Layout("a list of addresses", "blocklist", _ADDRESS_TITLES, telling=tuple(_ADDRESS_TITLES), needed=1)
_NUMBER_TITLES: dict[str, str | None] = {
    **dict.fromkeys(("number", "phone", "phone number", "telephone", "caller", "caller number"), "CallerId"),
    **dict.fromkeys(("comment", "reason", "note", "notes", "remark"), "Description"),
}
NUMBERS = Layout("a list of numbers", "black_list_numbers", _NUMBER_TITLES, telling=tuple(_NUMBER_TITLES), needed=1)
PEOPLE = Layout("a list of people", "users", _PERSON, telling=tuple(_PERSON), needed=1)
LAYOUTS = (EXTENSIONS, PEOPLE, PHONE_BOOK, GOOGLE, ADDRESSES, NUMBERS)
