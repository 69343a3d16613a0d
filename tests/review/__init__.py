"""The review desk: an open vault as pages."""
