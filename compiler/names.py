"""Names: what may be one, what is near one, and the logical ids made from them."""

from __future__ import annotations

import re
from collections.abc import Iterable

COLUMN_HINT = "lower-case letters, digits and '_', at most 128, not starting with a digit"
_COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,127}")


def is_column_name(name: str) -> bool:
    """Whether a column or nested field may have this name.

    An upper-case letter makes the whole table vanish from Glue and Athena
    (S3 user guide, s3-tables-integrating-aws.html).
    """
    return _COLUMN.fullmatch(name) is not None


def pascal(name: str) -> str:
    """Turn `initial_events` into `InitialEvents`, the stem of a logical id.

    A logical id comes from kind and name alone: a changed one deletes and re-creates the resource.
    """
    return "".join(part[:1].upper() + part[1:] for part in re.split("[-_]", name))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant, or nothing."""
    from difflib import get_close_matches  # only a mistake pays for this import

    return next(iter(get_close_matches(name, list(known), 1, 0.6)), "")


def did_you_mean(name: str, known: Iterable[str], section: str) -> str:
    """Return the hint for an unknown name: the nearest one, or where to declare it."""
    near = nearest(name, known)
    return f"did you mean '{near}'?" if near else f"declare '{name}' in {section}"
