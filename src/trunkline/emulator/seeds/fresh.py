"""The seed "empty": what a PBX has on its first day, before anybody was added."""

from __future__ import annotations

from ..rules.roles import ROLES, rights_of
from ..store import Seed
from ..values import Row

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
TIME_ZONES = (
    ("Europe/London", "GMT Standard Time", "(UTC+00:00) London"),
    ("Europe/Berlin", "W. Europe Standard Time", "(UTC+01:00) Berlin"),
    ("America/New_York", "Eastern Standard Time", "(UTC-05:00) New York"),
)
CODECS = (("PCMU", "G.711 U-law"), ("PCMA", "G.711 A-law"), ("G722", "G.722"), ("OPUS", "Opus"))
COUNTRIES = (
    ("United Kingdom", "GB", "44", "Europe"),
    ("Germany", "DE", "49", "Europe"),
    ("United States", "US", "1", "North America"),
)


def seed() -> Seed:
    """The department every PBX is born with, its services and parameters, and the settings."""
    return {
        **settings(extensions=0),
        "Groups": [department(1, "GRP0000", "DEFAULT")],
        "PromptSets": [prompt_set()],
    }


def settings(extensions: int, calls: int = 0) -> dict[str, list[Row] | Row]:
    """Singletons and the sets that don't depend on who works here."""
    return {
        "AntiHackingSettings": {
            "HackAuthRequests": 25,
            "HackBlacklistDuration": 86400,
            "MaxRequestPerPeriod": 2000,
            "SecurityDefenseProgram": True,
            "ThrottlePeriodLength": 60,
        },
        "ConferenceSettings": {"Id": 1, "Extension": "700", "Zone": "Europe"},
        "ConsoleRestrictions": {"Id": "ConsoleRestrictions", "AccessRestricted": False},
        "Countries": [
            {"Name": name, "ErpCode": code, "CountryCode": prefix, "CountryCodes": [prefix], "Continent": continent}
            for name, code, prefix, continent in COUNTRIES
        ],
        "CountryCodes": {"CountryCodes": ["44", "49", "1"]},
        "Defs": {
            "Id": 1,
            "Codecs": [{"Id": n, "Name": name, "RfcName": code} for n, (code, name) in enumerate(CODECS, 1)],
            "TimeZones": [
                {"Id": str(n), "IanaName": iana, "WindowsName": windows, "Name": name}
                for n, (iana, windows, name) in enumerate(TIME_ZONES, 1)
            ],
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
            "ExpirationDate": "2027-06-30T00:00:00Z",
            "MaintenanceExpiresAt": "2027-06-30T00:00:00Z",
            "MaxSimCalls": 16,
            "ProductCode": "3CXPSENTSPLA",
            "Support": True,
        },
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
            "FQDN": FQDN,
            "Version": "20.0.10.0",
            "OS": "Linux",
            "Ip": "192.0.2.10",
            "IpV4": "192.0.2.10",
            "Activated": True,
            "LicenseActive": True,
            "MaxSimCalls": 16,
            "CallsActive": calls,
            "ExtensionsTotal": extensions,
            "ExtensionsRegistered": extensions,
            "UserExtensions": extensions,
            "DiskUsage": 21,
            "TotalDiskSpace": 107_374_182_400,
            "FreeDiskSpace": 84_825_604_096,
            "BackupScheduled": True,
            "LastBackupDateTime": "2026-06-15T02:00:00Z",
            "ExpirationDate": "2027-06-30T00:00:00Z",
        },
        "VoicemailSettings": {"Id": 1, "Extension": "999", "AutoDeleteEnabled": False, "TranscribeEngine": "None"},
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


def prompt_set() -> Row:
    return {
        "Id": 1,
        "PromptSetName": "English Prompts Set",
        "PromptSetType": "System",
        "LanguageCode": "EN",
        "CultureCode": "en",
        "Version": "1.0",
        "Prompts": [
            {"Id": "1", "Filename": "welcome.wav", "Transcription": "Welcome."},
            {"Id": "2", "Filename": "hold.wav", "Transcription": "Please hold the line."},
        ],
    }
