"""What the pages of a PBX ask for first."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.files import ACTIVE_PROMPT_SET
from ..rules.numbering import extension_length
from ..signin import OWNER
from ..store import Store
from .licence import parameters as licence
from .settings import is_on
from .status import CHAT_LOG, MULTI_COMPANY, stores_elsewhere
from .version import version_of


def _system_parameters(call: Call) -> Response:
    """Return what this PBX is called, listens to and has switched on."""
    store = call.store
    network, system = store.singletons["NetworkSettings"], store.singletons["SystemStatus"]
    parameters = {
        "Version": version_of(store),
        "FQDN": network["PbxPublicFQDN"],
        "PbxExternalHost": network["PbxPublicFQDN"],
        "SipPort": network["SipPort"],
        "SipsPort": 5061,
        "TunnnelPort": network["TunnelPort"],
        "HttpPort": 5000,
        "HttpsPort": 5001,
        "StaticIp": network["PublicStaticIP"] or system["IpV4"],
        "IsStaticIp": True,
        "ENL": extension_length(store),
        "ENLRange": {"From": 2, "To": 5},
        "GlobalLanguage": store.singletons["OfficeHours"]["SystemLanguage"],
        "GlobalACPRMSET": _active_folder(store),
        "EmRuleCreationAllowed": bool(store.rows("Trunks")),
        "IsChatLogEnabled": is_on(store, CHAT_LOG, at_first=True),
        "IsMulticompanyMode": is_on(store, MULTI_COMPANY, at_first=False),
        "IsRemoteBackup": stores_elsewhere(store),
        "License": licence(store),
        "RpsEnabled": True,
    }
    return call.write_entity(store.values.complete("Pbx.SystemParameters", parameters))


def _active_folder(store: Store) -> str | None:
    row = store.tables["PromptSets"].rows.get(store.kept.get(ACTIVE_PROMPT_SET, 1))
    return row["Folder"] if row else None


def _has_owner(call: Call) -> Response:
    roles = {
        (group.get("Rights") or {}).get("RoleName")
        for user in call.store.rows("Users")
        for group in user["Groups"] or []
    }
    return call.write_value(OWNER in roles)


HANDLERS = declared(ASSUMED, {"defs.get_system_parameters": _system_parameters, "defs.has_system_owner": _has_owner})
