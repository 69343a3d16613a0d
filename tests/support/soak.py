"""Whether this is `make soak`, which runs every row in every browser, and the full counts of kills, faults and bytes."""

import os

SOAK = os.environ.get("KNOTHOLE_SOAK") == "1"
