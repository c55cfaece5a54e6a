"""Blender materials by name: every one reads the mesh's tint and texture coordinate and adds its own wear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from tools.scenes.nodes import Graph


def plain(
    roughness: float, metallic: float = 0.0, specular: float = 0.4, dirt: float = 0.25
) -> Callable[[Graph, float], None]:
    """A painted or bare surface with some blotchy dirt."""

    def make(graph: Graph, wet: float) -> None:
        tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
        dirty = graph.ramp(graph.noise(place, 2.3, 3.0), 0.35, 0.75, 1.0, 1.0 - dirt)
        graph.output(
            graph.principled(
                Base_Color=graph.shade(tint, dirty),
                Roughness=roughness * (1 - 0.5 * wet),
                Metallic=metallic,
                Specular_IOR_Level=specular,
            )
        )

    return make


def asphalt(graph: Graph, wet: float) -> None:
    """Aggregate, patches, tar seams, cracks, stains, polished wheel tracks."""
    tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
    grain = graph.noise(place, 34.0, 3.0, 0.85)
    broad = graph.noise(place, 0.33, 3.0, 0.6)
    streak = graph.noise(graph.stretch(place, (2.1, 0.05, 1.0)), 1.0, 3.0, 0.6)
    stain = graph.ramp(graph.noise(place, 1.4, 2.0), 0.6, 0.78)
    wobble = graph.node(
        "ShaderNodeVectorMath",
        {0: place, 1: graph.shade(graph.node("ShaderNodeTexNoise", {"Vector": place, "Scale": 1.9}).outputs[1], 0.55)},
        operation="ADD",
    ).outputs[0]
    crack = graph.node("ShaderNodeTexVoronoi", {"Vector": wobble, "Scale": 0.36}, feature="DISTANCE_TO_EDGE").outputs[0]
    line = graph.math("MULTIPLY", graph.ramp(crack, 0.0, 0.011, 1.0, 0.0), graph.ramp(broad, 0.5, 0.62), clamp=True)
    value = graph.math("MULTIPLY", graph.ramp(grain, 0.3, 0.7, 0.66, 1.34), graph.ramp(broad, 0.3, 0.7, 0.84, 1.14))
    value = graph.math("MULTIPLY", value, graph.ramp(streak, 0.3, 0.7, 0.86, 1.14))
    value = graph.math("MULTIPLY", value, graph.math("SUBTRACT", 1.0, graph.math("MULTIPLY", stain, 0.16)))
    value = graph.math("MULTIPLY", value, graph.math("SUBTRACT", 1.0, graph.math("MULTIPLY", line, 0.62)))
    puddle = graph.ramp(graph.noise(place, 0.45, 2.0), 0.5, 0.6)
    rough = graph.math("SUBTRACT", 0.82 - 0.42 * wet, graph.math("MULTIPLY", puddle, 0.36 * wet), clamp=True)
    colour = graph.shade(tint, graph.math("MULTIPLY", value, 1.0 - 0.52 * wet))
    graph.output(
        graph.principled(
            Base_Color=colour,
            Roughness=rough,
            Specular_IOR_Level=0.35 + 0.25 * wet,
            Normal=graph.bump(grain, 0.25 * (1 - wet) + 0.03, 0.006),
        )
    )


def lane(graph: Graph, wet: float) -> None:
    """White paint, worn through to the asphalt."""
    place = graph.attribute("st").outputs[1]
    tint = graph.attribute("tint").outputs[0]
    wear = graph.ramp(graph.noise(place, 7.0, 4.0, 0.75), 0.5, 0.72)
    grime = graph.ramp(graph.noise(place, 0.7, 2.0), 0.3, 0.75, 1.0, 0.68)
    colour = graph.mix(wear, graph.shade(tint, graph.math("MULTIPLY", grime, 0.6)), (0.13, 0.128, 0.125))
    graph.output(graph.principled(Base_Color=colour, Roughness=0.65 - 0.35 * wet, Specular_IOR_Level=0.4))


def bricks(
    width: float, height: float, mortar: float, vary: float, mortar_value: float, offset: float = 0.5
) -> Callable[[Graph, float], None]:
    """Courses of stones: sidewalk slabs, brickwork, roof tiles."""

    def make(graph: Graph, wet: float) -> None:
        tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
        dark, light = graph.shade(tint, 1 - vary), graph.shade(tint, 1 + vary)
        node = graph.node(
            "ShaderNodeTexBrick",
            {"Vector": place, "Color1": dark, "Color2": light, "Mortar": graph.shade(tint, mortar_value), "Scale": 1.0,
             "Mortar Size": mortar, "Mortar Smooth": 0.3, "Brick Width": width, "Row Height": height}, offset=offset,
        )  # fmt: skip
        stain = graph.ramp(graph.noise(place, 0.8, 3.0), 0.3, 0.75, 1.12, 0.74)
        grain = graph.ramp(graph.noise(place, 38.0, 1.0), 0.2, 0.8, 0.9, 1.1)
        colour = graph.shade(
            node.outputs[0], graph.math("MULTIPLY", graph.math("MULTIPLY", stain, grain), 1 - 0.4 * wet)
        )
        normal = graph.bump(node.outputs[1], -0.4, 0.012)
        graph.output(
            graph.principled(Base_Color=colour, Roughness=0.8 - 0.4 * wet, Specular_IOR_Level=0.3, Normal=normal)
        )

    return make


def plaster(graph: Graph, wet: float) -> None:
    """Rendered wall: blotches, rain streaks, grime towards the ground."""
    tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
    blotch = graph.ramp(graph.noise(place, 0.45, 4.0, 0.6), 0.3, 0.7, 0.86, 1.06)
    streak = graph.ramp(graph.noise(graph.stretch(place, (2.6, 0.16, 1.0)), 1.0, 4.0, 0.65), 0.4, 0.8, 1.03, 0.78)
    grain = graph.noise(place, 45.0, 1.0, 0.7)
    height = graph.node("ShaderNodeSeparateXYZ", {0: place}).outputs[1]
    foot = graph.ramp(height, 0.0, 1.1, 0.76, 1.0)
    value = graph.math(
        "MULTIPLY",
        graph.math("MULTIPLY", blotch, streak),
        graph.math("MULTIPLY", foot, graph.ramp(grain, 0.2, 0.8, 0.93, 1.05)),
    )
    graph.output(
        graph.principled(
            Base_Color=graph.shade(tint, value),
            Roughness=0.9,
            Specular_IOR_Level=0.2,
            Normal=graph.bump(grain, 0.25, 0.01),
        )
    )


def glass(graph: Graph, wet: float) -> None:
    """A window pane: dark room or curtain behind (the tint), sky in front."""
    tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
    room = graph.ramp(graph.noise(place, 0.9, 2.0), 0.3, 0.7, 0.55, 1.3)
    wave = graph.bump(graph.noise(place, 0.7, 1.0), 0.06, 0.05)
    graph.output(
        graph.principled(
            Base_Color=graph.shade(tint, room), Roughness=0.04, Specular_IOR_Level=0.9, IOR=1.5, Normal=wave
        )
    )


def car_glass(graph: Graph, wet: float) -> None:
    """Dark, clean, curved."""
    place = graph.attribute("st").outputs[1]
    seat = graph.ramp(graph.noise(place, 1.7, 1.0), 0.4, 0.65, 0.006, 0.03)
    colour = graph.node("ShaderNodeCombineColor", {0: seat, 1: seat, 2: seat}).outputs[0]
    graph.output(graph.principled(Base_Color=colour, Roughness=0.02, Specular_IOR_Level=0.75))


def car_paint(graph: Graph, wet: float) -> None:
    """The object's colour under clear coat, dusty along the sills."""
    colour, place = graph.node("ShaderNodeObjectInfo").outputs["Color"], graph.attribute("st").outputs[1]
    height = graph.node("ShaderNodeSeparateXYZ", {0: place}).outputs[2]
    dust = graph.math("MULTIPLY", graph.ramp(height, 0.2, 0.7, 0.45, 0.0), graph.noise(place, 3.0, 2.0))
    graph.output(
        graph.principled(
            Base_Color=graph.mix(dust, colour, (0.16, 0.145, 0.125)),
            Roughness=0.38,
            Metallic=0.25,
            Specular_IOR_Level=0.5,
            Coat_Weight=1.0,
            Coat_Roughness=0.04,
        )
    )


