"""Ways to get a program out of a network. Nothing here judges what it finds.

`PROPOSERS` is the registry. Other packages add theirs through the entry-point group `scrutable.proposers`; each entry
names a `Proposer` class (called without arguments) or an instance.
"""

from __future__ import annotations

from scrutable.propose._base import Problem, Proposer
from scrutable.propose._registry import GROUP, PROPOSERS, registered
from scrutable.propose.enumeration import Enumeration
from scrutable.propose.finite_state import FiniteState
from scrutable.propose.linear import Linear
from scrutable.propose.tree import TreeProposer

__all__ = [
    "GROUP",
    "PROPOSERS",
    "Enumeration",
    "FiniteState",
    "Linear",
    "Problem",
    "Proposer",
    "TreeProposer",
    "registered",
]
