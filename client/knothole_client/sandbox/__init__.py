"""Looking into a foreign document behind walls: what comes out is pixels, text and short lists, each strictly read."""

from knothole_client.sandbox.limits import LIMITS, Limits
from knothole_client.sandbox.outcome import Entry, Outcome
from knothole_client.sandbox.running import available, run
from knothole_client.sandbox.vocabulary import FLAGS

__all__ = ["FLAGS", "LIMITS", "Entry", "Limits", "Outcome", "available", "run"]
