"""Configuration as code: a PBX as files that a person would write, compared, planned and applied."""
