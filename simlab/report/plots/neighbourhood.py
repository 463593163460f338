"""The graph itself: a neighbourhood on chosen days, with stages, invitations and groups."""

from __future__ import annotations

from collections import deque

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Polygon
from numpy.typing import NDArray

from simlab.lab.moved import Scene, Scenes
from simlab.report import fonts, style
from simlab.report.plots.alluvial import day_name

PEOPLE = 140
"""People in the picture: more would be a cloud."""
FRIENDS = 5
"""Friends of one person who are taken into the picture for being friends only."""
COLUMNS = 3
HULL = 4
"""Members of one group in the picture from which it gets a hull."""

Array = NDArray[np.float64]


def centre(scenes: Scenes) -> int:
    """Whose neighbourhood is shown: who brought the largest tree of invitations, else who has most friends."""
    last = scenes.worlds[0][-1]
    size = np.zeros(scenes.graph.n, np.int64)
    for user in np.flatnonzero(last.inviter >= 0).tolist():
        above = int(last.inviter[user])
        for _ in range(50):  # upwards through the tree
            size[above] += 1
            above = int(last.inviter[above])
            if above < 0:
                break
    return int(size.argmax()) if size.any() else int(np.diff(scenes.graph.indptr).argmax())


def around(scenes: Scenes, user: int, people: int = PEOPLE) -> list[int]:
    """People near `user`: those joined to them by invitations first, then friends of friends, few of each.

    Somebody with hundreds of friends would fill the picture with a star: at most FRIENDS new ones are
    taken from each, those who came by an invitation first, then members, then the others.
    """
    last = scenes.worlds[0][-1]

    def near(i: int) -> list[int]:
        friends = [int(j) for j in scenes.graph.neighbours(i)]
        return sorted(friends, key=lambda j: (_related(last, i, j), last.inviter[j] < 0,
                                              int(last.stage[j]) == scenes.outside, j))  # fmt: skip

    found, queue = {user: None}, deque([user])
    while queue and len(found) < people:
        i = queue.popleft()
        fresh = [j for j in near(i) if j not in found]
        kin = sum(not _related(last, i, j) for j in fresh)
        for j in fresh[: max(FRIENDS, kin)]:
            if len(found) < people:
                found[j] = None
                queue.append(j)
    return sorted(found)


def _related(scene: Scene, one: int, other: int) -> bool:
    """False where one invited the other: sorts such pairs first."""
    return not (scene.inviter[one] == other or scene.inviter[other] == one)


def neighbourhood(scenes: Scenes, user: int) -> Figure:
    """One panel per chosen day: people as dots in the colour of their stage, the same places in every panel."""
    import networkx as nx

    chosen = around(scenes, user)
    place = {person: k for k, person in enumerate(chosen)}
    links = [(place[i], place[int(j)]) for i in chosen for j in scenes.graph.neighbours(i)
             if int(j) in place and i < int(j)]  # fmt: skip
    network = nx.Graph()
    network.add_nodes_from(range(len(chosen)))
    network.add_edges_from(links)
    spots = nx.kamada_kawai_layout(network)
    where = np.array([spots[k] for k in range(len(chosen))])
    days = scenes.worlds[0]
    columns = min(COLUMNS, len(days))
    rows = -(-len(days) // columns)
    fig, axes = style.figure(0.7 + 3.3 * rows, rows, columns)
    for ax, scene in zip(axes, days, strict=False):
        _panel(ax, scenes, scene, np.array(chosen), where, links, place)
        ax.set_title(day_name(scenes, scene.day), loc="left", fontsize=style.SIZE, color=style.INK, pad=4)
    for ax in axes[len(days) :]:
        ax.set_visible(False)
    own = scenes.stages[:-2]
    marks = [_dot(style.STAGE_COLOURS[i % 12]) for i in range(len(own))]
    marks += [_dot(style.PAPER, style.MUTED), Line2D([], [], linestyle="", marker="x", color=style.LOSS, markersize=5),
              Line2D([], [], color=style.INK, linewidth=1.2)]  # fmt: skip
    texts = [*fonts.labels(own, "stage"), "not a member", "left", "invited and joined (from inviter)"]
    if any((scene.group[chosen] >= 0).any() for scene in days):
        marks.append(Line2D([], [], color=style.EVENT, linewidth=7))
        texts.append("a group")
    style.legend(fig, marks, texts)
    return style.finish(fig)


def read_neighbourhood(scenes: Scenes, user: int) -> str:
    """Whose neighbourhood it is, and what became of it between the first and the last day."""
    chosen = np.array(around(scenes, user))
    first, last = scenes.worlds[0][0], scenes.worlds[0][-1]

    def members(scene: Scene) -> int:
        return int((scene.stage[chosen] < scenes.outside).sum())

    brought = int((last.inviter[chosen] >= 0).sum())
    gone = int((last.stage[chosen] == scenes.left).sum())
    return (
        f"User {user} and {len(chosen) - 1} people near them: {members(first)} members at first, {members(last)} at "
        f"the end; {brought} came by an invitation, {gone} left."
    )


def _dot(colour: str, edge: str | None = None) -> Line2D:
    return Line2D(
        [], [], linestyle="", marker="o", markersize=6, color=colour, markeredgecolor=edge or colour
    )


def _panel(
    ax: Axes, scenes: Scenes, scene: Scene, chosen: NDArray[np.int64], where: Array, links: list[tuple[int, int]],
    place: dict[int, int],
) -> None:  # fmt: skip
    stage, group = scene.stage[chosen], scene.group[chosen]
    for number in np.unique(group[group >= 0]):
        inside = where[(group == number) & (stage < scenes.outside)]
        if len(inside) >= HULL:
            ax.add_patch(Polygon(_hull(inside), closed=True, facecolor=style.EVENT, edgecolor=style.EVENT,
                                 alpha=0.38, linewidth=9, joinstyle="round", zorder=0))  # fmt: skip
    ax.add_collection(
        LineCollection([where[list(link)] for link in links], colors=style.RULE, linewidths=0.6, zorder=1)
    )
    for k, person in enumerate(chosen.tolist()):
        inviter = place.get(int(scene.inviter[person]))
        if inviter is not None:
            ax.add_patch(FancyArrowPatch(where[inviter], where[k], arrowstyle="-|>", mutation_scale=8, linewidth=1.1,
                                         color=style.INK, shrinkA=3, shrinkB=3, zorder=2))  # fmt: skip
    member, left = stage < scenes.outside, stage == scenes.left
    colours = [style.STAGE_COLOURS[i % 12] for i in stage[member].tolist()]
    x, y = where.T
    ax.scatter(x[member], y[member], s=26, c=colours, edgecolors=style.PAPER, linewidths=0.5, zorder=4)
    outside = ~member & ~left
    ax.scatter(x[outside], y[outside], s=16, c=style.PAPER, edgecolors=style.MUTED, linewidths=0.7, zorder=3)
    ax.scatter(x[left], y[left], s=22, c=style.LOSS, marker="x", linewidths=1.2, zorder=4)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines["bottom"].set_visible(False)
    margin = 0.06
    ax.set_xlim(where[:, 0].min() - margin, where[:, 0].max() + margin)
    ax.set_ylim(where[:, 1].min() - margin, where[:, 1].max() + margin)


def _hull(points: Array) -> Array:
    """The convex hull of some points; all of them where they lie on one line."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return points[ConvexHull(points).vertices]
    except QhullError:
        return points
