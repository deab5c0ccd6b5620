"""Google, Microsoft 365 and Teams, with nobody at the other end.

The people of a linked tenant are the users of the PBX that have a mail address: nobody is invented. As long as nothing
is linked there are none.
"""

from __future__ import annotations

import msgspec

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import bad_field
from ..rules.addresses import is_host
from ..store import Store
from ..values import Row
from ..warning_codes import INVALID, REQUIRED, refuse

_PRESENCE = "microsoft 365 presence"
_PAGE = 100


def _account(user: Row) -> Row:
    """Return a user as an account elsewhere, under the field names of every version."""
    name, address = f"{user['FirstName'] or ''} {user['LastName'] or ''}".strip(), user["EmailAddress"]
    return {
        "Id": address,
        "Email": address,
        "Mail": address,
        "UserPrincipalName": address,
        "Name": name,
        "DisplayName": name,
        "GivenName": user["FirstName"],
        "Surname": user["LastName"],
    }


def _accounts(store: Store) -> list[Row]:
    return [_account(user) for user in store.rows("Users") if user["EmailAddress"]]


def _linked(store: Store) -> bool:
    """Whether a Microsoft 365 tenant is named in the settings."""
    settings = store.singletons["Microsoft365Integration"]
    return bool(settings["ApplicationId"] and settings["TenantId"])


def _google_linked(store: Store) -> bool:
    return bool(store.singletons["GoogleSettings"]["ClientId"])


def _page(call: Call, linked: bool) -> Response:
    """Return a page of accounts whose name or address holds the text searched for.

    Its token is where the next one begins.
    """
    asked = call.body().get("options") or {}
    search = (asked.get("Search") or "").lower()
    token = asked.get("NextPageToken") or "0"
    if not token.isdecimal() or len(token) > 9:
        raise refuse(call.store, INVALID, "NextPageToken", fact=ASSUMED)
    size = min(max(asked.get("Count") or _PAGE, 1), _PAGE)
    shared = asked.get("TypeOfUser") == "SharedMailboxes"
    everybody = _accounts(call.store) if linked and not shared else []
    found = [one for one in everybody if search in one["Name"].lower() or search in one["Email"].lower()]
    end = int(token) + size
    page = {
        "Users": found[int(token) : end],
        "Total": len(found),
        "NextPageToken": str(end) if end < len(found) else None,
    }
    return call.write_entity(call.store.values.complete(call.answer_type.name, page))


def _groups(call: Call) -> Response:
    """List no group: groups of a tenant are not the PBX's departments, so none is known."""
    call.body()
    return call.write_entity(call.store.values.complete("Pbx.ExternalGroupsPage", {"Groups": []}))


def _by_principal_names(call: Call) -> Response:
    """Return the accounts with these addresses, in the order asked for; a name that is nobody's is passed over."""
    known = {account["Email"].lower(): account for account in _accounts(call.store)}
    names = list(dict.fromkeys(name.lower() for name in call.body()["principalNames"]))
    found = [known[name] for name in names if name in known]
    return call.write_list([call.store.values.complete(call.answer_type.name, one) for one in found])


def _directory(call: Call) -> Response:
    settings = call.store.singletons["Microsoft365Integration"]
    fqdn = call.store.singletons["NetworkSettings"]["PbxPublicFQDN"]
    status = {
        "ApplicationId": settings["ApplicationId"] or None,
        "ProvisionUrl": f"https://{fqdn}/microsoft365",
        "ExceptionMessage": None if _linked(call.store) else "No application is set",
    }
    return call.write_entity(call.store.values.complete("Pbx.Microsoft365Status", status))


def _subscription(call: Call) -> Response:
    linked = _linked(call.store)
    result = {
        "Fqdn": call.store.singletons["NetworkSettings"]["PbxPublicFQDN"],
        "IsSubscriptionAvailable": linked,
        "ExceptionMessage": None if linked else "No application is set",
    }
    return call.write_entity(call.store.values.complete("Pbx.Microsoft365SubscriptionTestResult", result))


def _authorize(call: Call) -> Response:
    if not call.body()["accessToken"]:
        raise bad_field("accessToken", REQUIRED, fact=ASSUMED)
    call.store.keep(_PRESENCE, True)
    return Response(204)


