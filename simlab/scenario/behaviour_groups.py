"""How people behave in groups: who speaks, what a message does to those who read it, what drives people out."""

from __future__ import annotations

from simlab.scenario.part import Part, parameter
from simlab.scenario.units import Duration, Factor, Money, PerDay, Share


class Groups(Part):
    """Conversation in groups. A member speaks with 1 - exp(-wish); every factor of the wish is 1 at rest."""

    talk: PerDay = parameter(
        0.10,
        "wish to speak of a mean member, before the state of the group",
        "per day",
        0.06,
        0.15,
        "12-25 % speak in a good group",
    )
    peers: Factor = parameter(
        1.5, "largest relative gain of that wish in lively company", "-", 0.5, 3, "assumed", "assumed", le=10
    )
    half_company: Share = parameter(
        0.12, "daily share of speakers at which half of it is reached", "share", 0.08, 0.2, "assumed",
        "assumed", gt=0,
    )  # fmt: skip
    memory: Duration = parameter(
        5.0, "time in which the atmosphere of a group forgets half", "days", 3, 10, "assumed", "assumed"
    )
    half_small: Factor = parameter(
        10.0, "others needed for half a conversation", "people", 5, 20, "assumed", "assumed", gt=0
    )
    half_size: Factor = parameter(
        400.0, "members at which anonymity halves the wish to speak", "people", 200, 800, "assumed",
        "assumed", gt=0,
    )  # fmt: skip
    size_exponent: Factor = parameter(1.0, "steepness of that", "-", 0.7, 1.5, "assumed", "assumed", le=4)
    half_noise: Factor = parameter(
        40.0, "messages a day, per moderation, at which attention halves", "messages", 20, 80, "assumed",
        "assumed", gt=0,
    )  # fmt: skip
    noise_exponent: Factor = parameter(1.0, "steepness of that", "-", 0.7, 1.5, "assumed", "assumed", le=4)
    moderation: Factor = parameter(
        1.0, "messages that one moderator keeps in order, relative to none", "-", 0.5, 2, "assumed", "assumed"
    )
    promo_noise: Factor = parameter(
        30.0, "messages that weigh as much as one promotion to all members", "messages", 10, 60, "assumed",
        "assumed",
    )  # fmt: skip
    topics: Factor = parameter(
        0.8, "largest relative gain of the wish to speak through topics", "-", 0.4, 1.5, "assumed", "assumed"
    )
    ritual: Factor = parameter(
        0.6, "relative gain of the wish to speak on a theme day", "-", 0.3, 1, "assumed", "assumed"
    )
    status: Factor = parameter(
        0.5, "relative gain of the wish to speak through a title", "-", 0.2, 1, "assumed", "assumed"
    )
    stimulus: Factor = parameter(
        2.0, "largest relative gain of the wish to speak through a stimulus", "-", 1, 4, "assumed", "assumed"
    )
    half_stimulus: Money = parameter(
        0.10, "cost of the stimulus per member and day at half of it", "yuan", 0.03, 0.3, "assumed", "assumed",
        gt=0,
    )  # fmt: skip
    trust_talk: Factor = parameter(
        1.0, "response of the wish to speak to relative affinity", "-", 0.5, 1.5, "assumed", "assumed", le=5
    )
    read: Share = parameter(
        0.4, "chance that a member reads a quiet group on a day", "share", 0.2, 0.6, "assumed", "assumed"
    )
    norm: Factor = parameter(
        0.02, "exposure from reading a lively group, in touches", "touches", 0, 0.05, "L16", "assumed"
    )
    proof: Factor = parameter(
        0.06, "exposure from reading what members tell, at most", "touches", 0.02, 0.15, "L16, L36", "assumed"
    )
    credit: Factor = parameter(
        1.0,
        "trust gained from what members tell, relative to a value touch",
        "-",
        0.5,
        2,
        "assumed",
        "assumed",
    )
    half_posts: Factor = parameter(
        2.0, "stories a day at which half of that is reached", "stories", 1, 4, "L36", "assumed", gt=0
    )
    topic_trust: Factor = parameter(
        0.1, "trust gained from reading topics, relative to a value touch", "-", 0.03, 0.2, "assumed",
        "assumed",
    )  # fmt: skip
    belonging: Share = parameter(
        0.003, "affinity gained by speaking, at no deviation", "share", 0.001, 0.006, "assumed", "assumed"
    )
    story: Share = parameter(
        0.03, "share of speakers who tell a story of their own, unpaid", "share", 0.015, 0.06, "assumed",
        "assumed",
    )  # fmt: skip
    story_gain: Factor = parameter(
        4.0, "largest relative gain of that through a reward", "-", 2, 6, "assumed", "assumed"
    )
    half_story: Money = parameter(
        5.0, "reward at half of that gain", "yuan", 2, 15, "assumed", "assumed", gt=0
    )
    selection: Factor = parameter(
        1.0, "credibility gained when every second story is filtered out", "-", 0.3, 2, "assumed", "assumed"
    )
    opinion: Factor = parameter(
        3.0, "weight of a trained opinion customer's story", "stories", 1.5, 5, "assumed", "assumed"
    )
    commission: Money = parameter(
        10.0, "commission per story at which an opinion customer is half content", "yuan", 4, 20, "assumed",
        "assumed", gt=0,
    )  # fmt: skip
    opinion_talk: Factor = parameter(
        2.0, "largest relative gain of an opinion customer's wish to speak through commission", "-", 1, 4,
        "assumed", "assumed",
    )  # fmt: skip
    opinion_quit: PerDay = parameter(
        0.02, "rate at which an unpaid opinion customer gives up and goes", "per day", 0.01, 0.05, "assumed",
        "assumed", le=1,
    )  # fmt: skip
    grumble: Share = parameter(
        0.5,
        "chance that somebody very angry complains when speaking",
        "share",
        0.3,
        0.8,
        "assumed",
        "assumed",
    )
    complaint: Factor = parameter(
        0.7, "lasting anger of somebody who has complained to us", "units", 0.3, 1.5, "assumed", "assumed"
    )
    gloom: Share = parameter(
        0.02, "affinity lost by reading many complaints, at no deviation", "share", 0.01, 0.04, "assumed",
        "assumed",
    )  # fmt: skip
    half_grumbles: Factor = parameter(
        2.0, "complaints a day at half of that loss", "messages", 1, 5, "assumed", "assumed", gt=0
    )
    idea: Share = parameter(
        0.05, "share of speakers who make a suggestion where it is asked for", "share", 0.02, 0.1, "assumed",
        "assumed",
    )  # fmt: skip
    ownership: Share = parameter(
        0.15, "affinity gained by whose suggestion is adopted, at no deviation", "share", 0.05, 0.3,
        "assumed", "assumed",
    )  # fmt: skip
    fit: Factor = parameter(
        0.05, "largest relative gain of everybody's orders through adopted suggestions", "share", 0.02, 0.10,
        "assumed", "assumed", le=2,
    )  # fmt: skip
    half_fit: Factor = parameter(
        40.0, "adopted suggestions per 1,000 starting members at half of it", "ideas", 20, 100, "assumed",
        "assumed", gt=0,
    )  # fmt: skip
    attend_online: Share = parameter(
        0.15, "wish of a mean member to come to an online event", "share", 0.08, 0.25, "assumed", "assumed"
    )
    attend_offline: Share = parameter(
        0.04,
        "wish of a mean member to come to a meeting in person",
        "share",
        0.02,
        0.08,
        "assumed",
        "assumed",
    )
    meeting: Share = parameter(
        0.03, "affinity gained at a meeting in person, at no deviation", "share", 0.01, 0.06, "assumed",
        "assumed",
    )  # fmt: skip
    ties: Factor = parameter(
        1.0, "largest relative gain of the weight of company where members have met", "-", 0.3, 2, "assumed",
        "assumed",
    )  # fmt: skip
    half_ties: Factor = parameter(
        0.3, "meetings per member at half of it", "-", 0.1, 0.6, "assumed", "assumed", gt=0
    )
    ties_half_life: Duration = parameter(
        365.0, "time in which ties from meetings fade by half", "days", 180, 730, "assumed", "assumed"
    )
    practise: Share = parameter(
        0.10, "wish of a mean member to take part in a practice session", "share", 0.05, 0.2, "assumed",
        "assumed",
    )  # fmt: skip
    practice_gain: Share = parameter(
        0.15, "habit gained by one session, of what is missing", "share", 0.08, 0.25, "assumed", "assumed"
    )
    habit_gain: Share = parameter(
        0.015, "habit gained by speaking, of what is missing", "share", 0.005, 0.03, "assumed", "assumed"
    )
    habit_talk: Factor = parameter(
        0.5, "relative gain of the wish to speak through a full habit", "-", 0.2, 1, "assumed", "assumed"
    )
    quit: PerDay = parameter(
        0.004, "rate at which members go out of an endlessly noisy group", "per day", 0.001, 0.01, "assumed",
        "assumed", le=1,
    )  # fmt: skip
    shared: Factor = parameter(
        1.5, "wish to speak about one's own interest, relative", "-", 1.2, 2, "assumed", "assumed", le=10
    )
    unshared: Factor = parameter(
        0.7, "wish to speak about something else, relative", "-", 0.5, 0.9, "assumed", "assumed", le=10
    )
    interest_talk: Factor = parameter(
        1.25, "wish to speak in a group of shared interest, relative", "-", 1.1, 1.5, "assumed", "assumed"
    )
    product_proof: Factor = parameter(
        1.25, "exposure from reading a product group, relative", "-", 1.1, 1.5, "assumed", "assumed"
    )
    region_meetings: Factor = parameter(
        1.5, "wish to come to a meeting in person in a regional group, relative", "-", 1.2, 2, "assumed",
        "assumed",
    )  # fmt: skip
    privilege_trust: Factor = parameter(
        1.5, "trust from reading and speaking in a group of the privileged, relative", "-", 1.1, 2, "assumed",
        "assumed",
    )  # fmt: skip
    koc_story: Factor = parameter(
        2.0, "share of story tellers in a group of opinion customers, relative", "-", 1.5, 3, "assumed",
        "assumed",
    )  # fmt: skip
