"""Trunkline: every action of a 3CX phone system, from Python, a shell pipe, a workflow or a nightly job.

    from trunkline import Pbx

    with Pbx("https://pbx.example.com", "client-id", "api-key") as pbx:
        pbx.fax.delete(42)

Importing this package loads nothing else; each name below comes when it is first used.
"""

from __future__ import annotations

from ._version import __version__ as __version__

# Type checkers know this name; importing it from typing would take longer than all the rest of this module.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from .client import AsyncPbx, Pbx
    from .client.rows import AsyncRows, Rows
    from .config.applying.secrets import SecretSource
    from .config.cloning.clone import Clone
    from .config.cloning.mapping import RenameMap
    from .config.facade import Config
    from .connections.targets import Target
    from .errors import (
        BadRequest,
        BrokenAnswer,
        ConfigurationError,
        Conflict,
        ConnectionLost,
        Forbidden,
        Hint,
        InvalidArgument,
        ItemsFailed,
        NotFound,
        PbxError,
        PreconditionFailed,
        ServerError,
        SignInError,
        TemplateError,
        TimedOut,
        TooManyRequests,
        TransportError,
        TrunklineError,
        Unexpected,
        UnknownName,
        Unreachable,
        UsageError,
        VersionMismatch,
        VersionWarning,
    )
    from .flows import Flow, FlowStopped
    from .jobs import Job, JobFolder
    from .monitor.audit import Audit
    from .monitor.call_watch import Outage, Snapshot, watch_calls
    from .monitor.calls import CallEvent, CallFilter
    from .monitor.status import Status
    from .node import Node, NodeResult
    from .odata import Expand, F
    from .references import Offboarding, WhereUsed
    from .result import File, Saved
    from .settings import Forwarding, Holidays, Hours
    from .shards.job import SharedJob
    from .shards.ledger import PostgresLedger
    from .shards.run import ShardResult, arun_shard, run_shard
    from .transfer import Export, Import, RecordingDeletion, RecordingsExport, Report, Watermark, Wishes
    from .transport.browser import BrowserSignIn
    from .transport.retries import Retries
    from .work.fleet import Fleet
    from .work.guards import NotConfirmed
    from .work.outcome import Outcome
    from .work.state import State

_HOMES = {
    "AsyncPbx": "client",
    "AsyncRows": "client.rows",
    "Audit": "monitor.audit",
    "BrowserSignIn": "transport.browser",
    "CallEvent": "monitor.calls",
    "CallFilter": "monitor.calls",
    "Clone": "config.cloning.clone",
    "Config": "config.facade",
    "Expand": "odata",
    "Export": "transfer.export",
    "F": "odata",
    "File": "result",
    "Fleet": "work.fleet",
    "Flow": "flows.flow",
    "FlowStopped": "flows.play",
    "Forwarding": "settings.forwarding",
    "Holidays": "settings.holidays",
    "Hours": "settings.hours",
    "Import": "transfer.importing",
    "Job": "jobs.job",
    "JobFolder": "jobs.folder",
    "Node": "node",
    "NodeResult": "node",
    "NotConfirmed": "work.guards",
    "Offboarding": "references.offboarding",
    "Outage": "monitor.call_watch",
    "Outcome": "work.outcome",
    "Pbx": "client",
    "PostgresLedger": "shards.ledger",
    "RecordingDeletion": "transfer.recording_removal",
    "RecordingsExport": "transfer.recordings",
    "RenameMap": "config.cloning.mapping",
    "Report": "transfer.reports",
    "Retries": "transport.retries",
    "Rows": "client.rows",
    "Saved": "result",
    "SecretSource": "config.applying.secrets",
    "ShardResult": "shards.run",
    "SharedJob": "shards.job",
    "Snapshot": "monitor.call_watch",
    "State": "work.state",
    "Status": "monitor.status",
    "Target": "connections.targets",
    "Watermark": "transfer.watermark",
    "WhereUsed": "references.where_used",
    "Wishes": "transfer.plan",
    "arun_shard": "shards.run",
    "run_shard": "shards.run",
    "watch_calls": "monitor.call_watch",
}
__all__ = [
    "AsyncPbx",
    "AsyncRows",
    "Audit",
    "BadRequest",
    "BrokenAnswer",
    "BrowserSignIn",
    "CallEvent",
    "CallFilter",
    "Clone",
    "Config",
    "ConfigurationError",
    "Conflict",
    "ConnectionLost",
    "Expand",
    "Export",
    "F",
    "File",
    "Fleet",
    "Flow",
    "FlowStopped",
    "Forbidden",
    "Forwarding",
    "Hint",
    "Holidays",
    "Hours",
    "Import",
    "InvalidArgument",
    "ItemsFailed",
    "Job",
    "JobFolder",
    "Node",
    "NodeResult",
    "NotConfirmed",
    "NotFound",
    "Offboarding",
    "Outage",
    "Outcome",
    "Pbx",
    "PbxError",
    "PostgresLedger",
    "PreconditionFailed",
    "RecordingDeletion",
    "RecordingsExport",
    "RenameMap",
    "Report",
    "Retries",
    "Rows",
    "Saved",
    "SecretSource",
    "ServerError",
    "ShardResult",
    "SharedJob",
    "SignInError",
    "Snapshot",
    "State",
    "Status",
    "Target",
    "TemplateError",
    "TimedOut",
    "TooManyRequests",
    "TransportError",
    "TrunklineError",
    "Unexpected",
    "UnknownName",
    "Unreachable",
    "UsageError",
    "VersionMismatch",
    "VersionWarning",
    "Watermark",
    "WhereUsed",
    "Wishes",
    "arun_shard",
    "run_shard",
    "watch_calls",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'trunkline' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f".{_HOMES.get(name, 'errors')}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
