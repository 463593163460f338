"""How people behave: every behavioural parameter with its unit, range, source and status.

This is the one place where a default stands; `docs/parameters.md` is printed from here.
*status* is how far the number can be trusted: ``law`` (leans on a published regularity,
named by its L-number in docs/laws.md), ``calibrated`` (chosen so that the world obeys the laws jointly)
or ``assumed``. *plausible* is the range from which uncertain worlds are drawn.
"""

from __future__ import annotations

from typing import Any

from simlab.scenario.behaviour_company import Anger, Status, Talk, Teams
from simlab.scenario.behaviour_contact import ConsentResponse, Habit, Kinds, Placement, Topics
from simlab.scenario.behaviour_groups import Groups
from simlab.scenario.behaviour_market import Acquisition
from simlab.scenario.behaviour_money import Commitment, Deals, Loyalty, Shopping
from simlab.scenario.behaviour_staff import ProductBehaviour, ServiceBehaviour, TeamBehaviour
from simlab.scenario.part import Part, parameter
from simlab.scenario.units import Duration, Factor, Money, Number, PerDay, Share


class Attention(Part):
    """The fatigue stock: what touches cost, how it fades, what it does to activity and reading."""

    half_life: Duration = parameter(
        7.0, "time in which fatigue halves without touches", "days", 4, 14, "L12, L13"
    )
    promo_cost: Factor = parameter(
        1.0, "fatigue added by one promotional touch", "units", 0.8, 1.2, "scale", "assumed"
    )
    value_cost: Factor = parameter(0.5, "fatigue added by one value touch", "units", 0.3, 0.6, "L12")
    tolerance_spread: Factor = parameter(
        1.0, "log standard deviation of personal tolerance", "-", 0.7, 1.3, "L12", le=3
    )
    half_activity: Factor = parameter(
        35.0, "fatigue at which activity halves", "units", 28, 45, "L10, L12", gt=0
    )
    steepness: Factor = parameter(
        3.5, "steepness of the activity response to fatigue", "-", 2.5, 4, "L12", le=10
    )
    tolerance_in_activity: Factor = parameter(
        0.3, "exponent of tolerance in the activity response", "-", 0.2, 0.5, "L12", le=1
    )
    order_exponent: Factor = parameter(
        0.6, "exponent of the activity response in orders", "-", 0.4, 0.8, "L10", le=2
    )
    seen: Share = parameter(0.93, "chance that a rested user notices a touch", "share", 0.88, 0.97, "L14")
    half_seen: Factor = parameter(
        28.0, "fatigue (tolerance-scaled) at which noticing falls half-way", "units", 20, 35, "L12", gt=0
    )
    seen_floor: Share = parameter(
        0.55, "noticing that is left under endless fatigue, relative", "share", 0.4, 0.7, "L12"
    )
    open: Share = parameter(
        0.06, "open rate of a rested user per noticed touch", "share", 0.02, 0.08, "L14", "law"
    )
    half_open: Factor = parameter(
        12.0, "fatigue at which the open rate halves", "units", 8, 20, "L12, L14", gt=0
    )
    crowding: Share = parameter(
        0.6, "open-rate factor for each earlier touch of the same day", "share", 0.4, 0.8, "L12"
    )
    interact: Share = parameter(
        0.25, "chance that an open becomes an inbound interaction", "share", 0.1, 0.4, "assumed", "assumed"
    )


class OptOut(Part):
    """Mute (absorbing), complaint and leaving, all rising with fatigue relative to tolerance."""

    mute: Share = parameter(
        0.0035, "mute hazard per touched day at the reference load", "per day", 0.002, 0.006, "L12"
    )
    leave: Share = parameter(
        0.001, "leave hazard per touched day at the reference load", "per day", 0.0005, 0.002, "L12"
    )
    complain: Share = parameter(
        0.0002,
        "complaint hazard per touched day at the reference load",
        "per day",
        0.0001,
        0.0005,
        "L10",
        "assumed",
    )
    reference: Factor = parameter(
        10.0, "tolerance-scaled fatigue of the reference load", "units", 8, 12, "scale", "assumed", gt=0
    )
    exponent: Factor = parameter(1.3, "growth of the hazards with load", "-", 1.1, 1.6, "L12", le=5)
    saturation: Factor = parameter(
        18.0, "load beyond which the hazards saturate", "units", 14, 25, "L12", gt=0
    )
    muted_visits: Share = parameter(
        0.35, "visits of a muted user, relative", "share", 0.2, 0.6, "assumed", "assumed"
    )
    dogs: Share = parameter(
        0.25,
        "share of users whom contact drives away when idle (sleeping dogs)",
        "share",
        0.15,
        0.4,
        "L18",
        "law",
    )
    dog_leave: Share = parameter(
        0.016, "their leave hazard per touched day", "per day", 0.01, 0.03, "L18", "law"
    )
    dog_idle: Duration = parameter(
        45.0, "idle time after which contact can drive them away", "days", 30, 90, "L18"
    )
    exit: Share = parameter(
        0.012,
        "unsubscribe hazard once the customer relation has ended",
        "per day",
        0.005,
        0.03,
        "assumed",
        "assumed",
    )
    ended_visits: Share = parameter(
        0.10,
        "visits once the customer relation has ended, relative",
        "share",
        0.05,
        0.3,
        "assumed",
        "assumed",
    )


