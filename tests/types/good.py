"""One action of each kind, as a program would call it; type checkers find nothing to say about it. Never run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import assert_type
from uuid import UUID

from trunkline import AsyncPbx, AsyncRows, File, Pbx, Retries, Rows, types
from trunkline.odata import Expand, F
from trunkline.result import Saved
from trunkline.types import Contact, ContactPart, ContactSource


def reading(pbx: Pbx) -> None:
    faxes = pbx.fax.list(filter="Number eq '9001'", select=["Id", "Number"], orderby="Id desc", top=5, count=True)
    assert_type(faxes, Rows[types.Fax])
    for fax in faxes:
        assert_type(fax["Id"], int)
        assert_type(fax.get("Number"), str | None)
        assert_type(fax.get("@odata.etag"), str | None)
    assert_type(pbx.contacts.list(filter=F.FirstName == "Ada").first(), Contact | None)
    pbx.users.list(filter=F.Enabled & (F.Id > 5), select=[F.Number, "Id"], orderby=[F.Number.desc(), F.Id])
    pbx.users.list(filter=F.Enabled, select=F.Number, orderby=F.Number, expand=Expand("Groups", top=1))
    assert_type(pbx.users.get(7, expand=["Groups"]).get("Groups", []), list[types.UserGroup])
    assert_type(pbx.users.get_by_number("100"), types.User)
    assert_type(pbx.system_status.get(), types.SystemStatus)
    assert_type(pbx.oauth_clients.get(UUID(int=7)), types.OAuthClient)


def writing(pbx: Pbx) -> None:
    body: ContactPart = {"FirstName": "Ada", "PhoneNumber": "+442079460123"}
    contact = pbx.contacts.create(body)
    assert_type(contact, Contact)
    contact["LastName"] = "Example"
    assert_type(pbx.contacts.update(contact["Id"], contact), None)
    pbx.contacts.update(contact["Id"], {"LastName": "Example"}, if_unchanged=contact)
    pbx.contacts.delete(contact["Id"], if_match='W/"7"', timeout=5.0, retries=Retries(attempts=1))
    others = pbx.users.get(8, expand="ForwardingProfiles").get("ForwardingProfiles", [])
    pbx.users.update(7, {"Groups": [{"GroupId": 3}], "ForwardingProfiles": others})
    pbx.holidays.create({"Name": "Fair", "TimeOfStartDate": timedelta(hours=9), "TimeOfEndDate": "PT17H"})
    pbx.website_links.create({"Link": "sales", "Website": ["https://example.com"]})


def functions_and_actions(pbx: Pbx) -> None:
    since = datetime(2026, 9, 1, tzinfo=UTC)
    events = pbx.activity_log.get_logs(since, "2026-09-12T00:00:00Z", None, None, severity=None, top=3)
    assert_type(events, Rows[types.ActivityLogEvent])
    assert_type(pbx.users.get_first_available_extension_number(), types.FirstAvailableNumber)
    assert_type(pbx.fax_server_settings.get_fax_files_size(), int)
    assert_type(pbx.users.make_call(destination="+442079460123", dn="100"), types.CallControlResultResponse | None)
    pbx.fax.bulk_fax_delete(ids=[1, 2])
    pbx.fax.bulk_fax_delete({"ids": [1, 2]})
    source: ContactSource = "M365"
    pbx.contacts.delete_contacts_by_type(contact_source=source)
    pbx.services.restart(options={"ServiceNames": ["3CXGatewayService"]})
    pbx.active_calls.drop_call(7)


def files(pbx: Pbx) -> None:
    assert_type(pbx.recordings.download_recording(42), File)
    assert_type(pbx.recordings.download_recording(42, to=Path("calls"), progress=lambda done, whole: None), Saved)
    pbx.custom_prompts.upload(file=Path("welcome.wav"))
    pbx.custom_prompts.upload({"file": ("welcome.wav", b"RIFF")})


async def asynchronous(pbx: AsyncPbx) -> None:
    assert_type(pbx.fax.list(), AsyncRows[types.Fax])
    async for fax in pbx.fax.list():
        await pbx.fax.delete(fax["Id"])
    assert_type(await pbx.fax.list(), list[types.Fax])
    assert_type(await pbx.users.get_by_number("100"), types.User)
    assert_type(await pbx.contacts.create({"FirstName": "Ada"}), Contact)
    await pbx.contacts.update(7, {"LastName": "Example"})
    await pbx.fax.bulk_fax_delete(ids=[1, 2])
    assert_type(await pbx.fax_server_settings.get_fax_files_size(), int)
    assert_type(await pbx.recordings.download_recording(42), File)
    assert_type(await pbx.recordings.download_recording(42, to="calls/"), Saved)
    await pbx.custom_prompts.upload(file=b"RIFF")
    await pbx.anti_hacking_settings.update({})
