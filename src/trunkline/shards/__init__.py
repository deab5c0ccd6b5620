"""Work that several machines share: jobs and readings in shards, with leases, tokens and a ledger in one Postgres.

The database holds what jobs are made of: items, which may have passwords in them, answers of PBXs, and access tokens.
It does not hold API keys, which stay in the profiles of each machine. Anybody who can read the database must be
trusted with the PBXs; anybody who can write it decides what is sent to them.
"""
