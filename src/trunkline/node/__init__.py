"""A node: one action with values or templates, run once for each item that comes in."""

from .binary import PathRule
from .items import Item, as_item
from .run import Node, NodeResult, NodeRun
from .template import Template, World

__all__ = ["Item", "Node", "NodeResult", "NodeRun", "PathRule", "Template", "World", "as_item"]
