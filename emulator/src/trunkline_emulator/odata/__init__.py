"""OData as a PBX reads it: paths, literals, query options, filters. The client spells the same in code of its own."""
