r"""Arithmetic on lines of a state vector, as instructions of the processor.

A *line* is one amplitude of several samples: their real parts, then their imaginary parts, together
64 bytes, which is what a cache moves: 4 samples in float64, 8 in float32. A state of n qubits is an
array of 2^n lines, one after the other, as numbers. Amplitudes whose indices differ in one bit only
are a pair, :math:`a` and :math:`b`; a gate on that qubit is a matrix that mixes them.

numba has no type for vectors; what is here is one operation each, on lines that stay in registers.
Matrices are eight half lines: real and imaginary part of each of the four entries, in rows, so that
every sample can have a matrix of its own. Sums are half lines.
"""

from collections.abc import Callable
from inspect import signature, unwrap
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LINE = 64  # bytes
FOUR = 4  # samples at a time where angles become matrices and moments gradients, in float64
INDEX = ir.IntType(64)
Vector = Any  # a value of llvmlite
Complex = tuple[Any, Any]
_DOUBLES = ir.VectorType(ir.DoubleType(), FOUR)


def lanes_of(dtype: Any) -> int:
    """Return the number of samples in a line of real numbers of a type."""
    return LINE // (2 * dtype.itemsize)


class _Array:
    """An array of numbers that is read and written by half lines."""

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: Any, value: ir.Value) -> None:
        self.builder, self.size = builder, kind.dtype.bitwidth // 8
        self.data = context.make_array(kind)(context, builder, value).data
        self.lanes = LINE // (2 * self.size)
        self.vector = ir.VectorType(context.get_data_type(kind.dtype), self.lanes)

    def _at(self, i: ir.Value) -> ir.Value:
        return self.builder.bitcast(self.builder.gep(self.data, [i]), self.vector.as_pointer())

    def half(self, i: ir.Value, number: int = 0, *, fixed: bool = False) -> Vector:
        """Return a half line, `number` half lines behind i; `fixed` while a sweep lasts."""
        place = self.builder.add(i, INDEX(number * self.lanes))
        loaded = self.builder.load(self._at(place), align=self.size)
        if fixed:
            loaded.set_metadata("invariant.load", self.builder.module.add_metadata([]))
        return loaded

    def halves(self, i: ir.Value, count: int, *, fixed: bool = False) -> list[Vector]:
        """Return half lines that follow each other."""
        return [self.half(i, number, fixed=fixed) for number in range(count)]

    def put(self, i: ir.Value, values: Any) -> None:
        """Write half lines that follow each other."""
        for number, value in enumerate(values):
            place = self.builder.add(i, INDEX(number * self.lanes))
            self.builder.store(value, self._at(place), align=self.size)

    def _four(self, i: ir.Value) -> ir.Value:
        pointer = ir.VectorType(self.vector.element, FOUR).as_pointer()
        return self.builder.bitcast(self.builder.gep(self.data, [i]), pointer)

    def four(self, i: ir.Value) -> Vector:
        """Return four numbers in float64."""
        value = self.builder.load(self._four(i), align=self.size)
        return self.builder.fpext(value, _DOUBLES) if self.size == 4 else value

    def put_four(self, i: ir.Value, value: Vector) -> None:
        """Write four numbers of float64."""
        if self.size == 4:
            value = self.builder.fptrunc(value, ir.VectorType(self.vector.element, FOUR))
        self.builder.store(value, self._four(i), align=self.size)

    def line(self, number: ir.Value) -> ir.Value:
        """Return where a line begins."""
        return self.builder.mul(number, INDEX(2 * self.lanes))


