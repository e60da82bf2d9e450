"""Columns for the tests: written as in a spec, or drawn by Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from compiler.iceberg import Field, ListType, MapType, Primitive, StructType, Type
from compiler.records.vocabulary import CHOICES
from compiler.semantics.types import parse_type

Columns = tuple[Field, ...]


def columns(**types: str) -> Columns:
    """Return columns by name; a type that ends with '!' is a required column's."""
    return tuple(
        Field(name, parse_type(type_.removesuffix("!")), type_.endswith("!")) for name, type_ in types.items()
    )


def decimals() -> st.SearchStrategy[Type]:
    """Draw a decimal of any precision and scale."""
    return st.integers(1, 38).flatmap(
        lambda precision: st.builds(
            lambda scale: Primitive("decimal", (precision, scale)), st.integers(0, precision)
        )
    )


def primitive_types() -> st.SearchStrategy[Type]:
    """Draw any primitive type."""
    plain = (
        "boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz", "string",
        "uuid", "binary",
    )  # fmt: skip
    fixed = st.builds(lambda length: Primitive("fixed", (length,)), st.integers(1, 40))
    return st.sampled_from(plain).map(Primitive) | decimals() | fixed


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True) | st.sampled_from(
    ["id", "user_id", "country", "city", "url", "dt", "lat", "lon", "year", "status", *CHOICES]
)


def types() -> st.SearchStrategy[Type]:
    """Draw any type, nested ones too."""
    return st.recursive(
        primitive_types(),
        lambda inner: (
            st.builds(ListType, inner, st.booleans())
            | st.builds(MapType, primitive_types(), inner, st.booleans())
            | st.builds(StructType, fields(inner, most=4))
        ),
        max_leaves=6,
    )


def fields(inner: st.SearchStrategy[Type], most: int) -> st.SearchStrategy[Columns]:
    """Draw fields of different names."""
    field = st.builds(Field, NAMES, inner, st.booleans())
    return st.lists(field, min_size=1, max_size=most, unique_by=lambda each: each.name).map(tuple)


def tables() -> st.SearchStrategy[Columns]:
    """Draw the columns of a table."""
    return fields(types(), most=8)
