"""From the output back to the embeddings: what is read of each component becomes a variable of a program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.program import BOOL, Expr, Seq, call, substitute, variables, walk
from scrutable.propose._attention_classes import classes, determines, in_order, joint, needed
from scrutable.propose._attention_graph import Component, NotRead
from scrutable.propose._attention_heads import Attending, attending
from scrutable.propose._attention_moved import Moved, mean, picked, tidy
from scrutable.propose._attention_phrases import exactly, rows_of, same_classes
from scrutable.propose._attention_reading import Reader, Reading
from scrutable.propose._attention_selectors import row_by_row, short_selector
from scrutable.propose._attention_sites import Sites
from scrutable.propose._attention_store import Store, settled
from scrutable.work import Clock

EDGE = 0.02
"""What contributes less than this share of what varies most is not read."""
WITHIN = 0.02
"""Values nearer to each other than this share of what varies most are one."""

NOISE = 3e-3
"""What varies by less than this share of the numbers it is made of is rounding."""

SCORE = 0.1
"""Scores that vary by less, in nats, are always the same."""

ACROSS = ("pick", "aggregate", "width", "position", "length", "shift")
"""Operators that look at other positions, or at where a position is."""


@final
@dataclass(eq=False)
class Walk:
    """The variables found so far. Each is checked against what the network holds before anything is built on it."""

    reading: Reading
    store: Store
    clock: Clock
    sites: Sites = field(init=False)
    _selectors: dict[str, tuple[Expr, Attending]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sites = Sites(self.reading)

    def output(self) -> str:
        """The variable that the network gives.

        Raises:
            NotRead: some part of the network is none of the things read here.
        """
        reader = ("output", "input")
        names = self.variables(reader, np.eye(self.reading.raw()[0].shape[-1]))
        answers = np.concatenate([y.reshape(-1) for y in self.reading.answers()])
        if self.reading.network.outputs.kind == "Reals":
            return self._number(names, np.concatenate([r.reshape(-1) for r in self.reading.raw()]))
        labels = self.reading.network.outputs.kind in ("Category", "Tokens")
        return self.computed(names, answers.astype(np.int64), "output", None, truth=labels)

    def variables(self, reader: Reader, through: np.ndarray, *, least: float = 0.0) -> list[str]:
        """The variables that a reader reads, as far as `through`, `(numbers, k)`, lets it see them.

        Arguments:
            least: where nothing that is seen varies by so much, nothing is read.
        """
        if self.clock.over:
            raise NotRead("the time is up")
        whole = [(s, self.flat(self.reading.contribution(s, reader))) for s in self.reading.sources(reader)]
        seen = [(s, numbers @ through) for s, numbers in whole]
        scale = max((_spread(view) for _, view in seen), default=0.0)
        size = max(((np.abs(numbers) @ np.abs(through)).max() for _, numbers in whole), default=0.0)
        if scale <= max(least, NOISE * size):
            return []
        found: dict[str, None] = {}
        embedded: list[str] = []
        for source, view in seen:
            if _spread(view) > EDGE * scale:
                names = list(self._of(source, reader, through, view, scale))
                found |= dict.fromkeys(names)
                embedded += names if source.kind == "given" else []
        self._note_read(embedded, reader, through, alone=len(found) == 1)
        return list(found)

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
        self, source: Component, reader: Reader, through: np.ndarray, view: np.ndarray, scale: float
    ) -> Iterable[str]:
        if source.kind == "given":
            parents = [self.store.source.name, self.store.places()]
            return self.classed(parents, view, scale, "given", None)
        outgoing = self.reading.outgoing(source, reader) @ through
        if source.kind == "units":
            return self._map(source, outgoing, scale, last=reader[0] == "output")
        return self._head(source, outgoing, scale, last=reader[0] == "output")

    def classed(self, parents: list[str], view: np.ndarray, scale: float, name: str, site: str | None) -> Iterable[str]:
        """A variable with a value for each class of vectors, computed from others."""
        target = classes(view, WITHIN * scale)
        if target is None:
            raise NotRead(f"{name} takes too many values")
        columns = {parent: self.store.labels[parent] for parent in parents}
        if not determines(list(columns.values()), target):
            raise NotRead(f"{name} is not a function of what it reads: {', '.join(parents)}")
        kept = needed(columns, target)
        if not kept:
            return
        if np.array_equal(joint([columns[each] for each in kept]), target):  # a code for all of them is no news
            yield from kept
            return
        rows, wanted = rows_of({each: columns[each] for each in kept}, target)
        expr = same_classes(rows, in_order(wanted))
        if expr is None:
            expr = exactly(rows, wanted, truth=False, clock=self.clock)
        yield self.store.add(name, self.lifted(expr), site=site)

    def computed(self, parents: list[str], target: np.ndarray, name: str, site: str | None, *, truth: bool) -> str:
        """A variable with given values, computed from others."""
        columns = {parent: self.store.labels[parent] for parent in parents}
        if not determines(list(columns.values()), target):
            raise NotRead(f"{name} is not a function of what it reads: {', '.join(parents)}")
        kept = needed(columns, target) or [self.store.source.name]
        rows, wanted = rows_of({each: columns[each] for each in kept}, target)
        expr = exactly(rows, wanted, truth=truth, clock=self.clock)
        return self.store.add(name, self.lifted(expr), site=site)

    def lifted(self, expr: Expr) -> Expr:
        """An expression over single values as one over sequences."""
        names = [self.store.source.name, *self.store.lets]
        return substitute(expr, {name: self.store.var(name) for name in names})

    def _number(self, names: list[str], raw: np.ndarray) -> str:
        """A real output: a sum of variables, each times a number, or else one number for each combination."""
        columns = [self.store.labels[name].astype(np.float64) for name in names]
        matrix = np.stack([*columns, np.ones_like(raw)], axis=1)
        weights = np.linalg.lstsq(matrix, raw, rcond=None)[0]
        if np.abs(matrix @ weights - raw).max() < WITHIN * _spread(raw[:, None]):
            total: Expr | None = None
            for name, weight in zip(names, weights[:-1], strict=True):
                part: Expr = self.store.var(name)
                if abs(weight) < 1e-4:
                    continue
                if part.type == Seq(BOOL):
                    part = call("if", part, 1, 0)
                part = part if abs(weight - 1) < 1e-3 else call("mul", part, tidy(weight))
                total = part if total is None else call("add", total, part)
            if total is not None:
                total = total if abs(weights[-1]) < 1e-3 else call("add", total, tidy(weights[-1]))
                return self.store.add("output", total, site=None)
        return self.computed(names, np.round(raw, 4), "output", None, truth=False)

    def _map(self, source: Component, outgoing: np.ndarray, scale: float, *, last: bool) -> list[str]:
        """The variables that a block of units computes: one for each set of things that some of its units read.

        Arguments:
            last: whether the output reads them; what they are computed from then serves as well.
        """
        held = self.flat(self.reading.held(source))
        useful = np.ptp(held, axis=0) * np.abs(outgoing).max(1) > EDGE * scale / 20
        reader = (source.name, "input")
        read = [
            (s, np.ptp(self.flat(self.reading.contribution(s, reader)), axis=0)) for s in self.reading.sources(reader)
        ]
        total = np.max([spread for _, spread in read], axis=0)
        groups: dict[frozenset[str], list[int]] = {}
        for unit in np.flatnonzero(useful):
            names = frozenset(s.name for s, spread in read if spread[unit] > EDGE * total[unit])
            groups.setdefault(names, []).append(int(unit))
        found: list[str] = []
        for units in groups.values():
            view = held[:, units] @ outgoing[units]
            if _spread(view) <= EDGE * scale:
                continue
            through = np.zeros((held.shape[1], len(units)))
            through[units, range(len(units))] = 1 / total[units]
            parents = self.variables(reader, through)
            if last and len(groups) == 1:
                found += parents
                continue
            names = list(self.classed(parents, view, scale, "value", source.name))
            found += names
            seen = np.zeros_like(outgoing)
            seen[units] = outgoing[units]
            for name in set(names) - set(parents):
                self.sites.note(name, source, "held", seen)
        return found

    def _head(self, source: Component, outgoing: np.ndarray, scale: float, *, last: bool) -> list[str]:
        found = self._moved(source, outgoing, scale, last=last)
        for name in found:
            self.sites.note(name, source, "held", outgoing)
        return found

    def _moved(self, source: Component, outgoing: np.ndarray, scale: float, *, last: bool) -> list[str]:
        chosen, how = self.selector(source)
        if how.kind == "width":
            return [self.store.add("count", call("width", chosen), site=source.name)]
        reader = (source.name, "value")
        names = self.variables(reader, outgoing, least=WITHIN * scale)
        if not names:  # whether there is anything to select is all that can be seen
            return [self.store.add("found", call("lt", 0, call("width", chosen)), site=source.name)]
        sources = self.reading.sources(reader)
        whole = [
            b + sum(self.reading.contribution(s, reader)[k] for s in sources)
            for k, b in enumerate(self.reading.bias(reader))
        ]
        cells = self.flat(whole) @ outgoing
        start = whole[-1][0, 0] @ outgoing if how.start else None
        moved = Moved(source.name, tuple(names), chosen, how, cells, start, WITHIN * scale)
        one = how.kind == "pick" or all(self._one_value(name, how) for name in names)
        return picked(self, moved, last=last) if one else mean(self, moved)

    def _one_value(self, name: str, how: Attending) -> bool:
        """Whether all selected keys have the same value of a variable, at each query."""
        at = 0
        for chosen, (length, x) in zip(how.chosen, self.reading.words.items(), strict=True):
            values = self.store.labels[name][at : at + x.size].reshape(len(x), 1, length).astype(np.float64)
            at += x.size
            least, most = np.where(chosen, values, np.inf).min(-1), np.where(chosen, values, -np.inf).max(-1)
            if (least < most - 1e-6).any():
                return False
        return True

    def selector(self, source: Component) -> tuple[Expr, Attending]:
        """Which keys some heads select, and what they do with them.

        A selector that depends on the words is a variable, which lives in the weights of the heads.
        """
        if source.name not in self._selectors:
            expr, how = self._selector(source)
            if not settled(how.chosen):
                expr = self.store.add_selector(expr, site=source.name)
                self.sites.note(expr.name, source, "pattern", None)
            self._selectors[source.name] = expr, how
        return self._selectors[source.name]

    def _selector(self, source: Component) -> tuple[Expr, Attending]:
        how = attending(self.reading, source)
        queries = self.variables((source.name, "query"), how.seen_keys, least=SCORE)
        keys = self.variables((source.name, "key"), how.seen_queries, least=SCORE)
        place = self.store.places()
        for more in ((), (place,), (place, self.store.source.name)):
            queries, keys = (list(dict.fromkeys([*names, *more])) for names in (queries, keys))
            columns, target = self._pairs(queries, keys, how)
            if determines(list(columns.values()), target):
                break
        else:
            raise NotRead(f"{source.name} selects keys by more than what it reads")
        if not columns:
            columns = self._pairs([place], [place], how)[0]
        kept = needed(columns, target) or list(columns)[:1]
        rows, wanted = rows_of({each: columns[each] for each in kept}, target)
        sides = [{each[2:]: column for each, column in rows.items() if each[0] == side} for side in "qk"]
        leaves = {each[2:]: self.store.var(each[2:]) for each in columns}
        found = (
            short_selector(sides[0], sides[1], wanted, leaves)
            or self._pointed(queries, list(sides[1]), how)
            or row_by_row(sides[0], sides[1], wanted, leaves)
        )
        return found, how

    def _pointed(self, queries: list[str], keys: list[str], how: Attending) -> Expr | None:
        """Where every query selects one value of one key variable: a variable that says which, compared with it."""
        if len(keys) != 1:
            return None
        labels, at, found = self.store.labels[keys[0]], 0, []
        if labels.dtype.kind != "i":
            return None
        for chosen, (length, x) in zip(how.chosen, self.reading.words.items(), strict=True):
            values = np.broadcast_to(labels[at : at + x.size].reshape(len(x), 1, length), chosen.shape)
            at += x.size
            some = np.where(chosen, values, values.max() + 1).min(-1)
            found.append(np.where(chosen.any(-1), some, min(-1, labels.min() - 1)).reshape(-1))
        wanted = np.concatenate(found)
        for names in (self._parents(queries), queries):
            if determines([self.store.labels[name] for name in names], wanted):
                pointer = self.computed(names, wanted, "source", None, truth=False)
                expr = call("select", self.store.var(keys[0]), self.store.var(pointer), params=("eq",))
                if all(map(np.array_equal, self.store.selected(expr), how.chosen)):
                    return expr
        return None

    def _parents(self, names: list[str]) -> list[str]:
        """What variables at one position are computed from there; of others, they themselves."""
        found: dict[str, None] = {}
        for name in names:
            let = self.store.lets.get(name)
            pointwise = let is not None and not any(getattr(e, "op", "") in ACROSS for e in walk(let.expr))
            found |= dict.fromkeys(sorted(variables(let.expr)) if let is not None and pointwise else [name])
        return list(found)

    def _pairs(self, queries: list[str], keys: list[str], how: Attending) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """A row for each query and key of each word."""
        columns: dict[str, list[np.ndarray]] = {}
        at = 0
        for length, x in self.reading.words.items():
            cells = slice(at, at + x.size)
            at += x.size
            for side, names in (("q", queries), ("k", keys)):
                for name in names:
                    values = self.store.labels[name][cells].reshape(len(x), length)
                    values = values[:, :, None] if side == "q" else values[:, None, :]
                    whole = np.broadcast_to(values, (len(x), length, length)).reshape(-1)
                    columns.setdefault(f"{side} {name}", []).append(whole)
        target = np.concatenate([chosen.reshape(-1) for chosen in how.chosen])
        return {name: np.concatenate(parts) for name, parts in columns.items()}, target


def _spread(view: np.ndarray) -> float:
    return float(np.ptp(view, axis=0).max(initial=0.0)) if len(view) else 0.0
