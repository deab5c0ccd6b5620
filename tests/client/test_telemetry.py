"""Spans of OpenTelemetry."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nasty import MISSING, Nasty
from trunkline import NotFound, Pbx
from trunkline.telemetry import spans


def test_each_request_is_a_span_below_the_caller_s() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with Nasty(lambda asked: MISSING) as server:
        with Pbx(server.url, "id", "secret-key", hooks=[spans(provider)]) as pbx:
            with provider.get_tracer("caller").start_as_current_span("nightly job") as caller:
                with pytest.raises(NotFound) as caught:
                    pbx.fax.get(7)
    sign_in, get, job = exporter.get_finished_spans()
    assert job.name == "nightly job"
    assert sign_in.parent
    assert get.parent
    assert get.attributes
    assert {sign_in.parent.span_id, get.parent.span_id} == {caller.get_span_context().span_id}
    assert get.name == "3CX GET"
    assert get.attributes["http.response.status_code"] == 404
    assert str(get.attributes["url.full"]).endswith("/Fax(7)")
    assert get.attributes["trunkline.call"] == caught.value.request_id
    assert not get.status.is_ok
    assert sign_in.status.is_unset
    assert "opaque" not in get.to_json() + sign_in.to_json()
    assert "secret-key" not in get.to_json() + sign_in.to_json()
