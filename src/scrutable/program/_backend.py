"""The few array functions that NumPy and torch spell differently, behind one small interface.

Values have one of three kinds: "b" (bool), "i" (int64) and "f" (float64). Torch is never imported here: a tensor can
only arrive when somebody else has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal, Protocol, final

import numpy as np

Kind = Literal["b", "i", "f"]


class Backend(Protocol):
    """What kernels may call besides arithmetic operators, indexing, `shape` and `ndim`."""

    def array(self, value: Any, kind: Kind) -> Any:
        """A new array of a kind."""
        ...

    def kind(self, value: Any) -> Kind:
        """The kind of an array."""
        ...

    def cast(self, value: Any, kind: Kind) -> Any:
        """The array as another kind, unchecked."""
        ...

    def full(self, shape: tuple[int, ...], fill: Any, kind: Kind) -> Any:
        """An array holding one value."""
        ...

    def where(self, mask: Any, yes: Any, no: Any) -> Any:
        """`yes` where the mask holds, else `no`."""
        ...

    def floor_divide(self, x: Any, y: Any) -> Any:
        """Floor division of arrays of one kind."""
        ...

    def mod(self, x: Any, y: Any) -> Any:
        """The remainder with the sign of the divisor."""
        ...

    def math(self, name: str, x: Any) -> Any:
        """An elementwise function of floats: floor, rint, sqrt, exp, log, sin, cos, tanh, isfinite."""
        ...

    def arange(self, stop: int) -> Any:
        """0, 1, ... below `stop`."""
        ...

    def stack(self, values: Sequence[Any], axis: int) -> Any:
        """Arrays of one shape joined on a new axis."""
        ...

    def concatenate(self, values: Sequence[Any], axis: int) -> Any:
        """Arrays joined along an axis."""
        ...

    def broadcast(self, value: Any, shape: tuple[int, ...]) -> Any:
        """A view of another shape."""
        ...

    def copy(self, value: Any, shape: tuple[int, ...]) -> Any:
        """A broadcast copy with memory of its own."""
        ...

    def searchsorted(self, ordered: Any, values: Any) -> Any:
        """Where each value would be inserted."""
        ...

    def running_sum(self, value: Any, axis: int) -> Any:
        """Sums from the left."""
        ...

    def steps(self, value: Any) -> Any:
        """The array with axis 1 first, laid out for reading one step at a time."""
        ...

    def numpy(self, value: Any) -> np.ndarray:
        """The array as NumPy."""
        ...


_DTYPES: dict[str, Any] = {"b": np.bool_, "i": np.int64, "f": np.float64}


@final
class NumpyBackend:
    """NumPy arrays."""

    where: Any = staticmethod(np.where)
    floor_divide: Any = staticmethod(np.floor_divide)
    mod: Any = staticmethod(np.mod)
    arange: Any = staticmethod(np.arange)
    stack: Any = staticmethod(np.stack)
    concatenate: Any = staticmethod(np.concatenate)
    broadcast: Any = staticmethod(np.broadcast_to)
    searchsorted: Any = staticmethod(np.searchsorted)
    running_sum: Any = staticmethod(np.cumsum)  # strictly from the left, unlike np.sum

    def array(self, value: Any, kind: Kind) -> Any:
        return np.array(value, dtype=_DTYPES[kind])

    def kind(self, value: Any) -> Kind:
        return value.dtype.kind

    def cast(self, value: Any, kind: Kind) -> Any:
        return value.astype(_DTYPES[kind], copy=False)

    def full(self, shape: tuple[int, ...], fill: Any, kind: Kind) -> Any:
        return np.full(shape, fill, _DTYPES[kind])

    def math(self, name: str, x: Any) -> Any:
        return getattr(np, name)(x)

    def copy(self, value: Any, shape: tuple[int, ...]) -> Any:
        return np.broadcast_to(value, shape).copy()

    def steps(self, value: Any) -> Any:
        return np.ascontiguousarray(np.moveaxis(value, 1, 0))

    def numpy(self, value: Any) -> np.ndarray:
        return value


@final
class TorchBackend:
    """Torch tensors on one device."""

    def __init__(self, device: Any) -> None:
        self.torch: Any = sys.modules["torch"]
        self.device = device
        self._dtypes = {"b": self.torch.bool, "i": self.torch.int64, "f": self.torch.float64}
        self._kinds: dict[Any, Kind] = {self.torch.bool: "b", self.torch.int64: "i", self.torch.float64: "f"}

    def array(self, value: Any, kind: Kind) -> Any:
        return self.torch.as_tensor(np.array(value, dtype=_DTYPES[kind]), device=self.device)

    def kind(self, value: Any) -> Kind:
        return self._kinds[value.dtype]

    def cast(self, value: Any, kind: Kind) -> Any:
        return value.to(self._dtypes[kind])

    def full(self, shape: tuple[int, ...], fill: Any, kind: Kind) -> Any:
        return self.torch.full(shape, fill, dtype=self._dtypes[kind], device=self.device)

    def where(self, mask: Any, yes: Any, no: Any) -> Any:
        return self.torch.where(mask, yes, no)

    def floor_divide(self, x: Any, y: Any) -> Any:
        return self.torch.div(x, y, rounding_mode="floor")

    def mod(self, x: Any, y: Any) -> Any:
        return self.torch.remainder(x, y)

    def math(self, name: str, x: Any) -> Any:
        return getattr(self.torch, {"rint": "round"}.get(name, name))(x)

    def arange(self, stop: int) -> Any:
        return self.torch.arange(stop, device=self.device)

    def stack(self, values: Sequence[Any], axis: int) -> Any:
        return self.torch.stack(list(values), dim=axis)

    def concatenate(self, values: Sequence[Any], axis: int) -> Any:
        return self.torch.cat(list(values), dim=axis)

    def broadcast(self, value: Any, shape: tuple[int, ...]) -> Any:
        return value.broadcast_to(shape)

    def copy(self, value: Any, shape: tuple[int, ...]) -> Any:
        return value.broadcast_to(shape).clone()

    def searchsorted(self, ordered: Any, values: Any) -> Any:
        return self.torch.searchsorted(ordered, values.contiguous())

    def running_sum(self, value: Any, axis: int) -> Any:
        parts, total = [], None
        for part in value.unbind(axis):  # cumsum is a parallel scan on some devices
            total = part if total is None else total + part
            parts.append(total)
        return self.torch.stack(parts, dim=axis) if parts else value

    def steps(self, value: Any) -> Any:
        return value.movedim(1, 0).contiguous()

    def numpy(self, value: Any) -> np.ndarray:
        return value.detach().cpu().numpy()


NUMPY = NumpyBackend()


def is_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor; answered without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def backend_of(value: Any) -> Backend:
    """The backend for a value: torch for its tensors, NumPy for everything else."""
    return TorchBackend(value.device) if is_tensor(value) else NUMPY
