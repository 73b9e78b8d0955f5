"""Letters inside a word and in the alphabet: first, last, n-th, how many, reversed, position in A to Z."""

from __future__ import annotations

from random import Random
from string import ascii_lowercase

from curricula.engines.contract import Draw, SkillEngine, scaled, words
from curricula.engines.vocabulary import KINDS, PLAIN_WORDS

# ---- material -------------------------------------------------------------------------------------------

POOL = tuple(
    sorted(
        {
            *PLAIN_WORDS,
            *(
                w
                for kind in ("fruit", "vegetable", "animal", "bird", "tool", "flower", "tree", "job")
                for w in KINDS[kind]
            ),
        }
    )
)
ORDINALS = words("first second third fourth fifth sixth seventh eighth ninth")
VOWELS = "aeiou"


def _word(rng: Random, difficulty: float, shortest: int = 3) -> str:
    """A word whose length follows the difficulty: 3 to 5 letters when easy, up to 11 when hard."""
    low, high = scaled(shortest, 6, difficulty), scaled(5, 11, difficulty)
    return rng.choice([word for word in POOL if low <= len(word) <= high])


def _spelled(word: str) -> str:
    return "-".join(word)


def _other_letters(rng: Random, word: str, answer: str) -> tuple[str, ...]:
    return tuple(sorted(set(word) - {answer})) + (rng.choice([c for c in ascii_lowercase if c not in word]),)


# ---- wordings -------------------------------------------------------------------------------------------

FIRST_LETTER = (
    'what is the first letter of the word "{word}"?',
    "which letter does {word} begin with?",
    "name the letter at the start of {word}.",
    "the word {word} starts with which letter?",
    "what letter comes first when you spell {word}?",
)
LAST_LETTER = (
    'what is the last letter of the word "{word}"?',
    "which letter does {word} end with?",
    "name the letter at the end of {word}.",
    "the word {word} finishes with which letter?",
    "what letter comes last when you spell {word}?",
)
NTH_LETTER = (
    'what is the {ordinal} letter of the word "{word}"?',
    "which letter is {ordinal} in {word}?",
    "name letter number {n} of {word}.",
    "spell {word}. Which letter is in position {n}?",
    "if you spell out {word}, what is the {ordinal} letter?",
)
WORD_LENGTH = (
    'how many letters are in the word "{word}"?',
    "how many letters does {word} have?",
    "count the letters of {word}.",
    "the word {word} is made of how many letters?",
    "how long is the word {word}, counted in letters?",
    "what is the number of letters in {word}?",
)
COUNT_LETTER = (
    'how many times does the letter {letter} appear in "{word}"?',
    "how many {letter}'s are there in {word}?",
    "count the letter {letter} in the word {word}.",
    "how often does {letter} occur in {word}?",
    "in the word {word}, how many letters are {letter}?",
)
COUNT_VOWELS = (
    "how many vowels are in the word {word}?",
    "count the vowels in {word}.",
    "the word {word} has how many vowels?",
    "how many of the letters in {word} are vowels?",
)
HAS_LETTER = (
    "does the word {word} contain the letter {letter}?",
    'is there a {letter} in "{word}"?',
    "can you find the letter {letter} in {word}?",
    "is the letter {letter} part of the word {word}?",
    "when you spell {word}, do you need the letter {letter}?",
)
REVERSE_WORD = (
    "spell {word} backwards.",
    'write the word "{word}" in reverse.',
    "what is {word} spelled backwards?",
    "reverse the letters of {word}.",
    "turn the word {word} around, last letter first.",
    "if you read {word} from right to left, what do you get?",
)
SPELL = (
    "spell the word {word} with dashes between the letters.",
    "write {word} letter by letter, joined by dashes.",
    "put a dash between all letters of {word}.",
)
ALPHABET_POSITION = (
    "what is the position of the letter {letter} in the alphabet?",
    "which number is the letter {letter} in the alphabet?",
    "if A is 1 and B is 2, what number is {letter}?",
    "counting from A, where in the alphabet is {letter}?",
    "at what place in the alphabet does {letter} stand?",
)
ALPHABET_LETTER = (
    "which letter is number {n} in the alphabet?",
    "what is the {nth} letter of the alphabet?",
    "if A is 1 and B is 2, which letter is {n}?",
    "name the letter at position {n} of the alphabet.",
    "count {n} letters from A. Which letter do you reach?",
)
ALPHABET_NEIGHBOUR = (
    "which letter comes right {side} {letter} in the alphabet?",
    "what letter is just {side} {letter}?",
    "in the alphabet, what comes directly {side} {letter}?",
    "name the letter {side} {letter}.",
    "saying the alphabet, which letter do you say right {side} {letter}?",
)
VOWEL_OR_CONSONANT = (
    "is the letter {letter} a vowel or a consonant?",
    "{letter}: vowel or consonant?",
    "would you call {letter} a consonant or a vowel?",
    "tell me whether {letter} is a vowel or a consonant.",
)


