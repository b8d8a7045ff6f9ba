"""The network of a fitted scikit-learn estimator, with domains taken from its data."""

from __future__ import annotations

from typing import Any

import numpy as np

from scrutable.errors import UserError
from scrutable.network._domain import Domain
from scrutable.network._domain_blocks import Columns
from scrutable.network._domain_labels import Category
from scrutable.network._domain_numbers import Bits, Reals
from scrutable.network._network import Network
from scrutable.network._sklearn import checked


def from_sklearn(
    estimator: Any,
    data: Any,
    *,
    inputs: Domain | str | None = None,
    outputs: Domain | str | None = None,
    name: str | None = None,
) -> Network:
    """A fitted estimator, or a pipeline that ends in one, as a network.

    Perceptrons (`MLPClassifier`, `MLPRegressor`) and linear models become modules of the same weights, the scaling
    before them included, so that their insides can be read and patched; their raw outputs are scores before the last
    link (softmax, logistic). Any other estimator is a function whose insides cannot be seen; `facts.checks` says which.

    Arguments:
        data: rows that the estimator takes, `(n, k)`: an array or a table. Column names, ranges, and which columns hold
            whole numbers are taken from it.
        inputs: instead of `Columns` made from the data.
        outputs: instead of `Category` with the names of `classes_` (numbers 0, 1, ... need none), `Bits` for several
            yes-or-no answers, `Reals` for regression.

    Raises:
        UserError: no fitted estimator, or data that are not a table of finite numbers with its columns.
    """
    checked(estimator)
    domain = _columns(estimator, data) if inputs is None else inputs
    answers = _answers(estimator, data) if outputs is None else outputs
    return Network(estimator, inputs=domain, outputs=answers, name=name or type(estimator).__name__)


def _columns(estimator: Any, data: Any) -> Columns:
    names = getattr(data, "columns", getattr(estimator, "feature_names_in_", None))
    try:
        x = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"got data that are not numbers ({str(error)[:80]}), expected a table (n, k)") from error
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        raise UserError(f"got data of shape {x.shape}, expected a table (n, k) of finite numbers with at least one row")
    plain = [f"x{i}" for i in range(x.shape[1])] if names is None else [str(each) for each in names]
    whole = [bool(flag) for flag in (x == np.rint(x)).all(axis=0)]
    ends = [
        [int(v) if w else float(v) for v, w in zip(end, whole, strict=True)] for end in (x.min(axis=0), x.max(axis=0))
    ]
    return Columns(plain, lo=ends[0], hi=ends[1], integer=whole)


def _answers(estimator: Any, data: Any) -> Domain:
    classes = getattr(estimator, "classes_", None)
    said = np.asarray(estimator.predict(data[:2]))
    if classes is None:
        return Reals(channels=said.shape[1] if said.ndim == 2 else None)
    if isinstance(classes, list) or said.ndim == 2:
        return Bits(channels=said.shape[1])
    if [str(label) for label in classes] == [str(i) for i in range(len(classes))]:
        return Category(len(classes))
    return Category([str(label) for label in classes])
