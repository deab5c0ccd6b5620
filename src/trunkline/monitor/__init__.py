"""What a PBX is doing: its status and what is wrong with it, for one or many, its connection, its calls.

This room knows no terminal. Its records are frozen structs: ``msgspec.to_builtins`` makes the object that every surface
writes, ``msgspec.json.schema`` its JSON Schema.
"""
