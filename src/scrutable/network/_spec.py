"""Domains read from text. The text is parsed as data; nothing in it is executed."""

from __future__ import annotations

import ast
import warnings

from scrutable.errors import UserError
from scrutable.network._domain import Domain
from scrutable.network._domain_blocks import Columns, Image
from scrutable.network._domain_labels import Category, Tokens
from scrutable.network._domain_numbers import Bits, Integers, Reals

LEAVES: dict[str, type[Domain]] = {
    leaf.__name__: leaf for leaf in (Bits, Integers, Reals, Tokens, Category, Image, Columns)
}
LONGEST = 100_000
EXAMPLE = "Integers(0, 9, length=10, channels=2)"


def domain_from_spec(text: str) -> Domain:
    """The domain that `Domain.spec` printed, or that a person wrote in the same form.

    Raises:
        UserError: not a domain, or one with arguments that cannot be used.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        what = f"text of {len(text)} characters" if isinstance(text, str) else f"a {type(text).__name__}"
        raise UserError(f"got {what}, expected a domain of at most {LONGEST} characters, such as {EXAMPLE}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call = ast.parse(text.strip(), mode="eval").body
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in LEAVES:
                raise UserError(f"got {text[:80]!r}, expected one of {', '.join(LEAVES)}, such as {EXAMPLE}")
            arguments = [ast.literal_eval(a) for a in call.args]
            options = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
            return LEAVES[call.func.id](*arguments, **options)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, OverflowError) as error:
        raise UserError(f"got {text[:80]!r}, expected a domain such as {EXAMPLE}; {str(error)[:100]}") from error


def as_domain(domain: Domain | str, *, what: str) -> Domain:
    """A domain, given as one or as its spec.

    Raises:
        UserError: neither.
    """
    if isinstance(domain, Domain):
        return domain
    if isinstance(domain, str):
        return domain_from_spec(domain)
    raise UserError(f"got {type(domain).__name__} as {what}, expected a domain such as {EXAMPLE}")
