"""A strategy that reacts: promotions are halved for two weeks when complaints rise."""

from __future__ import annotations

from typing import Any

import simlab


class HalvePromotions(simlab.Brand):
    """Reads what an operator could read yesterday, and sends fewer promotions for a while."""

    limit = 0.6  # complaints per 1,000 touches
    days = 14  # how long it holds

    calm_again = 1  # the first day without a reaction

    def decide(self, day: int) -> Any:
        """Called each morning from day 1 on; returns the scenario whose levers hold today."""
        if day >= self.calm_again and self.rate("complaint_rate", window=7) > self.limit:
            self.calm_again = day + self.days
        if day < self.calm_again:
            self.scale("promo", 0.5)
        return super().decide(day)
