"""What people run: the courier, the desk, the source."""
