"""What is masked: secret fields at any depth, and the objects and rows that hold a secret under another name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from trunkline.catalog import load
from trunkline.catalog.secret import HELD, MASK, NAMES, SECRET, masked, masked_by_name, secret_path
from trunkline.redaction import remember_values

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
    ([{"Name": "X-Api-Key", "Value": "4711"}], [{"Name": "X-Api-Key", "Value": MASK}]),
    ([{"Name": "MAILPASSWORD", "Value": "4711"}], [{"Name": "MAILPASSWORD", "Value": MASK}]),
    ([{"Name": "MAXCALLTIME", "Value": "7200"}], [{"Name": "MAXCALLTIME", "Value": "7200"}]),
    ({"Name": "Password office", "Number": "100"}, {"Name": "Password office", "Number": "100"}),
    ({"RegenerateOptions": {"DeskphonePassword": True}}, {"RegenerateOptions": {"DeskphonePassword": True}}),
    ([{"Value": "4711"}], [{"Value": MASK}]),
    ([{"Id": 1, "Value": "4711", "Description": "x"}], [{"Id": 1, "Value": MASK, "Description": "x"}]),
    (
        {"@odata.context": "https://h/xapi/v1/$metadata#Pbx.CrmTemplateSource", "Value": "<Crm/>"},
        {"@odata.context": "https://h/xapi/v1/$metadata#Pbx.CrmTemplateSource", "Value": "<Crm/>"},
    ),
    ({"Configurable": True, "Value": "4711"}, {"Configurable": True, "Value": "4711"}),
    (
        {"Messaging": {"Provider": "x", "MESSAGING_ACCESS_KEY": "4711", "MESSAGING_SECRET_KEY": "4711"}},
        {"Messaging": {"Provider": "x", "MESSAGING_ACCESS_KEY": MASK, "MESSAGING_SECRET_KEY": MASK}},
    ),
]
SECRETS = """
ProvisioningLinkExt ProvisioningLinkLocal ProvisionLink ProvLink SIPID MESSAGING_ACCESS_KEY MESSAGING_SECRET_KEY
AccessKey LicenseKey licenseKey SecretKey ApiKey APIKey ManagementAPIKey api_key ClientSecret Password AuthPassword
password FTP_PASSWD SMTP_PWD WiFiPassphrase Passcode Token accessToken refresh_token VMPIN PinNumber VoicemailPIN
UserPin user_pin PIN pin AuthID AuthId SeparateAuthId PrivateKey ClientPrivateKey private_key GbJson Json
TranscribeKeyGrok PKCECodeVerifier RpsKey ConfigurationLink FinalizeURL Webhook Sessionid session_id Authorization
Cookie SharedKey
"""
LOOK_ALIKES = """
KeyCode PublicKey MonkeyName AccessKeyId Key InvalidKeyForwardDN PlaylistKey KeyName SftpHostKeyFingerprint License
LicenseActive ProductCode Link FileLink DownloadLink ReportLink InterfaceLink openlink RecordingUrl ProvisionUrl
ProvisionType Provisioning Spin Shipping Pinned Opinion MaxInputTokens TokenEndpoint TokenBudget Tokens Passive Bypass
PassiveServer Authentication AuthenticateMode Author DialCode Code ScriptCode json Webhooks WebhookType Certificate
ClientId AccountSid Id Number SipDomain SIPServer CodeChallenge Cookies_accepted
"""


@pytest.mark.parametrize("name", SECRETS.split())
def test_a_name_that_says_secret(name: str) -> None:
    assert masked({name: "value"}) == {name: MASK}
    assert masked([{"Name": name, "Value": "value"}]) == [{"Name": name, "Value": MASK}]


@pytest.mark.parametrize("name", LOOK_ALIKES.split())
def test_a_name_that_only_looks_like_it(name: str) -> None:
    assert masked({name: "value"}) == {name: "value"}


def test_a_known_secret_is_masked_in_any_field_of_what_leaves() -> None:
    remember_values(["s3cret-1"])
    row = {"Note": "s3cret-1", "Notes": ["it is s3cret-1!"], "Number": 100}
    assert masked(row) == {"Note": MASK, "Notes": [f"it is {MASK}!"], "Number": 100}
    assert masked_by_name(row) == row


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


def _selections() -> Iterator[Any]:
    """Each choice of fields that leaves out the name without which nobody knows whether a value is a secret."""
    catalog = load()
    for owner in catalog.types:
        fields = set(catalog.fields(owner))
        others = sorted(fields - {*NAMES, "Concealed"})
        if fields & {*HELD} and len(others) < len(fields):
            for size in range(1, len(others) + 1):
                for names in combinations(others, size):
                    if {*names} & {*HELD}:
                        yield pytest.param(names, id=f"{owner} {','.join(names)}")


@pytest.mark.parametrize("names", list(_selections()))
def test_a_selection_without_the_name_shows_no_value(names: tuple[str, ...]) -> None:
    row = masked(dict.fromkeys(names, "hush"))
    assert {row[name] for name in names if name in HELD} == {MASK}
