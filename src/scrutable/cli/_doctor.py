"""`scrutable doctor`: what is installed here, for bug reports."""

from __future__ import annotations

from scrutable.cli import _options as o

PACKAGES = ("numpy", "torch", "safetensors", "scikit-learn", "joblib", "typer", "rich", "jinja2", "pydantic")
IMPORTS = {"numpy": "numpy", "torch": "torch", "scikit-learn": "sklearn", "typer": "typer", "jinja2": "jinja2"}
EXTRAS = {"frames": "pandas"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def doctor(*, json: o.Json = False) -> None:
    """Show versions, the device, import times and optional parts."""
    facts = _facts()
    if json:
        from scrutable.cli._console import print_json

        print_json(facts)
    else:
        _show(facts)


def _facts() -> dict[str, dict[str, str]]:
    import platform
    import shutil

    from scrutable import __version__

    browser = next((name for name in BROWSERS if shutil.which(name)), None)
    return {
        "system": {
            "scrutable": __version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "cores": str(_cores()),
            "device": _device(),
        },
        "packages": {name: _version(name) or "not installed" for name in PACKAGES},
        "import": {name: _import_time(module) for name, module in IMPORTS.items()},
        "optional": {
            **{
                name: _version(package) or f'not installed; try: pip install "scrutable[{name}]"'
                for name, package in EXTRAS.items()
            },
            "browser": browser or "none found (only the tests of the report use one)",
        },
    }


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _device() -> str:
    try:
        import torch
    except ImportError:
        return "unknown: torch is not installed"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, {torch.cuda.device_count()} in all"
    return "CPU only"


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _import_time(module: str) -> str:
    """Seconds that a fresh interpreter takes for one import."""
    import subprocess
    import sys

    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return f"{float(done.stdout.split()[-1]):.2f} s" if done.returncode == 0 else "fails to import"


def _show(facts: dict[str, dict[str, str]]) -> None:
    from scrutable.cli._console import output, row, table

    console = output()
    for title, lines in facts.items():
        made = table("", "")
        for name, value in lines.items():
            row(made, name, value)
        console.print(title, style="bold")
        console.print(made)
        console.print()
