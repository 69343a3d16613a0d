"""The board's numbers, as everybody knows them who puts slots there, keeps them or fetches them (SPEC section 12).

What is in a slot is `card`'s business, which neither server nor courier may load.
"""

from knothole_keys.epoch import DAY
from knothole_keys.roster import MAX_LIFE

SLOT = 2048
# What a desk exports and a courier posts a day, answers or not: as many random ones as are needed to make it so many.
SLOTS_A_FILE = 32
SLOTS_A_POST = 512
SLOTS_A_DAY = 2048
BOARD_DAYS = 30
# Bytes. A slot stays until the newest roster's date is past its days, too, and its day is held within that roster's life.
BOARD_LIMIT = (BOARD_DAYS + MAX_LIFE // DAY + 1) * SLOTS_A_DAY * SLOT