class Trust(Part):
    """Affinity: a slow stock that value touches raise and promotions wear down."""

    baseline: Share = parameter(
        0.5, "affinity of an untouched user", "share", 0.4, 0.6, "scale", "assumed", gt=0
    )
    spread: Share = parameter(
        0.1,
        "standard deviation of the baseline between users",
        "share",
        0.05,
        0.15,
        "assumed",
        "assumed",
        le=0.2,
    )
    half_life: Duration = parameter(
        90.0, "time in which a deviation from the baseline halves", "days", 60, 180, "L13"
    )
    value_gain: Share = parameter(
        0.016, "affinity gained by one noticed value touch, at no deviation", "share", 0.005, 0.02, "L13"
    )
    promo_loss: Share = parameter(
        0.004, "affinity lost by one noticed promotion, at no deviation", "share", 0.002, 0.01, "L13"
    )
    in_orders: Factor = parameter(
        0.6, "response of the order rate to relative affinity", "-", 0.3, 1, "L13", le=3
    )
    in_lifetime: Factor = parameter(
        1.0, "response of the lifetime rate to relative affinity", "-", 0.5, 1.5, "L13", le=3
    )


class Exposure(Part):
    """The lift of a touch is mostly that it was seen: concave, gone in about four weeks."""

    half_life: Duration = parameter(
        7.0, "time in which an exposure's lift halves", "days", 5, 10, "L16, L17", "law"
    )
    lift: Factor = parameter(
        0.8, "largest relative lift of the order rate", "share", 0.4, 1.0, "L15, L16", le=5
    )
    half: Factor = parameter(
        0.75, "exposure stock at half of the largest lift", "touches", 0.5, 1.2, "L10", gt=0
    )
    value_weight: Factor = parameter(
        1.0, "exposure of a value touch relative to a promotion", "-", 0.5, 1, "L16", le=5
    )


class Price(Part):
    """Response to offers: elasticity, who notices a coupon, reference price, pull-forward."""

    elasticity: Factor = parameter(
        3.0, "mean price elasticity of those who use offers", "-", 2.2, 3.2, "L20", "law", le=8
    )
    deal_shape: Factor = parameter(
        1.0, "gamma shape of deal-proneness (mean 1) between users", "-", 0.7, 2, "L21", gt=0.05
    )
    clip: Factor = parameter(
        0.5,
        "inclination to take a 10 % coupon: P = 1 - exp(-clip x proneness x depth/10 %)",
        "-",
        0.2,
        0.8,
        "L21",
        le=10,
    )
    reference_share: Share = parameter(
        0.35, "share of the elasticity that is relative to the reference price", "share", 0.2, 0.5, "L22"
    )
    loss_aversion: Factor = parameter(
        1.5, "weight of paying more than the reference price", "-", 1.2, 2, "L22", le=5
    )
    reference_learning: Share = parameter(
        0.12, "learning of the reference price from one paid price", "share", 0.05, 0.25, "L22"
    )
    reference_half_life: Duration = parameter(
        120.0, "time in which the reference price recovers by half", "days", 90, 240, "L22"
    )
    largest_lift: Factor = parameter(
        2.5, "cap of the lift of an offer (approached smoothly)", "-", 1.5, 3, "L20", gt=1
    )
    pull_forward: Share = parameter(
        0.10, "share of a coupon's extra orders borrowed from later", "share", 0.05, 0.3, "L25"
    )
    stock_half_life: Duration = parameter(
        31.0, "time in which borrowed orders are paid back by half", "days", 14, 60, "L25"
    )


