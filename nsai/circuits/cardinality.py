"""Circuits of counting connectives, built without a compiler."""

from functools import cache

from nsai.circuits.nnf import NNF, NNFBuilder


def cardinality(n: int, low: int, high: int) -> NNF:
    """Return the circuit of "of n variables, at least low and at most high hold".

    Halves are counted apart and joined, so that n variables give O(n · min(k, n − k)) edges and
    O(log n) levels; "exactly one of 1,000" takes milliseconds. The circuit is smooth but where
    all counts from some on are accepted.

    Parameters
    ----------
    n
        Number of variables, at least 1.
    low, high
        Bounds of the count, both inclusive, 0 ≤ low ≤ high ≤ n.

    Raises
    ------
    ValueError
        If the bounds are not in order.

    Examples
    --------
    >>> cardinality(4, 1, 2).model_count()  # 4 + 6
    10
    >>> cardinality(1000, 1, 1).model_count()
    1000
    """
    if not 0 <= low <= high <= n or n < 1:
        raise ValueError(f"expected 0 <= low <= high <= n and n >= 1, got {low}, {high} and {n}")
    builder = NNFBuilder(n)
    # Counting what does not hold is the same question, and cheaper if few may fail.
    sign = 1 if (high if high < n else low) <= (n - low if low > 0 else n - high) else -1
    if sign < 0:
        low, high = n - high, n - low
    cap = high + 1 if high < n else low  # counts from here on are one and the same

    @cache
    def count(first: int, size: int, wanted: int) -> int:
        """Return the node of "of these, so many hold"; at the cap, so many or more."""
        if wanted > size or (wanted == 0 and cap == 0):
            return builder.FALSE if wanted > size else builder.TRUE
        if size == 1:
            return builder.literal(sign * (first + 1) if wanted else -sign * (first + 1))
        half = size // 2
        parts = [(a, wanted - a) for a in range(min(half, wanted) + 1)]
        if wanted == cap:
            over = range(min(size - half, cap) + 1)
            parts += [(a, b) for a, _ in parts for b in over if a + b > cap]
        return builder.disjoin(
            builder.conjoin([count(first, half, a), count(first + half, size - half, b)])
            for a, b in parts
        )

    return builder.build(builder.disjoin(count(0, n, k) for k in range(low, min(high, cap) + 1)))
