"""Whole tables between a PBX and files: the call log out; contacts and users in."""
