"""scikit-learn estimators as networks: multilayer perceptrons and linear models as modules, the rest as functions.

scikit-learn itself is not imported: an estimator that is here has brought it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network._checks import close, probe_inputs
from scrutable.network._domain import Domain

COMPARED = 1024
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
}
LINEAR = ("sklearn.linear_model.", "sklearn.svm.", "sklearn.discriminant_analysis")


class Scaling(nn.Module):
    """`(x - shift) * factor + offset`, clipped if there are ends. Not trained, so none of the weights."""

    shift: Tensor
    factor: Tensor
    offset: Tensor

    def __init__(self, shift: Any, factor: Any, offset: Any, ends: tuple[float, float] | None = None) -> None:
        super().__init__()
        for name, values in (("shift", shift), ("factor", factor), ("offset", offset)):
            self.register_buffer(name, torch.as_tensor(np.asarray(values, dtype=np.float64)))
        self.ends = ends

    def forward(self, x: Tensor) -> Tensor:
        """The scaled columns."""
        scaled = (x - self.shift) * self.factor + self.offset
        return scaled if self.ends is None else nn.functional.hardtanh(scaled, *self.ends)


class BothScores(nn.Module):
    """One score `(n, 1)` as the scores of two labels: zero, and itself."""

    def forward(self, x: Tensor) -> Tensor:
        """Scores `(n, 2)`."""
        return torch.cat([x * 0, x], dim=1)


def is_estimator(thing: Any) -> bool:
    """Whether something is a scikit-learn estimator (or looks like one): it predicts and has parameters to set."""
    return not isinstance(thing, (type, nn.Module)) and all(
        callable(getattr(thing, name, None)) for name in ("predict", "get_params", "fit")
    )


def checked(estimator: Any) -> int:
    """How many columns a fitted estimator takes.

    Raises:
        UserError: it is no estimator, or not fitted.
    """
    if not is_estimator(estimator):
        raise UserError(f"got {type(estimator).__name__}, expected a fitted estimator; try Network for modules")
    width = getattr(estimator, "n_features_in_", None)
    if width is None or not _is_fitted(estimator):
        kind = type(_last(estimator)).__name__
        raise UserError(f"got a {kind} that is not fitted, expected a fitted one; try estimator.fit(x, y)")
    return int(width)


def translated(
    estimator: Any, inputs: Domain, outputs: Domain
) -> tuple[nn.Module | Callable[..., Any], tuple[str, ...]]:
    """A fitted estimator as a module, or as a function where it has no layers; and what was done, in words.

    A module is checked against the estimator's own predictions on sampled inputs, and not used where they differ.

    Arguments:
        outputs: `Category` for classifiers, in the order of `classes_`; `Bits` for classifiers of two labels, or of
            several yes-or-no questions; `Reals` for regression.

    Raises:
        UserError: it is not fitted, or takes another number of columns.
    """
    kind, width = type(_last(estimator)).__name__, checked(estimator)
    if inputs.is_sequence or int(np.prod(inputs.shape)) != width:
        raise UserError(f"got {inputs.spec} for a {kind} of {width} columns, expected {width} numbers for each item")
    x, _ = probe_inputs(inputs, COMPARED)
    module = _module(estimator, outputs)
    if module is not None and _same(module, estimator, x, outputs):
        names = ", ".join(name for name, _ in module.named_children())
        text = f"a fitted {kind} as layers ({names}); they decide as it does on {len(x)} sampled inputs"
        return module, (text,)
    function, method = _function(estimator, x, outputs)
    return function, (f"a fitted {kind}, asked through {method}: its insides cannot be seen",)


def _last(estimator: Any) -> Any:
    steps = getattr(estimator, "steps", None)
    return steps[-1][1] if steps else estimator


def _is_fitted(estimator: Any) -> bool:
    checking = sys.modules.get("sklearn.utils.validation")
    if checking is None:
        return True
    try:
        checking.check_is_fitted(estimator)
    except Exception:  # NotFittedError, or an object that only looks like an estimator
        return False
    return True


def _module(estimator: Any, outputs: Domain) -> nn.Sequential | None:
    """The layers of a perceptron or a linear model, scaling before it included; None for everything else."""
    parts: list[tuple[str, nn.Module]] = []
    steps = getattr(estimator, "steps", None) or [("model", estimator)]
    for number, (_, step) in enumerate(steps[:-1]):
        scaling = _scaling(step)
        if scaling is None:
            return None
        parts.append(("scale" if number == 0 else f"scale{number + 1}", scaling))
    layers = list(_layers(steps[-1][1]))
    if not layers:
        return None
    parts += layers
    classes = getattr(estimator, "classes_", None)
    single = layers[-1][1].out_features == 1  # type: ignore[union-attr]
    if classes is not None and outputs.kind == "Bits":
        parts.append(("probability", nn.Sigmoid()))
    elif classes is not None and single:
        parts.append(("scores", BothScores()))
    module = nn.Sequential()
    for name, part in parts:
        module.add_module(name, part)
    return module.double().eval()


def _scaling(step: Any) -> Scaling | None:
    """A scaler with one shift and factor for each column; None for any other transformer."""
    kind = type(step).__name__
    if step is None or step == "passthrough":
        return Scaling(0.0, 1.0, 0.0)
    if kind in ("StandardScaler", "RobustScaler", "MaxAbsScaler"):
        shift = getattr(step, "mean_", getattr(step, "center_", None))
        scale = getattr(step, "scale_", None)
        return Scaling(0.0 if shift is None else shift, 1.0 if scale is None else 1.0 / np.asarray(scale), 0.0)
    if kind == "MinMaxScaler":
        return Scaling(
            0.0,
            step.scale_,
            step.min_,
            (float(step.feature_range[0]), float(step.feature_range[1])) if step.clip else None,
        )
    return None


def _layers(model: Any) -> Iterator[tuple[str, nn.Module]]:
    """Linear layers and activations up to the scores, by name."""
    weights, biases = getattr(model, "coefs_", None), getattr(model, "intercepts_", None)
    if weights is not None and getattr(model, "activation", None) in ACTIVATIONS:
        for number, (weight, bias) in enumerate(zip(weights, biases, strict=True), 1):  # type: ignore[arg-type]
            if number > 1:
                yield f"act{number - 1}", ACTIVATIONS[model.activation]()
            yield f"fc{number}", _linear(np.transpose(weight), bias)
    elif type(model).__module__.startswith(LINEAR) and getattr(model, "coef_", None) is not None:
        weight = np.atleast_2d(_dense(model.coef_))
        if np.ndim(weight) == 2:
            yield "linear", _linear(weight, np.broadcast_to(np.asarray(model.intercept_, float), (len(weight),)))


def _dense(values: Any) -> np.ndarray:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def _linear(weight: Any, bias: Any) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(weight, dtype=np.float64)))
        layer.bias.copy_(torch.from_numpy(np.array(bias, dtype=np.float64)))
    return layer


def _same(module: nn.Module, estimator: Any, x: np.ndarray, outputs: Domain) -> bool:
    """Whether a module decides as the estimator does. A row that changes sides with the last digit would be a miss."""
    try:
        with torch.no_grad():
            raw = module(torch.from_numpy(x.reshape(len(x), -1).astype(np.float64))).numpy()
        if getattr(estimator, "classes_", None) is None:
            return close(raw.reshape(len(x), -1), _asked(estimator, "predict", x).reshape(len(x), -1))
        said = outputs.decode(raw[:, 0] if raw.shape[1] == 1 and outputs.classes is None else raw)
        return bool((said == _labels(estimator, x, outputs)).all())
    except (UserError, ValueError, RuntimeError):
        return False


def _labels(estimator: Any, x: np.ndarray, outputs: Domain) -> np.ndarray:
    """The estimator's predictions as places in `classes_`, or as they are where they are bits."""
    said = _asked(estimator, "predict", x)
    if said.ndim > 1:
        return said.astype(np.int64)
    return np.searchsorted(estimator.classes_, said)


