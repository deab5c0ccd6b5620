"""Flows: a few steps from a YAML file, such as list, where, delete; checked whole before anything is sent."""

from .flow import Flow, load, parse
from .play import Did, FlowStopped, Planned, Played, arun, run

__all__ = ["Did", "Flow", "FlowStopped", "Planned", "Played", "arun", "load", "parse", "run"]
