"""What the console says on the terminal of problems: a line, never a traceback, never a secret."""

from __future__ import annotations

import logging

from ..errors import TrunklineError, Unexpected
from ..redaction import redacted


class OneLine(logging.Filter):
    """Makes a line of each record. Trunkline's own errors are left out: the page shows them."""

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        if isinstance(record.msg, BaseException):  # NiceGUI logs the exception itself
            problem = record.msg
        if isinstance(problem, TrunklineError):
            return False
        record.msg = redacted(str(Unexpected.of(problem)) if problem is not None else record.getMessage())
        record.args, record.exc_info, record.exc_text, record.stack_info = (), None, None, None
        return True


def log_in_lines() -> None:
    """Make lines of what the libraries of the console log."""
    for name in ("nicegui", "uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(OneLine())


def log_problem(problem: Exception) -> None:
    """Log what a page shows, where it is a defect."""
    logging.getLogger("nicegui").error(problem)
