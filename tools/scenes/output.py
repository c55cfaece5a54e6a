"""Files: finished scenes in this project's own layout, in KITTI's and in CARLA's; resumable and atomic.

Own layout, under a folder: `image/NAME.webp`, `label/NAME.png` (palette PNG: index = class id, palette = article A's
colours), `depth/NAME.png` (16 bit, 256ths of a metre, 0 = sky), `instance/NAME.png` (16 bit, 0 = not counted) and
`scene/NAME.json` (theme, seed, classes), which is written last: where it exists, the picture is done.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.scenes.labels import COLOURS, NAMES, Label
from tools.scenes.mesh import generator
from tools.scenes.response import Response, develop
from tools.scenes.scene import Scene
from tools.scenes.statistics import implausible
from tools.scenes.themes import THEMES, draw_theme

CITYSCAPES_IDS = (
    7,
    8,
    9,
    10,
    24,
    25,
    26,
    27,
    28,
    31,
    32,
    33,
    29,
    30,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    20,
    19,
    21,
    22,
    23,
    6,
    5,
    4,
    0,
)
CARLA_IDS = {
    Label.BUILDING: 1, Label.FENCE: 2, Label.PERSON: 4, Label.RIDER: 4, Label.POLE: 5, Label.ROAD: 7,
    Label.PARKING: 7, Label.SIDEWALK: 8, Label.VEGETATION: 9, Label.TERRAIN: 9, Label.CAR: 10, Label.TRUCK: 10,
    Label.BUS: 10, Label.CARAVAN: 10, Label.TRAILER: 10,
    Label.WALL: 11, Label.TUNNEL: 11, Label.TRAFFIC_SIGN: 12, Label.NONE: 0, Label.SKY: 0,
}  # fmt: skip
CARLA_SETS = ("A", "B", "C", "D", "E")
VALIDATION_EVERY = 4
PROBE = (38, 124)
ATTEMPTS = 4


@dataclass(frozen=True)
class Order:
    """What to render.

    Attributes:
        count: number of pictures.
        out: folder, made if missing.
        seed: of the first picture; the others follow.
        layout: "scenes", "kitti" or "carla".
        size: (height, width); CARLA's layout renders 600 x 800.
        samples: light paths a pixel.
        themes: restrict to these, in turn; empty draws them.
    """

    count: int
    out: Path
    seed: int = 0
    layout: str = "scenes"
    size: tuple[int, int] = (375, 1242)
    samples: int = 16
    themes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finished:
    """A rendered scene with its record."""

    name: str
    picture: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    depth: NDArray[np.float32]
    instances: NDArray[np.uint16]
    record: dict[str, Any]


def picture_name(index: int) -> str:
    """Name of a picture in a set; the prefix tells its part, every fourth validates."""
    return f"{'validation' if index % VALIDATION_EVERY == VALIDATION_EVERY - 1 else 'train'}_{index:05d}"


def make_scene(theme: str, seed: int, weather: str | None = None, posts: bool = True) -> Scene:
    """The scene of a theme and seed.

    Args:
        theme: key of `THEMES`.
        seed: decides everything that varies within the theme.
        weather: instead of what the seed draws.
        posts: with the theme's further signs, signals, lamps and poles.

    Raises:
        ValueError: unknown theme.
    """
    if theme not in THEMES:
        raise ValueError(f"There is no theme {theme!r}: choose from {', '.join(sorted(THEMES))}.")
    director = THEMES[theme](seed, weather)
    if posts:
        director.place_posts()
    return director.scene


def response_of(scene: Scene) -> Response:
    """The camera's settings: hazier skies hide more, and exposure wanders a little, as a real meter's."""
    rng = generator(scene.seed, scene.theme, "exposure")
    haze = {True: 450.0, False: 5200.0 / max(scene.sky.haze, 0.3) ** 1.1}[scene.sky.wet > 0]
    return Response(
        float(rng.uniform(0.85, 1.25)) * scene.camera.exposure,
        haze,
        0.025 + 0.01 * scene.sky.haze,
        float(rng.uniform(1.4, 2.6)),
    )


def finish(name: str, scene: Scene, size: tuple[int, int], samples: int) -> Finished:
    """Render one scene and develop it (needs Blender's `bpy`)."""
    from tools.scenes.stage import render

    passes = render(scene, size, samples)
    picture = develop(passes.light, passes.depth, response_of(scene), scene.seed)
    ids = np.unique(passes.labels)
    record = {
        "name": name, "theme": scene.theme, "seed": scene.seed, "classes": [NAMES[k] for k in ids],
        "height": size[0], "width": size[1],
        "samples": samples, "sky": asdict(scene.sky), "geometry": scene.digest(),
    }  # fmt: skip
    return Finished(name, picture, passes.labels, passes.depth, passes.instances, record)


def draw_scene(theme: str, seed: int) -> Scene:
    """The first plausible scene of a theme: seed, then seeds a million apart (needs Blender's `bpy`).

    A small label map is rendered first; layouts unlike any real picture, such as a view full of lorry, are redrawn.
    """
    from tools.scenes.stage import render

    scene = make_scene(theme, seed)
    for attempt in range(1, ATTEMPTS):
        if not implausible(render(scene, PROBE, 1, labels_only=True).labels):
            break
        scene = make_scene(theme, seed + attempt * 1_000_000)
    return scene


def render_set(order: Order, progress: Callable[[int, int, str], None] | None = None) -> int:
    """Render what an order still lacks.

    Args:
        order: what to render.
        progress: called with pictures done, pictures wanted and a line about the last one.

    Returns:
        Number of pictures rendered now; those found finished are left alone.
    """
    write, done = {
        "scenes": (write_own, own_done),
        "kitti": (write_kitti, kitti_done),
        "carla": (write_carla, carla_done),
    }[order.layout]
    size = (600, 800) if order.layout == "carla" else order.size
    made = 0
    for index in range(order.count):
        if done(order.out, index):
            continue
        seed = order.seed + index
        theme = order.themes[index % len(order.themes)] if order.themes else draw_theme(seed)
        start = time.monotonic()
        finished = finish(picture_name(index), draw_scene(theme, seed), size, order.samples)
        write(order.out, index, finished)
        made += 1
        if progress:
            line = f"{finished.name} {theme} seed {seed}, {time.monotonic() - start:.1f} s"
            progress(index + 1, order.count, line)
    return made


def save(path: Path, image: Image.Image, **options: Any) -> None:
    """Write a picture so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    image.save(buffer, {".png": "PNG", ".webp": "WEBP"}[path.suffix], **options)
    write_whole(path, buffer.getvalue())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file through a neighbour that is renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


def label_image(labels: NDArray[np.uint8]) -> Image.Image:
    """Palette picture: index = class id, colours = article A's."""
    image = Image.fromarray(labels)
    image.putpalette(COLOURS.ravel().tolist())
    return image


def own_done(out: Path, index: int) -> bool:
    """Whether a picture of the own layout is complete."""
    return (out / "scene" / f"{picture_name(index)}.json").is_file()


def write_own(out: Path, index: int, finished: Finished) -> None:
    """Write one picture in the own layout."""
    name = finished.name
    save(out / "image" / f"{name}.webp", Image.fromarray(finished.picture), quality=90, method=6)
    save(out / "label" / f"{name}.png", label_image(finished.labels), optimize=True)
    depth = np.where(np.isfinite(finished.depth), np.clip(finished.depth * 256, 1, 65535), 0).astype(np.uint16)
    save(out / "depth" / f"{name}.png", Image.fromarray(depth))
    save(out / "instance" / f"{name}.png", Image.fromarray(finished.instances))
    write_whole(out / "scene" / f"{name}.json", (json.dumps(finished.record, indent=1) + "\n").encode())


def kitti_done(out: Path, index: int) -> bool:
    """Whether a picture of KITTI's layout is complete (the label in colours is written last)."""
    return (out / "training" / "semantic_rgb" / f"{index:06d}_10.png").is_file()


def write_kitti(out: Path, index: int, finished: Finished) -> None:
    """Write one picture in the layout of KITTI's `data_semantics.zip`: Cityscapes ids, colours, id * 256 + instance."""
    name, root = f"{index:06d}_10.png", out / "training"
    ids = np.array(CITYSCAPES_IDS, np.uint8)[finished.labels]
    save(root / "image_2" / name, Image.fromarray(finished.picture))
    save(root / "semantic" / name, Image.fromarray(ids))
    counted = np.where(finished.instances > 0, (finished.instances - 1) % 255 + 1, 0)
    save(root / "instance" / name, Image.fromarray(ids.astype(np.uint16) * 256 + counted.astype(np.uint16)))
    save(root / "semantic_rgb" / name, Image.fromarray(COLOURS[finished.labels]))


def carla_paths(out: Path, index: int) -> tuple[Path, Path]:
    """Picture and mask of CARLA's layout: five folders in turn."""
    letter, name = CARLA_SETS[index % 5], f"{index // 5:06d}.png"
    folder = out / f"data{letter}"
    return folder / "CameraRGB" / name, folder / "CameraSeg" / name


def carla_done(out: Path, index: int) -> bool:
    """Whether a picture of CARLA's layout is complete."""
    return carla_paths(out, index)[1].is_file()


def write_carla(out: Path, index: int, finished: Finished) -> None:
    """Write one picture in the Lyft challenge's layout: the class id is the mask's red channel."""
    picture, mask = carla_paths(out, index)
    table = np.full(len(NAMES), 3, np.uint8)
    for label, number in CARLA_IDS.items():
        table[label] = number
    red = np.zeros((*finished.labels.shape, 3), np.uint8)
    red[..., 0] = table[finished.labels]
    save(picture, Image.fromarray(finished.picture))
    save(mask, Image.fromarray(red))


def sizes(files: Sequence[Path]) -> float:
    """Megabytes of some files."""
    return sum(path.stat().st_size for path in files) / 1e6
