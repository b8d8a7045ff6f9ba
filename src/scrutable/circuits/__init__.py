"""Which part of a network does the work: its edge graph, the circuits found in it, and how well they are borne out.

`examine(Subject.of(network))` is the way in, `find(module, x)` for a circuit alone; `wire` gives the edge graph, the
methods score its edges, `judge_program` judges the circuit that a program induces, and `faithfulness`, `completeness`
and `minimality` say what a circuit is worth, each under a named ablation. What was found can be read without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scrutable.circuits._findings import Claim, Control, Edge, Examination, Placed, ProgramCircuit, Score, ScoredEdge
from scrutable.network._ablation_kinds import ABLATIONS, Ablation

if TYPE_CHECKING:
    from scrutable.circuits._acdc import Acdc
    from scrutable.circuits._attribution import EdgeAttribution, HeadImportance
    from scrutable.circuits._contexts import Contexts
    from scrutable.circuits._controls import against_searched, independence
    from scrutable.circuits._examination import METHODS, examine
    from scrutable.circuits._find import Circuit, find
    from scrutable.circuits._hypotheses import equivalence, idle_edges
    from scrutable.circuits._induced import components_at, induced
    from scrutable.circuits._judging import judge_program
    from scrutable.circuits._method import Method
    from scrutable.circuits._places import Places
    from scrutable.circuits._probing import SubnetworkProbing
    from scrutable.circuits._scores import completeness, edge_auc, faithfulness, minimality
    from scrutable.circuits._subject import Subject
    from scrutable.circuits._trial import Metric, Trial, trials
    from scrutable.circuits._wire import wire
    from scrutable.circuits._wiring import Wiring

_LAZY = {
    "Acdc": "_acdc",
    "Circuit": "_find",
    "Contexts": "_contexts",
    "EdgeAttribution": "_attribution",
    "HeadImportance": "_attribution",
    "METHODS": "_examination",
    "Method": "_method",
    "Metric": "_trial",
    "Places": "_places",
    "Subject": "_subject",
    "SubnetworkProbing": "_probing",
    "Trial": "_trial",
    "Wiring": "_wiring",
    "against_searched": "_controls",
    "completeness": "_scores",
    "components_at": "_induced",
    "edge_auc": "_scores",
    "equivalence": "_hypotheses",
    "examine": "_examination",
    "faithfulness": "_scores",
    "find": "_find",
    "idle_edges": "_hypotheses",
    "independence": "_controls",
    "induced": "_induced",
    "judge_program": "_judging",
    "minimality": "_scores",
    "trials": "_trial",
    "wire": "_wire",
}

__all__ = [
    "ABLATIONS",
    "Ablation",
    "Acdc",
    "Circuit",
    "Claim",
    "Contexts",
    "Control",
    "Edge",
    "EdgeAttribution",
    "Examination",
    "HeadImportance",
    "METHODS",
    "Method",
    "Metric",
    "Placed",
    "Places",
    "ProgramCircuit",
    "Score",
    "ScoredEdge",
    "Subject",
    "SubnetworkProbing",
    "Trial",
    "Wiring",
    "against_searched",
    "completeness",
    "components_at",
    "edge_auc",
    "equivalence",
    "examine",
    "faithfulness",
    "find",
    "idle_edges",
    "independence",
    "induced",
    "judge_program",
    "minimality",
    "trials",
    "wire",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return __all__
