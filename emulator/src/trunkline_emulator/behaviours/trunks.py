"""Trunks: starting one from a template, its registration, and what the PBX can say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import not_found
from ..rules import RULES
from ..rules.checks import refuse_wrong
from ..rules.lines import fits
from ..rules.numbering import free_number
from ..store import Store
from ..values import Row
from ..warning_codes import INVALID, NOT_FOUND

Report = Row


def _start(call: Call, gateway: Row, **fields: Any) -> Response:
    """Return a trunk to start from: the next free number, nothing stored yet."""
    trunk = {"Number": free_number(call.store, "trunk"), "Direction": "Both", "SimultaneousCalls": 10, **fields}
    return call.write_entity(call.store.values.complete("Pbx.Trunk", {**trunk, "Gateway": gateway}))


def _init(call: Call) -> Response:
    """Begin a trunk from a template. Raises Refusal (404) for a template that isn't there."""
    template = call.store.tables["TrunkTemplates"].rows.get(str(call.arguments["template"]))
    if template is None:
        raise not_found()
    port = template.get("DefaultRegistrarPort") or 5060
    gateway = {"Name": template["Name"], "TemplateFilename": template["Id"], "Type": "Provider", "Port": port}
    return _start(call, gateway, EnableInboundCalls=True, EnableOutboundCalls=True)


def _init_bridge(kind: str) -> Handler:
    def handler(call: Call) -> Response:
        return _start(call, {"Name": "Bridge", "Type": kind, "Port": 5060})

    return handler


def _export(call: Call) -> Response:
    """Return the trunk as XML, without its password."""
    trunk = call.entity()
    document = ElementTree.Element("doc")
    ElementTree.SubElement(document, "header", type="provider")
    provider = ElementTree.SubElement(document, "provider")
    shown = {"Number": trunk["Number"], "AuthID": trunk["AuthID"], **(trunk["Gateway"] or {})}
    for field, value in shown.items():
        if value is not None and not isinstance(value, list | dict):
            ElementTree.SubElement(provider, field).text = str(value)
    for number in trunk["DidNumbers"]:
        ElementTree.SubElement(provider, "DID").text = number
    content = ElementTree.tostring(document, encoding="utf-8", xml_declaration=True)
    return Response.file(content, "application/xml", f"trunk-{trunk['Number']}.xml")


def _refresh(call: Call) -> Response:
    """Register again: a trunk that knows its provider is on line afterwards."""
    trunk = call.store.tables["Trunks"].rows.get(call.body()["id"])
    if trunk is None:
        refuse_wrong(call.store, {"id": NOT_FOUND})
    else:
        call.store.change("Trunks", trunk, IsOnline=bool((trunk["Gateway"] or {}).get("Host")))
    return Response(204)


def _report(store: Store, code: str, level: str, *params: str) -> Report:
    text = " ".join(f"{{{place}}}" for place in range(len(params)))
    report = {"Code": code, "Level": level, "Params": list(params), "Template": f"{code} {text}".strip()}
    return store.values.complete("Pbx.TrunkReport", report)


def analysis(store: Store, trunk: Row) -> list[Report]:
    """Return what is wrong or right with a trunk, as far as its settings tell."""
    gateway = trunk["Gateway"] or {}
    host, needs = gateway.get("Host") or "", gateway.get("RequireRegistrationFor") or "None"
    found: list[tuple[bool, str, str, tuple[str, ...]]] = [
        (not trunk["EnableInboundCalls"] and not trunk["EnableOutboundCalls"], "TrunkIsDisabled", "Critical", ()),
        (not host, "RegistrarIsNotSet", "Error", ()),
        (bool(host) and not trunk["AuthID"], "ErrNoAuthID", "Warning", ()),
        (trunk["Direction"] == "Inbound", "TrunkIsInboundOnly", "Warning", ()),
        (trunk["Direction"] == "Outbound", "TrunkIsOutboundOnly", "Warning", ()),
        (bool(host), "RegistrarIsFQDN", "Info", (host,)),
        (bool(trunk["IsOnline"]) and needs != "None", "RegisteredOK", "Info", ()),
        (needs == "None", "RegistrationIsNotRequired", "Info", ()),
        (bool(trunk["ExternalNumber"]), "MainTrunkNumber", "Info", (trunk["ExternalNumber"] or "",)),
    ]
    return [_report(store, code, level, *params) for holds, code, level, params in found if holds]


def _run_analysis(call: Call) -> Response:
    return call.write_list(analysis(call.store, call.entity()))


