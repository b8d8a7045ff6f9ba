"""Inputs from a file: `.npz`, `.npy` or `.csv`. Only numbers are read; pickled objects are refused."""

from __future__ import annotations

import csv
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from scrutable.cli._checks import existing_file
from scrutable.errors import UserError

if TYPE_CHECKING:
    import numpy as np

LARGEST = 4 * 2**30
KINDS = ".npz, .npy or .csv"


def read_data(path: Path) -> np.ndarray:
    """The array of inputs in a file; of an `.npz` file the array `x`, or the only one.

    Raises:
        UserError: no such file, another format, damaged, too large, or holding anything but numbers.
    """
    readers = {".npz": _npz, ".npy": _npy, ".csv": _csv}
    existing_file(path, f"inputs as {KINDS}")
    if path.suffix not in readers:
        raise UserError(f"got {path.name}, expected inputs as {KINDS}")
    if path.stat().st_size > LARGEST:
        raise UserError(f"got {path.name} of {path.stat().st_size} bytes, expected at most {LARGEST}")
    try:
        array = readers[path.suffix](path)
    except (OSError, ValueError, EOFError, MemoryError, OverflowError, zipfile.BadZipFile, zlib.error) as error:
        reason = "it holds Python objects" if "pickle" in str(error).lower() else _first_line(error)
        raise UserError(f"got {path.name} that cannot be read ({reason}), expected plain arrays of numbers") from error
    if array.dtype.kind not in "biuf":
        raise UserError(f"got {path.name} holding {array.dtype}, expected numbers")
    return array


def _npz(path: Path) -> np.ndarray:
    import numpy as np

    with zipfile.ZipFile(path) as archive:
        if sum(info.file_size for info in archive.infolist()) > LARGEST:
            raise UserError(f"got {path.name} that unpacks to more than {LARGEST} bytes, expected less")
    with np.load(path, allow_pickle=False) as arrays:
        names = list(arrays)
        if "x" not in names and len(names) != 1:
            shown = ", ".join(names[:8]) or "nothing"
            raise UserError(f"got {path.name} with {shown}, expected an array named x, or only one array")
        return arrays["x" if "x" in names else names[0]]


def _npy(path: Path) -> np.ndarray:
    import numpy as np

    return np.load(path, allow_pickle=False)


def _csv(path: Path) -> np.ndarray:
    """Rows of numbers, with or without a header line."""
    import numpy as np

    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [cells for cells in csv.reader(file) if cells]
    start = 1 if rows and not all(_is_number(cell) for cell in rows[0]) else 0
    widths = {len(cells) for cells in rows[start:]}
    if len(widths) != 1:
        raise UserError(f"got {path.name} with {'rows of unequal length' if widths else 'no rows'}, expected a table")
    for number, cells in enumerate(rows[start:], start + 1):
        wrong = next((cell for cell in cells if not _is_number(cell)), None)
        if wrong is not None:
            raise UserError(f"got {path.name} with {wrong[:40]!r} in row {number}, expected numbers")
    array = np.array([[float(cell) for cell in cells] for cells in rows[start:]])
    whole = np.isfinite(array).all() and (array == np.round(array)).all() and np.abs(array).max() < 2**53
    return array.astype(np.int64) if whole else array


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
