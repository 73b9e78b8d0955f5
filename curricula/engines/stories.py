"""Word problems of two to five steps: a tale is told sentence by sentence, and every sentence has its line of arithmetic.

Each plot (selling, comparing, shopping, wages, a journey, packing, shares of a whole, saving up, splitting a bill,
growing) has sentences that difficulty adds or leaves out. No sentence is idle. The steps say what each line computes
and why; `params["expression"]` is the whole calculation.
"""

from __future__ import annotations

from random import Random

from curricula.engines.contract import Draw, SkillEngine, log_scaled, scaled, words
from curricula.engines.vocabulary import NAMES, THINGS

# ---- material -------------------------------------------------------------------------------------------

MULTIPLES = ((2, "twice"), (3, "three times"), (4, "four times"), (5, "five times"))
PARTS = ((2, "half"), (3, "a third"), (4, "a quarter"), (5, "a fifth"), (10, "10%"), (4, "25%"), (5, "20%"), (2, "50%"))
GROUPS = ("students in a school club", "guests at a party", "visitors in a museum", "books in a library room", "trees in an orchard", "tickets in a box office",
          "cars on a parking lot", "pages in a report")  # fmt: skip
TRAITS = {"students in a school club": "wear glasses", "guests at a party": "stay for dinner", "visitors in a museum": "join the tour",
          "books in a library room": "are novels", "trees in an orchard": "bear fruit", "tickets in a box office": "are sold", "cars on a parking lot": "are electric",
          "pages in a report": "hold a picture"}  # fmt: skip
GOALS = words("bicycle camera guitar tent skateboard telescope keyboard tablet scooter saddle")
JOBS = (("works in a bakery", "hours"), ("mows lawns", "hours"), ("repairs bicycles", "hours"), ("teaches piano", "lessons"), ("walks dogs", "walks"),
        ("drives a taxi", "hours"), ("paints houses", "hours"))  # fmt: skip
BILLS = ("a cabin", "a boat", "a van", "a court", "a garden party", "a rehearsal room")
COLONIES = ("bacteria", "fish", "rabbits", "followers", "lilies", "bees")


