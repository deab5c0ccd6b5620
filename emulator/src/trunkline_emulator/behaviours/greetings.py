"""What callers hear when a user doesn't answer."""

from __future__ import annotations

import re

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.checks import refuse_wrong
from ..rules.references import find
from ..sounds import silence
from ..store import Store
from ..values import Row
from ..warning_codes import FILE_NOT_FOUND, NOT_FOUND, refuse
from .users import users_of

_FILE_NAME = re.compile(r"[^\s/\\:*?\"<>|][^/\\:*?\"<>|]*\.wav")


def _has(user: Row, name: str) -> bool:
    return any(greeting["Filename"] == name for greeting in user["Greetings"])


def _download(call: Call) -> Response:
    """Send a greeting. Raises Refusal (400, FILE_NOT_FOUND) where the user has no such greeting."""
    user = users_of(call.store, [int(str(call.arguments["userId"]))], "userId")[0]
    name = str(call.arguments["fileName"])
    if not name or not _has(user, name):
        raise refuse(call.store, FILE_NOT_FOUND, fact=ASSUMED)
    return Response.file(silence(), "audio/x-wav", name)


def _record(call: Call) -> Response:
    """Return a call to ``dn`` that records a greeting: afterwards the user has it."""
    user, body = call.entity(), call.body()
    name = body["filename"]
    if find(call.store, "Users", {"Number": body["dn"]}) is None:
        refuse_wrong(call.store, {"dn": NOT_FOUND})
    if not _FILE_NAME.fullmatch(name):
        refuse_wrong(call.store, {"filename": "WARNINGS.XAPI.INVALID_FILE_NAME"})
    if not _has(user, name):
        greeting = call.store.values.complete(
            "Pbx.Greeting", {"DisplayName": name.removesuffix(".wav"), "Filename": name, "Type": "Default"}
        )
        call.store.change("Users", user, Greetings=[*user["Greetings"], greeting])
    return Response(204)


def _files(store: Store, users: list[Row]) -> list[Row]:
    """Return the greetings of some users, each file once."""
    found = {greeting["Filename"]: greeting for user in users for greeting in user["Greetings"] if greeting["Filename"]}
    return [
        store.values.complete("Pbx.GreetingFile", {"DisplayName": greeting["DisplayName"], "Filename": name})
        for name, greeting in found.items()
    ]


def _of_many(call: Call) -> Response:
    return call.write_list(_files(call.store, users_of(call.store, call.body()["ids"])))


def _delete_of_many(call: Call) -> Response:
    """Delete a greeting of many users. Raises Refusal (400, FILE_NOT_FOUND) where none of the users has the file."""
    body = call.body()
    users = [user for user in users_of(call.store, body["ids"]) if _has(user, body["filename"])]
    if not users:
        raise refuse(call.store, FILE_NOT_FOUND, "filename", fact=ASSUMED)
    for user in users:
        left = [greeting for greeting in user["Greetings"] if greeting["Filename"] != body["filename"]]
        call.store.change("Users", user, Greetings=left)
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "users.download_greeting": _download,
        "users.make_call_user_record_greeting": _record,
        "users.get_multi_edit_greetings": _of_many,
        "users.multi_delete_greeting": _delete_of_many,
    },
)
