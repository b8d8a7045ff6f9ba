"""From the output back to the embeddings: what is read of each component becomes a variable of a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.program import Expr, substitute
from scrutable.propose._attention_classes import (
    BLUR,
    EDGE,
    WITHIN,
    apart,
    classes,
    determines,
    in_order,
    joint,
    needed,
    settled_by,
    spread,
    told_apart,
)
from scrutable.propose._attention_combined import Combined, Heard, names_of, nearest
from scrutable.propose._attention_graph import Blurred, Component, NotRead
from scrutable.propose._attention_heads import Attending
from scrutable.propose._attention_moved import moved
from scrutable.propose._attention_phrases import exactly, rows_of, same_classes
from scrutable.propose._attention_reading import Reader, Reading
from scrutable.propose._attention_routing import routed
from scrutable.propose._attention_sites import Sites
from scrutable.propose._attention_store import Store, settled
from scrutable.propose._attention_units import mapped
from scrutable.work import Clock

WIDEST = 0.3
"""Values farther apart than this share of what varies most are never one, however blurred they are."""

NOISE = 3e-3
"""What varies by less than this share of the numbers it is made of is rounding."""


@final
@dataclass(eq=False)
class Walk:
    """The variables found so far. Each is checked against what the network holds before anything is built on it.

    Arguments:
        uneven: whether keys that are counted may weigh more than others.
        last: the block of units that computes nothing but the output, where there is one. outcomes: what the output
            gets of it for every combination of what it reads.
        selectors: which keys heads select. kinds: what the program does with those keys.
        reads: the components read by each reader. parts: the variables that each component is read for.
    """

    reading: Reading
    store: Store
    clock: Clock
    uneven: bool = False
    sites: Sites = field(init=False)
    last: str | None = None
    outcomes: Combined | None = None
    selectors: dict[str, tuple[Expr, Attending]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    reads: dict[Reader, set[str]] = field(default_factory=dict)
    parts: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sites = Sites(self.reading)

    def variables(self, reader: Reader, through: np.ndarray, *, least: float = 0.0) -> list[str]:
        """The variables that a reader reads, as far as `through`, `(numbers, k)`, lets it see them.

        Arguments:
            least: where nothing that is seen varies by so much, nothing is read.
        """
        return names_of(self.heard(reader, through, least=least))

    def heard(self, reader: Reader, through: np.ndarray, *, least: float = 0.0) -> list[Heard]:
        """What a reader gets of each component; of what `through` does not let it see, without variables."""
        if self.clock.over:
            raise NotRead("the time is up")
        whole = [(s, self.flat(self.reading.contribution(s, reader))) for s in self.reading.sources(reader)]
        seen = [numbers @ through for _, numbers in whole]
        scale = max(map(spread, seen), default=0.0)
        size = max(((np.abs(numbers) @ np.abs(through)).max() for _, numbers in whole), default=0.0)
        read = scale > max(least, NOISE * size)
        found: list[Heard] = []
        embedded: list[str] = []
        for (source, numbers), view in zip(whole, seen, strict=True):
            if not read or spread(view) <= EDGE * scale:
                found.append(Heard((), numbers))
                continue
            parts = self._of(source, reader, through, numbers, scale)
            found += parts
            if names_of(parts):
                self.reads.setdefault(reader, set()).add(source.name)
                self.parts.setdefault(source.name, set()).update(names_of(parts))
            embedded += names_of(parts) if source.kind == "given" else []
        self._note_read(embedded, reader, through, alone=len(names_of(found)) == 1)
        return found

    def _note_read(self, embedded: list[str], reader: Reader, through: np.ndarray, *, alone: bool) -> None:
        """What is embedded lives where it is read, if that reads nothing else."""
        name, port = reader
        for each in embedded:
            if name == "output" or not alone:
                self.sites.hidden(each)
            else:
                component = self.reading.component(name)
                several = len(component.places) > 1 and port != "value"  # only the first of several heads is seen
                self.sites.note(each, component, port, None if several else through)

    def flat(self, values: list[np.ndarray]) -> np.ndarray:
        """Numbers at the positions of words, all lengths one after the other: `(cells, numbers)`."""
        lengths = self.reading.words
        return np.concatenate(
            [
                np.broadcast_to(v[:, -length:], (len(x), length, v.shape[-1])).reshape(-1, v.shape[-1])
                for v, (length, x) in zip(values, lengths.items(), strict=True)
            ]
        )

    def _of(
        self, source: Component, reader: Reader, through: np.ndarray, numbers: np.ndarray, scale: float
    ) -> list[Heard]:
        if source.kind == "given":
            parents = [self.store.source.name, self.store.places()]
            return [Heard(tuple(self.classed(parents, numbers @ through, scale, name="given", site=None)), numbers)]
        outgoing, last = self.reading.outgoing(source, reader), reader[0] == "output"
        if source.kind == "heads":
            return [Heard(tuple(self._head(source, outgoing @ through, scale, last=last)), numbers)]
        held = self.flat(self.reading.held(source))
        through_reals = self.uneven and reader[1] not in ("query", "key")
        maps = mapped(self, source, outgoing @ through, scale, last=last, through_reals=through_reals)
        parts = [Heard(names, held[:, units] @ outgoing[units]) for units, names in maps]
        return [*parts, Heard((), numbers - sum(part.numbers for part in parts))]

    def classed(
        self,
        parents: list[str],
        view: np.ndarray,
        scale: float,
        *,
        name: str,
        site: str | None,
        more: Combined | None = None,
        through_reals: bool = False,
    ) -> Iterable[str]:
        """A variable with a value for each class of vectors, computed from others.

        Arguments:
            more: further combinations of the parents' values, and what would be seen then.
            through_reals: whether the parents themselves are given where they are real numbers, and vectors of a class
                are not alike.
        """
        means, group, off = settled_by([self.store.labels[parent] for parent in parents], view)
        if off.max() > BLUR * scale and not told_apart(means, off):
            raise Blurred(f"{name} is not a function of what it reads: {', '.join(parents)}")
        within = apart(
            means, *(min(max(WITHIN * scale, each), WIDEST * scale) for each in (np.median(off), 2 * off.max()))
        )
        kinds = classes(means, within)
        if kinds is None:
            raise NotRead(f"{name} takes too many values")
        if through_reals and self._blurred(parents, means, kinds, WITHIN * scale):
            yield from parents
            return
        target = kinds[group]
        columns, wanted = self._with(parents, target, more, lambda new: nearest(means, kinds, new, 2 * within))
        kept = needed(columns, wanted)
        if not kept:
            return
        if np.array_equal(joint([columns[each] for each in kept]), in_order(wanted)):
            yield from kept  # a code for all of them is no news
            return
        rows, values = rows_of({each: columns[each] for each in kept}, wanted)
        expr = same_classes(rows, in_order(values))
        if expr is None:
            expr = exactly(rows, values, truth=False, clock=self.clock)
        yield self.store.add(name, self.lifted(expr), site=site)

    def _blurred(self, parents: list[str], vectors: np.ndarray, kinds: np.ndarray, within: float) -> bool:
        """Whether vectors of a class, computed from real numbers, are farther apart than values that are one."""
        real = any(self.store.labels[parent].dtype.kind == "f" for parent in parents)
        return real and bool(settled_by([kinds], vectors)[2].max() > within)

    def computed(
        self,
        parents: list[str],
        target: np.ndarray,
        name: str,
        *,
        truth: bool,
        more: Combined | None = None,
        said: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> str:
        """A variable with given values, computed from others.

        Arguments:
            more: further combinations of the parents' values. said: the value for what is seen then, -1 where unclear.
        """
        columns, wanted = self._with(parents, target, more, said)
        if not determines(list(columns.values()), wanted):
            raise Blurred(f"{name} is not a function of what it reads: {', '.join(parents)}")
        kept = needed(columns, wanted) or [self.store.source.name]
        rows, values = rows_of({each: columns[each] for each in kept}, wanted)
        expr = exactly(rows, values, truth=truth, clock=self.clock)
        return self.store.add(name, self.lifted(expr), site=None)

    def _with(
        self,
        parents: list[str],
        target: np.ndarray,
        more: Combined | None,
        said: Callable[[np.ndarray], np.ndarray] | None,
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The parents' values and the target in all cells, and for further combinations as far as they are clear."""
        columns = {parent: self.store.labels[parent] for parent in parents}
        if more is None or said is None or set(more.columns) < set(parents):
            return columns, target
        answers = said(more.numbers)
        clear = answers != -1
        longer = {name: np.concatenate([column, more.columns[name][clear]]) for name, column in columns.items()}
        wanted = np.concatenate([target, answers[clear]])
        return (longer, wanted) if determines(list(longer.values()), wanted) else (columns, target)

    def lifted(self, expr: Expr) -> Expr:
        """An expression over single values as one over sequences."""
        names = [self.store.source.name, *self.store.lets]
        return substitute(expr, {name: self.store.var(name) for name in names})

    def _head(self, source: Component, outgoing: np.ndarray, scale: float, *, last: bool) -> list[str]:
        kind, found = moved(self, source, outgoing, scale, last=last)
        self.kinds[source.name] = kind
        for name in found:
            self.sites.note(name, source, "held", outgoing)
        return found

    def selector(self, source: Component) -> tuple[Expr, Attending]:
        """Which keys some heads select, and what they do with them.

        A selector that depends on the words is a variable, which lives in the weights of the heads.
        """
        known = source.name in self.selectors
        if not known:
            self.selectors[source.name] = routed(self, source)
        expr, how = self.selectors[source.name]
        if settled(how.chosen):
            return expr, how
        chosen = self.store.add_selector(expr, site=source.name)
        if not known:
            self.sites.note(chosen.name, source, "pattern", None)
        return chosen, how
