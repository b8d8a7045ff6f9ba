"""What the components of a transformer read and write, as arrays: everything that is read off its captured graphs.

What a component reads of another one is a linear function of what that one holds, so that a vector is only ever looked
at after the multiplication by what reads it; a rotation of the residual stream then changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.circuits import Wiring, wire
from scrutable.circuits._attention import heads_of
from scrutable.circuits._operations import affine, live_inputs
from scrutable.circuits._wiring import Source
from scrutable.network import Network
from scrutable.network.engine import Graph, Node, NotCaptured
from scrutable.network.engine._graph import INPUT, OUTPUT
from scrutable.propose._attention_graph import Component, NotRead, above, each_alone, only, parts_of, wide
from scrutable.work import Clock

ALIKE = 1e-3
"""Heads whose weights on keys never differ by more than this do one work together."""

PROBED = 7
"""Rows that a graph is captured on; the first ones must be unlike each other."""
GOLDEN = 0.618034


Reader = tuple[str, str]
"""Who reads, and by what: (name of a component, "query", "key", "value" or "input"), or ("output", "input")."""


@final
@dataclass(eq=False)
class Reading:
    """A transformer on all its words.

    Arguments:
        words: inputs by length, `(n, length)`. wirings: the edge graph for each length.
    """

    network: Network
    words: Mapping[int, np.ndarray]
    wirings: Mapping[int, Wiring]
    components: tuple[Component, ...] = field(init=False)
    _kept: dict[tuple[object, ...], list[np.ndarray]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.components = tuple(self._components())

    @property
    def wiring(self) -> Wiring:
        """That of the longest words."""
        return self.wirings[max(self.wirings)]

    def component(self, name: str) -> Component:
        """The one of that name."""
        return next(each for each in self.components if each.name == name)

    def sources(self, reader: Reader) -> tuple[Component, ...]:
        """What a reader reads, embeddings first."""
        read = self._read(self.wiring, reader)
        return tuple(each for each in self.components if set(each.places) & set(read))

    def contribution(self, source: Component, reader: Reader) -> list[np.ndarray]:
        """What a reader gets from a source alone, for each length `(n, positions, numbers)`."""
        return self._once(("from", source.name, *reader), partial(self._contributed, source, reader))

    def bias(self, reader: Reader) -> list[np.ndarray]:
        """What a reader gets from no source at all, for each length `(1, positions, numbers)`."""
        constant = [(k, each) for k, length in enumerate(self.words) for each in self._hidden_at(length, reader)]
        found = list(self._base(reader))
        for k, each in constant:
            found[k] = found[k] - self.contribution(each, reader)[k][:1]
        return found

    def held(self, units: Component) -> list[np.ndarray]:
        """What the hidden units of a block of units give, for each length `(n, positions, units)`."""
        return self._once(
            ("held", units.name),
            lambda: [self._value(length, self.hidden(self.wirings[length].graph, units)) for length in self.words],
        )

    def activated(self, units: Component, given: np.ndarray) -> np.ndarray:
        """What the hidden units of a block of units give for what they get, both `(rows, units)`."""
        graph = self.wiring.graph
        hidden = self.hidden(graph, units)
        before = live_inputs(graph, hidden)[0]
        assert before.rows is not None and hidden.rows is not None
        value = torch.zeros(len(given), *before.shape)
        value[:, -1] = torch.from_numpy(given)
        with torch.no_grad():
            found = graph.evaluate([hidden.name], {before.name: before.rows.back(value)})[hidden.name]
        return hidden.rows.first(found)[:, -1].numpy().astype(np.float64)

    def outgoing(self, source: Component, reader: Reader) -> np.ndarray:
        """What a reader gets for each number that a component holds, `(held, numbers)`."""
        return self._once(("out", source.name, *reader), lambda: [self._outgoing(source, reader)])[0]

    def scores(self, heads: Component) -> list[np.ndarray]:
        """What the softmax gets, for each length `(n, queries, keys)`."""
        return self._once(("scores", heads.name), lambda: [self._square(n, heads, "scores") for n in self.words])

    def pattern(self, heads: Component) -> list[np.ndarray]:
        """The weights on keys, for each length `(n, queries, keys)`."""
        return self._once(("pattern", heads.name), lambda: [self._square(n, heads, "pattern") for n in self.words])

    def answers(self) -> list[np.ndarray]:
        """The network's decoded answers, for each length `(n, length)`."""
        return self._once(("answers",), lambda: [self.network.predict(x) for x in self.words.values()])

    def raw(self) -> list[np.ndarray]:
        """The network's raw outputs, for each length `(n, length, numbers)`."""
        return self._once(("raw",), lambda: [wide(self.network.raw(x), x) for x in self.words.values()])

    def _once(self, key: tuple[object, ...], make: Callable[[], list[np.ndarray]]) -> list[np.ndarray]:
        if key not in self._kept:
            with torch.no_grad():
                self._kept[key] = make()
        return self._kept[key]

    def _components(self) -> list[Component]:
        wiring = self.wiring
        reads = {stage.node.name: any(read.sources for read in stage.reads) for stage in wiring.stages}
        found: list[Component] = []
        for at, source in enumerate(wiring.sources):
            name = source.node.name
            if not reads.get(name, False):
                found.append(Component(source.component, "given", (at,), name))
            elif heads_of(wiring.graph, source.node) is None:
                found.append(Component(source.component, "units", (at,), name))
            else:
                twin = next((k for k, each in enumerate(found) if each.stage == name and self._alike(each, at)), None)
                if twin is None:
                    found.append(Component(source.component, "heads", (at,), name))
                else:
                    found[twin] = Component(found[twin].name, "heads", (*found[twin].places, at), name)
        return found

    def _alike(self, heads: Component, place: int) -> bool:
        other = Component("", "heads", (place,), heads.stage)
        with torch.no_grad():
            return all(
                np.abs(self._square(n, heads, "pattern") - self._square(n, other, "pattern")).max() < ALIKE
                for n in self.words
            )

    def _value(self, length: int, node: Node) -> np.ndarray:
        graph = self.wirings[length].graph
        assert node.rows is not None
        value = graph.evaluate([node.name], {INPUT: self._tensor(length)})[node.name]
        return node.rows.first(value).numpy().astype(np.float64)

    def _tensor(self, length: int) -> Tensor:
        return self.network.captured.tensor(self.words[length])

    def _square(self, length: int, heads: Component, which: str) -> np.ndarray:
        """Scores or weights of the first of some heads."""
        wiring = self.wirings[length]
        source = self._at(length, heads)[0]
        attention = heads_of(wiring.graph, source.node)
        assert attention is not None
        value = self._value(length, getattr(attention, which))
        part = 0 if source.part is None else source.part.at
        if value.ndim == 4:
            return value[:, part]
        if source.part is not None:
            raise NotRead("the scores of several heads are not side by side")
        return value

    def hidden(self, graph: Graph, units: Component) -> Node:
        """The values after the activation of a block of units."""
        return above(graph, graph.node(units.stage), lambda node: affine(graph, node))

    def _read(self, wiring: Wiring, reader: Reader) -> tuple[int, ...]:
        name, port = reader
        for read in wiring.reads:
            for each in read.ports:
                if each.component == name and port in each.name.split("-"):
                    return read.sources
        raise NotRead(f"{name} has no {port} that reads the stream")

    def _looks(self, wiring: Wiring, reader: Reader) -> list[tuple[Node, int | None]]:
        """The nodes, and the entry of each, at which a reader is seen to read."""
        name, port = reader
        if name == "output":
            return [(wiring.graph.node(OUTPUT), None)]
        component = self.component(name)
        if component.kind == "units":
            hidden = self.hidden(wiring.graph, component)
            return [(live_inputs(wiring.graph, hidden)[0], None)]
        found = []
        sources = [source for source in wiring.sources if source.component in self.names(component)]
        for source in sources if port == "value" else sources[:1]:
            attention = heads_of(wiring.graph, source.node)
            assert attention is not None
            found.append((getattr(attention, port), 0 if source.part is None else source.part.at))
        return found

    def _seen(self, length: int, reader: Reader, given: Mapping[str, Tensor], n: int) -> np.ndarray:
        """What a reader gets from these values of sources, all others being zero: `(n, positions, numbers)`."""
        wiring = self.wirings[length]
        x = self._tensor(length)
        x = x[torch.arange(n) % len(x)]
        values: dict[str, Tensor] = {INPUT: x}
        for at in self._read(wiring, reader):
            source = wiring.sources[at]
            shape = source.node.shape if source.constant is None else source.constant.shape
            values.setdefault(source.node.name, source.rows.back(torch.zeros(n, *shape)))
        values |= given
        found = []
        for node, part in self._looks(wiring, reader):
            if node.rows is None:
                raise NotRead(f"what {reader[0]} reads is not one row for each word")
            value = node.rows.first(wiring.graph.evaluate([node.name], values)[node.name]).numpy().astype(np.float64)
            if reader[0] == "output":
                found.append(wide(value, self.words[length]))
                continue
            value = value[:, part] if value.ndim == 4 and part is not None else value
            found.append(value.swapaxes(1, 2) if reader[1] == "key" else value)
        return np.concatenate(found, axis=-1)

    def _base(self, reader: Reader) -> list[np.ndarray]:
        """What a reader gets where every source that is seen writes zero."""
        return self._once(("base", *reader), lambda: [self._seen(n, reader, {}, 1) for n in self.words])

    def _hidden_at(self, length: int, reader: Reader) -> list[Component]:
        """Embeddings that are no sources at some length: those of positions, where there is one position."""
        return [each for each in self.sources(reader) if not self._at(length, each)]

    def _at(self, length: int, component: Component) -> list[Source]:
        """The sources of a component in the wiring for some length."""
        names = self.names(component)
        return [source for source in self.wirings[length].sources if source.component in names]

    def names(self, component: Component) -> set[str]:
        """What the heads that do one work together are called, each by itself; of others, their one name."""
        return {self.wiring.sources[at].component for at in component.places}

    def _contributed(self, source: Component, reader: Reader) -> list[np.ndarray]:
        found = []
        longest = max(self.words)
        for base, (length, x) in zip(self._base(reader), self.words.items(), strict=True):
            if self._at(length, source):
                found.append(self._seen(length, reader, self._alone(length, source), len(x)) - base)
            else:
                alone = self._seen(longest, reader, self._alone(longest, source), len(self.words[longest]))
                once = (alone - self._base(reader)[-1])[:1, : base.shape[1]]
                found.append(np.repeat(once, len(x), axis=0))
        return found

    def _alone(self, length: int, component: Component) -> dict[str, Tensor]:
        """What a component writes, the other heads of its tensor being zero."""
        wiring, sources = self.wirings[length], self._at(length, component)
        source = sources[0]
        n = len(self.words[length])
        if source.constant is not None:
            return {source.node.name: source.rows.back(source.constant.expand(n, *source.constant.shape))}
        value = wiring.graph.evaluate([source.node.name], {INPUT: self._tensor(length)})[source.node.name]
        return {
            source.node.name: source.rows.back(only(source.rows.first(value), parts_of(self._at(length, component))))
        }

    def _outgoing(self, component: Component, reader: Reader) -> np.ndarray:
        """By giving each number in turn the value one, at every position."""
        length = max(self.words)
        wiring = self.wirings[length]
        source = wiring.sources[component.places[0]]
        node = self.hidden(wiring.graph, component) if component.kind == "units" else source.node
        parts = None if component.kind == "units" else parts_of(self._at(length, component))
        assert node.rows is not None
        given = {node.name: node.rows.back(each_alone(node.shape, parts))}
        zero = {node.name: node.rows.back(torch.zeros(1, *node.shape))}
        return self._through(component, reader, given, zero)

    def _through(
        self, component: Component, reader: Reader, given: Mapping[str, Tensor], zero: Mapping[str, Tensor]
    ) -> np.ndarray:
        length = max(self.words)
        stage = self.wirings[length].graph.node(component.stage)
        assert stage.rows is not None
        if component.kind == "units":  # from the hidden units to what the block writes, then on
            graph = self.wirings[length].graph
            given, zero = ({stage.name: graph.evaluate([stage.name], values)[stage.name]} for values in (given, zero))
        n = stage.rows.count(given[stage.name])
        return (self._seen(length, reader, given, n) - self._seen(length, reader, zero, 1))[:, -1]


def read(network: Network, words: Mapping[int, np.ndarray], *, clock: Clock) -> Reading:
    """A transformer on its words; lengths at which its operations cannot be followed are left out.

    Raises:
        NotCaptured: the longest is one of them.
        NotRead: it has no residual stream, or is more than sums of what components write.
    """
    runner = network.captured.runner
    if runner.module is None or runner.layout.time_major:
        raise NotRead("no module that takes rows first")
    spread = (np.arange(1, PROBED + 1) * GOLDEN) % 1
    probe = {length: x[(spread * len(x)).astype(int)] for length, x in words.items()}
    wirings = {}
    for length, x in probe.items():
        if clock.over:
            raise NotRead("the time is up")
        try:
            wirings[length] = wire(runner.module, runner.tensor(x))
        except NotCaptured:
            if length == max(words):
                raise
    return Reading(network, {length: words[length] for length in wirings}, wirings)
