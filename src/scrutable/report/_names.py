"""Neutral names for checks, and what the two communities call them.

A check's own name ("interchange.carry") is made for looking up. On the page it gets the neutral name, followed once in
the whole page by the other name in use.
"""

from __future__ import annotations

_TITLES = {
    "fidelity": "Same outputs",
    "exhaustive": "Same outputs on the whole domain",
    "equivalence": "Proof of the same outputs",
    "counter_example": "Search for counter-examples",
    "counter_examples": "Search for counter-examples",
    "search": "Search for counter-examples",
    "interchange": "Interchange intervention",
    "scrubbing": "Resampling within equal values",
    "scrub": "Resampling within equal values",
    "unmapped": "Unclaimed parts have no effect",
    "necessity": "Breaking the site breaks the behaviour",
    "must_break": "Breaking the variable must hurt",
    "probe": "Linear decoding",
    "task": "Same as the labels",
    "distinctions": "The network tells apart what the program remembers",
    "no_memory": "Nothing is carried from step to step",
    "no_dependence": "Unread inputs have no effect",
}

_ABOUT = {
    "held_out": "inputs kept back",
    "shifted": "rare inputs",
    "longer": "longer sequences",
    "network": "the network",
    "program": "the program",
    "members": "real states of the same value",
    "rebuilt": "states made from the values alone",
}

_ALSO = {
    "fidelity": "faithfulness",
    "interchange": "activation patching",
    "scrubbing": "causal scrubbing",
    "scrub": "causal scrubbing",
    "necessity": "ablation, lesion study",
    "probe": "linear probe",
}

_CONTROLS = {
    "shuffled_outputs": "Control: outputs shuffled across inputs",
    "decoy": "Control: decoy variables aligned the same way",
    "decoy_variables": "Control: decoy variables aligned the same way",
    "random_weights": "Control: networks with random weights",
    "reinitialised": "Control: re-initialised weights",
    "permuted_weights": "Control: weights permuted within each layer",
    "permuted": "Control: weights permuted within each layer",
    "lookup": "Control: lookup table of the same size",
}


def words(code: str) -> str:
    """A code name as words: `held_out` becomes "held out"."""
    return code.replace("_", " ").replace(".", ", ").strip()


class Names:
    """Titles for one page: each second name is given once, at the first check that carries it."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def title(self, name: str) -> str:
        """The neutral name, with what the check is about and, the first time, the other name.

        `interchange.carry` becomes "Interchange intervention (activation patching): carry".
        """
        head, _, rest = name.partition(".")
        if head in ("guard", "control", "null"):
            return self._control(rest or head)
        text = _TITLES.get(head, words(head).capitalize())
        also = _ALSO.get(head)
        if also is not None and also not in self._given:
            self._given.add(also)
            text = f"{text} ({also})"
        return f"{text}: {_ABOUT.get(rest, words(rest))}" if rest else text

    def _control(self, rest: str) -> str:
        head, _, more = rest.partition(".")
        text = _CONTROLS.get(head, f"Control: {words(head)}")
        return f"{text}, {words(more)}" if more else text
