"""Tools for agents, by the Model Context Protocol: a few tools over all actions, read only unless more is allowed."""
