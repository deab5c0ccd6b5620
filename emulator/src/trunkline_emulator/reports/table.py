"""Which action shows which report: the list and the file of a report are the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..store import Store
from ..values import Row
from . import activity, agents, chats, configuration, costs, extensions, queues, ring_groups, trunks
from .arguments import Arguments

Rows = Callable[[Store, Arguments], Iterable[Row]]


class Report(NamedTuple):
    """The ids of the actions that list the rows and that give them as a file, in each of their versions."""

    rows: Rows
    listed: str
    downloads: tuple[str, ...]


def _report(rows: Rows, resource: str, listed: str, *downloads: str) -> Report:
    return Report(rows, f"{resource}.{listed}", tuple(f"{resource}.{download}" for download in downloads))


def _usual(rows: Rows, name: str) -> Report:
    """Most pairs are named after their report."""
    return _report(rows, f"report_{name}", f"get_{name}_data", f"download_{name}")


REPORTS = (
    _usual(chats.abandoned, "abandoned_chats_statistics"),
    _usual(queues.abandoned_calls, "abandoned_queue_calls"),
    _usual(agents.login_history, "agent_login_history"),
    _usual(agents.in_queue_statistics, "agents_in_queue_statistics"),
    _usual(configuration.audit_log, "audit_log"),
    _report(
        activity.waiting_chart,
        "report_average_queue_waiting_time",
        "get_average_queue_waiting_time_data",
        "download_average_queue_waiting_time_report",
    ),
    _usual(queues.sla_breaches, "breaches_sla"),
    _usual(costs.by_group, "call_cost_by_extension_group"),
    _report(
        activity.distribution,
        "report_call_distribution",
        "get_call_distribution",
        "download_get_get_call_distribution",
    ),
    _report(
        activity.distribution_chart,
        "report_call_distribution",
        "get_call_distribution_data",
        "download_call_distribution_report",
    ),
    _report(chats.log, "report_chat_log", "get_chat_log", "download_chat_log"),
    _usual(queues.detailed_statistics, "detailed_queue_statistics"),
    _usual(extensions.statistics, "extension_statistics"),
    _usual(extensions.statistics_by_group, "extension_statistics_by_group"),
    _usual(ring_groups.extensions, "extensions_statistics_by_ring_groups"),
    _report(
        trunks.inbound,
        "report_inbound_calls",
        "get_inbound_calls",
        "download_get_inbound_calls",
        "download_get_inbound_calls@20.0.6",
    ),
    _usual(configuration.inbound_rules, "inbound_rules"),
    _report(
        trunks.outbound,
        "report_outbound_calls",
        "get_outbound_calls",
        "download_get_outbound_calls",
        "download_get_outbound_calls@20.0.6",
    ),
    _usual(chats.agents, "queue_agents_chat_statistics"),
    _usual(chats.agents_totals, "queue_agents_chat_statistics_totals"),
    _report(
        activity.queue_calls_chart,
        "report_queue_an_un_calls",
        "get_queue_an_un_calls_data",
        "download_queue_an_un_calls_report",
    ),
    _usual(queues.answered_by_wait, "queue_answered_calls_by_wait_time"),
    _usual(queues.callbacks, "queue_callbacks"),
    _usual(chats.performance, "queue_chat_performance"),
    _usual(queues.failed_callbacks, "queue_failed_callbacks"),
    _usual(queues.performance_overview, "queue_performance_overview"),
    _usual(queues.performance_totals, "queue_performance_totals"),
    _usual(ring_groups.statistics, "ring_group_statistics"),
    _usual(queues.sla_statistics, "statistic_sla"),
    _usual(queues.team_statistics, "team_queue_general_statistics"),
    _report(activity.user_activity, "report_user_activity", "get_user_activity", "download_get_user_activity"),
    _report(activity.activity_chart, "report_user_activity", "get_user_activity_data", "download_user_activity_report"),
)
