"""The columns of instructions, and the arithmetic of their bits."""

from quantum.simulation.sweeps.compiled import compiled

# kinds of instructions
MIX, MIX_IF, TURN, PARITY, FLIP, GATHER, DENSE = range(7)
# their columns
KIND, PLACE, MASK, VALUE, XMASK, ZMASK, MATRIX, FACTORS, LAST, BATCHED, TABLE = range(11)
COLUMNS = 11
# kinds of factors of a gate on one qubit
RX, RY, RZ, PHASE, FIXED = range(5)
HALVES = 8  # of a matrix
POWERS = (1 + 0j, 1j, -1 + 0j, -1j)  # of i


@compiled
def parity(x):
    """Return whether the number of bits that are set is odd."""
    x ^= x >> 32
    x ^= x >> 16
    x ^= x >> 8
    x ^= x >> 4
    x ^= x >> 2
    x ^= x >> 1
    return x & 1


@compiled
def count_bits(x):
    """Return the number of bits that are set."""
    count = 0
    while x:
        x &= x - 1
        count += 1
    return count


@compiled
def expanded(q, mask):
    """Return a number with zeros put in at the bits of a mask."""
    while mask:
        bit = mask & -mask
        q = ((q & ~(bit - 1)) << 1) | (q & (bit - 1))
        mask ^= bit
    return q


@compiled
def spread(a, mask):
    """Return a number with its bits at those of a mask, the lowest first."""
    out = 0
    while mask:
        bit = mask & -mask
        out |= bit if a & 1 else 0
        a >>= 1
        mask ^= bit
    return out
