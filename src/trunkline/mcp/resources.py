"""Resources: a page of each action, the facts about 3CX, and the flows of a folder."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    ResourceTemplateReference,
    TextResourceContents,
)

from ..catalog import load
from ..errors import TrunklineError
from .content import described_error
from .pages import action_page, facts_page, flow_names, flow_page
from .service import Service

Context = ServerRequestContext[Any, Any]

_ACTIONS, _FACTS, _FLOWS = "trunkline://actions/", "trunkline://pbx-facts", "trunkline://flows/"
_MARKDOWN, _YAML = "text/markdown", "application/yaml"
_MOST_COMPLETED = 100  # the most that the protocol allows


class Resources:
    """What the protocol asks of a server with resources."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def list(self, context: Context, params: PaginatedRequestParams | None) -> ListResourcesResult:
        facts = Resource(
            name="pbx-facts",
            title="How a 3CX behaves",
            uri=_FACTS,
            mime_type=_MARKDOWN,
            description="What is known of 3CX's Configuration API, each fact with how sure it is.",
        )
        flows = [
            Resource(name=name, title=f"Flow {name}", uri=f"{_FLOWS}{name}", mime_type=_YAML)
            for name in flow_names(self._service.flows)
        ]
        return ListResourcesResult(resources=[facts, *flows])

    async def list_templates(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        action = ResourceTemplate(
            name="action",
            title="An action",
            uri_template=f"{_ACTIONS}{{id}}",
            mime_type=_MARKDOWN,
            description="What an action takes and answers, such as trunkline://actions/fax.delete.",
        )
        return ListResourceTemplatesResult(resource_templates=[action])

    async def read(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        uri = str(params.uri)
        try:
            text, kind = self._page(uri)
        except TrunklineError as problem:
            error = described_error(problem)
            message = f"{error['message']} {error['hint']['text']}".strip()
            raise MCPError(INVALID_PARAMS, message, {"uri": uri[:200]}) from None
        return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=kind, text=text)])

    def _page(self, uri: str) -> tuple[str, str]:
        """Return the text of a resource and its type. Raises NotFound or UnknownName."""
        if uri == _FACTS:
            return facts_page(), _MARKDOWN
        if uri.startswith(_ACTIONS):
            action = load().action(unquote(uri.removeprefix(_ACTIONS))[:200])
            return action_page(action, self._service.permission), _MARKDOWN
        return flow_page(self._service.flows, unquote(uri.removeprefix(_FLOWS))), _YAML

    async def complete(self, context: Context, params: CompleteRequestParams) -> CompleteResult:
        """Complete the id of an action, or the name of a PBX that a prompt takes."""
        typed = params.argument.value[:200]
        if isinstance(params.ref, ResourceTemplateReference):
            names = [action.id for action in load().actions]
        else:
            names = self._service.pbxs.names if params.argument.name == "pbx" else []
        fitting = [name for name in names if name.startswith(typed)]
        values = fitting[:_MOST_COMPLETED]
        more = len(fitting) > len(values)
        return CompleteResult(completion=Completion(values=values, total=len(fitting), has_more=more))
