"""Names that stages share: each stage is a stack of its own, and most names are made of the stack's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from compiler import rules
from compiler.diagnostics import Diagnostics, Location
from compiler.model import Model


def check_apart(models: list[tuple[Model, Diagnostics]]) -> None:
    """Warn of what two stages would both make in what may be one account and Region. Reports AC3304."""
    for (first, _), (second, found) in combinations(models, 2):
        taken = {} if _elsewhere(first, second) else dict(_made(first, second))
        for what, location in _made(second, first):
            if what in taken:
                message = f"{what} is made by stage '{first.stage}' too, perhaps in the same place"
                hint = "give it another name in one of them, or say account or region of both stages"
                found.add(rules.SHARED_BY_STAGES, message, location, hint)


def _elsewhere(first: Model, second: Model) -> bool:
    pairs = ((first.account, second.account), (first.region, second.region))
    return any(one and other and one != other for one, other in pairs)


def _made(model: Model, other: Model) -> Iterator[tuple[str, Location]]:
    """Yield what a stage makes under a name that the spec can give, and where the spec does so."""
    bucket = model.bucket
    if not bucket.existing:
        yield f"the table bucket '{bucket.name}'", bucket.location
    for namespace in model.namespaces:
        yield f"the resource link '{namespace.link}'", namespace.location
        if bucket.existing or other.bucket.existing:  # else the bucket says it all
            yield f"the namespace '{namespace.name}' of the bucket '{bucket.name}'", namespace.location
