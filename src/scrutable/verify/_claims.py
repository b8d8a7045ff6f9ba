"""Claims that something plays no part, tested by changing it."""

from __future__ import annotations

import numpy as np

from scrutable.hypothesis import Kind, Result, silent, wilson
from scrutable.program import Program, Scan, variables
from scrutable.verify._agreement import agrees, counter_example
from scrutable.verify._base import Case, Sample, Test
from scrutable.verify._inputs import Box
from scrutable.verify._memory import memory_of
from scrutable.work import generator

LEAST = 0.99
MOST_ROWS = 4096


class NoMemory(Test):
    """A program that keeps nothing from step to step: exchanging the network's state must change no later output.

    The state after a random step is replaced by that of another sequence after the same step. Passes at 99%.
    """

    name = "no_memory"
    kind: Kind = "causal"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: two runs of the network."""
        recurrence, memory = case.network.recurrence, memory_of(case.hypothesis.program)
        if recurrence is None:
            return (silent(self.name, self.kind, "the network has no state"),)
        if memory.problem or not memory.empty:
            return (silent(self.name, self.kind, "the program does keep something from step to step"),)
        if case.test.inputs.shape[1] < 2 or len(case.test) < 2:
            return (silent(self.name, self.kind, "the sequences have one step"),)
        x = case.test.inputs[:MOST_ROWS]
        rng = generator(case.seed, "no memory")
        states, _ = recurrence.run(x)
        order = rng.permutation(len(x))
        base, source = order[: len(x) // 2], order[len(x) // 2 : 2 * (len(x) // 2)]
        steps = rng.integers(0, x.shape[1] - 1, size=len(base))
        said = case.network.patched(x[base], {"hidden": states[source, steps]}, steps=steps)
        return (_unmoved(case, self.name, case.test.rows(base), said, "state exchanged with another sequence's"),)


class NoDependence(Test):
    """Inputs that the program does not read: changing them must change no output.

    Each is drawn afresh, uniformly, all at once. Passes at 99%. For a program with a constant output, that is every
    input.
    """

    name = "no_dependence"
    kind: Kind = "causal"

    def apply(self, case: Case) -> tuple[Result, ...]:
        """See `Test.apply`. Cost: one run of the network."""
        program = case.hypothesis.program
        unread = [i for i, entry in enumerate(program.inputs) if entry.name not in read_by(program)]
        if not unread:
            return (silent(self.name, self.kind, "the program reads every input"),)
        if not len(case.test):
            return (silent(self.name, self.kind, "", unknown="there are no rows kept back"),)
        x = case.test.inputs[:MOST_ROWS]
        changed, fresh = (
            x.copy(),
            Box(case.network.inputs, case.find.inputs).draw(len(x), generator(case.seed, "unread")),
        )
        if len(program.inputs) == 1:
            changed = fresh.astype(x.dtype)
        else:
            changed[..., unread] = fresh[..., unread]
        names = ", ".join(program.inputs[i].name for i in unread)
        said = case.network.predict(changed)
        return (_unmoved(case, self.name, case.test.rows(slice(0, MOST_ROWS)), said, f"{names} drawn afresh"),)


def read_by(program: Program) -> frozenset[str]:
    """The inputs that the outputs of a program depend on."""
    needed = set(program.outputs)
    for statement in reversed(program.statements):
        if isinstance(statement, Scan):
            names = {s.name for s in statement.states} | {b.name for b in statement.body}
            if names & needed:
                inner = [s.next for s in statement.states] + [b.expr for b in statement.body]
                used = frozenset().union(*(variables(expr) for expr in inner))
                needed |= used
                needed |= {v for name, expr in statement.over if name in used for v in variables(expr)}
        elif statement.name in needed:
            needed |= variables(statement.expr)
    return frozenset(needed) & {entry.name for entry in program.inputs}


def _unmoved(case: Case, name: str, own: Sample, said: np.ndarray, what: str) -> Result:
    """The result of changing something that should not matter: `own` is what was, `said` what is now."""
    domain = case.network.outputs
    right = agrees(domain, said, own.outputs, within=case.within)
    moved, n = int((~right).sum()), len(right)
    shown = tuple(
        counter_example(own.inputs[row], own.outputs[row], said[row], what) for row in np.flatnonzero(~right)[:3]
    )
    return Result(
        name=name,
        kind="causal",
        status="pass" if right.mean() >= LEAST else "fail",
        value=float(right.mean()),
        n=n,
        interval=wilson(n - moved, n),
        method=f"{what}; outputs as before; each input used once; Wilson interval",
        reason=f"{what}: the outputs of {moved} of {n} inputs change",
        counter_examples=shown,
    )
