"""Who may run what: each action of the catalog, under each permission."""

from __future__ import annotations

import pytest

from trunkline.catalog import Action, load
from trunkline.errors import InvalidArgument
from trunkline.work.permission import MOST_PATTERNS, NotPermitted, Permission, Risk, risk_of

ACTIONS = load().actions


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_under_every_permission(action: Action) -> None:
    """What is allowed follows from the method and from what the catalog says of the action, and from nothing else."""
    is_secret = action.id.partition("@")[0] in SECRETS
    changes, is_grave = action.method != "GET", action.destructive or action.disruptive
    allowed = {
        "": not changes,
        "write": not changes or not is_grave,
        "delete": True,
        f"{action.resource}.*": True,
    }
    for word, expected in allowed.items():
        if word.endswith(".*") and not any(a.resource == action.resource and _changes(a) for a in ACTIONS):
            continue  # a pattern that fits no change is refused, see below
        permission = Permission.parse([word] if word else [])
        assert permission.allows(action) is (expected and not is_secret), word


SECRETS = {
    "conference_settings.generate_api_key", "microsoft365_integration.get_microsoft_access_token",
    "my_user.generate_prov_link", "service_principals.generate_app_token", "system_status.api_token",
    "system_status.get_request_help_link", "users.generate_prov_link", "users.get_phone_secret",
}  # fmt: skip


def _changes(action: Action) -> bool:
    return action.method != "GET" and action.id not in SECRETS


@pytest.mark.parametrize(
    ("words", "allowed", "refused"),
    [
        (["contacts.*"], ["contacts.delete", "contacts.create", "users.list"], ["fax.delete", "users.update"]),
        (["fax.delete"], ["fax.delete"], ["fax.create", "fax.bulk_fax_delete"]),
        (["write"], ["users.update", "users.create"], ["users.delete", "users.reboot_phone", "backups.restore"]),
        (["write", "fax.delete"], ["users.update", "fax.delete"], ["users.delete"]),
        (["*.create"], ["users.create"], ["users.update", "users.delete"]),
        (["*"], ["users.delete", "services.restart_operating_system"], ["users.get_phone_secret"]),
        (["active_calls.drop_call"], ["active_calls.drop_call"], ["users.update"]),
    ],
)
def test_words_and_patterns(words: list[str], allowed: list[str], refused: list[str]) -> None:
    permission = Permission.parse(words)
    assert [name for name in allowed if not permission.allows(load().action(name))] == []
    assert [name for name in refused if permission.allows(load().action(name))] == []


@pytest.mark.parametrize(
    "pattern", ["", "writes", "WRITE", "fax.dele", "users.get_*_secret", "users.list", "../fax.delete"]
)
def test_a_pattern_that_allows_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidArgument, match="No action that changes something fits"):
        Permission.parse([pattern])


def test_patterns_are_limited() -> None:
    with pytest.raises(InvalidArgument, match="at most 100"):
        Permission.parse([f"fax.{'?' * n}*" for n in range(MOST_PATTERNS + 1)])


@pytest.mark.parametrize(
    ("action", "risk", "why"),
    [
        ("users.update", Risk.WRITE, "changes something"),
        ("users.delete", Risk.DELETE, "destroys something"),
        ("active_calls.drop_call", Risk.DELETE, "cuts off calls"),
        ("users.get_phone_secret", Risk.SECRET, "is a secret"),
    ],
)
def test_a_refusal_names_the_action_and_the_reason(action: str, risk: Risk, why: str) -> None:
    assert risk_of(load().action(action)) is risk
    with pytest.raises(NotPermitted, match=f"{action} was refused: .*{why}.*Nothing was sent"):
        Permission().check(load().action(action))
