"""What the emulator says of itself: its service document, ``$metadata`` and OpenAPI file, all made from the catalog."""
