"""Flows: a few steps from a YAML file, such as list, where, delete; checked whole before anything is sent."""

from .flow import Flow
from .play import Did, FlowStopped, Planned, Played

__all__ = ["Did", "Flow", "FlowStopped", "Planned", "Played"]
