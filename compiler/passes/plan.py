"""Model to Plan: the place where a spec meets what was accepted before."""

from __future__ import annotations

from compiler.change import Plan
from compiler.model import Model


def plan(model: Model) -> Plan:
    """Return the plan that creates the model as it is; nothing is remembered between compilations yet."""
    return Plan(model)
