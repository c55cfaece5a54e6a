"""What a scene is before it is rendered: meshes, where they stand, the light and the camera. No Blender."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tools.scenes.mesh import WHITE, Colour, Mesh


@dataclass(frozen=True)
class Sky:
    """Light of a scene.

    Attributes:
        elevation: of the sun, degrees.
        azimuth: of the sun, degrees to the right of the viewing direction.
        sun: strength of the direct sun; 1 is clear, 0 overcast.
        cloud: 0 clear to 1 closed cover.
        haze: density of the air's dust.
        wet: 0 dry to 1 just rained.
        seen: factor on the sky as the camera sees it; low values keep it blue where the road is exposed well.
    """

    elevation: float = 38.0
    azimuth: float = -60.0
    sun: float = 1.0
    cloud: float = 0.15
    haze: float = 1.0
    wet: float = 0.0
    seen: float = 1.0


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from: KITTI's left colour camera by default.

    Attributes:
        lateral: metres right of the road's axis.
        height: metres above the road.
        yaw: degrees to the right of the road's direction.
        pitch: degrees upward.
    """

    lateral: float = 1.6
    height: float = 1.65
    yaw: float = 0.0
    pitch: float = 0.0
    exposure: float = 1.0


@dataclass(frozen=True)
class Placed:
    """One copy of a model.

    Attributes:
        model: key of `Scene.models`.
        position: world metres.
        yaw: counter-clockwise, radians.
        colour: linear RGB of paint, or a factor on leaves.
        instance: number in the instance map, 0 for things that are not counted.
        pitch: nose up, radians.
    """

    model: str
    position: tuple[float, float, float]
    yaw: float = 0.0
    scale: float = 1.0
    colour: Colour = WHITE
    instance: int = 0
    pitch: float = 0.0


@dataclass
class Scene:
    """Everything that a renderer needs."""

    theme: str
    seed: int
    ground: Mesh = field(default_factory=Mesh)
    models: dict[str, Mesh] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    sky: Sky = field(default_factory=Sky)
    camera: Camera = field(default_factory=Camera)

    def digest(self) -> str:
        """Hash of all that decides the label map."""
        state = hashlib.blake2b(digest_size=16)
        state.update(self.ground.digest().encode())
        for name in sorted(self.models):
            state.update(name.encode() + self.models[name].digest().encode())
        for placed in self.placed:
            numbers = [
                round(float(v), 5) for v in (*placed.position, placed.yaw, placed.scale, placed.pitch, *placed.colour)
            ]
            state.update(repr((placed.model, numbers, placed.instance)).encode())
        state.update(repr((self.camera, self.sky)).encode())
        return state.hexdigest()
