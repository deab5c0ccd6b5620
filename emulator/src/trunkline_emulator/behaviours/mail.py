"""Mails: tests of the settings, and the templates that mails are written from. No mail ever leaves the emulator."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.addresses import are_mail_addresses, is_host, is_mail_address
from ..rules.files import ORIGINALS
from ..rules.settings import syslog_problem
from ..values import Row
from ..warning_codes import refuse


def _result(call: Call, error: str | None) -> Response:
    answer: Row = {"Success": error is None, "Error": error, "Parameters": []}
    return call.write_entity(call.store.values.complete("Pbx.TestResult", answer))


def _problem(settings: Row, to: str) -> str | None:
    if not is_mail_address(to):
        return f"'{to}' is not a mail address"
    if settings["MailServerType"] != "Custom":
        return None
    server, sender = settings["MailServer"] or "", settings["MailAddress"] or ""
    if not server or not is_host(server):
        return f"'{server}' is not a mail server"
    return None if is_mail_address(sender) else f"'{sender}' is not a mail address"


def _test(call: Call) -> Response:
    """Whether a mail could be sent with these settings: server and addresses are looked at, nothing is sent."""
    body = call.body()
    kept = call.store.singletons["MailSettings"]
    settings = {**kept, **{name: value for name, value in body["settings"].items() if value is not None}}
    return _result(call, _problem(settings, body["email"]))


def _test_notification(call: Call) -> Response:
    """Return the same for the addresses that are notified, up to 20.0.7."""
    addresses = call.body()["settings"].get("EmailAddresses") or ""
    valid = bool(addresses) and are_mail_addresses(addresses)
    return _result(call, None if valid else f"'{addresses}' is not a mail address")


def _set_default(call: Call) -> Response:
    """Return the template as 3CX delivered it."""
    row = call.entity()
    original = call.store.kept.get(ORIGINALS, {}).get(row["TemplatePath"], {})
    default = {"IsDefault": True} if "IsDefault" in row else {}
    call.store.change("EmailTemplate", row, **original, **default)
    return Response(204)


def _test_syslog(call: Call) -> Response:
    """Check the settings; nothing is sent. Raises Refusal (400) for settings with which nothing could be."""
    config = call.store.values.complete("Pbx.SyslogSettings", call.body()["config"])
    problem = syslog_problem(config)
    if problem:
        raise refuse(call.store, problem[1], problem[0], fact=ASSUMED)
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "mail_settings.test_email": _test,
        "notification_settings.test_email": _test_notification,
        "email_template.set_default": _set_default,
        "syslog_settings.test_connection": _test_syslog,
    },
)
