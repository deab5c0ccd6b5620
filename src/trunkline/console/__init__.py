"""The console: pages in a browser for administrators who would rather look than type."""
