"""Formulas for real tables: symmetries first, then terms, then constants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from scrutable.program import Expr, Var, const, substitute
from scrutable.synthesis._base import Found, Method, Table
from scrutable.synthesis._score import misfit_bits, type_of
from scrutable.synthesis.constants import evaluated, filled, fitted, holes, named_bits, priced, snap
from scrutable.synthesis.formula._forms import Form
from scrutable.synthesis.formula._polish import polished
from scrutable.synthesis.formula._products import Values
from scrutable.synthesis.formula._stages import DEEPER, LEARNED_STAGES, STAGES, Stage, sums_with_inner_constants
from scrutable.synthesis.formula._surrogate import basis, scaled
from scrutable.synthesis.formula._symmetry import views
from scrutable.synthesis.formula._tidy import tidy
from scrutable.synthesis.formula._view import View
from scrutable.work import Clock, generator

SYMMETRY_ROWS, SEARCH_ROWS, FIT_ROWS, TEST_ROWS = 3000, 800, 1000, 4000
MOST_VARIABLES = 12
REFINED = 8
LARGEST = 60.0
FEW_CONSTANTS, MANY = 1, 5
WELL_BELOW = 0.3
"""A formula that misses by less than this share of what a view's symmetries may miss does not suffer from them."""
LEARNED = (0.03, 0.01, 0.003)
"""How nearly a trained network may keep the symmetries of what it learned, in standard deviations."""
SNAP_ROWS = 1000
SNAPPED = 3
NOISELESS = 1e-7
HOLE_BITS, SIZE_BITS = 14.0, 6.0
SURE = 5.0
SEARCHING = 0.8
"""The share of the time for the search; the rest is for snapping."""
POLISHING = 0.5
ANOTHER = 0.5
"""The same form is fitted again from a start with less than this share of the earlier one's misfit."""


@final
@dataclass(frozen=True, slots=True)
class Formulas(Method):
    """Finds a formula for real answers of a few real variables, with noise on the answers or without.

    Symmetries reduce the variables (see `_symmetry`); small sets of terms are then chosen for several powers of the
    answer, its logarithm and ratios (see `_stages`); constants are fitted in the units of the answer and snapped. It
    stops when what is left of the answers cannot be told from noise.
    """

    name: str = "formula"

    def unsuitable(self, table: Table) -> str | None:
        """See `Method.unsuitable`."""
        if not table.real:
            return "the answers are not real numbers"
        if len(table.columns) > MOST_VARIABLES:
            return f"more than {MOST_VARIABLES} variables"
        if table.rows < 20:
            return "fewer than 20 rows"
        return None

    def find(self, table: Table, clock: Clock) -> Iterator[Found]:
        """See `Method.find`: a front, the shortest description first."""
        if self.unsuitable(table):
            return
        reals = {name: np.asarray(column, dtype=np.float64) for name, column in table.columns.items()}
        typed: dict[str, Expr] = {name: Var(name, type_of(column)) for name, column in table.columns.items()}
        for found in _front(_Search(replace(table, columns=reals), clock).run()):
            yield replace(found, expr=substitute(found.expr, typed))


@dataclass(slots=True)
class _Candidate:
    expr: Expr
    others: list[Expr]
    total: float


