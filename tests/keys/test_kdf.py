"""Keys derived many times from one secret are those derived once: a vault made by the one opens by the other."""

from hypothesis import given, settings
from hypothesis import strategies as st

from knothole_keys.kdf import Deriver, derive


@settings(deadline=None, max_examples=20)
@given(secret=st.binary(min_size=1, max_size=64), label=st.sampled_from(["record", "x"]), data=st.binary(max_size=100))
def test_both_ways_lead_to_the_same_key(secret: bytes, label: str, data: bytes) -> None:
    assert Deriver(secret, label).derive(data) == derive(secret, label, data)
