"""Which columns an answer has: those that were chosen, and those that say most about each kind of thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from ..catalog import Action, Catalog, load, nearest
from ..catalog.secret import SECRET
from ..errors import UnknownName

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


def column_names(text: str | None) -> tuple[str, ...]:
    """Read ``A,B.C`` as names."""
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))


def check_columns(
    catalog: Catalog, action: Action, columns: Sequence[str], select: str | None = None, expand: str | None = None
) -> None:
    """Refuse a column that the answer can't have, before anything is sent. UnknownName has the nearest.

    A navigation property that ``expand`` doesn't name is only warned of: OData leaves it out, some PBX may not.
    """
    spec = action.answer_type
    if spec is None or spec.name not in catalog.types:
        return
    selected = column_names(select)
    for column in columns:
        head, *inner = column.split(".")
        if head.startswith("@odata"):
            continue
        _check_path(catalog, spec.name, (head, *inner))
        field = catalog.fields(spec.name).get(head)
        expanded = head in re.findall(r"\w+", expand or "")
        if selected and "*" not in selected and head not in selected and not expanded:
            raise UnknownName(f"--columns asks for {head}, which --select leaves out.")
        if field is not None and field.navigation and not expanded:
            click.echo(f"Warning: {head} is empty without --expand {head}.", err=True)


def _check_path(catalog: Catalog, owner: str, steps: Sequence[str]) -> None:
    for step in steps:
        if owner not in catalog.types or catalog.types[owner].open:
            return
        known = catalog.fields(owner)
        if step not in known:
            raise UnknownName(f"{owner} has no field {step!r}.{nearest(step, iter(known))}")
        owner = known[step].name


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


def csv_columns(rows: Iterable[Mapping[str, Any]], action: Action | None, select: str | None) -> list[str]:
    """Return the header of a CSV that is written before its last row is known.

    What the first rows have, then what their type has beside it: a report leaves out what is null (docs/pbx.md,
    Answers), so a later row may have a field that the first ones lack. ``select`` says that no other will come.
    """
    header = dict.fromkeys(name for row in rows for name in row if not name.startswith("@odata."))
    spec = action.answer_type if action else None
    if spec is not None and spec.name in load().types:
        wanted = set(column_names(select))
        declared = load().fields(spec.name)
        header |= dict.fromkeys(
            name for name, field in declared.items() if (name in wanted if wanted else not field.navigation)
        )
    return list(header)


def _plain(value: Any) -> bool:
    return value not in (None, "", [], {}) and not isinstance(value, dict | list)
