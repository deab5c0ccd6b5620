"""Licence, updates, the firewall check, mails, call costs, archives: how a PBX is kept."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from .conftest import Line

INVALID = "WARNINGS.INVALID"
REQUIRED = "WARNINGS.XAPI.REQUIRED"


def later(pbx: Any, **period: float) -> None:
    """Let time pass."""
    store = pbx.emulator._store
    now = store.now()
    store.now = lambda: now + timedelta(**period)


def last_event(pbx: Any) -> str:
    message: str = pbx.get("/EventLogs?$orderby=Id desc&$top=1").rows[0]["Message"]
    return message


def test_whom_the_licence_is_for(pbx: Line) -> None:
    given = {"CompanyName": "New Ltd", "ContactName": "A", "Email": "a@example.com", "Phone": "+442079460000"}
    asked = {"licenseParams": {**given, "Country": "DE"}}
    assert pbx.ask("POST", "/LicenseStatus/Pbx.EditLicenseInfo", asked).status == 204
    found = pbx.get("/LicenseStatus").json
    assert [found[name] for name in ("CompanyName", "ContactName", "EMail", "Telephone")] == list(given.values())
    assert (found["CountryName"], found["CountryCode"], found["MaxSimCalls"]) == ("Germany", "DE", 16)
    assert pbx.get("/Defs/Pbx.GetLicenseParameters()").json["CountryCode"] == "DE"


@pytest.mark.parametrize(
    ("action", "body", "message"),
    [
        ("EditLicenseInfo", {"licenseParams": {"Email": "nobody"}}, f"Email:\n{INVALID}"),
        ("EditLicenseInfo", {"licenseParams": {"Country": "Atlantis"}}, f"Country:\n{INVALID}"),
        ("ReplaceLicenseKey", {"licenseKey": "ABCD"}, "licenseKey:\nWARNINGS.LICENSE_NOT_FOUND"),
        ("ReplaceLicenseKey", {"licenseKey": ""}, "licenseKey:\nWARNINGS.LICENSE_NOT_FOUND"),
        ("LinkPartner", {"resellerId": "me"}, "resellerId:\nWARNINGS.XAPI.NOT_FOUND"),
    ],
)
def test_licences_that_are_none(pbx: Line, action: str, body: dict[str, Any], message: str) -> None:
    before = pbx.get("/LicenseStatus").json
    answer = pbx.ask("POST", f"/LicenseStatus/Pbx.{action}", body)
    assert (answer.status, answer.message) == (400, message)
    assert pbx.get("/LicenseStatus").json == before


def test_another_key(pbx: Line) -> None:
    body = {"licenseKey": "abcd-efgh-1234-5678"}
    assert pbx.ask("POST", "/LicenseStatus/Pbx.ReplaceLicenseKey", body).status == 204
    for path in ("/LicenseStatus", "/SystemStatus"):
        assert pbx.get(path).json["LicenseKey"] == "ABCD-EFGH-1234-5678"
    assert last_event(pbx) == "The licence key was replaced"


def test_a_partner_is_linked_and_unlinked(pbx: Line) -> None:
    named = pbx.get("/LicenseStatus/Pbx.PartnerInfo(resellerId='4711')").json
    assert named["Id"] == "4711"
    pbx.ask("POST", "/LicenseStatus/Pbx.LinkPartner", {"resellerId": "4711"})
    assert pbx.get("/SystemStatus").json["ResellerName"] == named["Name"]
    pbx.ask("POST", "/LicenseStatus/Pbx.UnlinkPartner")
    assert pbx.get("/LicenseStatus").json["ResellerName"] is None


def test_a_licence_runs_out(pbx: Line) -> None:
    pbx.ask("POST", "/LicenseStatus/Pbx.RefreshLicenseStatus")
    assert pbx.get("/LicenseStatus").json["LicenseActive"] is True
    later(pbx, days=40_000)
    pbx.ask("POST", "/LicenseStatus/Pbx.RefreshLicenseStatus")
    assert pbx.get("/LicenseStatus").json["LicenseActive"] is False
    assert pbx.get("/SystemStatus").json["LicenseActive"] is False
    assert pbx.get("/Defs/Pbx.GetLicenseParameters()").json["IsMaintainceExpired"] is True


def test_updates_are_offered_until_they_are_installed(pbx: Line) -> None:
    offered = pbx.get("/GetUpdates()").json
    stats = {row["Category"]: row["Count"] for row in pbx.get("/GetUpdatesStats()").json["PerPage"]}
    assert sum(stats.values()) == len(offered["Entries"]) > 2
    chosen = offered["Entries"][1]
    details = pbx.get(f"/GetUpdateDetails(key={offered['Key']},id={chosen['Guid']})").json["value"]
    assert chosen["Name"] in details
    body = {"install": {"Key": offered["Key"], "Entries": [chosen["Guid"]]}}
    assert pbx.ask("POST", "/InstallUpdates", body).status == 204
    left = pbx.get("/GetUpdates()").json
    assert [entry["Guid"] for entry in left["Entries"]] == [
        entry["Guid"] for entry in offered["Entries"] if entry != chosen
    ]
    assert left["LastSuccessfulUpdate"] == pbx.get("/SystemStatus").json["LastSuccessfulUpdate"] is not None
    assert last_event(pbx) == f"{chosen['Name']} {chosen['ServerVersion']} was installed"
    again = pbx.ask("POST", "/InstallUpdates", body)
    assert (again.status, again.message) == (400, "Entries:\nWARNINGS.XAPI.NOT_FOUND")


@pytest.mark.parametrize("path", ["/GetPromptSetUpdates()", "/GetServerCrmUpdates()"])
def test_updates_of_one_kind(pbx: Line, path: str) -> None:
    everything = pbx.get("/GetUpdates()").json["Entries"]
    some = pbx.get(path).json["Entries"]
    assert len(some) == 1
    assert some[0] in everything


def test_a_key_that_is_not_that_of_the_list(pbx: Line) -> None:
    body = {"install": {"Key": "00000000-0000-0000-0000-000000000001", "Entries": []}}
    assert pbx.ask("POST", "/InstallUpdates", body).message == "Key:\nWARNINGS.XAPI.NOT_FOUND"


def test_the_operating_system_is_upgraded_once(pbx: Line) -> None:
    assert pbx.get("/HasDebianUpgrade()").json["value"] is True
    assert pbx.ask("POST", "/UpgradeDebian").status == 204
    assert pbx.get("/HasDebianUpgrade()").json["value"] is False


def test_a_firewall_check_runs_and_passes(pbx: Line) -> None:
    def seen() -> tuple[bool, bool]:
        return pbx.get("/Firewall").json["Running"], pbx.get("/Firewall/Pbx.GetLastResult()").json["value"]

    assert seen() == (False, False)
    assert pbx.ask("POST", "/Firewall/Pbx.StartCheck").status == 204
    assert seen() == (True, False)
    later(pbx, seconds=3)
    assert seen() == (False, True)
    assert "pbx.example.com" in pbx.get("/Firewall").json["Html"]
    pbx.ask("POST", "/Firewall/Pbx.StartCheck")
    assert pbx.ask("POST", "/Firewall/Pbx.StopCheck").status == 204
    assert seen() == (False, False)
    assert pbx.get("/Firewall").json["Html"] == ""


@pytest.mark.parametrize(
    ("email", "settings", "success"),
    [
        ("a@example.com", {}, True),
        ("nobody", {}, False),
        ("", {}, False),
        ("a@example.com", {"MailServer": ""}, False),
        ("a@example.com", {"MailServer": "no server"}, False),
        ("a@example.com", {"MailAddress": "pbx"}, False),
        ("a@example.com", {"MailServerType": "Tcx", "MailServer": ""}, True),
    ],
)
def test_whether_a_mail_could_be_sent(pbx: Line, email: str, settings: dict[str, Any], success: bool) -> None:
    answer = pbx.ask("POST", "/MailSettings/Pbx.TestEmail", {"email": email, "settings": settings})
    assert answer.json["Success"] is success
    assert (answer.json["Error"] is None) is success


@pytest.mark.parametrize(
    ("mail", "message"),
    [
        ({"Destination": "a@example.com", "Template": "Welcome"}, ""),
        ({"Destination": "a@example.com", "Template": "EN/WelcomeEmail.html"}, ""),
        ({"Destination": "nobody", "Template": "Welcome"}, f"Destination:\n{INVALID}"),
        ({"Destination": "a@example.com", "Template": ""}, f"Template:\n{REQUIRED}"),
        ({"Destination": "a@example.com", "Template": "Farewell"}, "Template:\nWARNINGS.XAPI.NOT_FOUND"),
    ],
)
def test_mails_from_templates(pbx: Line, mail: dict[str, Any], message: str) -> None:
    answer = pbx.ask("POST", "/Defs/Pbx.SendEmail", {"sendEmail": mail})
    assert (answer.status, answer.message if message else "") == (400 if message else 204, message)


def test_a_template_can_be_made_the_default_again(pbx: Line) -> None:
    where = "/EmailTemplate('EN%2FWelcomeEmail.html')"
    before = pbx.get(where).json
    assert before["IsDefault"] is True
    for subject in ("Hello", "Hello again"):
        assert pbx.ask("PATCH", where, {"Subject": subject}).status == 204
    assert (pbx.get(where).json["Subject"], pbx.get(where).json["IsDefault"]) == ("Hello again", False)
    assert pbx.ask("POST", f"{where}/Pbx.SetDefault").status == 204
    assert pbx.get(where).json == before


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"IntegrationType": "None"}, ""),
        ({"IntegrationType": "Custom", "CustomRelayConfig": {"Host": "log.example.com", "Port": 514}}, ""),
        ({"IntegrationType": "Custom", "CustomRelayConfig": {"Host": "log.example.com"}}, f"Port:\n{REQUIRED}"),
        ({"IntegrationType": "Custom", "CustomRelayConfig": {"Host": "log server", "Port": 1}}, f"Host:\n{INVALID}"),
    ],
)
def test_syslog(pbx: Line, config: dict[str, Any], message: str) -> None:
    answer = pbx.ask("POST", "/SyslogSettings/Pbx.TestConnection", {"config": config})
    assert (answer.status, answer.message if message else "") == (400 if message else 204, message)


def costs(pbx: Any) -> dict[str, float]:
    return {row["Prefix"]: row["Rate"] for row in pbx.get("/CallCostSettings").rows}


def test_rates_are_changed_and_added(pbx: Line) -> None:
    known = pbx.get("/CallCostSettings").rows[0]
    given = [{"Id": known["Id"], "Rate": 0.5}, {"Prefix": "44", "Rate": 0.25}, {"Prefix": "33", "Rate": 0.125}]
    before = costs(pbx)
    assert pbx.ask("POST", "/CallCostSettings/Pbx.UpdateCost", {"costs": given}).status == 204
    assert costs(pbx) == {**before, known["Prefix"]: 0.5, "44": 0.25, "33": 0.125}
    answer = pbx.get("/CallCostSettings/Pbx.ExportCallCosts()")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert {row["Prefix"]: float(row["Rate"]) for row in rows} == costs(pbx)


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ({"Rate": 1}, f"Prefix:\n{REQUIRED}"),
        ({"Prefix": "33", "Rate": -1}, "Rate:\nWARNINGS.XAPI.OUT_OF_THE_RANGE"),
    ],
)
def test_rates_that_make_no_sense(pbx: Line, cost: dict[str, Any], message: str) -> None:
    before = costs(pbx)
    body = {"costs": [{"Prefix": "44", "Rate": 9}, cost]}
    assert pbx.ask("POST", "/CallCostSettings/Pbx.UpdateCost", body).message == message
    assert costs(pbx) == before


@pytest.mark.parametrize("part", ["Chats", "Faxes", "Recordings", "Voicemail"])
def test_archives_need_a_place(pbx: Line, part: str) -> None:
    action = f"/RemoteArchivingSettings/Pbx.Archive{part}"
    assert pbx.ask("POST", action).message == "Location:\nWARNINGS.BACKUP_LOCATION_CONFIG_ERROR"
    pbx.ask("PATCH", "/RemoteArchivingSettings", {"Location": {"FileSystemType": "Ftp"}})
    assert pbx.ask("POST", action).message == "FtpPath:\nWARNINGS.BACKUP_LOCATION_CONFIG_ERROR"
    pbx.ask("PATCH", "/RemoteArchivingSettings", {"Location": {"FileSystemType": "Ftp", "FtpPath": "ftp.example.com"}})
    assert pbx.ask("POST", action).status == 204
    assert last_event(pbx).endswith("were archived")
    assert all(row["IsArchived"] is (part == "Recordings") for row in pbx.get("/Recordings").rows)


def test_the_data_connector_needs_a_destination(pbx: Line) -> None:
    for action in ("TestDataConnector", "Synchronize"):
        pbx.ask("PATCH", "/DataConnectorSettings", {"OffloadDestination": "None"})
        path = f"/DataConnectorSettings/Pbx.{action}"
        assert pbx.ask("POST", path).message == f"OffloadDestination:\n{REQUIRED}"
        pbx.ask("PATCH", "/DataConnectorSettings", {"OffloadDestination": "MySql"})
        assert pbx.ask("POST", path).message == f"RemoteMySqlConfig:\n{REQUIRED}"
        pbx.ask("PATCH", "/DataConnectorSettings", {"OffloadDestination": "BigQuery"})
        assert pbx.ask("POST", path).status == 204


def test_faxes_are_cleaned_up(pbx: Line) -> None:
    size = "/FaxServerSettings/Pbx.GetFaxFilesSize()"
    assert pbx.get(size).json["value"] > 0
    assert pbx.ask("POST", "/FaxServerSettings/Pbx.CleanUpFax").status == 204
    assert pbx.get(size).json["value"] == 0


def test_interfaces_are_one_list(pbx: Line) -> None:
    assert pbx.get("/NetworkSettings/Pbx.GetIfaces()").rows == [row["Id"] for row in pbx.get("/NetworkInterfaces").rows]
