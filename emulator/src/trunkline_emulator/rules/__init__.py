"""What 3CX asks of the rows of a set beyond their types, a module for each part of a PBX."""

from __future__ import annotations

from . import files, principals
from .call_targets import CallFlowApps, Faxes, Parkings, Queues, Receptionists, RingGroups
from .checks import Checked
from .departments import Departments
from .devices import Fxs, Sbcs
from .lines import InboundRules, OutboundRules, Trunks
from .offers import Holidays, Playlists, WebsiteLinks
from .phone_book import BlockedNumbers, Blocklist, Contacts
from .rule import Rule
from .users import Users

_RULES: tuple[Checked, ...] = (
    Users(),
    Departments(),
    Queues(),
    RingGroups(),
    Receptionists(),
    Parkings(),
    Faxes(),
    CallFlowApps(),
    Trunks(),
    InboundRules(),
    OutboundRules(),
    Contacts(),
    BlockedNumbers(),
    Blocklist(),
    WebsiteLinks(),
    Holidays(),
    Playlists(),
    Fxs(),
    Sbcs(),
)
# Rows that come and go with others or by an action of their own; nothing is asked of what a client sends.
_PLAIN = ("DeviceInfos", "SipDevices", "EmergencyGeoLocations")
RULES: dict[str, Rule] = {
    **{rule.name: rule for rule in _RULES},
    **{name: Rule() for name in _PLAIN},
    **files.RULES,
    **principals.RULES,
}

__all__ = ["RULES", "Rule"]
