"""What a person reads: the HTML report, its pictures, checks and methods paragraph."""

from mamri.report.acquisition_checks import acquisition_checks
from mamri.report.html import render_report
from mamri.report.methods_text import bibtex, methods_text

__all__ = ["acquisition_checks", "bibtex", "methods_text", "render_report"]
