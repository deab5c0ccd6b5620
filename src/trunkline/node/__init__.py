"""A node: one action with values or templates, run once for each item that comes in."""

from .binary import PathRule
from .items import Item, as_item
from .run import Node, NodeRun, Outcome
from .template import Template, World

__all__ = ["Item", "Node", "NodeRun", "Outcome", "PathRule", "Template", "World", "as_item"]
