"""A journal of finished work: each item is written when it is done, so a killed run continues where it stopped.

Every item is one small JSON file named by its key. Items are whole or absent (see `write_atomically`); a damaged one
is treated as absent and done again.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrutable.errors import UserError
from scrutable.work._storage import read_json, write_json


@dataclass(frozen=True, slots=True)
class Journal:
    """Finished items in a folder; with no folder it remembers nothing.

    Arguments:
        folder: where items live, or None for work that is not to be resumed.
        identity: what the work is about (network hash, data hash, seed, budget). A journal left by other work is
            not continued.
    """

    folder: Path | None
    identity: str = ""

    def path(self, key: str) -> Path | None:
        """Where the item of that key lives."""
        if self.folder is None:
            return None
        digest = hashlib.sha256(f"{self.identity}\n{key}".encode()).hexdigest()[:24]
        return self.folder / f"{digest}.json"

    def find(self, key: str) -> Any | None:
        """The finished item, or None when it has to be done."""
        path = self.path(key)
        if path is None or not path.exists():
            return None
        try:
            entry = read_json(path, what="a finished item of a run")
        except UserError:
            return None
        if not isinstance(entry, dict) or entry.get("key") != key or "item" not in entry:
            return None
        return entry["item"]

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """The item of that key: read if finished earlier, else made and written. Items are plain data."""
        found = self.find(key)
        if found is not None:
            return found
        item = make()
        self.record(key, item)
        return item

    def record(self, key: str, item: Any) -> None:
        """Write a finished item."""
        path = self.path(key)
        if path is not None:
            write_json(path, {"key": key, "item": item})

    def clear(self) -> None:
        """Forget everything, when the work as a whole is done or begins afresh."""
        if self.folder is not None and self.folder.exists():
            shutil.rmtree(self.folder)
