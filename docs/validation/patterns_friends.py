"""Patterns of friends and groups: inviting, games, stories, group size, the chosen few, crises."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np
from patterns_frame import Band, Direction, Number, Pattern, arm, more, ratio, scene

from simlab.lab.laws.worlds import Arm, Seen
from simlab.scenario import Scenario
from simlab.world.records import Event

# 7 and 8 -----------------------------------------------------------------------------------------


def invite_arms() -> Mapping[str, Arm]:
    own = {"horizon": 30, "members": 3000}
    three = scene("mother-baby", **own, levers__referral__reward="60 yuan", levers__referral__invitee_reward="0 yuan",
                  levers__referral__needed=3)  # fmt: skip
    one = scene("mother-baby", **own, levers__referral__reward="32 yuan", levers__referral__invitee_reward="32 yuan",
                levers__referral__needed=1)  # fmt: skip
    return {"three": arm(three, days=(0,)), "one": arm(one, three, days=(0,))}


def brought(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Newcomers by invitation per member, and what they cost."""
    found = {}
    for name, world in seen.items():
        users = world.users
        found[f"{name} new"] = float(((users["source"] == 2) & (users["joined"] >= 1)).sum())
        found[f"{name} cost"] = (world.total("reward_fen") + world.total("invitee_fen")) / 100.0
        found["members"] = float((world.at[0]["status"] == 1).sum())
    return found


P7 = Pattern(
    7, "Invite one beats invite three", "+40 % efficiency; acquisition cost −28 %",
    "mother and baby, 30 days: 60 yuan for three friends, or 20 % of a basket (32 yuan) for one and to the friend",
    invite_arms, brought,
    (
        Direction("newcomers: one less three", more("one new", "three new")),
        Direction("cost of a newcomer: three less one",
                  lambda r: r["three cost"] / max(r["three new"], 1) - r["one cost"] / max(r["one new"], 1)),
    ),
    (
        Band("newcomers, one over three", 1.15, 1.70, ratio("one new", "three new")),
        Band("cost of a newcomer, one over three", 0.58, 0.88,
             lambda t: t["one cost"] / t["one new"] / (t["three cost"] / t["three new"])),
    ),
    "Steps that are not completed cost nothing, so that invite three is the cheaper one here whenever it brings "
    "anybody: the claimed saving needs a campaign that pays for unfinished teams.",
)  # fmt: skip


def campaign_arms() -> Mapping[str, Arm]:
    own = {"horizon": 30, "members": 2000}
    none = scene(
        "new-brand", **own, levers__referral__reward="0 yuan", levers__referral__invitee_reward="0 yuan"
    )
    full = scene("new-brand", **own, levers__referral__reward="60 yuan", levers__referral__invitee_reward="10 yuan",
                 levers__referral__needed=3)  # fmt: skip
    return {"none": arm(none, days=(0,), log=True), "full": arm(full, none, days=(0,), log=True)}


