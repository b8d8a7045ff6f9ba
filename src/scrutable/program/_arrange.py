"""Between data as people hold it and one array for each variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scrutable.errors import UserError
from scrutable.program._backend import Backend, Kind, backend_of, is_tensor
from scrutable.program._operators import kind_of
from scrutable.program._program import Input, Setting
from scrutable.program._types import BOOL, INT, Array, Category, Seq, Type, scalar_of

_LIMIT = 2.0**63


def arrange(x: Any, inputs: Sequence[Input]) -> tuple[Backend, int, dict[str, Any]]:
    """The backend, the number of rows, and a fresh array for each input.

    Several inputs are the columns of the last axis; one input is the array itself, or its only column.

    Raises:
        UserError: with every reason why `x` is not data for `inputs`.
    """
    if not is_tensor(x):
        try:
            x = np.asarray(x)
        except (ValueError, TypeError, OverflowError) as error:
            raise UserError(f"got data that is no array ({error}), expected {expected_shape(inputs)}") from error
    xp = backend_of(x)
    shape = tuple(x.shape)
    first = inputs[0].type
    fixed = _array_shape(first) + ((len(inputs),) if len(inputs) > 1 else ())
    leading = 2 if isinstance(first, Seq) else 1
    if len(inputs) == 1 and shape[leading:] == (*fixed, 1):  # a table of one column
        x, shape = x[..., 0], shape[:-1]
    if len(shape) != leading + len(fixed) or shape[leading:] != fixed:
        raise UserError(f"got data of shape {shape}, expected {expected_shape(inputs)}")
    columns = [x[..., i] for i in range(len(inputs))] if len(inputs) > 1 else [x]
    arrays, problems = {}, []
    for entry, column in zip(inputs, columns, strict=True):
        problem = value_problem(xp, column, entry.type)
        if problem:
            problems.append(f"got {problem} for input {entry.name}")
        else:
            arrays[entry.name] = _converted(xp, column, kind_of(entry.type))
    if problems:
        raise UserError.of(problems)
    return xp, shape[0], arrays


def expected_shape(inputs: Sequence[Input]) -> str:
    """Such as "(n, L, 2) for inputs a, b"."""
    first = inputs[0].type
    sizes = ["n", *(["L"] if isinstance(first, Seq) else []), *map(str, _array_shape(first))]
    if len(inputs) > 1:
        sizes.append(str(len(inputs)))
    shape = f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
    return f"{shape} for input{'s' if len(inputs) > 1 else ''} {', '.join(entry.name for entry in inputs)}"


def _array_shape(type_: Type) -> tuple[int, ...]:
    item = type_.item if isinstance(type_, Seq) else type_
    return item.shape if isinstance(item, Array) else ()


@np.errstate(all="ignore")
def value_problem(xp: Backend, value: Any, type_: Type) -> str:
    """Why an array cannot hold values of a type, or nothing."""
    kind, wanted = raw_kind(value), kind_of(type_)
    if kind is None:
        return f"data of dtype {value.dtype}, expected numbers"
    if 0 in value.shape:
        return ""
    if kind == "f" and wanted != "f":
        wide = value.double() if is_tensor(value) else value.astype(np.float64)
        if not bool(((wide >= -_LIMIT) & (wide < _LIMIT) & (wide == wide // 1)).all()):
            return f"numbers that are not whole or too large, expected {scalar_of(type_)}"
    if kind == "b" or (kind == "f" and wanted == "f"):
        return ""
    low, high = value.min().item(), value.max().item()
    if wanted == "b" and not 0 <= low <= high <= 1:
        return f"values between {low} and {high}, expected Bool: 0 or 1"
    if wanted == "f" and not -(2**53) <= low <= high <= 2**53:
        return "integers beyond 2**53, expected ones that a Real holds exactly"
    scalar = scalar_of(type_)
    if isinstance(scalar, Category) and not 0 <= low <= high < scalar.k:
        return f"labels between {low} and {high}, expected {scalar}: 0 to {scalar.k - 1}"
    return "integers beyond 64 bits" if high >= 2**63 else ""


def raw_kind(value: Any) -> Kind | None:
    """The kind nearest to an array's dtype; None when it does not hold real numbers."""
    if is_tensor(value):
        if value.is_complex():
            return None
        return "f" if value.is_floating_point() else "b" if str(value.dtype) == "torch.bool" else "i"
    kind = value.dtype.kind
    return {"b": "b", "i": "i", "u": "i", "f": "f"}.get(kind)  # type: ignore[return-value]


def _converted(xp: Backend, value: Any, kind: Kind) -> Any:
    if is_tensor(value):
        return xp.cast(value.detach().clone(), kind).contiguous()
    return xp.cast(np.array(value, order="C"), kind)


def arrange_setting(xp: Backend, setting: Setting, name: str, type_: Type, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The value of an intervention as the variable's kind, and its mask or None, both of the variable's `shape`.

    Raises:
        UserError: values that the type does not hold, or shapes that fit only by luck.
    """
    value = _fitted(xp, setting.value, f"value for {name}", type_, shape)
    mask = None if setting.mask is None else _fitted(xp, setting.mask, f"mask for {name}", None, shape)
    return value, mask


def _fitted(xp: Backend, value: Any, what: str, type_: Type | None, shape: tuple[int, ...]) -> Any:
    try:
        array = np.asarray(value.detach().cpu() if is_tensor(value) else value)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"got a {what} that is no array ({error}), expected one of shape {shape}") from error
    fits = array.ndim == 0 or (
        array.ndim == len(shape) and all(a in (1, b) for a, b in zip(array.shape, shape, strict=True))
    )
    if not fits:
        raise UserError(
            f"got a {what} of shape {array.shape}, expected one number or shape {shape}; try adding axes of length 1"
        )
    wanted = BOOL if type_ is None else INT if isinstance(scalar_of(type_), Category) else type_
    problem = value_problem(xp, array, wanted)
    if problem:
        raise UserError(f"got {problem} as the {what}")
    return xp.broadcast(xp.array(array, kind_of(wanted)), shape)
