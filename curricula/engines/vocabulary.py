"""Words shared by several engine families: names, things by kind, plain words.

Only material: no engine lives here. Every list is this project's own; kinds are chosen so that a word
belongs to one of them only, which keeps "what kind of thing is ..." and "which does not belong" honest.
"""

from __future__ import annotations

from curricula.engines.contract import words

NAMES = words("""Ada Aisha Alba Alvin Amara Amit Anders Anika Anton Ariel Arturo Asha Astrid Aurel Bashir Beatrix Bela Bianca
    Björn Bo Bruno Callum Carmen Cedric Celia Chandra Cleo Conrad Cora Dalia Damian Dario Dasha Delia Desmond Dina
    Dmitri Doris Edgar Edith Eli Elif Elmo Elsa Emil Enzo Erika Esme Ezra Farid Fatima Felix Fiona Flora Frances
    Frida Gareth Gemma Gideon Gilda Greta Gus Hana Haruki Hector Heidi Helga Hugo Ibrahim Ida Igor Imani Ines Ingrid
    Iris Ivan Ivy Jamal Jana Jasper Joaquin Jonas Josie Juno Kamal Karim Katya Keiko Kenji Khalil Kira Klaus Lars
    Layla Leif Lena Leon Lev Lila Linus Lorenzo Lotte Lucia Luther Mabel Magnus Maia Malik Marek Marta Matilda Mei
    Milo Mina Miriam Moritz Nadia Naomi Neil Niamh Nico Nikhil Nina Noor Odette Olga Omar Oren Orla Oskar Otis Otto
    Paloma Pavel Pedro Petra Pia Priya Quentin Rafael Ravi Renata Rhea Rohan Rosa Rufus Ruth Sabine Samir Sanjay
    Selma Seth Sigrid Silas Simone Sofia Soren Stella Sven Tariq Tess Theo Thora Tilda Tobias Uma Ursula Vera Viktor
    Violet Wanda Wendell Wilma Xavier Yara Yusuf Yvette Zainab Zara Zeno""")

