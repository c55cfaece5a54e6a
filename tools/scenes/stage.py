"""Blender's side: put a `Scene` on stage and render its light, labels, depth and instances."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from tools.scenes.labels import Label
from tools.scenes.materials import make_material
from tools.scenes.mesh import Mesh
from tools.scenes.nodes import Graph
from tools.scenes.scene import Scene, Sky

KITTI_FOCAL, KITTI_WIDTH, KITTI_HEIGHT, KITTI_CENTRE_Y = 721.5, 1242, 375, 172.9


@dataclass(frozen=True)
class Passes:
    """What was rendered, all (height, width, ...).

    Attributes:
        light: float32 RGB, linear, scene units.
        labels: uint8 class ids.
        depth: float32 metres along the viewing direction; infinite for the sky.
        instances: uint16, 0 where things are not counted.
    """

    light: NDArray[np.float32]
    labels: NDArray[np.uint8]
    depth: NDArray[np.float32]
    instances: NDArray[np.uint16]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence Blender's progress on the process's standard output."""
    saved, sink = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(sink)


def to_blender(name: str, mesh: Mesh, materials: dict[str, Any], wet: float) -> Any:
    """A Blender mesh with face attributes `class_id` and `tint` and the point attribute `st`."""
    parts = [part for part in mesh.parts if len(part.faces)]
    starts = np.cumsum([0] + [len(part.points) for part in parts])[:-1]
    points = np.concatenate([part.points for part in parts])
    sizes = np.concatenate([np.full(len(part.faces), part.faces.shape[1]) for part in parts])
    corners = np.concatenate([(part.faces + start).ravel() for part, start in zip(parts, starts, strict=True)])
    data = bpy.data.meshes.new(name)
    data.vertices.add(len(points))
    data.vertices.foreach_set("co", points.astype(np.float32).ravel())
    data.loops.add(len(corners))
    data.loops.foreach_set("vertex_index", corners.astype(np.int32))
    data.polygons.add(len(sizes))
    data.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32))
    names = sorted({part.look.material for part in parts})
    for material in names:
        if material not in materials:
            materials[material] = make_material(material, wet)
        data.materials.append(materials[material])
    per_face = lambda values: np.repeat(values, [len(part.faces) for part in parts])  # noqa: E731
    data.polygons.foreach_set(
        "material_index", per_face([names.index(part.look.material) for part in parts]).astype(np.int32)
    )
    smooth = per_face([part.look.smooth for part in parts])
    data.polygons.foreach_set("use_smooth", smooth)
    tints = np.concatenate(
        [np.broadcast_to(part.look.tint, (len(part.faces), 3)) if part.tints is None else part.tints for part in parts]
    )
    attribute = data.attributes.new("tint", "FLOAT_COLOR", "FACE")
    attribute.data.foreach_set("color", np.concatenate([tints, np.ones((len(tints), 1))], 1).astype(np.float32).ravel())
    attribute = data.attributes.new("class_id", "FLOAT", "FACE")
    attribute.data.foreach_set("value", per_face([float(part.look.label) for part in parts]).astype(np.float32))
    attribute = data.attributes.new("st", "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", np.concatenate([part.texture for part in parts]).astype(np.float32).ravel())
    data.update(calc_edges=True)
    if smooth.any():
        data.set_sharp_from_angle(angle=np.radians(38))
    return data


