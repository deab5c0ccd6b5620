"""Prompts: three tasks that administrators have, as steps over the tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from .content import as_json, in_one_line
from .service import Service

Context = ServerRequestContext[Any, Any]

_LONGEST = 200  # characters of an argument
_PBX = PromptArgument(name="pbx", description="Which PBX; all of them, or the one, where it is left out.")


class _Task(NamedTuple):
    prompt: Prompt
    text: str


_TASKS = (
    _Task(
        Prompt(
            name="what_needs_attention",
            title="What needs attention",
            description="Look at the phone systems and report what somebody should do first.",
            arguments=[_PBX],
        ),
        "Find out what needs attention on the phone systems{on}.\n"
        "1. Call the tool status. The worst PBX comes first; one with an error could not be read.\n"
        "2. For each concern read what its hint names, with list_rows or call_action, to find the cause.\n"
        "3. Report in order of urgency: what is wrong, on which PBX, since when if that shows, and what to do. Say "
        "what you could not read. Change nothing.",
    ),
    _Task(
        Prompt(
            name="offboard_user",
            title="Offboard a user",
            description="Take an extension out of use, after everything that refers to it was found.",
            arguments=[PromptArgument(name="extension", description="Its number.", required=True), _PBX],
        ),
        "Somebody leaves. Take the extension {extension} out of use{on}.\n"
        "1. Find the user: list_rows of users.list with a filter on Number. Stop if there is not exactly one.\n"
        "2. Look for what refers to it: agents of queues.list and members of ring_groups.list (expand Agents or "
        "Members), destinations of inbound_rules.list, receptionists.list, and the forwarding of other users.\n"
        "3. Show the user what you found, and ask where calls to the extension should go from now on.\n"
        "4. Plan each change with plan_change, first the references, the user last. An update replaces the whole list, "
        "such as Agents: keep all other elements. Show each plan and apply it only after a yes.\n"
        "If there is no tool plan_change, this server is read only: report the steps instead.",
    ),
    _Task(
        Prompt(
            name="why_did_this_call_not_arrive",
            title="Why did this call not arrive?",
            description="Follow a call through the call log and the rules that it met.",
            arguments=[
                PromptArgument(name="number", description="The caller's number, or the number called.", required=True),
                PromptArgument(name="when", description="About when, with the time zone.", required=True),
                _PBX,
            ],
        ),
        "A call with the number {number}, at about {when}, did not arrive{on}. Find out why.\n"
        "1. Read the call log around that time: list_rows of report_call_log_data.get_call_log_data with periodFrom "
        "and periodTo in UTC as parameters. Rows with the same CallHistoryId are legs of one call. Numbers may be "
        "written with or without +, and with or without the country's prefix.\n"
        "2. If it is there: follow its legs, see where it ended and with which status and reason.\n"
        "3. If it is not: see whether its trunk was registered (trunks.list), which inbound rule fits the number "
        "(inbound_rules.list), whether office hours or a holiday led it elsewhere, and whether the number is blocked "
        "(black_list_numbers.list).\n"
        "4. Say what happened, what shows it, and how sure that is. Change nothing.",
    ),
)


class Prompts:
    """What the protocol asks of a server with prompts."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def list(self, context: Context, params: PaginatedRequestParams | None) -> ListPromptsResult:
        return ListPromptsResult(prompts=[task.prompt for task in _TASKS])

    async def get(self, context: Context, params: GetPromptRequestParams) -> GetPromptResult:
        task = next((task for task in _TASKS if task.prompt.name == params.name), None)
        if task is None:
            raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name[:100]!r}.")
        text = task.text.format_map(_words(task.prompt, params.arguments or {}))
        message = PromptMessage(role="user", content=TextContent(text=text))
        return GetPromptResult(description=task.prompt.description, messages=[message])


def _words(prompt: Prompt, given: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments as they stand in a text: in quotes, as data. Raises MCPError for a wrong one."""
    arguments = prompt.arguments or []
    if unknown := given.keys() - {argument.name for argument in arguments}:
        raise MCPError(INVALID_PARAMS, f"{prompt.name} does not take {', '.join(sorted(unknown))[:200]}.")
    for argument in arguments:
        value = given.get(argument.name, "")
        if argument.required and not value.strip():
            raise MCPError(INVALID_PARAMS, f"{prompt.name} needs {argument.name}.")
        if len(value) > _LONGEST:
            raise MCPError(INVALID_PARAMS, f"{argument.name} has more than {_LONGEST} characters.")
    words = {name: as_json(in_one_line(value, _LONGEST)) for name, value in given.items()}
    return {**words, "on": f" of the PBX {words['pbx']}" if given.get("pbx") else ""}
