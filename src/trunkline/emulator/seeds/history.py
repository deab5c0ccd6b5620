"""What happened at the demo company: calls, recordings, backups, events and tokens, all in the spring of 2026."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..event_log import activity_line
from ..values import Row
from .company import name_of

CALLS = 240
RECORDINGS = 12
FIRST_CALL = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
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
        "ReportCallLogData": [_leg(number) for number in range(1, CALLS + 1)],
        "Recordings": [_recording(number) for number in range(1, RECORDINGS + 1)],
        "ActiveCalls": [
            {
                "Id": 1,
                "Caller": "10000 London SIP (+442079460123)",
                "Callee": f"101 {name_of(101)}",
                "Status": "Talking",
                "EstablishedAt": "2026-06-15T09:00:00Z",
                "LastChangeStatus": "2026-06-15T09:00:00Z",
                "ServerNow": "2026-06-15T09:02:30Z",
            }
        ],
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
        "CallHistoryView": [_segment(number) for number in range(1, 21)],
        "ChatHistoryView": [_chat(number) for number in range(1, 6)],
        "ChatMessagesHistoryView": [_message(number) for number in range(1, 11)],
        "LastCdrAndChatMessageTimestamp": [
            {"LastCdrStartedAt": "2026-06-15T09:00:00Z", "LastChatMessageTimeSent": "2026-06-15T08:59:00Z"}
        ],
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _leg(number: int) -> Row:
    """A leg of a call; an inbound call comes as two, the queue and the agent (PBX.md, Answers)."""
    call = (number + 1) // 2
    queued = number % 2 == 1
    agent = 101 + call % 30
    caller = f"+12025550{100 + call % 100}"
    answered = call % 6 != 0
    started = FIRST_CALL + timedelta(minutes=37 * call, seconds=0 if queued else 4, microseconds=1234 * number)
    recorded = answered and not queued and call % 10 == 0
    return {
        "CdrId": f"00000000-01db-4000-8000-{number:012x}",
        "CallHistoryId": f"00000000-01db-4000-9000-{call:012x}",
        "MainCallHistoryId": f"00000000-01db-4000-9000-{call:012x}",
        "CallId": call,
        "SegmentId": number,
        "StartTime": _stamp(started),
        "Direction": "Inbound Queue" if queued else "Inbound",
        "CallType": "Queue" if queued else "Extension",
        "Status": "Waiting" if queued else "Answered" if answered else "Unanswered",
        "Answered": answered,
        "SourceDn": "10000",
        "SourceCallerId": caller,
        "SourceDisplayName": "London SIP",
        "SourceType": 1,
        "DestinationDn": "800" if queued else str(agent),
        "DestinationDisplayName": "Sales (800)" if queued else f"{name_of(agent)} ({agent})",
        "DestinationType": 4 if queued else 0,
        "RingingDuration": f"PT{4 + call % 9}.5S",
        "TalkingDuration": f"PT{call % 12}M{call % 60}.577027S" if answered and not queued else "PT0S",
        "RecordingUrl": f"/api/recordings/{call // 10}" if recorded else None,
        "Recordings": [{"Id": call // 10}] if recorded else [],
    }


def _recording(number: int) -> Row:
    call = number * 10
    agent = 101 + call % 30
    started = FIRST_CALL + timedelta(minutes=37 * call)
    return {
        "Id": number,
        "CallType": "InboundExternal",
        "StartTime": _stamp(started),
        "EndTime": _stamp(started + timedelta(minutes=call % 12, seconds=call % 60)),
        "FromDn": "10000",
        "FromDisplayName": f"+12025550{100 + call % 100}",
        "FromCallerNumber": f"+12025550{100 + call % 100}",
        "ToDn": str(agent),
        "ToDisplayName": name_of(agent),
        "ToCallerNumber": str(agent),
        "IsArchived": False,
        "IsTranscribed": False,
        "RecordingUrl": f"/api/recordings/{number}",
    }


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
        "TimeGenerated": _stamp(FIRST_CALL + timedelta(hours=3 * number)),
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


def _segment(number: int) -> Row:
    started = FIRST_CALL + timedelta(minutes=37 * number)
    agent = 101 + number % 30
    return {
        "SegmentId": number,
        "SegmentStartTime": _stamp(started),
        "SegmentEndTime": _stamp(started + timedelta(minutes=2)),
        "CallTime": "PT2M",
        "CallAnswered": True,
        "SrcDn": "10000",
        "SrcExternal": True,
        "SrcCallerNumber": f"+12025550{100 + number}",
        "DstDn": str(agent),
        "DstDisplayName": name_of(agent),
        "DstInternal": True,
        "DstId": number,
        "SrcId": number,
    }


def _chat(number: int) -> Row:
    return {
        "ConversationId": number,
        "ChatName": "Website",
        "FromNo": "Guest",
        "FromName": "Visitor",
        "IsExternal": True,
        "Message": "Is anybody there?",
        "ProviderType": "LiveChat",
        "QueueNumber": "800",
        "TimeSent": f"2026-06-15T08:{number:02}:00Z",
    }


def _message(number: int) -> Row:
    return {
        "MessageId": number,
        "ConversationId": (number + 1) // 2,
        "Message": "Is anybody there?" if number % 2 else "Yes, how can we help?",
        "SenderParticipantNo": "Guest" if number % 2 else "101",
        "SenderParticipantName": "Visitor" if number % 2 else name_of(101),
        "IsExternal": number % 2 == 1,
        "QueueNumber": "800",
        "TimeSent": f"2026-06-15T08:{number:02}:30Z",
    }
