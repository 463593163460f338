"""`simlab explain`: what it says of a user's days is what the engine did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simlab.lab.explain import explain
from simlab.lab.ground import ground_of
from simlab.scenario import Scenario, load, with_values
from simlab.world.market import Market
from simlab.world.records import Event
from tests.world.worlds import BUSY

Call = Callable[..., tuple[int, str, str]]
SAID = {
    Event.SEND: lambda s: s.what.startswith("touch") and s.outcome == "delivered",
    Event.CAPPED: lambda s: s.outcome == "held back by a cap",
    Event.UNSENT: lambda s: s.outcome == "planned, not sent by staff",
    Event.SEEN: lambda s: s.what == "  notices it" and s.outcome == "yes",
    Event.OPEN: lambda s: s.what == "  opens it" and s.outcome == "yes",
    Event.INTERACT: lambda s: s.what == "  answers" and s.outcome == "yes",
    Event.EXPIRE: lambda s: s.outcome == "expired unused",
    Event.MUTE: lambda s: s.outcome == "mutes for good",
    Event.COMPLAIN: lambda s: s.outcome == "complains",
    Event.VISIT: lambda s: s.outcome == "visits",
    Event.END: lambda s: s.outcome.startswith("ends"),
}


def test_the_timeline_agrees_with_the_event_log() -> None:
    scenario = with_values(Scenario.model_validate(BUSY), {"behaviour.attention.open": 0.6})
    ground = ground_of(scenario)
    market = Market(scenario, 5, ground.graph, log_events=True).run()
    log = [row for row in market.events().tolist() if row[0] >= 1]
    seen = set()
    for user in range(0, 120, 4):
        timeline = explain(scenario, user, 5, everything=True)
        for day in timeline.days:
            codes = [code for d, who, code, _ in log if d == day.day and who == user]
            for code, said in SAID.items():
                count = sum(bool(said(step)) for step in day.steps)
                assert count == codes.count(code), (user, day.day, code)
                seen |= {code} if count else set()
    assert seen == set(SAID)


def test_every_chance_is_a_probability_and_decides(project: Path) -> None:
    timeline = explain(load("small.yaml").scenario, 3, 2, last=40, everything=True)
    steps = [step for day in timeline.days for step in day.steps if step.chance is not None]
    assert len(steps) > 50
    for step in steps:
        assert 0.0 <= step.chance <= 1.0
        assert step.draw is not None
        assert 0.0 < step.draw < 1.0
        if step.outcome in ("no", "not planned"):
            assert step.draw >= step.chance


def test_it_reads_as_a_story(project: Path, simlab: Call) -> None:
    code, out, _ = simlab("explain", "small.yaml", "--user", "3", "--seed", "2", "--last", "30")
    assert code == 0
    assert out.startswith("User 3 of 'Small brand', seed 2")
    assert "orders a year" in out
    assert "[chance " in out
