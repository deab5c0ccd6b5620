"""The configuration of one PBX for another: with other numbers and names, and without what belongs to one PBX."""
