"""Ways to get a program out of a network. Nothing here judges what it finds.

`PROPOSERS` is the registry. Other packages add theirs through the entry-point group `scrutable.proposers`; each entry
names a `Proposer` class (called without arguments) or an instance.
"""

from __future__ import annotations

from scrutable.propose._base import Problem, Proposer
from scrutable.propose._optional import BACKENDS, optional
from scrutable.propose._registry import GROUP, PROPOSERS, registered
from scrutable.propose.attention import AttentionProposer
from scrutable.propose.boolean import BooleanProposer
from scrutable.propose.circles import Circles
from scrutable.propose.cvc5 import Cvc5
from scrutable.propose.enumeration import Enumeration
from scrutable.propose.finite_state import FiniteState
from scrutable.propose.formula import FormulaProposer
from scrutable.propose.gates import Gates
from scrutable.propose.linear import Linear
from scrutable.propose.oblique import ObliqueProposer
from scrutable.propose.operon import Operon
from scrutable.propose.piecewise import PiecewiseProposer
from scrutable.propose.registers import Registers
from scrutable.propose.relu import ReluProposer
from scrutable.propose.rules import RulesProposer
from scrutable.propose.sequences import SequenceProposer
from scrutable.propose.structure import Structure
from scrutable.propose.suggested import Suggested
from scrutable.propose.tree import TreeProposer

__all__ = [
    "BACKENDS",
    "GROUP",
    "PROPOSERS",
    "AttentionProposer",
    "BooleanProposer",
    "Circles",
    "Cvc5",
    "Enumeration",
    "FiniteState",
    "FormulaProposer",
    "Gates",
    "Linear",
    "ObliqueProposer",
    "Operon",
    "PiecewiseProposer",
    "Problem",
    "Proposer",
    "Registers",
    "ReluProposer",
    "RulesProposer",
    "SequenceProposer",
    "Structure",
    "Suggested",
    "TreeProposer",
    "optional",
    "registered",
]
