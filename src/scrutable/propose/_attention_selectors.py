"""Which keys a head selects, as short expressions: a table of query values and key values becomes a selector.

Atoms compare a key with a query, or either with a number. A selector is an atom, two of them joined, or an atom or two
joined; where none of these is right, one row of the table after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from scrutable.program import Expr, Var, call
from scrutable.propose._attention_classes import joint

Columns = Mapping[str, np.ndarray]
RELATIONS = {
    "eq": np.equal,
    "le": np.less_equal,
    "lt": np.less,
    "ge": np.greater_equal,
    "gt": np.greater,
    "ne": np.not_equal,
}
SHIFTS = (0, 1, -1, 2, -2)
MOST_ATOMS = 3000
SIDE = 400


class Atoms:
    """Selectors with their truth on every row, simplest first.

    Arguments:
        queries, keys: the values of variables at the query and at the key, a row for each pair that occurs.
        leaves: the variables as expressions.
    """

    def __init__(self, queries: Columns, keys: Columns, leaves: Mapping[str, Var]) -> None:
        self.exprs: list[Expr] = []
        found: list[np.ndarray] = []
        known: set[bytes] = set()
        for expr, truth in _atoms(queries, keys, leaves):
            packed = np.packbits(truth).tobytes()
            if packed in known or len(found) >= MOST_ATOMS:
                continue
            known.add(packed)
            self.exprs.append(expr)
            found.append(truth)
        self.truths = np.array(found)


def short_selector(queries: Columns, keys: Columns, target: np.ndarray, leaves: Mapping[str, Var]) -> Expr | None:
    """A selector of at most three atoms that is true on exactly these rows; None where there is none.

    Arguments:
        queries, keys: as in `Atoms`, a row for each combination that occurs. target: `(rows,)`.
    """
    if target.all() or not target.any():
        anything = next(iter(leaves.values()))
        always = call("select", anything, anything, params=("true",))
        return always if target.all() else call("not", always)
    atoms = Atoms(queries, keys, leaves)
    if not atoms.exprs:
        return None
    return _single(atoms, target) or _pair(atoms, target) or _three(atoms, target)


def _single(atoms: Atoms, target: np.ndarray) -> Expr | None:
    hits = np.flatnonzero((atoms.truths == target).all(1))
    return atoms.exprs[hits[0]] if len(hits) else None


def _pair(atoms: Atoms, target: np.ndarray) -> Expr | None:
    return _both(atoms, target, target) or _either(atoms, target)


def _both(atoms: Atoms, must: np.ndarray, may: np.ndarray) -> Expr | None:
    """Two atoms true together on all that must be, and on nothing that may not."""
    wide = np.flatnonzero(atoms.truths[:, must].all(1))[:SIDE]
    outside = atoms.truths[wide][:, ~may]
    for i in range(len(wide)):
        clean = ~(outside[i] & outside[i + 1 :]).any(1)
        if clean.any():
            return call("and", atoms.exprs[wide[i]], atoms.exprs[wide[i + 1 + int(clean.argmax())]])
    return None


def _either(atoms: Atoms, target: np.ndarray) -> Expr | None:
    narrow = np.flatnonzero(~atoms.truths[:, ~target].any(1))[:SIDE]
    inside = atoms.truths[narrow][:, target]
    for i in range(len(narrow)):
        full = (inside[i] | inside[i + 1 :]).all(1)
        if full.any():
            return call("or", atoms.exprs[narrow[i]], atoms.exprs[narrow[i + 1 + int(full.argmax())]])
    return None


def _three(atoms: Atoms, target: np.ndarray) -> Expr | None:
    narrow = np.flatnonzero(~atoms.truths[:, ~target].any(1))[:SIDE]
    narrow = narrow[np.argsort(-atoms.truths[narrow].sum(1), kind="stable")][:60]
    for at in narrow:
        other = _both(atoms, target & ~atoms.truths[at], target)
        if other is not None:
            return call("or", atoms.exprs[at], other)
    wide = np.flatnonzero(atoms.truths[:, target].all(1))[:SIDE]
    wide = wide[np.argsort(atoms.truths[wide].sum(1), kind="stable")][:40]
    for i, at in enumerate(wide):
        for with_ in wide[i + 1 :]:
            left = atoms.truths[at] & atoms.truths[with_]
            third = np.flatnonzero(~(atoms.truths[wide] & left & ~target).any(1))
            if len(third):
                return call("and", call("and", atoms.exprs[at], atoms.exprs[with_]), atoms.exprs[wide[third[0]]])
    return None


def row_by_row(queries: Columns, keys: Columns, target: np.ndarray, leaves: Mapping[str, Var]) -> Expr:
    """For each set of keys, the queries that select it: queries and keys are numbered by tables."""
    query, key = joint(list(queries.values())), joint(list(keys.values()))
    whole = np.zeros((query.max() + 1, key.max() + 1), dtype=bool)
    whole[query, key] = target
    kinds, kind = np.unique(whole, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    found: Expr | None = None
    for number, wanted in enumerate(kinds):
        if not wanted.any():
            continue
        part = call("select", _coded(keys, wanted[key], leaves), True, params=("eq",))
        if len(kinds) > 1:
            mine = _coded(queries, (kind == number)[query], leaves)
            part = call("and", part, call("select", True, mine, params=("eq",)))
        found = part if found is None else call("or", found, part)
    assert found is not None
    return found


def _coded(columns: Columns, truth: np.ndarray, leaves: Mapping[str, Var]) -> Expr:
    """Whether a combination of values is one of some, by a table."""
    combinations = zip(*(column.tolist() for column in columns.values()), strict=True)
    rows = {key: bool(value) for key, value in zip(combinations, truth, strict=True)}
    return call(
        "table",
        *(leaves[name] for name in columns),
        params=(tuple((key, True) for key, value in rows.items() if value), False),
    )


def _atoms(queries: Columns, keys: Columns, leaves: Mapping[str, Var]) -> Iterator[tuple[Expr, np.ndarray]]:
    yield from _compared(queries, keys, leaves, shifts=(0,))
    yield from _constant(keys, leaves, of_key=True)
    yield from _constant(queries, leaves, of_key=False)
    yield from _compared(queries, keys, leaves, shifts=SHIFTS[1:])
    yield from _summed(queries, keys, leaves)


def _compared(
    queries: Columns, keys: Columns, leaves: Mapping[str, Var], *, shifts: Iterable[int]
) -> Iterator[tuple[Expr, np.ndarray]]:
    for shift in shifts:
        for key_name, key in keys.items():
            for query_name, query in queries.items():
                truths = (key.dtype.kind == "b") + (query.dtype.kind == "b")
                if truths == 1 or (truths and shift):
                    continue
                moved = leaves[query_name] if not shift else leaves[query_name] + shift
                for name, relation in RELATIONS.items():
                    if truths and name not in ("eq", "ne"):
                        continue
                    yield (
                        call("select", leaves[key_name], moved, params=(name,)),
                        relation(key, query if not shift else query + shift),
                    )


def _summed(queries: Columns, keys: Columns, leaves: Mapping[str, Var]) -> Iterator[tuple[Expr, np.ndarray]]:
    """A key that is the difference or sum of two query values, or of a number and a query value."""
    names = [name for name, column in queries.items() if column.dtype.kind == "i"]
    for key_name, key in keys.items():
        if key.dtype.kind != "i":
            continue
        for a in names:
            for total in range(int(key.max()) + 2):
                yield (
                    call("select", leaves[key_name], call("sub", total, leaves[a]), params=("eq",)),
                    (key == total - queries[a]),
                )
            for b in names:
                if a != b:
                    for more in (0, -1):
                        expr = leaves[a] - leaves[b]
                        expr = expr + more if more else expr
                        yield (
                            call("select", leaves[key_name], expr, params=("eq",)),
                            (key == queries[a] - queries[b] + more),
                        )


def _constant(columns: Columns, leaves: Mapping[str, Var], *, of_key: bool) -> Iterator[tuple[Expr, np.ndarray]]:
    for name, column in columns.items():
        if column.dtype.kind == "b":
            yield _select(leaves[name], True, "eq", of_key=of_key), column
            yield _select(leaves[name], False, "eq", of_key=of_key), ~column
            continue
        levels = np.unique(column)
        for value in levels.tolist() if len(levels) <= 24 else []:
            for relation in ("eq", "le", "ge", "ne"):
                yield _select(leaves[name], value, relation, of_key=of_key), RELATIONS[relation](column, value)


_TURNED = {"eq": "eq", "ne": "ne", "le": "ge", "ge": "le"}


def _select(leaf: Var, value: object, relation: str, *, of_key: bool) -> Expr:
    if of_key:
        return call("select", leaf, value, params=(relation,))
    return call("select", value, leaf, params=(_TURNED[relation],))
