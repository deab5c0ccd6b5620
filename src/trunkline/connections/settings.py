"""What options and environment set of a client, beside which PBX it is for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigurationError

VARIABLES = {
    "url": "TRUNKLINE_URL",
    "client_id": "TRUNKLINE_CLIENT_ID",
    "client_secret": "TRUNKLINE_CLIENT_SECRET",
    "ca_file": "TRUNKLINE_CA_FILE",
}
INSECURE, TIMEOUT, UNCHECKED = "TRUNKLINE_INSECURE", "TRUNKLINE_TIMEOUT", "TRUNKLINE_NO_CHECK_VERSION"
SIZES = {"max_answer": "TRUNKLINE_MAX_ANSWER", "max_file": "TRUNKLINE_MAX_FILE"}
"""Options of a client for sizes in memory, in bytes, and the variables that set them, in MB."""
_LARGEST = 1_048_576  # MB, a terabyte
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def client_options(given: Mapping[str, Any], environ: Mapping[str, str], verify: bool | str) -> dict[str, Any]:
    """Collect the options of a client: ``given`` may have ``insecure``, ``ca_file``, ``timeout``, ``no_check_version``.

    ``verify`` is what CA files and profile say.

    Raises:
        ConfigurationError: an option or variable, which it names, can't be used.
    """
    unchecked = given.get("no_check_version") or _is_set(UNCHECKED, environ)
    return {
        "verify": verified(given, environ, verify),
        **limits(given, environ),
        **({"check_version": False} if unchecked else {}),
    }


def verified(given: Mapping[str, Any], environ: Mapping[str, str], verify: bool | str) -> bool | str:
    """``verify`` of a client, where ``verify`` is what CA files and profile say of it."""
    if given.get("insecure"):
        return False
    return False if not given.get("ca_file") and _is_set(INSECURE, environ) else verify


def limits(given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Limits of a client for time and size, as far as options and environment set them.

    Raises:
        ConfigurationError: one, which it names, is not a number that can be used.
    """
    return {**_timeout(given.get("timeout"), environ), **_sizes(environ)}


def _is_set(variable: str, environ: Mapping[str, str]) -> bool:
    value = environ.get(variable, "").strip().lower()
    if value not in (*_YES, *_NO):
        raise ConfigurationError(f"{variable} is {value!r}.", hint="Set it to 1, or unset it.")
    return value in _YES


def _timeout(option: Any, environ: Mapping[str, str]) -> dict[str, float]:
    text = option if option is not None else environ.get(TIMEOUT)
    if text is None or text == "":
        return {}
    from ..transport.options import is_time_limit, time_hint  # what sends nothing doesn't load it

    seconds = _number(text)
    if not is_time_limit(seconds):
        raise ConfigurationError(f"The timeout is {text}.", hint=f"For the timeout, {TIMEOUT} too: {time_hint()}")
    return {"timeout": seconds}


def _sizes(environ: Mapping[str, str]) -> dict[str, int]:
    sizes = {}
    for option, variable in SIZES.items():
        text = environ.get(variable, "").strip()
        if not text:
            continue
        megabytes = _number(text)
        if not 0 < megabytes <= _LARGEST:
            raise ConfigurationError(
                f"{variable} is {text!r}.",
                hint=f"It is a number of MB above 0, {_LARGEST:,} at most; nothing was sent.",
            )
        sizes[option] = max(1, int(megabytes * 2**20))
    return sizes


def _number(text: Any) -> float:
    """Read a number of an option or variable; nan for what isn't one."""
    try:
        return float(text)
    except (ValueError, OverflowError):
        return math.nan
