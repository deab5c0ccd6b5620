"""The version of this distribution and of trunkline-emulator: builds, `--version` and User-Agent read it here."""

__version__ = "0.1.0"
