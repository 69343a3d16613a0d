"""What every parser owes: a value, or one named refusal in one sentence, and never anything else."""

import re
from collections.abc import Callable
from typing import Any

from knothole_keys.errors import KnotholeError


def refusal(call: Callable[..., Any], *given: Any, **more: Any) -> str | None:
    """The refusal's name, or None when nothing was refused. Any other exception passes through and fails the test."""
    try:
        call(*given, **more)
        return None
    except KnotholeError as error:
        refused = error
    # One sentence, which may begin with the path of a file.
    assert re.fullmatch(r"\S[^\n]* [^\n]*[^\n.]\.", str(refused)), str(refused)
    assert refused.__cause__ is None
    return refused.name
