"""A comparison: the same worlds for every arm, differences that add up, and failures that are told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from simlab.lab.compare import compare, workload
from simlab.lab.comparison import Comparison
from simlab.lab.crew import Crew, Task
from simlab.lab.runs import Run
from simlab.scenario import Scenario, load, with_values
from simlab.scenario.experiment import CompareSpec
from simlab.scenario.outcomes import OUTCOMES

SMALL = with_values(
    load("default").scenario,
    {"population.members": 150, "population.prospects": 350, "horizon": 60, "warmup.days": 20},
)
MORE = with_values(SMALL, {f"levers.push.{stage}.per_week": 6 for stage in ("new", "loyal", "active")})
DEEP = with_values(SMALL, {"levers.offers.coupon.depth": 0.3})


def spec(**values: object) -> CompareSpec:
    return CompareSpec.model_validate({"arms": {"a": {}, "b": {}}, "seeds": 4, "worlds": 3, **values})


class Some:
    """A crew in which some runs fail or find the time up."""

    def __init__(
        self, failing: Sequence[int] = (), late: Sequence[int] = (), only: Scenario | None = None
    ) -> None:
        self.failing, self.late, self.only = failing, late, only
        self.tasks: list[Task] = []
        self.crew = Crew(threads=1)

    def runs(self, tasks: Sequence[Task]) -> list[Run]:
        self.tasks += tasks
        return [self._run(task) for task in tasks]

    def _run(self, task: Task) -> Run:
        hit = self.only is None or task.scenario.levers == self.only.levers
        if hit and task.seed in self.failing:
            return Run(task.world, task.seed, failure="Traceback: out of luck")
        if hit and task.seed in self.late:
            return Run(task.world, task.seed, skipped=True)
        return self.crew.runs([task])[0]


@pytest.fixture(scope="module")
def three() -> Comparison:
    arms = {"current": SMALL, "more": MORE, "deep": DEEP}
    with Crew(threads=1) as crew:
        return compare(arms, spec(seeds=6), "customer_equity", crew)


def test_an_arm_compared_with_itself_differs_in_nothing() -> None:
    with Crew(threads=1) as crew:
        found = compare({"a": SMALL, "again": SMALL}, spec(precision=0.5), "customer_equity", crew)
    table = found.tables["differences"]
    defined = table[table["pairs"] > 0]
    levels = found.tables["outcomes"].drop(columns=["arm", "world", "seed"])
    assert set(defined["outcome"]) == {name for name in OUTCOMES if levels[name].notna().all()}
    assert {"customer_equity", "orders", "k_factor", "first_orders"} <= set(defined["outcome"])
    assert (defined[["difference", "low", "high", "low_together", "high_together", "error"]] == 0).all().all()
    assert (defined["p_better"] == 0.5).all()
    assert defined["identical"].all()
    assert (found.tables["world_differences"]["difference"].dropna() == 0).all()
    assert found.tables["steps"].empty
    assert found.tables["levers"].empty
    assert (found.tables["value_by_day"]["difference"].dropna() == 0).all()
    told = found.tables["counterfactual"].set_index("what")["mean"]
    assert told["anyway"] == told["orders_arm"] == told["orders_baseline"]
    assert told[["shifted", "only_members", "lost_members", "left_more", "joined_more"]].eq(0).all()
    assert found.stage.planned == 4


def test_differences_are_those_of_the_outcomes(three: Comparison) -> None:
    levels = three.tables["outcomes"]
    own = levels[levels["world"] == 0].set_index(["arm", "seed"])["customer_equity"]
    row = three.row("more")
    gap = own["more"] - own["current"]
    assert row["difference"] == pytest.approx(gap.mean())
    assert row["pairs"] == 6
    assert row["low"] < row["difference"] < row["high"]
    assert row["low_together"] < row["low"]
    assert row["high"] < row["high_together"]
    assert row["worth"] > 5  # common seeds are worth something
    mutes = three.row("more", "mutes")
    assert mutes["p_better"] == pytest.approx(1 - mutes["p_above"])


def test_everybody_has_one_past(three: Comparison) -> None:
    levels = three.tables["outcomes"]
    own = levels[levels["world"] == 0].set_index("seed")
    starting = (own["total_equity"] / own["customer_equity"]).round(6)
    assert starting.groupby(level=0).nunique().eq(1).all()
    groups = three.tables["groups"]
    eve = groups[(groups["kind"] == "stage") & (groups["group"] != "newcomer")]
    assert (eve["users"] == eve["users_baseline"]).all()


def test_the_steps_add_up_to_the_difference(three: Comparison) -> None:
    sums = three.tables["steps"].groupby("arm")["mean"].sum()
    for arm in ("more", "deep"):
        assert sums[arm] == pytest.approx(three.row(arm)["difference"], abs=1e-9)


def test_groups_add_up_to_what_belongs_to_users(three: Comparison) -> None:
    groups = three.tables["groups"]
    by_kind = groups.groupby(["arm", "kind"])["difference"].sum().unstack()
    assert np.allclose(by_kind.to_numpy(), by_kind[["segment"]].to_numpy())


def test_orders_reconcile_for_every_seed(three: Comparison) -> None:
    told = three.tables["counterfactual_runs"]
    assert len(told) == 12
    shared = told["anyway"] + told["shifted"]
    assert (told["orders_arm"] == shared + told["only_members"] + told["only_newcomers"]).all()
    assert (told["orders_baseline"] == shared + told["lost_members"] + told["lost_newcomers"]).all()
    levels = three.tables["outcomes"]
    orders = levels[levels["world"] == 0].set_index(["arm", "seed"])["orders"] / SMALL.scale
    for row in told.itertuples():
        assert (row.orders_arm, row.orders_baseline) == (
            orders[row.arm, row.seed],
            orders["current", row.seed],
        )
    coupons = levels[levels["world"] == 0].set_index(["arm", "seed"])["redemptions"] / SMALL.scale
    assert all(row.coupon == coupons[row.arm, row.seed] for row in told.itertuples())


def test_the_range_over_worlds_stands_apart(three: Comparison) -> None:
    row = three.row("deep")
    worlds = three.tables["world_differences"]
    ours = worlds[(worlds["arm"] == "deep") & (worlds["outcome"] == "customer_equity")]
    assert len(ours) == row["worlds"] == 3
    assert (row["world_low"], row["world_high"]) == (ours["difference"].min(), ours["difference"].max())
    assert 0 <= row["world_p_better"] <= 1
    assert list(three.tables["worlds"]["world"]) == [1, 2, 3]


def test_precision_adds_pairs_and_says_when_it_cannot() -> None:
    arms = {"current": SMALL, "more": MORE}
    with Crew(threads=1) as crew:
        loose = compare(arms, spec(precision=500, worlds=0), "customer_equity", crew)
        tight = compare(arms, spec(precision=0.01, max_seeds=7, worlds=0), "customer_equity", crew)
        row = loose.row("more")
        reached = compare(
            arms,
            spec(precision=float(row["high"] - row["difference"]) * 0.8, worlds=0),
            "customer_equity",
            crew,
        )
    assert loose.stage.planned == 4
    assert (tight.stage.planned, tight.stage.reached) == (7, False)
    assert tight.row("more")["df"] == 3  # the variance is that of the first stage
    assert reached.stage.reached
    assert 4 < reached.stage.planned == reached.row("more")["pairs"] < 20
    values = reached.tables["outcomes"].pivot_table(index="seed", columns="arm", values="customer_equity")
    gaps = (values["more"] - values["current"]).to_numpy()
    half = (reached.row("more")["high"] - reached.row("more")["low"]) / 2
    assert half <= reached.spec.precision * max(1.0, gaps.std(ddof=1) / gaps[:4].std(ddof=1)) + 1e-9


def test_failed_and_skipped_runs_are_told_and_their_pairs_dropped() -> None:
    crew = Some(failing=[2], late=[3], only=MORE)
    found = compare({"current": SMALL, "more": MORE, "deep": DEEP}, spec(worlds=0), "orders", crew)
    failures = found.tables["failures"]
    assert failures[["arm", "seed", "status"]].to_numpy().tolist() == [
        ["more", 2, "failed"],
        ["more", 3, "skipped"],
    ]
    assert found.row("more")["pairs"] == 2
    assert found.row("deep")["pairs"] == 4
    assert len(found.tables["counterfactual_runs"]) == 2 + 4


def test_without_a_single_pair_there_is_no_comparison() -> None:
    with pytest.raises(RuntimeError, match="out of luck"):
        compare({"a": SMALL, "b": MORE}, spec(worlds=0), "orders", Some(failing=range(1, 9)))
    with pytest.raises(RuntimeError, match="time was up"):
        compare({"a": SMALL, "b": MORE}, spec(worlds=0), "orders", Some(late=range(1, 9), only=MORE))


def test_other_people_are_compared_by_outcome_alone() -> None:
    crowd = with_values(SMALL, {"population.members": 200})
    longer = with_values(SMALL, {"horizon": 80})
    with Crew(threads=1) as crew:
        found = compare(
            {"a": SMALL, "crowd": crowd, "longer": longer}, spec(worlds=2), "customer_equity", crew
        )
    assert "population" in found.same_people["crowd"]
    assert "horizon" in found.same_people["longer"]
    assert found.tables["counterfactual"].empty
    assert len(found.notes) >= 2
    sums = found.tables["steps"].groupby("arm")["mean"].sum()
    for arm in ("crowd", "longer"):
        assert sums[arm] == pytest.approx(found.row(arm)["difference"], abs=1e-9)
    assert set(found.tables["steps"]["step"]) & {"margin", "subsidy"}
    assert found.row("crowd")["worlds"] == 2


def test_programmes_that_the_other_has_not_got() -> None:
    """An arm with another source and without the coupon still shares the past of the baseline."""
    dump = SMALL.model_dump(mode="json")
    dump["levers"]["sources"]["qr"] = {"exposures": 200, "click": 0.2, "join": 0.5, "cost": 0}
    dump["levers"]["offers"] = {}
    dump["levers"]["touches"]["promo"]["offer"] = None
    other = Scenario.model_validate(dump)
    with Crew(threads=1) as crew:
        found = compare({"a": SMALL, "other": other}, spec(worlds=2), "customer_equity", crew)
    assert found.same_people["other"] == ""
    assert found.row("other", "redemptions")["value"] == 0 < found.row("other", "redemptions")["baseline"]
    sums = found.tables["steps"]["mean"].sum()
    assert sums == pytest.approx(found.row("other")["difference"], abs=1e-9)
    groups = found.tables["groups"].set_index("group")
    assert groups.loc["qr", "users_baseline"] == 0 < groups.loc["qr", "users"]
    paths = set(found.tables["levers"]["path"])
    assert {"levers.offers.coupon", "levers.sources.qr"} <= paths


def test_the_first_stage_alone_is_in_detail() -> None:
    crew, arms, asked = Some(), {"a": SMALL, "b": MORE}, spec(precision=0.01, max_seeds=6, worlds=1)
    compare(arms, asked, "customer_equity", crew)
    assert workload(arms, asked, workers=1) == (20, 10)
    assert len(crew.tasks) == 20
    assert {task.seed for task in crew.tasks if task.detail} == {1, 2, 3, 4}
    assert {task.seed for task in crew.tasks if not task.detail and not task.world} == {5, 6}


def test_outcomes_that_an_arm_does_not_define() -> None:
    silent = with_values(SMALL, {f"levers.push.{s}.per_week": 0 for s in SMALL.levers.push})
    with Crew(threads=1) as crew:
        found = compare({"a": SMALL, "silent": silent}, spec(worlds=0), "customer_equity", crew)
    row = found.row("silent", "open_rate")
    assert row["pairs"] == 0
    assert np.isnan(row["difference"])
