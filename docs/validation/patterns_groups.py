"""Groups: the chosen few, games and stories, size."""

from __future__ import annotations

from collections.abc import Mapping

from patterns_frame import Band, Direction, Pattern, by_arm, more, ratio
from patterns_worlds import arm, on_eve, orders_since, scene

from simlab.lab.laws.worlds import Arm, Seen
from simlab.scenario import Scenario

# 21 ----------------------------------------------------------------------------------------------


def koc_arms() -> Mapping[str, Arm]:
    base = scene("grocery", settings=("koc",), days=180)
    off = base.model_copy(update={"levers": base.levers.model_copy(update={"groups": {}})})
    return {"without": arm(off, days=(0,)), "with": arm(scene("grocery", ("koc",), days=180), off, days=(0,))}


def chosen(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Orders of the busiest writers against the other members of the groups, and against themselves without groups."""
    world, without = seen["with"], seen["without"]
    group = on_eve(world) & (world.users["group"] >= 0)
    writers = group & (world.users["posts"] >= 5)
    return {"writers": orders_since(world, writers), "others": orders_since(world, group & ~writers),
            "writers without": orders_since(without, writers)}  # fmt: skip


P21 = Pattern(
    21, "The chosen few: observed and caused", "repurchase +72 % in the KOC group",
    "grocery, 180 days, groups with trained and paid writers: the busiest writers against the other members of the "
    "groups (observed), and against themselves in the same world without groups (caused)",
    koc_arms, chosen,
    (
        Direction("orders, observed: writers less others", more("writers", "others")),
        Direction("orders, caused: writers with less without", more("writers", "writers without")),
        Direction("observed ratio less caused ratio",
                  lambda r: r["writers"] / r["others"] - r["writers"] / r["writers without"]),
    ),
    (
        Band("orders, observed ratio", ratio("writers", "others"), 1.4, 2.1),
        Band("orders, caused ratio", ratio("writers", "writers without"), 1.05, 1.4),
    ),
    "Who writes five times and more is one of the few who need most: the contrast is larger than claimed, and "
    "nearly all of it is selection.",
)  # fmt: skip

# 27 ----------------------------------------------------------------------------------------------


def game_arms() -> Mapping[str, Arm]:
    def groups(*mechanisms: str) -> Scenario:
        return scene("education", mechanisms, {"levers.groups.club.size": 150}, ("ugc-reward",), days=90)

    base = groups()
    worlds = {"off": base, "game": groups("points-game"), "stories": groups("ugc-reward")}
    return {name: arm(world, base) for name, world in worlds.items()}


def acts(world: Seen) -> float:
    """Visits, answers and tasks per member and day."""
    done = world.total("interactions") + world.total("visits") + world.total("tasks")
    return done / world.total("members")


def answers(world: Seen) -> float:
    """Answers alone."""
    return world.total("interactions") / world.total("members")


def engines(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Signs of life per member-day; members' stories among all that is shown in groups."""
    return by_arm(seen, acts=acts, answers=answers, stories=lambda w: w.total("stories"),
                  topics=lambda w: w.total("topics"))  # fmt: skip


P27 = Pattern(
    27, "Games and members' stories", "interactions 3 times; stories 65 % of content",
    "education, 90 days, groups: without, with a points game, with rewarded stories",
    game_arms, engines,
    (
        Direction("acts per member-day: game less off", more("game acts", "off acts")),
        Direction("stories: rewarded less off", more("stories stories", "off stories")),
    ),
    (
        Band("acts per member-day, game over off", ratio("game acts", "off acts"), 2.2, 4.2),
        Band("of these answers, game over off", ratio("game answers", "off answers")),
        Band("stories of all topics and stories",
             lambda t: t["stories stories"] / (t["stories stories"] + t["stories topics"]), 0.50, 0.78),
    ),
    "A game pulls on visits and answers of those in groups, who are active anyway. The claimed figure compares "
    "players with others.",
)  # fmt: skip

# 28 ----------------------------------------------------------------------------------------------

SIZES = (50, 150, 500, 600, 1000, 1200, 2000)


def size_arms() -> Mapping[str, Arm]:
    def groups(size: int) -> Scenario:
        values = {"levers.groups.club.size": size, "levers.groups.club.split_above": 100_000}
        return scene("default", (), values, ("group-size",), days=60)

    return {f"{size}": arm(groups(size)) for size in SIZES}


def speakers(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Members of groups who say something on a day."""
    return {
        size: world.total("speakers", 20) / max(world.total("grouped", 20), 1) for size, world in seen.items()
    }


P28 = Pattern(
    28, "Group size and health", "at most 500; split above 1,000; 15 % speak on a day",
    "60 days of groups of 50 to 2,000, and of 1,200 whole and in two halves",
    size_arms, speakers,
    (
        Direction("speak on a day: best below 500 less 1,000", lambda r: max(r["50"], r["150"]) - r["1000"]),
        Direction("500 less 2,000", more("500", "2000")),
        Direction("halves of 1,200 less the whole", more("600", "1200")),
    ),
    (
        Band("speak on a day, groups of 150", ratio("150"), 0.12, 0.25),
        Band("speak on a day, best below 500 over 1,000", lambda t: max(t["50"], t["150"]) / t["1000"], low=1.1),
        Band("speak on a day, halves over the whole", ratio("600", "1200"), low=1.1),
    ),
)  # fmt: skip

GROUPS = (P21, P27, P28)
