"""Modules made by a function that the user names, such as "my_package.nets:make_net"."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from scrutable.errors import UserError

OURS = "scrutable.examples."
COMPILED = "scrutable.compile._transformer:Transformer"
_FORM = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def make_module(architecture: str) -> nn.Module:
    """The module that "package.module:name" makes when called without arguments (or is, if it is a module).

    The current directory can be imported from while the import runs.

    Raises:
        UserError: wrong form, no such module or name, it fails, or what it makes is no `nn.Module`.
    """
    if not isinstance(architecture, str) or not _FORM.fullmatch(architecture):
        raise UserError(
            f'got the architecture {str(architecture)[:80]!r}, expected "package.module:function"; '
            'try "my_net:make_net" for make_net in my_net.py'
        )
    module_name, name = architecture.split(":")
    with _current_directory():
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            hint = f"; {module_name} imports it" if error.name and not module_name.startswith(error.name) else ""
            raise UserError(
                f"got no module named {error.name!r}{hint}, expected {architecture} to be importable"
            ) from error
        except Exception as error:
            raise UserError(f"got {type(error).__name__} while importing {module_name}: {str(error)[:120]}") from error
    if not hasattr(module, name):
        raise UserError(f"got no {name!r} in {module_name}, expected a function or class that makes the network")
    return _call(getattr(module, name), architecture)


def make_ours(architecture: str) -> nn.Module | None:
    """The module for an architecture named by a file; None unless it is one of this package's own examples.

    Importing what a file names would be trusting it.
    """
    if not _FORM.fullmatch(architecture) or not architecture.startswith(OURS):
        return None
    module_name, name = architecture.split(":")
    try:
        made = getattr(importlib.import_module(module_name), name, None)
    except ModuleNotFoundError:
        return None
    if getattr(made, "__module__", None) != module_name:
        return None
    return _call(made, architecture)


def _call(made: object, architecture: str) -> nn.Module:
    if isinstance(made, nn.Module):
        return made
    if not callable(made):
        raise UserError(f"got {architecture} that is a {type(made).__name__}, expected a function or class")
    try:
        module = made()
    except Exception as error:
        raise UserError(
            f"got {type(error).__name__} from {architecture}() ({str(error)[:120]}), expected it to take no arguments; "
            "try a function without arguments that makes the network"
        ) from error
    if not isinstance(module, nn.Module):
        raise UserError(f"got {type(module).__name__} from {architecture}(), expected an nn.Module")
    return module


def make_compiled(settings: str, *, parameters: int) -> nn.Module:
    """The transformer of a compiled program, whose sizes its file names.

    Arguments:
        settings: its arguments as JSON. parameters: how many numbers the file holds; no more memory is taken.

    Raises:
        UserError: the sizes cannot be used, or are not those of the file.
    """
    module_name, name = COMPILED.split(":")
    made = getattr(importlib.import_module(module_name), name)
    try:
        with torch.device("meta"):
            module: nn.Module = made(**json.loads(settings))
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError(f"got settings that are no sizes of a transformer ({str(error)[:80]})") from error
    needed = sum(weight.numel() for weight in module.parameters())
    if needed != parameters:
        raise UserError(
            f"got sizes that need {needed} parameters in a file of {parameters}, expected those of the file"
        )
    return module.to_empty(device="cpu")


@contextmanager
def _current_directory() -> Iterator[None]:
    """The current directory first in the import path while the body runs."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)
