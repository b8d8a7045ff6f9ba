"""How data are handed to a module: which tensor its forward wants, and what its answer means.

The data layout is fixed (`(n, length, channels)`); modules want it in different forms. The candidates below are tried
in order on sampled rows when a network is taken in, and the first that works is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from scrutable.errors import UserError
from scrutable.network._domain import Domain, shape_text

Form = Literal["as is", "features", "one-hot", "flat", "without channels"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to hand data to a module.

    Arguments:
        form: "as is"; "features" adds a last axis of 1; "one-hot" adds an axis of k; "flat" is `(n, everything)`;
            "without channels" drops the channel axis of an image.
        kind: "float" and "long" tensors, or the NumPy "array" itself.
        time_major: whether axes 0 and 1 are swapped on the way in, and back on the way out.
    """

    form: Form
    kind: Literal["float", "long", "array"]
    time_major: bool = False

    def tensor(self, x: np.ndarray, *, inputs: Domain, dtype: torch.dtype, device: torch.device) -> Any:
        """Rows of data as the module's argument."""
        if self.kind == "array":
            return x
        if x.dtype.kind == "f" and (self.kind == "long" or self.form == "one-hot") and (x % 1 != 0).any():
            raise UserError(f"got {x[x % 1 != 0][0]} as an input, expected whole numbers: the network reads labels")
        t = torch.from_numpy(np.ascontiguousarray(x)).to(device)
        if self.form == "one-hot":
            t = F.one_hot(t.long(), inputs.classes or 1)
        elif self.form == "features":
            t = t.unsqueeze(-1)
        elif self.form == "flat":
            t = t.reshape(t.shape[0], -1)
        elif self.form == "without channels":
            t = t[:, 0]
        t = t.to(dtype) if self.kind == "float" else t.long()
        return t.transpose(0, 1) if self.time_major else t

    def text(self, x: np.ndarray, inputs: Domain) -> str:
        """What the module is given, such as "float (n, 10, 2)"."""
        if self.kind == "array":
            return f"NumPy array {shape_text(x.shape[1:])}"
        t = self.tensor(x[:1], inputs=inputs, dtype=torch.float32, device=torch.device("cpu"))
        if self.time_major:
            return f"{self.kind} ({t.shape[0]}, n{''.join(f', {s}' for s in t.shape[2:])}), time first"
        return f"{self.kind} {shape_text(tuple(t.shape[1:]))}"


def candidates(inputs: Domain, *, function: bool) -> list[Layout]:
    """The layouts to try for a domain, in order; plain functions are offered the array itself first."""
    found = [Layout("as is", "array")] if function else []
    found += _forms(inputs)
    if inputs.is_sequence:
        found += [Layout(c.form, c.kind, time_major=True) for c in _forms(inputs) if c.form != "flat"]
    return found


def _forms(inputs: Domain) -> list[Layout]:
    whole = [Layout("as is", "long")] if all(r.whole for r in inputs.ranges) else []
    if inputs.classes is not None:
        return [*whole, Layout("one-hot", "float"), Layout("features", "float"), Layout("as is", "float")]
    if inputs.kind == "Columns":
        return [Layout("as is", "float"), *whole]
    if inputs.kind == "Image":
        forms = [Layout("as is", "float"), Layout("flat", "float")]
        return [*forms, Layout("without channels", "float")] if inputs.shape[0] == 1 else forms
    if len(inputs.shape) == (2 if inputs.is_sequence else 1):
        return [Layout("as is", "float"), *whole, Layout("flat", "float")]
    return [Layout("features", "float"), Layout("as is", "float"), *whole]


def first_tensor(output: Any) -> Tensor:
    """The tensor that holds a module's answer: itself, its `logits`, or the first tensor of a tuple or dictionary.

    Raises:
        UserError: there is none.
    """
    if isinstance(output, Tensor):
        return output
    if isinstance(output, np.ndarray) and output.dtype.kind in "biufc":
        return torch.from_numpy(np.ascontiguousarray(output) if output.flags.writeable else output.copy())
    if isinstance(output, Mapping) and "logits" in output:
        return first_tensor(output["logits"])
    if isinstance(getattr(output, "logits", None), Tensor):
        return output.logits  # type: ignore[union-attr]
    parts = list(output.values()) if isinstance(output, Mapping) else output
    if isinstance(parts, (tuple, list)):
        for part in parts:
            if isinstance(part, (Tensor, np.ndarray)):
                return first_tensor(part)
    raise UserError(
        f"got an output of type {type(output).__name__}, expected a tensor, or a tuple or dict that has one"
    )


def fit(raw: Tensor, *, n: int, shape: tuple[int, ...], outputs: Domain) -> Tensor:
    """Raw outputs in the layout that `outputs.decode` wants: `(n, *shape)`, with scores on a last axis for labels.

    Arguments:
        shape: of one item, with the actual length of the sequence.

    Raises:
        UserError: the outputs cannot be read as this domain.
    """
    scores = () if outputs.classes is None else (outputs.classes,)
    wanted = (n, *shape, *scores)
    got = tuple(raw.shape)
    if raw.is_complex():
        raise UserError("got complex raw outputs, expected real numbers")
    if got == wanted:
        return raw
    if not scores and got == (*wanted, 1):
        return raw.squeeze(-1)
    if got == (n, math.prod(wanted[1:])) and len(wanted) > 2:
        return raw.reshape(wanted)
    raise UserError(
        f"got raw outputs {got} for {n} rows, expected {wanted} for {outputs.spec}{_hint(got, wanted, outputs)}"
    )


def _hint(got: tuple[int, ...], wanted: tuple[int, ...], outputs: Domain) -> str:
    if outputs.is_sequence and len(got) == len(wanted) - 1:
        return "; try outputs without a length: one answer for each sequence"
    if outputs.classes is None and got[:-1] == wanted:
        return f"; try Category({got[-1]}) as the outputs, or outputs with a length if there is one for each step"
    if not outputs.is_sequence and len(got) == len(wanted) + 1 and got[-1] == wanted[-1]:
        return "; try outputs with a length: one answer for each step"
    if outputs.classes is not None and got in (wanted[:-1], (*wanted[:-1], 1)):
        return "; try Bits or Integers as the outputs: there is one number for each item"
    return ""
