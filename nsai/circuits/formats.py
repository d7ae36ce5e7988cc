"""Circuits of other compilers: the files of SDD, c2d and d4, read into a graph.

Each reader takes the text of a file and is strict: a line that does not fit is a
`CircuitFormatError` with its number.
"""

from collections.abc import Iterator

from nsai.circuits.errors import CircuitFormatError
from nsai.circuits.nnf import NNF, NNFBuilder

SDD_WORDS = {"sdd": 1, "F": 2, "T": 2, "L": 4, "D": 4}  # words that a line has at least


def read_sdd(text: str, variables: int | None = None) -> NNF:
    r"""Read a sentential decision diagram as the SDD library writes it.

    Parameters
    ----------
    text
        What stands in the ``.sdd`` file. The vtree is not needed.
    variables
        Number of variables; the largest one mentioned unless given.

    Raises
    ------
    CircuitFormatError
        If a line is not of the format, or names a node that is not there yet.

    Examples
    --------
    >>> read_sdd("sdd 3\nL 0 0 1\nL 1 2 -2\nD 2 1 1 0 1").model_count()
    1
    """
    lines = list(_lines(text, "c"))
    for number, words in lines:
        if words[0] not in SDD_WORDS or len(words) < SDD_WORDS[words[0]]:
            raise CircuitFormatError(f"line {number}: expected F, T, L or D, got {words}")
    if variables is None:
        variables = max((abs(_int(w[3], n)) for n, w in lines if w[0] == "L"), default=0)
    builder, known = NNFBuilder(variables), dict[int, int]()
    root = None
    for number, words in lines:
        kind = words[0]
        if kind == "sdd":
            continue
        values = [_int(word, number) for word in words[1:]]
        if kind in "FT":
            node = builder.TRUE if kind == "T" else builder.FALSE
        elif kind == "L":
            node = _literal(builder, values[2], number)
        else:
            pairs = values[3:]
            if len(pairs) != 2 * values[2]:
                raise CircuitFormatError(
                    f"line {number}: {values[2]} elements expected, got {len(pairs) / 2:g}"
                )
            inner = [_known(known, i, number) for i in pairs]
            elements = zip(inner[::2], inner[1::2], strict=True)
            node = builder.disjoin([builder.conjoin(element) for element in elements])
        root = known[values[0]] = node
    if root is None:
        raise CircuitFormatError("the file has no node")
    return builder.build(root)


def read_nnf(text: str, variables: int | None = None) -> NNF:
    r"""Read a circuit in the format of c2d, which d4 and dsharp write, too.

    Both dialects are understood: c2d's (``nnf NODES EDGES VARIABLES``, then ``L``, ``A`` and
    ``O`` lines) and d4's (``o``, ``a``, ``t`` and ``f`` nodes, then edges that carry literals).

    Parameters
    ----------
    text
        What stands in the ``.nnf`` file.
    variables
        Number of variables; in d4's dialect the largest one mentioned unless given.

    Raises
    ------
    CircuitFormatError
        If a line is not of the format, or names a node that is not there.

    Examples
    --------
    >>> c2d = "nnf 5 4 2\nL 1\nL -2\nA 2 0 1\nL -1\nO 1 2 2 3"
    >>> read_nnf(c2d).model_count()
    3
    >>> d4 = "o 1 0\nt 2 0\n1 2 -1 0\n1 2 1 -2 0"
    >>> read_nnf(d4).model_count()
    3
    """
    lines = list(_lines(text, "c"))
    if not lines:
        raise CircuitFormatError("the file has no node")
    if lines[0][1][0] == "nnf":
        return _read_c2d(lines, variables)
    return _read_d4(lines, variables)


def _read_c2d(lines: list[tuple[int, list[str]]], variables: int | None) -> NNF:
    number, header = lines[0]
    if len(header) != 4:
        raise CircuitFormatError(f"line {number}: expected nnf NODES EDGES VARIABLES, got {header}")
    expected, _, declared = (_int(word, number) for word in header[1:])
    builder = NNFBuilder(variables or declared)
    nodes: dict[int, int] = {}
    for number, words in lines[1:]:
        kind, values = words[0], [_int(word, number) for word in words[1:]]
        skip = {"L": 0, "A": 1, "O": 2}.get(kind)
        if skip is None or len(values) < max(skip, 1):
            raise CircuitFormatError(f"line {number}: expected L, A or O, got {' '.join(words)}")
        if kind == "L":
            nodes[len(nodes)] = _literal(builder, values[0], number)
            continue
        if len(values) - skip != values[skip - 1]:
            raise CircuitFormatError(f"line {number}: {values[skip - 1]} children expected")
        inner = [_known(nodes, i, number) for i in values[skip:]]
        nodes[len(nodes)] = builder.conjoin(inner) if kind == "A" else builder.disjoin(inner)
    if len(nodes) != expected or not nodes:
        raise CircuitFormatError(f"{expected} nodes expected, got {len(nodes)}")
    return builder.build(nodes[len(nodes) - 1])


def _read_d4(lines: list[tuple[int, list[str]]], variables: int | None) -> NNF:
    kinds: dict[int, str] = {}
    edges: dict[int, list[tuple[int, int, list[int]]]] = {}  # line, target, literals
    largest = 0
    for number, words in lines:
        if words[-1] != "0" or len(words) < 3:
            raise CircuitFormatError(
                f"line {number}: expected a node or an edge that ends in 0, got {' '.join(words)}"
            )
        if words[0] in ("o", "a", "t", "f"):
            kinds[_int(words[1], number)] = words[0]
            continue
        source, target, *literals = (_int(word, number) for word in words[:-1])
        if source not in kinds or target not in kinds:
            raise CircuitFormatError(f"line {number}: an edge between unknown nodes")
        largest = max([largest, *map(abs, literals)])
        edges.setdefault(source, []).append((number, target, literals))
    if not kinds:
        raise CircuitFormatError("the file has no node")
    builder = NNFBuilder(largest if variables is None else variables)
    made: dict[int, int] = {}
    opened: set[int] = set()
    stack = [(min(kinds), False)]
    while stack:
        node, ready = stack.pop()
        if node in made:
            continue
        below = edges.get(node, [])
        if not ready:
            if node in opened:
                raise CircuitFormatError(f"node {node} is below itself")
            opened.add(node)
            stack += [(node, True), *((target, False) for _, target, _ in below)]
            continue
        parts = [
            builder.conjoin([made[target], *(_literal(builder, k, number) for k in literals)])
            for number, target, literals in below
        ]
        gate = {"o": builder.disjoin, "a": builder.conjoin}.get(kinds[node])
        constant = builder.TRUE if kinds[node] == "t" else builder.FALSE
        made[node] = gate(parts) if gate else constant
    return builder.build(made[min(kinds)])


def _lines(text: str, comment: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and words of each line that is neither blank nor a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words and words[0] != comment:
            yield number, words


def _int(word: str, number: int) -> int:
    try:
        return int(word)
    except ValueError as error:
        raise CircuitFormatError(f"line {number}: expected an integer, got {word!r}") from error


def _literal(builder: NNFBuilder, literal: int, number: int) -> int:
    try:
        return builder.literal(literal)
    except ValueError as error:
        raise CircuitFormatError(f"line {number}: {error}") from error


def _known(known: dict[int, int], node: int, number: int) -> int:
    if node not in known:
        raise CircuitFormatError(f"line {number}: node {node} is not there yet")
    return known[node]
