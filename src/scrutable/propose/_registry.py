"""Which proposers there are, those of other packages included."""

from __future__ import annotations

from importlib.metadata import entry_points

from scrutable.errors import UserError
from scrutable.propose._base import Proposer
from scrutable.propose.attention import AttentionProposer
from scrutable.propose.boolean import BooleanProposer
from scrutable.propose.circles import Circles
from scrutable.propose.enumeration import Enumeration
from scrutable.propose.finite_state import FiniteState
from scrutable.propose.formula import FormulaProposer
from scrutable.propose.gates import Gates
from scrutable.propose.linear import Linear
from scrutable.propose.oblique import ObliqueProposer
from scrutable.propose.piecewise import PiecewiseProposer
from scrutable.propose.registers import Registers
from scrutable.propose.relu import ReluProposer
from scrutable.propose.rules import RulesProposer
from scrutable.propose.sequences import SequenceProposer
from scrutable.propose.structure import Structure
from scrutable.propose.tree import TreeProposer

GROUP = "scrutable.proposers"


def registered() -> tuple[Proposer, ...]:
    """Proposers that other packages offer under the entry-point group `scrutable.proposers`, by name of the entry.

    Raises:
        UserError: an entry cannot be imported, or is no proposer.
    """
    return tuple(_loaded(entry) for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def _loaded(entry: object) -> Proposer:
    try:
        thing = entry.load()  # type: ignore[attr-defined]
        proposer = thing() if isinstance(thing, type) else thing
    except Exception as error:
        raise UserError(
            f"got the entry point {entry} that cannot be used ({type(error).__name__}: {str(error)[:80]}), "
            f"expected a Proposer; try removing or updating the package that offers it"
        ) from error
    if not isinstance(proposer, Proposer):
        raise UserError(f"got {type(proposer).__name__} from the entry point {entry}, expected a Proposer")
    return proposer


PROPOSERS: tuple[Proposer, ...] = (
    Linear(),
    SequenceProposer(),
    AttentionProposer(),
    Circles(),
    FiniteState(),
    Registers(),
    Structure(),
    BooleanProposer(),
    Gates(),
    PiecewiseProposer(),
    FormulaProposer(),
    ReluProposer(),
    Enumeration(),
    TreeProposer(),
    RulesProposer(),
    ObliqueProposer(),
    *registered(),
)
