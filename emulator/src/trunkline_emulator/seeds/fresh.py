"""The seed "empty": what a PBX has on its first day, before anybody was added."""

from __future__ import annotations

from ..rules.roles import ROLES, rights_of
from ..store import Seed
from ..values import Row
from . import places

FQDN = "pbx.example.com"
SERVICES = (
    ("Configuration", "3CX PhoneSystem 01 Configuration Server"),
    ("SIPService", "3CX PhoneSystem 01 Phone System"),
    ("MediaServer", "3CX PhoneSystem 01 Media Server"),
    ("QueueManager", "3CX PhoneSystem 01 Queue Manager"),
    ("IVR", "3CX PhoneSystem 01 IVR Server"),
    ("SystemService", "3CX PhoneSystem 01 System Server"),
    ("Tunnel", "3CX PhoneSystem 01 Tunnel Connection"),
    ("EventNotificationManager", "3CX PhoneSystem 01 Event Notification Manager"),
)
PARAMETERS = (
    ("MAXCALLTIME", "7200", "The longest a call may last, in seconds"),
    ("EXTENSIONLENGTH", "3", "How many digits an extension number has"),
    ("MUSICONHOLDFILE", "onhold.wav", "What a held caller hears"),
    ("ALLOW_EMAIL_NOTIFICATIONS", "1", "Whether mails are sent"),
)
CODECS = (("PCMU", "G.711 U-law"), ("PCMA", "G.711 A-law"), ("G722", "G.722"), ("OPUS", "Opus"))
# The fields of a call record that CDR can write.
CDR_FIELDS = (
    "historyid", "callid", "duration", "time-start", "time-answered", "time-end", "reason-terminated", "from-no",
    "to-no", "from-dn", "to-dn", "dial-no", "reason-changed", "final-number", "final-dn", "bill-code", "bill-rate",
    "bill-cost", "bill-name", "chain",
)  # fmt: skip
# Prefix, country or region, rate a minute.
CALL_COSTS = (
    ("1", "United States", 0.02),
    ("44", "United Kingdom", 0.01),
    ("447", "United Kingdom mobile", 0.09),
    ("49", "Germany", 0.02),
)


def seed() -> Seed:
    """Return the department every PBX is born with, its services and parameters, and the settings."""
    return {
        **settings(),
        "Groups": [department(1, "GRP0000", "DEFAULT")],
        "PromptSets": prompt_sets(),
    }


