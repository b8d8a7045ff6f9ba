"""From a program and where its variables live to an interpretation of the network.

A variable's site is computed from the nearest variables that its expression reads and that live further up; what it
reads of the inputs beside them it needs from the input itself. Where all that a part depends on must pass through one
site, the site carries the other things that are needed there too.

A variable with a value at each position of a sequence, at a site with an entry for each, can be read as a part for each
position: where inputs seldom agree on all of its values, many do on one. What is computed from it may read all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, final

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Hypothesis
from scrutable.network import Site
from scrutable.program import Let, Program, Selector, Seq, Setting, Usual, variables
from scrutable.verify.scrubbing._part import Part, Said

if TYPE_CHECKING:
    from scrutable.network.engine import Graph

OUTPUT = "output"


def interpretation(hypothesis: Hypothesis, graph: Graph, *, apart: bool = False) -> Part:
    """What a hypothesis with an alignment says about the values of a graph.

    Arguments:
        apart: whether variables with a value at each position are exchanged position by position.

    Raises:
        UserError: the program has a loop, or a site is not one value of the graph.
    """
    program = hypothesis.program
    reads: dict[str, frozenset[str]] = {}
    for statement in program.statements:
        if not isinstance(statement, Let):
            raise UserError("the program has a loop, whose variables have a value at each step")
        reads[statement.name] = variables(statement.expr)
    homes: dict[str, tuple[str, ...]] = {}
    for name, site in hypothesis.alignment.sites.items():
        if name not in program.outputs:
            homes[site] = (*homes.get(site, ()), name)
    reader = _Reader(
        program, graph, reads, {name: site for site, names in homes.items() for name in names}, homes, apart
    )
    return reader.part(frozenset(program.outputs), OUTPUT)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """The program, its variables' sites, and the interpretation as far as it is written.

    Arguments:
        reads: what each variable's expression reads. site_of: each aligned variable's site. homes: the reverse.
        apart: see `interpretation`.
    """

    program: Program
    graph: Graph
    reads: Mapping[str, frozenset[str]]
    site_of: Mapping[str, str]
    homes: Mapping[str, tuple[str, ...]]
    apart: bool
    _features: dict[tuple[frozenset[str], int | None], Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)

    def part(self, carried: frozenset[str], site: str, position: int | None = None) -> Part:
        """The part that carries some variables and inputs at a site, or at one position of it."""
        needed = frozenset().union(*(self._nearest(name, site) for name in carried))
        feature = None if site == OUTPUT else self._feature(carried, position)
        parents = self._above(needed, site)
        name = _spelled(carried)
        if position is None:
            return Part(name, site, feature, parents)
        here, said = str(Site.parse(site).at(position)), partial(_said, self.program, sorted(carried), position)
        return Part(f"{name} at {position}", here, feature, parents, whole=name, said=said)

    def _above(self, needed: frozenset[str], site: str) -> tuple[Part, ...]:
        """The parts that a site is computed from; none where it needs the input alone."""
        if not any(name in self.site_of for name in needed):
            return ()
        through = self._bottleneck(needed, site)
        if through is None:
            return self._parents(needed, {})
        beside = {name for name in needed if self._is_above(through, name)}
        return self._parents(needed - beside, {through: beside})

    def _parents(self, needed: frozenset[str] | set[str], riding: Mapping[str, set[str]]) -> tuple[Part, ...]:
        """One part for each site (or position of it), and one for what is needed of the input itself.

        Arguments:
            riding: what else a site carries.
        """
        sites = dict.fromkeys(self.site_of[name] for name in sorted(needed) if name in self.site_of)
        carried = {site: frozenset({*self.homes[site], *riding.get(site, ())}) for site in sites}
        parts = [self.part(carried[site], site, at) for site in sites for at in self._positions(carried[site], site)]
        inputs = frozenset(name for name in needed if name not in self.site_of)
        if inputs:
            parts.insert(0, Part(_spelled(inputs), "input", self._feature(inputs)))
        return tuple(parts)

    def _positions(self, carried: frozenset[str], site: str) -> Sequence[int | None]:
        """The positions that are exchanged one by one; None alone where the site is exchanged as a whole."""
        types = self.program.variables
        apart = self.apart and all(isinstance(types.get(name), (Seq, Selector)) for name in carried)
        if not apart or Site.parse(site).position is None or not self.graph.shape:
            return (None,)
        return range(self.graph.shape[0])

    def _nearest(self, name: str, site: str) -> set[str]:
        """The aligned variables further up, and the inputs, that a variable depends on through no other of them."""
        lives = self.site_of.get(name)
        if name not in self.reads or (lives is not None and lives != site and self._feeds(lives, site)):
            return {name}
        return set().union(*(self._nearest(read, site) for read in self.reads[name]))

    def _bottleneck(self, needed: frozenset[str], site: str) -> str | None:
        """The last site of those needed that everything from the input passes on its way."""
        sites = {self.site_of[name] for name in needed if name in self.site_of}
        order = sorted(sites, key=lambda each: -self.graph.node(_value(each)).index)
        return next((each for each in order if self._cuts(each, site)), None)

    def _cuts(self, through: str, site: str) -> bool:
        """Whether a site is a whole value without which the input does not reach another."""
        parsed = Site.parse(through).alone
        if str(parsed) != parsed.name:
            return False
        waiting, seen = [_value(site)], {parsed.name}
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += [node.name for node in self.graph.inputs(name)]
        return self.graph.nodes[0].name not in seen

    def _is_above(self, through: str, name: str) -> bool:
        """Whether something needed must pass a site: an input, or a variable that lives further up."""
        lives = self.site_of.get(name)
        return lives != through and (lives is None or self._feeds(lives, through))

    def _feeds(self, above: str, below: str) -> bool:
        return _value(above) in self.graph.ancestors([_value(below)])

    def _feature(self, names: frozenset[str], position: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
        """The values of some variables and inputs, or those at one position; the same function for the same of both."""
        if (names, position) not in self._features:
            self._features[names, position] = lambda x: _values(self.program, x, sorted(names), position)
        return self._features[names, position]


def adrift(hypothesis: Hypothesis, root: Part) -> list[str]:
    """Aligned variables from whose sites nothing is computed that the program computes from them."""
    carried = {name for part in root.tree() for name in (part.whole or part.name).split(", ")}
    return sorted(set(hypothesis.alignment.sites) - carried - set(hypothesis.program.outputs))


def _values(program: Program, x: np.ndarray, names: list[str], position: int | None) -> np.ndarray:
    """The values of variables and inputs, or of variables at one position, `(n, k)`."""
    inputs = [entry.name for entry in program.inputs]
    run: Mapping[str, Any] = program.run(x) if any(name not in inputs for name in names) else {}
    columns = []
    for name in names:
        held = run[name] if name not in inputs else x if len(inputs) == 1 else x[..., inputs.index(name)]
        values = np.asarray(held, float)
        columns.append((values if position is None else values[:, position]).reshape(len(x), -1))
    return np.concatenate(columns, axis=1)


def _said(program: Program, names: list[str], position: int, x: np.ndarray, others: np.ndarray) -> Said:
    """What a program answers to inputs where some variables have at one position what they have on others.

    It says nothing of what happens on none of them, such as several keys selected where there never is more than one.
    """
    run, new = program.run(others), dict[str, Setting]()
    for name in names:
        held = np.asarray(run[name])
        new[name] = Setting(held, (np.arange(held.shape[1]) == position).reshape(1, -1, *[1] * (held.ndim - 2)))
    usual = Usual.of(program, np.concatenate([x, others]))
    return Said(np.asarray(program(x, set=new)), usual.covers(x, new))


def _value(site: str) -> str:
    return Site.parse(site).alone.name


def _spelled(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
