"""The services that a PBX runs: started, stopped, disabled, and the machine below them.

How a stopped service shows elsewhere is told in status.py.
"""

from __future__ import annotations

from typing import Literal

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED, published
from ..messages import Response
from ..store import Store
from ..values import Row

_DISABLED = "disabled services"


def _asked(call: Call) -> list[Row]:
    """Return the services named by a body; a name that is none's is passed over."""
    names = (call.body().get("options") or {}).get("ServiceNames") or []
    return [row for row in call.store.rows("Services") if row["Name"] in names]


def running(store: Store) -> bool:
    """Whether every service runs."""
    return all(row["Status"] == "Running" for row in store.rows("Services"))


def _set_status(store: Store, row: Row, status: Literal["Running", "Stopped"]) -> None:
    """Start or stop a service, and note a change in the event log; a stopped service takes nothing."""
    if row["Status"] == status:
        return
    starts = status == "Running"
    place = list(store.tables["Services"].rows).index(row["Name"]) + 1
    used = {"MemoryUsed": 55_000_000 + 6_000_000 * place, "ThreadCount": 18 + place, "HandleCount": 180 + 10 * place}
    store.change("Services", row, Status=status, **(used if starts else dict.fromkeys(used, 0)))
    code = event_log.SERVICE_STARTED if starts else event_log.SERVICE_STOPPED
    text = f"Service {row['DisplayName']} was {'started' if starts else 'stopped'}"
    event_log.log_event(store, "Info" if starts else "Warning", code, text, params=(row["DisplayName"],))


def _start_all(store: Store, rows: list[Row]) -> Response:
    """Start services; those that are disabled stay as they are."""
    for row in rows:
        if row["Name"] not in store.kept.get(_DISABLED, []):
            _set_status(store, row, "Running")
    return Response(204)


def _stop(call: Call) -> Response:
    """Stop services; one that may not be stopped, such as the configuration server, goes on."""
    for row in _asked(call):
        if row["StartStopEnabled"]:
            _set_status(call.store, row, "Stopped")
    return Response(204)


def _restart(call: Call) -> Response:
    _stop(call)
    return _start_all(call.store, _asked(call))


def _start_every(call: Call) -> Response:
    """Restart all services: each that isn't disabled runs afterwards."""
    return _start_all(call.store, list(call.store.rows("Services")))


def _restart_machine(call: Call) -> Response:
    event_log.log_event(call.store, "Warning", event_log.OS_RESTARTED, "The operating system was restarted")
    return _start_every(call)


def _enable(call: Call) -> Response:
    rows = _asked(call)
    left = [name for name in call.store.kept.get(_DISABLED, []) if name not in {row["Name"] for row in rows}]
    call.store.keep(_DISABLED, left)
    return _start_all(call.store, rows)


def _disable(call: Call) -> Response:
    """Stop a service, which starts only when it is enabled again."""
    names = [row["Name"] for row in _asked(call) if row["StartStopEnabled"]]
    call.store.keep(_DISABLED, list(dict.fromkeys([*call.store.kept.get(_DISABLED, []), *names])))
    return _stop(call)


def _list(call: Call) -> Response:
    """Return the services with what they take at this moment."""
    now = event_log.stamp(call.store.now())
    return call.write_list([{**row, "SampleTime": now} for row in call.store.rows("Services")])


HANDLERS = declared(published("answers"), {"services.list": _list}) | declared(
    ASSUMED,
    {
        "services.start": lambda call: _start_all(call.store, _asked(call)),
        "services.stop": _stop,
        "services.restart": _restart,
        "services.restart_all": _start_every,
        "services.enable": _enable,
        "services.disable": _disable,
        "services.restart_operating_system": _restart_machine,
    },
)
