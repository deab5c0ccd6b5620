"""What one call costs in processor time over the bare HTTP library, and where it goes.

The bare library sends the same request with the same headers and decodes the same JSON; nothing is checked, signed
in, retried or explained. The layers between the two are measured as well, each with what lies below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import msgspec
from pyreqwest.client import SyncClient, SyncClientBuilder

from trunkline import Pbx
from trunkline.catalog import load
from trunkline.request import HttpRequest, bind, build
from trunkline.transport.options import ConnectOptions, connect

from .figures import Figure, Options, Subject, by_turns
from .prepared import TOKEN
from .server import API_KEY, CLIENT_ID, FIRST_USER, Server, started
from .stopwatch import Spent, Stopwatch

USERS = 1000
ROUNDS = 3  # a pass is short, so there are that many times as many of them
HEADERS = [("Accept", "application/json"), ("Authorization", f"Bearer {TOKEN}")]


class Kind(NamedTuple):
    """A kind of call: ``action`` on ``path``, answered with ``status``; ``aim`` is times the bare library."""

    name: str
    action: str
    method: str
    path: str
    status: int
    aim: float


READ = Kind("pbx.users.get(n)", "users.get", "GET", "/xapi/v1/Users({})", 200, 1.6)
DELETE = Kind("pbx.contacts.delete(n)", "contacts.delete", "DELETE", "/xapi/v1/Contacts({})", 204, 2.0)

Pass = Callable[[int], Spent]


def measure(options: Options) -> list[Subject]:
    with started("benchmarks.prepared", str(USERS)) as server:
        return [_measured(server, kind, options) for kind in (READ, DELETE)]


def _measured(server: Server, kind: Kind, options: Options) -> Subject:
    with _contestants(server.url, kind) as contestants:
        turns = {name: partial(_pass, call, options.calls) for name, call in contestants.items()}
        by_turns(turns, 1)
        found = by_turns(turns, options.rounds * ROUNDS)
    figures = [
        Figure(
            name,
            [spent.user / options.calls * 1e6 for spent in passes],
            ratio_at_most=kind.aim if name == kind.name else None,
        )
        for name, passes in found.items()
    ]
    note = (
        f"processor time of the client's process outside the kernel, per call of {options.calls:,} in each of "
        f"{options.rounds * ROUNDS} passes, one after another on one connection, to a server of prepared answers."
    )
    return Subject(f"{kind.name}, processor", "µs", figures, [note] if kind is READ else [])


def _pass(call: Callable[[int], object], count: int) -> Spent:
    ids = [FIRST_USER + place % USERS for place in range(count)]
    watch = Stopwatch()
    for number in ids:
        call(number)
    return watch.read()


@contextmanager
def _contestants(url: str, kind: Kind) -> Iterator[dict[str, Callable[[int], object]]]:
    """From the bare library up: with the adapter around it, and with all of Trunkline."""
    with (
        Pbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx,
        SyncClientBuilder().user_agent("trunkline").build() as client,
    ):
        adapter = connect(ConnectOptions())
        action = load("20.0.10").action(kind.action)
        request = HttpRequest(kind.method, "", tuple(HEADERS))
        call: Callable[[int], Any] = pbx.users.get if kind is READ else pbx.contacts.delete
        try:
            yield {
                "pyreqwest alone": partial(_bare, client, url, kind),
                "… in Trunkline's adapter": lambda n: adapter.send(
                    request._replace(target=f"{url}{kind.path.format(n)}")
                ),
                "… checks and request, nothing sent": lambda n: build(bind(load("20.0.10"), action, (n,), {})),
                kind.name: call,
            }
        finally:
            adapter.close()


def _bare(client: SyncClient, url: str, kind: Kind, number: int) -> Any:
    response = client.request(kind.method, f"{url}{kind.path.format(number)}").headers(HEADERS).build().send()
    body = response.bytes()
    if response.status != kind.status:
        raise RuntimeError(f"the server answered {response.status}")
    return msgspec.json.decode(body) if body else None
