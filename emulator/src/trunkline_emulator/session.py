"""The session of a web client, outside the API, opened with an API token (docs/pbx.md, Signing in)."""

from __future__ import annotations

from uuid import uuid4

import msgspec

from .evidence import ASSUMED
from .messages import Request, Response
from .refusals import WRONG_METHOD, BadBody, Refusal

PATH = b"/webclient/api/MyPhone/session"
FACT = ASSUMED  # what it answers; that it takes a bearer token and these fields was seen


class Opening(msgspec.Struct):
    """What a client says of itself; fields beyond these are passed over."""

    name: str | None = None
    version: str | None = None
    isHuman: bool | None = None  # noqa: N815 - 3CX's name
    impersonate: str | None = None


_DECODER = msgspec.json.Decoder(Opening)


def answer(request: Request) -> Response:
    """Return a new session. Raises: Refusal for another method than POST (405), and a body of another form (400)."""
    if request.method != "POST":
        raise Refusal(405, headers={"Allow": "POST"}, fact=WRONG_METHOD)
    try:
        _DECODER.decode(request.body)
    except msgspec.DecodeError:
        raise BadBody("", "The body is not valid JSON.") from None
    return Response.json(200, {"sessionId": str(uuid4())})
