"""A requirement asked for all agents at once: a few array operations, whatever their number."""

from collections.abc import Callable
from functools import reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.requirements import COMPARE, AllOf, AnyOf, HasLevel, Not, Requirement

Column: TypeAlias = Callable[[str], NDArray[np.uint8]]
"""Everybody's level of a skill, 0 for those who do not have it."""


def who_holds(requirement: Requirement, column: Column, size: int) -> NDArray[np.bool_]:
    """Who of `size` agents meets it: bool[agents]."""
    match requirement:
        case HasLevel():
            levels: NDArray[np.bool_] = COMPARE[requirement.operator](column(requirement.skill), requirement.level)
            return levels
        case Not():
            return ~who_holds(requirement.term, column, size)
        case AllOf():
            terms = (who_holds(term, column, size) for term in requirement.terms)
            return reduce(np.logical_and, terms, np.ones(size, np.bool_))
        case AnyOf():
            terms = (who_holds(term, column, size) for term in requirement.terms)
            return reduce(np.logical_or, terms, np.zeros(size, np.bool_))
