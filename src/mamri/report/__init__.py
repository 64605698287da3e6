"""The report: one HTML file, its pictures and its methods text; acquisition checks."""
