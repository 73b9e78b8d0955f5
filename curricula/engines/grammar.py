"""Forms and meanings of single words: plural, past tense, comparative, opposite, article, what kind of thing.

Common forms come first in every table, so difficulty 0 asks for `cat -> cats` and difficulty 1 reaches
`ox -> oxen`.
"""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, words
from curricula.engines.vocabulary import KINDS, PLAIN_WORDS

# ---- material -------------------------------------------------------------------------------------------


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`a:b c:d` as pairs; an underscore stands for a space."""
    return tuple(
        (a.replace("_", " "), b.replace("_", " ")) for a, b in (entry.split(":") for entry in text.split())
    )


IRREGULAR_PLURALS = _pairs(
    """man:men woman:women child:children foot:feet tooth:teeth mouse:mice goose:geese person:people sheep:sheep
    fish:fish deer:deer knife:knives wife:wives life:lives wolf:wolves leaf:leaves shelf:shelves half:halves calf:calves
    loaf:loaves thief:thieves scarf:scarves elf:elves hero:heroes potato:potatoes tomato:tomatoes echo:echoes
    ox:oxen louse:lice cactus:cacti crisis:crises oasis:oases series:series species:species"""
)
REGULAR_NOUNS = words("""cat dog book car tree house hand girl boy school friend table apple river game song letter ship lamp bird
    key wall road door cup hat window chair flower train plane computer teacher farmer doctor king queen box fox bus
    glass dress church watch dish brush bench peach class wish lunch kiss tax beach coach city baby lady story party
    country family berry cherry puppy army copy body fly spy day boy toy monkey key valley donkey tray""")
IRREGULAR_PAST = _pairs(
    """go:went eat:ate see:saw take:took give:gave come:came make:made run:ran say:said get:got know:knew think:thought
    find:found tell:told feel:felt leave:left bring:brought begin:began keep:kept hold:held write:wrote stand:stood
    hear:heard meet:met sit:sat speak:spoke lose:lost pay:paid buy:bought send:sent build:built fall:fell grow:grew
    catch:caught teach:taught sell:sold drink:drank sing:sang swim:swam ride:rode drive:drove break:broke choose:chose
    fly:flew throw:threw draw:drew forget:forgot sleep:slept wear:wore win:won feed:fed fight:fought hide:hid ring:rang
    rise:rose shake:shook shine:shone shoot:shot steal:stole stick:stuck sweep:swept swing:swung tear:tore wake:woke
    bite:bit blow:blew dig:dug freeze:froze hang:hung lead:led lend:lent sink:sank slide:slid spend:spent spin:spun
    spring:sprang weave:wove bind:bound creep:crept flee:fled kneel:knelt seek:sought weep:wept"""
)
REGULAR_VERBS = words("""walk talk play help look work jump call ask open clean cook wash watch start finish paint pull push climb laugh
    listen learn visit rain point count touch kick shout wait want need dance bake close smile hope live love use arrive
    move invite chase carry cry try hurry study marry worry copy reply stop plan drop clap hug shop beg trip grab
    nod skip rub""")
DOUBLED = frozenset(words("stop plan drop clap hug shop beg trip grab nod skip rub"))
COMPARATIVES = _pairs(
    """tall:taller small:smaller long:longer short:shorter fast:faster slow:slower old:older young:younger cold:colder
    warm:warmer strong:stronger weak:weaker high:higher low:lower hard:harder soft:softer rich:richer poor:poorer
    clean:cleaner dark:darker light:lighter loud:louder quiet:quieter sharp:sharper deep:deeper bright:brighter
    big:bigger hot:hotter thin:thinner fat:fatter wet:wetter sad:sadder happy:happier easy:easier heavy:heavier
    busy:busier dirty:dirtier early:earlier funny:funnier pretty:prettier nice:nicer large:larger wide:wider safe:safer
    brave:braver good:better bad:worse far:farther"""
)
OPPOSITES = _pairs(
    """hot:cold big:small up:down left:right day:night black:white open:closed happy:sad fast:slow old:young in:out
    high:low long:short full:empty hard:soft light:dark wet:dry rich:poor clean:dirty good:bad yes:no tall:short
    early:late near:far top:bottom first:last push:pull win:lose buy:sell love:hate start:stop begin:end inside:outside
    true:false right:wrong strong:weak loud:quiet heavy:light thick:thin wide:narrow deep:shallow safe:dangerous
    easy:difficult sweet:bitter alive:dead asleep:awake above:below before:after always:never north:south east:west
    summer:winter morning:evening brother:sister king:queen front:back enter:leave arrive:depart remember:forget
    question:answer friend:enemy war:peace truth:lie laugh:cry float:sink give:take smooth:rough tight:loose brave:cowardly
    sharp:blunt cheap:expensive polite:rude noisy:silent ancient:modern increase:decrease accept:refuse attack:defend
    import:export maximum:minimum success:failure victory:defeat lend:borrow expand:shrink generous:stingy temporary:permanent
    guilty:innocent visible:invisible possible:impossible public:private horizontal:vertical ascend:descend major:minor
    tame:wild raw:cooked crowded:deserted cruel:kind lazy:hardworking proud:humble hero:villain entrance:exit profit:loss"""
)
AMBIGUOUS = frozenset(words("light short right left"))
"""Words with two opposites; asked for never, given as answers only."""
KIND_ANSWERS = (
    "fruit", "vegetable", "animal", "bird", "insect", "color", "tool", "vehicle", "sport", "job", "country",
    "metal", "drink", "shape", "flower", "tree", "piece of clothing", "musical instrument", "piece of furniture", "body part", "fish",
)  # fmt: skip
OVERLAPPING = (
    {"animal", "bird", "fish", "insect"},
    {"fruit", "vegetable", "tree", "flower", "color", "drink"},
    {"color", "metal"},
    {"sport", "vehicle"},
)
"""Kinds that share members in somebody's eyes: never offered against each other."""


