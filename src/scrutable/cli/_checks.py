"""Input is checked as a whole: every reason why it cannot be used goes into one error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from scrutable.errors import UserError

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


@dataclass
class Reasons:
    """Collects what is wrong with a request."""

    found: list[str] = field(default_factory=list)

    def check(self, make: Callable[[], T]) -> T | None:
        """What `make` returns; None, and its reason noted, when it raises a `UserError`."""
        try:
            return make()
        except UserError as error:
            self.found.append(str(error))
            return None

    def settle(self) -> None:
        """Stop here if anything was wrong.

        Raises:
            UserError: with every reason.
        """
        if self.found:
            raise UserError.of(self.found)


def existing_file(path: Path, what: str) -> Path:
    """`path`, which must be a file."""
    if path.is_dir():
        raise UserError(f"got the folder {path}, expected {what}")
    if not path.is_file():
        raise UserError(f"got {path}, expected {what}; there is no file of that name")
    return path


def check_model(
    reasons: Reasons, file: Path, *, inputs: str | None, outputs: str | None, data: Path | None
) -> np.ndarray | None:
    """Check the files and domains of a request into `reasons`; returns the data, if there are any. Needs no torch."""
    from scrutable.cli._data import read_data
    from scrutable.network import domain_from_spec

    reasons.check(lambda: existing_file(file, "a model file"))
    domain = None if inputs is None else reasons.check(lambda: domain_from_spec(inputs))
    if outputs is not None:
        reasons.check(lambda: domain_from_spec(outputs))
    array = None if data is None else reasons.check(lambda: read_data(data))
    if domain is not None and array is not None:
        reasons.found += [f"{data}: {problem}" for problem in domain.problems(array)]
    return array


def check_labels(reasons: Reasons, labels: Path | None, *, data: np.ndarray | None) -> np.ndarray | None:
    """Check a file of labels into `reasons`; returns them, if there are any."""
    from scrutable.cli._data import read_data

    array = None if labels is None else reasons.check(lambda: read_data(labels))
    if array is not None and data is not None and len(array) != len(data):
        reasons.found.append(f"got {len(array)} labels for {len(data)} rows of data, expected one for each row")
    return array


def at_least(value: int, least: int, name: str) -> int:
    """`value`, which must not be below `least`."""
    if value < least:
        raise UserError(f"got {name} {value}, expected at least {least}")
    return value


def default_folder(file: Path) -> Path:
    """`runs/NAME`, or the next of `runs/NAME-2`, ... that holds nothing yet."""
    first = Path("runs") / file.stem
    folder, number = first, 1
    while folder.exists():
        number += 1
        folder = first.with_name(f"{first.name}-{number}")
    return folder


def free_folder(folder: Path, *, resume: bool) -> Path:
    """`folder`, which must not hold another study (or unfinished work, unless that is to be continued)."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"got --out {folder}, which is a file, expected a folder")
    begun, done = folder / ".work", folder / "study.json"
    if not resume and begun.is_dir() and any(begun.iterdir()):
        raise UserError(
            f"got --out {folder}, which holds unfinished work; try --resume to continue it, or another folder"
        )
    if not resume and done.exists():
        raise UserError(f"got --out {folder}, which holds a study already, expected a new folder")
    return folder


def read_sites(reasons: Reasons, align: list[str]) -> dict[str, str]:
    """Where variables are, from "VARIABLE=SITE"; what is no such pair is noted in `reasons`."""
    sites = {}
    for pair in align:
        name, equals, site = pair.partition("=")
        if not (name.strip() and equals and site.strip()):
            reasons.found.append(f"got --align {pair[:60]!r}, expected VARIABLE=SITE such as 'carry=hidden[:, 0:2]'")
        sites[name.strip()] = site.strip()
    return sites
