"""From a program and where its variables live to an interpretation of the network.

A variable's site is computed from the nearest variables that its expression reads and that live further up; what it
reads of the inputs beside them it needs from the input itself. Where all that a part depends on must pass through one
site, the site carries the other things that are needed there too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Hypothesis
from scrutable.network import Site
from scrutable.program import Let, Program, variables
from scrutable.verify.scrubbing._part import Part

if TYPE_CHECKING:
    from scrutable.network.engine import Graph

OUTPUT = "output"


def interpretation(hypothesis: Hypothesis, graph: Graph) -> Part:
    """What a hypothesis with an alignment says about the values of a graph.

    Raises:
        UserError: the program has a loop, or a site is not a value of the graph.
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
    reader = _Reader(program, graph, reads, {name: site for site, names in homes.items() for name in names}, homes)
    return reader.part(frozenset(program.outputs), OUTPUT)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """The program, its variables' sites, and the interpretation as far as it is written.

    Arguments:
        reads: what each variable's expression reads. site_of: each aligned variable's site. homes: the reverse.
    """

    program: Program
    graph: Graph
    reads: Mapping[str, frozenset[str]]
    site_of: Mapping[str, str]
    homes: Mapping[str, tuple[str, ...]]
    _features: dict[frozenset[str], Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)

    def part(self, carried: frozenset[str], site: str) -> Part:
        """The part that carries some variables and inputs at a site."""
        needed = frozenset().union(*(self._nearest(name, site) for name in carried))
        feature = None if site == OUTPUT else self._feature(carried)
        if not any(name in self.site_of for name in needed):
            return Part(_spelled(carried), site, feature)
        through = self._bottleneck(needed, site)
        if through is not None:
            beside = {name for name in needed if self._is_above(through, name)}
            return Part(_spelled(carried), site, feature, self._parents(needed - beside, {through: beside}))
        return Part(_spelled(carried), site, feature, self._parents(needed, {}))

    def _parents(self, needed: frozenset[str] | set[str], riding: Mapping[str, set[str]]) -> tuple[Part, ...]:
        """One part for each site, and one for what is needed of the input itself.

        Arguments:
            riding: what else a site carries.
        """
        sites = dict.fromkeys(self.site_of[name] for name in sorted(needed) if name in self.site_of)
        parts = [self.part(frozenset({*self.homes[site], *riding.get(site, ())}), site) for site in sites]
        inputs = frozenset(name for name in needed if name not in self.site_of)
        if inputs:
            parts.insert(0, Part(_spelled(inputs), "input", self._feature(inputs)))
        return tuple(parts)

    def _nearest(self, name: str, site: str) -> set[str]:
        """The aligned variables further up, and the inputs, that a variable depends on through no other of them."""
        lives = self.site_of.get(name)
        if name not in self.reads or (lives is not None and lives != site and self._feeds(lives, site)):
            return {name}
        return set().union(*(self._nearest(read, site) for read in self.reads[name]))

    def _bottleneck(self, needed: frozenset[str], site: str) -> str | None:
        """The last site of those needed that everything from the input passes on its way."""
        sites = {self.site_of[name] for name in needed if name in self.site_of}
        order = sorted(sites, key=lambda each: -self.graph.node(Site.parse(each).name).index)
        return next((each for each in order if self._cuts(each, site)), None)

    def _cuts(self, through: str, site: str) -> bool:
        """Whether a site is a whole value without which the input does not reach another."""
        parsed = Site.parse(through)
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

    def _feature(self, names: frozenset[str]) -> Callable[[np.ndarray], np.ndarray]:
        """The values of some variables and inputs; always the same function for the same names."""
        if names not in self._features:
            self._features[names] = lambda x: _values(self.program, x, sorted(names))
        return self._features[names]


def adrift(hypothesis: Hypothesis, root: Part) -> list[str]:
    """Aligned variables from whose sites nothing is computed that the program computes from them."""
    carried = {name for part in root.tree() for name in part.name.split(", ")}
    return sorted(set(hypothesis.alignment.sites) - carried - set(hypothesis.program.outputs))


def _values(program: Program, x: np.ndarray, names: list[str]) -> np.ndarray:
    """The values of variables and inputs, `(n, k)`."""
    inputs = [entry.name for entry in program.inputs]
    run: Mapping[str, Any] = program.run(x) if any(name not in inputs for name in names) else {}
    columns = []
    for name in names:
        held = run[name] if name not in inputs else x if len(inputs) == 1 else x[..., inputs.index(name)]
        columns.append(np.asarray(held, float).reshape(len(x), -1))
    return np.concatenate(columns, axis=1)


def _value(site: str) -> str:
    return Site.parse(site).name


def _spelled(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