# ---- draws ----------------------------------------------------------------------------------------------


def nth(number: int) -> str:
    """`1st`, `22nd`, `13th`."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _letter_at(rng: Random, word: str, index: int) -> Draw:
    answer = word[index]
    slots = {
        "word": word,
        "ordinal": ORDINALS[index] if index < len(ORDINALS) else nth(index + 1),
        "n": index + 1,
    }
    steps = f"{word} is spelled {_spelled(word)}."
    return Draw(slots, answer, steps, {"word": word, "index": index}, _other_letters(rng, word, answer))


def _first_letter(rng: Random, difficulty: float) -> Draw:
    return _letter_at(rng, _word(rng, difficulty), 0)


def _last_letter(rng: Random, difficulty: float) -> Draw:
    word = _word(rng, difficulty)
    return _letter_at(rng, word, len(word) - 1)


def _nth_letter(rng: Random, difficulty: float) -> Draw:
    word = _word(rng, difficulty)
    return _letter_at(rng, word, rng.randint(1, len(word) - 1))


def _count(word: str, count: int, slots: dict[str, str]) -> Draw:
    wrong = tuple(str(n) for n in (count + 1, count - 1, count + 2) if n >= 0)
    return Draw(
        {"word": word, **slots},
        str(count),
        f"{word} is spelled {_spelled(word)}: {count}.",
        {"word": word, **slots},
        wrong,
    )


def _word_length(rng: Random, difficulty: float) -> Draw:
    word = _word(rng, difficulty)
    return _count(word, len(word), {})


def _count_letter(rng: Random, difficulty: float) -> Draw:
    word = _word(rng, difficulty)
    repeated = [c for c in sorted(set(word)) if word.count(c) > 1]
    letter = rng.choice(repeated) if repeated and rng.random() < 0.6 else rng.choice(word)
    return _count(word, word.count(letter), {"letter": letter})


def _count_vowels(rng: Random, difficulty: float) -> Draw:
    while "y" in (word := _word(rng, difficulty)):  # whether y is a vowel is a matter of taste
        continue
    return _count(word, sum(c in VOWELS for c in word), {})


def _has_letter(rng: Random, difficulty: float) -> Draw:
    word = _word(rng, difficulty)
    is_in = rng.random() < 0.5
    letter = rng.choice(word if is_in else [c for c in ascii_lowercase if c not in word])
    steps = f"{word} is spelled {_spelled(word)}."
    answer = "yes" if is_in else "no"
    return Draw(
        {"word": word, "letter": letter},
        answer,
        steps,
        {"word": word, "letter": letter},
        ("no" if is_in else "yes",),
    )


def _reverse_word(rng: Random, difficulty: float) -> Draw:
    word = _word(rng, difficulty * 0.8)
    middle = len(word) // 2
    wrong = (word, word[middle:] + word[:middle], word[-1] + word[1:-1] + word[0])
    steps = f"{word} is {_spelled(word)}; from the end that is {_spelled(word[::-1])}."
    return Draw({"word": word}, word[::-1], steps, {"word": word}, tuple(w for w in wrong if w != word[::-1]))


def _spell(rng: Random, difficulty: float) -> Draw:
    word = _word(rng, difficulty)
    return Draw({"word": word}, _spelled(word), f"{word} has {len(word)} letters.", {"word": word})


def _alphabet_index(rng: Random, difficulty: float) -> int:
    return rng.randrange(scaled(10, 26, difficulty))


def _shown(rng: Random, letter: str) -> str:
    return letter.upper() if rng.random() < 0.7 else letter


def _alphabet_position(rng: Random, difficulty: float) -> Draw:
    index = _alphabet_index(rng, difficulty)
    letter = _shown(rng, ascii_lowercase[index])
    steps = f"The alphabet up to there: {' '.join(ascii_lowercase[: index + 1].upper())}."
    wrong = tuple(str(n) for n in (index, index + 2, index + 3))
    return Draw({"letter": letter}, str(index + 1), steps, {"letter": letter}, wrong)


def _alphabet_letter(rng: Random, difficulty: float) -> Draw:
    index = _alphabet_index(rng, difficulty)
    answer = ascii_lowercase[index].upper()
    steps = f"The alphabet up to there: {' '.join(ascii_lowercase[: index + 1].upper())}."
    wrong = tuple(ascii_lowercase[i].upper() for i in (index - 1, (index + 1) % 26, (index + 2) % 26))
    return Draw({"n": index + 1, "nth": nth(index + 1)}, answer, steps, {"n": index + 1}, wrong)


def _alphabet_neighbour(rng: Random, difficulty: float) -> Draw:
    index = rng.randrange(1, max(3, scaled(10, 25, difficulty)))
    side, change = rng.choice((("after", 1), ("before", -1)))
    letter, answer = _shown(rng, ascii_lowercase[index]), ascii_lowercase[index + change]
    answer = answer.upper() if letter.isupper() else answer
    steps = f"The alphabet there reads {' '.join(ascii_lowercase[index - 1 : index + 2].upper())}."
    wrong = tuple(ascii_lowercase[i % 26] for i in (index - change, index + 2 * change, index))
    wrong = tuple(c.upper() for c in wrong) if letter.isupper() else wrong
    return Draw({"letter": letter, "side": side}, answer, steps, {"letter": letter, "side": side}, wrong)


def _vowel_or_consonant(rng: Random, difficulty: float) -> Draw:
    is_vowel = rng.random() < 0.5
    letter = rng.choice(VOWELS if is_vowel else "bcdfghjklmnpqrstvwxz")
    answer, other = ("vowel", "consonant") if is_vowel else ("consonant", "vowel")
    slots = {"letter": _shown(rng, letter)}
    return Draw(slots, answer, "The vowels are a, e, i, o and u.", {"letter": letter}, (other,))


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("first_letter", "letters", FIRST_LETTER, _first_letter),
    SkillEngine("last_letter", "letters", LAST_LETTER, _last_letter),
    SkillEngine("nth_letter", "letters", NTH_LETTER, _nth_letter),
    SkillEngine("word_length", "letters", WORD_LENGTH, _word_length),
    SkillEngine("count_letter", "letters", COUNT_LETTER, _count_letter),
    SkillEngine("count_vowels", "letters", COUNT_VOWELS, _count_vowels),
    SkillEngine("has_letter", "letters", HAS_LETTER, _has_letter),
    SkillEngine("reverse_word", "letters", REVERSE_WORD, _reverse_word),
    SkillEngine("spell", "letters", SPELL, _spell),
    SkillEngine("alphabet_position", "letters", ALPHABET_POSITION, _alphabet_position),
    SkillEngine("alphabet_letter", "letters", ALPHABET_LETTER, _alphabet_letter),
    SkillEngine("alphabet_neighbour", "letters", ALPHABET_NEIGHBOUR, _alphabet_neighbour),
    SkillEngine("vowel_or_consonant", "letters", VOWEL_OR_CONSONANT, _vowel_or_consonant),
)
