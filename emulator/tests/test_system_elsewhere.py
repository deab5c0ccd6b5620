"""What a PBX works with elsewhere: AI, conference servers, converters, CRM, Google, Microsoft, Amazon."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from .conftest import Line

KEY = {"APIKey": {"Concealed": False, "Value": "not-a-real-key"}}
MCU = "/ConferenceSettings/Pbx.UpdateMCURequestStatus"


@pytest.fixture
def ai(pbx: Line) -> Any:
    pbx.ask("PATCH", "/AISettings", KEY)
    return pbx


def act(pbx: Any, action: str, body: Any) -> Any:
    return pbx.ask("POST", f"/AISettings/Pbx.{action}", body)


def create(pbx: Any, name: str) -> str:
    made: str = act(pbx, "CreateVectorStore", {"model": {"Name": name}}).json["Id"]
    return made


def files(pbx: Any, vector: str, limit: int = 10, after: str = "") -> Any:
    return pbx.get(f"/AISettings/Pbx.GetVectorStoreFiles(id='{vector}',limit={limit},after='{after}')").json


def test_without_a_key_there_are_no_vector_stores(pbx: Line) -> None:
    answer = act(pbx, "CreateVectorStore", {"model": {"Name": "A"}})
    assert (answer.status, answer.message) == (400, "WARNINGS.XAPI.OPENAI_KEY_IS_MISSING")


def test_a_vector_store_is_made_changed_and_deleted(ai: Any) -> None:
    vector = create(ai, "Handbook")
    path = f"/AISettings/Pbx.GetVectorStore(id='{vector}')"
    assert (ai.get(path).json["Name"], ai.get(path).json["FilesTotal"]) == ("Handbook", 0)
    changed = act(ai, "UpdateVectorStore", {"model": {"Id": vector, "Name": "Manual", "Bytes": 7}}).json
    assert (changed["Name"], changed["Bytes"]) == ("Manual", 0)
    assert ai.get(path).json["Name"] == "Manual"
    assert act(ai, "DeleteVectorStore", {"id": vector}).status == 204
    assert ai.get(path).status == 404
    assert act(ai, "DeleteVectorStore", {"id": vector}).status == 404
    assert create(ai, "Another") != vector


@pytest.mark.parametrize("action", ["DeleteVectorStore", "DeleteVectorStoreFile"])
def test_a_store_that_is_not_named_is_not_there(ai: Any, action: str) -> None:
    assert act(ai, action, {}).status == 404


def test_vector_stores_come_in_pages(ai: Any) -> None:
    ids = [create(ai, f"S{number}") for number in range(5)]
    seen, after, more = [], "", True
    while more:
        page = ai.get(f"/AISettings/Pbx.GetVectorStores(limit=2,after='{after}')").json
        seen += [row["Id"] for row in page["Items"]]
        after, more = page["LastId"], page["HasMore"]
    assert seen == ids
    assert ai.get("/AISettings/Pbx.GetVectorStores(limit=5,after='')").json["HasMore"] is False
    assert ai.get("/AISettings/Pbx.GetVectorStores(limit=0,after='')").status == 400


def test_files_are_put_into_a_store_and_taken_out(ai: Any) -> None:
    one, two = create(ai, "One"), create(ai, "Two")
    for vector in (one, two):
        added = {"model": {"VectorId": vector, "FileIds": ["f1", "f2", "f2", "f3"]}}
        assert act(ai, "AddVectorStoreFiles", added).status == 204
    assert [row["Id"] for row in files(ai, one)["Items"]] == ["f1", "f2", "f3"]
    assert ai.get(f"/AISettings/Pbx.GetVectorStore(id='{one}')").json["FilesTotal"] == 3
    gone = act(ai, "BatchDeleteFiles", {"model": {"VectorId": one, "FileIds": ["f1", "f9"]}}).rows
    assert [(row["ExternalFileId"], row["Status"]) for row in gone] == [("f1", "deleted"), ("f9", "failed")]
    assert act(ai, "DeleteVectorStoreFile", {"fileid": "f2", "vectorid": one}).status == 204
    assert act(ai, "DeleteVectorStoreFile", {"fileid": "f2", "vectorid": one}).status == 400
    assert act(ai, "DeleteOpenAiFile", {"fileid": "f3"}).status == 204
    assert [row["Id"] for row in files(ai, one)["Items"]] == []
    assert [row["Id"] for row in files(ai, two)["Items"]] == ["f1", "f2"]


def test_models_are_those_of_the_provider(pbx: Line) -> None:
    def models(path: str) -> list[str]:
        return [row["Id"] for row in pbx.get(f"/AISettings/Pbx.{path}").json["Models"]]

    assert models("GetCurrentAIResources()") == []
    pbx.ask("PATCH", "/AISettings", {"Provider": "Grok"})
    assert models("GetCurrentAIResources()") == models("GetAIResources(provider='Grok')") != []
    assert models("GetAIResources(provider='OpenAI')") != models("GetAIResources(provider='Grok')")
    assert pbx.get("/AISettings/Pbx.GetAIResources(provider='Oracle')").status == 400
    template = pbx.get("/AISettings/Pbx.GetAIResources(provider='OpenAI')").json["Templates"][0]["Id"]
    assert pbx.get(f"/AISettings/Pbx.GetAITemplateContents(id='{template}')").json["value"]
    assert pbx.get("/AISettings/Pbx.GetAITemplateContents(id='none')").status == 404


def test_a_media_server_is_asked_for_and_then_there(pbx: Line) -> None:
    status = "/ConferenceSettings/Pbx.GetMCURequestStatus()"
    assert pbx.ask("POST", MCU, {"request": {"Operation": "Create", "State": "Pending"}}).status == 204
    assert pbx.get(status).json["State"] == "Pending"
    busy = pbx.ask("POST", MCU, {"request": {"Operation": "Create", "State": "Pending"}})
    assert (busy.status, busy.message) == (400, "WARNINGS.MCU_REQUEST_ALREADY_IN_PROGRESS")
    assert pbx.ask("POST", MCU, {"request": {"State": "Success"}}).status == 204
    rows = pbx.get("/ConferenceSettings/Pbx.GetMCURows()").rows
    guid = rows[0]["Guid"]
    assert pbx.get(f"/ConferenceSettings/Pbx.GetMCURow(guid='{guid}')").json["Host"] == rows[0]["Host"]
    for state in ("Pending", "Success"):
        assert pbx.ask("POST", MCU, {"request": {"Operation": "Delete", "McuId": guid, "State": state}}).status == 204
    assert pbx.get("/ConferenceSettings/Pbx.GetMCURows()").rows == []
    missing = pbx.ask("POST", MCU, {"request": {"Operation": "Delete", "McuId": guid, "State": "Pending"}})
    assert missing.message == "McuId:\nWARNINGS.MCU_REQUEST_NOT_FOUND"


def test_a_request_that_nobody_finishes_fails(pbx: Line) -> None:
    pbx.ask("POST", MCU, {"request": {"Operation": "Create", "State": "Pending"}})
    store = pbx.emulator._store
    now = store.now()
    store.now = lambda: now + timedelta(minutes=5)
    found = pbx.get("/ConferenceSettings/Pbx.GetMCURequestStatus()").json
    assert (found["State"], found["ErrorMessage"]) == ("Failure", "WARNINGS.MCU_REQUEST_TIMEOUT")
    assert pbx.ask("POST", MCU, {"request": {"Operation": "Create", "State": "Pending"}}).status == 204


def test_conference_keys_and_zones(pbx: Line) -> None:
    generate = "/ConferenceSettings/Pbx.GenerateApiKey()"
    assert pbx.get(generate).json["value"] != pbx.get(generate).json["value"]
    assert pbx.ask("POST", "/ConferenceSettings/Pbx.DeleteApiKey").status == 204
    zones = pbx.get("/ConferenceSettings/Pbx.GetWebMeetingZones()").rows
    assert pbx.get("/ConferenceSettings").json["Zone"] in zones
    assert len(zones) == len(set(zones)) > 3


def test_converters(pbx: Line) -> None:
    where = "/VoicemailSettings/Pbx."
    early = pbx.get(f"{where}GetConverterRequestStatus(strict=true)")
    assert (early.status, early.message) == (400, "WARNINGS.CONVERTER_REQUEST_NOT_FOUND")
    assert pbx.get(f"{where}GetConverterRequestStatus(strict=false)").status == 200
    for _ in range(5):
        assert pbx.ask("POST", f"{where}CreateConverterConfiguration").status == 204
    assert pbx.ask("POST", f"{where}CreateConverterConfiguration").message == "WARNINGS.CONVERTER_LIMIT_REACHED"
    servers = pbx.get(f"{where}GetConfiguredConverters()").json["ConfiguredServers"]
    guid = servers[0]["Guid"]
    assert pbx.ask("POST", f"{where}DeleteConverterConfiguration", {"id": guid}).status == 204
    assert pbx.ask("POST", f"{where}DeleteConverterConfiguration", {"id": guid}).status == 400
    assert pbx.get(f"{where}GetConfiguredConverters()").json["ConfiguredServers"] == servers[1:]
    last = pbx.get(f"{where}GetConverterRequestStatus(strict=true)").json
    assert (last["Operation"], last["McuId"]) == ("Delete", guid)


def test_voicemails_are_deleted(pbx: Line) -> None:
    pbx.ask("PATCH", "/VoicemailSettings", {"UsedSpace": 700})
    assert pbx.ask("POST", "/VoicemailSettings/Pbx.DeleteAllUserVoicemails").status == 204
    assert pbx.get("/VoicemailSettings").json["UsedSpace"] == 0


CRM_CONTACTS = "/Contacts?$filter=ContactType eq 'CRM'&$top=100"


@pytest.mark.parametrize(
    ("mode", "field", "cut"),
    [
        ("PhoneExact", "PhoneNumber", 0),
        ("PhoneExact", "Business", 0),
        ("Email", "Email", 0),
        ("Search", "CompanyName", 4),
    ],
)
def test_people_are_looked_up_in_the_crm(pbx: Line, mode: str, field: str, cut: int) -> None:
    pbx.ask("PATCH", "/CrmIntegration", {"Name": "ExampleCRM"})
    contact = pbx.get(CRM_CONTACTS).rows[0]
    query = contact[field][cut:]
    found = pbx.ask("POST", "/CrmIntegration/Pbx.Test", {"mode": mode, "query": query}).json
    assert found["IsError"] is False
    assert contact["Email"] in [row["Email"] for row in found["SearchResult"]]
    stranger = next(row for row in pbx.get("/Contacts").rows if row["ContactType"] != "CRM")
    assert stranger["Email"] not in [row["Email"] for row in found["SearchResult"]]


def test_without_a_crm_nobody_is_found(pbx: Line) -> None:
    found = pbx.ask("POST", "/CrmIntegration/Pbx.Test", {"mode": "Search", "query": "a"}).json
    assert (found["IsError"], found["SearchResult"]) == (True, [])
    assert pbx.ask("POST", "/CrmIntegration/Pbx.Test", {"mode": "Search", "query": ""}).status == 400


def test_contacts_of_the_crm_are_deleted(pbx: Line) -> None:
    everybody = pbx.get("/Contacts?$count=true&$top=0").json["@odata.count"]
    of_crm = len(pbx.get(CRM_CONTACTS).rows)
    assert of_crm > 0
    assert pbx.ask("POST", "/CrmIntegration/Pbx.DeleteCrmContacts").status == 204
    assert pbx.get(CRM_CONTACTS).rows == []
    assert pbx.get("/Contacts?$count=true&$top=0").json["@odata.count"] == everybody - of_crm


def test_signing_in_to_a_crm(pbx: Line) -> None:
    path = "/CrmIntegration/Pbx.GetOAuth(variable='Token')"
    assert pbx.get(path).status == 404
    verifier = "v" * 43
    given = {"Variable": "Token", "RedirectUri": "https://crm.example.com/back", "PKCECodeVerifier": verifier}
    answer = pbx.ask("POST", "/CrmIntegration/Pbx.SetOAuthState", {"state": given}).json
    digest = hashlib.sha256(verifier.encode()).digest()
    assert answer["CodeChallenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert (pbx.get(path).json["Key"], pbx.get(path).json["Value"]) == ("Token", answer["State"])


def test_crm_templates(pbx: Line) -> None:
    assert pbx.get("/CrmTemplates/Pbx.GeCrmtTemplates()").rows[0]["Name"] == "ExampleCRM"
    source = pbx.get("/CrmIntegration/Pbx.GetCrmTemplateSource(name='ExampleCRM')").json["Value"]
    assert source.startswith("<?xml")
    assert 'Name="ExampleCRM"' in source
    assert pbx.get("/CrmIntegration/Pbx.GetCrmTemplateSource(name='None')").status == 404


ACCOUNTS = [
    ("/Microsoft365Integration/Pbx.GetM365Users", "/Microsoft365Integration", {"ApplicationId": "a", "TenantId": "t"}),
    ("/GoogleSettings/Pbx.GetGoogleUsers", "/GoogleSettings", {"ClientId": "c"}),
]


@pytest.mark.parametrize(("path", "settings", "link"), ACCOUNTS)
def test_people_of_a_linked_tenant_are_the_users(pbx: Line, path: Any, settings: Any, link: Any) -> None:
    def ask(**options: Any) -> Any:
        return pbx.ask("POST", path, {"options": {"Count": 15, "TypeOfUser": "Users", **options}}).json

    assert ask()["Users"] == []
    pbx.ask("PATCH", settings, link)
    seen: list[str] = []
    page = ask()
    while page["NextPageToken"]:
        seen += [one["Email"] for one in page["Users"]]
        page = ask(NextPageToken=page["NextPageToken"])
    seen += [one["Email"] for one in page["Users"]]
    assert seen == [user["EmailAddress"] for user in pbx.get("/Users?$top=100").rows]
    assert [one["Name"] for one in ask(Search="OKONK")["Users"]] == ["Amara Okonkwo"]
    assert ask(TypeOfUser="SharedMailboxes")["Users"] == []


def test_users_by_principal_names(pbx: Line) -> None:
    asked = {"principalNames": ["EXT101@example.com", "nobody@example.com", "ext100@example.com", "ext100@example.com"]}
    rows = pbx.ask("POST", "/Microsoft365Integration/Pbx.GetUsersByPrincipalNames", asked).rows
    assert [row["Email"] for row in rows] == ["ext101@example.com", "ext100@example.com"]


def test_presence_is_authorized_first(pbx: Line) -> None:
    where = "/Microsoft365Integration/Pbx."
    assert pbx.ask("POST", f"{where}TestPresence").message == "WARNINGS.XAPI.INVALID_CREDENTIALS"
    assert pbx.ask("POST", f"{where}AuthorizePresence", {"accessToken": "t"}).status == 204
    assert pbx.ask("POST", f"{where}TestPresence").status == 204
    pbx.ask("POST", f"{where}DeauthorizePresence")
    assert pbx.ask("POST", f"{where}TestPresence").status == 400


def test_a_subscription_needs_an_application(pbx: Line) -> None:
    path = "/Microsoft365Integration/Pbx.TestSubscription()"
    assert pbx.get(path).json["IsSubscriptionAvailable"] is False
    pbx.ask("PATCH", "/Microsoft365Integration", {"ApplicationId": "a", "TenantId": "t"})
    assert pbx.get(path).json["IsSubscriptionAvailable"] is True


def test_teams(pbx: Line) -> None:
    def leads_here(name: str) -> bool:
        path = f"/Microsoft365TeamsIntegration/Pbx.CheckFqdnRecord(fqdn='{name}')"
        found: bool = pbx.get(path).json["value"]
        return found

    assert leads_here("PBX.example.com")
    assert not leads_here("sbc.example.com")
    pbx.ask("PATCH", "/Microsoft365TeamsIntegration", {"SbcFQDN": "sbc.example.com"})
    assert leads_here("sbc.example.com")
    script = pbx.get("/Microsoft365TeamsIntegration/Pbx.GetMapUsersScript()").body.decode()
    assert script.count("Set-CsPhoneNumberAssignment") == 40
    check = "/Microsoft365TeamsIntegration/Pbx.CheckMapUsersScript()"
    assert pbx.get(check).json["value"] is False
    pbx.ask("PATCH", "/Microsoft365Integration", {"ApplicationId": "a", "TenantId": "t"})
    assert pbx.get(check).json["value"] is True


def test_the_policy_names_the_bucket(pbx: Line) -> None:
    path = "/AmazonIntegrationSettings/Pbx.GenerateIamPolicyFile()"
    pbx.ask("PATCH", "/AmazonIntegrationSettings", {"S3Config": {"BucketName": "archive", "Region": "eu-west-1"}})
    statements = pbx.get(path).json["Statement"]
    assert [one["Resource"] for one in statements] == ["arn:aws:s3:::archive", "arn:aws:s3:::archive/*"]
