"""The sentences on actions and their parameters: all are there, say more than the names, and read alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from trunkline import catalog
from trunkline.catalog import Action
from trunkline.catalog.descriptions.actions import action_description, described_actions
from trunkline.catalog.descriptions.parameters import described_parameters, parameter_description
from trunkline.catalog.names import words

CATALOG = catalog.load()
# What these five do stands in the documents of other tools as it is here, so only what follows it says more.
_KEPT = {
    "fax.delete": "Delete a fax by its Id.",
    "device_infos.delete": "Delete a device info by its Id.",
    "contacts.delete": "Delete a contact by its Id.",
    "blocklist.delete": "Delete a blocklist address by its Id.",
    "website_links.delete": "Delete a weblink by its Link.",
}
_STOP = frozenset(
    re.findall(
        r"\w+",
        """
        a about all an and another any are as at be been being by can each every for from has have how in into is it
        its given more most no not of on one only or other others out set several so some than that the their them
        then there these they this those to was what when where which who whom whose why with without you your get
        list read show create add delete remove update change id ids name pbx 3cx value values data entry entries
        """,
    )
)
_VERBS = frozenset(
    re.findall(
        r"\w+",
        """
        abort activate add allow ask attach begin block browse change chart check choose complete connect copy count
        delete disconnect download duplicate empty end erase fetch get give halt hang have import install judge list
        log look mail make measure move open order place propose purge put read reboot register rename remove
        replace restart revoke ring run send set sign start stop store swap take test trade try turn unblock upload
        watch withdraw write
        """,
    )
)


def stem(word: str) -> str:
    """Cut what makes another form of a word: calls, calling and called are call."""
    word = word.lower()
    for ending in ("ings", "ing", "ies", "ied", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def content(text: str) -> set[str]:
    spoken = [word.lower() for word in re.findall(r"[A-Za-z0-9]+", text)]
    return {stem(word) for word in spoken if word not in _STOP and len(word) > 1}


def name_words(*names: str) -> set[str]:
    return {stem(word) for name in names for part in re.split(r"[\W_]+", name) for word in words(part)}


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=\.) (?=[A-Z`'.])", text)


def parameters() -> Iterator[tuple[Action, str]]:
    """Every parameter of a path, and every field of a body that has no type of its own, in any version."""
    for action in CATALOG.actions:
        names = dict.fromkeys(action.params)
        for body in (action.body, *(before.body for before in action.before)):
            names |= dict.fromkeys(body if isinstance(body, dict) else ())
        for before in action.before:
            names |= dict.fromkeys(before.params or ())
        for name in names:
            yield action, name


def test_every_action_is_described_and_nothing_else() -> None:
    assert described_actions().keys() == {action.id for action in CATALOG.actions}


def test_every_parameter_is_described_and_nothing_else() -> None:
    found = list(parameters())
    assert [(action.id, name) for action, name in found if parameter_description(action.id, name) is None] == []
    used = {name for _, name in found} | {f"{action.id} {name}" for action, name in found}
    assert described_parameters().keys() - used == set()


def test_a_description_says_more_than_the_names_of_its_action() -> None:
    bare = {}
    for action in CATALOG.actions:
        description = described_actions()[action.id]
        text = f"{description.does} {description.when}" if action.id in _KEPT else description.does
        new = content(text) - name_words(action.id, action.operation_id, action.resource)
        if len(new) < 2:
            bare[action.id] = text
    assert bare == {}


def test_a_parameter_s_description_says_more_than_its_name() -> None:
    bare = {
        key: description.means
        for key, description in described_parameters().items()
        if len(content(description.means) - name_words(key.rpartition(" ")[2])) < 2
    }
    assert bare == {}


@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        ("Get can create backup (backups).", ("backups.get_can_create_backup", "GetCanCreateBackup"), set()),
        ("Hang up one call.", ("active_calls.drop_call", "DropCall"), {"hang", "up"}),
        ("The ids.", ("ids",), set()),
    ],
)
def test_a_name_respelled_counts_for_nothing(text: str, names: tuple[str, ...], left: set[str]) -> None:
    assert content(text) - name_words(*names) == left


def test_no_two_actions_are_described_alike() -> None:
    counted = Counter(description.does for description in described_actions().values())
    assert [text for text, times in counted.items() if times > 1] == []


def test_a_summary_is_one_short_sentence_that_begins_with_a_verb() -> None:
    odd = [
        does
        for does in (description.does for description in described_actions().values())
        if len(does) > 110 or does.count(".") != 1 or does[-1] != "." or does.split()[0].lower() not in _VERBS
    ]
    assert odd == []


def test_other_sentences_are_short_and_end_with_a_full_stop() -> None:
    texts = [description.when for description in described_actions().values() if description.when]
    texts += [description.means for description in described_parameters().values()]
    odd = [text for text in texts if text[-1] != "." or text[0] == text[0].lower() != text[0].upper()]
    assert odd == []
    assert [each for text in texts for each in sentences(text) if len(each) > 140] == []


@pytest.mark.parametrize(("action", "summary"), _KEPT.items())
def test_what_others_show_of_the_five_deletes_stays(action: str, summary: str) -> None:
    assert CATALOG.action(action).summary == summary


def test_every_command_that_a_description_names_exists() -> None:
    """Commands stand between backquotes, as `users list` or as `init-trunk` of the same resource."""
    texts = [(key.partition(".")[0], description.when) for key, description in described_actions().items()]
    texts += [("", description.means) for description in described_parameters().values()]
    unknown = []
    for resource, text in texts:
        for shown in re.findall(r"`([a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*)?)`", text):
            place, _, verb = shown.rpartition(" ")
            known = CATALOG.resources.get((place or resource).replace("-", "_"), {})
            arguments = {name for action in CATALOG.actions for name in action.params}
            if place != "trunkline" and verb.replace("-", "_") not in {*known, *arguments}:
                unknown.append(shown)
    assert unknown == []


def test_what_follows_from_a_name_only_is_marked() -> None:
    description = action_description("ai_settings.delete_vector_store")
    assert description is not None
    assert description.inferred
    assert str(description) == "Remove a knowledge base from the AI provider (inferred from its name)."
    assert str(parameter_description("groups.link_group_partner", "groupId")).endswith("(inferred from its name).")


def test_a_parameter_means_what_it_means_in_its_action() -> None:
    assert str(parameter_description("users.make_call", "dn")).startswith("The extension in whose name")
    assert (
        str(parameter_description("custom_prompts.make_call_record_custom_prompt", "dn")) == "The extension that rings."
    )
    assert parameter_description("users.make_call", "zebra") is None


def test_an_action_that_nobody_described_goes_by_its_name() -> None:
    action = Action("zebras.count", "CountZebras", "Zebras", "GET", "/Zebras", "list", "zebra", "list Pbx.Zebra")
    assert action.summary == action.description == "Count zebras."
