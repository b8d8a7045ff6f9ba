"""The circuit that comes with a compiled network is the one it has: seen by changing the network's insides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sequence_programs as s
import torch

import scrutable as sc
from scrutable.compile import Circuit, Compiled, Edge, Options
from scrutable.program import Program

TOKENS = "Tokens(3, length=4)"
STAGED = s.program("""
def staged(x):
    before = shifted(x, 1, 3)
    pair = [t + b for t, b in zip(x, before)]
    same = widths(select(pair, pair, "=="))
    return [n - t for n, t in zip(same, x)]
""")


def words(n: int = 60) -> np.ndarray:
    return sc.Tokens(3, length=4).sample(n, np.random.default_rng(0))


def half_blocks(compiled: Compiled) -> list[Any]:
    return [part for block in compiled.module.blocks for part in (block.attention, block.mlp)]  # type: ignore[union-attr]


def stage(compiled: Compiled, variable: str) -> int:
    """After how many half blocks the last component of a variable has written."""
    last = max(compiled.circuit.components(variable), key=lambda name: (int(name.split(".")[1]), "mlp" in name))
    return 2 * int(last.split(".")[1]) + (2 if "mlp" in last else 1)


def swapped(compiled: Compiled, variable: str, x: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The network's answers to `x` with what it holds of a variable replaced by what it holds of it for `other`."""
    directions = torch.from_numpy(compiled.directions[variable]).float()
    project = directions.T @ directions
    with torch.no_grad():
        here, there = (compiled.module.embedded(torch.from_numpy(part)) for part in (x, other))
        for number, part in enumerate(half_blocks(compiled), 1):
            if part is not None:
                here, there = here + part(here), there + part(there)
            if number == stage(compiled, variable):
                here = here + (there - here) @ project
        return compiled.outputs.decode(compiled.module.unembed(here[:, 1:]).numpy())


@pytest.mark.parametrize("options", [Options(), Options(rotate=True, shared_heads=3)], ids=["plain", "rotated"])
@pytest.mark.parametrize(
    ("program", "variable"),
    [(s.SORT, "rank"), (STAGED, "before"), (STAGED, "pair"), (STAGED, "same"), (s.REVERSE, "n")],
    ids=lambda p: getattr(p, "name", p),
)
def test_interventions_on_network_and_program_agree(program: Program, variable: str, options: Options) -> None:
    compiled = sc.compile(program, TOKENS, options)
    x, other = words(), words()[::-1].copy()
    if variable == "n":
        other = other[:, :]
    values = program.run(other)[variable]
    values = values if values.ndim == 2 else values[:, None].repeat(4, 1)
    setting = values if program.run(x)[variable].ndim == 2 else values[:, 0]
    wanted = program.run(x, {variable: setting})[program.outputs[0]]
    got = swapped(compiled, variable, x, other)
    assert (got == wanted).all()
    if variable != "n":
        assert (wanted != program(x)).any()


def without(compiled: Compiled, component: str) -> np.ndarray:
    """The network's scores with a component's output set to zero."""
    module = sc.compile(compiled.program, compiled.inputs, compiled.options, seed=compiled.seed).module
    block = module.blocks[int(component.split(".")[1])]
    with torch.no_grad():
        if component.endswith("mlp"):
            block.mlp[2].weight.zero_()  # type: ignore[union-attr]
        else:
            head, size = int(component.split(".")[3]), block.attention.size  # type: ignore[union-attr]
            block.attention.out.weight[:, head * size : (head + 1) * size] = 0  # type: ignore[union-attr]
        return module(torch.from_numpy(words())).numpy()


def test_living_components_matter_and_dead_ones_do_not() -> None:
    compiled = sc.compile(s.SORT, TOKENS, Options(dead_heads=2, shared_heads=2, rotate=True))
    with torch.no_grad():
        whole = compiled.module(torch.from_numpy(words())).numpy()
    kinds = {"dead": 0, "living": 0}
    for role in compiled.circuit.roles:
        change = np.abs(without(compiled, role.component) - whole).max()
        kinds["dead" if role.work == "dead" else "living"] += 1
        assert (change < 1e-4) == (role.work == "dead"), role
    assert kinds["dead"] == 2 * len(compiled.module.blocks) and kinds["living"] >= 5


def test_the_circuit_of_a_histogram() -> None:
    circuit = sc.compile(s.HISTOGRAM, TOKENS).circuit
    head, mlp = "blocks.0.attention.0", "blocks.0.mlp"
    assert circuit.components("output") == (head, mlp)
    assert circuit.edges == (
        Edge("token", head, "query", "x"),
        Edge("token", head, "key", "x"),
        Edge(head, mlp, "input", "output"),
        Edge(mlp, "unembed", "input", "output"),
    )
    assert isinstance(circuit, Circuit) and circuit.to_data()["edges"][0] == ["token", head, "query", "x"]


def test_the_first_of_several_reads_positions() -> None:
    circuit = sc.compile(s.LAST_SEEN, TOKENS).circuit
    assert Edge("position", "blocks.0.attention.0", "key", "position") in circuit.edges


def test_dead_code_has_no_component() -> None:
    program = s.program("def f(x):\n    unused = widths(select(x, x, '<'))\n    return [t + 1 for t in x]\n")
    compiled = sc.compile(program, TOKENS)
    assert compiled.circuit.components("unused") == () and "unused" not in compiled.directions


def test_units_say_which_map_they_belong_to() -> None:
    program = s.program("""
def f(x):
    a = [t * 2 for t in x]
    b = [2 - t for t in x]
    return pick_first(select(a, b, "<"), b, 9)
""")
    compiled = sc.compile(program, TOKENS)
    units = {role.variable: role.units for role in compiled.circuit.roles if role.work == "map"}
    assert units == {"a": (0, 3), "b": (3, 6)}
