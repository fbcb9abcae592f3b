"""Modules: layers that own their parameters, and models made of them.

A module's parameters are the `Parameter`s among its attributes and those of the modules among its
attributes, in lists, tuples and dictionaries too, nested to any depth, in the order they were set. Plain
NumPy arrays among its attributes belong to its state too (batch norm's running mean), but are not trained.
A module or a parameter that is used in two places comes once, under the first of its names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.tensor import Parameter


class Module:
    """Base of layers and models: `__init__` defines the parts, `forward` the computation."""

    training = True

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return self.forward(*inputs, **options)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes. Raises NotImplementedError where a subclass does not say."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward: define `def forward(self, x):` in it"
        )

    def _members(self) -> Iterator[tuple[str, Any]]:
        for name, value in vars(self).items():
            yield from _inside(name, value)

    def named_modules(self, prefix: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Module]]:
        """This module and those inside, each with its path: ("", self), ("layers.0", …), …

        Each comes once; those whose ids are in `seen` are left out. Raises TypeError for a set of modules.
        """
        seen = set() if seen is None else seen
        if id(self) not in seen:
            seen.add(id(self))
            yield prefix, self
            for name, value in self._members():
                if isinstance(value, Module):
                    yield from value.named_modules(f"{prefix}.{name}" if prefix else name, seen)

    def _named(self, kind: type) -> Iterator[tuple[str, Any]]:
        seen = set()
        for prefix, module in self.named_modules():
            for name, value in module._members():
                if isinstance(value, kind) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{prefix}.{name}" if prefix else name, value

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """("layers.0.W", parameter), …; a parameter used in two places comes once."""
        return self._named(Parameter)

    def parameters(self) -> list[Parameter]:
        """What an optimiser is given."""
        return [p for _, p in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients; `backward` adds to what is there."""
        for p in self.parameters():
            p.grad = None

    def train(self, mode: bool = True) -> Self:
        """Switch dropout and batch norm to training (or, with False, to use)."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch dropout and batch norm to use: nothing is dropped, running statistics are used."""
        return self.train(False)

    def astype(self, dtype: DTypeLike) -> Self:
        """Turn all parameters and floating-point state to `dtype`; do it before making the optimiser.

        Raises TypeError for anything but float32 and float64.
        """
        for p in self.parameters():
            p.data = p.data.astype(dtype)
        for _, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                    setattr(module, name, value.astype(dtype))
        return self

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and other state, by name."""
        parameters = {name: p.data.copy() for name, p in self.named_parameters()}
        return parameters | {name: array.copy() for name, array in self._named(np.ndarray)}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Set parameters and other state to what `state_dict` gave.

        Raises ValueError, and changes nothing, if names or shapes do not fit. A `backward` through what was
        computed before raises RuntimeError: its gradient would be that of other weights.
        """
        mine = dict(self.named_parameters()) | dict(self._named(np.ndarray))
        wrong = [f"{name} is missing" for name in mine if name not in state]
        wrong += [f"{name} is not in the model" for name in state if name not in mine]
        wrong += [
            f"{name} has shape {state[name].shape}, the model's is {array.shape}"
            for name, array in mine.items()
            if name in state and state[name].shape != array.shape
        ]
        if wrong:
            more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            raise ValueError(f"{type(self).__name__}.load_state_dict: {'; '.join(wrong[:5])}{more}")
        with no_grad():
            for name, array in mine.items():
                array[...] = plain(state[name])

    def summary(self, *inputs: Any) -> None:
        """Print layers, shapes and numbers of parameters; with an example input, each output's shape too."""
        outputs = self._output_shapes(inputs) if inputs else {}
        rows = [("layer", "kind", "parameters' shapes", "output", "parameters")]
        for name, module in self.named_modules():
            own = {n: v.data for n, v in module._members() if isinstance(v, Parameter)}
            if own or name in outputs or module is self:
                shapes = ", ".join(f"{n} {array.shape}" for n, array in own.items())
                count = sum(array.size for array in own.values())
                kind = type(module).__name__
                rows.append(
                    (name or "(all)", kind, shapes, outputs.get(name, ""), f"{count:,}" if own else "")
                )
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        total = sum(p.data.size for p in self.parameters())
        print("\n".join([lines[0], "-" * (sum(widths) + 8), *lines[1:], f"{total:,} parameters"]))

    def _output_shapes(self, inputs: tuple) -> dict[str, str]:
        shapes: dict[str, str] = {}

        def note(name: str, module: Module, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            shapes[name] = str(first.shape)

        with no_grad(), in_use(self), watch(self, note):
            self(*inputs)
        return shapes

    def __repr__(self) -> str:
        inner = [f"{name}={value!r}" for name, value in self._members() if isinstance(value, Module)]
        own = [f"{n} {v.shape}" for n, v in self._members() if isinstance(v, Parameter)]
        return f"{type(self).__name__}({', '.join(inner + own)})"


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What lies in lists, tuples and dictionaries, with its path; anything else as it is."""
    if isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _inside(f"{name}.{i}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _inside(f"{name}.{key}", item)
    elif isinstance(value, (set, frozenset)) and any(isinstance(v, Module | Parameter) for v in value):
        raise TypeError(f"{name} is a set of modules or parameters, which has no order; make it a list")
    else:
        yield name, value


@contextmanager
def in_use(model: Module) -> Iterator[None]:
    """`with in_use(model):` as after model.eval(); afterwards each part has its own mode again."""
    modes = [(module, module.training) for _, module in model.named_modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def watch(model: Module, callback: Callable[[str, Module, Any], None]) -> Iterator[None]:
    """`with watch(model, f): model(x)` calls f(name, module, output) after each module's forward."""

    def watched(name: str, module: Module, forward: Callable) -> Callable:
        def forward_and_tell(*inputs: Any, **options: Any) -> Any:
            output = forward(*inputs, **options)
            callback(name, module, output)
            return output

        return forward_and_tell

    own = [(module, vars(module).get("forward")) for _, module in model.named_modules()]
    for name, module in list(model.named_modules()):
        vars(module)["forward"] = watched(name, module, module.forward)
    try:
        yield
    finally:
        for module, forward in own:
            del vars(module)["forward"]
            if forward is not None:  # a forward that was set on this module alone
                vars(module)["forward"] = forward


class Sequential(Module):
    """layers[-1](… layers[1](layers[0](x))).  Layers are modules or functions of one array.

    Raises TypeError for a layer that cannot be called.
    """

    def __init__(self, *layers: Callable) -> None:
        for i, layer in enumerate(layers):
            if not callable(layer):
                raise TypeError(
                    f"Sequential: layer {i} must be a module or a function, got {type(layer).__name__}"
                )
        self.layers = list(layers)

    def forward(self, x: Array) -> Result:
        for i, layer in enumerate(self.layers):
            try:
                x = layer(x)
            except (TypeError, ValueError) as error:
                error.add_note(f"in layer {i} of Sequential: {layer!r}")
                raise
        return x

    def __getitem__(self, i: int) -> Callable:
        return self.layers[i]

    def __len__(self) -> int:
        return len(self.layers)


def require_positive(layer: str, **sizes: int) -> None:
    """Raise ValueError, naming the layer and the argument, unless all sizes are whole numbers from 1 on."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"{layer}: {name} is {size!r}, expected a whole number from 1 on")
