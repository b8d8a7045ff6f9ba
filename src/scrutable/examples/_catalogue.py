"""The example networks: what each was trained for, and what it takes in and gives out.

`task` and `truth` are for readers, tests and tables. Nothing that searches for a program is given either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrutable.errors import UserError

if TYPE_CHECKING:
    from scrutable.network import Network

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class Example:
    """One network that ships with the package.

    Arguments:
        name: also the name of its weights file.
        factory: the function of `scrutable.examples` that builds the module; `options` are its arguments.
        inputs, outputs: domains, as printed by `Domain.spec`.
        task: what it was trained to do, in one sentence.
        seed: of its training.
    """

    name: str
    factory: str
    inputs: str
    outputs: str
    task: str
    seed: int = 0
    options: dict[str, int] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The weights file."""
        return WEIGHTS / f"{self.name}.safetensors"

    def module(self) -> Any:
        """The module with freshly initialised weights."""
        from scrutable.examples import _modules

        return getattr(_modules, self.factory)(**self.options)


CATALOGUE = (
    Example(
        name="binary_addition",
        factory="relu_rnn",
        inputs="Bits(length=10, channels=2)",
        outputs="Bits(length=10)",
        task="adds two binary numbers, least significant bit first",
    ),
    Example(
        name="tomita_4",
        factory="Tagger",
        inputs="Tokens(2, length=12)",
        outputs="Category(2, length=12)",
        task="says after each symbol whether the word so far is free of 000 (Tomita's fourth language)",
    ),
    Example(
        name="tomita_5",
        factory="Acceptor",
        inputs="Tokens(2, length=12)",
        outputs="Category(2)",
        task="says whether a word holds an even number of 0s and an even number of 1s (Tomita's fifth language)",
    ),
    Example(
        name="distance",
        factory="distance_mlp",
        inputs="Columns(['a', 'b'], lo=0, hi=15, integer=True)",
        outputs="Integers()",
        task="the distance between two numbers, |a - b|",
    ),
    Example(
        name="digits",
        factory="digits_mlp",
        inputs="Image(1, 8, 8, lo=0.0, hi=1.0)",
        outputs="Category(10)",
        task="reads handwritten digits (scikit-learn's 8 by 8 images)",
    ),
    Example(
        name="untrained",
        factory="Tagger",
        inputs="Tokens(2, length=12)",
        outputs="Category(2, length=12)",
        task="nothing: random weights with a large recurrent gain, never trained",
    ),
)


def names() -> tuple[str, ...]:
    """The names `load` takes."""
    return tuple(example.name for example in CATALOGUE)


def example(name: str) -> Example:
    """The catalogue entry of that name.

    Raises:
        UserError: there is none.
    """
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    raise UserError(f"got the example {name[:40]!r}, expected one of {', '.join(names())}")


def inputs_for(name: str) -> Any:
    """Inputs like those of its training, `(n, ...)`, where the domain alone would not give them; else None."""
    if name != "digits":
        return None
    from sklearn.datasets import load_digits

    x, _ = load_digits(return_X_y=True)
    return x.reshape(-1, 1, 8, 8) / 16.0


def load(name: str) -> Network:
    """A really trained network (or, for "untrained", a random one) with its domains.

    Raises:
        UserError: no example of that name.
    """
    from safetensors.torch import load_file

    from scrutable.network import Network, domain_from_spec

    entry = example(name)
    module = entry.module()
    module.load_state_dict(load_file(entry.path))
    module.eval()
    inputs, outputs = domain_from_spec(entry.inputs), domain_from_spec(entry.outputs)
    return Network(module, inputs=inputs, outputs=outputs, name=name)
