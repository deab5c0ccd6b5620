"""Control of the emulator while it runs: faults, and what ``/_emulator`` answers."""
