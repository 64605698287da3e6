"""Use cases, each on one page: what the doors (command line, Python, web) call."""