class Invitation(Part):
    """Who invites, who comes, and who comes for the reward alone."""

    episodes: PerDay = parameter(
        0.0010, "invitation episodes of a mean user without reward", "per day", 0.0005, 0.002, "L34"
    )
    gain: Factor = parameter(
        2.0, "largest relative gain of episodes through a reward", "-", 1, 4, "L31", le=20
    )
    half_reward: Money = parameter(12.0, "reward at half of that gain", "yuan", 8, 30, "L31", gt=0)
    needed_exponent: Factor = parameter(
        1.0, "how the perceived reward falls with invites needed", "-", 0.5, 1.5, "assumed", "assumed", le=5
    )
    step_loss: Share = parameter(
        0.25, "perceived reward lost per step that is not yet paid", "share", 0.1, 0.4, "assumed", "assumed"
    )
    more: Share = parameter(
        0.5, "chance of asking one friend more in an episode", "share", 0.3, 0.6, "assumed", "assumed", le=0.9
    )
    accept: Share = parameter(
        0.16, "acceptance of an invitation without reward to the invitee", "share", 0.08, 0.25, "L34"
    )
    invitee_gain: Factor = parameter(
        0.8, "largest relative gain of acceptance through a reward", "-", 0.4, 1.5, "L32", le=20
    )
    half_invitee_reward: Money = parameter(
        30.0, "reward to the invitee at half of that gain", "yuan", 15, 60, "L32", gt=0
    )
    proof: Factor = parameter(
        0.35, "gain of acceptance once another friend is a member", "-", 0.1, 0.6, "L36", "law", le=5
    )
    need_exponent: Factor = parameter(
        0.2, "exponent of the invitee's need in acceptance", "-", 0, 0.3, "L30", le=2
    )
    hunters: PerDay = parameter(
        0.002, "largest rate of bringing somebody for the reward alone", "per day", 0.001, 0.004, "L31"
    )
    half_hunters: Money = parameter(
        60.0, "reward per person at which half of that rate is reached", "yuan", 40, 100, "L24, L31", gt=0
    )
    hunter_need: Factor = parameter(0.3, "order rate of reward hunters, relative", "-", 0.2, 0.5, "L24", le=5)
    hunter_hazard: PerDay = parameter(
        0.006, "lifetime rate added for reward hunters", "per day", 0.003, 0.01, "L24"
    )
    hunter_deal: Factor = parameter(
        1.6, "deal-proneness of reward hunters, relative", "-", 1.2, 2.5, "L24", le=10
    )


class Contagion(Part):
    """Leaving friends raise the hazard of those who stay."""

    friend: Factor = parameter(
        0.2, "relative hazard per friend who has just left", "-", 0.1, 0.4, "L35", "law", le=5
    )
    inviter: Factor = parameter(
        1.6, "relative hazard when the own inviter has just left", "-", 0.8, 2.4, "L30", le=20
    )
    half_life: Duration = parameter(30.0, "time in which that memory halves", "days", 15, 60, "L35", "law")


class Activity(Part):
    """Visits of members on their own account."""

    visits: PerDay = parameter(
        0.04, "own visits of a mean user", "per day", 0.02, 0.1, "assumed", "assumed", le=0.9
    )
    visit_shape: Factor = parameter(
        0.5, "gamma shape of visits between users", "-", 0.3, 1.0, "assumed", "assumed", gt=0.05
    )
    visit_need: Number = parameter(
        0.5, "correlation of visits with need", "-", 0.3, 0.8, "assumed", "assumed", ge=-0.99, le=0.99
    )
    sociability_spread: Factor = parameter(
        0.5, "log standard deviation of sociability", "-", 0.3, 0.8, "assumed", "assumed", le=3
    )


class Behaviour(Part):
    """All behavioural parameters, by subject."""

    attention: Attention = Attention()
    opt_out: OptOut = OptOut()
    trust: Trust = Trust()
    exposure: Exposure = Exposure()
    price: Price = Price()
    invitation: Invitation = Invitation()
    contagion: Contagion = Contagion()
    activity: Activity = Activity()
    # contact
    kinds: Kinds = Kinds()
    topics: Topics = Topics()
    placement: Placement = Placement()
    habit: Habit = Habit()
    consent: ConsentResponse = ConsentResponse()
    acquisition: Acquisition = Acquisition()
    # company
    status: Status = Status()
    talk: Talk = Talk()
    teams: Teams = Teams()
    anger: Anger = Anger()
    # money
    deals: Deals = Deals()
    loyalty: Loyalty = Loyalty()
    commitment: Commitment = Commitment()
    shopping: Shopping = Shopping()
    groups: Groups = Groups()
    # staff
    service: ServiceBehaviour = ServiceBehaviour()
    team: TeamBehaviour = TeamBehaviour()
    product: ProductBehaviour = ProductBehaviour()


def parameters() -> list[dict[str, Any]]:
    """Every behavioural parameter as a row: path, default, unit, plausible range, source, status, meaning."""
    rows = []
    for subject, field in Behaviour.model_fields.items():
        part = field.annotation
        assert part is not None
        for name, leaf in part.model_fields.items():
            rows.append(
                {
                    "path": f"behaviour.{subject}.{name}",
                    "default": leaf.default,
                    **leaf.json_schema_extra,
                    "meaning": leaf.description,
                }
            )
    return rows
