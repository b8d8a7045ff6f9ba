"""What was read off a compiled transformer against the circuit that was compiled.

- Kinds: whether a head picks, takes a mean or counts.
- Selectors: the selector found selects, on every word it was read on, the keys that get the head's weight.
- Sources: a head reads, by each port, components that the circuit has there, at least one for each variable.
- Parts: pairs of a component and a variable. A pair found is right where the circuit has one for that component whose
  variable is a function of the one found, or the reverse, on every word; variables that the program does not name match
  any. Heads that do one work together are one component.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from scrutable.compile import Circuit, Compiled, Transformer
from scrutable.program import Call, Expr, Program, walk
from scrutable.propose._attention_classes import determines
from scrutable.propose.attention import Decompiled

SHORT = 15
"""The most nodes of a short selector."""
Counts = tuple[int, int]


def readable(program: Program) -> dict[str, Any]:
    """Lines of the function, and rows of its largest table."""
    source = program.source
    body = source[source.index(f"def {program.name}(") :].split("\n\n\n")[0]
    tables = [
        len(e.params[0]) for s in program.statements for e in walk(s.expr) if isinstance(e, Call) and e.op == "table"
    ]
    return {"lines": len(body.strip().splitlines()), "largest table": max(tables, default=0)}


def circuit_scores(made: Compiled, found: Decompiled | None) -> dict[str, Counts]:
    """Right and all, by name of the score."""
    heads = {r.component: r for r in made.circuit.roles if r.work in ("pick", "mean", "width")}
    if found is None:
        none = (0, len(heads))
        return dict.fromkeys(("heads of the right kind", "selectors right", "sources right", "parts recalled"), none)
    reading, walked = found.walk.reading, found.walk
    first = {name: each.name for each in reading.components for name in reading.names(each)}
    read = {name: walked.selectors[first[name]] for name in heads if first.get(name) in walked.selectors}
    kinds = sum(name in read and walked.kinds.get(first[name]) == role.work for name, role in heads.items())
    chosen = {name: _selects(found, made.module, name, read[name][0]) for name in read}
    sources = sum(_reads_right(found, made.circuit, first, name) for name in read)
    return {
        "heads of the right kind": (kinds, len(heads)),
        "selectors right": (sum(chosen.values()), len(heads)),
        "sources right": (sources, len(heads)),
        "short selectors": (sum(_short(expr) for expr, _ in read.values()), len(read)),
        **_parts(made, found, first),
    }


def _short(expr: Expr) -> bool:
    return len(list(walk(expr))) <= SHORT and not any(isinstance(e, Call) and e.op == "table" for e in walk(expr))


def _selects(found: Decompiled, module: Transformer, head: str, selector: Expr) -> bool:
    """Whether a selector selects the keys that get a head's weight; of several, a head that picks weighs the first."""
    _, block, _, at = head.split(".")
    kind = found.walk.kinds[_first(found, head)]
    store = found.walk.store
    for x, selected in zip(store.words.values(), store.selected(selector), strict=True):
        weight = _weights(module, x, int(block))[:, int(at), 1:, :]
        wanted = np.concatenate([~selected.any(-1, keepdims=True), selected], axis=-1)
        if kind == "width":
            wanted = np.concatenate([np.ones_like(selected[..., :1]), selected], axis=-1)
        if kind == "pick":  # where several are selected, they have one value, or the first gets the weight
            if (weight[~wanted] > 0.2).any():
                return False
        elif ((weight > 0.5 * weight.max(-1, keepdims=True)) != wanted).any():
            return False
    return True


def _first(found: Decompiled, head: str) -> str:
    reading = found.walk.reading
    return next(each.name for each in reading.components if head in reading.names(each))


def _weights(module: Transformer, x: np.ndarray, block: int) -> np.ndarray:
    """The weights on keys of the heads of a block, `(n, heads, queries, keys)`."""
    with torch.no_grad():
        stream = module.embedded(torch.from_numpy(x))
        for before in module.blocks[:block]:
            stream = before(stream)
        attention: Any = module.blocks[block].attention
        n, length, _ = stream.shape
        query, key = (
            part(stream).view(n, length, attention.heads, attention.size).transpose(1, 2)
            for part in (attention.query, attention.key)
        )
        scores = query @ key.transpose(-1, -2) / attention.size**0.5
        if attention.causal:
            scores = scores.masked_fill(torch.ones(length, length, dtype=torch.bool).triu(1), -torch.inf)
        return scores.softmax(-1).numpy()


def _reads_right(found: Decompiled, circuit: Circuit, first: dict[str, str], head: str) -> bool:
    """Whether a head reads what the circuit says; positions, which also say which of several keys comes first, may be
    left out by queries and keys."""
    for port in ("query", "key", "value"):
        edges = [edge for edge in circuit.edges if edge.target == head and edge.port == port]
        read = found.walk.reads.get((first[head], port), set())
        known = {first.get(edge.source, edge.source) for edge in edges}
        wanted = {edge.variable for edge in edges} - ({"position"} if port != "value" else set())
        covered = {edge.variable for edge in edges if first.get(edge.source, edge.source) in read}
        if not (read <= known and wanted <= covered):
            return False
    return True


def _parts(made: Compiled, found: Decompiled, first: dict[str, str]) -> dict[str, Counts]:
    store = found.walk.store
    truth = _values(made.program, list(store.words.values()))
    known = {(first.get(r.component, r.component), r.variable) for r in made.circuit.roles if r.work != "dead"}
    given = {each.name for each in found.walk.reading.components if each.kind == "given"}
    pairs = [(c, name) for c, names in found.walk.parts.items() for name in names if c not in given]

    def match(component: str, name: str, variable: str) -> bool:
        if variable not in truth:
            return True
        mine, theirs = store.labels[name], truth[variable]
        return determines([mine], theirs) or determines([theirs], mine)

    right = sum(any(match(c, name, v) for at, v in known if at == c) for c, name in pairs)
    recalled = sum(any(match(c, name, v) for at, name in pairs if at == c) for c, v in known)
    return {"parts right": (right, len(pairs)), "parts recalled": (recalled, len(known))}


def _values(program: Program, words: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The values of variables that have one at each position, all lengths one after the other."""
    runs = [program.run(x) for x in words]
    flat = {name: [np.asarray(run[name]) for run in runs] for name in program.variables}
    return {
        name: np.concatenate([v.reshape(-1) for v in values])
        for name, values in flat.items()
        if all(v.shape == x.shape for v, x in zip(values, words, strict=True))
    }