class Tale:
    """Sentences, working and expression of one problem, as they come."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.sentences: list[str] = []
        self.steps: list[str] = []

    def say(self, *variants: str) -> None:
        """One of several ways of putting a sentence."""
        self.sentences.append(self.rng.choice(variants))

    def work(self, why: str, expression: str, value: int, unit: str = "") -> int:
        """A line of working; the value is given back."""
        self.steps.append(f"{why} {expression} = {value}{f' {unit}' if unit else ''}.")
        return value

    def draw(self, question: str, answer: int, expression: str, **slots: str) -> Draw:
        """The finished problem; wrong answers are slips and results of its earlier lines."""
        between = [line.rpartition("= ")[2].rstrip(".").split()[0] for line in self.steps[:-1]]
        wrong = tuple(dict.fromkeys(text for text in (*between, str(answer + 1), str(answer + 10), str(2 * answer)) if text != str(answer)))
        told = " ".join(sentence[0].upper() + sentence[1:] for sentence in self.sentences)
        slots = {"story": told, "question": question[0].upper() + question[1:], "question_low": question, **slots}
        return Draw(slots, str(answer), "\n".join(self.steps), {"expression": expression, "n_steps": len(self.steps)}, wrong)


# ---- wordings -------------------------------------------------------------------------------------------

FRAMES = (
    "{story} {question}",
    "{story} Given this, {question_low}",
    "{story} Now the question: {question_low}",
)


# ---- draws ----------------------------------------------------------------------------------------------


def _two(rng: Random) -> tuple[str, str]:
    one, other = rng.sample(NAMES, 2)
    return one, other


def _n(rng: Random, difficulty: float, easy: int, hard: int, least: int = 2) -> int:
    return rng.randint(least, log_scaled(easy, hard, difficulty))


def _selling(rng: Random, difficulty: float) -> Draw:
    tale, (name, friend), things = Tale(rng), _two(rng), rng.choice(THINGS)
    n_steps = rng.randint(2, scaled(3, 5, difficulty))
    kept, given, price, days = _n(rng, difficulty, 4, 12), _n(rng, difficulty, 4, 12), _n(rng, difficulty, 5, 9), _n(rng, difficulty, 4, 12)
    made = kept + given + _n(rng, difficulty, 12, 60, 4)
    tale.say(f"{name} makes {made} {things} every day.", f"every day {name}'s workshop turns out {made} {things}.", f"{name} produces {made} {things} a day.")
    left, said = made, str(made)
    if n_steps >= 4:
        tale.say(f"each day {given} of them go to {friend} as a gift.", f"{name} gives {friend} {given} of them daily.", f"{given} of these break every day.")
        left, said = tale.work(f"After those {given},", f"{made} - {given}", made - given, things), f"{made} - {given}"
    tale.say(f"{name} keeps {kept} a day and sells the rest for ${price} each.", f"the family uses {kept} of them daily, and the others are sold at {price} dollars apiece.",
             f"{kept} a day stay at home; the remaining ones sell for ${price} each.")
    left = tale.work(f"{name} sells", f"{left} - {kept}", left - kept, f"{things} a day")
    money, said = tale.work("That brings", f"{left} * {price}", left * price, "dollars a day"), f"({said} - {kept}) * {price}"
    if n_steps == 2:
        return tale.draw(f"how many dollars does {name} earn each day?", money, said)
    total = tale.work(f"In {days} days it is", f"{money} * {days}", money * days, "dollars")
    said = f"{said} * {days}"
    if n_steps == 5:
        cost = rng.randint(1, max(2, total - 1))
        tale.say(f"for {days} days the material costs ${cost}.", f"material for {days} days costs {name} {cost} dollars.")
        total, said = tale.work("Without the material,", f"{total} - {cost}", total - cost, "dollars are left"), f"{said} - {cost}"
        return tale.draw(f"how many dollars does {name} have left after {days} days?", total, said)
    return tale.draw(f"how many dollars does {name} take in over {days} days?", total, said)


def _comparing(rng: Random, difficulty: float) -> Draw:
    tale, things = Tale(rng), rng.choice(THINGS)
    people = rng.sample(NAMES, rng.randint(2, scaled(3, 4, difficulty)))
    verb = rng.choice(("has", "collected", "sold", "found"))
    first = 2 * _n(rng, difficulty, 8, 40)
    values, said = [first], [str(first)]
    clauses = [rng.choice((f"{people[0]} {verb} {first} {things}.", f"{people[0]} {verb} a total of {first} {things}."))]
    for person, other in zip(people[1:], people, strict=False):
        value, before = values[-1], said[-1]
        roll, change = rng.random(), _n(rng, difficulty, 9, 40)
        if roll < 0.35:
            times, word = MULTIPLES[rng.randrange(scaled(2, 4, difficulty))]
            clauses.append(rng.choice((f"{person} {verb} {word} as many {things} as {other}.", f"{person} {verb} {word} as many as {other}.")))
            values.append(tale.work(f"{person} {verb}", f"{value} * {times}", value * times, things))
            said.append(f"({before}) * {times}")
        elif roll < 0.55 and value % 2 == 0:
            clauses.append(rng.choice((f"{person} {verb} half as many {things} as {other}.", f"{person} {verb} only half as many as {other}.")))
            values.append(tale.work(f"{person} {verb}", f"{value} / 2", value // 2, things))
            said.append(f"({before}) / 2")
        elif roll < 0.8 or value <= change:
            clauses.append(rng.choice((f"{person} {verb} {change} more {things} than {other}.", f"{person} {verb} {change} more than {other}.")))
            values.append(tale.work(f"{person} {verb}", f"{value} + {change}", value + change, things))
            said.append(f"({before}) + {change}")
        else:
            clauses.append(rng.choice((f"{person} {verb} {change} fewer {things} than {other}.", f"{person} {verb} {change} fewer than {other}.")))
            values.append(tale.work(f"{person} {verb}", f"{value} - {change}", value - change, things))
            said.append(f"({before}) - {change}")
    if difficulty > 0.5 and rng.random() < 0.4:
        clauses.reverse()
    tale.sentences = clauses
    base = {"has": "have", "collected": "collect", "sold": "sell", "found": "find"}[verb]
    does = "do" if verb == "has" else "did"
    roll, (first, last) = rng.random(), (values[0], values[-1])
    if len(people) > 2 and roll < 0.2:
        return tale.draw(f"how many {things} {'does' if verb == 'has' else 'did'} {people[-1]} {base}?", last, said[-1])
    if len(people) > 2 and roll < 0.4 and first != last:
        (more, high), (less, low) = ((0, first), (-1, last)) if first > last else ((-1, last), (0, first))
        gap = tale.work("The difference is", f"{high} - {low}", high - low, things)
        question = f"how many more {things} {'does' if verb == 'has' else 'did'} {people[more]} {base} than {people[less]}?"
        return tale.draw(question, gap, f"({said[more]}) - ({said[less]})")
    total = tale.work("Together it is", " + ".join(map(str, values)), sum(values), things)
    asked = f"how many {things} {does} they {base} {rng.choice(('in total', 'together', 'altogether'))}?"
    return tale.draw(asked, total, " + ".join(f"({text})" for text in said))


def _shopping(rng: Random, difficulty: float) -> Draw:
    tale, (name, friend), things = Tale(rng), _two(rng), rng.sample(THINGS, 3)
    n_kinds, has_coupon, has_change = scaled(2, 3, difficulty * rng.random() + 0.2), rng.random() < difficulty, rng.random() < 0.5
    lines = [(_n(rng, difficulty, 4, 9), _n(rng, difficulty, 6, 15), thing) for thing in things[:n_kinds]]
    listed = [f"{n} {thing} for ${price} each" if rng.random() < 0.6 else f"{n} {thing} at {price} dollars apiece" for n, price, thing in lines]
    bought = f"{', '.join(listed[:-1])} and {listed[-1]}"
    tale.say(f"{name} buys {bought}.", f"at the market {name} gets {bought}.", f"{name} orders {bought} for {friend}.")
    costs = [tale.work(f"The {thing} cost", f"{n} * {price}", n * price, "dollars") for n, price, thing in lines]
    total = tale.work("Together that is", " + ".join(map(str, costs)), sum(costs), "dollars")
    said = " + ".join(f"{n} * {price}" for n, price, _ in lines)
    if has_coupon:
        off = rng.randint(1, max(2, total // 3))
        tale.say(f"a coupon takes ${off} off the bill.", f"the seller lowers the price of it all by {off} dollars.", f"{friend} adds {off} dollars of the cost.")
        total, said = tale.work(f"Less {off} dollars:", f"{total} - {off}", total - off, "dollars"), f"{said} - {off}"
    if not has_change:
        return tale.draw(f"how many dollars does {name} pay?", total, said)
    paid = (total // 10 + rng.randint(1, 3)) * 10
    tale.say(f"{name} pays with ${paid}.", f"{name} hands over {paid} dollars.", f"{name} came with {paid} dollars.")
    change = tale.work("The change is", f"{paid} - {total}", paid - total, "dollars")
    return tale.draw(rng.choice((f"how many dollars does {name} have left?", f"how much change, in dollars, does {name} get?")), change, f"{paid} - ({said})")


def _wages(rng: Random, difficulty: float) -> Draw:
    tale, (name, friend), (job, unit) = Tale(rng), _two(rng), rng.choice(JOBS)
    wage, hours, days, weeks = _n(rng, difficulty, 9, 30, 4), _n(rng, difficulty, 4, 9), rng.randint(2, 6), _n(rng, difficulty, 3, 8)
    tale.say(f"{name} {job} and is paid ${wage} for each of the {unit}.", f"{name} {job}. The {unit} bring {wage} dollars each.")
    tale.say(f"there are {hours} {unit} a day, {days} days a week.", f"{name} does {hours} {unit} on each of {days} days a week.")
    total = tale.work("Each week has", f"{hours} * {days}", hours * days, unit)
    total, said = tale.work("A week brings", f"{total} * {wage}", total * wage, "dollars"), f"{hours} * {days} * {wage}"
    roll = rng.random()
    if difficulty > 0.3 and roll < 0.7:
        fare = rng.randint(2, max(3, total // 4))
        tale.say(f"every week {fare} dollars go to bus tickets.", f"out of each week's pay, {name} gives {friend} ${fare}.")
        total, said = tale.work("After that a week leaves", f"{total} - {fare}", total - fare, "dollars"), f"({said} - {fare})"
    if roll < 0.4 or difficulty > 0.7:
        total, said = tale.work(f"In {weeks} weeks this makes", f"{total} * {weeks}", total * weeks, "dollars"), f"{said} * {weeks}"
        return tale.draw(f"how many dollars does {name} have after {weeks} weeks?", total, said)
    return tale.draw(f"how many dollars does {name} have from one week?", total, said)


def _journey(rng: Random, difficulty: float) -> Draw:
    tale, name = Tale(rng), rng.choice(NAMES)
    way, low, high = rng.choice((("drives", 30, 90), ("cycles", 8, 25), ("sails", 5, 20), ("walks", 2, 6)))
    legs = [(rng.randint(low, high), rng.randint(2, scaled(3, 6, difficulty))) for _ in range(2 if difficulty < 0.6 or rng.random() < 0.5 else 3)]
    tale.say(f"{name} {way} for {legs[0][1]} hours at {legs[0][0]} km per hour.", f"for {legs[0][1]} hours {name} {way} at a speed of {legs[0][0]} km per hour.")
    for speed, hours in legs[1:]:
        tale.say(f"then it goes on at {speed} km per hour for {hours} hours.", f"after a rest, {hours} hours follow at {speed} km per hour.")
    parts = [tale.work(f"At {speed} km per hour, {hours} hours make", f"{speed} * {hours}", speed * hours, "km") for speed, hours in legs]
    total, said = tale.work("The way so far is", " + ".join(map(str, parts)), sum(parts), "km"), " + ".join(f"{s} * {h}" for s, h in legs)
    if rng.random() < 0.3 + 0.4 * difficulty:
        whole = total + rng.randint(3, 90)
        tale.say(f"the whole way is {whole} km long.", f"{name} wants to get to a town that is {whole} km from the start.")
        return tale.draw(f"how many km does {name} still have to go?", tale.work("Still to go:", f"{whole} - {total}", whole - total, "km"), f"{whole} - ({said})")
    return tale.draw(f"how many km has {name} come by then?", total, said)


def _packing(rng: Random, difficulty: float) -> Draw:
    tale, name, things = Tale(rng), rng.choice(NAMES), rng.choice(THINGS)
    n_steps = rng.randint(2, scaled(3, 5, difficulty))
    size, n_packs, price = _n(rng, difficulty, 5, 12), _n(rng, difficulty, 5, 20), _n(rng, difficulty, 6, 15)
    good = size * n_packs
    rows = _n(rng, difficulty, 4, 9)
    bad = rows - good % rows if good % rows else rows
    each = (good + bad) // rows
    tale.say(f"{name} has {rows} crates of {things} with {each} in each.", f"there are {rows} shelves, and on each of them {each} {things}.",
             f"{rows} helpers bring {each} {things} each to {name}.")  # fmt: skip
    total, said = tale.work("At first there are", f"{rows} * {each}", good + bad, things), f"{rows} * {each}"
    tale.say(f"{bad} of the {things} are damaged and thrown away.", f"{name} finds that {bad} of them are spoiled and takes these out.", f"{bad} of them get lost.")
    total, said = tale.work(f"Without those {bad} it is", f"{total} - {bad}", good, things), f"({said} - {bad})"
    if n_steps == 2:
        return tale.draw(f"how many {things} are left?", total, said)
    tale.say(f"the others are put into bags of {size}.", f"the rest goes into bags, {size} to a bag.", f"the good ones are packed in bags that hold {size} each.")
    total, said = tale.work("That fills", f"{good} / {size}", n_packs, "bags"), f"{said} / {size}"
    if n_steps == 3:
        return tale.draw("how many bags are filled?", total, said)
    tale.say(f"a bag sells for ${price}.", f"every bag is sold for {price} dollars.")
    total, said = tale.work("The bags bring", f"{n_packs} * {price}", n_packs * price, "dollars"), f"{said} * {price}"
    if n_steps == 5:
        rent = rng.randint(1, max(2, total // 2))
        tale.say(f"the stall at the market costs {rent} dollars.", f"of this money, {rent} dollars go to a driver.")
        total, said = tale.work("What remains is", f"{total} - {rent}", total - rent, "dollars"), f"{said} - {rent}"
        return tale.draw(f"how many dollars are left for {name}?", total, said)
    return tale.draw("how many dollars do all the bags bring?", total, said)


def _shares(rng: Random, difficulty: float) -> Draw:
    tale, group = Tale(rng), rng.choice(GROUPS)
    (part, said_part), (next_part, said_next) = rng.sample(PARTS, 2)
    whole = part * next_part * _n(rng, difficulty, 4, 25)
    things, trait = group.split()[0], TRAITS[group]
    tale.say(f"there are {whole} {group}.", f"we count {whole} {group}.")
    tale.say(f"{said_part} of them {trait}.", f"of all these {things}, {said_part} {trait}.")
    first = tale.work("Of them", f"{whole} / {part}", whole // part, f"{things} {trait}")
    rest = tale.work("The others are", f"{whole} - {first}", whole - first, things)
    said = f"({whole} - {whole} / {part})"
    if difficulty < 0.35 or rest % next_part:
        return tale.draw(f"how many of the {things} do not?", rest, said)
    color = rng.choice(("marked in red", "noted on a list", "in the first row"))
    tale.say(f"of the others, {said_next} are {color}.", f"{said_next} of the remaining {things} are {color}.")
    marked = tale.work(f"Of these, {said_next} are", f"{rest} / {next_part}", rest // next_part, things)
    if rng.random() < 0.5:
        return tale.draw(f"how many {things} are {color}?", marked, f"{said} / {next_part}")
    plain = tale.work("So the last group has", f"{rest} - {marked}", rest - marked, things)
    return tale.draw(f"how many of the {things} belong to neither group?", plain, f"{said} - {said} / {next_part}")


def _saving(rng: Random, difficulty: float) -> Draw:
    tale, (name, friend), goal = Tale(rng), _two(rng), rng.choice(GOALS)
    weeks, spent, has = _n(rng, difficulty, 6, 20), _n(rng, difficulty, 4, 15), _n(rng, difficulty, 10, 80)
    earned = spent + _n(rng, difficulty, 6, 30)
    price = weeks * (earned - spent) + has
    tale.say(f"{name} wants a {goal} that costs ${price}.", f"the {goal} in the window costs {price} dollars, and {name} is saving up for it.")
    tale.say(f"{name} already has {has} dollars.", f"{friend} has given {name} ${has} towards it.", f"so far {name} has put aside ${has}.")
    missing = tale.work(f"{name} still needs", f"{price} - {has}", price - has, "dollars")
    if difficulty < 0.3:
        earned, spent = earned - spent, 0
    tale.say(f"{name} earns {earned} dollars a week.", f"each week brings another ${earned}.")
    rate, per_week = earned, str(earned)
    if spent:
        tale.say(f"every week {spent} dollars of this go to lunch.", f"{name} spends ${spent} of that each week.")
        rate, per_week = tale.work("A week adds", f"{earned} - {spent}", earned - spent, "dollars"), f"({earned} - {spent})"
    return tale.draw(f"how many weeks does it take until {name} can buy the {goal}?", tale.work("It takes", f"{missing} / {rate}", weeks, "weeks"),
                     f"({price} - {has}) / {per_week}")  # fmt: skip


def _splitting(rng: Random, difficulty: float) -> Draw:
    tale, (name, friend), thing = Tale(rng), _two(rng), rng.choice(BILLS)
    people, share, days = _n(rng, difficulty, 6, 12, 4), _n(rng, difficulty, 9, 40, 4), _n(rng, difficulty, 4, 9)
    extra = rng.randint(1, people - 1)
    daily = people * share - extra
    while daily % days:
        extra, daily = extra + 1, daily - 1
    if daily <= 0:  # the days do not divide what is left: one day, and the food is the remainder
        days, extra = 1, people - 1
        daily = people * share - extra
    daily //= days
    many_days = f"{days} days" if days > 1 else "a day"
    tale.say(f"{name}, {friend} and {people - 2} others rent {thing} for {many_days}.", f"{name} and {people - 1} friends rent {thing} for {many_days}.",
             f"{name} is in a group of {people} that rents {thing} for {many_days}.")  # fmt: skip
    tale.say(f"it costs ${daily} a day, and food adds another ${extra}.", f"the rent is {daily} dollars per day; besides, they spend {extra} dollars on food.")
    rent = tale.work("The rent is", f"{days} * {daily}", days * daily, "dollars")
    total = tale.work("With the food it is", f"{rent} + {extra}", rent + extra, "dollars")
    each = tale.work(f"For each of {people} that is", f"{total} / {people}", share, "dollars")
    said = f"({days} * {daily} + {extra}) / {people}"
    if difficulty > 0.6 and rng.random() < 0.6:
        paid = rng.randint(1, share - 1)
        tale.say(f"{name} has already paid {paid} dollars.", f"so far {name} gave {paid} dollars.")
        rest = tale.work(f"{name} still owes", f"{each} - {paid}", each - paid, "dollars")
        return tale.draw(f"they share all costs equally; how many dollars does {name} still owe?", rest, f"{said} - {paid}")
    return tale.draw("if they share all costs equally, how many dollars does each of them pay?", each, said)


def _growing(rng: Random, difficulty: float) -> Draw:
    tale, name, kind = Tale(rng), rng.choice(NAMES), rng.choice(COLONIES)
    times, word = rng.choice(((2, "doubles"), (3, "triples")))
    periods, start = rng.randint(2, scaled(2, 4, difficulty)), _n(rng, difficulty, 6, 30)
    unit = rng.choice(("day", "week", "month"))
    tale.say(f"{name} starts with {start} {kind}.", f"at the beginning there are {start} {kind}.")
    tale.say(f"the number of {kind} {word} every {unit}.", f"each {unit}, their number {word}.")
    total = start
    for at in range(1, periods + 1):
        total = tale.work(f"After {unit} {at} there are", f"{total} * {times}", total * times, kind)
    said = f"{start}{f' * {times}' * periods}"
    if rng.random() < 0.3 + 0.5 * difficulty:
        gone = rng.randint(1, total - 1)
        tale.say(f"after {periods} {unit}s, {gone} of them are lost.", f"when {periods} {unit}s are over, {gone} of the {kind} leave.")
        total, said = tale.work("Then there are", f"{total} - {gone}", total - gone, kind), f"{said} - {gone}"
        return tale.draw(f"how many {kind} are there then?", total, said)
    return tale.draw(f"how many {kind} are there after {periods} {unit}s?", total, said)


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("tale_selling", "stories", FRAMES, _selling),
    SkillEngine("tale_comparing", "stories", FRAMES, _comparing),
    SkillEngine("tale_shopping", "stories", FRAMES, _shopping),
    SkillEngine("tale_wages", "stories", FRAMES, _wages),
    SkillEngine("tale_journey", "stories", FRAMES, _journey),
    SkillEngine("tale_packing", "stories", FRAMES, _packing),
    SkillEngine("tale_shares", "stories", FRAMES, _shares),
    SkillEngine("tale_saving", "stories", FRAMES, _saving),
    SkillEngine("tale_splitting", "stories", FRAMES, _splitting),
    SkillEngine("tale_growing", "stories", FRAMES, _growing),
)
