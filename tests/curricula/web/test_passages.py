"""Documents as rows, one rule at a time: labels, headings, questions, halves, lengths, and where a passage ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curricula.lesson import Lesson
from curricula.verifiers.contract import verify
from curricula.web.document import extract
from curricula.web.passages import passages, rows_of
from tests.curricula.web.pages import page

SOLUTION = "We divide both sides of the equation by three and find that $x = 4$ is the only solution of it."
LONG = " ".join(f"Sentence {i} says that $x_{{{i}}} = {i}$ holds." for i in range(12))


def words(n: int, first: str = "so") -> str:
    """A paragraph of `n` words, the last a formula."""
    return " ".join([first, *["word"] * (n - 2), "$x=1$"])


def cut(body: str, title: str = "Notes") -> list[tuple[str, str, str]]:
    return [(row.form, row.prompt, row.completion) for row in passages(extract(page(title, body), "u"))]


@pytest.mark.parametrize("label", ["Exercise 3.1.", "Problem (4):", "Question 2)", "Examples 1.", "Example 3a.", "Worked example 7 -", "EXERCISE"])
@pytest.mark.parametrize("answer", ["Solution.", "Answer:", "Sol.", "Solution 3.1:"])
def test_labels_of_exercise_and_solution_are_no_part_of_them(label: str, answer: str) -> None:
    assert cut(f"<p>{label} Solve $3x = 12$.</p><p>{answer} {SOLUTION}</p>") == [("exercise", "Solve $3x = 12$.", SOLUTION)]


@pytest.mark.parametrize("label", ["Theorem", "Lemma", "Proposition", "Corollary", "Claim"])
@pytest.mark.parametrize("proof", ["Proof.", "Demonstration:"])
def test_a_claim_keeps_its_name_and_its_proof_does_not(label: str, proof: str) -> None:
    assert cut(f"<p>{label} 2. If $3x = 12$ then $x = 4$.</p><p>{proof} {SOLUTION}</p>") == [("proof", f"{label} 2. If $3x = 12$ then $x = 4$.", SOLUTION)]


def test_a_solution_is_looked_for_in_the_next_five_blocks_and_not_behind_another_exercise() -> None:
    between = [f"<p>Part {i} of it.</p>" for i in range(5)]
    assert cut(f"<p>Exercise. Solve $3x = 12$.</p>{''.join(between[:4])}<p>Solution. {SOLUTION}</p>") == [("exercise", "Solve $3x = 12$.\n\n" + "\n\n".join(f"Part {i} of it." for i in range(4)), SOLUTION)]
    assert cut(f"<p>Exercise. Solve $3x = 12$.</p>{''.join(between)}<p>Solution. {SOLUTION}</p>")[0][0] == "continuation"
    assert cut(f"<p>Exercise 1. Solve it.</p><p>Exercise 2. Solve $3x = 12$.</p><p>Solution. {SOLUTION}</p>") == [("exercise", "Solve $3x = 12$.", SOLUTION)]
    assert cut(f"<p>Exercise 1.</p><p>Solution. {SOLUTION}</p>") == [], "asks nothing"


def test_a_passage_is_used_once_and_its_stretch_is_what_it_was_cut_from() -> None:
    document = extract(page("T", f"<p>Exercise 1. Show it.</p><p>Solution. {LONG}</p><p>Exercise 2. Solve $3x = 12$.</p><p>Solution. {SOLUTION}</p><p>The end.</p>"), "http://m.org/x")
    first, second = rows_of([document, replace(document, url="http://m.org/copy")])
    assert (first.source, second.source) == ("http://m.org/x#0", "http://m.org/x#1")
    assert first.check == f"Exercise 1. Show it.\n\nSolution. {LONG}"
    assert second.check == f"Exercise 2. Solve $3x = 12$.\n\nSolution. {SOLUTION}\n\nThe end." and second.completion == f"{SOLUTION}\n\nThe end."
    assert all(row.meta == {"title": "T"} and row.depth == 0 and row.verifier == "passage" for row in (first, second))


@pytest.mark.parametrize("number", ["2.3 ", "2.3.1 ", "4) ", "IV. ", "Chapter 3 ", "Section 2. ", "§ 4 ", ""])
def test_a_headings_number_is_no_part_of_it(number: str) -> None:
    assert cut(f"<h2>{number}Linear equations</h2><p>{SOLUTION}</p>") == [("section", "Notes: Linear equations", SOLUTION)]
    assert cut(f"<h2>{number}How are they solved?</h2><p>{SOLUTION}</p>") == [("question", "How are they solved?", SOLUTION)]


@pytest.mark.parametrize(
    ("title", "heading", "prompt"),
    [
        ("Algebra - Notes", "Linear equations", "Algebra: Linear equations"), ("Algebra | A site", "Fields", "Algebra: Fields"), ("Linear equations", "Linear equations in one unknown", "Linear equations in one unknown"),
        ("linear equations in one unknown", "Linear equations", "Linear equations"), ("", "Linear equations", "Linear equations"), ("A book", "Examples of groups", "A book: Examples of groups"), ("Art", "Starting over", "Art: Starting over"),
    ],
)  # fmt: skip
def test_a_section_is_asked_for_by_title_and_heading_each_said_once(title: str, heading: str, prompt: str) -> None:
    assert cut(f"<h2>{heading}</h2><p>{SOLUTION}</p>", title) == [("section", prompt, SOLUTION)]


def test_headings_that_say_nothing_or_too_much_name_no_section() -> None:
    assert cut(f"<h2>Other Examples</h2><p>{SOLUTION}</p>") == []
    fifteen = " ".join(["Equations"] * 15)
    assert cut(f"<h2>{fifteen}</h2><p>{SOLUTION}</p>") == [("section", f"Notes: {fifteen}", SOLUTION)] and cut(f"<h2>{fifteen} again</h2><p>{SOLUTION}</p>") == []
    assert cut(f"<p>Linear equations</p><p>{SOLUTION}</p>") == [], "a paragraph is no heading"


def test_a_question_has_four_to_sixty_words_and_ends_where_the_next_begins() -> None:
    for n, is_one in ((3, False), (4, True), (60, True), (61, False)):
        question = " ".join(["Who"] * n) + "?"
        assert (("question", question, SOLUTION) in cut(f"<p>{question}</p><p>{SOLUTION}</p>")) is is_one, n
    two = cut(f"<p>How is it solved?</p><p>{SOLUTION}</p><p>How is that one solved?</p><p>{SOLUTION} Done.</p>")
    assert two == [("question", "How is it solved?", SOLUTION), ("question", "How is that one solved?", f"{SOLUTION} Done.")]
    assert cut("<p>How is it solved?</p><p>By dividing both sides of it by the same thing again and again until it is done.</p>") == [], "an answer without maths"
    assert cut(f"<pre>is this a question then?</pre><p>{SOLUTION}</p>") == []


@pytest.mark.parametrize("sign", [r"\leq", "≤", "2 + 2 = 4", "$x$"])
def test_any_sign_shows_maths(sign: str) -> None:
    text = f"We divide both sides of it by three and find that a {sign} b is all that is left of it."
    assert cut(f"<h2>Linear equations</h2><p>{text}</p>") == [("section", "Notes: Linear equations", text)]
    assert cut(f"<h2>Linear equations</h2><p>{text.replace(f'a {sign} b', 'this')}</p>") == []


def test_lengths() -> None:
    head = "<h2>Linear equations</h2>"
    for n, is_one in ((11, False), (12, True), (222, True), (223, False)):  # with a prompt of three words 225 in all
        assert bool(cut(f"{head}<p>{words(n)}</p>")) is is_one, n
    assert cut(f"{head}<p>{words(100)}</p><p>{words(50)}</p>")[0][2] == f"{words(100)}\n\n{words(50)}"
    assert cut(f"{head}<p>{words(100)}</p><p>{words(51)}</p>")[0][2] == words(100), "whole blocks, 150 words"
    assert cut(f"{head}<p>{words(90)}</p><p>{words(50)}</p><p>{words(20)}</p>")[0][2] == f"{words(90)}\n\n{words(50)}"
    assert cut(f"<p>Exercise. Solve it.</p><p>Solution. {words(100)}</p><p>{words(51)}</p>")[0][2] == words(100), "the solution's own words count"


def test_where_a_passage_ends() -> None:
    head, more = f"<h2>Linear equations</h2><p>{SOLUTION}</p>", "<p>More of it.</p>"
    only = [("section", "Notes: Linear equations", SOLUTION)]
    for ending in ("<h3>Others</h3>", "<pre>x = y + 1\nz = 2</pre>", "<p>double solve(a, b)</p>", "<p>solve(a, b) -&gt; float</p>", "<p>Exercise 5. Go on.</p>", "<p>Lemma 5. It goes on.</p>", "<p>For example:</p><pre>x</pre>"):
        assert cut(head + ending + more) == only, ending
    aside = "We solve the other one (so that $x = 1$)"
    assert cut(f"{head}<p>{aside}</p>") == [("section", "Notes: Linear equations", f"{SOLUTION}\n\n{aside}")], "a formula in brackets is no signature"
    claims = cut(f"<p>Lemma 1. It holds.</p><p>Proof. {SOLUTION}</p><p>Lemma 2. It holds too.</p>")
    assert claims == [("proof", "Lemma 1. It holds.", SOLUTION)]


def halves(text: str) -> tuple[str, str] | None:
    found = [row for row in cut("".join(f"<p>{part}</p>" for part in text.split("\n\n"))) if row[0] == "continuation"]
    return (found[0][1], found[0][2]) if found else None


def test_a_longer_passage_is_cut_near_its_middle_at_the_end_of_a_sentence() -> None:
    a, b = "One " + "word " * 16 + "$x=1$.", "Two " + "word " * 16 + "$y=1$."
    assert halves(f"{a} {b}") == (a, b) and halves(f"{a} {b.replace(' word', '', 1)}") is None, "36 words at least"
    assert halves(f"{a.replace('$x=1$', 'x')} {b.replace('$y=1$', 'y')}") is None, "no maths"
    assert cut(f"<ul><li>{a} {b}</li></ul>") == [], "a list is no running text"
    third = "Three " + "word " * 40 + "$z=1$."
    assert halves(f"{a} {b} {third}") == (f"{a} {b}", third), "the end that is nearest to the middle"
    early = "One word or so, e.g. " + "word " * 16 + "$x=1$."
    assert halves(f"{early} {b} {b}")[0] in (early, f"{early} {b}"), "a small letter begins no sentence"
    assert halves(f"One {'word ' * 20}etc. and so on {'word ' * 12}$x=1$") is None
    assert halves(f"{a[:-1]}\n\n{b}") == (a[:-1], b), "nor does a paragraph need a full stop"
    inside = "One " + "word " * 18 + r"$x = \text{one. Two}$ " + "word " * 18 + "holds."
    assert halves(inside) is None, "never inside a formula"
    bare = "$" + "x + " * 20 + "1$. " + "Two " + "word " * 25 + "end."
    assert halves(bare) is None, "a formula alone opens nothing"


def test_the_verifier_holds_each_part_to_its_own_place() -> None:
    row = Lesson("One two three.", "Four five six.", "Four five six.", "web_math", 0, "passage", check="One two\nthree.\n\nFour  five six.", check_kind="gold", operator="exercise", source="u#0", meta={"title": "Algebra"})
    assert verify(row).outcome == "pass"
    assert verify(replace(row, completion="three. Four five six.")).outcome == "fail", "no word serves twice"
    assert verify(replace(row, prompt="Algebra: One two three.")).outcome == "fail" and verify(replace(row, prompt="Algebra: One two three.", operator="section")).outcome == "pass", "a title stands before a section alone"
