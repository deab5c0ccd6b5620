"""Which PBX, and how to reach it: options, the environment, saved profiles and where their API keys are."""
