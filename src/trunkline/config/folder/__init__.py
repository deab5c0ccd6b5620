"""A configuration as files: read with layers and values, checked, written, and described for editors."""
