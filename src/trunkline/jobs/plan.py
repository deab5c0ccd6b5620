"""What a job is made of: checked before anything is kept, kept as facts, and a node made of those again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from ..errors import ConfigurationError, Hint
from ..node import Item, Node, PathRule, World
from ..node.items import each_item
from ..work.guards import Confirm, Question, check_confirmed, check_distinct
from ..work.lists import list_facts
from .limits import Limits


class Plan(NamedTuple):
    """A job that is about to be made. ``facts`` are what its ledger keeps of it; ``targets`` URLs by name."""

    node: Node
    targets: Mapping[str, str]
    facts: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        action: str,
        parameters: Mapping[str, Any],
        targets: Mapping[str, str],
        limits: Limits,
        world: World | None,
        paths: PathRule,
        *,
        unchanged: bool,
    ) -> Self:
        """Check everything but the items. Raises UnknownName, InvalidArgument, ConfigurationError."""
        limits.check()
        check_distinct(targets)
        world = world or World()
        node = Node(action, parameters, concurrency=limits.concurrency, unchanged=unchanged, world=world)
        facts = {
            "action": action,
            "parameters": dict(parameters),
            "limits": limits._asdict(),
            "created": world.clock(),
            "variables": world.variables,
            "allow_env": sorted(world.allow_env),
            "zone": world.zone,
            "trust_item_paths": paths.trusted,
            "files_from": None if paths.folder is None else os.path.realpath(paths.folder),
            "unchanged": unchanged,
        }
        return cls(node, targets, facts)

    def checked(self, items: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
        """Yield the items, each after the guards have looked at it. Raises what they raise."""
        return self.node.checked(each_item(items), list(self.targets.items()))

    def confirm(self, size: int, confirm: Confirm | None) -> None:
        """Ask whether that many items may be acted on, where the action needs it. Raises NotConfirmed."""
        urls = ", ".join(self.targets.values())
        if self.node.action.asks:
            check_confirmed(Question(self.node.action, size, urls), confirm)
        elif size and (lists := self.node.replaced_lists):
            check_confirmed(Question(self.node.action, size, urls, facts=list_facts(lists)), confirm)


def check_loaded(name: str, about: Mapping[str, Any]) -> None:
    """Refuse a job whose input broke off. Raises ConfigurationError."""
    if not about["loaded"]:
        raise ConfigurationError(
            f"The input of the job {name!r} was not read to its end, so nothing was sent.",
            hint=Hint("Start it again after you removed it.", "job.remove", {"name": name}),
        )


def limits_of(about: Mapping[str, Any]) -> Limits:
    """Return the limits of a job from its facts."""
    return Limits(**about["limits"])


def node_of(about: Mapping[str, Any]) -> Node:
    """Make the node of a job from its facts. Templates see one $now, however often the job goes on."""
    created = float(about["created"])
    # Of $env only the names are kept.
    world = World(about["variables"], about["allow_env"], about["zone"], clock=lambda: created)
    return Node(
        about["action"],
        about["parameters"],
        concurrency=limits_of(about).concurrency,
        trust_item_paths=about["trust_item_paths"],
        files_from=about["files_from"],
        unchanged=about["unchanged"],
        world=world,
    )
