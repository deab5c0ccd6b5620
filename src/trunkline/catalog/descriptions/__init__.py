"""What actions, parameters and fields mean, in our own words: data beside the catalog, read when help asks for it."""
