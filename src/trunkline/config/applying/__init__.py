"""A plan carried out through the engine, from a ledger, with secrets filled in at the last moment."""
