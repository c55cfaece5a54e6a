"""A flat graph as plain Python: ops, shapes, and which of them carry the picture. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from numpy.typing import NDArray


def tensor_name(name: str) -> str:
    """A tensor's full name: graphs write `node` for `node:0`."""
    return name if ":" in name else f"{name}:0"


def node_name(tensor: str) -> str:
    """The op that makes a tensor."""
    return tensor.rsplit(":", 1)[0]


@dataclass(frozen=True)
class Op:
    """One op.

    Attributes:
        name: its name, scopes included.
        type: such as "Conv2D".
        inputs: full tensor names.
        shape: of its first output; None where it is not known.
        floating: whether that output is of a floating type.
        attributes: padding, strides, ksize, masks.
    """

    name: str
    type: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...] | None
    floating: bool
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Ops by name, the picture's tensor, the outputs' tensors, and the values of constants."""

    ops: Mapping[str, Op]
    input: str
    outputs: tuple[str, ...]
    constant: Callable[[str], NDArray[Any]]

    @cached_property
    def data(self) -> tuple[str, ...]:
        """Names of the ops that carry the picture to an output, in the order they can be computed; the input first.

        Left out are constants and the whole-number arithmetic of sizes, although the latter depends on the picture too.
        """
        return tuple(name for name in self._order if name in self._carriers)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        """Every op an output needs, inputs before users (a depth-first walk without recursion)."""
        order: list[str] = []
        state: dict[str, bool] = {}
        stack = [(node_name(tensor), False) for tensor in reversed(self.outputs)]
        while stack:
            name, done = stack.pop()
            if done:
                order.append(name)
            elif name not in state:
                state[name] = True
                stack.append((name, True))
                stack.extend((node_name(tensor), False) for tensor in reversed(self.ops[name].inputs))
        return tuple(order)

    @cached_property
    def _carriers(self) -> frozenset[str]:
        carriers = {node_name(self.input)}
        for name in self._order:
            op = self.ops[name]
            # A picture may come as whole numbers; what is computed from it in whole numbers is sizes or classes.
            carries = op.floating or op.type == "Identity"
            if name not in carriers and carries and any(node_name(tensor) in carriers for tensor in op.inputs):
                carriers.add(name)
        return frozenset(carriers)

    def data_inputs(self, name: str) -> tuple[str, ...]:
        """The ops that hand this one the picture, in the order of its arguments."""
        return tuple(node_name(tensor) for tensor in self.ops[name].inputs if node_name(tensor) in self._carriers)

    def fixed_inputs(self, name: str) -> tuple[str, ...]:
        """The other inputs: weights, sizes, axes."""
        return tuple(node_name(tensor) for tensor in self.ops[name].inputs if node_name(tensor) not in self._carriers)

    def constants_behind(self, name: str) -> frozenset[str]:
        """The constants that an op without the picture is computed from, itself included."""
        found, stack, seen = set(), [name], {name}
        while stack:
            current = stack.pop()
            op = self.ops[current]
            if not op.inputs:
                found.add(current)
            fresh = {node_name(tensor) for tensor in op.inputs} - seen - self._carriers
            seen |= fresh
            stack.extend(fresh)
        return frozenset(found)

    def value(self, name: str) -> NDArray[Any] | None:
        """The value of a constant, seen through identities; None where it is computed."""
        op = self.ops[name]
        while op.type == "Identity":
            op = self.ops[node_name(op.inputs[0])]
        return self.constant(op.name) if op.type in ("Const", "Placeholder") and not op.inputs else None