KINDS: dict[str, tuple[str, ...]] = {
    "fruit": words("""apricot avocado banana blackberry blueberry cherry coconut cranberry date fig grape grapefruit guava
        lemon lime lychee mango melon nectarine papaya peach pear pineapple plum pomegranate quince raspberry
        strawberry tangerine watermelon apple"""),
    "vegetable": words("""asparagus aubergine beetroot broccoli cabbage carrot cauliflower celery cucumber garlic kale leek lettuce
        onion parsnip pea potato pumpkin radish shallot spinach turnip zucchini artichoke"""),
    "animal": words("""antelope badger bear beaver bison buffalo camel cat cheetah cow deer dog dolphin donkey elephant elk ferret
        fox gazelle giraffe goat gorilla hamster hare hedgehog hippo horse hyena jackal kangaroo koala lemur leopard
        lion llama lynx mole mongoose moose mouse otter panda panther pig porcupine rabbit raccoon rat rhino seal
        sheep skunk squirrel tiger walrus weasel whale wolf wombat yak zebra"""),
    "bird": words("""albatross blackbird canary crow cuckoo dove duck eagle falcon flamingo goose gull hawk heron hummingbird
        kingfisher magpie nightingale ostrich owl parrot peacock pelican penguin pigeon puffin raven robin sparrow
        stork swallow swan vulture woodpecker wren"""),
    "fish": words(
        "carp catfish cod eel haddock halibut herring mackerel perch pike salmon sardine shark trout tuna"
    ),
    "insect": words(
        """ant bee beetle butterfly cockroach hornet dragonfly flea fly grasshopper ladybird mosquito moth
            termite wasp"""
    ),
    "color": words(
        """beige black blue brown crimson gray green indigo maroon pink purple red scarlet turquoise white
            yellow"""
    ),
    "tool": words(
        "axe chisel drill hammer hoe mallet pliers rake ruler saw screwdriver shovel spade spanner wrench"
    ),
    "piece of clothing": words(
        """apron belt blouse coat dress glove hat jacket jeans pyjamas scarf shirt shorts skirt sock stocking
            sweater tie trousers vest"""
    ),
    "piece of furniture": words(
        "armchair bed bench bookcase chair cupboard desk drawer shelf sofa stool table wardrobe"
    ),
    "vehicle": words(
        """airplane ambulance bicycle boat bus canoe car ferry helicopter motorcycle scooter ship sled
            submarine taxi tractor train tram truck van"""
    ),
    "musical instrument": words(
        """accordion banjo bassoon cello clarinet cymbal drum flute guitar harp oboe piano saxophone trombone
            trumpet tuba ukulele viola violin xylophone"""
    ),
    "sport": words(
        """badminton baseball basketball boxing cycling fencing football golf hockey judo rugby skiing surfing
            swimming tennis volleyball"""
    ),
    "body part": words(
        """ankle arm chin ear elbow eye finger foot hand heart hip knee leg lip lung mouth neck nose shoulder
            stomach thumb toe tongue wrist"""
    ),
    "job": words(
        """actor baker barber butcher carpenter dentist doctor electrician farmer gardener lawyer librarian
            mechanic nurse painter pilot plumber sailor soldier surgeon tailor teacher waiter"""
    ),
    "country": words(
        """Argentina Australia Austria Belgium Brazil Canada Chile China Cuba Denmark Egypt Finland France
            Germany Greece Hungary Iceland India Ireland Italy Japan Kenya Mexico Morocco Norway Peru Poland
            Portugal Spain Sweden Thailand Vietnam"""
    ),
    "metal": words("aluminium brass bronze copper iron lead nickel platinum steel tin titanium zinc"),
    "drink": words("coffee cocoa juice lemonade milk tea water wine beer cider"),
    "shape": words(
        "circle cone cube cylinder hexagon oval pentagon pyramid rectangle rhombus sphere square triangle"
    ),
    "flower": words(
        "carnation daffodil daisy dandelion lavender lily marigold orchid poppy rose sunflower tulip"
    ),
    "tree": words("ash beech birch cedar cypress elm fir maple oak pine poplar sycamore willow"),
}

PLAIN_WORDS = words("""anchor arrow attic balloon bandage barn basket beach blanket bottle bowl bracelet branch brick bridge broom
    brush bucket button cabin cactus candle canyon carpet castle cave ceiling chain chimney clock cloud coin comb
    compass copper corner cottage cradle crown cup curtain cushion desert diamond dish door dragon dream dust
    engine envelope fabric fence field flag flame forest fork fountain frame garden gate giant glass globe
    grass hammock harbor helmet hill hook island jar jewel jungle kettle key kitchen kite ladder lake lamp lantern
    leaf letter lock map marble market meadow mirror monster mountain mud museum nail napkin needle nest notebook
    ocean oven package paddle page palace paper parcel path pebble pencil pepper picture pillow planet plate pocket
    pond prison prize puddle puppet puzzle quilt rabbit radio rainbow ribbon ring river road rock roof room rope
    sand scissors shadow shell shop sky smoke snow soap spoon spring stairs statue stone storm street string sugar
    suitcase sunset sword teapot temple tent thread throne ticket tower town toy tunnel umbrella valley village
    wagon wall wallet wave wheel window wing winter yarn zipper""")
"""Everyday nouns that the letter and word engines take apart; duplicates with KINDS do no harm there."""

THINGS = words("""marbles stickers pencils buttons shells stamps coins cards balloons crayons books badges bracelets pebbles
    cookies muffins apples plums oranges lemons peaches walnuts eggs tomatoes carrots roses tulips bottles boxes
    candles cups plates spoons ribbons beads bricks tiles nails magnets keys postcards tickets toys puzzles kites
    lanterns notebooks erasers envelopes jars bags pears dumplings sandwiches biscuits acorns feathers""")
"""Countable plurals for word problems."""
