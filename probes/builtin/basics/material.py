"""Words that several families draw from. Hand-written for this suite, common English, one kind each."""

from __future__ import annotations

from probes.builtin.generate import words

KINDS = {
    "animal": words(
        "dog cat horse cow sheep goat lion tiger bear wolf rabbit mouse monkey camel donkey zebra giraffe"
    ),
    "fruit": words(
        "apple banana pear peach plum cherry grape lemon mango melon strawberry pineapple apricot"
    ),
    "vegetable": words("carrot potato onion cabbage spinach broccoli cucumber lettuce celery pumpkin garlic"),
    "color": words("red blue green yellow purple brown black white pink gray"),
    "vehicle": words("car bus truck train bicycle airplane helicopter motorcycle tractor ambulance taxi van"),
    "tool": words("hammer saw drill wrench screwdriver axe shovel rake ladder pliers chisel"),
    "garment": words("shirt coat jacket sock hat skirt dress scarf sweater glove"),
    "instrument": words("piano guitar violin drum flute trumpet harp cello banjo clarinet"),
    "furniture": words("table chair sofa bed desk shelf cupboard wardrobe stool bench"),
    "bird": words("eagle owl parrot penguin crow duck goose swan sparrow pigeon robin"),
}
"""Kinds and their members; no word is in two."""

THINGS = words(
    """window bottle river garden paper spoon mountain bridge candle button pencil basket forest island
    letter mirror ocean pocket ribbon shadow ticket tunnel village winter castle engine blanket brick
    cloud coin door farm fire floor flag gate glass house kite lake lamp leaf map moon nest plate
    road rope sand ship snow stone sun tree wall wheel wind book cup box clock bread cake milk rice
    soap sugar salt tea key ball doll nail pen bag bell rain star"""
)
"""Plain things without a kind of their own in `KINDS`."""

DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words("January February March April May June July August September October November December")