def campaign(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Who invites, whom they bring, and what a newcomer costs against an advertisement."""
    found: dict[str, float] = {}
    for name, world in seen.items():
        day, user, code, _ = world.events.T
        asked = np.unique(user[(code == Event.INVITE) & (day > 0)])
        users = world.users
        new = (users["source"] == 2) & (users["joined"] >= 1)
        members = world.at[0]["status"] == 1
        found[f"{name} inviters"] = float(members[asked].sum())
        found[f"{name} brought"] = float(new.sum())
        found[f"{name} cost"] = (world.total("reward_fen") + world.total("invitee_fen")) / 100.0
        found["members"] = float(members.sum())
        paid = (users["source"] >= 3) & (users["joined"] >= 1)
        found[f"{name} paid"] = float(paid.sum())
        found[f"{name} adverts"] = (world.total("acquisition_fen") + world.total("entry_fen")) / 100.0
    return found


P8 = Pattern(
    8, "Invite-three campaign", "32 % refer; 1 : 4.2; cost a third of public channels",
    "new brand, 30 days: no reward, or a full-size product for three friends; advertisements beside it",
    campaign_arms, campaign,
    (
        Direction("members who invite: with less without", more("full inviters", "none inviters")),
        Direction("newcomers: with less without", more("full brought", "none brought")),
        Direction("cost of a newcomer: adverts less invitations",
                  lambda r: r["full adverts"] / max(r["full paid"], 1) - r["full cost"] / max(r["full brought"], 1)),
    ),
    (
        Band("members who invite", 0.24, 0.40, ratio("full inviters", "members")),
        Band("newcomers per inviting member", 3.0, 5.5, ratio("full brought", "full inviters")),
        Band("cost of a newcomer over adverts", 0.22, 0.45,
             lambda t: t["full cost"] / t["full brought"] / (t["full adverts"] / t["full paid"])),
    ),
    "4.2 newcomers per inviter in a month are beyond any cascade that dies out (L34: K well below 1).",
)  # fmt: skip

# 21, 27, 28: groups ------------------------------------------------------------------------------


def koc_arms() -> Mapping[str, Arm]:
    base = scene("grocery", (), ("koc",), horizon=180)
    off = base.model_copy(update={"levers": base.levers.model_copy(update={"groups": {}})})
    return {
        "without": arm(off, days=(0,)),
        "with": arm(scene("grocery", ("koc",), horizon=180), off, days=(0,)),
    }


def chosen(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Orders of the busiest writers against the other members of the groups, and against themselves without groups."""
    world, without = seen["with"], seen["without"]
    here = world.at[0]["status"] == 1
    group = here & (world.users["group"] >= 0)
    writers = group & (world.users["posts"] >= 5)
    orders = world.users["orders"].astype(int) - world.at[0]["orders"]
    own = without.users["orders"].astype(int) - without.at[0]["orders"]
    return {
        "writers": float(orders[writers].mean()), "others": float(orders[group & ~writers].mean()),
        "writers without": float(own[writers].mean()), "all": float(orders[here].mean()),
        "all without": float(own[here].mean()),
    }  # fmt: skip


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
        Band("orders, observed ratio", 1.4, 2.1, ratio("writers", "others")),
        Band("orders, caused ratio", 1.05, 1.4, ratio("writers", "writers without")),
    ),
    "Who writes five times and more is one of the few who need most: the contrast is larger than claimed, and "
    "nearly all of it is selection.",
)  # fmt: skip


def game_arms() -> Mapping[str, Arm]:
    own = {"horizon": 90, "levers__groups__club__size": 150}
    base = scene("education", (), ("ugc-reward",), **own)
    return {
        "off": arm(base, days=(0,)),
        "game": arm(scene("education", ("points-game",), ("ugc-reward",), **own), base, days=(0,)),
        "stories": arm(scene("education", ("ugc-reward",), **own), base, days=(0,)),
    }