def leaf(graph: Graph, wet: float) -> None:
    """Light shines through and glints off: diffuse, translucent, a little gloss; times the object's colour."""
    tint = graph.attribute("tint").outputs[0]
    colour = graph.mix(1.0, tint, graph.node("ShaderNodeObjectInfo").outputs["Color"], "MULTIPLY")
    front = graph.principled(Base_Color=colour, Roughness=0.5, Specular_IOR_Level=0.28)
    through = graph.node(
        "ShaderNodeBsdfTranslucent", {"Color": graph.mix(1.0, colour, (1.25, 1.2, 0.45), "MULTIPLY")}
    ).outputs[0]
    graph.output(graph.node("ShaderNodeMixShader", {0: 0.42, 1: front, 2: through}).outputs[0])


def bark(graph: Graph, wet: float) -> None:
    """Furrows along the trunk."""
    tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
    furrow = graph.noise(graph.stretch(place, (34.0, 3.2, 1.0)), 1.0, 3.0, 0.7)
    moss = graph.ramp(graph.noise(place, 2.0, 2.0), 0.55, 0.75, 0.0, 0.35)
    colour = graph.mix(moss, graph.shade(tint, graph.ramp(furrow, 0.3, 0.7, 0.45, 1.35)), (0.07, 0.085, 0.03))
    graph.output(
        graph.principled(
            Base_Color=colour, Roughness=0.95, Specular_IOR_Level=0.1, Normal=graph.bump(furrow, 0.8, 0.03)
        )
    )


