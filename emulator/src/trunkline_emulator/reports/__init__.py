"""The reports: each is computed from the same calls, chats and shifts, so that their totals agree.

A report is a function of the store and its arguments that gives rows; ``table`` says which action shows which report.
"""
