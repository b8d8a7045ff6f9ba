"""What each tensor operation of a captured network does to affine forms; what is not here is refused by name."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import torch
from torch import Tensor

from scrutable.errors import ScrutableError
from scrutable.network.engine import Node, Rows, bare, filled
from scrutable.verify.equivalence._arithmetic import CAUTION, Arithmetic
from scrutable.verify.equivalence._curves import CURVES, Curve, Stepped, clamp, elu, leaky
from scrutable.verify.equivalence._forms import Form

MOVES = frozenset(
    {"reshape", "same", "permute", "transpose", "t", "expand", "expand_as", "squeeze", "unsqueeze", "select", "slice"}
    | {"cat", "stack", "clone", "flatten", "repeat", "split", "split_with_sizes", "unbind", "flip", "roll", "movedim"}
    | {"index_select", "index", "detach"}
)
SUMS = frozenset(
    {"addmm", "mm", "bmm", "matmul", "convolution", "sum", "mean", "add", "sub", "rsub", "mul", "div", "neg"}
    | {"avg_pool2d", "_adaptive_avg_pool2d"}
)
ARITHMETIC = frozenset(["add", "sub", "rsub", "mul", "div"])
PRODUCTS = frozenset(["mul", "mm", "bmm", "matmul"])
SOFTPLUS = 3e-9
"""How far PyTorch's softplus is from its value where it gives the argument itself."""


class NoBounds(ScrutableError):
    """A network, or a program, whose values cannot be bounded; the text says why."""


def name_of(node: Node) -> str:
    """What an operation is called."""
    call = node.call
    return bare(call) if isinstance(call, torch._ops.OpOverload) else getattr(call, "__name__", str(call))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation on values of which some are forms.

    Arguments:
        node: the operation. rows: where rows are in its result. part: which of several results is wanted.
        given: by node, a form or a tensor that depends on weights alone. where: of each form's rows, in its own shape.
    """

    node: Node
    rows: Rows
    part: int | None
    given: Mapping[int, Form | Tensor]
    where: Mapping[int, Rows]
    using: Arithmetic

    @property
    def name(self) -> str:
        """See `name_of`."""
        return name_of(self.node)

    @property
    def live(self) -> tuple[int, ...]:
        """The arguments that are forms."""
        return tuple(i for i in self.node.inputs if isinstance(self.given[i], Form))

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms among the arguments."""
        return tuple(form for i in self.live if isinstance(form := self.given[i], Form))

    def argument(self, position: int, name: str = "", default: Any = None) -> Any:
        """An argument as it was given."""
        args = self.node.args
        return args[position] if position < len(args) else self.node.kwargs.get(name, default)

    def fixed(self, position: int) -> Tensor | None:
        """An argument that is a weight; None where it was left out."""
        held = self.argument(position)
        return None if held is None else filled(held, self.given, None)

    def apply(self, *rows: Tensor) -> Tensor:
        """The operation on arrays with rows in front."""
        return self._called(self.node.call, self.node.args, self.node.kwargs, self.given, rows)

    def majorant(self, *rows: Tensor) -> Tensor:
        """The same with every weight replaced by its size and differences by sums."""
        call, args, kwargs = self.node.call, self.node.args, self.node.kwargs
        if self.name in ARITHMETIC:
            args, kwargs = _sized(args), _sized(kwargs)
        if self.name in ("sub", "rsub"):
            call = torch.ops.aten.add.Tensor
        if self.name == "neg":
            return self.rows.first(self.where[self.live[0]].back(rows[0]))
        weights = {i: _size(value) for i, value in self.given.items()}
        return self._called(call, args, kwargs, weights, rows)

    def _called(
        self, call: Any, args: Any, kwargs: Any, weights: Mapping[int, Any], rows: tuple[Tensor, ...]
    ) -> Tensor:
        back = {i: self.where[i].back(row) for i, row in zip(self.live, rows, strict=True)}
        values, n = {**weights, **back}, len(rows[0])
        result = call(*filled(args, values, n), **filled(kwargs, values, n))
        return self.rows.first(result if self.part is None else result[self.part])

    def axis(self, native: int) -> int:
        """An axis of the operation's value as the axis of a form."""
        ndim = len(self.node.shape) + 1
        native = native % ndim
        if self.rows.group != 1:
            raise NoBounds(f"it takes {self.name} of rows that share an axis")
        return native + 1 if native < self.rows.axis else native


