"""docs/laws.md: the laws as `simlab check` holds them, printed from where they stand.

python -m simlab.report.laws_page > docs/laws.md
"""

from __future__ import annotations

from simlab.lab.laws.law import Claim, Law
from simlab.lab.laws.table import SUBJECTS, band

UNCHECKED = (
    ("L11", "Caps by user", "−24 % e-mail, clicks +31 %, daily users unchanged; the middle of the activity range "
     "gets more", "Zhao et al. 2018 (abstract read)", "needs the best cap of each decile of activity: a search"),
    ("L32", "Weak ties need the inviter paid, strong ties respond to both sides", "signs", "Ryu & Feick 2007",
     "friendships have no strength here"),
    ("L33", "Referring bonds the referrer", "defection 19 to 7 % (matched, not randomised)",
     "Garnefeld et al. 2013", "not claimed: the figure is not randomised, and who refers is fonder already"),
)  # fmt: skip
"""Laws that are not held against scenarios, and why."""

HEAD = """# Laws: published regularities that the world leans on

The L-numbers in [parameters.md](parameters.md) refer to this list. Status: **read** (source or its abstract read),
**2nd** (from notes about it), **computed** (from raw data). Bands are for defaults; they are not truths about any one
brand.
[`simlab check`](check.md) holds a scenario against them. This page is printed from the code
(`python -m simlab.report.laws_page > docs/laws.md`): bands and sources stand there and nowhere else.
"""


def _said(claim: Claim) -> str:
    published = f"; published: {claim.published}" if claim.published else ""
    return f"{claim.text}: {band(claim)}{published}"


def _rows(law: Law) -> str:
    claims = "<br>".join(_said(claim) for claim in law.claims)
    note = f"<br>*{law.note}*" if law.note else ""
    return f"| {law.id} | {law.title} | {law.figure} | {law.status}; {law.source} | {law.how}<br>{claims}{note} |"


def laws_markdown() -> str:
    """The whole page."""
    lines = [HEAD]
    for subject, laws in SUBJECTS.items():
        lines += [f"## {subject}", "", "| id | law | figure | status, source | how it is checked, and the bands |",
                  "| --- | --- | --- | --- | --- |", *(_rows(law) for law in laws), ""]  # fmt: skip
    lines += ["## Known, and not checked", "", "| id | law | figure | source | why |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in UNCHECKED]
    return "\n".join(lines)


if __name__ == "__main__":
    print(laws_markdown())
