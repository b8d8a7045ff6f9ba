"""The program language's integers and truth values in egglog, with the same rewrite rules and the laws beside them."""

from __future__ import annotations

import egglog
from egglog import Bool as EgglogBool
from egglog import Expr as EgglogExpr
from egglog import eq, function, i64, i64Like, rewrite, ruleset, vars_

from scrutable.program._patterns import Apply, Hole, Literal, Pattern, pattern
from scrutable.program._rules import RULES, Rule


class Num(EgglogExpr):
    """A whole number."""

    def __init__(self, value: i64Like) -> None: ...
    def __add__(self, other: Num) -> Num: ...
    def __sub__(self, other: Num) -> Num: ...
    def __mul__(self, other: Num) -> Num: ...
    def __floordiv__(self, other: Num) -> Num: ...
    def __mod__(self, other: Num) -> Num: ...
    def __neg__(self) -> Num: ...


class Truth(EgglogExpr):
    """A truth value."""

    def __init__(self, value: EgglogBool) -> None: ...


@function
def free_num(index: i64Like) -> Num: ...
@function
def free_truth(index: i64Like) -> Truth: ...
@function
def as_num(c: Truth) -> Num: ...
@function
def max_(x: Num, y: Num) -> Num: ...
@function
def min_(x: Num, y: Num) -> Num: ...
@function
def abs_(x: Num) -> Num: ...
@function
def sign_(x: Num) -> Num: ...
@function
def lt_(x: Num, y: Num) -> Truth: ...
@function
def le_(x: Num, y: Num) -> Truth: ...
@function
def eq_(x: Num, y: Num) -> Truth: ...
@function
def ne_(x: Num, y: Num) -> Truth: ...
@function
def and_(c: Truth, d: Truth) -> Truth: ...
@function
def or_(c: Truth, d: Truth) -> Truth: ...
@function
def xor_(c: Truth, d: Truth) -> Truth: ...
@function
def same_(c: Truth, d: Truth) -> Truth: ...
@function
def not_(c: Truth) -> Truth: ...
@function
def if_(c: Truth, x: Num, y: Num) -> Num: ...
@function
def if_truth(c: Truth, x: Truth, y: Truth) -> Truth: ...


NUMERIC = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "floordiv": lambda x, y: x // y,
    "mod": lambda x, y: x % y,
    "neg": lambda x: -x,
    "max": max_,
    "min": min_,
    "abs": abs_,
    "sign": sign_,
    "lt": lt_,
    "le": le_,
    "eq": eq_,
    "ne": ne_,
}
LOGICAL = {"and": and_, "or": or_, "xor": xor_, "not": not_, "eq": same_, "ne": xor_}


def truth(value: bool) -> Truth:  # noqa: FBT001
    return Truth(EgglogBool(value))


def translated(tree: Pattern, holes: dict[str, EgglogExpr]) -> EgglogExpr:
    """A pattern in egglog's language."""
    match tree:
        case Hole(name):
            return holes[name]
        case Literal(bool() as value):
            return truth(value)
        case Literal(value):
            return Num(value)
    assert isinstance(tree, Apply)
    args = [translated(arg, holes) for arg in tree.args]
    truths = [isinstance(arg, Truth) for arg in args]
    if tree.op == "if":
        if all(truths[1:]):
            return if_truth(*args)
        return if_(args[0], *map(number, args[1:]))
    if tree.op in LOGICAL and all(truths):
        return LOGICAL[tree.op](*args)
    return NUMERIC[tree.op](*map(number, args))


def number(value: EgglogExpr) -> Num:
    return as_num(value) if isinstance(value, Truth) else value  # type: ignore[return-value]


def translated_rule(rule: Rule, conditions: dict[str, list]) -> object | None:
    """One rule for egglog; None when it needs operators that this comparison leaves out."""
    x, y, z, w = vars_("x y z w", Num)
    c, d = vars_("c d", Truth)
    k, m, n = vars_("k m n", i64)
    holes = {"x": x, "y": y, "z": z, "w": w, "c": c, "d": d, "k": Num(k), "m": Num(m), "n": Num(n)}
    try:
        left, right = translated(pattern(rule.left), holes), translated(pattern(rule.right), holes)
    except KeyError:
        return None
    if isinstance(left, Num):
        right = number(right)
    given = conditions.get(rule.left, [])
    return rewrite(left).to(right, *given)


