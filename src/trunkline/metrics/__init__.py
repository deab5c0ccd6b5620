"""Metrics of PBXs for Prometheus and OpenTelemetry: a surface over `monitor`."""
