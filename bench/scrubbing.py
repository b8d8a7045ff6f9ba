"""Causal scrubbing of a transformer that judges parentheses: `python bench/scrubbing.py`.

Writes docs/_measured/scrubbing.md. `--train SECONDS` trains the network first, or goes on where an
interrupted training was left (`--checkpoint`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scrutable.bench.parens import _ladder as ladder
from scrutable.bench.parens._ladder import CLAIMS, PUBLISHED, claim, kinds
from scrutable.bench.parens._strings import balanced, strings
from scrutable.bench.parens._training import keep, network, share_right, train
from scrutable.verify import Recovered, loss_recovered
from scrutable.work import generator, one_thread, write_atomically

ORDER = ("1b", "1a", "2a", "2b", "3a", "3b", "all")
ROWS = 4096


OUT = Path(__file__).parent.parent / "docs" / "_measured" / "scrubbing.md"


def main() -> None:
    """Train if asked to, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=float, metavar="SECONDS", help="of processor time")
    parser.add_argument("--checkpoint", type=Path, default=Path("parens.pt"))
    parser.add_argument("--references", type=int, default=384)
    words = parser.parse_args()
    with one_thread():
        if words.train:
            module, steps = train(words.train, words.checkpoint)
            keep(module)
            print(f"trained for {steps} steps")
        text = table(words.references)
    print(text)
    write_atomically(OUT, text.encode())


def table(references: int) -> str:
    """The ladder, measured on strings that nothing was chosen on."""
    net = network()
    find, x = (strings(ROWS, generator(2, "parens", part)) for part in ("find", "test"))
    carried = kinds(net, find)
    found = {
        name: loss_recovered(net, claim(name, carried), x, labels=balanced(x), references=references) for name in CLAIMS
    }
    some = found["1a"]
    heads = ", ".join(f"{head} {kind}" for head, kind in carried.items())
    return "\n".join(
        [
            (ladder.__doc__ or "").strip() + "\n",
            f"The network (3 layers of 2 heads, width 24) judges {share_right(net):.2%} of 20,000 fresh strings of 16 "
            f"rightly. Heads at the front: {heads}. Its loss is {some.model:.3f}, that of unrelated outputs "
            f"{some.random:.3f}; {some.n} references, 8 exchanges each, cluster bootstrap.\n",
            "| claim | loss recovered | 95% interval | loss | the claim of that name about theirs |",
            "|---|---|---|---|---|",
            *(_row(name, found[name]) for name in ORDER),
            "\nTheir order is 1b > 1a, 2a, 2b > 3a, 3b > all. Here, by whether the intervals are apart:\n",
            *(f"- {line}" for line in ordering(found)),
            "",
        ]
    )


def _row(name: str, got: Recovered) -> str:
    if got.share is None or got.interval is None:
        return f"| {name} | not measured | | {got.scrubbed:.3f} | {PUBLISHED[name]:.0%} |"
    interval = f"{got.interval.low:.1%} to {got.interval.high:.1%}"
    return f"| {name} | {got.share:.1%} | {interval} | {got.scrubbed:.3f} | {PUBLISHED[name]:.0%} |"


def ordering(found: dict[str, Recovered]) -> list[str]:
    """For each pair that is apart in the published order, whether it is here: 1b > 1a, 2a, 2b > 3a, 3b > all."""
    rungs = (("1b",), ("1a", "2a", "2b"), ("3a", "3b"), ("all",))
    lines = []
    for upper, lower in zip(rungs[:-1], rungs[1:], strict=True):
        for above in upper:
            for below in lower:
                one, two = found[above].interval, found[below].interval
                if one is None or two is None:
                    word = "not measured"
                elif one.low > two.high:
                    word = "yes"
                else:
                    word = "the other way round" if one.high < two.low else "not told apart"
                lines.append(f"{above} > {below}: {word}")
    return lines


if __name__ == "__main__":
    main()