def build(scene: Scene) -> None:
    """Replace everything in Blender by the scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    materials: dict[str, Any] = {}
    link = bpy.context.scene.collection.objects.link
    link(bpy.data.objects.new("ground", to_blender("ground", scene.ground, materials, scene.sky.wet)))
    used = {placed.model for placed in scene.placed}
    data = {name: to_blender(name, scene.models[name], materials, scene.sky.wet) for name in sorted(used)}
    for placed in scene.placed:
        thing = bpy.data.objects.new(placed.model, data[placed.model])
        thing.location, thing.scale = placed.position, (placed.scale,) * 3
        thing.rotation_euler = (placed.pitch, 0, placed.yaw)
        thing.color, thing.pass_index = (*placed.colour, 1.0), placed.instance
        link(thing)
    add_camera(scene)
    add_sun(scene.sky)


def add_camera(scene: Scene) -> None:
    """KITTI's pinhole: focal length 721.5 pixels for a width of 1242, horizon a little above the middle."""
    camera = bpy.data.cameras.new("camera")
    camera.sensor_fit, camera.sensor_width = "HORIZONTAL", 36.0
    camera.lens = 36.0 * KITTI_FOCAL / KITTI_WIDTH
    camera.shift_y = -(KITTI_HEIGHT / 2 - KITTI_CENTRE_Y) / KITTI_WIDTH
    camera.clip_start, camera.clip_end = 0.05, 2000
    holder = bpy.data.objects.new("camera", camera)
    holder.location = (scene.camera.lateral, 0, scene.camera.height)
    holder.rotation_euler = (np.radians(90 + scene.camera.pitch), 0, -np.radians(scene.camera.yaw))
    bpy.context.scene.collection.objects.link(holder)
    bpy.context.scene.camera = holder


def add_sun(sky: Sky) -> None:
    """A sun lamp for crisp shadows and a physical sky with procedural clouds for the rest."""
    elevation, azimuth = np.radians(sky.elevation), np.radians(sky.azimuth)
    if sky.sun > 0:
        light = bpy.data.lights.new("sun", "SUN")
        low = np.clip(np.sin(elevation), 0.05, 1)
        light.energy = 5.2 * sky.sun * float(np.exp(-0.09 * sky.haze / low) / np.exp(-0.09))
        light.color = (1.0, float(0.93 - 0.1 * np.exp(-low * 5)), float(0.84 - 0.35 * np.exp(-low * 4.5)))
        light.angle = np.radians(0.6 + 6 * sky.cloud * (sky.sun < 0.6))
        holder = bpy.data.objects.new("sun", light)
        holder.rotation_euler = (np.pi / 2 - elevation, 0, np.pi - azimuth)
        bpy.context.scene.collection.objects.link(holder)
    world = bpy.data.worlds.new("sky")
    if world.node_tree is None:
        world.use_nodes = True
    graph = Graph(world.node_tree)
    air = graph.node(
        "ShaderNodeTexSky",
        sky_type="MULTIPLE_SCATTERING",
        sun_disc=False,
        sun_elevation=float(elevation),
        sun_rotation=float(azimuth),
        air_density=1.0,
        aerosol_density=float(sky.haze),
        ozone_density=1.2,
    )
    ray = graph.node("ShaderNodeTexCoord").outputs["Generated"]
    up = graph.node("ShaderNodeSeparateXYZ", {0: ray}).outputs[2]
    height = graph.math("MAXIMUM", up, 0.03)
    flat = graph.node(
        "ShaderNodeVectorMath",
        {0: ray, 1: graph.node("ShaderNodeCombineXYZ", {0: height, 1: height, 2: height}).outputs[0]},
        operation="DIVIDE",
    ).outputs[0]
    puff = graph.noise(graph.stretch(flat, (0.45, 0.3, 1.0)), 1.0, 7.0, 0.56, 0.6)
    cover = graph.ramp(puff, 0.72 - 0.5 * sky.cloud, 0.92 - 0.5 * sky.cloud, 0.0, min(1.0, 0.55 + sky.cloud))
    bright = 0.42 if sky.sun > 0.5 else 0.62
    white = graph.mix(
        graph.ramp(puff, 0.35, 0.85),
        (bright * 0.72, bright * 0.75, bright * 0.8),
        (bright, bright * 1.01, bright * 1.03),
    )
    air_colour = graph.shade(air.outputs[0], 0.16 if sky.sun > 0.3 else 0.08)
    seen = graph.mix(cover, air_colour, white)
    gray = graph.node("ShaderNodeRGBToBW", {0: seen}).outputs[0]
    neutral = graph.mix(
        0.55, seen, graph.node("ShaderNodeCombineColor", {0: gray, 1: gray, 2: gray}).outputs[0]
    )  # the camera's white balance in the shade
    colour = graph.mix(
        graph.node("ShaderNodeLightPath").outputs["Is Camera Ray"],
        graph.shade(neutral, 0.8),
        graph.shade(seen, sky.seen),
    )
    graph.node(
        "ShaderNodeOutputWorld",
        {"Surface": graph.node("ShaderNodeBackground", {"Color": colour, "Strength": 1.0}).outputs[0]},
    )
    world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 128
    bpy.context.scene.world = world


