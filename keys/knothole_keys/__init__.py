"""What every room of Knothole agrees on: the formats of `keys/SPEC.md`, and the keys behind them.

This package imports neither the server nor the client. The verifying half (notes, roots, rosters, box layout) is all
that the server may use; sealing, opening and signing live in modules of their own so that a test can keep them out.
"""

__version__ = "0.1.0"
