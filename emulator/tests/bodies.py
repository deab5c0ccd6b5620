"""What a body must have beyond its types, so that an action's example is one that a PBX would take.

Written for the demo seed. ``valid`` fills in the rest from the catalog.
"""

from __future__ import annotations

from typing import Any

from trunkline.catalog import Action, Catalog

GROUPS: dict[str, Any] = {"Groups": [{"GroupId": 1, "Rights": {"RoleName": "users"}}]}
PERSON = [{"Number": "101"}]
NOWHERE = {"To": "None"}
ROUTE = {"Route": NOWHERE}
TIMES = {"BreakRoute": ROUTE, "HolidaysRoute": ROUTE, "OutOfOfficeRoute": ROUTE}
NEXT_DN = 152

# Fields of a set's rows that have rules, with values that keep them.
FIELDS: dict[str, dict[str, Any]] = {
    "BlackListNumbers": {"CallerId": "+12025550123"},
    "Blocklist": {"IPAddrMask": "192.0.2.200", "ExpiresAt": "2099-01-01T00:00:00Z"},
    "CallFlowApps": {**GROUPS, "Trunk": None},
    "Contacts": {"Email": "ada@example.com"},
    "Fax": {**GROUPS, "FaxServer": False},
    "Fxs": {"MacAddress": "C074AD000001", "FxsLines": [], "Group": "GRP0000", "Template": None},
    "Groups": {
        **TIMES,
        "OfficeRoute": ROUTE,
        "CustomOperator": NOWHERE,
        "Members": [],
        "Rights": [{"RoleName": "users"}],
    },
    "Holidays": {"Day": 1, "DayEnd": 2, "Month": 5, "MonthEnd": 5, "Year": 2027, "YearEnd": 2027, "Group": "GRP0000"},
    "InboundRules": {"TrunkDN": {"Number": "10000"}},
    "OutboundRules": {
        "Routes": [{"TrunkId": 101}],
        "GroupIds": [1],
        "Prefix": "0",
        "NumberLengthRanges": "7-11",
        "DNRanges": [{"From": "100", "To": "139"}],
    },
    "Parkings": GROUPS,
    "Queues": {**GROUPS, **TIMES, "Agents": PERSON, "Managers": PERSON},
    "Receptionists": {
        **GROUPS,
        **TIMES,
        "Forwards": [{"Input": "1", "ForwardType": "Queue", "ForwardDN": "800"}],
        "InvalidKeyForwardDN": "800",
        "TimeoutForwardType": "EndCall",
    },
    "RingGroups": {**GROUPS, **TIMES, "Members": PERSON},
    "Sbcs": {"Group": "GRP0000", "PhoneUserId": 12},
    "Trunks": {**GROUPS, "Number": "10005", "EmergencyGeoLocations": [], "ReceiveExtensions": PERSON},
    "Users": {
        **GROUPS,
        "Number": "150",
        "EmailAddress": "ada@example.com",
        "ForwardingProfiles": [{"Name": "Away"}],
        "CurrentProfileName": "Away",
        "Phones": [{"MacAddress": "805EC00000AA"}],
        "PrimaryGroupId": 1,
        "VMPIN": "1234",
        "ClickToCallId": "ada",
        "WebMeetingFriendlyName": "ada-meets",
        "EmergencyLocationId": "1",
        "ForwardingExceptions": [],
        "AgentSettings": None,
    },
    "WebsiteLinks": {"Group": "GRP0000", "DN": {"Number": "800"}, "Website": ["https://www.example.com"]},
}
FIELDS["MyUser"] = {**FIELDS["Users"], "Groups": [{"GroupId": 6}], "PrimaryGroupId": 6}
FIELDS["MyGroup"] = FIELDS["Groups"]

# Whole bodies of actions.
ACTIONS: dict[str, dict[str, Any]] = {
    "contacts.create_contact_by_number": {"number": "+12025550123", "contact": {"FirstName": "Ada"}},
    "contacts.delete_contacts_by_type": {"contactSource": "3CX", "number": "100"},
    "groups.delete_company_by_id": {"id": NEXT_DN},
    "groups.delete_company_by_number": {"number": "GRP0006"},
    "users.bulk_update": {"ids": [12], "user": {"Language": "DE"}},
    "users.multi_user_update": {"ids": [12], "user": {"RecordCalls": True}},
}
_PROPERTY = {"dnNumber": "100", "property": {"Name": "note", "Value": "x"}}
# Values of an action's path.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "dn_properties.get_dn_property_by_name": {"dnNumber": "100", "name": "note"},
    "groups.delete": {"Id": NEXT_DN},
    "peers.get_peer_by_number": {"number": "100"},
    "trunks.delete": {"Id": NEXT_DN},
    "trunks.get_trunk_by_number": {"number": "10000"},
    "trunks.init_trunk": {"template": "example.pv.xml"},
    "users.delete": {"Id": 12},
    "users.get_phone_registrar": {"mac": "805EC0000001"},
}
_NEW_GROUP = ("/Groups", {"Name": "Leaving"})
# What must happen first: a path to POST to, and a body.
BEFORE: dict[str, tuple[str, dict[str, Any]]] = {
    "dn_properties.get_dn_property_by_name": ("/DNProperties/Pbx.CreateDNProperty", _PROPERTY),
    "groups.delete": _NEW_GROUP,
    "groups.delete_company_by_id": _NEW_GROUP,
    "groups.delete_company_by_number": _NEW_GROUP,
    "trunks.delete": ("/Trunks", {"Number": "10005"}),
}


def fitting(catalog: Catalog, action: Action, content: dict[str, Any]) -> dict[str, Any]:
    """An action's body with what has rules replaced, as far as the version knows the fields."""
    if action.id in ACTIONS:
        known = catalog.spec_fields(action.body) if action.body is not None else {}
        return {field: value for field, value in ACTIONS[action.id].items() if field in known}
    if action.kind not in ("create", "update") or not isinstance(action.body, str):
        return content
    return with_rules(catalog, action.path[1:].partition("(")[0], content)


def with_rules(catalog: Catalog, set_name: str, content: dict[str, Any]) -> dict[str, Any]:
    """A row for a set that keeps the set's rules; only fields that ``content`` has."""
    return {field: FIELDS.get(set_name, {}).get(field, value) for field, value in content.items()}
