"""Hand-built studies for the tests of the report and the command line: nothing is searched or trained here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scrutable.explain import Attempt, RunFacts, Study
from scrutable.hypothesis import Alignment, CounterExample, Evidence, Hypothesis, Interval, Provenance, Result
from scrutable.network import NetworkFacts
from scrutable.program import INT, Input, Let, Program, Scan, Seq, State, Var, const

A, B, A_T, B_T = Var("a", Seq(INT)), Var("b", Seq(INT)), Var("a_t", INT), Var("b_t", INT)
TOTAL, CARRY = Var("total", INT), Var("carry", INT)


def adder() -> Program:
    """Binary addition, least significant digit first."""
    loop = Scan(
        over=(("a_t", A), ("b_t", B)),
        states=(State("carry", const(0), TOTAL // 2),),
        body=(Let("total", A_T + B_T + CARRY), Let("output", TOTAL % 2)),
    )
    return Program(
        name="binary_addition",
        inputs=(Input("a", Seq(INT)), Input("b", Seq(INT))),
        statements=(loop,),
        outputs=("output",),
        examples=((((1, 1), (1, 0), (0, 0)), (0, 0, 1)),),
        summary="Adds two binary numbers, least significant digit first.",
    )


def no_carry() -> Program:
    """A wrong adder that forgets the carry."""
    loop = Scan(over=(("a_t", A), ("b_t", B)), states=(), body=(Let("output", (A_T + B_T) % 2),))
    return Program("without_carry", (Input("a", Seq(INT)), Input("b", Seq(INT))), (loop,), ("output",))


def result(name: str, kind: Any, status: Any = "pass", **changes: Any) -> Result:
    """A result with a value and an interval; `changes` replaces fields."""
    plain = Result(
        name=name,
        kind=kind,
        status=status,
        value=0.9985,
        n=2000,
        interval=Interval(0.9948, 0.9996),
        method="share of inputs with equal outputs, Wilson interval",
        reason="the lower end of the interval is above 0.95",
    )
    return replace(plain, **changes)


def unmeasured(name: str, kind: Any, reason: str) -> Result:
    """A result that says why there is none."""
    return result(name, kind, "not applicable", value=None, interval=None, n=0, method="", reason=reason)


def control(name: str, found: float, scores: tuple[float, ...]) -> Result:
    """A null control that passed."""
    method, reason = (
        "the same search at equal budget, 19 times",
        "none of 19 controls reaches the score found, p = 0.05",
    )
    details = (("found", found), ("null_scores", scores))
    return result(name, "guard", value=0.05, interval=None, n=19, method=method, reason=reason, details=details)


NULLS = (0.41, 0.44, 0.46, 0.47, 0.5, 0.5, 0.51, 0.52, 0.52, 0.53, 0.55, 0.55, 0.56, 0.58, 0.58, 0.6, 0.61, 0.63, 0.66)

EXAMPLE = CounterExample(
    input=((1, 1), (1, 0), (0, 1), (0, 0)), expected=(0, 1, 1, 0), got=(0, 0, 0, 1), where="found by the search"
)


def evidence() -> Evidence:
    """Every kind of result and every status, with a verdict of "supported"."""
    return Evidence(
        (
            result("fidelity.held_out", "behaviour", value=1.0, interval=Interval(0.998, 1.0), n=1900),
            result("fidelity.longer", "behaviour", method="sequences three times as long, Wilson interval"),
            unmeasured("exhaustive", "exhaustive", "the domain has 1,048,576 inputs, more than the budget allows"),
            result(
                "counter_examples",
                "counter-example",
                value=0.0,
                interval=Interval(0.0, 0.0004),
                n=1_048_576,
                method="hill climbing on the margin, rule of three",
                reason="1048576 inputs tried, no disagreement",
            ),
            result(
                "interchange",
                "causal",
                value=0.997,
                interval=Interval(0.989, 0.9996),
                n=900,
                method="disjoint pairs, half of them change the answer; Wilson interval",
                reason="patched outputs are those the program predicts",
                details=(("changed_agreement", 0.996), ("unchanged_agreement", 0.998), ("pairs", 900)),
            ),
            result("interchange.carry", "causal", value=0.981, interval=Interval(0.962, 0.992), n=450),
            unmeasured("scrubbing", "causal", "carry is decided by a single input, so there is nothing to resample"),
            control("guard.random_weights", 0.997, NULLS),
            control("guard.shuffled_outputs", 1.0, tuple(v - 0.35 for v in NULLS)),
        )
    )


def wrong() -> Hypothesis:
    """A refuted hypothesis with a counter-example."""
    failed = result(
        "fidelity.held_out",
        "behaviour",
        "fail",
        value=0.31,
        interval=Interval(0.29, 0.33),
        reason="31% of the inputs have equal outputs",
        counter_examples=(EXAMPLE,),
    )
    return Hypothesis(no_carry(), provenance=Provenance("formula"), evidence=Evidence((failed,)), residual_bits=5200.0)


def facts(**changes: Any) -> NetworkFacts:
    """Facts of a small recurrent network."""
    plain = NetworkFacts(
        name="binary_addition",
        kind="Recurrent",
        parameters=1353,
        dtype="float32",
        sha256="9f2c4e" + "0" * 58,
        file="binary_addition.safetensors",
        format="safetensors",
        inputs="Bits(length=10, channels=2)",
        outputs="Bits(length=10)",
        recurrence="a state of 8 numbers (hidden [0:8]); hand-written cell",
        checks=("forward pass equals the step-by-step run on 64 inputs",),
    )
    return replace(plain, **changes)


def run_facts(**changes: Any) -> RunFacts:
    """How the sample study was made."""
    plain = RunFacts(
        data_n=3800,
        data_source="sampled from the input domain",
        data_sha256="1b" * 32,
        budget_s=60.0,
        seed=0,
        seconds=23.4,
        command='scrutable explain adder.safetensors --architecture nets:adder --inputs "Bits(length=10, channels=2)" '
        '--outputs "Bits(length=10)" --budget 60s --seed 0 --out runs/adder',
        environment={"python": "3.11.9", "scrutable": "0.1.0", "torch": "2.13.0"},
    )
    return replace(plain, **changes)


ATTEMPTS = (
    Attempt("capture", "recurrent network, 8 state numbers", "ok", 0.21),
    Attempt("propose", "automaton", "12 proposed, 2 agree with the network", 6.4),
    Attempt("propose", "formula", "not suitable: the outputs are not real numbers", 0.01),
    Attempt("attack", "automaton", "0 counter-examples found", 1.9),
    Attempt("verify", "binary_addition", "supported", 14.6),
)


def study(**changes: Any) -> Study:
    """The binary adder, explained: a supported answer and a refuted runner-up."""
    best = Hypothesis(
        adder(),
        alignment=Alignment({"carry": "hidden[:, 0:2]", "total": "hidden[:, 2:5]"}),
        provenance=Provenance("automaton", {"states": 4}, 0, ("Giles et al. 1992",)),
        evidence=evidence(),
        notes=("The state was read from two units.",),
    )
    return replace(Study(facts(), run_facts(), (best, wrong()), ATTEMPTS), **changes)


def nothing_found() -> Study:
    """A study in which every candidate was rejected."""
    return study(hypotheses=(wrong(),))


def asked(best: Hypothesis | None = None) -> Study:
    """A study of a person's own hypothesis, refuted unless another is given."""
    return study(hypotheses=(best or replace(wrong(), provenance=Provenance("person")),))


def hostile() -> Study:
    """A study whose every text tries to leave its place in the page."""
    evil = "</code><script>document.title='owned'</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}"
    attack = replace(EXAMPLE, input=(evil, 1), expected=evil, got=(evil,), where=evil)
    bad = result(
        evil, "behaviour", reason=evil, method=evil, details=((evil, evil), ("found", 0.5)), counter_examples=(attack,)
    )
    program = replace(adder(), summary=evil)
    hypothesis = Hypothesis(
        program,
        Alignment({"carry": evil, "total": "hidden[:, 0:2]"}),
        Provenance(evil, {evil: evil}, 0, (evil,)),
        Evidence((bad, *evidence().results)),
        notes=(evil,),
    )
    return Study(
        facts(name=evil, kind=evil, inputs=evil, outputs=evil, recurrence=evil, file=evil, format=evil, checks=(evil,)),
        run_facts(command=evil, data_source=evil, environment={evil: evil}),
        (hypothesis, replace(wrong(), provenance=Provenance(evil))),
        (Attempt(evil, evil, evil, 1.0),),
    )