def _result(call: Call, reports: list[Report]) -> Response:
    moment = call.store.now().isoformat().replace("+00:00", "Z")
    log = [{"TimeStamp": moment, "Text": report["Template"].format(*report["Params"])} for report in reports]
    return call.write_entity(call.store.values.complete("Pbx.TrunkTestResult", {"Log": log, "Reports": reports}))


def _test(usable: str, failed: str) -> Callable[[Store, Row], list[Report]]:
    """Return the tests of a call through a trunk, which fails where that is off, not registered or not for this
    direction.
    """

    def reports(store: Store, trunk: Row) -> list[Report]:
        found = analysis(store, trunk)
        if not trunk[usable] or not trunk["IsOnline"]:
            found.append(_report(store, failed, "Error", trunk["Number"]))
        return found

    return reports


_inbound, _outbound = (
    _test("EnableInboundCalls", "InboundCallFailed"),
    _test("EnableOutboundCalls", "OutboundCallFailed"),
)


def _test_inbound(call: Call) -> Response:
    trunk = call.entity()
    reports = _inbound(call.store, trunk)
    for rule in call.store.rows("InboundRules"):
        if rule["TrunkDN"] and rule["TrunkDN"]["Number"] == trunk["Number"]:
            to = rule["OfficeHoursDestination"] or {}
            reports.append(
                _report(call.store, "ForwardingInfo", "Info", rule["RuleName"] or "", to.get("Number") or "")
            )
    return _result(call, reports)


def _test_outbound(call: Call) -> Response:
    """Whether an outbound rule takes a number to this trunk. Raises Refusal (400) for what is not a number."""
    trunk, number = call.entity(), call.body()["destination"]
    if not number.lstrip("+").isdecimal():
        refuse_wrong(call.store, {"destination": INVALID})
    reports = _outbound(call.store, trunk)
    rules = sorted(call.store.rows("OutboundRules"), key=lambda rule: rule["Priority"] or 0)
    matching = next((rule for rule in rules if fits(rule, number)), None)
    if matching and any(route["TrunkId"] == trunk["Id"] for route in matching["Routes"]):
        reports.append(_report(call.store, "OutboundRuleFound", "Info", matching["Name"]))
        if not any(report["Level"] in ("Critical", "Error") for report in reports):
            reports.append(_report(call.store, "OutboundCallSuccessful", "Info", number))
    else:
        reports.append(_report(call.store, "OutboundCallFailed", "Error", number))
    return _result(call, reports)


def _finalize(call: Call) -> Response:
    """Return a trunk of a provider from the numbers that were chosen there, with the rule for calls that come in."""
    model = call.body()["model"]
    numbers = [phone["PhoneNumber"] for phone in model.get("PhoneNumbers") or [] if phone.get("PhoneNumber")]
    name = model.get("Name") or model.get("Type") or "Trunk"
    trunk = {
        "Number": free_number(call.store, "trunk"),
        "Gateway": {"Name": name, "Type": "Provider", "Host": None, "Port": 5060},
        "DidNumbers": numbers,
        "ExternalNumber": numbers[0] if numbers else None,
        "Groups": model.get("Groups") or [],
    }
    rule = model.get("DefaultRule")
    if rule:
        # Looked at before the trunk is stored, so that nothing is left of one whose rule is refused.
        prepared = RULES["InboundRules"].prepare(call.store, {**rule, "TrunkDN": None}, None)
        whole = call.store.values.complete("Pbx.InboundRule", prepared)
        RULES["InboundRules"].check(call.store, whole, prepared, None)
    row = call.store.create("Trunks", trunk)
    if rule:
        call.store.create("InboundRules", {**rule, "Id": 0, "TrunkDN": {"Number": row["Number"]}})
    return call.write_entity(row)


def _by_number(call: Call) -> Response:
    return call.write_entity(call.store.get("Trunks", {"Number": call.arguments["number"]}))


HANDLERS = declared(
    ASSUMED,
    {
        "trunks.init_trunk": _init,
        "trunks.init_master_bridge": _init_bridge("BridgeMaster"),
        "trunks.init_slave_bridge": _init_bridge("BridgeSlave"),
        "trunks.export_trunk": _export,
        "trunks.refresh_registration": _refresh,
        "trunks.run_analysis": _run_analysis,
        "trunks.test_inbound_call": _test_inbound,
        "trunks.test_outbound_call": _test_outbound,
        "trunks.finalize_trunk_provisioning": _finalize,
        "trunks.get_trunk_by_number": _by_number,
    },
)