def grass(graph: Graph, wet: float) -> None:
    """Meadow seen from a car: green, straw and bare earth at three scales."""
    tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
    far, mid = graph.noise(place, 0.16, 3.0), graph.noise(place, 1.1, 4.0, 0.65)
    fine = graph.noise(graph.stretch(place, (16.0, 9.0, 9.0)), 1.0, 3.0, 0.75)
    green = graph.mix(graph.ramp(mid, 0.35, 0.68), (0.075, 0.115, 0.022), (0.16, 0.19, 0.05))
    dry = graph.mix(graph.ramp(far, 0.42, 0.66, 0.0, 0.75), green, (0.25, 0.21, 0.09))
    earth = graph.mix(graph.ramp(graph.noise(place, 0.7, 4.0, 0.7), 0.64, 0.74, 0.0, 0.8), dry, (0.13, 0.095, 0.06))
    colour = graph.mix(1.0, graph.shade(earth, graph.ramp(fine, 0.28, 0.72, 0.4, 1.5)), tint, "MULTIPLY")
    graph.output(
        graph.principled(Base_Color=colour, Roughness=0.9, Specular_IOR_Level=0.1, Normal=graph.bump(fine, 1.0, 0.08))
    )


def rubble(scale: float, dark: float, light: float, bump: float) -> Callable[[Graph, float], None]:
    """Gravel, ballast, cobbles, forest floor."""

    def make(graph: Graph, wet: float) -> None:
        tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
        cell = graph.node("ShaderNodeTexVoronoi", {"Vector": place, "Scale": scale})
        edge = graph.node(
            "ShaderNodeTexVoronoi", {"Vector": place, "Scale": scale}, feature="DISTANCE_TO_EDGE"
        ).outputs[0]
        tone = graph.node("ShaderNodeSeparateColor", {0: cell.outputs[1]}).outputs[0]
        value = graph.math("MULTIPLY", graph.ramp(tone, 0.0, 1.0, dark, light), graph.ramp(edge, 0.0, 0.12, 0.35, 1.0))
        value = graph.math("MULTIPLY", value, graph.ramp(graph.noise(place, 0.6, 3.0), 0.3, 0.7, 0.75, 1.2))
        graph.output(
            graph.principled(
                Base_Color=graph.shade(tint, value),
                Roughness=0.9 - 0.4 * wet,
                Specular_IOR_Level=0.25,
                Normal=graph.bump(edge, bump, 0.03),
            )
        )

    return make


def plate(graph: Graph, wet: float) -> None:
    """A number plate: white with dark strokes and a blue end."""
    place = graph.node("ShaderNodeSeparateXYZ", {0: graph.attribute("st").outputs[1]})
    stroke = graph.ramp(
        graph.noise(graph.stretch(graph.attribute("st").outputs[1], (38.0, 8.0, 8.0)), 1.0, 0.0), 0.5, 0.55
    )
    inside = graph.math("LESS_THAN", graph.math("ABSOLUTE", place.outputs[0]), 0.2)
    text = graph.mix(graph.math("MULTIPLY", stroke, inside), (0.72, 0.72, 0.7), (0.03, 0.03, 0.03))
    graph.output(graph.principled(Base_Color=text, Roughness=0.4))


