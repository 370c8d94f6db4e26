"""Models as functions of JAX, with derivatives in both modes.

>>> import jax, jax.numpy as jnp, photosphere as ph                                       # doctest: +SKIP
>>> from photosphere.jax import spectrum                                                   # doctest: +SKIP
>>> flux = spectrum(model)                                                                 # doctest: +SKIP
>>> f = lambda x: flux(temperature=x * jnp.ones(50), vmr={"CO": 5e-4}, gravity=2500.0)      # doctest: +SKIP
>>> jax.jacfwd(f)(1200.0), jax.grad(lambda x: f(x).sum())(1200.0)                          # doctest: +SKIP

The spectrum is computed outside JAX (``jax.pure_callback``), by the model on its own device; ``jax.jit``, ``jvp``, ``vjp``, ``grad``, ``jacfwd``, ``jacrev`` and
``vmap`` work as for any function, to first order. ``vmap`` computes a batch in one call; a Jacobian by ``jacfwd`` and ``jacrev`` is one call as well. Derivatives of derivatives
are not there: JAX says so.

JAX computes in float32 unless told otherwise. A model on the CPU has float64: ``jax.config.update("jax_enable_x64", True)`` at the start of a program hands it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

if TYPE_CHECKING:
    from ._model import Model

__all__ = ["spectrum"]


def spectrum(model: Model) -> Callable[..., jax.Array]:
    """The spectrum [nu] of ``model`` as a JAX function of its keyword arguments, those of :meth:`Model.__call__`.

    Numbers and arrays may be traced, but for ``reference_pressure``, which is a number. Errors of the model (a temperature outside its range) come back as errors of the
    callback.
    """

    def function(*, reference_pressure: float | None = None, **inputs: Any) -> jax.Array:
        inputs = {name: value for name, value in inputs.items() if value is not None}
        leaves, tree = jax.tree_util.tree_flatten(inputs)
        call = _Call(model, tree, reference_pressure)
        return call.value(*(jnp.asarray(leaf, dtype=jnp.result_type(float)) for leaf in leaves))

    function.__doc__ = f"Spectrum [{len(model.grid)}], {model.unit}, of {model!r}."
    return function


@dataclass(frozen=True)
class _Call:
    """A model with the structure of its arguments: what does not change from call to call."""

    model: Model
    tree: Any
    reference_pressure: float | None

    # Two of them are one where the model itself is the same.
    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Call)
            and (self.model, self.tree, self.reference_pressure) == (other.model, other.tree, other.reference_pressure)
        )

    def __hash__(self) -> int:
        return hash((id(self.model), self.tree, self.reference_pressure))

    @property
    def points(self) -> int:
        return len(self.model.grid)

    def value(self, *leaves: jax.Array) -> jax.Array:
        @jax.custom_jvp
        def value(*leaves: jax.Array) -> jax.Array:
            return _value.bind(*leaves, call=self, axes=0)

        @value.defjvp
        def _(primals: Any, tangents: Any) -> Any:
            return value(*primals), _tangent.bind(*primals, *tangents, call=self, axes=0)

        return value(*leaves)

    def names(self) -> list[str]:
        """Names of the leaves, as the model's derivatives have them."""
        places = jax.tree_util.tree_unflatten(self.tree, range(self.tree.num_leaves))
        names = [""] * self.tree.num_leaves
        for key, place in places.items():
            for name, i in place.items() if isinstance(place, dict) else [(key, place)]:
                names[i] = name
        return names

    def inputs(self, leaves: Any) -> dict[str, Any]:
        inputs = jax.tree_util.tree_unflatten(self.tree, leaves)
        return {**inputs, "reference_pressure": self.reference_pressure}

    # What follows is called on the host with NumPy arrays, all of which have `axes` axes of a batch first, of the same length or 1.

    def values(self, leaves: Any, axes: int) -> np.ndarray:
        batch = _batch(leaves, axes)
        if axes == 0:
            return self.model(**self.inputs(leaves)).values
        flat = [_flat(leaf, batch, axes) for leaf in leaves]
        return self.model.batch(**self.inputs(flat)).reshape((*batch, self.points))

    def tangents(self, leaves: Any, tangents: Any, axes: int) -> np.ndarray:
        """Changes of the spectrum along changes of the leaves."""
        batch = _batch([*leaves, *tangents], axes)
        rows = np.concatenate([_flat(t, batch, axes).reshape(int(np.prod(batch)), -1) for t in tangents], axis=1)
        return self._each(leaves, rows, batch, axes, self._along).reshape((*batch, self.points))

    def _along(self, inputs: dict[str, Any], rows: np.ndarray) -> np.ndarray:
        given = self.model._inputs(False, {**_nothing(), **inputs})
        return self.model._model.jacobian(given, self.names(), rows)[1]

    def weights(self, leaves: Any, weights: Any, axes: int) -> list[np.ndarray]:
        """Derivatives by the leaves of the sum of weights times the spectrum."""
        batch = _batch([*leaves, weights], axes)
        rows = _flat(weights, batch, axes)
        products = self._each(leaves, rows, batch, axes, self._back)
        shapes = [leaf.shape[axes:] for leaf in leaves]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        return [p.reshape((*batch, *shape)) for p, shape in zip(np.split(products, ends, axis=1), shapes)]

    def _back(self, inputs: dict[str, Any], rows: np.ndarray) -> np.ndarray:
        given = self.model._inputs(False, {**_nothing(), **inputs})
        return self.model._model.product(given, self.names(), rows)

    def _each(self, leaves: Any, rows: np.ndarray, batch: tuple[int, ...], axes: int, function: Any) -> np.ndarray:
        """All rows at once where the leaves are the same for all, else one after the other."""
        if all(leaf.shape[:axes] == (1,) * axes for leaf in leaves):
            return function(self.inputs([leaf.reshape(leaf.shape[axes:]) for leaf in leaves]), rows)
        flat = [_flat(leaf, batch, axes) for leaf in leaves]
        parts = [function(self.inputs([leaf[k] for leaf in flat]), rows[k : k + 1]) for k in range(len(rows))]
        return np.concatenate(parts)


