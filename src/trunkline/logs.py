"""The log ``trunkline``, which never has a secret that this process knows."""

from __future__ import annotations

import logging

from .redaction import redacted

__all__ = ["log"]


class _Redacting(logging.Filter):
    """Takes secrets out of a record: out of its message and of the traceback that goes with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        return True


log = logging.getLogger("trunkline")
log.addFilter(_Redacting())
