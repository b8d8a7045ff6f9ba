"""Tests of hypotheses: does the program predict the network, and do the network's insides work that way?

`verify_all` applies every test; each is also there on its own. Nothing here searches for programs.
"""

from scrutable._callable import answers_calls
from scrutable.hypothesis import clopper_pearson, cluster_bootstrap, confidence_sequence, two_way, wilson
from scrutable.verify._ablations import Ablated, ablate
from scrutable.verify._agreement import TOLERANCE, agrees, answers_to, least_right, shares_right, tolerance
from scrutable.verify._base import Case, Sample, Test
from scrutable.verify._claims import NoDependence, NoMemory
from scrutable.verify._fidelity import SINGLE, HeldOut, Longer, Shifted
from scrutable.verify._interchange import Interchange, interchange_value
from scrutable.verify._registry import TESTS, verify_all
from scrutable.verify._search import CounterExamples, find_counter_examples
from scrutable.verify._subspace import Subspace, find_subspace
from scrutable.verify.equivalence import Equivalence
from scrutable.verify.scrubbing import Idle, Part, Recovered, Said, Scrubbed, Scrubbing, Swapped, loss_recovered, scrub

__all__ = [
    "SINGLE",
    "TOLERANCE",
    "TESTS",
    "Ablated",
    "Case",
    "CounterExamples",
    "Equivalence",
    "HeldOut",
    "Idle",
    "Interchange",
    "Longer",
    "NoDependence",
    "NoMemory",
    "Part",
    "Recovered",
    "Said",
    "Sample",
    "Scrubbed",
    "Scrubbing",
    "Shifted",
    "Subspace",
    "Swapped",
    "Test",
    "ablate",
    "agrees",
    "answers_to",
    "clopper_pearson",
    "cluster_bootstrap",
    "confidence_sequence",
    "find_counter_examples",
    "find_subspace",
    "interchange_value",
    "least_right",
    "loss_recovered",
    "scrub",
    "shares_right",
    "tolerance",
    "two_way",
    "verify_all",
    "wilson",
]

answers_calls(__name__)
