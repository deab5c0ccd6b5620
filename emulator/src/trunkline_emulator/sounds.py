"""Sounds as WAV files, and how the store keeps files beside its rows: as texts."""

from __future__ import annotations

import base64
import io
import wave
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .store import Store

_SOUND = "sound "
# Samples a second of every sound made here.
RATE = 8000


def as_text(content: bytes) -> str:
    """Bytes as the store can keep them."""
    return base64.b64encode(content).decode("ascii")


def as_bytes(text: str) -> bytes:
    return base64.b64decode(text)


def keep_sound(store: Store, name: str, content: bytes) -> None:
    store.keep(_SOUND + name, as_text(content))


def forget_sound(store: Store, name: str) -> None:
    if _SOUND + name in store.kept:
        store.keep(_SOUND + name, None)


def kept_sound(store: Store, name: str) -> bytes | None:
    """Return what was uploaded under a name; None for a file that a seed came with."""
    text = store.kept.get(_SOUND + name)
    return as_bytes(text) if text else None


def is_wav(content: bytes) -> bool:
    """Whether a file begins as a RIFF file that holds WAVE."""
    return content[:4] == b"RIFF" and content[8:12] == b"WAVE"


def wav(samples: array[int]) -> bytes:
    """Return a WAV file of 8 kHz, 16 bits, one channel."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return out.getvalue()


def silence() -> bytes:
    """Return a tenth of a second in which nothing is heard."""
    return wav(array("h", bytes(2 * RATE // 10)))
