"""Whole tables between a PBX and files: the call log out; contacts, users and blocked addresses in.

Each name comes when it is first used: a help text wants but the names of formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .apply import ImportRun
    from .backups import Backup
    from .export import Export, Exported
    from .importing import Import
    from .missed import Missed
    from .plan import Plan, Wishes
    from .recording_removal import RecordingDeletion
    from .recordings import RecordingsExport
    from .reports import Report
    from .steps import ImportStep
    from .watermark import Watermark

__all__ = [
    "Backup",
    "Export",
    "Exported",
    "Import",
    "ImportRun",
    "ImportStep",
    "Missed",
    "Plan",
    "RecordingDeletion",
    "RecordingsExport",
    "Report",
    "Watermark",
    "Wishes",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Backup": ".backups",
        "Export": ".export",
        "Exported": ".export",
        "Import": ".importing",
        "ImportRun": ".apply",
        "ImportStep": ".steps",
        "Missed": ".missed",
        "Plan": ".plan",
        "RecordingDeletion": ".recording_removal",
        "RecordingsExport": ".recordings",
        "Report": ".reports",
        "Watermark": ".watermark",
        "Wishes": ".plan",
    },
)