def _deauthorize(call: Call) -> Response:
    call.store.keep(_PRESENCE, False)
    return Response(204)


def _test_presence(call: Call) -> Response:
    """Test presence. Raises Refusal (400) as long as it was not authorized."""
    if not call.store.kept.get(_PRESENCE):
        raise refuse(call.store, "WARNINGS.XAPI.INVALID_CREDENTIALS", fact=ASSUMED)
    return Response(204)


def _check_fqdn(call: Call) -> Response:
    """Whether a name leads to this PBX: its own, or that of the SBC in the settings of Teams."""
    own = call.store.singletons["NetworkSettings"]["PbxPublicFQDN"], _teams(call.store)["SbcFQDN"]
    name = str(call.arguments["fqdn"]).lower()
    return call.write_value(is_host(name) and name in {one.lower() for one in own if one})


def _teams(store: Store) -> Row:
    return store.singletons["Microsoft365TeamsIntegration"]


def _check_map_users(call: Call) -> Response:
    """Whether the script would map anybody: somebody has a mail address, and a tenant is linked."""
    return call.write_value(_linked(call.store) and bool(_accounts(call.store)))


def _map_users(call: Call) -> Response:
    """Return a script that gives each user with a mail address its number in Teams."""
    lines = ["# Maps the extensions of this PBX to users of Teams.", "Connect-MicrosoftTeams"]
    for user in call.store.rows("Users"):
        if user["EmailAddress"]:
            number = f'"+{user["Number"]}"'
            lines.append(
                f'Set-CsPhoneNumberAssignment -Identity "{user["EmailAddress"]}" '
                f"-PhoneNumber {number} -PhoneNumberType DirectRouting"
            )
    return _script("\r\n".join(lines), "MapUsers.ps1")


def _dial_plan(call: Call) -> Response:
    settings = _teams(call.store)
    name, code = (
        settings["SbcFQDN"] or call.store.singletons["NetworkSettings"]["PbxPublicFQDN"],
        settings["DialPlanCode"],
    )
    lines = [
        "# Makes a dial plan for this PBX.",
        "Connect-MicrosoftTeams",
        f'New-CsTenantDialPlan -Identity "{name}" -Description "Dial plan {code or ""}"',
    ]
    return _script("\r\n".join(lines), "DialPlan.ps1")


def _script(text: str, name: str) -> Response:
    return Response.file(f"{text}\r\n".encode(), "text/plain; charset=utf-8", name)


def _policy(call: Call) -> Response:
    """Return what an AWS account must be allowed: the bucket of the settings, and what is in it."""
    bucket = (call.store.singletons["AmazonIntegrationSettings"]["S3Config"] or {}).get("BucketName") or "*"
    statements = [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{bucket}"},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"arn:aws:s3:::{bucket}/*",
        },
    ]
    content = msgspec.json.encode({"Version": "2012-10-17", "Statement": statements})
    return Response.file(content, "application/json", "policy.json")


HANDLERS = declared(
    ASSUMED,
    {
        "google_settings.get_google_users": lambda call: _page(call, _google_linked(call.store)),
        "microsoft365_integration.get_m365_users": lambda call: _page(call, _linked(call.store)),
        "microsoft365_integration.get_users": lambda call: _page(call, _linked(call.store)),
        "microsoft365_integration.get_m365_groups": _groups,
        "microsoft365_integration.get_users_by_principal_names": _by_principal_names,
        "microsoft365_integration.get_microsoft365_directory": _directory,
        "microsoft365_integration.test_subscription": _subscription,
        "microsoft365_integration.authorize_presence": _authorize,
        "microsoft365_integration.deauthorize_presence": _deauthorize,
        "microsoft365_integration.test_presence": _test_presence,
        "microsoft365_teams_integration.check_fqdn_record": _check_fqdn,
        "microsoft365_teams_integration.check_map_users_script": _check_map_users,
        "microsoft365_teams_integration.get_map_users_script": _map_users,
        "microsoft365_teams_integration.get_dial_plan_script": _dial_plan,
        "amazon_integration_settings.generate_iam_policy_file": _policy,
    },
)
