"""Files whose columns other programs name, read as they are."""

from __future__ import annotations

import csv
import io

import pytest

from conftest import System
from imports import apply
from trunkline import Pbx
from trunkline.catalog import load
from trunkline.errors import InvalidArgument, UnknownName
from trunkline.transfer.kinds import BLOCKLIST, CONTACTS, KINDS, USERS, Kind
from trunkline.transfer.layouts import LAYOUTS, Layout, layout_of

CATALOG = load()
EXTENSIONS = (
    "Number,FirstName,LastName,EmailAddress,MobileNumber,AuthID,AuthPassword,WebMeetingFriendlyName,"
    "WebMeetingPrivateRoom,ClickToCall,ClickToCallFriendlyName,WebMeetingAcceptReject,EnableVoicemail,VMNoPin,"
    "VMPlayCallerID,PIN,VMPlayMsgDateTime,VMEmailOptions,QueueStatus,OutboundCallerID,SIPID,DeliverAudio,"
    "SupportReinvite,SupportReplaces,EnableSRTP,ManagementAccess,ReporterAccess,WallboardAccess,TurnOffMyPhone,"
    "HideFWrules,CanSeeRecordings,CanDeleteRecordings,RecordCalls,CallScreening,EmailMissedCalls,Disabled,"
    "DisableExternalCalls,AllowLanOnly,BlockRemoteTunnel,PinProtect,MAC_0,InterfaceIP_0,UseTunnel,DND,UseCTI,"
    "StartupScreen,HotelModuleAccess,DontShowExtInPHBK,DeskphoneWebPass,SrvcAccessPwd,VoipAdmin,SysAdmin,SecureSIP,"
    "PhoneModel14,PhoneTemplate14,CustomTemplate,PhoneSettings,AllowAllRecordings,PushExtension,Integration,"
    "AllowOwnRecordings,RecordExternalCallsOnly,DID,SMS,PhoneSysAdmin"
)
PHONE_BOOK = (
    "FirstName,LastName,Company,Mobile,Mobile2,Home,Home2,Business,Business2,Email,Other,BusinessFax,HomeFax,Pager"
)
GOOGLE = "Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value"


