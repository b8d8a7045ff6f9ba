"""From chosen terms and coefficients to expressions whose real literals are holes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from scrutable.program import Expr, call, const
from scrutable.synthesis.formula._products import Product, added, common_factor


@dataclass(frozen=True, slots=True)
class Form:
    """A candidate, written out only when it is wanted.

    Arguments:
        misfit: the weighted mean squared residual of the fit it comes from.
        size: roughly how much there is to write.
        constants: how many numbers were fitted.
        write: expressions whose real literals are starting values; all describe the same functions.
    """

    misfit: float
    size: float
    constants: int
    write: Callable[[], list[Expr]]


Terms = Sequence[tuple[float, Product]]


def power_form(terms: Terms, prefix: Product, power: int, *, negative: bool, misfit: float) -> Form:
    """`prefix * (sum of terms) ** (1 / power)`."""
    size = _size(terms) + prefix.size + 1.5 * abs(power - 1)
    return Form(misfit, size, len(terms), lambda: _power_forms(terms, prefix, power, negative=negative))


def ratio_form(over: Terms, under: Terms, prefix: Product, *, misfit: float) -> Form:
    """`prefix * (sum of terms) / (1 + sum of terms)`."""
    size = _size(over) + _size(under) + prefix.size + 3.0
    return Form(misfit, size, len(over) + len(under), lambda: _ratio_forms(over, under, prefix))


def product_form(coefficient: float, product: Product, exponent: Terms, *, misfit: float) -> Form:
    """`coefficient * product * exp(sum of terms)`."""

    def write() -> list[Expr]:
        written = product.expr(const(float(coefficient)))
        return [call("mul", written, call("exp", _sum(exponent))) if exponent else written]

    return Form(misfit, product.size + _size(exponent) + 2.0 * bool(exponent), 1 + len(exponent), write)


def _size(terms: Terms) -> float:
    return sum(product.size + 1.0 for _, product in terms)


def _power_forms(terms: Terms, prefix: Product, power: int, *, negative: bool) -> list[Expr]:
    """Multiplied out, with common factors in front, and scaled to a first coefficient of one."""
    inside = [(c, p.times(prefix, power)) for c, p in terms]
    front = common_factor([p for _, p in inside])
    apart = [(c, p.times(front, -1)) for c, p in inside]
    outer = front.raised(Fraction(1, power))
    lead = next((i for i, (c, _) in enumerate(apart) if c > 0), 0)
    first = apart[lead][0]
    scaled = [(c / first, p) for c, p in (apart[lead], *apart[:lead], *apart[lead + 1 :])]
    written = []
    if first > 0 or power in (1, -1):
        root = first if power == 1 else 1 / first if power == -1 else first ** (1 / power)
        coefficient = const(float(-root if negative else root))
        written.append(_rooted(_sum(scaled, unit=True), outer, power, coefficient))
    written.append(_signed(_rooted(_sum(inside), Product(), power, None), negative=negative))
    written.append(_signed(_rooted(_sum(apart), outer, power, None), negative=negative))
    return written


def _ratio_forms(over: Terms, under: Terms, prefix: Product) -> list[Expr]:
    """Denominators inside cleared; the numerator as it is, and scaled to a first coefficient of one."""
    front = common_factor([Product(), *(p for _, p in over), *(p for _, p in under)])
    top = [(c, p.times(front, -1)) for c, p in over]
    bottom: list[tuple[float | Expr, Product]] = [(const(1), front.raised(-1))]
    bottom += [(c, p.times(front, -1)) for c, p in under]
    numerator = common_factor([p for _, p in top])
    rest = [(c, p.times(numerator, -1)) for c, p in top]
    outer, first, denominator = prefix.times(numerator), rest[0][0], _sum(bottom)
    scaled = call("mul", const(float(first)), _sum([(c / first, p) for c, p in rest], unit=True))
    return [call("div", _times(outer, each), denominator) for each in (scaled, _sum(rest))]


def _rooted(inside: Expr, front: Product, power: int, coefficient: Expr | None) -> Expr:
    body = call("sqrt", inside) if abs(power) == 2 else inside
    if power > 0:
        return _times(front, body, coefficient)
    return call("div", front.expr(coefficient), body)


def _times(front: Product, body: Expr, coefficient: Expr | None = None) -> Expr:
    if not front.powers:
        return body if coefficient is None else call("mul", coefficient, body)
    under = Product.of({a: -p for a, p in front.powers if p < 0})
    over = Product.of({a: p for a, p in front.powers if p > 0})
    top = body
    if over.powers or coefficient is not None:
        top = call("mul", over.expr(coefficient) if over.powers else coefficient, body)
    return call("div", top, under.expr()) if under.powers else top


def _sum(terms: Sequence[tuple[float | Expr, Product]], *, unit: bool = False) -> Expr:
    """Coefficients as real literals; with `unit` the first one is the whole number one."""
    written = [(c if isinstance(c, Expr) else const(float(c)), p) for c, p in terms]
    if unit:
        written[0] = (const(1), written[0][1])
    return added(written)


def _signed(expr: Expr, *, negative: bool) -> Expr:
    return call("neg", expr) if negative else expr
