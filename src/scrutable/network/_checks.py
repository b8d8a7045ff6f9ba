"""What is checked when a network is taken in: layout, shapes, determinism, independence of rows."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network._domain import Domain
from scrutable.network._domain_blocks import Columns
from scrutable.network._domain_numbers import Integers, Reals
from scrutable.network._layout import Layout, candidates
from scrutable.network._runner import Runner, as_array

ROWS = 16
"""Inputs that a network is run on twice: dropout of a single number goes unseen once in 65,000 times."""
APART = 3
"""Inputs of them that are also run one by one."""
CLOSE = 1e-5


def probe_inputs(domain: Domain, n: int) -> tuple[np.ndarray, str]:
    """A few inputs to check a network on, and how they were drawn. Open ends are closed 10 away (reals: 3)."""
    rng = np.random.default_rng(0)
    closed = domain
    if any(r.lo is None or r.hi is None for r in domain.ranges):
        ends = [_closed(r.lo, r.hi, 10 if r.whole else 3.0) for r in domain.ranges]
        lo, hi = (tuple(end[i] for end in ends) for i in (0, 1))
        if isinstance(domain, Integers):
            closed = Integers(lo[0], hi[0], length=domain.length, channels=domain.channels)
        elif isinstance(domain, Reals):
            closed = Reals(lo[0], hi[0], length=domain.length, channels=domain.channels)
        elif isinstance(domain, Columns):
            closed = Columns(domain.names, lo=lo, hi=hi, integer=domain.integer)
    return closed.sample(n, rng), f"{n} inputs drawn from {closed.spec}"


def _closed(lo: Any, hi: Any, width: Any) -> tuple[Any, Any]:
    if lo is None:
        return (-width if hi is None else hi - width), (width if hi is None else hi)
    return lo, lo + width if hi is None else hi


def weights_of(call: Any) -> list[Tensor]:
    """Parameters and buffers of a module; nothing for functions."""
    return [*call.parameters(), *call.buffers()] if isinstance(call, nn.Module) else []


def choose(call: Callable[..., Any], inputs: Domain, outputs: Domain, x: np.ndarray) -> Runner:
    """The runner with the first layout that works on `x`: forward runs, outputs fit, rows do not depend on each other.

    Raises:
        UserError: none does (every layout's error is given), or the network is not deterministic.
    """
    weights = weights_of(call)
    dtype = next((w.dtype for w in weights if w.is_floating_point()), torch.get_default_dtype())
    device = weights[0].device if weights else torch.device("cpu")
    errors = []
    for layout in candidates(inputs, function=not isinstance(call, nn.Module)):
        runner = Runner(call, layout, inputs, outputs, dtype, device)
        try:
            _try(runner, x)
        except _NotDeterministic:
            raise
        except UserError as error:
            errors.append(f"given {_text(layout, x, inputs)}: {error}")
        else:
            return runner
    raise UserError.of([f"cannot run the network on {inputs.spec}", *dict.fromkeys(errors)])


def _text(layout: Layout, x: np.ndarray, inputs: Domain) -> str:
    return layout.text(x, inputs)


class _NotDeterministic(UserError):
    """No other layout will help."""


def _try(runner: Runner, x: np.ndarray) -> None:
    together = as_array(runner.forward(x))
    again = as_array(runner.forward(x))
    if not np.array_equal(together, again, equal_nan=True):
        raise _NotDeterministic(_random_reason(runner.call))
    few = x[:APART]
    try:
        alone, together = _one_by_one(runner, few), as_array(runner.forward(few))
    except UserError as error:
        raise UserError(f"{_coupled_reason(runner.call)} ({error})") from error
    if not (close(alone, together) or _mere_rounding(runner, few)):
        raise UserError(_coupled_reason(runner.call))


def _one_by_one(runner: Runner, x: np.ndarray) -> np.ndarray:
    return np.concatenate([as_array(runner.forward(x[i : i + 1])) for i in range(len(x))])


def _mere_rounding(runner: Runner, x: np.ndarray) -> bool:
    """Whether rows are the same alone and together in double precision: large numbers inside may cancel."""
    if runner.module is None or runner.dtype != torch.float32:
        return False
    precise = replace(runner, call=copy.deepcopy(runner.module).double(), dtype=torch.float64)
    try:
        return close(_one_by_one(precise, x), as_array(precise.forward(x)))
    except UserError:
        return False


def close(got: np.ndarray, expected: np.ndarray) -> bool:
    """Equal but for rounding: to 1e-5 of the largest finite number in `expected` (or of 1), since sums of large numbers
    round by as much wherever they end; NaN equals NaN."""
    size = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    return bool(np.allclose(got, expected, rtol=CLOSE, atol=CLOSE * float(size), equal_nan=True))


def _random_reason(call: Any) -> str:
    suspects = []
    if isinstance(call, nn.Module):
        suspects = [f"{n} ({type(m).__name__})" for n, m in call.named_modules() if n and _is_random(m)]
    names = f"; it has {', '.join(suspects[:5])}" if suspects else ""
    return (
        f"got different outputs for the same inputs, expected a deterministic network{names}; try evaluation mode "
        "(module.eval()), and dropout that obeys it (F.dropout(x, training=self.training))"
    )


def _is_random(module: nn.Module) -> bool:
    return "Dropout" in type(module).__name__ or (module.training and "Norm" in type(module).__name__)


def _coupled_reason(call: Any) -> str:
    suspects = []
    if isinstance(call, nn.Module):
        suspects = [
            f"{n} ({type(m).__name__})" for n, m in call.named_modules() if n and "BatchNorm" in type(m).__name__
        ]
    names = f", such as {', '.join(suspects[:5])}" if suspects else ""
    return f"got outputs for a row that depend on the other rows{names}, expected every row to be computed by itself"


def check(runner: Runner, user: Callable[..., Any], x: np.ndarray, drawn: str) -> tuple[str, ...]:
    """Check a network on a few inputs; what was checked, in words.

    Arguments:
        user: the user's own module or function; called only if it is in evaluation mode.

    Raises:
        UserError: raw outputs are not finite.
    """
    raw = runner.raw(x)
    if raw.dtype.kind == "f" and not np.isfinite(raw).all():
        rows = int((~np.isfinite(raw)).reshape(len(raw), -1).any(axis=1).sum())
        raise UserError(f"got NaN or infinite raw outputs for {rows} of {drawn}, expected finite numbers")
    decoded = runner.outputs.decode(raw)
    texts = [
        f"checked on {drawn}",
        f"the network is given {runner.layout.text(x, runner.inputs)}",
        "two runs give equal outputs; a row alone gives what it gives among others (to 1e-5 of the largest)",
        _own_forward(runner, user, x, raw),
    ]
    if len(np.unique(decoded.reshape(len(decoded), -1), axis=0)) == 1:
        texts.append("its decoded output is the same for all of them")
    return tuple(texts)


def _own_forward(runner: Runner, user: Callable[..., Any], x: np.ndarray, raw: np.ndarray) -> str:
    if isinstance(user, nn.Module) and any(m.training for m in user.modules()):
        return "a copy in evaluation mode is studied; the module itself is in training mode and was not run"
    own = as_array(replace(runner, call=user).forward(x))
    apart = float(np.abs(own.astype(np.float64) - raw.astype(np.float64)).max())
    if not close(own, raw):
        raise UserError(f"got outputs up to {apart:.2g} from the module's own, expected equal ones")
    return f"outputs equal the network's own forward (largest difference {apart:.2g})"