def lamp(colour: tuple[float, float, float], glow: float, metallic: float) -> Callable[[Graph, float], None]:
    """Head and tail lamps: faceted reflector behind glass."""

    def make(graph: Graph, wet: float) -> None:
        facet = graph.noise(graph.attribute("st").outputs[1], 14.0, 1.0)
        base = graph.shade(graph.node("ShaderNodeRGB").outputs[0], graph.ramp(facet, 0.35, 0.65, 0.5, 1.4))
        base.node.inputs[0].links[0].from_node.outputs[0].default_value = (*colour, 1.0)
        graph.output(
            graph.principled(
                Base_Color=base,
                Roughness=0.15,
                Metallic=metallic,
                Coat_Weight=1.0,
                Coat_Roughness=0.02,
                Emission_Color=colour,
                Emission_Strength=glow,
            )
        )

    return make


def glow(graph: Graph, wet: float) -> None:
    """Lights that are on: tunnel lamps, signals."""
    graph.output(
        graph.node("ShaderNodeEmission", {"Color": graph.attribute("tint").outputs[0], "Strength": 14.0}).outputs[0]
    )


def sign(graph: Graph, wet: float) -> None:
    """Retro-reflecting sheet: bright and flat, slightly dirty."""
    tint = graph.attribute("tint").outputs[0]
    dirt = graph.ramp(graph.noise(graph.attribute("st").outputs[1], 4.0, 3.0), 0.4, 0.75, 1.0, 0.82)
    graph.output(graph.principled(Base_Color=graph.shade(tint, dirt), Roughness=0.45, Specular_IOR_Level=0.4))


def cloth(graph: Graph, wet: float) -> None:
    """Woven, folded."""
    tint, place = graph.attribute("tint").outputs[0], graph.attribute("st").outputs[1]
    fold = graph.noise(graph.stretch(place, (9.0, 9.0, 3.0)), 1.0, 2.0)
    graph.output(
        graph.principled(
            Base_Color=graph.shade(tint, graph.ramp(fold, 0.3, 0.7, 0.75, 1.15)),
            Roughness=0.9,
            Specular_IOR_Level=0.15,
            Normal=graph.bump(fold, 0.9, 0.05),
        )
    )


MATERIALS: dict[str, Callable[[Graph, float], None]] = {
    "asphalt": asphalt, "lane": lane, "plaster": plaster, "glass": glass, "carglass": car_glass,
    "carpaint": car_paint, "leaf": leaf,
    "bark": bark, "grass": grass, "plate": plate, "glow": glow, "tunnelglow": glow, "sign": sign, "cloth": cloth,
    "tiles": bricks(0.4, 0.4, 0.012, 0.1, 0.45, offset=0.0), "paving": bricks(0.2, 0.1, 0.008, 0.14, 0.5),
    "brick": bricks(0.25, 0.075, 0.009, 0.2, 1.5), "stone": bricks(0.55, 0.28, 0.018, 0.16, 0.55),
    "rooftile": bricks(0.22, 0.34, 0.03, 0.16, 0.3),
    "boards": bricks(4.0, 0.14, 0.008, 0.12, 0.25), "planks": bricks(0.13, 5.0, 0.01, 0.16, 0.2, offset=0.0),
    "cobble": rubble(9.0, 0.6, 1.25, 0.7), "gravel": rubble(32.0, 0.5, 1.35, 0.8),
    "ballast": rubble(15.0, 0.35, 1.3, 1.0), "soil": rubble(22.0, 0.5, 1.35, 0.8),
    "concrete": plain(0.85, dirt=0.35), "metal": plain(0.42, 0.85, dirt=0.3), "paint": plain(0.5, dirt=0.22),
    "plastic": plain(0.5, dirt=0.1),
    "rubber": plain(0.75, dirt=0.0), "rim": plain(0.3, 0.8, dirt=0.2), "chrome": plain(0.12, 1.0, dirt=0.1),
    "wood": plain(0.8, dirt=0.4),
    "skin": plain(0.55, dirt=0.0), "rail": plain(0.22, 0.9, dirt=0.15),
    "headlamp": lamp((0.75, 0.77, 0.8), 0.0, 0.55), "taillamp": lamp((0.42, 0.008, 0.006), 0.12, 0.1),
    "rubbertint": plain(0.7),
}  # fmt: skip


def make_material(name: str, wet: float) -> Any:
    """Build one material.

    Args:
        name: key of `MATERIALS`.
        wet: 0 dry to 1 just rained.
    """
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    MATERIALS[name](Graph(material.node_tree), wet)
    material.cycles.emission_sampling = (
        "AUTO" if name == "tunnelglow" else "NONE"
    )  # small lamps are seen, but light nothing
    return material
