"""Pseudonyms: two words for a thread that people can say aloud. They name a thread, and tell nothing about its source.

They are made of the thread's id alone, so every desk of a drop has the same one for a thread; whoever has not the id cannot
get from the words to the thread. Two threads may share their words: where both are seen, each has a number as well, made of
its id, so that neither takes the other's name when one is gone.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

_FIRST = """
Amber Ample Apricot Arctic Autumn Azure Balmy Basalt Bold Brass Breezy Bright Brisk Bronze Calm Candid Cedar Cerulean Chalk
Cheery Cinnamon Clear Clever Cloudy Cobalt Copper Coral Cosmic Cotton Crimson Crisp Crystal Dapper Dawn Deep Distant Dusky
Eager Early Earnest Ebony Emerald Evening Fabled Faithful Fleet Floral Fluent Forest Frosty Gentle Gilded Glad Glass Golden
Granite Grassy Green Hardy Hazel Hidden Hollow Honest Humble Indigo Ivory Jade Jolly Keen Kind Lasting Laurel Lavender Level
Lilac Linen Lively Lunar Marble Maroon Meadow Mellow Merry Misty Modest Mossy Nimble Noble Northern Olive Opal Orange Patient
Pearl Pebble Placid Plain Polar Proud Purple Quartz Quick Quiet Rapid Russet Rustic Saffron Sage Sandy Scarlet Serene Shady
Silent Silver Sober Solar Spring Steady Still Stormy Summer Sunny Swift Tidal Timber Topaz Velvet Violet Vivid Winter Wooden
""".split()  # noqa: SIM905 - a list of words reads as words
_SECOND = """
Acorn Alder Almond Anchor Anvil Apple Arrow Aspen Aster Badger Bamboo Barley Barn Basil Basket Bay Beacon Beaver Beech Bell
Bench Birch Bison Boat Bobbin Bonnet Bottle Boulder Bramble Bridge Brook Broom Bucket Buckle Bugle Bunting Burrow Button
Cabin Cactus Camel Candle Canoe Canyon Cape Caravan Cargo Carp Castle Catkin Cello Chapel Cherry Chestnut Chimney Clarinet
Cliff Clover Comet Compass Condor Cove Cradle Crane Creek Cricket Crocus Cypress Daisy Dale Delta Dolphin Donkey Dove Drum
Dune Eagle Echo Egret Elder Elk Elm Ember Falcon Fern Ferry Fiddle Field Finch Fir Fjord Flute Forge Fountain Fox Garden
Gate Gazelle Geyser Ginger Glacier Globe Goat Goose Gorge Grape Grouse Gull Hammock Harbour Hare Harp Harvest Hawk Heath
Hedge Heron Hill Hive Holly Hoop Horn Horse Ibex Inlet Iris Island Ivy Jackdaw Jasmine Juniper Kestrel Kettle Kiln Kite Knoll
Lagoon Lake Lantern Lark Leaf Ledge Lemon Lichen Lily Linnet Lizard Llama Lobster Loom Lotus Lynx Magnet Magpie Mallow Mango
Maple Marsh Mill Mint Mirror Mole Moon Moose Moth Mountain Myrtle Nectar Nest Nettle Nutmeg Oak Oasis Ocean Orchard Orchid
Oriole Osprey Otter Owl Oyster Paddle Palm Pansy Parrot Path Peach Pelican Pepper Petal Pigeon Pine Pier Planet Plover Plum
Pond Poplar Poppy Prairie Puffin Quail Quarry Quill Quince Rabbit Rain Raven Reed Reef Ribbon River Robin Rocket Rook Rose
Rowan Saddle Salmon Sand Sapling Seal Shell Shore Sickle Snail Sparrow Spruce Squirrel Star Stork Stream Swallow Swan Teal
Thicket Thistle Thrush Thyme Tide Tiger Tower Trail Trout Tulip Turtle Valley Walnut Walrus Wharf Willow Wren Yarrow
""".split()  # noqa: SIM905 - as above
_LABEL = b"knothole/1 pseudonym\x00"


@lru_cache(65536)
def pseudonym(thread: str) -> str:
    """The two words for a thread (hexadecimal)."""
    return _words(_digest(thread))


def distinct(threads: Iterable[str]) -> dict[str, str]:
    """A name for each of these threads, no two alike: its pseudonym, with a number where several have the same."""
    alike = defaultdict(list)
    for thread in set(threads):
        alike[pseudonym(thread)].append(thread)
    names = {}
    for words, several in alike.items():
        digits = 0 if len(several) == 1 else _enough(several)
        for thread in several:
            names[thread] = f"{words} {_number(thread, digits)}" if digits else words
    return names


def _enough(threads: list[str]) -> int:
    # As many digits as keep them apart, two at least.
    digits = 2
    while len({_number(thread, digits) for thread in threads}) < len(threads):
        digits += 1
    return digits


def _number(thread: str, digits: int) -> str:
    return str(int.from_bytes(_digest(thread)[8:], "big"))[-digits:]


def _words(digest: bytes) -> str:
    number = int.from_bytes(digest[:8], "big")
    return f"{_FIRST[number % len(_FIRST)]} {_SECOND[number // len(_FIRST) % len(_SECOND)]}"


def _digest(thread: str) -> bytes:
    return hashlib.sha256(_LABEL + thread.encode()).digest()
