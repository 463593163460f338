"""What an experiment file may say: a question about a scenario, one section per verb.

name: How often to push
scenario: default
outcome: customer_equity
compare:
  arms:
    current: {}
    gentle: {levers.push.active.per_week: 2}
  precision: 2 yuan
tune:
  levers:
    levers.push.active.per_week: [0, 7]
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from simlab.scenario.errors import Fault, unknown
from simlab.scenario.labels import Name, Text
from simlab.scenario.outcomes import OUTCOMES, Constraint
from simlab.scenario.part import Part
from simlab.scenario.rollout_spec import RolloutSpec
from simlab.scenario.units import SHARES, parse

Sampler = Literal["tpe", "cmaes", "gp", "qmc", "random"]
Direction = Literal["maximise", "minimise"]
Values = dict[str, Any]
"""Values by dotted path of the scenario: what an arm changes."""


def _outcome(value: str) -> str:
    if value not in OUTCOMES:
        raise unknown("outcome", value, OUTCOMES)
    return value


def _precision(value: Any) -> float:
    number = parse(value, {"%": SHARES["%"], "yuan": Fraction(1)}, "a half-width", "2 yuan")
    if not number > 0:
        raise Fault("a precision must be above 0", "Write the half-width to reach, for example 2 yuan.")
    return float(number)


Precision = Annotated[float, BeforeValidator(_precision)]


class CompareSpec(Part):
    """Arms on the same seeds, each against the first."""

    arms: dict[Name, Values] = Field(
        min_length=2, max_length=12, description="values by path of each arm; the first is the baseline")  # fmt: skip
    precision: Precision | None = Field(
        None, description="half-width of the 95 % interval to reach, in the outcome's unit")  # fmt: skip
    seeds: int = Field(20, ge=2, le=100_000, description="pairs of the first stage")
    max_seeds: int = Field(200, ge=2, le=100_000, description="no more pairs than this")
    worlds: int = Field(16, ge=0, le=4096, description="sampled worlds where the scenario has uncertainties")
    shift: int = Field(
        30, ge=0, le=365, description="days within which an order counts as shifted in time")  # fmt: skip

    @model_validator(mode="after")
    def _stages(self) -> CompareSpec:
        if self.max_seeds < self.seeds:
            raise Fault(
                f"max_seeds ({self.max_seeds}) is below seeds ({self.seeds})",
                f"Raise max_seeds to at least {self.seeds}, or lower seeds.",
                ("max_seeds",),
            )
        return self


class Search(Part):
    """Where to search one lever: from low to high, or one of some choices."""

    low: Any = None
    high: Any = None
    step: Any = Field(None, description="only low, low + step, ...")
    log: bool = Field(False, description="search ratios, not differences")
    choices: tuple[Any, ...] | None = Field(None, min_length=2, max_length=50)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            if len(value) != 2:
                raise Fault(
                    "a range has two ends",
                    "Write [low, high], or {choices: [a, b, c]} for values to choose from.",
                )
            return {"low": value[0], "high": value[1]}
        return value

    @model_validator(mode="after")
    def _either(self) -> Search:
        ends = self.low is not None and self.high is not None
        if (self.choices is not None) == (self.low is not None or self.high is not None) or (
            self.choices is None and not ends
        ):
            raise Fault("expected a range or choices", "Write [low, high], or {choices: [a, b, c]}.")
        return self


class TuneSpec(Part):
    """A search for the best strategy; see docs/tune.md for the recipe."""

    levers: dict[str, Search] = Field(min_length=1, max_length=30, description="where to search, by path")
    objectives: dict[str, Direction] | None = Field(
        None, min_length=1, max_length=3, description="null: the experiment's outcome, maximised")  # fmt: skip
    constraints: tuple[
        Annotated[Constraint, BeforeValidator(lambda v: Constraint.parse(v) if isinstance(v, str) else v)], ...
    ] | None = Field(None, max_length=20, description="null: those of the scenario")  # fmt: skip
    trials: int = Field(120, ge=2, le=100_000)
    sampler: Sampler = "tpe"
    batch: int = Field(4, ge=1, le=256, description="strategies planned together, whoever runs them")
    panel: int = Field(6, ge=2, le=64, description="common seeds on which every strategy is searched")
    racing: bool = Field(False, description="drop a strategy early where it is clearly worse, seed by seed")
    over: Literal["seeds", "uncertainties"] = Field(
        "seeds", description="uncertainties: every strategy is judged over sampled worlds"
    )
    judge: Literal["mean", "worst_decile", "regret"] = Field(
        "mean", description="how the values over sampled worlds become one"
    )
    finalists: int = Field(8, ge=1, le=50, description="strategies that are run again on fresh seeds")
    selection_seeds: int = Field(20, ge=4, le=10_000, description="fresh seeds on which the winner is chosen")
    report_seeds: int = Field(40, ge=4, le=10_000, description="seeds never used before, for the numbers")
    worlds: int = Field(16, ge=0, le=4096, description="sampled worlds in which the answer is tried")

    @field_validator("objectives")
    @classmethod
    def _known(cls, value: dict[str, Direction] | None) -> dict[str, Direction] | None:
        for name in value or ():
            if name not in OUTCOMES:
                raise unknown("outcome", name, OUTCOMES, (name,))
        return value

    @model_validator(mode="after")
    def _together(self) -> TuneSpec:
        many = self.objectives is not None and len(self.objectives) > 1
        if self.racing and (many or self.over == "uncertainties"):
            raise Fault(
                "racing needs one objective over seeds",
                "Set racing: false, or name one objective and over: seeds.", ("racing",))  # fmt: skip
        if self.judge != "mean" and self.over == "seeds":
            raise Fault(f"judge: {self.judge} needs sampled worlds", "Set over: uncertainties.", ("judge",))
        if self.sampler == "cmaes" and many:
            raise Fault("CMA-ES takes one objective", "Use sampler: tpe.", ("sampler",))
        return self


class ScreenSpec(Part):
    """What matters: a design of its own over levers and uncertainties."""

    levers: dict[str, Search] = Field(default_factory=dict, max_length=30, description="by path")
    uncertainties: bool = Field(True, description="vary the scenario's uncertainties, too")
    method: Literal["morris", "sobol"] = "morris"
    size: int | None = Field(
        None, ge=4, le=4096, description="trajectories (Morris, by default 20) or base sample (Sobol, 64)")  # fmt: skip
    seeds: int = Field(4, ge=2, le=1000, description="common seeds for each point")
    against: Values | None = Field(
        None, description="a second strategy: which assumptions turn the ranking")  # fmt: skip


class Experiment(Part):
    """A question about a scenario."""

    name: Name
    question: Text = Field("", max_length=2000)
    scenario: str = Field(min_length=1, max_length=500, description="file, or name of a shipped scenario")
    set: Values = Field(default_factory=dict, max_length=100, description="values that hold in every arm")
    outcome: str = Field("customer_equity", description="what is compared, tuned and screened")
    compare: CompareSpec | None = None
    tune: TuneSpec | None = None
    screen: ScreenSpec | None = None
    rollout: RolloutSpec | None = None

    @field_validator("outcome")
    @classmethod
    def _headline(cls, value: str) -> str:
        return _outcome(value)
