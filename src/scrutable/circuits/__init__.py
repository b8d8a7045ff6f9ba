"""Which part of a network does the work: its edge graph, the circuits found in it, and how well they are borne out.

`examine(network)` is the way in, `find(module, x)` for a circuit alone; `wire` gives the edge graph, the methods score
its edges, and `faithfulness`, `completeness` and `minimality` say what a circuit is worth, each under a named ablation.
"""

from __future__ import annotations

from scrutable.circuits._acdc import Acdc
from scrutable.circuits._attribution import EdgeAttribution, HeadImportance
from scrutable.circuits._claims import Claim
from scrutable.circuits._contexts import Contexts
from scrutable.circuits._controls import Control, against_searched, independence
from scrutable.circuits._examination import METHODS, Examination, ScoredEdge, examine
from scrutable.circuits._find import Circuit, find
from scrutable.circuits._hypotheses import equivalence, idle_edges
from scrutable.circuits._induced import components_at, induced
from scrutable.circuits._method import Method
from scrutable.circuits._probing import SubnetworkProbing
from scrutable.circuits._scores import Score, completeness, edge_auc, faithfulness, minimality
from scrutable.circuits._trial import Metric, Trial, trials
from scrutable.circuits._wire import wire
from scrutable.circuits._wiring import Edge, Wiring
from scrutable.network.engine import ABLATIONS, Ablation

__all__ = [
    "ABLATIONS",
    "Ablation",
    "Acdc",
    "Circuit",
    "Claim",
    "Contexts",
    "Control",
    "Edge",
    "Examination",
    "METHODS",
    "ScoredEdge",
    "components_at",
    "equivalence",
    "examine",
    "induced",
    "EdgeAttribution",
    "HeadImportance",
    "Method",
    "Metric",
    "Score",
    "SubnetworkProbing",
    "Trial",
    "Wiring",
    "against_searched",
    "completeness",
    "edge_auc",
    "faithfulness",
    "find",
    "idle_edges",
    "independence",
    "minimality",
    "trials",
    "wire",
]
