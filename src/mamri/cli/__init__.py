"""Command line: one file a command; parse, call one use case, print."""
