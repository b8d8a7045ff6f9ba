"""`compile`: from a program to a transformer that is known through and through. Its body reads as the list of steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import torch

from scrutable.compile._check import Agreement, agreement, check_inputs
from scrutable.compile._circuit import Circuit
from scrutable.compile._layers import Layout, laid_out
from scrutable.compile._lower import check_interface, lowered
from scrutable.compile._lowering import Unique
from scrutable.compile._module import (
    Readout,
    disturbed,
    held,
    main_directions,
    module_of,
    readout,
    rotation,
    streams,
)
from scrutable.compile._options import Options
from scrutable.compile._transformer import Transformer
from scrutable.errors import ScrutableError, UserError
from scrutable.network import Domain, Network, Tokens
from scrutable.program import Expr, Let, Program
from scrutable.work import generator

SEEN = 500
"""Inputs of each length whose activations say which directions matter."""


@final
@dataclass(frozen=True, eq=False)
class Compiled:
    """A transformer, the program it was made from, and which part of it computes what.

    Arguments:
        module: takes tokens `(n, length)` of any length up to the longest.
        inputs, outputs: what goes in and comes out.
        circuit: which component computes which variable, and which reads which.
        directions: for each variable of the circuit, the directions of the residual stream it is held in, `(k, width)`:
            one for each value of a label, one for a number.
        agreement: of the module, as it is, with the program.
        undisturbed: of the same network before superposition and noise; always exact.
    """

    program: Program
    module: Transformer
    inputs: Domain
    outputs: Domain
    options: Options
    seed: int
    circuit: Circuit
    directions: dict[str, np.ndarray]
    agreement: Agreement
    undisturbed: Agreement

    @cached_property
    def network(self) -> Network:
        """The module as a network under study."""
        return Network(self.module, inputs=self.inputs, outputs=self.outputs, name=self.program.name)


def compile(  # noqa: A001 - the public name
    program: Program, inputs: Domain | str, options: Options | None = None, *, seed: int = 0
) -> Compiled:
    """The weights of a transformer that computes `program`.

    Heads do `select`, `aggregate`, `pick_first`, `widths` and shifts, ReLU layers do maps. The result is compared with
    the program on every input of every length, or on a sample of each length where there are more than 20,000.

    Arguments:
        program: one sequence of tokens in, one sequence of labels or numbers out.
        inputs: `Tokens(vocab, length=longest)`, or its spec.
        options: what makes the network look like a trained one; the plain layout if left out.
        seed: of rotation, noise, dead heads and samples.

    Raises:
        UserError: the program does what such a transformer cannot, with every reason; or the weights do not compute it
            in 32 bits, with an input that shows it.

    Cost: seconds; grows with the number of inputs compared.
    """
    options = options or Options()
    domain = _tokens(inputs)
    words, exhaustive = check_inputs(domain, generator(seed, "compile", "words"))
    check_interface(program, domain.classes)
    _check_runs(program, words)
    plan = lowered(
        program,
        vocabulary=domain.classes,
        length=domain.shape[0],
        causal=options.causal,
        unique=_unique(program, words) if exhaustive else lambda selector, values: False,
    )
    layout = laid_out(plan, options, generator(seed, "compile", "dead heads"))
    read = readout(layout, domain.shape[0], _outputs(program, words) if exhaustive else None)
    plain = module_of(layout, read, np.eye(layout.stream.width))
    undisturbed = _compared(program, plain, read, words, exhaustive=exhaustive)
    _check_exact(program, undisturbed, layout, plain, words)
    basis = _basis(layout, plain, words, options, generator(seed, "compile", "basis"))
    module = disturbed(module_of(layout, read, basis), options.noise, generator(seed, "compile", "noise"))
    found = _compared(program, module, read, words, exhaustive=exhaustive)
    if options.exact and not found.exact:
        raise UserError(_not_exact(program, found))
    places = {variable.name: basis[layout.stream.places[variable]] for variable in plan.variables}
    return Compiled(program, module, domain, read.domain, options, seed, layout.circuit, places, found, undisturbed)


def _tokens(inputs: Domain | str) -> Tokens:
    from scrutable.network import domain_from_spec

    domain = domain_from_spec(inputs) if isinstance(inputs, str) else inputs
    if not isinstance(domain, Tokens) or domain.length is None:
        raise UserError(f"got inputs {domain}, expected tokens of a longest length; try Tokens(4, length=6)")
    return domain


def _outputs(program: Program, words: list[np.ndarray]) -> set[int] | None:
    """Every whole number that the program gives; None when it gives reals."""
    found = set().union(*(np.unique(program(x)).tolist() for x in words))
    return None if any(isinstance(value, float) for value in found) else {int(value) for value in found}


def _check_runs(program: Program, words: list[np.ndarray]) -> None:
    """Refuse programs that have no value on some input."""
    for x in words:
        try:
            program(x)
        except ScrutableError as error:
            raise UserError(
                f"got {program.name}, which cannot be run on tokens of length {x.shape[1]}: {error}"
            ) from None


def _unique(program: Program, words: list[np.ndarray]) -> Unique:
    """Whether what a selector selects is always of one value, by running the program with both as variables."""

    def unique(selector: Expr, values: Expr) -> bool:
        names = {"chosen_by_a_head", "read_by_a_head"}
        parts = tuple(Let(name, expr) for name, expr in zip(sorted(names), (selector, values), strict=True))
        probe = Program(program.name, program.inputs, (*program.statements, *parts), ("read_by_a_head",))
        for x in words:
            found = probe.run(x)
            chosen, value = found["chosen_by_a_head"], found["read_by_a_head"].astype(float)[:, None, :]
            least, most = np.where(chosen, value, np.inf).min(-1), np.where(chosen, value, -np.inf).max(-1)
            if (least < most).any():
                return False
        return True

    return unique


def _compared(
    program: Program, module: Transformer, read: Readout, words: list[np.ndarray], *, exhaustive: bool
) -> Agreement:
    def predict(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            raw = module(torch.from_numpy(x)).numpy()
        return read.domain.decode(raw)

    return agreement(program, predict, words, exhaustive=exhaustive, real=read.domain.kind == "Reals")


def _check_exact(
    program: Program, found: Agreement, layout: Layout, module: Transformer, words: list[np.ndarray]
) -> None:
    """The outputs must be those of the program, and every variable must be where the circuit says.

    Raises:
        UserError: they are not.
    """
    if not found.exact:
        raise UserError(_not_exact(program, found))
    named = [v for v in layout.plan.variables if v.name in program.variables and v.values is not None]
    for x in words:
        truth, stream = program.run(x), streams(module, x)
        for variable in named:
            wanted = truth[variable.name].astype(float)
            got = held(variable, layout, stream[layout.written[variable]][:, 1:])
            got = np.asarray(variable.values, dtype=float)[got] if variable.label else got
            if (np.abs(got - wanted.reshape(len(x), -1)) > 1e-3).any():
                raise UserError(f"got {program.name}, whose variable {variable.name} the weights do not hold exactly")


def _not_exact(program: Program, found: Agreement) -> str:
    return (
        f"got {program.name}, which the weights get wrong on {found.n - found.equal} of {found.n} inputs (first "
        f"{list(found.counter_example or ())}); expected none; try a shorter length, fewer tokens, or a larger step"
    )


def _basis(
    layout: Layout, plain: Transformer, words: list[np.ndarray], options: Options, rng: np.random.Generator
) -> np.ndarray:
    """The stream of the module in terms of the layout's: `(coordinates, width)`."""
    size = layout.stream.width
    basis = np.eye(size)
    if options.width is not None:
        if options.width > size:
            raise UserError(f"got a width of {options.width}, expected at most the {size} coordinates that are needed")
        activations = [x.reshape(-1, size).astype(float) for word in words for x in streams(plain, word[:SEEN])]
        basis = main_directions(np.concatenate(activations), options.width)
    return basis @ rotation(basis.shape[1], rng) if options.rotate else basis
