"""Labelled pages: mathematics in every markup, and what each filter is there to refuse."""

from __future__ import annotations

from pathlib import Path

from curricula.anchors.lm_eval_exemplars import read_exemplars

SURROUNDINGS = '<nav><a href="/">Home</a> <a href="/a">About us</a> <a href="/b">Contact</a></nav>'
FOOTER = "<footer>Copyright 2020. All rights reserved. <a href='/p'>Privacy</a></footer>"
MATHJAX = '<script src="https://cdn.example.org/MathJax.js?config=TeX-AMS_HTML"></script>'


def page(title: str, body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html lang=en><head><title>{title}</title>{head}</head><body>{SURROUNDINGS}<div id=content><h1>{title}</h1>{body}</div>{FOOTER}</body></html>"


MATHS = {
    "quadratic": page("Quadratic equations", r"""<p>A quadratic equation has the form \(ax^2+bx+c=0\) with \(a \neq 0\). We complete the square to solve it: divide by \(a\), move the constant
term to the other side, and add \(b^2/(4a^2)\) to both sides. The equation then says that a square is equal to a known number.</p><p>\[x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}\]</p>
<p>If the discriminant \(b^2-4ac\) is positive there are two real solutions, if it is zero there is one, and if it is negative there is no real solution.</p>""", MATHJAX),
    "triangle": page("The sum of the angles", r"""<p>Theorem. The angles of a triangle add up to two right angles.</p><p>Proof. Let the triangle be <span class="math inline">\(ABC\)</span> and draw the line through
the point <span class="math inline">\(C\)</span> that is parallel to the side <span class="math inline">\(AB\)</span>. The alternate angles at this line are equal to the angles at A and B, so the three angles
together make a straight angle, which is equal to two right angles.</p><p>It follows that no triangle has two obtuse angles.</p>"""),
    "sum": page("Sums of odd numbers", """<p>Exercise 1. Show that the sum of the first n odd numbers is a square.</p><p>Solution. We use induction. For n = 1 the sum is 1, which is the square of 1. If the sum of the first n odd numbers is
n<sup>2</sup>, then adding the next odd number 2n + 1 gives n<sup>2</sup> + 2n + 1 = (n + 1)<sup>2</sup>, and this is what was to be shown for the next number. Hence the statement is true for all n by the
principle of induction.</p><p>The same argument shows that the sum of the first n numbers is n(n + 1)/2, so that the first hundred numbers add up to 5050.</p>"""),
    "euler": page("Euler's formula", r"""<p>How are the exponential function and the trigonometric functions related?</p><p>They are related by the formula of Euler, <math><semantics><mrow><msup><mi>e</mi><mrow><mi>i</mi><mi>x</mi></mrow></msup>
<mo>=</mo><mi>cos</mi><mi>x</mi><mo>+</mo><mi>i</mi><mi>sin</mi><mi>x</mi></mrow><annotation encoding="application/x-tex">e^{ix}=\cos x+i\sin x</annotation></semantics></math>, which holds for every real number x.
To prove it, write the power series of both sides and compare the terms of equal degree. For x equal to pi we get that the sum of this power and one is zero.</p>"""),
    "binomial": page("Binomial coefficients", """<p>The number of ways to choose k of n things is the binomial coefficient <math><mrow><mo>(</mo><mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac><mo>)</mo></mrow></math>. There are
<math><mrow><mi>n</mi><mo>!</mo></mrow></math> ways to order n things, and an order of the chosen ones and of the others does not matter, so we divide by the number of both. This gives
<math display="block"><mrow><mfrac><mrow><mi>n</mi><mo>!</mo></mrow><mrow><mi>k</mi><mo>!</mo><mo>(</mo><mi>n</mi><mo>−</mo><mi>k</mi><mo>)</mo><mo>!</mo></mrow></mfrac></mrow></math> for every k between 0 and n.</p>"""),
    "integral": page("The area under a parabola", r"""<p>The area under the graph of the function is the integral <img class="tex" alt="\int_0^1 x^2\,dx" src="eq1.png">, and since the derivative of one third of the cube is the square, the
fundamental theorem of calculus says that it is <img alt="$\frac{1}{3}$" src="form_7.png">. We can also find it as the limit of sums of rectangles: divide the interval into n equal parts and add the areas
of the rectangles of each part.</p>"""),
    "primes": page("There are infinitely many primes", r"""<p>Suppose that there were only finitely many primes <span class="katex"><span class="katex-mathml"><math><semantics><mrow><msub><mi>p</mi><mn>1</mn></msub></mrow><annotation
encoding="application/x-tex">p_1, \ldots, p_n</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">p1,…,pn</span></span>. The number one larger than their product is divisible by none of them, as the
remainder is one each time. But every number larger than one has a prime divisor, so there is another prime. This contradiction proves that the set of primes is infinite.</p>"""),
    "probability": page("Two dice", r"""<p>Problem. Two fair dice are thrown. What is the probability that the sum is 7?</p><p>Answer. There are $6 \cdot 6 = 36$ equally likely outcomes, and the sum is 7 in six of them: for each number on the
first die there is exactly one number on the second. So the probability is $6/36 = 1/6$. The expected value of the sum is 7 as well, because the expected value of one die is $7/2$.</p>"""),
    "matrix": page("The determinant", """<p>The determinant of a square matrix is zero if and only if its columns are linearly dependent. For a matrix of two rows it is <script type="math/tex">ad - bc</script>, the area of the parallelogram
that the columns span, with a sign. If one column is multiplied by a number the determinant is multiplied by the same number: <script type="math/tex; mode=display">\\det(\\lambda A) = \\lambda^n \\det A</script> for a matrix with
n rows. The determinant of a product is the product of the determinants.</p>"""),
    "plain": page("Greatest common divisors", """<p>The greatest common divisor of two integers does not change if a multiple of one integer is added to the other. So we divide the larger by the smaller and keep the remainder, and repeat this until the
remainder is zero; the last divisor is the greatest common divisor. For 84 and 30 we get 84 = 2 * 30 + 24, then 30 = 1 * 24 + 6, then 24 = 4 * 6 + 0, so that it is 6. This algorithm is fast: 12 * 5 = 60 and 60 / 12 = 5. The equation
x + y = 6 then has a solution in multiples, 84 * 3 - 30 * 8 = 12, and the proof of the theorem is by induction on the integer.</p>"""),
}  # fmt: skip

_ORDINARY = {
    "bread": "Mix the flour with the water and let the dough rest in a warm kitchen until it has doubled. Fold it four times, shape a loaf and bake it in a hot oven until the crust is brown. My grandmother baked it every Friday for the whole village, and the children were given the warm ends.",
    "prices": "The blue jacket costs $40 and the red one $55 in our shop, and there is a discount for members of the club. Shipping within the country is free above $100, and parcels are sent on the same day if you order before noon. Returns are accepted within a month.",
    "film": "The film was shown for the first time in the summer and the critics liked it less than the audience did. The actors trained for months to play the fights themselves. In the second part the heroes leave the city and cross the desert, chased by the soldiers of the king.",
    "town": "The old town lies on a hill above the river and is surrounded by a wall from the Middle Ages. Visitors come for the cathedral, the market and the wine. A small train takes them from the harbour to the castle, where a museum shows how the fishermen lived.",
    "football": "The home team scored early and defended well until the break. After a red card the guests had more of the ball, but the goalkeeper stopped every shot. The coach praised the young players and said that the next match in the cup would be harder.",
    "garden": "Roses want sun, deep soil and water in dry weeks. Cut the dead wood in early spring and take away leaves with black spots, or the disease will come back. A layer of straw keeps the ground moist, and lavender between the bushes keeps the insects away.",
    "law": "The court held that the contract was void because the seller had hidden the damage. The buyer may claim back what was paid and need not pay for the use of the house. The judgment is not final, and the parties have a month to appeal to the higher court.",
    "software": "Click the button to install the program and restart your computer. The window shows your folders on the left and the messages on the right. If the download stops, check the network cable and try again, or ask the person who looks after the office computers.",
}  # fmt: skip
ORDINARY = {name: page(name.title(), f"<p>{text}</p><p>Read more about it in our next letter to the readers, which comes every month.</p>") for name, text in _ORDINARY.items()}
DECOYS = {name: page(name.title(), rf'<p>{text}</p><p><img class="tex" alt="\heartsuit" src="h.png"> \(\star\) Thank you for reading and see you soon.</p>') for name, text in _ORDINARY.items()}
"""Ordinary pages that carry a formula as an ornament: the signs of maths let them through, the words must not."""

FOREIGN = {
    "de": page("Quadratische Gleichungen", r"<p>Eine quadratische Gleichung hat die Form \(ax^2+bx+c=0\) mit einer Zahl \(a\), die nicht null ist. Wir lösen sie mit der quadratischen Ergänzung: man teilt durch die erste Zahl und bringt die letzte auf die andere Seite der Gleichung, und dann zieht man auf beiden Seiten die Wurzel.</p>"),
    "fr": page("Nombres premiers", r"<p>Un nombre premier est un nombre plus grand que \(1\) qui n'a pas d'autre diviseur que lui et \(1\). On montre que la suite des nombres premiers est infinie en supposant le contraire : le produit de tous ces nombres plus un n'est divisible par aucun d'eux, ce qui est impossible.</p>"),
    "es": page("La derivada", r"<p>La derivada de una funci&oacute;n en un punto \(x\) es el l&iacute;mite de los cocientes \(\frac{f(x+h)-f(x)}{h}\) cuando el incremento tiende a cero. Si la derivada es positiva en todo el intervalo, entonces la funci&oacute;n crece; si es negativa, la funci&oacute;n decrece en este intervalo.</p>"),
}  # fmt: skip
JUNK = {
    "keywords": page("xq", r"<p>\(x\) zqwx vbnk plkj qwzx mnbv xkcd jhgf zxqv kjhw qzxv wvbk xzqj pqwx kvzj xqwv zkjb vqxz wjkq xvzb qjwk zvxq bkjw qxzv jkwq vzxb kqjw xzvq bjkw zqxv kwjb</p>"),
    "bytes": page("dump", r"<p>\(x\) dGhlIHF1aWNr IGJyb3duIGZv eCBqdW1wcyBv dmVyIHRoZSBs YXp5IGRvZyBh bmQgcnVucyBh d2F5IGZyb20g dGhlIGZhcm0g aW50byB0aGUg Zm9yZXN0IHdo ZXJlIGl0IHNs ZWVwcyBhbGwg ZGF5IGxvbmcg dW50aWwgaXQg</p>"),
}  # fmt: skip
TOOLS = {
    "genindex.html": page("Index", r"<p>\(a\) " + "A function of the library that is named here. " * 12 + "</p>"),
    "short.html": page("Stub", r"<p>\(x^2\)</p>"),
    "lost.html": page("Page not found", r"<p>\(x\) 404 not found. " + "The page that you asked for has been moved or was taken down by its author, please use the search. " * 3 + "</p>"),
    "table.html": page("Table", r"<p>\(x\)</p><table>" + "".join(f"<tr><td>{i}</td><td>{i * i}</td><td>{i**3}</td></tr>" for i in range(60)) + "</table>"),
    "code.html": page("Listing", r"<p>\(x\) " + "This listing is long and the words around it are few, but there are some. " * 4 + "</p><pre>" + "x = f(x) + 1\n" * 200 + "</pre>"),
    "echo.html": page("Echo", r"<p>\(x\)</p>" + "<p>The same line of words again and again.</p>" * 30),
}  # fmt: skip

SUBJECTS = ("abstract_algebra", "college_mathematics", "elementary_mathematics", "high_school_mathematics", "high_school_statistics", "formal_logic")
OTHERS = ("history", "law", "marketing", "nutrition", "sociology", "jurisprudence", "management", "virology", "world_religions", "public_relations", "us_foreign_policy", "prehistory")


def write_texts(folder: Path) -> tuple[str, str]:
    """Seed text and ordinary text as files: human-written exemplars of mathematical and of other subjects."""
    rows = read_exemplars("mmlu_flan_cot")
    maths = [row for row in rows if any(f"/{subject}#" in row.source for subject in SUBJECTS)] + read_exemplars("gsm8k_cot")
    other = [row for row in rows if any(subject in row.source for subject in OTHERS)]
    for name, chosen in (("seed.txt", maths), ("other.txt", other)):
        (folder / name).write_text("\n\n".join(f"{row.prompt}\n{row.completion}" for row in chosen), encoding="utf-8")
    return str(folder / "seed.txt"), str(folder / "other.txt")
