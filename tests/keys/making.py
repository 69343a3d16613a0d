"""The fixed drop that the vectors are made of, for tests that need one: keys/vectors/making, which is no package of ours."""

import sys

from tests.keys.recipes import VECTORS

sys.path.insert(0, str(VECTORS))
from making import drop, roots, rosters

__all__ = ["drop", "roots", "rosters"]