def _nothing() -> dict[str, Any]:
    from ._model import _DEFAULTS

    return _DEFAULTS


def _batch(arrays: Any, axes: int) -> tuple[int, ...]:
    return np.broadcast_shapes(*(a.shape[:axes] for a in arrays))


def _flat(array: np.ndarray, batch: tuple[int, ...], axes: int) -> np.ndarray:
    """With the axes of the batch made one."""
    own = array.shape[axes:]
    return np.broadcast_to(array, (*batch, *own)).reshape(int(np.prod(batch)), *own)


# The three functions of a call as primitives: a value; its change, linear in tangents; and the transpose of that. JAX needs to see the last two as such to go from one to the
# other, also within vmap.
_value = Primitive("photosphere_spectrum")
_tangent = Primitive("photosphere_tangent")
_weights = Primitive("photosphere_weights")
_weights.multiple_results = True


def _callback(host: Callable[..., Any], result: Any, *arrays: jax.Array) -> Any:
    to_numpy = lambda *arrays: host(*(np.asarray(a) for a in arrays))
    return jax.pure_callback(to_numpy, result, *arrays)


def _row(call: _Call, arrays: Any, axes: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((*_batch(arrays, axes), call.points), jnp.result_type(float))


def _compute_value(*leaves: jax.Array, call: _Call, axes: int) -> jax.Array:
    result = _row(call, leaves, axes)
    return _callback(lambda *a: call.values(a, axes).astype(result.dtype), result, *leaves)


def _compute_tangent(*arrays: jax.Array, call: _Call, axes: int) -> jax.Array:
    result, n = _row(call, arrays, axes), call.tree.num_leaves
    return _callback(lambda *a: call.tangents(a[:n], a[n:], axes).astype(result.dtype), result, *arrays)


def _leaves(call: _Call, arrays: Any, axes: int) -> list[jax.ShapeDtypeStruct]:
    batch = _batch(arrays, axes)
    return [jax.ShapeDtypeStruct((*batch, *leaf.shape[axes:]), leaf.dtype) for leaf in arrays[:-1]]


def _compute_weights(*arrays: jax.Array, call: _Call, axes: int) -> list[jax.Array]:
    results = _leaves(call, arrays, axes)

    def host(*a: np.ndarray) -> list[np.ndarray]:
        return [p.astype(r.dtype) for p, r in zip(call.weights(a[:-1], a[-1], axes), results)]

    return _callback(host, results, *arrays)


def _batched(primitive: Primitive, first_linear: Callable[[_Call], int]) -> Callable[..., Any]:
    """A batch is a further axis in front. What the primitive is linear in has it in full, so that its transpose needs no sums; leaves may have it with length 1."""

    def rule(arrays: Any, dims: Any, *, call: _Call, axes: int) -> Any:
        size = next(a.shape[d] for a, d in zip(arrays, dims) if d is not None)
        linear = first_linear(call)

        def front(i: int, array: Any, dim: Any) -> Any:
            if dim is not None:
                return jnp.moveaxis(array, dim, 0)
            array = jnp.expand_dims(array, 0)
            return jnp.broadcast_to(array, (size, *array.shape[1:])) if i >= linear else array

        moved = [front(i, a, d) for i, (a, d) in enumerate(zip(arrays, dims))]
        out = primitive.bind(*moved, call=call, axes=axes + 1)
        return (out, [0] * len(out)) if primitive.multiple_results else (out, 0)

    return rule


def _transpose_tangent(cotangent: Any, *arrays: Any, call: _Call, axes: int) -> list[Any]:
    n = call.tree.num_leaves
    leaves = arrays[:n]
    if type(cotangent) is ad.Zero:
        return [None] * len(arrays)
    parts = _weights.bind(*leaves, cotangent, call=call, axes=axes)
    return [None] * n + [p if ad.is_undefined_primal(t) else None for p, t in zip(parts, arrays[n:])]


for _primitive, _compute, _abstract, _linear in (
    (_value, _compute_value, lambda *a, call, axes: _shaped(_row(call, a, axes)), lambda call: call.tree.num_leaves),
    (_tangent, _compute_tangent, lambda *a, call, axes: _shaped(_row(call, a, axes)), lambda call: call.tree.num_leaves),
    (_weights, _compute_weights, lambda *a, call, axes: [_shaped(s) for s in _leaves(call, a, axes)], lambda call: call.tree.num_leaves),
):
    _primitive.def_impl(_compute)
    _primitive.def_abstract_eval(_abstract)
    mlir.register_lowering(_primitive, mlir.lower_fun(_compute, multiple_results=_primitive.multiple_results))
    batching.primitive_batchers[_primitive] = _batched(_primitive, _linear)
ad.primitive_transposes[_tangent] = _transpose_tangent


def _shaped(struct: jax.ShapeDtypeStruct) -> Any:
    return jax.core.ShapedArray(struct.shape, struct.dtype)
