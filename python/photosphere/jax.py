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

from ._model import _complete

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
        return call.value(*(jnp.asarray(leaf, dtype=_float()) for leaf in leaves))

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
        return isinstance(other, _Call) and (self.model, self.tree, self.reference_pressure) == (
            other.model,
            other.tree,
            other.reference_pressure,
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
        given = self.model._inputs(False, _complete(inputs))
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
        given = self.model._inputs(False, _complete(inputs))
        return self.model._model.product(given, self.names(), rows)

    def _each(self, leaves: Any, rows: np.ndarray, batch: tuple[int, ...], axes: int, function: Any) -> np.ndarray:
        """``function`` of leaves and rows, in one call for all rows with the same leaves: gives [row, ...]."""
        own = _batch(leaves, axes)
        rows = rows.reshape(*batch, -1)
        result = None
        for place in np.ndindex(own):
            # Along axes that the leaves do not have, all rows.
            here = tuple(k if n > 1 else slice(None) for k, n in zip(place, own))
            at = [leaf[tuple(min(k, n - 1) for k, n in zip(place, leaf.shape))] for leaf in leaves]
            of_place = rows[here]
            part = function(self.inputs(at), of_place.reshape(-1, rows.shape[-1]))
            if result is None:
                result = np.empty((*batch, part.shape[1]))
            result[here] = part.reshape(*of_place.shape[:-1], part.shape[1])
        return result.reshape(int(np.prod(batch)), -1)


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


def _float() -> Any:
    """The type of JAX's numbers: float32, or float64 where that is enabled."""
    return jnp.result_type(float)


def _row(call: _Call, arrays: Any, axes: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((*_batch(arrays, axes), call.points), _float())


def _leaves(call: _Call, arrays: Any, axes: int) -> list[jax.ShapeDtypeStruct]:
    batch = _batch(arrays, axes)
    return [jax.ShapeDtypeStruct((*batch, *leaf.shape[axes:]), _float()) for leaf in arrays[:-1]]


# On the host: NumPy arrays in and out.


def _host_value(call: _Call, axes: int, *leaves: np.ndarray) -> np.ndarray:
    return call.values(leaves, axes).astype(_float())


def _host_tangent(call: _Call, axes: int, *arrays: np.ndarray) -> np.ndarray:
    n = call.tree.num_leaves
    return call.tangents(arrays[:n], arrays[n:], axes).astype(_float())


def _host_weights(call: _Call, axes: int, *arrays: np.ndarray) -> list[np.ndarray]:
    return [part.astype(_float()) for part in call.weights(arrays[:-1], arrays[-1], axes)]


def _batched(primitive: Primitive) -> Callable[..., Any]:
    """A batch is a further axis in front. What the primitive is linear in has it in full, so that its transpose needs no sums; leaves may have it with length 1."""

    def rule(arrays: Any, dims: Any, *, call: _Call, axes: int) -> Any:
        size = next(a.shape[d] for a, d in zip(arrays, dims) if d is not None)
        linear = call.tree.num_leaves

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


def _define(primitive: Primitive, host: Callable[..., Any], results: Callable[..., Any]) -> None:
    """Outside of traces the host is called at once, within by a callback."""

    def now(*arrays: Any, call: _Call, axes: int) -> Any:
        return jax.tree_util.tree_map(jnp.asarray, host(call, axes, *(np.asarray(a) for a in arrays)))

    def later(*arrays: jax.Array, call: _Call, axes: int) -> Any:
        def to_numpy(*arrays: Any) -> Any:
            return host(call, axes, *(np.asarray(a) for a in arrays))

        return jax.pure_callback(to_numpy, results(call, arrays, axes), *arrays)

    def shapes(*arrays: Any, call: _Call, axes: int) -> Any:
        shaped = lambda struct: jax.core.ShapedArray(struct.shape, struct.dtype)
        return jax.tree_util.tree_map(shaped, results(call, arrays, axes))

    primitive.def_impl(now)
    primitive.def_abstract_eval(shapes)
    mlir.register_lowering(primitive, mlir.lower_fun(later, multiple_results=primitive.multiple_results))
    batching.primitive_batchers[primitive] = _batched(primitive)


_define(_value, _host_value, _row)
_define(_tangent, _host_tangent, _row)
_define(_weights, _host_weights, _leaves)
ad.primitive_transposes[_tangent] = _transpose_tangent