def all_rules() -> egglog.Ruleset:
    k, m, n = vars_("k m n", i64)
    zero = i64(0)
    conditions = {
        "x // k // m": [m > zero, k > zero],
        "x % m // k": [k > zero, m > zero, eq(m % k).to(zero)],
        "x // k % n": [k > zero, n > zero],
        "k * x % m": [k > i64(1), m > zero, eq(m % k).to(zero)],
        "k * (x % n)": [k > zero, n > zero],
        "k * x // m": [k > i64(1), m > zero, eq(m % k).to(zero)],
    }
    rules = [translated_rule(rule, conditions) for rule in RULES]
    return ruleset(*(rule for rule in rules if rule is not None), *laws(), *folding())


def laws() -> list:
    """What the normal forms of the own e-graph know."""
    x, y, z = vars_("x y z", Num)
    c, d, e = vars_("c d e", Truth)
    k, m = vars_("k m", i64)
    zero = i64(0)
    found = []
    for op, (a, b, f), dual in [
        (NUMERIC["add"], (x, y, z), None),
        (NUMERIC["mul"], (x, y, z), None),
        (max_, (x, y, z), min_),
        (min_, (x, y, z), max_),
        (and_, (c, d, e), or_),
        (or_, (c, d, e), and_),
        (xor_, (c, d, e), None),
    ]:
        found += [rewrite(op(a, b)).to(op(b, a)), rewrite(op(op(a, b), f)).to(op(a, op(b, f)))]
        found += [rewrite(op(a, op(b, f))).to(op(op(a, b), f))]
        if dual is not None:
            found += [rewrite(op(a, a)).to(a), rewrite(op(a, dual(a, b))).to(a)]
            found += [rewrite(op(dual(a, b), dual(a, f))).to(dual(a, op(b, f)))]
    return [
        *found,
        rewrite(x * (y + z)).to(x * y + x * z),
        rewrite(x * y + x * z).to(x * (y + z)),
        rewrite(x - y).to(x + Num(-1) * y),
        rewrite(x + Num(-1) * y).to(x - y),
        rewrite(x + Num(k) * x).to(Num(k + 1) * x),
        rewrite(Num(k) * x + Num(m) * x).to(Num(k + m) * x),
        rewrite(x * Num(0)).to(Num(0)),
        rewrite(x - x).to(Num(0)),
        rewrite((Num(k) * x + y) // Num(k)).to(x + y // Num(k), k > zero),
        rewrite((Num(k) * x + y) % Num(m)).to(y % Num(m), m > zero, eq(k % m).to(zero)),
        rewrite((x % Num(k) + y) % Num(m)).to((x + y) % Num(m), m > zero, eq(k % m).to(zero)),
        rewrite(lt_(x + z, y + z)).to(lt_(x, y)),
        rewrite(eq_(x + z, y + z)).to(eq_(x, y)),
        rewrite(lt_(Num(k) * x, Num(k) * y)).to(lt_(x, y), k > zero),
        rewrite(eq_(Num(k) * x, Num(k) * y)).to(eq_(x, y), k > zero),
        rewrite(and_(c, not_(c))).to(truth(False)),
        rewrite(or_(c, not_(c))).to(truth(True)),
        rewrite(and_(c, truth(True))).to(c),
        rewrite(or_(c, truth(False))).to(c),
        rewrite(and_(c, truth(False))).to(truth(False)),
        rewrite(or_(c, truth(True))).to(truth(True)),
    ]


def folding() -> list:
    k, m = vars_("k m", i64)
    zero = i64(0)
    return [
        rewrite(Num(k) + Num(m)).to(Num(k + m)),
        rewrite(Num(k) - Num(m)).to(Num(k - m)),
        rewrite(Num(k) * Num(m)).to(Num(k * m)),
        rewrite(Num(k) // Num(m)).to(Num(k / m), k >= zero, m > zero),
        rewrite(Num(k) % Num(m)).to(Num(k % m), k >= zero, m > zero),
        rewrite(-Num(k)).to(Num(zero - k)),
        rewrite(lt_(Num(k), Num(m))).to(truth(True), k < m),
        rewrite(lt_(Num(k), Num(m))).to(truth(False), k >= m),
    ]


def start_term(tree: Pattern) -> EgglogExpr:
    """A problem as a term without rules: x, y, z, w are numbers, c and d truth values."""
    holes: dict[str, EgglogExpr] = {name: free_num(i) for i, name in enumerate("xyzw")}
    return translated(tree, holes | {name: free_truth(i) for i, name in enumerate("cd")})
