"""What the pages of a PBX ask for first, and what they report."""

from __future__ import annotations

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import bad_field
from ..rules.addresses import is_mail_address
from ..rules.files import ACTIVE_PROMPT_SET
from ..rules.numbering import extension_length
from ..signin import OWNER
from ..store import Store
from ..values import Row
from ..warning_codes import INVALID, NOT_FOUND, REQUIRED, refuse
from .kept_settings import setting
from .licence import parameters as licence
from .status import MULTI_COMPANY, chat_log_on, remote_storage
from .version import version_of


def _system_parameters(call: Call) -> Response:
    """Return what this PBX is called, listens to and has switched on."""
    store = call.store
    network, system = store.singletons["NetworkSettings"], store.singletons["SystemStatus"]
    location = setting(store, "BackupRepositorySettings")["Location"] or {}
    apps = store.singletons["GeneralSettingsForApps"]
    found = {
        "Version": version_of(store),
        "FQDN": network["PbxPublicFQDN"],
        "PbxExternalHost": network["PbxPublicFQDN"],
        "SipPort": network["SipPort"],
        "SipsPort": 5061,
        "TunnnelPort": network["TunnelPort"],
        "HttpPort": 5000,
        "HttpsPort": 5001,
        "FirstExternalPort": 9000,
        "WebrtcLastPort": 10999,
        "StaticIp": network["PublicStaticIP"] or system["IpV4"],
        "IsStaticIp": True,
        "StunIp": network["StunPrimaryHost"],
        "IpV6": system["IpV6"],
        "ENL": extension_length(store),
        "ENLRange": {"From": 2, "To": 5},
        "GlobalLanguage": store.singletons["OfficeHours"]["SystemLanguage"],
        "GlobalACPRMSET": _active_folder(store),
        "Custom1Name": apps["NameOfCustomAvailableStatus"],
        "Custom2Name": apps["NameOfCustomOutOfOfficeStatus"],
        "EmRuleCreationAllowed": bool(store.rows("Trunks")),
        "IsChatLogEnabled": chat_log_on(store),
        "IsMulticompanyMode": bool(store.kept.get(MULTI_COMPANY, False)),
        "IsRemoteBackup": location.get("FileSystemType") not in (None, "Local"),
        "IsTranscriptionEnabled": store.singletons["VoicemailSettings"]["TranscribeEngine"] not in (None, "None"),
        "RemoteStorageStatus": remote_storage(store),
        "License": licence(store),
        "MaxDIDPerTrunk": 500,
        "ProcessorCount": 4,
        "RpsEnabled": True,
    }
    return call.write_entity(store.values.complete("Pbx.SystemParameters", found))


def _active_folder(store: Store) -> str | None:
    chosen = store.kept.get(ACTIVE_PROMPT_SET, 1)
    return next((row["Folder"] for row in store.rows("PromptSets") if row["Id"] == chosen), None)


def has_role(row: Row, role: str) -> bool:
    """Whether a DN has a role in any of its departments (docs/pbx.md, Requests)."""
    return any(((group.get("Rights") or {}).get("RoleName")) == role for group in row.get("Groups") or [])


def _has_owner(call: Call) -> Response:
    return call.write_value(any(has_role(user, OWNER) for user in call.store.rows("Users")))


def _routes(call: Call) -> Response:
    """Return the numbers dialled in that lead to each DN: the inbound rules by number whose destination it is."""
    store = call.store
    numbers = {row["Id"]: row["Number"] for t in store.tables.values() if t.is_dn for row in t.rows.values()}
    trunks = {row["Number"]: row for row in store.rows("Trunks")}
    answer = []
    for wanted in dict.fromkeys(call.body()["ids"]):
        routes = [_route(rule, trunks) for rule in store.rows("InboundRules") if _leads_to(rule, numbers.get(wanted))]
        answer.append(store.values.complete("Pbx.SetRouteRequest", {"Id": wanted, "Routes": routes}))
    return call.write_list(answer)


def _leads_to(rule: Row, number: str | None) -> bool:
    destination = rule.get("OfficeHoursDestination") or {}
    return number is not None and rule["Condition"] == "BasedOnDID" and destination.get("Number") == number


def _route(rule: Row, trunks: dict[str, Row]) -> Row:
    trunk = trunks.get((rule.get("TrunkDN") or {}).get("Number") or "")
    return {"DID": rule["Data"], "DisplayName": rule["RuleName"], "TrunkId": trunk["Id"] if trunk else 0}


def _report_event(call: Call) -> Response:
    """Put an entry into the event log; its message is its parameters."""
    asked = call.body()["request"]
    if not asked.get("Source"):
        raise bad_field("Source", REQUIRED, fact=ASSUMED)
    params = tuple(asked.get("Params") or ())
    kind = asked.get("Type", "Info")
    event_log.log_event(
        call.store, kind, asked.get("EventId", 0), ", ".join(params), params=params, source=asked["Source"]
    )
    return Response(204)


def _send_email(call: Call) -> Response:
    """Send a mail from a template: it goes nowhere, but address and template are looked at. Raises Refusal (400)."""
    asked = call.body()["sendEmail"]
    if not is_mail_address(asked.get("Destination") or ""):
        raise refuse(call.store, INVALID, "Destination", fact=ASSUMED)
    if not asked.get("Template"):
        raise bad_field("Template", REQUIRED, fact=ASSUMED)
    known = {row[name] for row in call.store.rows("EmailTemplate") for name in ("TemplatePath", "Name")}
    if known and asked["Template"] not in known:
        raise refuse(call.store, NOT_FOUND, "Template", fact=ASSUMED)
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "defs.get_system_parameters": _system_parameters,
        "defs.has_system_owner": _has_owner,
        "defs.get_routes": _routes,
        "defs.report_log_event": _report_event,
        "defs.send_email": _send_email,
    },
)
