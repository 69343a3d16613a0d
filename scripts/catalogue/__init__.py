"""What `scripts/catalogues` does: the page's English texts, the catalogues of their translations, and the checks of both."""
