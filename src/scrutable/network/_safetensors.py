"""The header of a safetensors file, checked by ourselves before anything is allocated. Needs no torch.

Format: 8 bytes of header length, a JSON header with dtype, shape and byte range of each tensor, then the bytes.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrutable.errors import UserError

LARGEST_HEADER = 100 * 10**6
ITEM_BYTES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E5M2": 1,
    "F8_E4M3": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
    "C64": 8,
}


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """Name, dtype (such as "float32") and shape of a stored tensor."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says it holds: tensors, and free text under names."""

    tensors: tuple[TensorFacts, ...]
    metadata: dict[str, str] = field(default_factory=dict)


def looks_like_safetensors(start: bytes, size: int) -> bool:
    """Whether the first bytes of a file could be a safetensors header."""
    return len(start) >= 9 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= max(size, LARGEST_HEADER)


def read_header(path: Path) -> Header:
    """The header, with every length, offset, shape and dtype checked against the size of the file.

    Raises:
        UserError: the header is damaged or lies.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(LARGEST_HEADER, size - 8):
            raise _damaged(path, f"a header of {length} bytes in a file of {size}")
        text = file.read(length)
    try:
        data = json.loads(text.decode("utf-8"), object_pairs_hook=_no_twice)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"a header that is not JSON ({str(error)[:60]})") from error
    if not isinstance(data, dict):
        raise _damaged(path, "a header that is not a dictionary")
    metadata = data.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(path, "metadata that are not text")
    return Header(_tensors(path, data, size - 8 - length), metadata)


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def _damaged(path: Path, what: str) -> UserError:
    return UserError(f"got {path.name} with {what}, expected a whole safetensors file; try writing it again")


def _tensors(path: Path, data: dict[str, Any], payload: int) -> tuple[TensorFacts, ...]:
    found, ranges = [], []
    for name, entry in data.items():
        try:
            dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        except (TypeError, KeyError, ValueError) as error:
            raise _damaged(path, f"no dtype, shape and data_offsets for {name[:60]!r}") from error
        whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in [*shape, begin, end])
        if not isinstance(dtype, str) or not whole or len(shape) > 64:
            raise _damaged(path, f"a shape or offsets that are not numbers for {name[:60]!r}")
        if dtype not in ITEM_BYTES:
            raise UserError(
                f"got {path.name} with a tensor of type {dtype[:20]!r}, expected one of {', '.join(ITEM_BYTES)}"
            )
        if not begin <= end <= payload or end - begin != math.prod(shape) * ITEM_BYTES[dtype]:
            raise _damaged(path, f"{name[:60]!r} of shape {str(shape)[:60]} in bytes {begin} to {end} of {payload}")
        found.append(TensorFacts(name, _dtype_text(dtype), tuple(shape)))
        ranges.append((begin, end))
    at = 0
    for begin, end in sorted(ranges):
        if begin != at:
            raise _damaged(path, f"tensors that overlap or leave a gap at byte {at}")
        at = end
    if at != payload:
        raise _damaged(path, f"{payload - at} bytes that belong to no tensor")
    return tuple(found)


def _dtype_text(dtype: str) -> str:
    """ "float32" for "F32", as PyTorch names it."""
    kinds = {"F": "float", "I": "int", "U": "uint", "C": "complex"}
    if dtype in ("BOOL", "BF16"):
        return {"BOOL": "bool", "BF16": "bfloat16"}[dtype]
    return kinds[dtype[0]] + dtype[1:].lower()
