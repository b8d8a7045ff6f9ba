"""The 120 formulas of the Feynman symbolic regression corpus: 100 from the Lectures, 20 from other textbooks.

Formulas and ranges are facts from S.-M. Udrescu and M. Tegmark, AI Feynman: a physics-inspired method for symbolic
regression, Science Advances 6 (2020) (the Feynman Symbolic Regression Database), which SRBench measures on: every
physical constant is a variable, and every variable is drawn evenly from its range. The 120 are also those of
Y. Matsubara et al., Rethinking symbolic regression datasets and benchmarks for scientific discovery, DMLR (2024), who
draw from physical ranges instead. Numbers of variables that the database misprints (I.18.12, II.37.1 and a few others)
are counted from the formula.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from scrutable.errors import UserError

T = TypeVar("T")

TABLE = """
I.6.2a | exp(-theta**2/2)/sqrt(2*pi) | 1:3 theta
I.6.2 | exp(-(theta/sigma)**2/2)/(sqrt(2*pi)*sigma) | 1:3 sigma theta
I.6.2b | exp(-((theta-theta1)/sigma)**2/2)/(sqrt(2*pi)*sigma) | 1:3 sigma theta theta1
I.8.14 | sqrt((x2-x1)**2+(y2-y1)**2) | x1 x2 y1 y2
I.9.18 | G*m1*m2/((x2-x1)**2+(y2-y1)**2+(z2-z1)**2) | 1:2 m1 m2 G 3:4 x1 1:2 x2 3:4 y1 1:2 y2 3:4 z1 1:2 z2
I.10.7 | m_0/sqrt(1-v**2/c**2) | m_0 1:2 v 3:10 c
I.11.19 | x1*y1+x2*y2+x3*y3 | x1 x2 x3 y1 y2 y3
I.12.1 | mu*Nn | mu Nn
I.12.2 | q1*q2*r/(4*pi*epsilon*r**3) | q1 q2 epsilon r
I.12.4 | q1*r/(4*pi*epsilon*r**3) | q1 epsilon r
I.12.5 | q2*Ef | q2 Ef
I.12.11 | q*(Ef+B*v*sin(theta)) | q Ef B v theta
I.13.4 | 1/2*m*(v**2+u**2+w**2) | m v u w
I.13.12 | G*m1*m2*(1/r2-1/r1) | m1 m2 r1 r2 G
I.14.3 | m*g*z | m g z
I.14.4 | 1/2*k_spring*x**2 | k_spring x
I.15.3x | (x-u*t)/sqrt(1-u**2/c**2) | 5:10 x 1:2 u 3:20 c 1:2 t
I.15.3t | (t-u*x/c**2)/sqrt(1-u**2/c**2) | x 3:10 c 1:2 u 1:5 t
I.15.1 | m_0*v/sqrt(1-v**2/c**2) | m_0 1:2 v 3:10 c
I.16.6 | (u+v)/(1+u*v/c**2) | c v u
I.18.4 | (m1*r1+m2*r2)/(m1+m2) | m1 m2 r1 r2
I.18.12 | r*F*sin(theta) | r F 0:5 theta
I.18.14 | m*r*v*sin(theta) | m r v theta
I.24.6 | 1/2*m*(omega**2+omega_0**2)*1/2*x**2 | 1:3 m omega omega_0 x
I.25.13 | q/C | q C
I.26.2 | arcsin(n*sin(theta2)) | 0:1 n 1:5 theta2
I.27.6 | 1/(1/d1+n/d2) | d1 d2 n
I.29.4 | omega/c | 1:10 omega c
I.29.16 | sqrt(x1**2+x2**2-2*x1*x2*cos(theta1-theta2)) | x1 x2 theta1 theta2
I.30.3 | Int_0*sin(n*theta/2)**2/sin(theta/2)**2 | Int_0 theta n
I.30.5 | arcsin(lambd/(n*d)) | 1:2 lambd 2:5 d 1:5 n
I.32.5 | q**2*a**2/(6*pi*epsilon*c**3) | q a epsilon c
I.32.17 | (1/2*epsilon*c*Ef**2)*(8*pi*r**2/3)*(omega**4/(omega**2-omega_0**2)**2) | 1:2 epsilon c Ef r omega 3:5 omega_0
I.34.8 | q*v*B/p | q v B p
I.34.1 | omega_0/(1-v/c) | 3:10 c 1:2 v 1:5 omega_0
I.34.14 | (1+v/c)/sqrt(1-v**2/c**2)*omega_0 | 3:10 c 1:2 v 1:5 omega_0
I.34.27 | (h/(2*pi))*omega | omega h
I.37.4 | I1+I2+2*sqrt(I1*I2)*cos(delta) | I1 I2 delta
I.38.12 | 4*pi*epsilon*(h/(2*pi))**2/(m*q**2) | m q h epsilon
I.39.1 | 3/2*pr*V | pr V
I.39.11 | 1/(gamma-1)*pr*V | 2:5 gamma 1:5 pr V
I.39.22 | n*kb*T/V | n T V kb
I.40.1 | n_0*exp(-m*g*x/(kb*T)) | n_0 m x T g kb
I.41.16 | h/(2*pi)*omega**3/(pi**2*c**2*(exp((h/(2*pi))*omega/(kb*T))-1)) | omega T h kb c
I.43.16 | mu_drift*q*Volt/d | mu_drift q Volt d
I.43.31 | mob*kb*T | mob T kb
I.43.43 | 1/(gamma-1)*kb*v/A | 2:5 gamma 1:5 kb A v
I.44.4 | n*kb*T*ln(V2/V1) | n kb T V1 V2
I.47.23 | sqrt(gamma*pr/rho) | gamma pr rho
I.48.2 | m*c**2/sqrt(1-v**2/c**2) | m 1:2 v 3:10 c
I.50.26 | x1*(cos(omega*t)+alpha*cos(omega*t)**2) | 1:3 x1 omega t alpha
II.2.42 | kappa*(T2-T1)*A/d | kappa T1 T2 A d
II.3.24 | Pwr/(4*pi*r**2) | Pwr r
II.4.23 | q/(4*pi*epsilon*r) | q epsilon r
II.6.11 | 1/(4*pi*epsilon)*p_d*cos(theta)/r**2 | 1:3 epsilon p_d theta r
II.6.15a | p_d/(4*pi*epsilon)*3*z/r**5*sqrt(x**2+y**2) | 1:3 epsilon p_d r x y z
II.6.15b | p_d/(4*pi*epsilon)*3*cos(theta)*sin(theta)/r**3 | 1:3 epsilon p_d theta r
II.8.7 | 3/5*q**2/(4*pi*epsilon*d) | q epsilon d
II.8.31 | epsilon*Ef**2/2 | epsilon Ef
II.10.9 | sigma_den/epsilon*1/(1+chi) | sigma_den epsilon chi
II.11.3 | q*Ef/(m*(omega_0**2-omega**2)) | 1:3 q Ef m 3:5 omega_0 1:2 omega
II.11.17 | n_0*(1+p_d*Ef*cos(theta)/(kb*T)) | 1:3 n_0 kb T theta p_d Ef
II.11.20 | n_rho*p_d**2*Ef/(3*kb*T) | n_rho p_d Ef kb T
II.11.27 | n*alpha/(1-(n*alpha/3))*epsilon*Ef | 0:1 n alpha 1:2 epsilon Ef
II.11.28 | 1+n*alpha/(1-(n*alpha/3)) | 0:1 n alpha
II.13.17 | 1/(4*pi*epsilon*c**2)*2*I/r | epsilon c I r
II.13.23 | rho_c_0/sqrt(1-v**2/c**2) | rho_c_0 1:2 v 3:10 c
II.13.34 | rho_c_0*v/sqrt(1-v**2/c**2) | rho_c_0 1:2 v 3:10 c
II.15.4 | -mom*B*cos(theta) | mom B theta
II.15.5 | -p_d*Ef*cos(theta) | p_d Ef theta
II.21.32 | q/(4*pi*epsilon*r*(1-v/c)) | q epsilon r 1:2 v 3:10 c
II.24.17 | sqrt(omega**2/c**2-pi**2/d**2) | 4:6 omega 1:2 c 2:4 d
II.27.16 | epsilon*c*Ef**2 | epsilon c Ef
II.27.18 | epsilon*Ef**2 | epsilon Ef
II.34.2a | q*v/(2*pi*r) | q v r
II.34.2 | q*v*r/2 | q v r
II.34.11 | g_*q*B/(2*m) | g_ q B m
II.34.29a | q*h/(4*pi*m) | q h m
II.34.29b | g_*mom*B*Jz/(h/(2*pi)) | g_ h Jz mom B
II.35.18 | n_0/(exp(mom*B/(kb*T))+exp(-mom*B/(kb*T))) | 1:3 n_0 kb T mom B
II.35.21 | n_rho*mom*tanh(mom*B/(kb*T)) | n_rho mom B kb T
II.36.38 | mom*H/(kb*T)+(mom*alpha)/(epsilon*c**2*kb*T)*M | 1:3 mom H kb T alpha epsilon c M
II.37.1 | mom*(1+chi)*B | mom B chi
II.38.3 | Y*A*x/d | Y A d x
II.38.14 | Y/(2*(1+sigma)) | Y sigma
III.4.32 | 1/(exp((h/(2*pi))*omega/(kb*T))-1) | h omega kb T
III.4.33 | (h/(2*pi))*omega/(exp((h/(2*pi))*omega/(kb*T))-1) | h omega kb T
III.7.38 | 2*mom*B/(h/(2*pi)) | mom B h
III.8.54 | sin(E_n*t/(h/(2*pi)))**2 | 1:2 E_n t 1:4 h
III.9.52 | (p_d*Ef*t/(h/(2*pi)))*sin((omega-omega_0)*t/2)**2/((omega-omega_0)*t/2)**2 | 1:3 p_d Ef t h 1:5 omega omega_0
III.10.19 | mom*sqrt(Bx**2+By**2+Bz**2) | mom Bx By Bz
III.12.43 | n*(h/(2*pi)) | n h
III.13.18 | 2*E_n*d**2*k/(h/(2*pi)) | E_n d k h
III.14.14 | I_0*(exp(q*Volt/(kb*T))-1) | I_0 1:2 q Volt kb T
III.15.12 | 2*U*(1-cos(k*d)) | U k d
III.15.14 | (h/(2*pi))**2/(2*E_n*d**2) | h E_n d
III.15.27 | 2*pi*alpha/(n*d) | alpha n d
III.17.37 | beta*(1+alpha*cos(theta)) | beta alpha theta
III.19.51 | -m*q**4/(2*(4*pi*epsilon)**2*(h/(2*pi))**2)*(1/n**2) | m q h n epsilon
III.21.20 | -rho_c_0*q*A_vec/m | rho_c_0 q A_vec m
test_1 | (Z_1*Z_2*alpha*hbar*c/(4*E_n*sin(theta/2)**2))**2 | 1:2 Z_1 Z_2 alpha hbar c 1:3 E_n theta
test_2 | m*k_G/L**2*(1+sqrt(1+2*E_n*L**2/(m*k_G**2))*cos(theta1-theta2)) | 1:3 m k_G L E_n 0:6 theta1 theta2
test_3 | d*(1-alpha**2)/(1+alpha*cos(theta1-theta2)) | 1:3 d 2:4 alpha 4:5 theta1 theta2
test_4 | sqrt(2/m*(E_n-U-L**2/(2*m*r**2))) | 1:3 m 8:12 E_n 1:3 U L r
test_5 | 2*pi*d**(3/2)/sqrt(G*(m1+m2)) | 1:3 d G m1 m2
test_6 | sqrt(1+2*epsilon**2*E_n*L**2/(m*(Z_1*Z_2*q**2)**2)) | 1:3 epsilon L m Z_1 Z_2 q E_n
test_7 | sqrt(8*pi*G*rho/3-alpha*c**2/d**2) | 1:3 G rho 1:2 alpha c 1:3 d
test_8 | E_n/(1+E_n/(m*c**2)*(1-cos(theta))) | 1:3 E_n m c theta
test_9 | -32/5*G**4/c**5*(m1*m2)**2*(m1+m2)/r**5 | 1:2 G c 1:5 m1 m2 1:2 r
test_10 | arccos((cos(theta2)-v/c)/(1-v/c*cos(theta2))) | 4:6 c 1:3 v theta2
test_11 | I_0*(sin(alpha/2)*sin(n*delta/2)/(alpha/2*sin(delta/2)))**2 | 1:3 I_0 alpha delta 1:2 n
test_12 | q/(4*pi*epsilon*y**2)*(4*pi*epsilon*Volt*d-q*d*y**3/(y**2-d**2)**2) | q 1:3 y 1:5 Volt 4:6 d 1:5 epsilon
test_13 | 1/(4*pi*epsilon)*q/sqrt(r**2+d**2-2*r*d*cos(alpha)) | q 1:3 r 4:6 d 0:6 alpha 1:5 epsilon
test_14 | Ef*cos(theta)*(-r+d**3/r**2*(alpha-1)/(alpha+2)) | Ef 0:6 theta 1:5 r d alpha
test_15 | sqrt(1-v**2/c**2)*omega/(1+v/c*cos(theta)) | 5:20 c 1:3 v 1:5 omega 0:6 theta
test_16 | sqrt((p-q*A_vec)**2*c**2+m**2*c**4)+q*Volt | m c p q A_vec Volt
test_17 | 1/(2*m)*(p**2+m**2*omega**2*x**2*(1+alpha*x/y)) | m omega p y x alpha
test_18 | 3/(8*pi*G)*(c**2*k_f/r**2+H_G**2) | G k_f r H_G c
test_19 | -1/(8*pi*G)*(c**4*k_f/r**2+H_G**2*c**2*(1-2*alpha)) | G k_f r H_G alpha c
test_20 | 1/(4*pi)*alpha**2*h**2/(m**2*c**2)*(omega_0/omega)**2*(omega_0/omega+omega/omega_0-sin(beta)**2) |\
 omega omega_0 alpha h m c 0:6 beta
