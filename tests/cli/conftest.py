"""Runs commands in this process, and stands in for the search where only the command line is tested."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Done]:
    """Runs a command in an empty folder."""
    from scrutable.cli import main

    monkeypatch.chdir(tmp_path)

    def command(*words: Any) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return command


@pytest.fixture
def model() -> Path:
    """The weights of an example network."""
    from scrutable.examples import example

    return example("binary_addition").path


@dataclass
class Pretender:
    """Stands in for `explain` and `verify`: writes a study that was made by hand, and remembers how it was called."""

    study: Any
    asked: dict[str, Any] | None = None
    hypothesis: Any = None
    stop: bool = False

    def __call__(self, network: Any, hypothesis: Any = None, **options: Any) -> Any:
        self.asked, self.hypothesis = options, hypothesis
        for attempt in self.study.attempts:
            options["on_event"](attempt)
        if self.stop:
            (options["out"] / ".work").mkdir(parents=True)
            (options["out"] / ".work" / "item.json").write_text("{}")
            raise KeyboardInterrupt
        self.study.save(options["out"])
        self.study.report(options["out"] / "report.html")
        return self.study


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pretender]:
    """Puts a `Pretender` in the place of `explain` and `verify`, and of loading a network."""
    import scrutable.cli._work
    import scrutable.examples
    import scrutable.explain

    def put(study: Any, *, stop: bool = False) -> Pretender:
        stand_in = Pretender(study, stop=stop)
        for name in ("explain", "verify"):
            monkeypatch.setitem(vars(scrutable.explain), name, stand_in)
        monkeypatch.setattr(scrutable.cli._work, "loaded", lambda file, **options: file)
        monkeypatch.setattr(scrutable.examples, "load", lambda name: name)
        return stand_in

    return put
