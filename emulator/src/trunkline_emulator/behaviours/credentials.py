"""What a user signs in with: SIP account, passwords, voicemail PIN and the link that configures a phone or an app."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.users import pin, secret
from ..store import Store
from ..values import Row
from .users import users_of, welcome

_LINKS = "provisioning links"
# What each option gives a user anew.
_MADE: Mapping[str, Callable[[], Row]] = {
    "SipAuth": lambda: {"AuthID": secret(10), "AuthPassword": secret(16)},
    "WebclientPassword": lambda: {"AccessPassword": secret(12)},
    "VoicemailPIN": lambda: {"VMPIN": pin()},
    "DeskphonePassword": lambda: {"DeskphonePassword": secret(10)},
}


def _regenerate_all(store: Store, users: list[Row], options: Mapping[str, bool]) -> Response:
    if options.get("SendWelcomeEmail"):
        welcome(store, users)
    for user in users:
        for option, make in _MADE.items():
            if options.get(option):
                store.change("Users", user, **make())
        if options.get("ConfigurationLink"):
            _forget_links(store, user)
    return Response(204)


def _forget_links(store: Store, user: Row) -> None:
    """Make the configuration links that were given out worthless."""
    links = store.kept.get(_LINKS, {})
    store.keep(_LINKS, {id_: link for id_, link in links.items() if id_ != str(user["Id"])})


def _options(body: Row) -> Mapping[str, bool]:
    """Older versions have the options beside the Ids, newer ones in ``opts``."""
    found: Mapping[str, bool] = body.get("opts") or {name: value for name, value in body.items() if name != "Ids"}
    return found


def _regenerate(call: Call) -> Response:
    return _regenerate_all(call.store, [call.entity()], _options(call.body()))


def _regenerate_passwords(call: Call) -> Response:
    body = call.body()
    return _regenerate_all(call.store, users_of(call.store, body["Ids"], "Ids"), _options(body))


def _generate_prov_link(call: Call) -> Response:
    """Return the link that sets up an app or a phone, the same until it is made anew."""
    user, links = call.entity(), call.store.kept.get(_LINKS, {})
    token = links.get(str(user["Id"])) or secret(24)
    call.store.keep(_LINKS, {**links, str(user["Id"]): token})
    return call.write_value(f"{call.request.scheme}://{call.request.host}/provisioning/{token}/{user['Number']}")


def _phone_secret(call: Call) -> Response:
    return call.write_value(call.entity()["DeskphonePassword"])


HANDLERS = declared(
    ASSUMED,
    {
        "users.regenerate": _regenerate,
        "users.regenerate_passwords": _regenerate_passwords,
        "users.generate_prov_link": _generate_prov_link,
        "my_user.generate_prov_link": _generate_prov_link,
        "users.get_phone_secret": _phone_secret,
    },
)