def sheet(header: str, *rows: dict[str, str]) -> bytes:
    written = io.StringIO()
    writer = csv.DictWriter(written, header.split(","), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_field_of_a_layout_is_one_of_3cx(layout: Layout) -> None:
    kind = KINDS[layout.kind]
    fields = CATALOG.fields(kind.type_name(CATALOG))
    assert {field for field in layout.fields.values() if field} <= fields.keys()
    assert {*layout.telling} <= {*layout.fields}
    for title, values in layout.values.items():
        spec = fields[layout.fields.get(title) or title]
        allowed = CATALOG.enum_values(spec.name) if spec.name in CATALOG.enums else ("true", "false")
        assert {*values.values()} <= {*allowed}, title


@pytest.mark.parametrize(
    ("header", "kind", "name"),
    [
        (EXTENSIONS, USERS, "3CX's export of extensions"),
        (EXTENSIONS.lower(), USERS, "3CX's export of extensions"),
        (PHONE_BOOK, CONTACTS, "3CX's export of the phone book"),
        (GOOGLE, CONTACTS, "Google's export of contacts"),
        ("cidr", BLOCKLIST, "a list of addresses"),
        ("Number,FirstName,LastName,EmailAddress,Mobile", USERS, None),
        ("Number,MobileNumber,Disabled", USERS, "a list of people"),
        ("FirstName,LastName,CompanyName,PhoneNumber,Mobile2,Business", CONTACTS, None),
        (EXTENSIONS, CONTACTS, None),
    ],
)
def test_which_layout_a_header_has(header: str, kind: Kind, name: str | None) -> None:
    layout = layout_of(header.split(","), kind.resource)
    assert (layout.name if layout else None) == name


ADA = {
    "Number": "160",
    "FirstName": "Ada",
    "LastName": "Byron",
    "EmailAddress": "ada@example.com",
    "MobileNumber": "07700900160",
    "EnableVoicemail": "1",
    "PIN": "4711",
    "VMEmailOptions": "2",
    "VMPlayMsgDateTime": "1",
    "QueueStatus": "0",
    "EnableSRTP": "1",
    "Disabled": "1",
    "DontShowExtInPHBK": "0",
    "DID": "+442079460160",
    "SMS": "x",
}


def test_extensions_are_read_as_they_are_and_what_can_not_be_set_is_listed_once(system: System, pbx: Pbx) -> None:
    done = apply(system, USERS, sheet(EXTENSIONS, ADA, {**ADA, "Number": "161", "EmailAddress": "bo@example.com"}))
    first, second = done.added
    assert first == {
        "Number": "160",
        "FirstName": "Ada",
        "LastName": "Byron",
        "EmailAddress": "ada@example.com",
        "Mobile": "07700900160",
        "VMEnabled": True,
        "VMPIN": "4711",
        "VMEmailOptions": "Attachment",
        "VMPlayMsgDateTime": "Play12Hr",
        "QueueStatus": "LoggedOut",
        "SRTPMode": "SRTPEnabled",
        "Enabled": False,
        "HideInPhonebook": False,
    }
    assert second["Number"] == "161"
    assert pbx.users.get_by_number("160")["Enabled"] is False
    (note,) = done.plan.notes
    assert note.startswith("3CX's export of extensions: there is no field to set for WebMeetingPrivateRoom, ")
    set_or_listed = {*note.removesuffix(".").partition(" set for ")[2].split(", "), *LAYOUTS[0].fields}
    known = CATALOG.fields("Pbx.User")
    assert all(title in set_or_listed or title in known for title in EXTENSIONS.split(","))
    assert "DID, SMS" in note


def test_an_extension_that_exists_is_changed_only_where_it_differs(system: System, pbx: Pbx) -> None:
    user = pbx.users.get_by_number("100")
    row = {"Number": "100", "FirstName": user["FirstName"], "LastName": "Changed", "Disabled": "0", "QueueStatus": "0"}
    done = apply(system, USERS, sheet(EXTENSIONS, row))  # type: ignore[arg-type]
    assert [step.new for step in done.plan.steps] == [{"LastName": "Changed"}]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"Disabled": "maybe"}, "Disabled must be one of 0, false, no, 1, true, yes, not 'maybe'"),
        ({"VMEmailOptions": "9"}, "VMEmailOptions must be one of 0, 1, 2, 3, not '9'"),
        ({"EnableVoicemail": "2"}, "EnableVoicemail must be true or false"),
        ({"MobileNumber": "4.4E+11"}, "MobileNumber is '4.4E+11': a spreadsheet has shortened"),
    ],
)
def test_a_cell_that_its_program_does_not_write_is_refused_by_line(
    system: System, cells: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        apply(system, USERS, sheet(EXTENSIONS, {"Number": "160", **cells}))
    assert f"line 2: {message}" in caught.value.message


def test_what_the_layout_maps_can_be_mapped_otherwise_or_left_out(system: System) -> None:
    done = apply(system, USERS, sheet(EXTENSIONS, ADA), renamed={"SMS": "DisplayName"}, ignored=("PIN", "disabled"))
    (new,) = done.added
    assert new["DisplayName"] == "x"
    assert new.keys().isdisjoint({"VMPIN", "Enabled"})
    assert "SMS" not in done.plan.notes[0]


def test_a_phone_book_is_read_with_rows_that_lack_a_mobile_number(system: System, pbx: Pbx) -> None:
    ada = {"FirstName": "Ada", "Company": "Acme", "Mobile": "+442079460911", "Home2": "1", "Email": "ada@example.com"}
    shop = {"Company": "Shop", "Business": "+44 20 7946 0912"}
    other = {"Company": "Shop", "Business": "+44 20 7946 0913"}
    done = apply(system, CONTACTS, sheet(PHONE_BOOK, ada, shop, other))
    assert done.added == [
        {"FirstName": "Ada", "CompanyName": "Acme", "PhoneNumber": "+442079460911", "Email": "ada@example.com"},
        {"CompanyName": "Shop", "Business": "+44 20 7946 0912"},
        {"CompanyName": "Shop", "Business": "+44 20 7946 0913"},
    ]
    assert done.plan.notes == ["3CX's export of the phone book: there is no field to set for Home2, HomeFax."]
    assert pbx.contacts.list().count() == 63
    with pytest.raises(InvalidArgument, match="line 3: this is line 2 again, and neither has a PhoneNumber"):
        apply(system, CONTACTS, sheet(PHONE_BOOK, shop, shop))


def test_googles_contacts(system: System) -> None:
    row = {"Given Name": "Ada", "Family Name": "Byron", "E-mail 1 - Value": "ada@example.com"}
    done = apply(system, CONTACTS, sheet(GOOGLE, {**row, "Phone 1 - Value": "+442079460924"}))
    assert done.added == [
        {"FirstName": "Ada", "LastName": "Byron", "Email": "ada@example.com", "PhoneNumber": "+442079460924"}
    ]
    with pytest.raises(InvalidArgument) as caught:
        apply(
            system,
            CONTACTS,
            sheet(
                GOOGLE,
                {
                    **row,
                    "E-mail 1 - Value": "a@example.com ::: b@example.com",
                    "Phone 1 - Value": "+442079460924 ::: +442079460925",
                },
            ),
        )
    assert "line 2: E-mail 1 - Value holds 2 addresses" in caught.value.message
    assert "line 2: Phone 1 - Value holds 2 numbers" in caught.value.message


def test_a_title_that_no_layout_knows_is_refused_as_ever(system: System) -> None:
    with pytest.raises(UnknownName, match="'Shoe size'"):
        apply(system, USERS, sheet(f"{EXTENSIONS},Shoe size", ADA))
