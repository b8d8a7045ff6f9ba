"""Null controls: would the same search have done as well where there is no mechanism?

`guard_all` applies every guard; each is also there on its own. The control of the alignment ("guard.decoy_variables")
belongs to the interchange test, which has the procedure it repeats.
"""

from scrutable.guard._base import Guard, GuardCase, Scores, in_turn
from scrutable.guard._baseline import baseline, skill
from scrutable.guard._lookup import Lookup
from scrutable.guard._random_weights import RandomWeights
from scrutable.guard._registry import GUARDS, guard_all
from scrutable.guard._shuffled import ShuffledOutputs, shuffled_network

__all__ = [
    "GUARDS",
    "Guard",
    "GuardCase",
    "Lookup",
    "RandomWeights",
    "Scores",
    "ShuffledOutputs",
    "baseline",
    "guard_all",
    "in_turn",
    "shuffled_network",
    "skill",
]
