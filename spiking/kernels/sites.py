r"""Cores to places on a mesh: greedy start, annealing, descent by swaps, taboo search.

The cost of places p is, with packets :math:`S_{ij}` between two cores in both directions,
:math:`g_i` from the entry to a core, and d the links between two tiles, weighted,

.. math:: \sum_{i < j} S_{ij}\, d(p_i, p_j) + \sum_i g_i\, d(\text{entry}, p_i) .

Two cores that swap places, or one that moves to a free one, change only their own terms.
"""

from typing import NamedTuple

import numpy as np

from spiking.kernels.competition import uniform
from spiking.kernels.compiled import compiled


class Problem(NamedTuple):
    """Cores that exchange packets, and places.

    Packets of core i are with ``other[start[i] : start[i + 1]]``, ``amount`` of them; ``pull`` come
    from the entry, none for free places, which are counted after the cores. Places are at columns
    ``x`` and rows ``y``; ``weights`` are the costs of a link east or west, and north or south.
    """

    start: np.ndarray
    other: np.ndarray
    amount: np.ndarray
    pull: np.ndarray
    x: np.ndarray
    y: np.ndarray
    entry: tuple[int, int]
    weights: tuple[float, float]


@compiled
def distance(problem, a, b):
    """Return the weighted links between two places."""
    along, down = abs(problem.x[a] - problem.x[b]), abs(problem.y[a] - problem.y[b])
    return problem.weights[0] * along + problem.weights[1] * down


@compiled
def depth(problem, a):
    """Return the weighted links between the entry and a place."""
    along, down = abs(problem.x[a] - problem.entry[0]), abs(problem.y[a] - problem.entry[1])
    return problem.weights[0] * along + problem.weights[1] * down


@compiled
def change(problem, place_of, holder, i, b):
    """Return what the cost changes by if core i and what is at place b swap."""
    a, j = place_of[i], holder[b]
    delta = problem.pull[i] * (depth(problem, b) - depth(problem, a))
    for e in range(problem.start[i], problem.start[i + 1]):
        k = problem.other[e]
        if k != j:
            there = place_of[k]
            gap = distance(problem, b, there) - distance(problem, a, there)
            delta += problem.amount[e] * gap
    if j >= 0:
        delta += problem.pull[j] * (depth(problem, a) - depth(problem, b))
        for e in range(problem.start[j], problem.start[j + 1]):
            k = problem.other[e]
            if k != i:
                there = place_of[k]
                gap = distance(problem, a, there) - distance(problem, b, there)
                delta += problem.amount[e] * gap
    return delta


@compiled
def swap(place_of, holder, i, b):
    """Put core i at place b, and what was there where core i was."""
    a, j = place_of[i], holder[b]
    place_of[i], holder[b], holder[a] = b, i, j
    if j >= 0:
        place_of[j] = a


@compiled
def greedy(problem, order, place_of, holder):
    """Place the core that talks most with those placed where it costs least, one after another.

    Of places that cost the same it takes the first in ``order``.
    """
    cores = len(place_of)
    place_of[:], holder[:] = -1, -1
    near = np.zeros(cores)  # packets with those placed
    for i in range(cores):
        near[i] = problem.pull[i]
    for _ in range(cores):
        chosen = -1
        for i in range(cores):
            if place_of[i] < 0 and (chosen < 0 or near[i] > near[chosen]):
                chosen = i
        best, least = -1, np.inf
        for place in order:
            if holder[place] >= 0:
                continue
            cost = problem.pull[chosen] * depth(problem, place)
            for e in range(problem.start[chosen], problem.start[chosen + 1]):
                there = place_of[problem.other[e]]
                if there >= 0:
                    cost += problem.amount[e] * distance(problem, place, there)
            if cost < least:
                best, least = place, cost
        place_of[chosen], holder[best] = best, chosen
        for e in range(problem.start[chosen], problem.start[chosen + 1]):
            near[problem.other[e]] += problem.amount[e]


