"""Prints the README's n-th two-command block, so that CI and the tests run what a reader would paste."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def blocks(page: Path) -> list[str]:
    """The bash blocks of a page, in order."""
    return re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


if __name__ == "__main__":
    print(blocks(ROOT / "README.md")[int(sys.argv[1]) - 1])
