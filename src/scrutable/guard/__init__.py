"""Null controls: would the same search have done as well where there is no mechanism?

`guard_all` applies every guard; each is also there on its own. The control of the alignment ("guard.decoy_variables")
belongs to the interchange test, which has the procedure it repeats. `subnetwork_guards` are for another sort of claim:
that some weights of a network, chosen by a mask, do what it does.
"""

from scrutable.guard._base import Guard, GuardCase, Scores, in_turn
from scrutable.guard._baseline import baseline, skill
from scrutable.guard._lookup import Lookup
from scrutable.guard._random_weights import RandomWeights
from scrutable.guard._registry import GUARDS, guard_all
from scrutable.guard._shuffled import ShuffledOutputs, shuffled_network
from scrutable.guard._subnetworks import MaskSearch, Subnetwork, subnetwork_guards

__all__ = [
    "GUARDS",
    "Guard",
    "GuardCase",
    "Lookup",
    "MaskSearch",
    "RandomWeights",
    "Scores",
    "ShuffledOutputs",
    "Subnetwork",
    "baseline",
    "guard_all",
    "in_turn",
    "shuffled_network",
    "skill",
    "subnetwork_guards",
]
