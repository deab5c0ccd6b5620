"""The calls and chats of a company, made on demand: every list and report about them is computed from here."""
