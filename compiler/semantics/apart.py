"""Names that stages share: each stage is a stack of its own, and most names are made of the stack's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from compiler import rules
from compiler.diagnostics import Diagnostics, Location
from compiler.document import Document
from compiler.model import Model
from compiler.semantics.limits import link_place, names_of_stack


def check_apart(models: list[tuple[Model, Document, Diagnostics]]) -> None:
    """Warn of what two stages would both make in what may be one account and Region. Reports AC3304."""
    for (first, before, _), (second, document, found) in combinations(models, 2):
        taken = {} if _elsewhere(first, second) else dict(_made(first, second, before))
        for what, location in _made(second, first, document):
            if what in taken:
                message = f"{what} is made by stage '{first.stage}' too, perhaps in the same place"
                hint = "give it another name in one of them, or say account or region of both stages"
                found.add(rules.SHARED_BY_STAGES, message, location, hint)


def _elsewhere(first: Model, second: Model) -> bool:
    pairs = ((first.account, second.account), (first.region, second.region))
    return any(one and other and one != other for one, other in pairs)


def _made(model: Model, other: Model, document: Document) -> Iterator[tuple[str, Location]]:
    """Yield what a stage makes, and where its name comes from.

    A name that is made of the stack's can be another stage's as well: `eu-a` of `dev` is `a` of `dev-eu`.
    """
    bucket = model.bucket
    if not bucket.existing:
        given = ("bucket", "name") in document.marks
        place = document.locate(("bucket", "name")) if given else bucket.location
        yield f"the table bucket '{bucket.name}'", place
    for namespace in model.namespaces:
        yield f"the resource link '{namespace.link}'", link_place(namespace, document)
        if bucket.existing or other.bucket.existing:  # else the bucket says it all
            yield f"the namespace '{namespace.name}' of the bucket '{bucket.name}'", namespace.location
    for name in names_of_stack(model):
        yield f"the {name.what} '{name.text}'", name.location
