"""Laws: published regularities that a credible world obeys, and how each is held against a scenario.

One module by subject (`base`, `messages`, `prices`, `friends`); each law says which worlds it needs, what it reads
from them, and the band that it must fall into. The bands stand with the laws and nowhere else.
"""

from simlab.lab.laws.law import Claim, Finding, Law, Measured, Verdict
from simlab.lab.laws.worlds import Arm, Seen

__all__ = ["LAWS", "Arm", "Claim", "Finding", "Law", "Measured", "Seen", "Verdict"]


def __getattr__(name: str) -> object:
    if name == "LAWS":  # the laws import the frame, so they come after it
        from simlab.lab.laws.table import LAWS

        return LAWS
    raise AttributeError(name)
