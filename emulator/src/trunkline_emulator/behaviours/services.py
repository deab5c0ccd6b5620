"""The services that a PBX runs: started, stopped, disabled, and the machine below them.

How a stopped service shows elsewhere is told in status.py.
"""

from __future__ import annotations

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..values import Row

_DISABLED = "disabled services"
_TEXTS = {
    "Running": (event_log.SERVICE_STARTED, "Info", "Service {} was started"),
    "Stopped": (event_log.SERVICE_STOPPED, "Warning", "Service {} was stopped"),
}


def _asked(call: Call) -> list[Row]:
    """Return the services named by a body; a name that is none's is passed over."""
    names = (call.body().get("options") or {}).get("ServiceNames") or []
    return [row for row in call.store.rows("Services") if row["Name"] in names]


def running(store: Store) -> bool:
    """Whether every service runs."""
    return all(row["Status"] == "Running" for row in store.rows("Services"))


def _set_status(store: Store, row: Row, status: str) -> None:
    """Note it in the event log where it is a change; a stopped service takes nothing."""
    changed = row["Status"] != status
    used = _plausible(store, row) if status == "Running" else {"MemoryUsed": 0, "ThreadCount": 0, "HandleCount": 0}
    store.change("Services", row, Status=status, **used)
    if changed:
        code, kind, text = _TEXTS[status]
        name = row["DisplayName"]
        event_log.log_event(store, "Info" if kind == "Info" else "Warning", code, text.format(name), params=(name,))


def _plausible(store: Store, row: Row) -> Row:
    """Return what a service that has just started takes: memory in bytes."""
    place = list(store.tables["Services"].rows).index(row["Name"]) + 1
    return {"MemoryUsed": 55_000_000 + 6_000_000 * place, "ThreadCount": 18 + place, "HandleCount": 180 + 10 * place}


def _start(call: Call) -> Response:
    """Start services; those that are disabled stay as they are."""
    disabled = call.store.kept.get(_DISABLED, [])
    for row in _asked(call):
        if row["Name"] not in disabled:
            _set_status(call.store, row, "Running")
    return Response(204)


def _stop(call: Call) -> Response:
    """Stop services; one that may not be stopped, such as the configuration server, goes on."""
    for row in _asked(call):
        if row["StartStopEnabled"]:
            _set_status(call.store, row, "Stopped")
    return Response(204)


def _restart(call: Call) -> Response:
    disabled = call.store.kept.get(_DISABLED, [])
    for row in _asked(call):
        if row["RestartEnabled"] and row["Name"] not in disabled:
            _cycle(call.store, row)
    return Response(204)


def _cycle(store: Store, row: Row) -> None:
    if row["StartStopEnabled"]:
        _set_status(store, row, "Stopped")
    _set_status(store, row, "Running")


def _restart_all(call: Call) -> Response:
    disabled = call.store.kept.get(_DISABLED, [])
    for row in call.store.rows("Services"):
        if row["Name"] not in disabled:
            _cycle(call.store, row)
    return Response(204)


def _restart_machine(call: Call) -> Response:
    """Every service that isn't disabled runs afterwards."""
    disabled = call.store.kept.get(_DISABLED, [])
    for row in call.store.rows("Services"):
        if row["Name"] not in disabled:
            call.store.change("Services", row, Status="Running", **_plausible(call.store, row))
    event_log.log_event(call.store, "Warning", event_log.OS_RESTARTED, "The operating system was restarted")
    return Response(204)


def _enable(call: Call) -> Response:
    names = {row["Name"] for row in _asked(call)}
    call.store.keep(_DISABLED, [name for name in call.store.kept.get(_DISABLED, []) if name not in names])
    return _start(call)


def _disable(call: Call) -> Response:
    """Stop a service, which starts only when it is enabled again."""
    disabled = call.store.kept.get(_DISABLED, [])
    names = [row["Name"] for row in _asked(call) if row["StartStopEnabled"]]
    call.store.keep(_DISABLED, [*disabled, *(name for name in names if name not in disabled)])
    return _stop(call)


def _collect_garbage(call: Call) -> Response:
    """Give memory back: each running service then takes what it takes when started, or less if it did."""
    call.body()
    for row in call.store.rows("Services"):
        if row["Status"] == "Running":
            used = min(row["MemoryUsed"] or 0, _plausible(call.store, row)["MemoryUsed"])
            call.store.change("Services", row, MemoryUsed=used)
    return Response(204)


def _list(call: Call) -> Response:
    """Return the services with what they take at this moment."""
    now = event_log.stamp(call.store.now())
    return call.write_list([{**row, "SampleTime": now} for row in call.store.rows("Services")])


HANDLERS = declared(
    ASSUMED,
    {
        "services.list": _list,
        "services.start": _start,
        "services.stop": _stop,
        "services.restart": _restart,
        "services.restart_all": _restart_all,
        "services.enable": _enable,
        "services.disable": _disable,
        "services.garbage_collect": _collect_garbage,
        "services.restart_operating_system": _restart_machine,
    },
)
