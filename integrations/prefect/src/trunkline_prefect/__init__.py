"""Trunkline's shards on Prefect: flows, lanes, the reaper, and a try of it all on one machine."""