def settings() -> dict[str, list[Row] | Row]:
    """Singletons and the sets that don't depend on who works here."""
    return {
        "AntiHackingSettings": {
            "HackAuthRequests": 25,
            "HackBlacklistDuration": 86400,
            "HackBarrierAmber": 1000,
            "HackBarrierGreen": 200,
            "HackBarrierRed": 2000,
            "HackChallengeRequests": 1000,
            "MaxRequestPerPeriod": 2000,
            "SecurityDefenseProgram": True,
            "ThrottlePeriodLength": 60,
        },
        "CDRSettings": {
            "Enabled": False,
            "LogType": "SingleFileForAllCalls",
            "LogSize": 10,
            "PossibleFields": list(CDR_FIELDS),
            "EnabledFields": [{"Name": name, "Length": 0} for name in CDR_FIELDS[:12]],
        },
        "CallCostSettings": [
            {"Id": n, "Prefix": prefix, "CountryName": country, "Rate": rate, "ReadOnly": False, "Invalid": False}
            for n, (prefix, country, rate) in enumerate(CALL_COSTS, 1)
        ],
        "CallParkingSettings": {
            "AutoPickupEnabled": True,
            "AutoPickupForwardType": "TransferBack",
            "AutoPickupTimeout": 300,
            "MaximumParkedCalls": 10,
        },
        "ChatLogSettings": {"AutoClearMonths": 12, "AutoCloseDays": 30, "RemoteStorageEnabled": False},
        "CodecsSettings": {"LocalCodecList": ["PCMU", "PCMA", "G722"], "ExternalCodecList": ["PCMU", "PCMA"]},
        "ConferenceSettings": {"Id": 1, "Extension": "700", "Zone": "Europe"},
        "ConsoleRestrictions": {"Id": "ConsoleRestrictions", "AccessRestricted": False},
        "Countries": places.countries(),
        "CountryCodes": {"CountryCodes": ["44", "49", "1"]},
        "Defs": {
            "Id": 1,
            "Codecs": [{"Id": n, "Name": name, "RfcName": code} for n, (code, name) in enumerate(CODECS, 1)],
            "TimeZones": places.time_zones(),
            "GatewayParameters": [{"Id": 1, "Name": "$CallerNum", "Description": "The caller's number"}],
            "GatewayParameterValues": [
                {"Id": 1, "Name": "RequestLineURIUser", "Description": "User part of the request"}
            ],
        },
        "DialCodeSettings": {
            "DialCodeVMail": "999",
            "DialCodePickup": "*20*",
            "DialCodePark": "SP",
            "DialCodeIntercom": "*9",
        },
        "E164Settings": {
            "Enabled": True,
            "CountryCode": "44",
            "CountryName": "United Kingdom",
            "InternationalCode": "00",
        },
        "FaxServerSettings": {"Number": "888", "Email": "fax@example.com", "AutoCleanup": False, "MaxAge": 30},
        "Firewall": {"Id": "Firewall", "Running": False, "Stopping": False, "Html": ""},
        "GeneralSettingsForPbx": {"OperatorExtension": "100", "AllowFwdToExternal": True, "PlayBusy": False},
        "LicenseStatus": {
            "LicenseKey": "XXXX-XXXX-XXXX-0000",
            "Activated": True,
            "LicenseActive": True,
            "CompanyName": "Example Ltd",
            "EMail": "admin@example.com",
            "CountryCode": "GB",
            "CountryName": "United Kingdom",
            "ExpirationDate": "2099-06-30T00:00:00Z",
            "MaintenanceExpiresAt": "2099-06-30T00:00:00Z",
            "MaxSimCalls": 16,
            "ProductCode": "3CXPSENTSPLA",
            "Support": True,
        },
        "LoggingSettings": {"KeepLogs": True, "KeepLogsDays": 30, "LoggingLevel": 1},
        "MailSettings": {
            "MailServerType": "Custom",
            "MailServer": "smtp.example.com",
            "MailAddress": "pbx@example.com",
        },
        "MusicOnHoldSettings": {"Id": 1, "MusicOnHold": "onhold.wav"},
        "NetworkInterfaces": [{"Id": "192.0.2.10"}],
        "NetworkSettings": {"Id": "NetworkSettings", "PbxPublicFQDN": FQDN, "SipPort": 5060, "TunnelPort": 5090},
        "NotificationSettings": {"EmailAddresses": "admin@example.com", "NotifyServiceStopped": True},
        "OfficeHours": {"Hours": office_hours(), "SystemLanguage": "EN", "TimeZoneId": "Europe/London"},
        "Parameters": [
            {"Id": n, "Name": name, "Value": value, "Description": text}
            for n, (name, value, text) in enumerate(PARAMETERS, 1)
        ],
        "PhonesSettings": {"AutoCleanupFirmware": True, "AutoUpdatePhonesOnAdd": False, "YealinkUpdateInterval": 60},
        "Services": [
            {
                "Name": name,
                "DisplayName": display,
                "Status": "Running",
                "RestartEnabled": True,
                "StartStopEnabled": name != "Configuration",
                "MemoryUsed": 60_000_000 + 7_000_000 * n,
                "ThreadCount": 20 + n,
                "HandleCount": 200 + 10 * n,
                "SampleTime": "2026-06-15T09:00:00Z",
                "TotalProcessorTime": 1000 * n,
            }
            for n, (name, display) in enumerate(SERVICES, 1)
        ],
        "SystemStatus": {
            "Id": 1,
            "OS": "Linux",
            "Ip": "192.0.2.10",
            "IpV4": "192.0.2.10",
            "TotalDiskSpace": 107_374_182_400,
            "FreeDiskSpace": 84_825_604_096,
            "LocalIpValid": True,
            "CurrentLocalIp": "192.0.2.10",
            "AvailableLocalIps": "192.0.2.10",
            "RecordingQuota": 10_737_418_240,
            "IsAuditLogEnabled": True,
        },
        "VoicemailSettings": {
            "Id": 1,
            "Extension": "999",
            "AutoDeleteEnabled": False,
            "AutoDeleteDays": 30,
            "MinDuration": 3,
            "Quota": 1024,
            "UsedSpace": 0,
            "SendEmailQuotaEnabled": True,
            "SendEmailQuotaPercentage": 90,
            "TranscribeEngine": "None",
        },
    }


def department(number: int, code: str, name: str) -> Row:
    return {
        "Id": number,
        "Number": code,
        "Name": name,
        "IsDefault": code == "GRP0000",
        "HasMembers": False,
        "Language": "EN",
        "TimeZoneId": "Europe/London",
        "PromptSet": "1e6ed594-af95-4bb4-af56-b957ac87d6d7",
        "Hours": office_hours(),
        "Rights": [rights_of(role) for role in ROLES],
    }


def office_hours() -> Row:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    periods = [{"DayOfWeek": day, "Start": "09:00:00", "Stop": "17:30:00"} for day in days]
    return {"Type": "OfficeHours", "IgnoreHolidays": False, "Periods": periods}


# Name, type, language, culture, folder.
_PROMPT_SETS = (
    ("English Prompts Set", "System", "EN", "en", "1e6ed594-af95-4bb4-af56-b957ac87d6d7"),
    ("German Prompts Set", "System", "DE", "de", "de-system"),
    ("House Prompts", "Custom", "EN", "en", "house"),
)
_PROMPTS = (("1", "welcome.wav", "Welcome."), ("2", "hold.wav", "Please hold the line."))


def prompt_sets() -> list[Row]:
    """Return the sets of prompts; the first is the one in use."""
    return [
        {
            "Id": n,
            "PromptSetName": name,
            "PromptSetType": kind,
            "LanguageCode": language,
            "CultureCode": culture,
            "Folder": folder,
            "Version": "1.0",
            "Prompts": [{"Id": id_, "Filename": file, "Transcription": text} for id_, file, text in _PROMPTS],
        }
        for n, (name, kind, language, culture, folder) in enumerate(_PROMPT_SETS, 1)
    ]
