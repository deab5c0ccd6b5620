"""How much of an answer may be in memory, in bytes, where nobody says otherwise."""

MAX_ANSWER = 64 * 2**20
MAX_FILE = 256 * 2**20
