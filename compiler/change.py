"""What a compilation is about to change, compared with what was accepted before."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.model import Model


@dataclass(frozen=True, slots=True)
class Plan:
    """The model to render. Comparing it with an accepted state is still to come."""

    model: Model
