"""What happened at the demo company apart from its calls: backups, events and tokens, all in the spring of 2026."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..event_log import activity_line
from ..values import Row
from . import calls

FIRST_EVENT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
EVENTS = (
    ("Info", 4096, "Extension 107 registered"),
    ("Warning", 8194, "Trunk 10001 lost its registration"),
    ("Info", 8195, "Trunk 10001 registered again"),
    ("Warning", 12289, "Address 203.0.113.5 was blocked after failed sign-ins"),
    ("Error", 40, "The backup could not be written to the remote store"),
    ("Info", 41, "The backup was written"),
)
_CLIENT = "7b0c3a5e-0000-4000-8000-000000000001"


def seed() -> dict[str, list[Row] | Row]:
    return {
        "Recordings": [*calls.recordings()],
        "ActiveCalls": calls.active_calls(),
        "Backups": [
            {
                "FileName": f"backup-2026-06-{day:02}.zip",
                "CreationTime": f"2026-06-{day:02}T02:00:00Z",
                "DownloadLink": f"/api/download/backup-2026-06-{day:02}.zip",
                "Size": 1_048_576 + day,
            }
            for day in (13, 14, 15)
        ],
        "EventLogs": [_event(number) for number in range(1, 31)],
        "ActivityLog": [
            {
                "Index": n,
                "TimeStamp": f"2026-06-15T08:{n:02}:00Z",
                "Message": activity_line("Call leg ended", extension=str(100 + n), call=str(n)),
            }
            for n in range(1, 11)
        ],
        "ScheduledReports": [
            {
                "Id": 1,
                "Name": "Weekly calls",
                "DN": "100",
                "EmailAddresses": "ext100@example.com",
                "ReportType": "CallLogs",
                "ScheduleType": "Weekly",
                "ReportLink": "",
                "ReportParams": "{}",
                "FilterDescription": "All calls",
            }
        ],
        "OAuthClients": [
            {
                "Id": _CLIENT,
                "ClientId": "https://assistant.example.com/client.json",
                "CreatedAt": "2026-03-02T10:00:00Z",
                "CreatedBy": "100",
                "ProvisioningType": "Manual",
                "Scopes": ["openid", "profile"],
            }
        ],
        "MyTokens": [_token(1, "100")],
        "SecurityTokens": [_token(1, "100"), _token(2, "101")],
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _event(number: int) -> Row:
    kind, code, message = EVENTS[number % len(EVENTS)]
    return {
        "Id": number,
        "EventId": code,
        "Type": kind,
        "Message": message,
        "Source": "3CX PhoneSystem",
        "Group": "GRP0000",
        "GroupName": "DEFAULT",
        "TimeGenerated": _stamp(FIRST_EVENT + timedelta(hours=3 * number)),
    }


def _token(number: int, username: str) -> Row:
    return {
        "Id": number,
        "Username": username,
        "Token": "not-a-real-token",
        "LoginType": "Password",
        "Created": "2026-06-01T08:00:00Z",
        "Expires": "2026-09-01T08:00:00Z",
        "Used": "2026-06-15T08:00:00Z",
        "CreatedByIp": "192.0.2.30",
        "CreatedByUserAgent": "Example Browser",
        "UsedByIp": "192.0.2.30",
        "UsedByUserAgent": "Example Browser",
    }
