"""CRM integration: templates and their text, signing in to a CRM, and looking people up in it.

What the CRM knows are the contacts that came from it, those of type CRM.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from xml.sax.saxutils import quoteattr

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import bad_field, not_found
from ..store import Store
from ..values import Row
from ..warning_codes import REQUIRED

_OAUTH = "settings crm oauth"
# The fields of a contact, as those of a CRM's contact are called.
_FIELDS = {
    "FirstName": "FirstName",
    "LastName": "LastName",
    "CompanyName": "CompanyName",
    "Department": "Department",
    "Email": "Email",
    "Title": "Title",
    "Pager": "Pager",
    "PhoneNumber": "PhoneMobile",
    "Mobile2": "PhoneMobile2",
    "Business": "PhoneBusiness",
    "Business2": "PhoneBusiness2",
    "Home": "PhoneHome",
    "Other": "PhoneOther",
    "BusinessFax": "FaxBusiness",
}
_PHONES = ("PhoneNumber", "Mobile2", "Business", "Business2", "Home", "Other")


def _source(call: Call) -> Response:
    """Return a template as the XML it is written in. Raises Refusal (404)."""
    row = call.store.get("CrmTemplates", {"Name": call.arguments["name"]})
    kind = (row["Authentication"] or {}).get("Type") or "No"
    parameters = "".join(
        f"    <Parameter Name={quoteattr(one['Name'] or '')} Type={quoteattr(str(one['Type'] or ''))} />\n"
        for one in row["Parameters"]
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<Crm Name={quoteattr(row['Name'])}>\n  <Authentication Type={quoteattr(kind)} />\n"
        f"  <Parameters>\n{parameters}  </Parameters>\n</Crm>\n"
    )
    return call.write_entity({"Value": text})


def _contacts(store: Store) -> list[Row]:
    return [row for row in store.rows("Contacts") if row["ContactType"] == "CRM"]


def _matches(row: Row, mode: str, query: str) -> bool:
    if mode == "PhoneExact":
        return query in {row[name] for name in _PHONES}
    if mode == "Email":
        return (row["Email"] or "").lower() == query.lower()
    return any(query.lower() in (row[name] or "").lower() for name in _FIELDS if name in row)


def _test(call: Call) -> Response:
    """Look somebody up as a call would: by number, by mail address, or by any text.

    Up to 20.0.7 only a number can be asked for. Raises Refusal (400): nothing to look for.
    """
    body = call.body()
    field = "number" if "number" in body else "query"
    mode, query = body.get("mode", "PhoneExact"), body[field]
    if not query:
        raise bad_field(field, REQUIRED, fact=ASSUMED)
    found = [row for row in _contacts(call.store) if _matches(row, mode, query)]
    name = call.store.singletons["CrmIntegration"]["Name"]
    result = {
        "IsError": not name,
        "Message": f"{len(found)} found" if name else "No CRM is chosen",
        "Log": f"{mode}: {query}",
        "SearchResult": [_as_crm(row) for row in found] if name else [],
    }
    return call.write_entity(call.store.values.complete("Pbx.CrmTestResult", result))


def _as_crm(row: Row) -> Row:
    return {there: row[here] for here, there in _FIELDS.items() if here in row} | {"ContactType": row["ContactType"]}


def _delete_contacts(call: Call) -> Response:
    call.store.remove("Contacts", [row["Id"] for row in _contacts(call.store)])
    return Response(204)


def _set_state(call: Call) -> Response:
    """Begin signing in to the CRM: the state to send along and, for PKCE, the challenge of its verifier (RFC 7636)."""
    asked = call.body()["state"]
    for field in ("Variable", "RedirectUri"):
        if not asked.get(field):
            raise bad_field(field, REQUIRED, fact=ASSUMED)
    state = secrets.token_urlsafe(16)
    verifier = asked.get("PKCECodeVerifier")
    call.store.keep(_OAUTH, {**call.store.kept.get(_OAUTH, {}), asked["Variable"]: state})
    digest = hashlib.sha256(verifier.encode()).digest() if verifier else b""
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii") or None
    return call.write_entity({"State": state, "CodeChallenge": challenge})


def _get_oauth(call: Call) -> Response:
    """Return what a variable was set to, by the settings or by signing in. Raises Refusal (404) for one that wasn't."""
    variable = call.arguments["variable"]
    choices = {one["Key"]: one["Value"] for one in call.store.singletons["CrmIntegration"]["VariableChoices"]}
    found = {**choices, **call.store.kept.get(_OAUTH, {})}
    if variable not in found:
        raise not_found()
    return call.write_entity({"Key": variable, "Value": found[variable]})


HANDLERS = declared(
    ASSUMED,
    {
        "crm_integration.get_crm_template_source": _source,
        "crm_integration.test": _test,
        "crm_integration.delete_crm_contacts": _delete_contacts,
        "crm_integration.set_oauth_state": _set_state,
        "crm_integration.get_oauth": _get_oauth,
        "crm_templates.ge_crmt_templates": lambda call: call.write_list(call.store.rows("CrmTemplates")),
    },
)
