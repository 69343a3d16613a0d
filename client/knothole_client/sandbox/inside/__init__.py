"""What runs behind the walls: nothing here is trusted, and nothing outside of this folder runs any of it."""