def _overlaps(a: str, b: str) -> bool:
    return a == b or any(a in group and b in group for group in OVERLAPPING)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _graded(rng: Random, table: tuple, difficulty: float):
    """An entry of a table sorted from common to rare: the reachable part grows with difficulty."""
    return table[rng.randrange(max(8, round(len(table) * (0.3 + 0.7 * difficulty))))]


def regular_plural(noun: str) -> str:
    """The rule's plural: -s, -es after a hiss, -ies after consonant and y."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def regular_past(verb: str) -> str:
    """The rule's past tense: -ed, -d, -ied, with the doubled consonant of `stopped`."""
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + (verb[-1] if verb in DOUBLED else "") + "ed"


# ---- wordings -------------------------------------------------------------------------------------------

PLURAL = (
    'what is the plural of "{word}"?',
    "what is the plural form of {word}?",
    "one {word}, two what?",
    "write the word {word} in the plural.",
    "if there is more than one {word}, what do you call them?",
    "make this noun plural: {word}.",
    "how do you say {word} when there are many?",
)
SINGULAR = (
    "what is the singular of {plural}?",
    "many {plural}, but only one what?",
    "write the word {plural} in the singular.",
    "if you have just one of these {plural}, what do you call it?",
)
PAST_TENSE = (
    'what is the past tense of "{word}"?',
    "put the verb {word} into the past tense.",
    "today I {word}; yesterday I did what? Say the verb in the past.",
    "write the past form of {word}.",
    "how do you say the verb {word} if it happened yesterday?",
    "change to the past tense: {word}.",
    "today they {word}. Yesterday they ...?",
)
COMPARATIVE = (
    "what is the comparative of {word}?",
    "write the comparative form of the adjective {word}.",
    "this one is {word}, but that one is even ...?",
    "change {word} to the form used for comparing two things.",
)
OPPOSITE = (
    'what is the opposite of "{word}"?',
    "give the antonym of {word}.",
    "which word means the opposite of {word}?",
    "not {word}, but quite the opposite. Which word is it?",
    "what word is opposite in meaning to {word}?",
    "name the opposite: {word}.",
)
ARTICLE = (
    'which is right before the word "{word}": a or an?',
    "a or an: ___ {word}?",
    "do you say a {word} or an {word}? Name the right article.",
    "fill in a or an: I see ___ {word}.",
)
CATEGORY = (
    "what kind of thing is {article} {word}: {options}?",
    "in which of these groups would you put {word}: {options}?",
    "which group does {word} belong to: {options}?",
    "sort {word} into one of these groups: {options}.",
    "{word}: is it {options_articles}?",
    "choose the right category for {word}: {options}.",
)
KIND_OF = (
    "what kind of thing is {article} {word}?",
    "in one word, what category does {word} belong to?",
    "what do we call things like {examples}?",
    "{examples} are all examples of what kind of thing?",
)
IS_KIND = (
    "is {article} {word} {kind_article} {kind}?",
    "does {word} count as {kind_article} {kind}?",
    "is it true that {article} {word} is {kind_article} {kind}?",
    "would you find {word} in a list where each entry is {kind_article} {kind}?",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _noun(rng: Random, difficulty: float) -> tuple[str, str]:
    if rng.random() < 0.25 + 0.5 * difficulty:
        return _graded(rng, IRREGULAR_PLURALS, difficulty)
    noun = _graded(rng, REGULAR_NOUNS, difficulty)
    return noun, regular_plural(noun)


def _plural(rng: Random, difficulty: float) -> Draw:
    noun, plural = _noun(rng, difficulty)
    wrong = tuple(w for w in (noun + "s", noun + "es", noun) if w != plural)
    return Draw({"word": noun}, plural, f"One {noun}, two {plural}.", {"noun": noun}, wrong)


def _singular(rng: Random, difficulty: float) -> Draw:
    while (pair := _noun(rng, difficulty)) and pair[0] == pair[1]:
        continue
    noun, plural = pair
    return Draw({"plural": plural}, noun, f"One {noun}, two {plural}.", {"plural": plural})


def _past_tense(rng: Random, difficulty: float) -> Draw:
    if rng.random() < 0.45 + 0.3 * difficulty:
        verb, past = _graded(rng, IRREGULAR_PAST, difficulty)
    else:
        verb = _graded(rng, REGULAR_VERBS, difficulty)
        past = regular_past(verb)
    wrong = tuple(w for w in (verb + "ed", verb + "s", verb) if w != past)
    return Draw({"word": verb}, past, f"Today I {verb}, yesterday I {past}.", {"verb": verb}, wrong)


def _comparative(rng: Random, difficulty: float) -> Draw:
    word, answer = _graded(rng, COMPARATIVES, difficulty)
    wrong = tuple(w for w in (f"more {word}", f"{word}est", f"{word}er") if w != answer)
    return Draw({"word": word}, answer, f"{word.capitalize()}, then {answer}.", {"word": word}, wrong)


def _opposite(rng: Random, difficulty: float) -> Draw:
    a, b = _graded(rng, OPPOSITES, difficulty)
    if rng.random() < 0.5 and b not in AMBIGUOUS or a in AMBIGUOUS:
        a, b = b, a
    if a in AMBIGUOUS:
        a, b = "hot", "cold"
    return Draw({"word": a}, b, f"{a.capitalize()} and {b} are opposites.", {"word": a}, (a,))


def _article_choice(rng: Random, difficulty: float) -> Draw:
    word = rng.choice(
        [
            w
            for w in (*PLAIN_WORDS, *KINDS["fruit"], *KINDS["animal"])
            if not w.startswith(("h", "u", "eu", "one"))
        ]
    )
    answer = _article(word)
    steps = f"{word} begins with {word[0]}, a {'vowel' if answer == 'an' else 'consonant'}."
    return Draw({"word": word}, answer, steps, {"word": word}, ("a" if answer == "an" else "an",))


def _member(rng: Random, difficulty: float) -> tuple[str, str]:
    """A thing and its kind; the rarer kinds come with difficulty."""
    kind = _graded(rng, KIND_ANSWERS, difficulty)
    return rng.choice(KINDS[kind]), kind


def _category(rng: Random, difficulty: float) -> Draw:
    word, kind = _member(rng, difficulty)
    rest = [k for k in KIND_ANSWERS if not _overlaps(k, kind)]
    options = [kind, *rng.sample(rest, 1 + (difficulty > 0.2) + (difficulty > 0.6))]
    rng.shuffle(options)
    joined = ", ".join(options[:-1]) + f" or {options[-1]}"
    with_articles = [f"{_article(option)} {option}" for option in options]
    slots = {
        "word": word,
        "article": _article(word.lower()),
        "options": joined,
        "options_articles": ", ".join(with_articles[:-1]) + f" or {with_articles[-1]}",
    }
    steps = f"{word.capitalize()} is {_article(kind)} {kind}."
    return Draw(
        slots, kind, steps, {"word": word, "options": options}, tuple(o for o in options if o != kind)
    )


def _kind_of(rng: Random, difficulty: float) -> Draw:
    word, kind = _member(rng, difficulty)
    examples = rng.sample(KINDS[kind], 3)
    slots = {
        "word": word,
        "article": _article(word.lower()),
        "examples": f"{examples[0]}, {examples[1]} and {examples[2]}",
    }
    return Draw(slots, kind, f"That is {_article(kind)} {kind}.", {"word": word})


def _is_kind(rng: Random, difficulty: float) -> Draw:
    word, kind = _member(rng, difficulty)
    is_true = rng.random() < 0.5
    asked = kind
    if not is_true:
        asked = rng.choice([k for k in KIND_ANSWERS if not _overlaps(k, kind)])
    slots = {"word": word, "article": _article(word.lower()), "kind": asked, "kind_article": _article(asked)}
    steps = f"{word.capitalize()} is {_article(kind)} {kind}."
    return Draw(
        slots, "yes" if is_true else "no", steps, {"word": word, "kind": asked}, ("no" if is_true else "yes",)
    )


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("plural", "grammar", PLURAL, _plural),
    SkillEngine("singular", "grammar", SINGULAR, _singular),
    SkillEngine("past_tense", "grammar", PAST_TENSE, _past_tense),
    SkillEngine("comparative", "grammar", COMPARATIVE, _comparative),
    SkillEngine("opposite", "grammar", OPPOSITE, _opposite),
    SkillEngine("article", "grammar", ARTICLE, _article_choice),
    SkillEngine("category", "grammar", CATEGORY, _category),
    SkillEngine("kind_of", "grammar", KIND_OF, _kind_of),
    SkillEngine("is_kind", "grammar", IS_KIND, _is_kind),
)
