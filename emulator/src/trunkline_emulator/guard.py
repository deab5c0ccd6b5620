"""Who may ask at all: addresses blocked after repeated failures, and too many requests in a period.

The numbers are those of AntiHackingSettings in the store. That a client's address can be blocked is known (docs/pbx.md,
Signing in); that it is then answered with 403, and what counts as repeated, is assumed.
"""

from __future__ import annotations

import math
from datetime import timedelta
from ipaddress import ip_address

from .clock import Clock
from .evidence import OWN, refusal, seen
from .odata.literals import read_date_time
from .refusals import Refusal
from .store import Store
from .variants import Variants

BLOCKED = refusal("An address that is blocked after repeated failures gets 403.", seen("signing-in"))


class Guard:
    """Stands before every request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocked: dict[str, int] = {}
        self._failures: dict[str, list[float]] = {}
        self._counted: dict[str, tuple[float, int]] = {}

    def adopt(self, store: Store) -> None:
        """Begin anew, with the addresses that the store's Blocklist says were blocked by themselves."""
        self._failures.clear()
        self._counted.clear()
        self._blocked = {
            row["IPAddrMask"].partition("/")[0]: row["Id"]
            for row in (store.rows("Blocklist") if "Blocklist" in store.tables else ())
            if row.get("AddedBy") == "AutoBlacklist" and row.get("BlockType") == "Block" and row["IPAddrMask"]
        }

    def check(self, peer: str, store: Store, variants: Variants) -> None:
        """Check who asks.

        ``peer`` "" is in process. Raises Refusal: 403 for a blocked address, 429 for one that asks too much.
        """
        if peer in self._blocked and _guarded(peer, variants) and self._is_blocked(peer, store):
            raise Refusal(403, fact=BLOCKED)
        if variants.throttle:
            self._throttle(peer, store)

    def _is_blocked(self, peer: str, store: Store) -> bool:
        """Whether the row is there still, and not over; deleting it lets the address in again."""
        row = store.tables["Blocklist"].rows.get(self._blocked[peer])
        ends = row and row["ExpiresAt"]
        if row is None or (ends and read_date_time(ends) <= self._clock.now()):
            del self._blocked[peer]
            return False
        return True

    def _throttle(self, peer: str, store: Store) -> None:
        settings = store.singletons["AntiHackingSettings"]
        allowed, length = settings["MaxRequestPerPeriod"] or 0, settings["ThrottlePeriodLength"] or 0
        if allowed <= 0 or length <= 0:
            return
        now = self._clock.time()
        began, count = self._counted.get(peer, (now, 0))
        if not 0 <= now - began < length:
            began, count = now, 0
        self._counted[peer] = (began, count + 1)
        if count >= allowed:
            raise Refusal(429, headers={"Retry-After": str(math.ceil(began + length - now))}, fact=OWN)

    def succeeded(self, peer: str) -> None:
        """Forget what failed before, because a sign-in worked."""
        self._failures.pop(peer, None)

    def failed(self, peer: str, store: Store, variants: Variants) -> None:
        """Note a refused sign-in. After HackAuthRequests of them the address is blocked for HackBlacklistDuration.

        No setting says within which time: failures count as long as a block would last.
        """
        settings = store.singletons.get("AntiHackingSettings", {})
        allowed, duration = settings.get("HackAuthRequests") or 0, settings.get("HackBlacklistDuration") or 0
        if not _guarded(peer, variants) or allowed <= 0 or "Blocklist" not in store.tables:
            return
        now = self._clock.time()
        recent = [moment for moment in self._failures.get(peer, []) if now - moment < duration]
        self._failures[peer] = [*recent, now]
        if len(recent) + 1 >= allowed:
            del self._failures[peer]
            self._blocked[peer] = self._block(peer, store, duration)

    def _block(self, peer: str, store: Store, duration: int) -> int:
        ends = (self._clock.now() + timedelta(seconds=duration)).strftime("%Y-%m-%dT%H:%M:%SZ")
        given = {"IPAddrMask": peer, "BlockType": "Block", "Description": "Too many failed authentications"}
        row = store.create("Blocklist", given)
        # A client may say neither by whom nor until when an address is blocked.
        store.change("Blocklist", row, AddedBy="AutoBlacklist", ExpiresAt=ends)
        number: int = row["Id"]
        return number


def _guarded(peer: str, variants: Variants) -> bool:
    if not peer or variants.block_addresses == "off":
        return False
    return variants.block_addresses == "all" or not is_loopback(peer)


def is_loopback(peer: str) -> bool:
    """127.0.0.0/8 or ::1."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
