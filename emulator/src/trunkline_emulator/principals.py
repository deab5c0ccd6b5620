"""Service principals: the clients of the API that a PBX keeps in its own directory (docs/pbx.md, Signing in).

The Number of a principal is its client id. ``generate_app_token`` gives its key, once; the store keeps it, so that
``client_of`` can tell the sign-in what the client must show and what it may do then.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .signin import ADMIN, OWNER
from .values import Row

if TYPE_CHECKING:
    from .store import Store

SECRETS = "client secrets"


def client_of(store: Store, client_id: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the key and the roles of a client; None if nobody is called so, it has no key, or it may not use the API.

    The roles are those of its departments; system owners and admins are told as 3CX's tokens tell them. A principal
    with neither counts as a user, who gets 403 everywhere (docs/pbx.md, Rights).
    """
    row = principal(store, client_id)
    key = store.kept.get(SECRETS, {}).get(client_id)
    if row is None or key is None or not row["XAPIEnabled"]:
        return None
    named = {(group.get("Rights") or {}).get("RoleName") for group in row["Groups"] or []}
    strongest = next((role for role in (OWNER, ADMIN) if role in named), None)
    return key, (strongest, "App", "Reports") if strongest == OWNER else (strongest, "App") if strongest else ()


def principal(store: Store, client_id: str) -> Row | None:
    return next((row for row in store.rows("ServicePrincipals") if row["Number"] == client_id), None)


def new_key(store: Store, row: Row) -> str:
    """Give a principal another key; the one before is worth nothing from then on."""
    key = secrets.token_urlsafe(32)
    store.keep(SECRETS, {**store.kept.get(SECRETS, {}), row["Number"]: key})
    return key


def forget_key(store: Store, client_id: str) -> None:
    known = dict(store.kept.get(SECRETS, {}))
    if known.pop(client_id, None) is not None:
        store.keep(SECRETS, known)
