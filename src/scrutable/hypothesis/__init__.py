"""What the rooms above hand to each other: hypotheses, results, evidence, verdicts."""

from scrutable._callable import answers_calls
from scrutable.hypothesis._anytime import confidence_sequence
from scrutable.hypothesis._data import frozen, hypothesis_from_data, hypothesis_to_data, plain, read_as
from scrutable.hypothesis._evidence import CounterExample, Evidence, Interval, Kind, Result, Status, Verdict, verdict_of
from scrutable.hypothesis._hypothesis import COARSEST, FLOOR, Alignment, Hypothesis, Provenance
from scrutable.hypothesis._intervals import (
    clopper_pearson,
    cluster_bootstrap,
    finite_population,
    two_way,
    wilson,
)
from scrutable.hypothesis._multiplicity import holm, max_t, p_value
from scrutable.hypothesis._person import hypothesis
from scrutable.hypothesis._results import against_nulls, silent
from scrutable.hypothesis._sites import confirmed, sites

__all__ = [
    "COARSEST",
    "FLOOR",
    "Alignment",
    "CounterExample",
    "Evidence",
    "Hypothesis",
    "Interval",
    "Kind",
    "Provenance",
    "Result",
    "Status",
    "Verdict",
    "against_nulls",
    "clopper_pearson",
    "cluster_bootstrap",
    "confidence_sequence",
    "confirmed",
    "finite_population",
    "frozen",
    "holm",
    "hypothesis",
    "hypothesis_from_data",
    "hypothesis_to_data",
    "max_t",
    "p_value",
    "plain",
    "read_as",
    "silent",
    "sites",
    "two_way",
    "verdict_of",
    "wilson",
]

answers_calls(__name__)