def engines(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Signs of life per member-day; members' stories among all that is shown in groups."""
    found = {}
    for name, world in seen.items():
        found[f"{name} acts"] = float(
            world.total("interactions") + world.total("visits") + world.total("tasks")
        )
        found[f"{name} days"] = float(world.total("members"))
        found[f"{name} stories"] = float(world.total("stories"))
        found[f"{name} topics"] = float(world.total("topics"))
    return found


P27 = Pattern(
    27, "Games and members' stories", "interactions 3 times; stories 65 % of content",
    "education, 90 days, groups: without, with a points game, with rewarded stories",
    game_arms, engines,
    (
        Direction("acts per member-day: game less off",
                  lambda r: r["game acts"] / r["game days"] - r["off acts"] / r["off days"]),
        Direction("stories: rewarded less off", more("stories stories", "off stories")),
    ),
    (
        Band("acts per member-day, game over off", 2.2, 4.2,
             lambda t: t["game acts"] / t["game days"] / (t["off acts"] / t["off days"])),
        Band("stories of all topics and stories", 0.50, 0.78,
             lambda t: t["stories stories"] / (t["stories stories"] + t["stories topics"])),
    ),
    "A game pulls on visits and answers of those in groups, who are active anyway. The claimed figure compares "
    "players with others.",
)  # fmt: skip

SIZES = (50, 150, 500, 1000, 2000)


def size_arms() -> Mapping[str, Arm]:
    arms = {}
    for size in SIZES:
        arms[f"{size}"] = arm(scene("default", (), ("group-size",), horizon=60, levers__groups__club__size=size,
                                    levers__groups__club__split_above=100000))  # fmt: skip
    arms["split"] = arm(scene("default", (), ("group-size",), horizon=60, levers__groups__club__size=600,
                              levers__groups__club__split_above=100000))  # fmt: skip
    arms["whole"] = arm(scene("default", (), ("group-size",), horizon=60, levers__groups__club__size=1200,
                              levers__groups__club__split_above=100000))  # fmt: skip
    return arms


def speakers(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Members of groups who say something on a day."""
    return {n: w.total("speakers", 20) / max(w.total("grouped", 20), 1) for n, w in seen.items()} | {
        "one": 1.0
    }


P28 = Pattern(
    28, "Group size and health", "at most 500; split above 1,000; 15 % speak on a day",
    "60 days of groups of 50 to 2,000, and of 1,200 whole and in two halves",
    size_arms, speakers,
    (
        Direction("speak on a day: best below 500 less 1,000", lambda r: max(r["50"], r["150"]) - r["1000"]),
        Direction("500 less 2,000", more("500", "2000")),
        Direction("halves of 1,200 less the whole", more("split", "whole")),
    ),
    (
        Band("speak on a day, groups of 150", 0.12, 0.25, ratio("150", "one")),
        Band("speak on a day, best below 500 over 1,000", 1.1, 100, lambda t: max(t["50"], t["150"]) / t["1000"]),
        Band("speak on a day, halves over the whole", 1.1, 100, ratio("split", "whole")),
    ),
)  # fmt: skip

# 24: crises --------------------------------------------------------------------------------------

HOURS = (1, 6, 24, 48)


def crisis_arms() -> Mapping[str, Arm]:
    """No crisis; one that is left alone; statements and compensations after so many hours. Somebody watches."""
    own = {"horizon": 60}

    def leak(delay: float, statement: str, paid: str) -> Scenario:
        more_ = {"levers__response__delay": f"{delay} hours", "levers__response__statement": statement,
                 "levers__response__compensation": paid, "levers__response__isolation": "0%",
                 "levers__response__cost": "0 yuan"}  # fmt: skip
        return scene("default", ("crisis", "crisis-response", "opinion-monitoring"), crises__leak__date="2026-01-11",
                     levers__monitoring__cost="0 yuan", **own, **more_)  # fmt: skip

    quiet = scene("default", **own)
    arms = {"quiet": quiet, "alone": leak(2, "0%", "0 yuan"), "statement": leak(2, "100%", "0 yuan")}
    arms |= {f"h{h}": leak(h, "100%", "20 yuan") for h in HOURS} | {"paid": leak(2, "100%", "20 yuan")}
    return {name: arm(scenario, quiet, days=(0,), log=True) for name, scenario in arms.items()}


def outrage(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Members on the eve who ever were angry; revenue."""
    found = {}
    for name, world in seen.items():
        day, user, code, _ = world.events.T
        members = world.at[0]["status"] == 1
        angry = np.unique(user[(code == Event.ANGER) & (day > 0)])
        found[f"{name} angry"] = float(members[angry].sum())
        found[f"{name} revenue"] = world.total("revenue_fen") / 100.0
        found["members"] = float(members.sum())
    return found


def an_hour(first: int, last: int) -> Number:
    """Members per hour by whom the angry grow between two delays."""
    return lambda r: (r[f"h{last} angry"] - r[f"h{first} angry"]) / (last - first)


P24 = Pattern(
    24, "Crisis and the first day", "at most 5 % or 3 % affected with a fast response; 24 hours",
    "60 days; on day 11 one member in a hundred is angry; the brand, which notices within the hour, is silent, makes "
    "a statement after 2 hours, or pays 20 yuan to each as well, after 1, 2, 6, 24 or 48 hours",
    crisis_arms, outrage,
    (
        Direction("ever angry: silence less a statement", more("alone angry", "statement angry")),
        Direction("a statement less one with compensation", more("statement angry", "paid angry")),
        Direction("revenue: with a fast response less with silence", more("paid revenue", "alone revenue")),
        Direction("further angry per hour of delay: after 24 hours less before",
                  lambda r: an_hour(24, 48)(r) - an_hour(1, 24)(r)),
    ),
    (
        Band("ever angry, silence", 0.15, 1.0, ratio("alone angry", "members")),
        Band("ever angry, statement after 2 hours", 0.0, 0.05, ratio("statement angry", "members")),
        Band("ever angry, statement and compensation", 0.0, 0.03, ratio("paid angry", "members")),
        Band("revenue, silence over no crisis", -inf, inf, ratio("alone revenue", "quiet revenue")),
    ),
)  # fmt: skip

FRIENDS = (P7, P8, P21, P24, P27, P28)
