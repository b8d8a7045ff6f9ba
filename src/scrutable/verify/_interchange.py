"""Interchange interventions: does the network's inside work as the program's variables say?"""

from __future__ import annotations

from scrutable.hypothesis import Kind, Result
from scrutable.verify._base import Case, Test
from scrutable.verify._layered import layered_interchange
from scrutable.verify._recurrent import recurrent_interchange


class Interchange(Test):
    """Give the network, in the middle of one input, what it holds for a program variable on another input.

    The program says what must come out: its own outputs with the variable set to the other input's value. For a
    recurrent network the variables are everything the program carries from step to step, taken together, and the
    place is its state; for others each named intermediate value is tried at each layer. Sites named by the alignment
    are used as they stand.

    Encodings are linear, out of a family fixed beforehand (class means of the value, of the value and the current
    output, split into clusters; regression, straight or bent by hinges of the values), fitted and chosen on rows used
    for the search and scored on rows never used, in disjoint pairs, at least half of which change the program's answer.
    In a recurrent network the value may come from an earlier step of the other input: it means the same whenever it is
    held. Where the subspace found is the whole place, a plain swap would only show the network rejoined inputs. So the
    activation is also rebuilt from the program's value alone (a class mean, or the regression), which must do as well.

    Results: "interchange" (passes when the intervals on changed and unchanged pairs, apart, lie above 0.9); "unmapped"
    (what the encoding leaves out has no effect); "necessity" (with the site broken, answers change where the program
    says so); "guard.decoy_variables" (19 variables that mean nothing, given the same procedure, do worse);
    "interchange.scores" for a program that gives each label a score (exchanges that keep the answer change the
    network's scores as they change the program's: see `_scores`). For a recurrent network also

    - "interchange.rebuilt": the whole state made from the program's values does as well, and better than one made from
      the values of other pairs; a failure leaves open whether another code would have done;
    - "interchange.members": any real state of the same value does as well; its details say how many values the
      program's memory takes and how many its answers need (see `_members`);
    - "distinctions": values of the program's memory that never make a difference are told apart by the network too,
      else the program remembers more than the network does.

    References: Geiger et al., "Causal abstractions of neural networks" (2021, arXiv 2106.02997); Geiger et al.,
    "Finding alignments between interpretable causal variables and distributed neural representations" (2023, arXiv
    2303.02536).
    """

    name = "interchange"
    kind: Kind = "causal"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: some hundred runs of the network on some thousand rows."""
        return _results(case, controls=True)


def interchange_value(case: Case) -> float | None:
    """The agreement on changed pairs alone, without the controls; None where it does not apply or cannot be measured.

    About twenty times cheaper than `Interchange`: for the null networks of guards.
    """
    return _results(case, controls=False)[0].value


def _results(case: Case, *, controls: bool) -> tuple[Result, ...]:
    recurrence = case.network.recurrence
    if recurrence is not None:
        return recurrent_interchange(case, recurrence, controls=controls)
    return layered_interchange(case, controls=controls)
