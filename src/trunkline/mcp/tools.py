"""The seven tools: what each is called, takes and answers, and what it can do to a PBX."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from mcp_types import Tool, ToolAnnotations

from ..work.permission import Permission
from . import arguments as shapes
from .arguments import schema_of
from .changing import apply_plan, plan_change
from .finding import describe_action, find_actions
from .reading import call_action, list_rows, status
from .service import Caller, Service

Run = Callable[[Service, Any, Caller], Awaitable[msgspec.Struct]]


class Kind(NamedTuple):
    """A tool. ``is_open``: it asks a PBX, whose answers others wrote. ``changes``: it changes one."""

    name: str
    title: str
    description: str
    takes: type[msgspec.Struct]
    answers: type[msgspec.Struct]
    run: Run
    is_open: bool = True
    is_planning: bool = False
    changes: bool = False

    @property
    def tool(self) -> Tool:
        """Return it as the protocol describes a tool. A plan can be applied once, so that twice does no more."""
        hints = ToolAnnotations(
            title=self.title,
            read_only_hint=not self.changes,
            destructive_hint=self.changes,
            idempotent_hint=not self.is_planning,
            open_world_hint=self.is_open,
        )
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=schema_of(self.takes),
            output_schema=schema_of(self.answers),
            annotations=hints,
        )


_KINDS = (
    Kind(
        "find_actions",
        "Find actions",
        "Find actions of the 3CX phone system by words. Start here: there are 600 actions, each with an id such as "
        "users.list.",
        shapes.FindActions,
        shapes.FoundActions,
        find_actions,
        is_open=False,
    ),
    Kind(
        "describe_action",
        "Describe an action",
        "What an action takes and answers: parameters, body fields with types and values, versions, role, and what it "
        "destroys.",
        shapes.DescribeAction,
        shapes.DescribedAction,
        describe_action,
        is_open=False,
    ),
    Kind(
        "status",
        "Status of the phone systems",
        "The phone systems (PBXs) that can be reached, each with its concerns, the worst first.",
        shapes.StatusOf,
        shapes.Statuses,
        status,
    ),
    Kind(
        "list_rows",
        "List rows",
        "Read rows of a list action, such as users.list or a report, with filter, select and paging. Select few fields "
        "and filter; what does not fit the budget is left out, and next_skip gives the rest.",
        shapes.ListRows,
        shapes.ListedRows,
        list_rows,
    ),
    Kind(
        "call_action",
        "Call a reading action",
        "Call an action that reads one entity or value, such as users.get. It refuses actions that change something.",
        shapes.CallAction,
        shapes.CalledAction,
        call_action,
    ),
    Kind(
        "plan_change",
        "Plan a change",
        "Check a change and show what it would do, with the values before and after. Nothing is sent. The answer has a "
        "plan id for apply_plan, valid for 15 minutes. Show the plan to the user before you apply it.",
        shapes.PlanChange,
        shapes.PlannedChange,
        plan_change,
        is_planning=True,
    ),
    Kind(
        "apply_plan",
        "Apply a plan",
        "Send the changes of a plan, once. It stops where something changed since the plan, and at the first failure. "
        "The user may be asked first.",
        shapes.ApplyPlan,
        shapes.AppliedPlan,
        apply_plan,
        changes=True,
    ),
)


def offered(permission: Permission) -> dict[str, Kind]:
    """Return the tools that a server offers, by name: without a permission to change, only those that read."""
    return {kind.name: kind for kind in _KINDS if not (permission.is_read_only and (kind.changes or kind.is_planning))}


CHANGING = frozenset(kind.name for kind in _KINDS if kind.changes or kind.is_planning)
"""Names of the tools that only a server with a permission to change has."""
