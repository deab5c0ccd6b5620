"""What leaves the PBX's disk: archives elsewhere, the data connector, faxes cleaned up; and its interfaces."""

from __future__ import annotations

from .. import event_log
from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import bad_field
from ..store import Store
from ..warning_codes import REQUIRED, refuse
from .kept_settings import check_location

_FAX_BYTES = "fax files bytes"
# What the faxes that a seed came with take, in bytes, for each fax extension.
_FAX = 42_000
_CONFIGS = {"MySql": "RemoteMySqlConfig", "Postgre": "RemotePostgreConfig", "SqlServer": "RemoteSqlServerConfig"}


def _archive(part: str) -> Handler:
    """Archive one kind of data now. Raises Refusal (400) as long as no store elsewhere is set."""

    def handler(call: Call) -> Response:
        store = call.store
        settings = store.singletons["RemoteArchivingSettings"]
        if not (settings["Location"] or {}).get("FileSystemType"):
            raise refuse(store, "WARNINGS.BACKUP_LOCATION_CONFIG_ERROR", "Location", fact=ASSUMED)
        check_location(store, settings["Location"])
        if part == "Recordings":
            for row in store.rows("Recordings"):
                store.change("Recordings", row, IsArchived=True)
        event_log.log_event(store, "Info", event_log.DATA_ARCHIVED, f"{part} were archived", params=(part,))
        return Response(204)

    return handler


def _check_connector(store: Store) -> None:
    """Check the data connector. Raises Refusal (400) as long as it has nowhere to send its data."""
    settings = store.singletons["DataConnectorSettings"]
    destination = settings["OffloadDestination"]
    if destination in (None, "None"):
        raise bad_field("OffloadDestination", REQUIRED, fact=ASSUMED)
    field = _CONFIGS.get(destination)
    if field and not settings[field]:
        raise bad_field(field, REQUIRED, fact=ASSUMED)


def _test_connector(call: Call) -> Response:
    _check_connector(call.store)
    return Response(204)


def _synchronize(call: Call) -> Response:
    """Send the data: it goes nowhere, and stays where it is."""
    _check_connector(call.store)
    event_log.log_event(call.store, "Info", event_log.DATA_ARCHIVED, "The data connector sent its data")
    return Response(204)


def _fax_size(call: Call) -> Response:
    """In bytes."""
    known = call.store.kept.get(_FAX_BYTES)
    return call.write_value(_FAX * len(call.store.rows("Fax")) if known is None else known)


def _clean_up_fax(call: Call) -> Response:
    call.store.keep(_FAX_BYTES, 0)
    return Response(204)


def _interfaces(call: Call) -> Response:
    return call.write_list([row["Id"] for row in call.store.rows("NetworkInterfaces")])


HANDLERS = declared(
    ASSUMED,
    {
        "remote_archiving_settings.archive_chats": _archive("Chats"),
        "remote_archiving_settings.archive_faxes": _archive("Faxes"),
        "remote_archiving_settings.archive_recordings": _archive("Recordings"),
        "remote_archiving_settings.archive_voicemail": _archive("Voicemails"),
        "data_connector_settings.test_data_connector": _test_connector,
        "data_connector_settings.synchronize": _synchronize,
        "fax_server_settings.get_fax_files_size": _fax_size,
        "fax_server_settings.clean_up_fax": _clean_up_fax,
        "network_settings.get_ifaces": _interfaces,
    },
)
