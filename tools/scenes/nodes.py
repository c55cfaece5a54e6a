"""Blender's shader nodes, tersely: each method adds a node and gives its output socket."""

from __future__ import annotations

from typing import Any

import bpy


class Graph:
    """A thin, terse layer over a node tree."""

    def __init__(self, tree: Any) -> None:
        """Empty a node tree and write to it."""
        self.tree = tree
        tree.nodes.clear()

    def node(self, kind: str, inputs: dict[Any, Any] | None = None, **properties: Any) -> Any:
        """Add a node; input values may be sockets."""
        node = self.tree.nodes.new(kind)
        for name, value in properties.items():
            setattr(node, name, value)
        for name, value in (inputs or {}).items():
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, node.inputs[name])
            else:
                node.inputs[name].default_value = value
        return node

    def attribute(self, name: str) -> Any:
        """Attribute node of a mesh attribute."""
        return self.node("ShaderNodeAttribute", attribute_name=name)

    def noise(
        self, vector: Any, scale: float, detail: float = 2.0, rough: float = 0.55, distortion: float = 0.0
    ) -> Any:
        """Noise in [0, 1]."""
        return self.node(
            "ShaderNodeTexNoise",
            {"Vector": vector, "Scale": scale, "Detail": detail, "Roughness": rough, "Distortion": distortion},
        ).outputs[0]

    def stretch(self, vector: Any, by: tuple[float, float, float]) -> Any:
        """A vector scaled by axis."""
        return self.node("ShaderNodeVectorMath", {0: vector, 1: by}, operation="MULTIPLY").outputs[0]

    def math(self, operation: str, a: Any, b: Any = 0.0, clamp: bool = False) -> Any:
        """A number."""
        return self.node("ShaderNodeMath", {0: a, 1: b}, operation=operation, use_clamp=clamp).outputs[0]

    def ramp(self, value: Any, low: float, high: float, out_low: float = 0.0, out_high: float = 1.0) -> Any:
        """Map [low, high] to [out_low, out_high], clamped and smooth."""
        return self.node(
            "ShaderNodeMapRange",
            {0: value, 1: low, 2: high, 3: out_low, 4: out_high},
            clamp=True,
            interpolation_type="SMOOTHSTEP",
        ).outputs[0]

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Any:
        """A colour between two."""
        node = self.node("ShaderNodeMix", data_type="RGBA", blend_type=blend)
        for index, value in ((0, factor), (6, a), (7, b)):
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, node.inputs[index])
            else:
                node.inputs[index].default_value = (
                    (*value, 1.0) if isinstance(value, tuple) and len(value) == 3 else value
                )
        return node.outputs[2]

    def shade(self, colour: Any, value: Any) -> Any:
        """A colour times a number."""
        node = self.node("ShaderNodeVectorMath", {0: colour}, operation="SCALE")
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, node.inputs["Scale"])
        else:
            node.inputs["Scale"].default_value = value
        return node.outputs[0]

    def bump(self, height: Any, strength: float, distance: float = 0.02) -> Any:
        """A normal."""
        return self.node("ShaderNodeBump", {"Height": height, "Strength": strength, "Distance": distance}).outputs[0]

    def principled(self, **inputs: Any) -> Any:
        """Principled shader; underscores in names stand for spaces."""
        return self.node(
            "ShaderNodeBsdfPrincipled", {name.replace("_", " "): as_rgba(name, value) for name, value in inputs.items()}
        ).outputs[0]

    def output(self, shader: Any) -> None:
        """Set the surface."""
        self.node("ShaderNodeOutputMaterial", {"Surface": shader})


def as_rgba(name: str, value: Any) -> Any:
    """Blender wants four numbers where a colour is meant."""
    return (*value, 1.0) if "Color" in name and isinstance(value, tuple) else value
