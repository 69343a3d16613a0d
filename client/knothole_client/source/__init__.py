"""The source's side on a command line: the same seals as the page in the browser, for whoever prefers a terminal."""
