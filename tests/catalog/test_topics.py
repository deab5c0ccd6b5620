"""What people who run phone systems look for is found by their words, or they learn what 3CX lacks."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from trunkline.catalog import load
from trunkline.catalog.search import lacking, search
from trunkline.catalog.topics import Topic, topic_of, topics

NEWEST = load("20.0.10")


def first_three(query: str) -> list[str]:
    return [action.id for action in search(NEWEST, query)[:3]]


@pytest.mark.parametrize(
    ("query", "among"),
    [
        ("missed calls", "report_call_log_data.get_call_log_data"),
        ("call history", "call_history_view.list"),
        ("voicemail", "voicemail_settings.get"),
        ("voicemail PIN", "users.update"),
        ("clear voicemail", "voicemail_settings.delete_all_user_voicemails"),
        ("do not disturb", "users.update"),
        ("DND", "users.update"),
        ("presence", "users.get"),
        ("DID", "did_numbers.list"),
        ("DDI", "did_numbers.list"),
        ("hunt group", "ring_groups.list"),
        ("auto attendant", "receptionists.list"),
        ("BLF", "users.update"),
        ("speed dial", "users.update"),
        ("call recording", "recordings.list"),
        ("record all calls", "users.update"),
        ("download recording", "recordings.download_recording"),
        ("delete recordings", "recordings.bulk_recordings_delete"),
        ("wrap-up", "queues.update"),
        ("round robin", "queues.update"),
        ("queue statistics", "report_detailed_queue_statistics.get_detailed_queue_statistics_data"),
        ("agent performance", "report_agents_in_queue_statistics.get_agents_in_queue_statistics_data"),
        ("service level", "report_statistic_sla.get_statistic_sla_data"),
        ("abandoned calls", "report_abandoned_queue_calls.get_abandoned_queue_calls_data"),
        ("add an agent to the queue", "queues.update"),
        ("log out agent", "users.update"),
        ("caller ID", "trunks.update"),
        ("out of hours", "office_hours.get"),
        ("night mode", "groups.update"),
        ("paging", "ring_groups.create"),
        ("intercom", "dial_code_settings.get"),
        ("call parking", "call_parking_settings.get"),
        ("handset provisioning", "users.reprovision_phone"),
        ("add a phone", "device_infos.provision"),
        ("unregistered phones", "sip_devices.list"),
        ("firmware", "firmwares.list"),
        ("licence", "license_status.get"),
        ("who is on a call", "active_calls.list"),
        ("active calls", "active_calls.list"),
        ("failover", "backups.get_backup_failover_settings"),
        ("backup", "backups.backup"),
        ("MFA", "users.update"),
        ("two-factor", "users.update"),
        ("call forwarding", "users.list_forwarding_profiles"),
        ("music on hold", "music_on_hold_settings.get"),
        ("MoH", "music_on_hold_settings.get"),
        ("block caller", "black_list_numbers.create"),
        ("blocked IPs", "blocklist.list"),
        ("emergency calls", "outbound_rules.get_emergency_outbound_rules"),
        ("extensions", "users.list"),
        ("mobile app", "users.generate_prov_link"),
        ("SIP password", "users.regenerate"),
        ("user roles", "groups.list_rights"),
        ("API client", "service_principals.create"),
        ("who changed what", "report_audit_log.get_audit_log_data"),
        ("disk space", "system_status.get"),
        ("update PBX", "updates.install_updates"),
        ("certificate", "secure_sip_settings.get"),
        ("billing", "call_cost_settings.list"),
        ("DECT", "fxs.list"),
        ("wake-up call", "hotel_services.get"),
        ("feature codes", "dial_code_settings.get"),
        ("click to call", "website_links.list"),
        ("inbound routing", "inbound_rules.list"),
        ("outbound routing", "outbound_rules.list"),
        ("toll fraud", "anti_hacking_settings.get"),
        ("call quality", "report_call_log_data.get_call_quality_report"),
        ("trunk down", "trunks.refresh_registration"),
        ("transcription", "recordings.transcribe_recordings"),
        ("hot desking", "users.get_first_available_hotdesking_number"),
        ("phone book", "contacts.list"),
        ("Active Directory", "microsoft365_integration.get"),
        ("announcements", "custom_prompts.upload"),
        ("alerts", "notification_settings.get"),
        ("busy hours", "report_call_distribution.get_call_distribution"),
        ("voice bot", "ai_settings.get"),
    ],
)
def test_the_action_that_is_looked_for_is_among_the_first_three(query: str, among: str) -> None:
    assert among in first_three(query)
    assert lacking(query) == ""


@pytest.mark.parametrize(
    ("query", "lack", "nearest"),
    [
        ("voicemail messages", "lists or plays voicemail messages", "voicemail_settings.get"),
        ("list the voicemail messages of a user", "lists or plays voicemail messages", "voicemail_settings.get"),
        ("wallboard", "live figures", "active_calls.list"),
        ("send an SMS", "sends a text message", "trunks.update"),
        ("send a fax", "sends or reads fax messages", "fax_server_settings.get"),
        ("send chat message", "sends a chat message", "chat_messages_history_view.list"),
        ("transfer a call", "Call Control API", "active_calls.drop_call"),
        ("barge in", "joins a call", "groups.list_rights"),
        ("packet capture", "captures network traffic", "logging_settings.get"),
        ("number porting", "moves a number", "did_numbers.list"),
        ("webhooks", "webhooks", "crm_integration.get"),
    ],
)
def test_what_3cx_has_no_action_for_is_stated_with_what_comes_nearest(query: str, lack: str, nearest: str) -> None:
    assert lack in lacking(query)
    assert nearest in first_three(query)


def test_other_words_of_a_query_count_too() -> None:
    assert first_three("update call parking")[0] == "call_parking_settings.update"
    assert first_three("delete voicemail messages") == ["voicemail_settings.delete_all_user_voicemails"]
    assert lacking("delete voicemail messages") == ""
    assert first_three("create hunt group")[0] == "ring_groups.create"


def test_a_name_in_full_comes_before_a_topic() -> None:
    assert first_three("recordings.archive")[0] == "recordings.archive"
    assert first_three("List Contact")[0] == "contacts.list"


def test_a_version_that_lacks_an_action_of_a_topic_leaves_it_out() -> None:
    old = load("20.0.5")
    assert {action.id for action in search(old, "voice bot")} <= {action.id for action in old.actions}


@pytest.mark.parametrize("topic", topics(), ids=lambda topic: topic.words[0])
def test_each_topic_leads_to_actions_that_there_are(topic: Topic) -> None:
    assert first_three(topic.words[0])[: len(topic.actions)] == list(topic.actions[:3])
    assert topic.lacks == "" or re.fullmatch(r"3CX has no action .{10,110}\.", topic.lacks)


def test_no_words_stand_for_two_topics() -> None:
    counted = Counter(words for topic in topics() for words in topic.words)
    assert [words for words, times in counted.items() if times > 1] == []
    for topic in topics():
        for words in topic.words:
            match = topic_of(words)
            assert match is not None
            assert match.topic == topic, words