def _asked(estimator: Any, method: str, x: np.ndarray) -> np.ndarray:
    return np.asarray(getattr(estimator, method)(_framed(estimator, x)))


def _framed(estimator: Any, x: np.ndarray) -> Any:
    """The rows as the estimator was fitted: a table with column names where it has seen some."""
    flat = x.reshape(len(x), -1)
    names = getattr(estimator, "feature_names_in_", None)
    frames = sys.modules.get("pandas") if names is not None else None
    return flat if frames is None else frames.DataFrame(flat, columns=names)


def _function(estimator: Any, x: np.ndarray, outputs: Domain) -> tuple[Callable[[Any], np.ndarray], str]:
    """A function from rows to numbers or to a score for each label, and which method it asks."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or outputs.classes is None:
        if classes is None:
            return lambda rows: _asked(estimator, "predict", rows), "predict"
        return lambda rows: _labels(estimator, rows, outputs).astype(np.float64), "predict"
    votes = type(_last(estimator)).__name__ in ("SVC", "NuSVC")  # their probabilities come from a fit of their own
    if hasattr(estimator, "predict_proba") and not votes:
        scores = _asked(estimator, "predict_proba", x)
        if scores.ndim == 2 and (scores.argmax(axis=1) == _labels(estimator, x, outputs)).all():
            return lambda rows: _asked(estimator, "predict_proba", rows), "predict_proba"
    return lambda rows: np.eye(len(classes))[_labels(estimator, rows, outputs)], "predict"
