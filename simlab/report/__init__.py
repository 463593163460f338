"""Results -> words, plots, tables and one page. Reads a `Results` and never runs anything."""

from simlab.report.page import write_plots, write_report
from simlab.report.tables import write_tables
from simlab.report.words import first_screen

__all__ = ["first_screen", "write_plots", "write_report", "write_tables"]
