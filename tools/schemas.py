"""Write docs/reference/schemas: a JSON Schema of each command's output, made from the types that the commands write.

python tools/schemas.py [FOLDER]      with no folder, writes into docs/reference/schemas
python tools/schemas.py --check       writes nothing; ends with 1 and names the files that are not up to date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from trunkline.cli.actions import ActionRecord
from trunkline.cli.changes import ActionChange
from trunkline.cli.config_drift import DriftRecord
from trunkline.cli.config_export import FileRecord
from trunkline.cli.config_plan_shown import StepRecord
from trunkline.cli.config_validate import FaultRecord
from trunkline.cli.doctor import DoctorReport
from trunkline.cli.fleet import ServiceRecord
from trunkline.cli.import_shown import ImportRecord
from trunkline.cli.job_shown import JobSummaryRecord, ShardRecord
from trunkline.cli.offboard import OffboardRecord
from trunkline.cli.profiles import ProfileRecord
from trunkline.config.shown import DifferenceRecord
from trunkline.jobs.summary import JobRecord
from trunkline.monitor.audit import Weakness
from trunkline.monitor.calls import CallEvent
from trunkline.monitor.finding import Finding
from trunkline.monitor.status import Status
from trunkline.node import Item
from trunkline.references import WhereUsed
from trunkline.transfer.backups import BackupRecord
from trunkline.transfer.export import ExportSummary
from trunkline.transfer.missed import MissedRecord
from trunkline.transfer.recording_removal import RemovalSummary
from trunkline.transfer.recordings import RecordingsSummary
from trunkline.transfer.reports import ReportRecord
from trunkline.work.outcome import OutcomeRecord

FOLDER = Path(__file__).parents[1] / "docs" / "reference" / "schemas"
TYPES: Mapping[str, Any] = {
    "action": ActionRecord,
    "action-change": ActionChange,
    "audit": Weakness,
    "backup": BackupRecord,
    "call-event": CallEvent,
    "config-difference": DifferenceRecord,
    "config-drift": DriftRecord,
    "config-fault": FaultRecord,
    "config-file": FileRecord,
    "config-step": StepRecord,
    "doctor": DoctorReport,
    "export": ExportSummary,
    "finding": Finding,
    "fleet-service": ServiceRecord,
    "import": ImportRecord,
    "item": Item,
    "job": JobSummaryRecord,
    "job-item": JobRecord,
    "job-shard": ShardRecord,
    "missed": MissedRecord,
    "offboard": OffboardRecord,
    "outcome": OutcomeRecord,
    "profile": ProfileRecord,
    "recordings": RecordingsSummary,
    "recordings-removal": RemovalSummary,
    "report": ReportRecord,
    "status": Status,
    "where-used": WhereUsed,
}


def schemas() -> Iterator[tuple[str, str]]:
    """Yield each schema as text, by the name of its file."""
    structs = {struct.__name__: struct for struct in _structs(msgspec.Struct)}
    for name, type_ in TYPES.items():
        schema = msgspec.json.schema(type_)
        for title, record in schema["$defs"].items():
            _be_strict(record, structs.get(title))
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        yield f"{name}.json", msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def _structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for struct in base.__subclasses__():
        yield struct
        yield from _structs(struct)


def _be_strict(record: dict[str, Any], struct: type[msgspec.Struct] | None) -> None:
    """Allow no other fields. A struct writes its defaults too, so its fields are always there."""
    record["additionalProperties"] = False
    if "description" in record:
        record["description"] = " ".join(record["description"].split())
    if struct is not None and not struct.__struct_config__.omit_defaults:
        fields = msgspec.structs.fields(struct)
        record["required"] = [field.encode_name for field in fields if field.default is not msgspec.UNSET]
    for field in record["properties"].values():
        field.pop("default", None)


def main() -> int:
    check = "--check" in sys.argv[1:]
    folder = next((Path(argument) for argument in sys.argv[1:] if argument != "--check"), FOLDER)
    made = dict(schemas())
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    stale = sorted(name for name in {*made, *there} if made.get(name) != there.get(name))
    for name in stale:
        if check:
            print(f"{folder / name} is not up to date: python tools/schemas.py", file=sys.stderr)
        elif name in made:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(made[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
