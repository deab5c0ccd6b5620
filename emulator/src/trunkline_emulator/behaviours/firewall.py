"""The firewall check: it runs for a few seconds, can be stopped, and leaves a result."""

from __future__ import annotations

from datetime import timedelta
from html import escape

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..odata.literals import read_date_time
from ..store import Store
from ..values import Row

_CHECK = "firewall check"
PASSED = "firewall passed"
LASTS = timedelta(seconds=3)


def _running(store: Store) -> bool:
    ends = store.kept.get(_CHECK)
    return ends is not None and store.now() < read_date_time(ends)


def state(store: Store) -> Row:
    """While it runs, and once it has run its page with the result of each port."""
    row = store.singletons["Firewall"]
    done = store.kept.get(_CHECK) is not None and not _running(store)
    return {**row, "Running": _running(store), "Stopping": False, "Html": _page(store) if done else row["Html"]}


def _page(store: Store) -> str:
    network = store.singletons["NetworkSettings"]
    ports = {"SIP": network["SipPort"], "Tunnel": network["TunnelPort"]}
    rows = "".join(f"<li>{name} {escape(str(port))}: done</li>" for name, port in ports.items())
    return f"<p>Firewall check of {escape(network['PbxPublicFQDN'] or '')}</p><ul>{rows}</ul>"


def _start(call: Call) -> Response:
    """Start a check; while one runs this changes nothing."""
    if not _running(call.store):
        call.store.keep(_CHECK, event_log.stamp(call.store.now() + LASTS))
        call.store.keep(PASSED, True)
    return Response(204)


def _stop(call: Call) -> Response:
    """Stop the check that runs, which leaves no result."""
    if _running(call.store):
        call.store.keep(_CHECK, None)
        call.store.keep(PASSED, None)
    return Response(204)


def passed(store: Store) -> bool:
    """Return the result of the last check that ran to its end; false as long as there is none."""
    return store.kept.get(PASSED) is True and not _running(store)


HANDLERS = declared(
    ASSUMED,
    {
        "firewall.get": lambda call: call.write_entity(state(call.store)),
        "firewall.get_last_result": lambda call: call.write_value(passed(call.store)),
        "firewall.start_check": _start,
        "firewall.stop_check": _stop,
    },
)