def _size(value: Any) -> Any:
    """Weights as their sizes, and what is no weight as it is."""
    return value.abs() if isinstance(value, Tensor) and value.is_floating_point() else value


def _sized(held: Any) -> Any:
    """Plain numbers as their sizes."""
    if isinstance(held, dict):
        return {key: abs(part) if key == "alpha" else part for key, part in held.items()}
    return tuple(abs(part) if type(part) in (int, float) else part for part in held)


def moved(op: Operation) -> Form:
    """The same numbers elsewhere."""
    return op.using.affine(op.apply, op.apply, op.forms, sums=0)


def summed(op: Operation) -> Form:
    """Sums of products with weights, or of two forms."""
    longest = max(form.centre[0].numel() for form in op.forms)
    sums = 1 if op.name in ARITHMETIC else longest
    if op.name == "div" and len(op.node.inputs) == 2 and op.live[-1] == op.node.inputs[-1]:
        raise NoBounds("it divides by what depends on the input")
    if op.name in PRODUCTS and len(op.live) == 2:
        return op.using.product(op.apply, *op.forms, sums=sums)
    if op.name == "mul" and op.node.args[0] == op.node.args[1]:
        return curved(op, CURVES["square"])
    if len(op.live) > 1 and op.name not in ("add", "sub", "rsub"):
        raise NoBounds(f"it takes {op.name} of several values that depend on the input")
    return op.using.affine(op.apply, op.majorant, op.forms, sums=sums + 2)


def _curve(op: Operation) -> Curve | None:
    """The function that an operation applies to each number; None where it is no such function."""
    name, number = op.name, lambda at, default: float(op.argument(at, default=default))
    if name in ("gt", "ge", "lt", "le") and not isinstance(op.argument(1), Tensor) and len(op.node.inputs) == 1:
        compare, bound = getattr(operator, name), number(1, 0)
        return Stepped(lambda x: compare(x, bound).double())
    if name == "gelu" and op.argument(1, "approximate", "none") != "none":
        raise NoBounds("it computes GELU by another formula")
    if name == "elu" and (number(2, 1), number(3, 1)) != (1, 1) or name == "softplus" and number(1, 1) != 1:
        raise NoBounds(f"its {name} is scaled")
    made: dict[str, Callable[[], Curve]] = {
        "leaky_relu": lambda: leaky(number(1, 0.01)),
        "hardtanh": lambda: clamp(number(1, -1), number(2, 1)),
        "clamp": lambda: clamp(*(float(d if op.argument(i) is None else op.argument(i)) for i, d in _OPEN)),
        "clamp_min": lambda: clamp(number(1, 0), torch.inf),
        "elu": lambda: elu(number(1, 1)),
    }
    return made[name]() if name in made else CURVES.get(name)


_OPEN = ((1, -torch.inf), (2, torch.inf))
EXACT = frozenset(["relu", "abs", "hardtanh", "clamp", "clamp_min", "sign", "gt", "ge", "lt", "le"])


def curved(op: Operation, curve: Curve) -> Form:
    """A function of each number."""
    (form,) = op.forms
    found = op.using.curved(form, curve, rounded=op.name not in EXACT)
    if op.name == "softplus":
        found = replace(found, error=found.error + SOFTPLUS)
    return found.rearranged(lambda rows: op.rows.first(op.where[op.live[0]].back(rows)))


def softmax(op: Operation) -> Form:
    """One over the sum of the exponentials of the differences to each score."""
    (form,), using = op.forms, op.using
    axis = op.axis(op.argument(1))
    apart = using.affine(
        lambda v: v.unsqueeze(axis) - v.unsqueeze(axis + 1),
        lambda v: v.unsqueeze(axis) + v.unsqueeze(axis + 1),
        [form],
        sums=1,
    )
    powers = using.curved(apart, CURVES["exp"])
    over = partial(torch.sum, dim=axis + 1)
    total = using.affine(over, over, [powers], sums=form.centre.shape[axis])
    return using.curved(total, CURVES["reciprocal"])