class _Arithmetic:
    """Products and sums, fused."""

    def __init__(self, builder: ir.IRBuilder, vector: ir.VectorType) -> None:
        self.builder = builder
        bits = 64 if isinstance(vector.element, ir.DoubleType) else 32
        name, module = f"llvm.fma.v{vector.count}f{bits}", builder.module
        kind = ir.FunctionType(vector, [vector] * 3)
        self._fma = module.globals.get(name) or ir.Function(module, kind, name)

    def plus(self, a: Vector, b: Vector, c: Vector) -> Vector:
        """Return c + a b."""
        return self.builder.call(self._fma, [a, b, c])

    def minus(self, a: Vector, b: Vector, c: Vector) -> Vector:
        """Return c − a b."""
        return self.builder.call(self._fma, [self.builder.fneg(a), b, c])

    def product(self, a: Complex, b: Complex) -> Complex:
        """Return a b."""
        times = self.builder.fmul
        re = self.minus(a[1], b[1], times(a[0], b[0]))
        return re, self.plus(a[1], b[0], times(a[0], b[1]))

    def mixed(self, u: list[Vector], a: Complex, b: Complex) -> list[Vector]:
        """Return both entries of a matrix times (a, b)."""
        out: list[Vector] = []
        for r in (0, 4):
            re, im = self.product((u[r], u[r + 1]), a)
            re = self.minus(u[r + 3], b[1], self.plus(u[r + 2], b[0], re))
            im = self.plus(u[r + 3], b[0], self.plus(u[r + 2], b[1], im))
            out += [re, im]
        return out

    def overlap_im(self, total: Vector, c: Complex, a: Complex) -> Vector:
        """Return a sum and Im(c* a)."""
        return self.minus(c[1], a[0], self.plus(c[0], a[1], total))

    def overlap_re(self, total: Vector, c: Complex, a: Complex) -> Vector:
        """Return a sum and Re(c* a)."""
        return self.plus(c[1], a[1], self.plus(c[0], a[0], total))

    def moments(self, sums: list[Vector], a: Complex, b: Complex, c: Complex, d: Complex) -> list:
        """Return four sums of a pair (a, b) of ψ and (c, d) of λ.

        Im(c* a), Im(d* b), Im⟨λ|X|ψ⟩ and Im⟨λ|Y|ψ⟩.
        """
        zero, one, x, y = sums
        zero, one = self.overlap_im(zero, c, a), self.overlap_im(one, d, b)
        x = self.overlap_im(self.overlap_im(x, c, b), d, a)
        y = self.overlap_re(self.minus(c[1], b[1], self.minus(c[0], b[0], y)), d, a)
        return [zero, one, x, y]


