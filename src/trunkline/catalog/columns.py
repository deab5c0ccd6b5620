"""Which columns say most about each kind of thing, and what stands in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import Action, Catalog, load
from .secret import SECRET, is_secret

MOST = 8

BY_TYPE = {
    "Pbx.ActiveCall": "Id Caller Callee Status EstablishedAt LastChangeStatus",
    "Pbx.BlocklistAddr": "Id IPAddrMask BlockType Description AddedBy ExpiresAt",
    "Pbx.CallFlowApp": "Id Number Name RoutingType CompilationSucceeded IsRegistered",
    "Pbx.CallHistoryView": "SegmentId SegmentStartTime SrcDn SrcDisplayName DstDn DstDisplayName CallAnswered CallTime",
    "Pbx.CallLogData": "StartTime Direction CallType SourceDn SourceCallerId DestinationDn Status TalkingDuration",
    "Pbx.ChatHistoryView": "TimeSent FromNo FromName ChatName ProviderType Message",
    "Pbx.ChatMessagesHistoryView": "TimeSent SenderParticipantNo SenderParticipantName Message",
    "Pbx.Contact": "Id FirstName LastName CompanyName PhoneNumber Business Email ContactType",
    "Pbx.DeviceInfo": "Id MAC Vendor Model FirmwareVersion NetworkAddress Assigned AssignedUser",
    "Pbx.EmailTemplate": "TemplatePath Name Lang Subject IsDefault",
    "Pbx.EventLog": "Id TimeGenerated Type Source EventId Message",
    "Pbx.Fxs": "MacAddress Name Brand ModelName FxsLineCount",
    "Pbx.FxsTemplate": "Id Brand DeviceType NumberOfExtensions IsCustom",
    "Pbx.Group": "Id Number Name Language TimeZoneId IsDefault HasMembers",
    "Pbx.Holiday": "Id Name Year Month Day YearEnd MonthEnd DayEnd",
    "Pbx.InboundRule": "Id RuleName CallType Condition Data",
    "Pbx.OAuthClient": "Id ClientId CreatedBy CreatedAt UsedAt",
    "Pbx.PhoneTemplate": "Id TemplateType IsCustom RpsEnabled URL",
    "Pbx.PromptSet": "Id PromptSetName LanguageCode PromptSetType Version",
    "Pbx.Queue": "Id Number Name PollingStrategy RingTimeout IsRegistered",
    "Pbx.Receptionist": "Id Number Name IVRType Timeout PromptFilename IsRegistered",
    "Pbx.Recording": "Id StartTime FromDn FromDisplayName ToDn ToDisplayName CallType EndTime",
    "Pbx.RefreshToken": "Id DisplayName Username LoginType Created Expires Used UsedByIp",
    "Pbx.RingGroup": "Id Number Name RingStrategy RingTime IsRegistered",
    "Pbx.Sbc": "Name DisplayName Version HasConnection LocalIPv4 PublicIP",
    "Pbx.ScheduledReport": "Id Name ReportType ScheduleType EmailAddresses",
    "Pbx.ServiceInfo": "Name DisplayName Status MemoryUsed ThreadCount TotalProcessorTime",
    "Pbx.ServicePrincipal": "Id Number XAPIEnabled CallControlEnabled LastUsed",
    "Pbx.SipDevice": "Id Registrar.MAC Registrar.Vendor Registrar.Model Registrar.FirmwareVersion Registrar.IpAddress",
    "Pbx.Trunk": "Id Number Gateway.Name ExternalNumber Direction IsOnline SimultaneousCalls ConfigurationIssue",
    "Pbx.TrunkTemplate": "Id Name TemplateType Description IsCustom",
    "Pbx.User": "Id Number FirstName LastName EmailAddress Mobile IsRegistered Enabled",
    "Pbx.Weblink": "Id Link Name Group CallsEnabled ChatEnabled MeetingEnabled",
}
"""The columns of a table for types with more fields than fit; any other type shows what is filled."""

NAMES = ("Number", "Name", "DisplayName", "FirstName", "LastName", "CompanyName", "Model", "Vendor", "MAC", "IPAddr")


def default_columns(catalog: Catalog, type_name: str) -> tuple[str, ...]:
    """Return the columns of a table that is laid out before any row is known, at most `MOST`.

    Those of the type that this version has, else its key, what names a thing, then its first plain fields. A dotted
    path such as ``Gateway.Name`` leads into an object. A secret is never among them.
    """
    fields = catalog.fields(type_name)
    chosen = [path for path in BY_TYPE.get(type_name, "").split() if path.partition(".")[0] in fields]
    if len(chosen) > 1:
        return tuple(chosen)
    plain = [
        name
        for name, spec in fields.items()
        if not (spec.collection or spec.navigation or spec.name in catalog.types or is_secret(name))
    ]
    ranked = [*catalog.key(type_name), *(name for name in NAMES if name in plain), *plain]
    return tuple(dict.fromkeys(ranked))[:MOST]


def picked(value: Any, columns: Sequence[str]) -> Any:
    """Return a row with these columns and no others, in their order; what is not an object stays as it is."""
    if not columns or not isinstance(value, Mapping):
        return value
    return {column: at(value, column) for column in columns}


def at(value: Any, path: str) -> Any:
    """Return what stands at a dotted path: ``Hours.Type``; of a list, one value for each of its objects."""
    if isinstance(value, list):
        return [at(one, path) for one in value]
    if not isinstance(value, Mapping):
        return None
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    return at(value.get(head), rest) if dot else None


def table_columns(rows: Sequence[Mapping[str, Any]], action: Action | None) -> list[str]:
    """At most eight columns for a table: those of the type, else the key, what names a thing, then what is filled."""
    filled = {
        name: any(_plain(row.get(name)) for row in rows)
        for name in dict.fromkeys(name for row in rows[:100] for name in row)
        if not name.startswith("@odata.") and not SECRET.search(name)
    }
    spec = action.answer_type if action else None
    chosen = [name for name in BY_TYPE.get(spec.name if spec else "", "").split() if name.partition(".")[0] in filled]
    if len(chosen) > 1:
        return chosen
    key = load().key(spec.name) if spec and spec.name in load().types else ()
    ranked = [
        *(name for name in key if name in filled),
        *(name for name in NAMES if filled.get(name)),
        *(name for name in filled if filled[name]),
    ]
    return list(dict.fromkeys(ranked))[:MOST] or list(filled)[:MOST]


def _plain(value: Any) -> bool:
    return value not in (None, "", [], {}) and not isinstance(value, dict | list)
