"""Networks with a mechanism put in by hand, and programs that are right or wrong about it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scrutable.hypothesis import Alignment, Evidence, Hypothesis, Provenance
from scrutable.network import Bits, Integers, Network, Recurrent
from scrutable.program import INT, Const, Expr, Input, Let, Program, Scan, Seq, State, Var, call
from scrutable.verify import Case, Interchange, Sample
from scrutable.work import Clock, generator

Step = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def mixing(d: int, seed: int = 0) -> np.ndarray:
    """A random orthogonal matrix."""
    return np.linalg.qr(generator(seed, "mixing").normal(size=(d, d)))[0]


def machine(update: Step, *, kept: int, d: int, inputs, outputs, lose: float = 0.3, mixed: bool = True) -> Network:
    """A recurrent network that keeps `kept` whole numbers in a mixed code of d units.

    `update(numbers, x_t)` gives the new numbers and the output. The rest of the state is a fading trace of the inputs
    that nothing reads: a distraction.
    """
    mix = mixing(d) if mixed else np.eye(d)

    def cell(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        plain = state @ mix.T
        numbers, trace = np.rint(plain[:, :kept]), plain[:, kept:]
        numbers, y = update(numbers, x_t)
        trace = lose * trace + 0.1 * x_t.sum(axis=-1, keepdims=True) * np.linspace(0.2, 1, d - kept)
        return np.concatenate([numbers, trace], axis=1) @ mix, y

    return Network(Recurrent(cell, np.zeros(d)), inputs=inputs, outputs=outputs)


def adder_network(length: int = 10, d: int = 6, *, mixed: bool = True) -> Network:
    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total = numbers[:, 0] + x_t.sum(axis=1)
        return np.stack([total // 2, total % 2], axis=1), total % 2

    return machine(update, kept=2, d=d, inputs=Bits(length, 2), outputs=Bits(length), mixed=mixed)


def _seq(name: str) -> Var:
    return Var(name, Seq(INT))


def adder_program() -> Program:
    total = call("add", call("add", Var("a_t", INT), Var("b_t", INT)), Var("carry", INT))
    scan = Scan(
        over=(("a_t", _seq("a")), ("b_t", _seq("b"))),
        states=(State("carry", Const(0, INT), Var("total", INT) // 2),),
        body=(Let("total", total), Let("output", Var("total", INT) % 2)),
    )
    return Program("binary_addition", (Input("a", Seq(INT)), Input("b", Seq(INT))), (scan,), ("output",))


def machine_program(states: tuple[State, ...], output: Expr, name: str = "machine") -> Program:
    """A program with one input x and a loop; `output` is computed from `x_t` and the states before the step."""
    scan = Scan(over=(("x_t", _seq("x")),), states=states, body=(Let("output", output),))
    return Program(name, (Input("x", Seq(INT)),), (scan,), ("output",))


X, S = Var("x_t", INT), Var("s", INT)


def remainder_network(k: int = 3, length: int = 10, d: int = 5, *, lose: float = 0.3) -> Network:
    """Reads a binary number, most significant bit first, and says the quotient bit of the division by k."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total = 2 * numbers[:, 0] + x_t.reshape(-1)
        return np.stack([total % k, total // k], axis=1), total // k

    return machine(update, kept=2, d=d, inputs=Bits(length), outputs=Bits(length), lose=lose)


def remainder_program(k: int = 3) -> Program:
    total = S * 2 + X
    return machine_program((State("s", Const(0, INT), total % k),), total // k)


def whole_number_program(k: int = 3) -> Program:
    """The same outputs from a state that is the whole number read so far: a refinement."""
    total = S * 2 + X
    return machine_program((State("s", Const(0, INT), total),), call("sub", total // k, (S // k) * 2))


def counter_network(most: int, length: int = 16, d: int = 5) -> Network:
    """Counts ones up to `most`, and says whether it is there."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = np.minimum(numbers[:, 0] + x_t.reshape(-1), most)
        full = (count == most).astype(float)
        return np.stack([count, full], axis=1), full

    return machine(update, kept=2, d=d, inputs=Bits(length), outputs=Bits(length))


def counter_program(most: int) -> Program:
    count = call("min", S + X, most)
    return machine_program((State("s", Const(0, INT), count),), call("if", call("eq", count, most), 1, 0))


def forgetful_network(length: int = 10) -> Network:
    """Says whether the current number is even; its state fades and is never read."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        even = (x_t.reshape(-1) % 2 == 0).astype(float)
        return even[:, None], even

    return machine(update, kept=1, d=4, inputs=Integers(0, 9, length=length), outputs=Bits(length))


def case(
    network: Network,
    program: Program,
    *,
    align: dict[str, str] | None = None,
    settings: dict[str, str] | None = None,
    n: int = 800,
    seconds: float = 60,
) -> Case:
    """A case on inputs drawn from the domain, half to find and half to test with."""
    x = network.inputs.sample(n, generator(1, "planted data"))
    sample = Sample(x, network.predict(x))
    hypothesis = Hypothesis(program, Alignment(align or {}), Provenance("person", settings or {}))
    half = n // 2
    return Case(network, hypothesis, sample.rows(slice(0, half)), sample.rows(slice(half, n)), 0, Clock(seconds))


def interchanged(trial: Case) -> Evidence:
    """The results of `Interchange`."""
    return Evidence(Interchange().apply(trial))
