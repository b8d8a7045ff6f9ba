"""The highlighter marks tokens and changes nothing else."""

from __future__ import annotations

import html
import re
import time

from hypothesis import given
from hypothesis import strategies as st

from scrutable.report._highlight import LONGEST, highlight

PIECES = st.sampled_from(['"', "'", '"""', "#", "\\", "\n", "<", ">", "&", "def f", "0.5e3", "x", " ", "</code>"])


def plain(marked: str) -> str:
    return html.unescape(re.sub(r"</?span[^>]*>", "", marked))


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_removing_the_marks_gives_the_source(source: str) -> None:
    assert plain(highlight(source)) == source


def test_marks() -> None:
    marked = highlight('def f(x):\n    return max(x, 1.5)  # "why"')
    assert '<span class="k">def</span> <span class="f">f</span>' in marked
    assert '<span class="b">max</span>' in marked
    assert '<span class="n">1.5</span>' in marked
    assert '<span class="c"># &#34;why&#34;</span>' in marked


def test_markup_is_escaped() -> None:
    assert "<script>" not in highlight("<script>'<script>'#<script>")


def test_long_and_awkward_sources_are_quick() -> None:
    started = time.process_time()
    highlight('"""' * (LONGEST // 3))
    highlight("x" * (LONGEST + 1))
    highlight("'" + "\\" * 50_000)
    assert time.process_time() - started < 5
