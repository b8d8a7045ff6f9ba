"""The rules of the house: which room may import which, what importing costs, what is public."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import scrutable

SOURCE = Path(scrutable.__file__).parent
ROOMS = [
    "program",
    "network",
    "examples",
    "work",
    "synthesis",
    "hypothesis",
    "compile",
    "circuits",
    "propose",
    "verify",
    "guard",
    "explain",
    "report",
    "testing",
    "bench",
    "cli",
]
STRANGERS = [
    {"program", "network"},
    {"synthesis", "network"},
    {"propose", "verify"},
    {"propose", "guard"},
    {"verify", "guard"},
]
GROUND = {"errors", "_callable"}


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The rooms that a file imports, lazily imported ones included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out, not relative"
            names = [node.module or ""]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("scrutable."))


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_rooms_import_only_rooms_below(path: Path) -> None:
    room = path.relative_to(SOURCE).parts[0]
    if room.endswith(".py"):
        return
    assert room in ROOMS, f"{room} is not in the list of rooms; give it its place"
    for other in set(imports(path)) - GROUND - {room}:
        assert other in ROOMS, f"{path} imports {other}"
        allowed = ROOMS.index(other) < ROOMS.index(room) or (room, other) == ("explain", "report")
        assert allowed, f"{room} imports {other}, which is above it"
        assert {room, other} not in STRANGERS, f"{room} and {other} know nothing of each other"


def test_the_import_rule_fires(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from scrutable.guard import Guard\n")
    assert list(imports(bad)) == ["guard"]


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400, "which second idea lives in this file?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node, clean=False) or ""
            length = (node.end_lineno or 0) - node.lineno - docstring.count("\n")
            assert length <= 60, f"{node.name} is {length} lines"


@pytest.mark.parametrize("name", scrutable.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    thing = getattr(scrutable, name)
    assert (thing.__doc__ or "").strip(), f"{name} has no docstring"


@pytest.mark.parametrize("room", [room for room in ROOMS if (SOURCE / room / "__init__.py").exists()])
def test_every_room_says_what_it_offers(room: str) -> None:
    module = import_module(f"scrutable.{room}")
    assert module.__doc__
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name) is not None


def test_every_concrete_member_of_a_family_is_public() -> None:
    from scrutable.network import Domain

    network = import_module("scrutable.network")
    for leaf in Domain.__subclasses__():
        assert leaf.__name__ in network.__all__, f"{leaf.__name__} is missing from scrutable.network.__all__"
        assert leaf.__name__ in scrutable.__all__, f"{leaf.__name__} is missing from scrutable.__all__"


@pytest.mark.parametrize("room", ["", ".program", ".hypothesis", ".work", ".explain", ".report", ".compile", ".cli"])
def test_light_rooms_do_not_import_torch(room: str) -> None:
    code = f"import sys, scrutable{room}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rooms_named_like_functions_can_be_called() -> None:
    import inspect

    import scrutable.explain  # noqa: F401 - binds the room to the name
    import scrutable.hypothesis
    import scrutable.verify  # noqa: F401

    assert "budget" in inspect.signature(scrutable.explain).parameters
    assert "budget" in inspect.signature(scrutable.verify).parameters
    assert "align" in inspect.signature(scrutable.hypothesis).parameters
