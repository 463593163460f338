"""The small tables of groups: kinds (levers and behaviour in numbers), actual groups, and what is said in a day."""

from __future__ import annotations

from enum import IntEnum

from simlab.world.records import record_type

NO_GROUP, GONE_OUT = -1, -2
"""`user.group` of somebody in none, and of somebody who went out and is not asked again."""

GROUP_KIND = record_type(
    [("name", "u8")]
    + [
        (name, "f8")
        for name in (
            "share "  # of the audience that is invited
            # how a group's morning follows from yesterday
            "talk peers half_company memory half_small half_size size_exponent half_noise noise_exponent "
            "capacity promo_noise ties half_ties ties_keep stimulus half_stimulus below enough opinion half_posts "
            "half_grumbles quit ritual "
            # how a member acts in it
            "status shared unshared trust_talk read norm proof credit topic_trust belonging story "
            "opinion_story filter opinion_talk opinion_quit grumble complaint gloom idea "
            "adopt ownership online offline meeting practise "
            "practice_gain habit_gain habit_talk merge_below"
        ).split()
    ]
    + [
        (name, "i8")
        for name in (
            "who_first who_last titled_first titled_last koc_first koc_last people split_above seats reserve "
            "stimulus_days cooldown topics about running stimulus_fen reward commission training prize online_fen "
            "offline_fen"
        ).split()
    ]
)
"""One entry of `levers.groups`. Chances of today (ritual, online, offline, practise) are 0 on other days;
`running` is what one group costs today without a stimulus, in fen."""

GROUP = record_type(
    # what a member's day looks at, this morning's: side by side
    [("kind", "i8")]
    + [(name, "f8") for name in "talk read proof credit gloom quit".split()]
    + [("name", "u8")]
    + [(name, "i8") for name in "members stimulus_until rests_until founded".split()]
    + [(name, "f8") for name in "activity ties".split()]
    # yesterday
    + [(name, "i8") for name in "messages stories opinions grumbles promos".split()]
)
"""An actual group. kind: number of its entry, -1: free; read, quit: chances; proof, credit, gloom: what reading does
to exposure and affinity; activity: daily share of speakers, smoothed; ties: meetings per member, fading; opinions:
stories by opinion customers."""


class Said(IntEnum):
    """Columns of what is counted in a group during a day."""

    PRESENT = 0  # members that evening
    SPEAKERS = 1
    MESSAGES = 2
    STORIES = 3
    OPINIONS = 4
    GRUMBLES = 5
    PROMOS = 6  # promotions that its members were sent
    MET = 7
