"""The page's modules that need no browser, in Node alone."""
