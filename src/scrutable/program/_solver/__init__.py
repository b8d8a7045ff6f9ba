"""Programs as formulas of an SMT solver (z3), and proofs that two programs are equal.

Integers are mathematical integers and reals are exact, so a proof holds for programs whose integers stay within 64
bits, and for reals up to the rounding of double precision. Division, remainder, floor and rounding have the language's
total meanings. Of square roots, exponentials, logarithms, sines, cosines and hyperbolic tangents the solver knows
nothing, except that equal arguments give equal values.

Reference: L. de Moura, N. Bjorner, Z3: an efficient SMT solver, TACAS 2008.
"""

from scrutable.program._solver._encode import NoEncoding, solver_terms
from scrutable.program._solver._equivalent import CounterInput, Proof, Unknown, equivalent
from scrutable.program._solver._scalars import SCALARS
from scrutable.program._solver._sequences import BLOCKS

__all__ = ["BLOCKS", "SCALARS", "CounterInput", "NoEncoding", "Proof", "Unknown", "equivalent", "solver_terms"]
