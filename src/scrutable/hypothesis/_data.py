"""Hypotheses and their evidence as plain data, for studies on disk. Reading runs nothing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from scrutable.errors import UserError
from scrutable.hypothesis._evidence import Evidence, Result
from scrutable.hypothesis._hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Program

T = TypeVar("T")


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: dataclasses as dictionaries, tuples as lists, NumPy numbers as Python's."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    as_list = getattr(value, "tolist", None)
    if as_list is not None:
        return plain(as_list())
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("a study cannot hold NaN; leave the value out and say why")
    return value


def frozen(value: Any) -> Any:
    """Lists as tuples, all the way down: the inverse of what JSON does to nested tuples."""
    if isinstance(value, (list, tuple)):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return value


def read_as(kind: type[T], data: Any) -> T:
    """Plain data read back as the dataclass `kind`, every field checked.

    Raises:
        UserError: fields are missing, unknown or of the wrong type; all of them are named.
    """
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_python(frozen(data))
    except ValidationError as error:
        name = getattr(kind, "__name__", str(kind))
        reasons = (f"{'.'.join(map(str, e['loc'])) or name}: {e['msg']}" for e in error.errors()[:5])
        raise UserError.of([f"got a damaged {name.lower()}, expected one written by scrutable", *reasons]) from None
    except RecursionError:
        raise UserError(f"got a {kind.__name__.lower()} nested too deeply, expected one written by scrutable") from None


@cache
def _adapter(kind: type[T]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def hypothesis_to_data(hypothesis: Hypothesis) -> dict[str, Any]:
    """Everything about a hypothesis; source, bits and verdict are written for readers and not read back."""
    return {
        "program": hypothesis.program.to_data(),
        "source": hypothesis.program.source,
        "bits": hypothesis.program.bits,
        "residual_bits": hypothesis.residual_bits,
        "alignment": plain(hypothesis.alignment.sites),
        "provenance": plain(hypothesis.provenance),
        "verdict": hypothesis.verdict.value,
        "results": [plain(result) for result in hypothesis.evidence],
        "notes": list(hypothesis.notes),
        "within": hypothesis.within,
    }


def hypothesis_from_data(data: Any) -> Hypothesis:
    """Read a hypothesis back.

    Raises:
        UserError: the data do not describe one.
    """
    wanted = ("program", "residual_bits", "alignment", "provenance", "results", "notes")
    missing = [key for key in wanted if not isinstance(data, dict) or key not in data]
    if missing:
        raise UserError(f"got a hypothesis without {', '.join(missing)}, expected one written by scrutable")
    return Hypothesis(
        program=Program.from_data(data["program"]),
        alignment=read_as(Alignment, {"sites": data["alignment"]}),
        provenance=read_as(Provenance, data["provenance"]),
        evidence=Evidence(read_as(tuple[Result, ...], data["results"])),  # type: ignore[arg-type]
        residual_bits=read_as(float, data["residual_bits"]),
        notes=read_as(tuple[str, ...], data["notes"]),  # type: ignore[arg-type]
        within=read_as(float | None, data.get("within")),  # type: ignore[arg-type]
    )
