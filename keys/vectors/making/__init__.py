"""How the vectors of `keys/vectors/` are made. A maintainer's tool: nothing of the product imports it."""
