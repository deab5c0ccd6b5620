"""Reading and changing entities: one handler for each kind of action, the same for every entity set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from . import etags
from .answers import Call
from .evidence import Fact, published, seen
from .messages import Response

Handler = Callable[[Call], Response]


class Behaviour(NamedTuple):
    """A handler, and how it is known that a PBX answers so."""

    handler: Handler
    fact: Fact


def declared(fact: Fact, handlers: Mapping[str, Handler]) -> dict[str, Behaviour]:
    """Return handlers by action id or kind, with the fact that stands behind all of them."""
    return {name: Behaviour(handler, fact) for name, handler in handlers.items()}


def list_rows(call: Call) -> Response:
    """``GET /Users``, or a navigation list such as ``GET /Users(5)/Groups``."""
    if call.route.navigation:
        return call.write_list(call.entity()[call.route.navigation])
    return call.write_list(call.store.rows(call.route.resource))


def get(call: Call) -> Response:
    """``GET /Fax(3)``, ``GET /Users(Number='100')``, or a singleton."""
    return call.write_entity(call.entity())


def create(call: Call) -> Response:
    """``POST /Fax``: 201 with the entity."""
    return call.write_entity(call.store.create(call.route.resource, call.body()), status=201)


def update(call: Call) -> Response:
    """``PATCH /Fax(3)``: 204, or 200 where the client prefers it; what the body leaves out stays as it is."""
    _check_tag(call)
    return call.write_updated(call.store.update(call.route.resource, call.keys, call.body()))


def delete(call: Call) -> Response:
    """``DELETE /Fax(3)``: 204, and 404 once it is gone."""
    _check_tag(call)
    call.store.delete(call.route.resource, call.keys)
    return Response(204)


def _check_tag(call: Call) -> None:
    """Check If-Match, unless the PBX has no ETags and so ignores it (docs/pbx.md, Answers)."""
    entity = call.entity()
    if call.variants.etags != "off":
        etags.check(call.request.headers.get("if-match"), entity, strong=call.variants.etags == "strict")


HANDLERS = declared(
    published("answers"),
    {"list": list_rows, "get": get, "create": create, "update": update, "delete": delete},
)
# Sets that 3CX's own tests create, list and delete on a real PBX; most of them they also read and update.
_TESTED = frozenset(
    {
        "Contacts", "Fax", "Groups", "Parkings", "Queues", "Receptionists", "RingGroups", "ServicePrincipals", "Trunks",
        "Users",
    }
)  # fmt: skip
_NOT_TESTED = {"update": {"Contacts", "Trunks"}, "get": {"Contacts", "Groups", "ServicePrincipals"}}
# Sets and singletons whose answers were captured from live systems.
_CAPTURED = frozenset({"Defs", "InboundRules", "OutboundRules", "SystemStatus"})


def behaviour(resource: str, kind: str) -> Behaviour | None:
    """Return how an action of a kind is answered for an entity set; None for functions and OData actions."""
    found = HANDLERS.get(kind)
    if found and resource in _TESTED - _NOT_TESTED.get(kind, set()):
        return found._replace(fact=seen("creating-and-changing"))
    if found and resource in _CAPTURED and kind in ("list", "get"):
        return found._replace(fact=seen("answers"))
    return found
