"""Which column may take which wider type without a rewritten file."""

from __future__ import annotations

from compiler.iceberg import Primitive

# Iceberg spec, Schema Evolution, Type Promotion, column "v1, v2 valid type promotions".
_WIDER = {"int": "long", "float": "double"}


def promotes(old: Primitive, new: Primitive) -> bool:
    """Whether every old value can be read as the new type (https://iceberg.apache.org/spec/#schema-evolution).

    A decimal may get more digits, never another scale.
    """
    if old.name == new.name == "decimal":
        return old.arguments[1] == new.arguments[1] and old.arguments[0] < new.arguments[0]
    return _WIDER.get(old.name) == new.name


def keeps_partitions(old: Primitive, transform: str) -> bool:
    """Whether a promotion leaves the transform's results as they are in old files.

    The hash of an int is that of the equal long, and a decimal's is that of its unscaled value
    (Iceberg spec, appendix B); a float partition's values would be of another type.
    """
    return transform == "void" or old.name in ("int", "decimal")
