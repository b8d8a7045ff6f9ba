"""The raw outputs of a captured network on boxes of inputs, as affine forms."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from scrutable.network import Network
from scrutable.network.engine import Graph, Node, NotCaptured, Rows, filled
from scrutable.verify.equivalence._arithmetic import Arithmetic
from scrutable.verify.equivalence._forms import Form, Symbols
from scrutable.verify.equivalence._layer_bounds import UNIT
from scrutable.verify.equivalence._operations import MOVES, SUMS, NoBounds, Operation, done, name_of, sharpened

MOST_NUMBERS = 2**22
"""How many numbers a form may have on all boxes together, and how many boxes are taken at once."""
MOST_BOXES = 512
IDENTITY = frozenset(["same", "clone", "alias", "reshape"])


@final
@dataclass(frozen=True, slots=True, eq=False)
class BoundedNetwork:
    """A network whose outputs can be bounded on boxes.

    Arguments:
        graph: its operations. weights: the values that do not depend on the input, in double precision, by node.
        classes: of its outputs, see `Domain.classes`. labels: the number of labels where it reads their one-hot code.
        whole: which inputs are whole numbers. unit: the unit roundoff of its arithmetic.
    """

    graph: Graph
    weights: dict[int, Tensor]
    classes: int | None
    labels: int | None
    whole: Tensor
    unit: float

    @staticmethod
    def of(network: Network) -> BoundedNetwork:
        """The operations of a network.

        Raises:
            NoBounds: its operations cannot be seen, it computes in numbers that are not known here, or is too large.
        """
        try:
            captured = network.captured
        except NotCaptured as error:
            raise NoBounds(f"the network's operations cannot be followed: {error}") from None
        dtype = str(captured.runner.dtype).removeprefix("torch.")
        if dtype not in UNIT:
            raise NoBounds(f"it computes in {dtype}")
        domain, form = network.inputs, captured.runner.layout.form
        count = math.prod(domain.shape)
        whole = [r.whole for r in domain.ranges] * (count // len(domain.ranges))
        labels = domain.classes if form == "one-hot" else None
        if math.prod(captured.graph.shape) != count * (labels or 1):
            raise NoBounds("its operations are for inputs of another length")
        weights = _weights(captured.graph)
        outputs = network.outputs.classes
        found = BoundedNetwork(captured.graph, weights, outputs, labels, torch.tensor(whole), UNIT[dtype])
        if not found.at_once:
            raise NoBounds("it has too many values to bound them together")
        return found

    @property
    def at_once(self) -> int:
        """How many boxes to take together; 0 when a single one is too large."""
        live = [node for node in self.graph.nodes if node.is_site]
        bent = sum(math.prod(n.shape) for n in live if name_of(n) not in MOVES | SUMS)
        widest = max(math.prod(n.shape) for n in live)
        return min(MOST_BOXES, MOST_NUMBERS // (widest * (bent + len(self.whole) + 1)))

    def symbols(self, boxes: int) -> Symbols:
        """Fresh symbols for a walk over so many boxes."""
        return Symbols(boxes, len(self.whole))

    def inputs(self, lo: np.ndarray, hi: np.ndarray) -> Form:
        """The input numbers on boxes, `(b, d)` from ends of that shape, as they are before any rounding."""
        low, high = torch.from_numpy(lo), torch.from_numpy(hi)
        centre = (low + high) / 2
        return Form(centre, torch.diag_embed((high - low) / 2), torch.zeros_like(centre))

    def outputs(self, inputs: Form, symbols: Symbols) -> Form:
        """The raw outputs on boxes, `(b, numbers)`.

        Raises:
            NoBounds: an operation that cannot be bounded.
        """
        values: dict[int, Any] = {**self.weights, 0: self._read(inputs, symbols)}
        last = _softmax_at_end(self.graph) if self.classes is not None else None
        for node in self.graph.nodes[1:]:
            if node.index in values or not (node.live or node.rows):
                continue
            if node.index == last:
                values[node.index] = sharpened(values[node.inputs[0]], self.unit)
            elif node.rows is None:
                values[node.index] = None  # several results, each of which is a node of its own
            else:
                values[node.index] = self._done(node, values, symbols)
        output = values[len(self.graph.nodes) - 1]
        return output.rearranged(lambda rows: rows.reshape(len(rows), -1))

    def _read(self, inputs: Form, symbols: Symbols) -> Form:
        """What the network is given."""
        shape = self.graph.shape
        if self.labels is not None:
            return _one_hot(inputs, self.labels, symbols).rearranged(lambda rows: rows.reshape(len(rows), *shape))
        fine = self.whole & (inputs.size < 1 / self.unit)
        rounded = Form(inputs.centre, inputs.terms, torch.where(fine, 0.0, self.unit * inputs.size))
        return rounded.rearranged(lambda rows: rows.reshape(len(rows), *shape))

    def _done(self, node: Node, values: dict[int, Any], symbols: Symbols) -> Form:
        rows, part = node.rows, None
        assert rows is not None
        if not node.live:
            return self._unchanging(node, values, symbols)
        if node.call is operator.getitem:
            node, part = self.graph.nodes[node.inputs[0]], node.args[1]
        where = {i: at for i in node.inputs if (at := self.graph.nodes[i].rows) is not None}
        given = {i: values[i] for i in node.inputs}
        return done(Operation(node, rows, part, given, where, Arithmetic(symbols, self.unit)))

    def _unchanging(self, node: Node, values: dict[int, Any], symbols: Symbols) -> Form:
        """What has rows and is the same in all of them, such as a first state."""
        assert node.call is not None and node.rows is not None
        if any(isinstance(values[i], Form) for i in node.inputs):
            raise NoBounds(f"it makes numbers for each row by {name_of(node)}")
        one = node.rows.first(node.call(*filled(node.args, values, 1), **filled(node.kwargs, values, 1))).double()
        return Form.exactly(one.expand(symbols.boxes, *one.shape[1:]))


def _weights(graph: Graph) -> dict[int, Any]:
    """The values that depend on weights alone, worked out in double precision."""
    found: dict[int, Any] = {}
    with torch.no_grad():
        for node in graph.nodes:
            if not node.fixed:
                continue
            if node.call is None:
                value = node.tensor
            else:
                value = node.call(*filled(node.args, found, None), **filled(node.kwargs, found, None))
            found[node.index] = value.double() if isinstance(value, Tensor) and value.is_floating_point() else value
    return found


def _softmax_at_end(graph: Graph) -> int | None:
    """The softmax whose value is the output."""
    node = graph.nodes[-1]
    while name_of(node) in IDENTITY and len(node.inputs) == 1:
        node = graph.nodes[node.inputs[0]]
    along_last = name_of(node) in ("_softmax", "_log_softmax") and node.args[1] in (-1, len(node.shape))
    return node.index if along_last and node.rows == Rows(0) else None


def _one_hot(labels: Form, count: int, symbols: Symbols) -> Form:
    """The one-hot code of labels, `(b, d * count)`: a label between two ends leaves each of those open."""
    lo, hi = labels.ends
    at = torch.arange(count, dtype=torch.float64)
    inside = ((at >= lo[..., None] - 0.5) & (at <= hi[..., None] + 0.5)).double()
    only = inside * (inside.sum(-1, keepdim=True) == 1)
    wide = labels.rearranged(lambda rows: rows[..., None].expand(*rows.shape, count))
    return symbols.loosened(Form.exactly((inside + only) / 2), (inside - only) / 2, wide)
