"""Drift as metrics, in the text format of Prometheus: for its Pushgateway, or the textfile collector of a node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .drift import Drift

_PREFIX = "trunkline_config_drift"
_HELP = {
    "": "Whether the configuration of a PBX differs from its folder: 1 if it does. Missing where it is not up.",
    "_up": "Whether the configuration of a PBX could be read: 1 if it could.",
    "_entities": "Entities that differ, by kind and change; added is what only the PBX has.",
    "_unread_kinds": "Kinds of entities that a PBX did not give, so that they were not compared.",
    "_timestamp_seconds": "When the PBXs were compared, in seconds since 1970.",
}


def exposition(drifts: Iterable[Drift], time: float) -> str:
    """Return the metrics of some PBXs. ``time``: when they were compared, in seconds since 1970."""
    samples: dict[str, list[str]] = {name: [] for name in _HELP}
    for drift in drifts:
        pbx = {"pbx": drift.pbx}
        samples["_up"].append(_sample("_up", pbx, int(drift.error is None)))
        if drift.error is not None:
            continue
        samples[""].append(_sample("", pbx, int(drift.total > 0)))
        samples["_unread_kinds"].append(_sample("_unread_kinds", pbx, len(drift.unread)))
        for (kind, change), count in sorted(drift.counts.items()):
            samples["_entities"].append(_sample("_entities", {**pbx, "kind": kind, "change": change}, count))
    samples["_timestamp_seconds"].append(_sample("_timestamp_seconds", {}, round(time, 3)))
    return "".join(f"{line}\n" for name, lines in samples.items() for line in _family(name, lines))


def _family(name: str, samples: list[str]) -> Iterator[str]:
    if samples:
        yield f"# HELP {_PREFIX}{name} {_HELP[name]}"
        yield f"# TYPE {_PREFIX}{name} gauge"
        yield from samples


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{_PREFIX}{name}{{{pairs}}} {value}" if pairs else f"{_PREFIX}{name} {value}"


def _escaped(text: str) -> str:
    """Return a value of a label as the text format wants it: backslash, quote and line end escaped."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