"""


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula of the corpus.

    Arguments:
        name: its number in the Lectures, such as "I.6.2a"; the textbook formulas are "test_1" to "test_20".
        text: the right-hand side, in Python's arithmetic with `sqrt`, `exp`, `ln`, `sin`, `cos`, `tanh`, `arcsin`,
            `arccos` and `pi`.
        ranges: for each variable the interval it is drawn from, in the order of the columns.
    """

    name: str
    text: str
    ranges: Mapping[str, tuple[float, float]]

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.ranges)

    def value(self, x: np.ndarray) -> np.ndarray:
        """The formula's values on rows `(n, variables)`, shape `(n,)`."""
        columns = dict(zip(self.variables, np.asarray(x, dtype=np.float64).T, strict=True))
        with np.errstate(all="ignore"):
            return np.broadcast_to(interpreted(self.text, columns, NUMPY, lambda value: np.float64(value)), (len(x),))


NUMPY: Mapping[str, Callable[..., np.ndarray]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "ln": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
}


@cache
def formulas() -> tuple[Formula, ...]:
    """The whole corpus, in the order of the publication."""
    return tuple(_formula(line) for line in TABLE.strip().splitlines())


def sample(formula: Formula, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows drawn evenly from the published ranges, `(n, variables)`, and the formula's values, `(n,)`.

    Rows on which the formula has no finite value are drawn again.

    Raises:
        UserError: hardly any row of the ranges has a value.
    """
    low, high = np.array(list(formula.ranges.values())).T
    x = rng.uniform(low, high, (n, len(low)))
    y = np.array(formula.value(x))
    for _ in range(100):
        bad = ~np.isfinite(y)
        if not bad.any():
            return x, y
        x[bad] = rng.uniform(low, high, (int(bad.sum()), len(low)))
        y[bad] = formula.value(x[bad])
    raise UserError(f"got {formula.name}, which has no finite value on most of its ranges; expected one that has")


def noisy(y: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """The target with SRBench's noise: Gaussian, of `noise` times the root mean square of the clean target. `(n,)`."""
    return y + rng.normal(0.0, noise * float(np.sqrt(np.mean(y**2))), len(y)) if noise > 0 else y


def interpreted(
    text: str, names: Mapping[str, T], functions: Mapping[str, Callable[..., T]], number: Callable[[float], T]
) -> T:
    """The meaning of a formula's text in any arithmetic, without running anything else.

    Arguments:
        names: what each variable stands for.
        functions: what each function of one argument stands for.
        number: what a literal, or `pi`, stands for.

    Raises:
        UserError: the text is no formula.
    """
    try:
        return _meaning(ast.parse(text, mode="eval").body, names, functions, number)
    except (SyntaxError, ValueError) as error:
        raise UserError(f"got {text[:80]!r}, expected a formula such as q1*q2/(4*pi*epsilon*r**2)") from error


def _meaning(node: ast.AST, names: Mapping, functions: Mapping, number: Callable) -> T:  # type: ignore[type-var]
    match node:
        case ast.Constant(value=value) if isinstance(value, (int, float)) and not isinstance(value, bool):
            return number(value)
        case ast.Name(id=name) if name in names or name == "pi":
            return names[name] if name in names else number(np.pi)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_meaning(inner, names, functions, number)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _meaning(left, names, functions, number), _meaning(right, names, functions, number))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in functions:
            return functions[name](_meaning(argument, names, functions, number))
    raise ValueError("not a formula")


def _binary(op: ast.AST, left: T, right: T) -> T:
    meanings = {
        ast.Add: lambda a, b: a + b,
        ast.Sub: lambda a, b: a - b,
        ast.Mult: lambda a, b: a * b,
        ast.Div: lambda a, b: a / b,
        ast.Pow: lambda a, b: a**b,
    }
    if type(op) not in meanings:
        raise ValueError("not a formula")
    return meanings[type(op)](left, right)


def _formula(line: str) -> Formula:
    """A line of the table: number, formula, variables. A range holds for the variables after it; the first is 1:5."""
    name, text, variables = (part.strip() for part in line.split("|"))
    ranges, low, high = {}, 1.0, 5.0
    for word in variables.split():
        if ":" in word:
            low, high = map(float, word.split(":"))
        else:
            ranges[word] = (low, high)
    return Formula(name, text, ranges)