@compiled
def anneal(problem, place_of, holder, source, stages, proposals):
    """Swap at random, always if it costs less, and at first often if it costs more.

    The temperature falls from the mean change of a swap to a thousandth of it.
    """
    cores, places = len(place_of), len(holder)
    temperature, tried = 0.0, 4 * places
    for _ in range(tried):
        i = min(int(uniform(source) * cores), cores - 1)
        b = min(int(uniform(source) * places), places - 1)
        temperature += abs(change(problem, place_of, holder, i, b)) / tried
    if temperature == 0.0:
        return
    cooling = 1e-3 ** (1.0 / stages)
    for _ in range(stages):
        for _ in range(proposals):
            i = min(int(uniform(source) * cores), cores - 1)
            b = min(int(uniform(source) * places), places - 1)
            delta = change(problem, place_of, holder, i, b)
            if delta <= 0.0 or uniform(source) < np.exp(-delta / temperature):
                swap(place_of, holder, i, b)
        temperature *= cooling


@compiled
def descend(problem, place_of, holder, least):
    """Swap while a swap saves more than ``least``."""
    better = True
    while better:
        better = False
        for i in range(len(place_of)):
            for b in range(len(holder)):
                if change(problem, place_of, holder, i, b) < -least:
                    swap(place_of, holder, i, b)
                    better = True


@compiled
def gain_of(problem, flow, gap, at, i, j):
    """Return what the cost changes by if units i and j swap; from tables."""
    a, b = at[i], at[j]
    delta = (problem.pull[i] - problem.pull[j]) * (depth(problem, b) - depth(problem, a))
    for k in range(len(flow)):
        if k != i and k != j:
            delta += (flow[i, k] - flow[j, k]) * (gap[b, at[k]] - gap[a, at[k]])
    return delta


@compiled
def search(problem, flow, gap, tile, at, cores, source, rounds, least):
    """Take the best swap in each round, even one that costs more, and do not undo it for a while.

    Units are cores, then free places, all with their packets ``flow``; ``gap`` are distances of
    places, ``tile`` numbers of their tiles. Two units do not both return to tiles that they left,
    for a random number of rounds, about as many as there are places, unless that is better than all
    before. Writes the best to ``at``.

    This is Taillard's robust search with a wider range of waits: on six places those between 0.9
    and 1.1 times their number ran in circles.
    """
    units = len(at)
    delta, until = np.zeros((cores, units)), np.zeros((units, units), np.int64)
    for i in range(cores):
        for j in range(i + 1, units):
            delta[i, j] = gain_of(problem, flow, gap, at, i, j)
    best, now, lowest = at.copy(), 0.0, 0.0
    for turn in range(1, rounds + 1):
        r, s, low = -1, -1, np.inf
        for i in range(cores):
            for j in range(i + 1, units):
                value = delta[i, j]
                if value >= low or tile[at[i]] == tile[at[j]]:
                    continue
                held = until[i, tile[at[j]]] > turn and until[j, tile[at[i]]] > turn
                if not held or now + value < lowest - least:
                    r, s, low = i, j, value
        if r < 0:
            continue
        a, b = at[r], at[s]
        until[r, tile[a]] = turn + 1 + int((0.2 + 1.6 * uniform(source)) * units)
        until[s, tile[b]] = turn + 1 + int((0.2 + 1.6 * uniform(source)) * units)
        at[r], at[s], now = b, a, now + low
        for i in range(cores):
            for j in range(i + 1, units):
                if i in (r, s) or j in (r, s):
                    delta[i, j] = gain_of(problem, flow, gap, at, i, j)
                else:
                    first = flow[r, i] - flow[r, j] + flow[s, j] - flow[s, i]
                    if first != 0.0:
                        u, v = at[i], at[j]
                        delta[i, j] += first * (gap[a, u] - gap[a, v] + gap[b, v] - gap[b, u])
        if now < lowest - least:
            lowest, best = now, at.copy()
    at[:] = best