def batch_norm(op: Operation) -> Form:
    """A scale and a shift for each channel, by the statistics that were kept."""
    weight, bias, mean, var = (op.fixed(at) for at in range(1, 5))
    assert mean is not None and var is not None
    scale = torch.rsqrt(var + float(op.node.args[-1])) * (1.0 if weight is None else weight)
    shift = (0.0 if bias is None else bias) - mean * scale
    size = mean.abs() * scale.abs() + (0.0 if bias is None else bias.abs())

    def channels(v: Tensor, by: Tensor, plus: Tensor) -> Tensor:
        shape = (1, -1, *[1] * (v.ndim - 2))
        return v * by.reshape(shape) + plus.reshape(shape)

    return op.using.affine(
        lambda v: channels(v, scale, shift), lambda v: channels(v, scale.abs(), size), op.forms, sums=8
    )


def layer_norm(op: Operation) -> Form:
    """The distance from the mean of the last axes, over the square root of the mean of its square."""
    (form,), using = op.forms, op.using
    axes = tuple(range(-len(op.argument(1)), 0))
    weight, bias = op.fixed(2), op.fixed(3)
    many, mean = form.centre[0].numel(), lambda v: v.mean(axes, keepdim=True)
    off = using.affine(lambda v: v - mean(v), lambda v: v + mean(v), [form], sums=many)
    eps = float(op.argument(4))
    squares = using.curved(off, CURVES["square"])
    spread = using.affine(lambda v: mean(v) + eps, lambda v: mean(v) + eps, [squares], sums=many)
    scaled = using.product(torch.mul, off, using.curved(spread, CURVES["rsqrt"]), sums=1)
    by, plus = torch.ones(()) if weight is None else weight, torch.zeros(()) if bias is None else bias
    return using.affine(lambda v: v * by + plus, lambda v: v * by.abs() + plus.abs(), [scaled], sums=2)


def embedding(op: Operation) -> Form:
    """The rows of a table for labels between two ends."""
    (labels,) = op.forms
    table = op.fixed(0)
    assert table is not None
    lo, hi = labels.ends
    at = torch.arange(len(table))
    inside = ((at >= lo[..., None] - 0.5) & (at <= hi[..., None] + 0.5))[..., None]
    low = torch.where(inside, table, torch.inf).amin(-2)
    high = torch.where(inside, table, -torch.inf).amax(-2)
    known = Form.exactly((low + high) / 2)
    wide = labels.rearranged(lambda rows: rows[..., None].expand(*rows.shape, table.shape[1]))
    return op.using.symbols.loosened(known, (high - low) / 2, wide)


def sharpened(form: Form, unit: float) -> Form:
    """Scores before a softmax that ends the network: it changes no answer but for rounding."""
    size = form.size.flatten(1).amax(1) + form.centre[0].numel()
    return replace(form, error=form.error + (CAUTION * unit * size).reshape(-1, *[1] * (form.centre.ndim - 1)))


RULES: dict[str, Callable[[Operation], Form]] = {
    "_softmax": softmax,
    "native_batch_norm": batch_norm,
    "_native_batch_norm_legit_no_training": batch_norm,
    "native_layer_norm": layer_norm,
    "embedding": embedding,
}


def done(op: Operation) -> Form:
    """The form of an operation's value.

    Raises:
        NoBounds: there is no rule for it.
    """
    name = op.name
    if name in RULES:
        return RULES[name](op)
    if name == "pow" and op.argument(1) == 2:
        return curved(op, CURVES["square"])
    if name == "_to_copy":
        return _copied(op)
    if name in MOVES:
        return moved(op)
    if name in SUMS:
        return summed(op)
    curve = _curve(op)
    if curve is None or len(op.live) != 1:
        raise NoBounds(f"the operation {name} has no bounds")
    return curved(op, curve)


def _copied(op: Operation) -> Form:
    wanted = op.node.kwargs.get("dtype")
    if wanted is not None and not wanted.is_floating_point:
        raise NoBounds("it turns numbers that depend on the input into whole ones")
    (form,) = op.forms
    return form.rearranged(lambda rows: op.rows.first(op.where[op.live[0]].back(rows)))
