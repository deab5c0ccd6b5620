"""Asking the person at the client, in either way that the protocol has."""

from __future__ import annotations

from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from .service import Confirmation

_KEY = "confirm"
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"apply": {"type": "boolean", "title": "Apply this change", "default": False}},
    "required": ["apply"],
}


class InputRequired(Exception):
    """The client has to ask somebody, and call again with the answer (protocol 2026-07-28)."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__()
        self.result = result


async def confirmed(
    context: ServerRequestContext[Any, Any], params: CallToolRequestParams, message: str
) -> Confirmation:
    """Ask whether to go on, where the client can ask. Raises InputRequired where it answers with another call."""
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return Confirmation.NOT_ASKED
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        answer = (params.input_responses or {}).get(_KEY)
        if answer is None:
            asked = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=_SCHEMA))
            raise InputRequired(InputRequiredResult(input_requests={_KEY: asked}))
        return _meaning(answer) if isinstance(answer, ElicitResult) else Confirmation.UNREADABLE
    try:
        return _meaning(await context.session.elicit_form(message, _SCHEMA, context.request_id))
    except NoBackChannelError:
        return Confirmation.NOT_ASKED
    except (MCPError, ValidationError):  # an error in place of an answer, or one that the protocol doesn't have
        return Confirmation.UNREADABLE


def _meaning(answer: ElicitResult) -> Confirmation:
    if answer.action == "cancel":
        return Confirmation.CANCELLED
    if answer.action == "decline":
        return Confirmation.DECLINED
    return Confirmation.ACCEPTED if (answer.content or {}).get("apply") is True else Confirmation.UNTICKED
