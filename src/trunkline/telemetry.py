"""OpenTelemetry spans, one for each request that goes out: ``Pbx(…, hooks=[spans()])``.

Needs the extra ``trunkline[otel]``. Spans hang below whatever span is current where the call is made, and carry the
HTTP attributes of OpenTelemetry's semantic conventions; never a secret, a body or a header.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .errors import ConfigurationError
from .transport.watch import Event, Hook

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider


def spans(tracer_provider: TracerProvider | None = None) -> Hook:
    """Return a hook that makes spans with a tracer provider, the global one by default.

    Raises ConfigurationError if OpenTelemetry's API is not installed.
    """
    try:
        from opentelemetry.trace import SpanKind, StatusCode, get_tracer
    except ImportError:
        raise ConfigurationError("OpenTelemetry is not installed.", hint="pip install 'trunkline[otel]'") from None
    tracer = get_tracer("trunkline", tracer_provider=tracer_provider)
    under_way: dict[tuple[str, int], Span] = {}
    lock = threading.Lock()

    def hook(event: Event) -> None:
        key = (event.call, event.number)
        if not event.finished:
            attributes: dict[str, str | int] = {
                "http.request.method": event.method,
                "url.full": event.url,
                "http.request.resend_count": event.number - 1,
                "trunkline.call": event.call,
            }
            span = tracer.start_span(f"3CX {event.method}", kind=SpanKind.CLIENT, attributes=attributes)
            with lock:
                under_way[key] = span
            return
        with lock:
            span = under_way.pop(key)
        if event.status is not None:
            span.set_attribute("http.response.status_code", event.status)
        if event.error or (event.status or 0) >= 400:
            span.set_attribute("error.type", event.error or str(event.status))
            span.set_status(StatusCode.ERROR, event.error or f"status {event.status}")
        span.end()

    return hook