@dataclass(slots=True)
class _Search:
    """One search: the table, all of it real numbers; what may be looked at; and the candidates so far."""

    table: Table
    clock: Clock
    candidates: list[_Candidate] = field(default_factory=list)
    seen: dict[Expr, float] = field(default_factory=dict)
    offered: list[View] = field(default_factory=list)

    def run(self) -> list[Found]:
        """Everything worth keeping, snapped."""
        baseline = snap(const(float(self.table.target.mean())), self.table)
        clock = self.clock.part(SEARCHING)
        stages = STAGES if self.table.independent is None else LEARNED_STAGES
        for view, tolerance in self._views(clock):
            if self._solve(view, stages, clock) or self._misfit() <= WELL_BELOW * tolerance or clock.over:
                break
        self._search_deeper(clock)
        return [baseline, *self._snapped()]

    def _search_deeper(self, clock: Clock) -> None:
        """With the time that is left: more terms with fitted constants, in wider beams, until one will do."""
        for effort in DEEPER:
            for view in reversed(self.offered):
                if clock.over or self._good():
                    return
                self._solve(view, (sums_with_inner_constants(effort),), clock)

    def _good(self) -> bool:
        """Whether the best candidate leaves only noise, or of a network's answers little, by a few constants."""
        if self._explained():
            return True
        if self.table.independent is None or not self.candidates or len(holes(self.candidates[0].expr)) > MANY:
            return False
        return self._misfit() <= WELL_BELOW * LEARNED[0] * float(self.table.target.std())

    def _views(self, clock: Clock) -> Iterator[tuple[View, float]]:
        """Ways to see the table, and by how much symmetries may be missed in them, root mean square."""
        columns, target = self._rows(SYMMETRY_ROWS, "symmetry")
        values, spread = Values(columns), float(target.std())
        for share in (0.0,) if self.table.independent is None else LEARNED:
            found = views(values, target, clock.part(0.4), tolerance=share * spread)
            if found[-1] not in self.offered:
                self.offered.append(found[-1])
                yield found[-1], share * spread
        plain = View.plain(columns)
        if plain not in self.offered:
            self.offered.append(plain)
            yield plain, 0.0

    def _misfit(self) -> float:
        """What the best candidate leaves, root mean square."""
        if not self.candidates:
            return float("inf")
        columns, target = self._rows(TEST_ROWS, "test")
        return float(np.sqrt(np.mean((target - evaluated(self.candidates[0].expr, columns)) ** 2)))

    def _solve(self, view: View, stages: tuple[Stage, ...], clock: Clock) -> bool:
        columns, target = self._rows(SEARCH_ROWS, "search")
        values = Values(columns)
        for stage in stages:
            if clock.over:
                return False
            self._refine(stage(view, values, target, clock), clock)
            if self._settled():
                return True
        return self._explained()

    def _refine(self, forms: list[Form], clock: Clock) -> None:
        """The most promising forms fitted to more rows, in the units of the answers."""
        rough = sorted((form for form in forms if form.size <= LARGEST), key=self._rough)
        columns, target = self._rows(FIT_ROWS, "fit")
        done = 0
        for form in rough:
            first, *others = form.write()
            key = filled(first, [1.5] * len(holes(first)))
            if form.misfit > ANOTHER * self.seen.get(key, np.inf):
                continue
            self.seen[key] = form.misfit
            expr = fitted(first, columns, target)
            self.candidates.append(_Candidate(expr, others, self._total(expr)))
            done += 1
            if done >= REFINED or clock.over:
                break
        self.candidates.sort(key=lambda each: each.total)

    def _rough(self, form: Form) -> float:
        """A price without writing the form: so many bits for each part, and the misfit."""
        spread = self.table.resolution * (float(self.table.target.std()) or 1.0)
        misfit = 0.5 * self._independent * np.log2(1.0 + form.misfit / spread**2)
        return SIZE_BITS * form.size + HOLE_BITS * form.constants + misfit

    @property
    def _independent(self) -> int:
        table = self.table
        return table.rows if table.independent is None else min(table.rows, table.independent)

    def _total(self, expr: Expr) -> float:
        with np.errstate(all="ignore"):
            return _text_bits(expr, self.table) + misfit_bits(self.table, evaluated(expr, self.table.columns))

    def _settled(self) -> bool:
        """Whether to look no further: nothing is left, or only noise by a formula too short to be an approximation.

        With noise, a sum of several terms may pass for a shorter formula that a later stage would find.
        """
        if not self.candidates or not self._explained():
            return False
        return self._exact() or len(holes(self.candidates[0].expr)) <= FEW_CONSTANTS

    def _exact(self) -> bool:
        return self._misfit() <= max(NOISELESS, self.table.resolution) * float(self.table.target.std())

    def _explained(self) -> bool:
        """Whether the best candidate leaves nothing but noise, as far as a polynomial can tell."""
        if not self.candidates:
            return False
        if self._exact():
            return True
        columns, target = self._rows(TEST_ROWS, "test")
        left = target - evaluated(self.candidates[0].expr, columns)
        return _is_noise(np.stack(list(columns.values()), axis=1), left)

    def _snapped(self) -> list[Found]:
        found = []
        solved = self._explained()
        table = self.table if solved else self._some(SNAP_ROWS)
        for candidate in self._polished():
            for expr in (candidate.expr, *(candidate.others if solved else ())):
                if self.clock.over and found:
                    break
                found.append(_tidied(priced(snap(expr, table).expr, self.table), self.table))
        return found

    def _polished(self) -> list[_Candidate]:
        """The best candidates; for a network, each also without constants that do nothing. Best first."""
        best, table = self.candidates[:SNAPPED], self._some(SNAP_ROWS)
        if self.table.independent is None:
            return best
        clock = self.clock.part(POLISHING)
        forms = [each.expr for each in best] + [other for each in best for other in each.others]
        for form in forms:
            if not clock.over:
                expr = polished(fitted(form, table.columns, table.target), table, self._total, clock)
                self.candidates.append(_Candidate(expr, [], self._total(expr)))
        unique = {each.expr: each for each in self.candidates}
        return sorted(unique.values(), key=lambda each: each.total)[: 2 * SNAPPED]

    def _some(self, count: int) -> Table:
        columns, target = self._rows(count, "snap")
        return replace(self.table, columns=columns, target=target)

    def _rows(self, count: int, purpose: str) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
        """At most so many rows."""
        table = self.table
        chosen = np.arange(table.rows)
        if table.rows > count:
            chosen = generator(table.seed, "formula", purpose).choice(table.rows, count, replace=False)
        return {n: c[chosen] for n, c in table.columns.items()}, table.target[chosen]


def _tidied(found: Found, table: Table) -> Found:
    short = priced(tidy(found.expr), table)
    return short if short.total <= found.total else found


def _text_bits(expr: Expr, table: Table) -> float:
    """The text without its real literals, and a round price for each of those."""
    count = len(holes(expr))
    return named_bits(filled(expr, [1.0] * count), len(table.columns)) + HOLE_BITS * count


def _is_noise(points: np.ndarray, left: np.ndarray) -> bool:
    """Whether no polynomial of low degree explains more of it than of noise."""
    terms = basis(scaled(points))[:120].T
    q = np.linalg.qr(terms)[0]
    explained = float(np.sum((q.T @ left) ** 2) / max(float(left @ left), 1e-300))
    count, rows = q.shape[1], len(left)
    return explained <= (count + SURE * np.sqrt(2 * count)) / rows


def _front(found: list[Found]) -> Iterator[Found]:
    """The shortest description, then shorter texts that explain less."""
    shortest = float("inf")
    for each in sorted(found, key=lambda each: (each.total, str(each.expr))):
        if each.bits < shortest:
            shortest = each.bits
            yield each
