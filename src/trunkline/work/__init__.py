"""What `run`, jobs and imports have in common: how a request that went wrong is recovered, and how errors are kept."""
