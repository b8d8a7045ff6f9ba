"""From a network's input domain to the inputs of a program, and to the columns of data those inputs carry.

Every proposer names inputs through here, so that two of them never call the same thing by two names.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from scrutable.errors import UserError
from scrutable.program import INT, REAL, Array, Input, Seq
from scrutable.synthesis.boolean import MOST_VARIABLES

if TYPE_CHECKING:
    from scrutable.network import Domain, Network

MOST_COLUMNS = 8
"""Columns up to this many become one scalar input each; more become a single array input."""


def program_inputs(domain: Domain) -> tuple[Input, ...]:
    """The inputs of a program that takes data of `domain`, in data order.

    Bits, integers, tokens and categories are `Int`, reals `Real`; a sequence domain makes each of them a `Seq`. More
    than eight columns, and images, are a single `Array` input (`x`, `image`).
    """
    names = domain.variables
    if domain.kind == "Image":
        return (Input(names[0], _sequenced(domain, Array(domain.shape, REAL))),)
    if is_block(domain):
        item = INT if all(_whole(domain)) else REAL
        return (Input("x", _sequenced(domain, Array((len(names),), item))),)
    flags = _whole(domain)
    types = [INT if flag else REAL for flag in flags]
    return tuple(Input(name, _sequenced(domain, type_)) for name, type_ in zip(names, types, strict=True))


def leaf_columns(domain: Domain, x: np.ndarray) -> dict[str, np.ndarray]:
    """The data of each program input by name: int64 for `Int`, float64 for `Real`.

    Shapes: `(n,)` for scalars, `(n, L)` for sequences, `(n, *shape)` for an array input.

    Raises:
        UserError: the last axis does not hold one entry for each input.
    """
    inputs = program_inputs(domain)
    x = np.asarray(x)
    if len(inputs) == 1:
        return {inputs[0].name: _cast(_one(domain, x), inputs[0].type)}
    if x.ndim < 2 or x.shape[-1] != len(inputs):
        raise UserError(f"got data of shape {x.shape}, expected a last axis of {len(inputs)}, one entry for each input")
    return {each.name: _cast(x[..., i], each.type) for i, each in enumerate(inputs)}


def one_answer(network: Network) -> str | None:
    """Why a network can be asked for no answer after each step of a sequence; None if it can."""
    if network.each_step or network.recurrence is not None:
        return None
    said = "one answer for each sequence, and no recurrence to ask after every step"
    if network.inputs.kind not in ("Bits", "Integers", "Reals") or len(network.inputs.shape) != 1:
        return said
    (n,) = network.inputs.shape
    return f"{said}; if its {n} steps are separate inputs, try channels={n} in place of length={n}"


def is_block(domain: Domain) -> bool:
    """Whether the domain becomes a single array input rather than one scalar input for each variable."""
    return domain.kind == "Image" or (domain.kind == "Columns" and len(domain.variables) > MOST_COLUMNS)


def few_bits(domain: Domain) -> bool:
    """Whether a domain is single items of 1 to 16 bits."""
    whole = all(each == (0, 1, True) for each in domain.ranges)
    return whole and not domain.is_sequence and 1 <= prod(domain.shape) <= MOST_VARIABLES


def _one(domain: Domain, x: np.ndarray) -> np.ndarray:
    """A single channel written as a last axis of one is the array without that axis."""
    if is_block(domain):
        return x
    wanted = 2 if domain.is_sequence else 1
    return x[..., 0] if x.ndim == wanted + 1 and x.shape[-1] == 1 else x


def _cast(values: np.ndarray, type_: Any) -> np.ndarray:
    while isinstance(type_, (Seq, Array)):
        type_ = type_.item
    return np.ascontiguousarray(values, dtype=np.float64 if type_ == REAL else np.int64)


def _sequenced(domain: Domain, type_: Any) -> Any:
    return Seq(type_) if domain.is_sequence else type_


def _whole(domain: Domain) -> tuple[bool, ...]:
    """For each variable, whether it holds whole numbers. A domain has one range for all, or one for each."""
    flags = tuple(each.whole for each in domain.ranges)
    return flags * len(domain.variables) if len(flags) == 1 else flags