def _pair(array: _Array, q: ir.Value, place: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the lines of the pair with number q of the qubit at a place."""
    b = array.builder
    bit = b.shl(INDEX(1), place)
    low = b.and_(q, b.sub(bit, INDEX(1)))
    i = b.or_(b.shl(b.lshr(q, place), b.add(place, INDEX(1))), low)
    return array.line(i), array.line(b.or_(i, bit))


def _operation(emit: Callable[..., None]) -> Any:
    """Return an operation for compiled functions, without a result.

    ``emit`` takes the builder and what the operation takes: arrays as `_Array`, or numbers.
    """
    emit = unwrap(emit)  # type checkers of the tests may wrap it

    def typed(_: Any, *kinds: Any) -> Any:
        given = [kind if isinstance(kind, types.Array) else types.int64 for kind in kinds]

        def build(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            ready = [
                _Array(context, builder, kind, value) if isinstance(kind, types.Array) else value
                for kind, value in zip(signature.args, values, strict=True)
            ]
            emit(builder, *ready)
            return context.get_dummy_value()

        return types.void(*given), build

    typed.__signature__ = signature(emit)  # type: ignore[attr-defined]  # numba asks for it
    typed.__name__, typed.__doc__ = emit.__name__, emit.__doc__
    return intrinsic(typed)


def _complex(halves: list[Vector]) -> list[Complex]:
    return list(zip(halves[::2], halves[1::2], strict=True))


@_operation
def mix_all(builder, state, pairs, place, matrices, m):
    """Multiply all pairs of the qubit at a place by the matrix at m."""
    maths = _Arithmetic(builder, state.vector)
    u = matrices.halves(m, 8, fixed=True)
    with cgutils.for_range(builder, pairs, intp=INDEX) as loop:
        i, j = _pair(state, loop.index, place)
        out = maths.mixed(u, *_complex(state.halves(i, 2) + state.halves(j, 2)))
        state.put(i, out[:2])
        state.put(j, out[2:])


@_operation
def unmix_all(builder, psi, lam, pairs, place, matrices, m, sums, s):
    """Add moments of ψ and λ to four sums at s, then multiply the pairs of both by a matrix."""
    maths = _Arithmetic(builder, psi.vector)
    u = matrices.halves(m, 8, fixed=True)
    totals = [cgutils.alloca_once_value(builder, half) for half in sums.halves(s, 4)]
    with cgutils.for_range(builder, pairs, intp=INDEX) as loop:
        i, j = _pair(psi, loop.index, place)
        ab = _complex(psi.halves(i, 2) + psi.halves(j, 2))
        cd = _complex(lam.halves(i, 2) + lam.halves(j, 2))
        found = maths.moments([builder.load(total) for total in totals], *ab, *cd)
        for value, total in zip(found, totals, strict=True):
            builder.store(value, total)
        for array, pair in ((psi, ab), (lam, cd)):
            out = maths.mixed(u, *pair)
            array.put(i, out[:2])
            array.put(j, out[2:])
    sums.put(s, [builder.load(total) for total in totals])


@_operation
def measure_all(builder, psi, lam, pairs, place, sums, s):
    """Add moments of all pairs to four sums at s."""
    maths = _Arithmetic(builder, psi.vector)
    totals = [cgutils.alloca_once_value(builder, half) for half in sums.halves(s, 4)]
    with cgutils.for_range(builder, pairs, intp=INDEX) as loop:
        i, j = _pair(psi, loop.index, place)
        ab = _complex(psi.halves(i, 2) + psi.halves(j, 2))
        cd = _complex(lam.halves(i, 2) + lam.halves(j, 2))
        found = maths.moments([builder.load(total) for total in totals], *ab, *cd)
        for value, total in zip(found, totals, strict=True):
            builder.store(value, total)
    sums.put(s, [builder.load(total) for total in totals])


@_operation
def mix(builder, state, i, j, matrices, m):
    """Multiply a pair, lines i and j, by the matrix at m."""
    maths, (i, j) = _Arithmetic(builder, state.vector), (state.line(i), state.line(j))
    u = matrices.halves(m, 8, fixed=True)
    out = maths.mixed(u, *_complex(state.halves(i, 2) + state.halves(j, 2)))
    state.put(i, out[:2])
    state.put(j, out[2:])


@_operation
def measure(builder, psi, lam, i, j, sums, s):
    """Add the moments of a pair, lines i and j, to four sums at s."""
    maths, (i, j) = _Arithmetic(builder, psi.vector), (psi.line(i), psi.line(j))
    ab = _complex(psi.halves(i, 2) + psi.halves(j, 2))
    cd = _complex(lam.halves(i, 2) + lam.halves(j, 2))
    sums.put(s, maths.moments(sums.halves(s, 4), *ab, *cd))


@_operation
def split(builder, state, i, j, matrices, m):
    """Write line i times the first column of a matrix to lines i and j."""
    maths, (i, j) = _Arithmetic(builder, state.vector), (state.line(i), state.line(j))
    a = (state.half(i), state.half(i, 1))
    up = (matrices.half(m), matrices.half(m, 1))
    down = (matrices.half(m, 4), matrices.half(m, 5))
    state.put(i, maths.product(up, a))
    state.put(j, maths.product(down, a))


@_operation
def turn(builder, state, i, phases, p):
    """Multiply line i by the phase at p: a line."""
    maths, i = _Arithmetic(builder, state.vector), state.line(i)
    phase = (phases.half(p), phases.half(p, 1))
    state.put(i, maths.product(phase, (state.half(i), state.half(i, 1))))


@_operation
def overlap(builder, psi, lam, i, j, sums, s):
    """Add Re and Im of λ's line j, conjugate, times ψ's line i to two sums at s."""
    maths, (i, j) = _Arithmetic(builder, psi.vector), (psi.line(i), lam.line(j))
    a, c = (psi.half(i), psi.half(i, 1)), (lam.half(j), lam.half(j, 1))
    re, im = sums.halves(s, 2)
    sums.put(s, (maths.overlap_re(re, c, a), maths.overlap_im(im, c, a)))


@_operation
def move(builder, to, i, source, j):
    """Copy line j of another state to line i."""
    to.put(to.line(i), source.halves(source.line(j), 2))


@_operation
def add_line(builder, to, i, source, j):
    """Add line j of another state to line i."""
    i, j = to.line(i), source.line(j)
    parts = zip(to.halves(i, 2), source.halves(j, 2), strict=True)
    to.put(i, [builder.fadd(a, b) for a, b in parts])


@_operation
def add_times(builder, to, i, source, j, factors, f):
    """Add line j of another state, times the complex line of factors at f, to line i."""
    maths, (i, j) = _Arithmetic(builder, to.vector), (to.line(i), source.line(j))
    a, c = (source.half(j), source.half(j, 1)), (factors.half(f), factors.half(f, 1))
    re, im = to.half(i), to.half(i, 1)
    re = maths.minus(c[1], a[1], maths.plus(c[0], a[0], re))
    im = maths.plus(c[1], a[0], maths.plus(c[0], a[1], im))
    to.put(i, (re, im))


@_operation
def scale(builder, to, i, source, factors, f):
    """Write line i of another state, times the real half line of factors at f."""
    place, factor = to.line(i), factors.half(f)
    re, im = source.halves(place, 2)
    to.put(place, (builder.fmul(re, factor), builder.fmul(im, factor)))


@_operation
def probability(builder, to, t, state, i):
    """Write the squares of line i to the half line at t."""
    maths, i = _Arithmetic(builder, state.vector), state.line(i)
    re, im = state.halves(i, 2)
    to.put(t, (maths.plus(im, im, builder.fmul(re, re)),))


@_operation
def rotate(builder, to, i, j, cosine, c, sine, s):
    """Turn the four numbers at i and those at j: c i + s j, and c j − s i."""
    maths = _Arithmetic(builder, _DOUBLES)
    a, b, c, s = to.four(i), to.four(j), cosine.four(c), sine.four(s)
    to.put_four(i, maths.plus(s, b, builder.fmul(c, a)))
    to.put_four(j, maths.minus(s, a, builder.fmul(c, b)))


@_operation
def copy_four(builder, to, t, source, s):
    """Copy four numbers, of one type or another."""
    to.put_four(t, source.four(s))