def render(scene: Scene, size: tuple[int, int], samples: int, labels_only: bool = False) -> Passes:
    """Render a scene.

    Args:
        scene: what to render.
        size: (height, width) in pixels.
        samples: light paths a pixel.
        labels_only: leave the light black (for tests and statistics).

    Returns:
        The passes, pixel for pixel of the same geometry.
    """
    with quiet():
        build(scene)
        setup(size)
        height, width = size
        light = np.zeros((height, width, 3), np.float32) if labels_only else render_light(samples)
        ids = render_ids()
    far = ids[..., 2] <= 0
    depth = np.where(far, np.inf, ids[..., 2]).astype(np.float32)
    labels = np.where(far, Label.SKY, np.rint(ids[..., 0])).astype(np.uint8)
    instances = np.where(far, 0, np.rint(ids[..., 1])).astype(np.uint16)
    return Passes(light, labels, depth, instances)


def setup(size: tuple[int, int]) -> None:
    """Cycles on the CPU, linear floats out."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.render.resolution_y, scene.render.resolution_x = size
    scene.render.resolution_percentage = 100
    settings = scene.render.image_settings
    settings.file_format, settings.color_depth, settings.color_mode = "OPEN_EXR", "32", "RGB"
    scene.cycles.seed = 0
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 5, 3, 3
    scene.cycles.transmission_bounces, scene.cycles.transparent_max_bounces = 3, 2
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.render.use_persistent_data = False


def render_light(samples: int) -> NDArray[np.float32]:
    """The beauty pass: (H, W, 3) linear light, denoised."""
    cycles = bpy.context.scene.cycles
    cycles.samples, cycles.use_adaptive_sampling, cycles.use_denoising = samples, False, True
    cycles.denoiser, cycles.denoising_input_passes, cycles.denoising_prefilter = (
        "OPENIMAGEDENOISE",
        "RGB_ALBEDO_NORMAL",
        "FAST",
    )
    cycles.sample_clamp_indirect, cycles.sample_clamp_direct = 4.0, 0.0
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.35
    return render_floats()


def render_ids() -> NDArray[np.float32]:
    """(H, W, 3): class, instance and depth of the one surface at each pixel's centre, unmixed."""
    scene = bpy.context.scene
    material = bpy.data.materials.new("ids")
    if material.node_tree is None:
        material.use_nodes = True
    graph = Graph(material.node_tree)
    depth = graph.node("ShaderNodeCameraData").outputs["View Z Depth"]
    instance = graph.node("ShaderNodeObjectInfo").outputs["Object Index"]
    colour = graph.node(
        "ShaderNodeCombineColor", {0: graph.attribute("class_id").outputs[2], 1: instance, 2: depth}
    ).outputs[0]
    graph.output(graph.node("ShaderNodeEmission", {"Color": colour, "Strength": 1.0}).outputs[0])
    material.cycles.emission_sampling = "NONE"  # else a light tree is built over every leaf
    scene.view_layers[0].material_override = material
    world = bpy.data.worlds.new("nothing")
    if world.node_tree is None:
        world.use_nodes = True
    Graph(world.node_tree)
    scene.world = world
    cycles = scene.cycles
    cycles.samples, cycles.use_denoising, cycles.max_bounces = 1, False, 0
    cycles.sample_clamp_direct = cycles.sample_clamp_indirect = 0.0
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 0.01
    return render_floats()


def render_floats() -> NDArray[np.float32]:
    """Render the current settings through a 32-bit EXR file and read it back, top row first."""
    scene = bpy.context.scene
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = str(Path(folder) / "pass.exr")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        image.colorspace_settings.is_data = True
        width, height = image.size
        values = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(values)
        channels = image.channels
        bpy.data.images.remove(image)
    return values.reshape(height, width, channels)[::-1, :, :3].copy()
