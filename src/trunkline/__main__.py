"""``python -m trunkline``: the command line."""

from .cli import main

main()
