"""Version of the software, for results and reports; the one place where it is written."""

__version__ = "0.1.0"
