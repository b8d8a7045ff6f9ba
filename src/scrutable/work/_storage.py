"""Files that are either whole or not there: a reader, or a process killed midway, never sees half of one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from scrutable.errors import UserError

LARGEST_JSON = 256 * 2**20


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Write a file beside its final place, flush it to disk and move it there in one step.

    Raises:
        UserError: the folder cannot be written to.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UserError(f"got {path} to write to, expected a folder that can be written; {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The permissions that new files go without; there is no way to ask but to set it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def write_json(path: str | Path, data: Any) -> None:
    """Write plain data atomically. Numbers that JSON cannot hold are refused, not bent."""
    write_atomically(path, json.dumps(data, indent=1, allow_nan=False) + "\n")


def read_json(path: str | Path, *, what: str = "a study") -> Any:
    """Read plain data.

    Raises:
        UserError: no such file, too large, or not JSON.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise UserError(f"got {path.name} of {path.stat().st_size} bytes, expected at most {LARGEST_JSON}")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"got {path}, expected {what}; {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"got {path.name} that is not JSON, expected {what}; {str(error)[:80]}") from error
