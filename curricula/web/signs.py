r"""Signs of maths in a page's markup, looked for before it is parsed (OpenWebMath, Paster 2023, section 3.1).

Most pages of a crawl end here, at the cost of a few regular expressions. A maths typesetter that is merely loaded is no
sign: templates load it on every page.
"""

from __future__ import annotations

import re

FORMULA = re.compile(
    r"<math\b|<m:math|math/tex|math/mml|math/asciimath|class=[\"'][^\"']*\b(?:katex|mwe-math|MathJax|tex2jax_process|formulaInl|formulaDsp|ltx_Math)|<mjx-container"
    r"|class=[\"']?(?:[^\"'>]*\s)?(?:math|tex|latex)[\s\"'>]|data-(?:latex|tex|math)=|alt=[\"']\s*(?:\$|\\[(\[]|\{\\displaystyle)|codecogs\.com/|cht=tx|/latex\.php\?"
    r"|\\begin\{(?:equation|align|gather|multline|eqnarray|array|[pbvB]?matrix|cases)|\$\$[^$<]{2,}\$\$|\\\([^<]{1,300}?\\\)|\\\[[^<]{1,600}?\\\]"
)
COMMANDS = re.compile(r"\\(?:frac|sqrt|sum|int|prod|lim|alpha|beta|gamma|delta|epsilon|theta|lambda|mu|pi|sigma|omega|infty|partial|nabla|leq?|geq?|neq|approx|equiv|times|cdot|ldots|in|mathbb|mathbf|mathrm|left|right|vec|hat|binom|sin|cos|log|ln|exp)\b")
UNICODE = re.compile("[∑∏∫√∞≤≥≠≈≡∈∉⊂⊆∪∩∀∃∂∇⇒⇔→ℝℕℤℚℂαβγδεθλμπσφω×÷±⋅²³]|&(?:sum|prod|int|radic|infin|le|ge|ne|asymp|equiv|isin|part|nabla|times|plusmn|pi|alpha|beta|theta|lambda|sigma|sup2);")
RAISED = re.compile(r"<su[bp]\b[^>]*>\s*(?:<[^>]+>)?\s*[-+]?[0-9a-z]{1,3}\s*(?:<[^>]+>)?\s*</su[bp]>", re.IGNORECASE)
EQUATION = re.compile(r"(?<![\w=<>\"'&/])\d+(?:\.\d+)?\s*[-+*/×÷^]\s*\d+(?:\.\d+)?\s*=\s*\d|\b[a-z]\s*(?:\^\s*\d\s*)?[-+*/]\s*[a-z0-9]\s*=\s*[-+]?[a-z0-9]", re.IGNORECASE)
WORDS = re.compile(r"\b(?:theorem|lemma|corollary|proof|equation|polynomial|integral|derivative|matrix|eigenvalue|triangle|fraction|divisor|prime number|arithmetic|algebra|geometry|probability)s?\b", re.IGNORECASE)
ENOUGH = 10
"""Points that make a page worth parsing: a formula alone has them."""


def points(markup: str) -> int:
    """How many signs of maths a page's markup shows: a formula 10, a LaTeX command 3, a symbol, raised figure or equation 2, a
    word of the trade 1; each kind counts at most five times."""
    if FORMULA.search(markup):
        return ENOUGH
    kinds = ((COMMANDS, 3), (UNICODE, 2), (RAISED, 2), (EQUATION, 2), (WORDS, 1))
    return sum(weight * min(5, sum(1 for _ in zip(range(5), pattern.finditer(markup), strict=False))) for pattern, weight in kinds)


def has_maths(markup: str) -> bool:
    """Whether the page is worth parsing."""
    return points(markup) >= ENOUGH
