import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unet_explorer.training.augment import View, augment, find_pieces, move, paste, recolour
from unet_explorer.training.recipe import Augmentation
from unet_explorer.training.store import VOID

HEIGHT, WIDTH = 24, 40
WHOLE = View(HEIGHT, WIDTH, 1.0, 1.0)


def pair(seed=0):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return image, rng.integers(0, 5, (HEIGHT, WIDTH), dtype=np.uint8)


def smooth_pair():
    """A gradient whose red is the column and whose green is the row, and a label map of 8x8 squares."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = np.stack([4 * x, 4 * y, 100 + 0 * x], -1).astype(np.uint8)
    return image, (x // 8 + 5 * (y // 8)).astype(np.uint8)


def test_no_augmentation_changes_nothing():
    image, label = pair()
    moved, moved_label = augment(image, label, WHOLE, Augmentation(), np.random.default_rng(1))
    np.testing.assert_array_equal(moved, image)
    np.testing.assert_array_equal(moved_label, label)


def test_a_flip_is_exact_for_both():
    image, label = pair()
    moved, moved_label = augment(image, label, WHOLE, Augmentation(flip=1.0), np.random.default_rng(1))
    np.testing.assert_array_equal(moved, image[:, ::-1])
    np.testing.assert_array_equal(moved_label, label[:, ::-1])


def test_half_of_the_pictures_are_flipped():
    image, label = pair()
    flips = [
        np.array_equal(
            augment(image, label, WHOLE, Augmentation(flip=0.5), np.random.default_rng(seed))[1], label[:, ::-1]
        )
        for seed in range(200)
    ]
    assert 70 < sum(flips) < 130


def test_a_zoom_of_two_shows_a_quarter_of_the_picture():
    image, label = smooth_pair()
    moved, moved_label = augment(image, label, WHOLE, Augmentation(zoom=(2.0, 2.0)), np.random.default_rng(3))
    spread = np.ptp(moved[..., 0].astype(int)), np.ptp(moved[..., 1].astype(int))
    assert spread[0] == pytest.approx(4 * WIDTH / 2, abs=5)
    assert spread[1] == pytest.approx(4 * HEIGHT / 2, abs=5)
    assert VOID not in moved_label


def test_zooming_out_leaves_a_border_that_counts_nowhere():
    image, label = smooth_pair()
    _, moved_label = augment(image, label, WHOLE, Augmentation(zoom=(0.5, 0.5)), np.random.default_rng(3))
    assert (moved_label != VOID).mean() == pytest.approx(0.25, abs=0.03)


def test_a_window_is_cut_at_the_pictures_own_pixels():
    image, label = pair()
    window = View(8, 16, 1.0, 1.0)
    rng = np.random.default_rng(5)
    for _ in range(5):
        moved, moved_label = augment(image, label, window, Augmentation(), rng)
        assert moved.shape == (8, 16, 3)
        assert VOID not in moved_label


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    y=st.integers(0, HEIGHT - 1),
    x=st.integers(0, WIDTH - 1),
    low=st.floats(0.5, 1.0),
    high=st.floats(1.0, 3.0),
    flip=st.booleans(),
)
def test_the_anchor_is_always_seen(seed, y, x, low, high, flip):
    image, label = pair()
    label = np.zeros_like(label)
    label[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = 7
    how = Augmentation(zoom=(low, high), flip=float(flip), flip_vertical=0.5)
    view = View(12, 16, 1.0, 1.0)
    _, moved = augment(image, label, view, how, np.random.default_rng(seed), anchor=(y, x))
    assert (moved == 7).any()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_image_and_label_move_together(seed):
    image, label = smooth_pair()
    how = Augmentation(flip=0.5, flip_vertical=0.5, zoom=(0.8, 1.8), rotation=8, stretch=0.2)
    moved, moved_label = augment(image, label, WHOLE, how, np.random.default_rng(seed))
    column, row = moved[..., 0] / 4 + 0.5, moved[..., 1] / 4 + 0.5
    inside = (moved_label != VOID) & (np.abs(column % 8 - 4) < 2.5) & (np.abs(row % 8 - 4) < 2.5)
    # Near the border the image is reflected while the label is void, so only pixels inside are compared.
    np.testing.assert_array_equal(moved_label[inside], (column // 8 + 5 * (row // 8))[inside].astype(np.uint8))


def test_shrinking_averages_instead_of_skipping():
    image = np.zeros((32, 32, 1), np.uint8)
    image[:, ::2] = 200
    matrix = np.array([[4.0, 0, 1.5], [0, 4.0, 1.5]])
    moved, _ = move(image, image[..., 0], View(8, 8, 0.25, 0.25), matrix)
    np.testing.assert_allclose(moved, 100, atol=1)


def test_gray_pictures_keep_their_axis():
    image, label = pair()
    how = Augmentation(zoom=(1.5, 1.5), brightness=0.1, saturation=0.5, noise=0.1, blur=1.0)
    assert augment(image[..., :1], label, WHOLE, how, np.random.default_rng(0))[0].shape == (HEIGHT, WIDTH, 1)


def test_brightness_shifts_all_pixels_alike():
    image = np.full((4, 6, 3), 100, np.uint8)
    shifts = {
        int(recolour(image, Augmentation(brightness=0.1), np.random.default_rng(seed))[0, 0, 0]) - 100
        for seed in range(50)
    }
    assert min(shifts) < -15
    assert max(shifts) > 15
    assert max(map(abs, shifts)) <= 26


def test_saturation_keeps_gray_gray():
    image = np.full((4, 6, 3), 77, np.uint8)
    np.testing.assert_allclose(
        recolour(image, Augmentation(saturation=1.0), np.random.default_rng(2)).astype(int), 77, atol=1
    )


def test_noise_has_the_deviation_asked_for():
    image = np.full((200, 300, 3), 128, np.uint8)
    deviations = [
        recolour(image, Augmentation(noise=0.1), np.random.default_rng(seed)).astype(float).std() for seed in range(40)
    ]
    assert max(deviations) == pytest.approx(25.5, rel=0.15)
    assert min(deviations) < 4


def test_the_same_generator_gives_the_same_picture():
    image, label = pair()
    how = Augmentation(flip=0.5, zoom=(0.5, 2), rotation=4, brightness=0.2, noise=0.1, saturation=0.4, blur=0.5)
    first, second = (augment(image, label, WHOLE, how, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_pieces_are_the_connected_regions_with_their_pixels():
    image, _ = pair()
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[2:6, 3:9] = 1
    label[6:9, 4:7] = 2
    label[15:18, 30:39] = 1
    label[20, 20] = 2
    pieces = find_pieces(image, label, (1, 2), least=5)
    assert [(piece.top, piece.mask.shape, piece.classes, int(piece.mask.sum())) for piece in pieces] == [
        (2, (7, 6), (1, 2), 33),
        (15, (3, 9), (1,), 27),
    ]
    np.testing.assert_array_equal(pieces[1].image, image[15:18, 30:39])


def test_a_pasted_object_brings_its_label_and_its_pixels():
    image, _ = pair(1)
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[4:14, 5:17] = 3
    (piece,) = find_pieces(image, label, (3,), least=5)
    target, target_label = np.zeros_like(image), np.full((HEIGHT, WIDTH), 4, np.uint8)
    paste(target, target_label, piece, np.random.default_rng(0))
    assert (target_label == 3).sum() == 120
    assert set(np.unique(target_label)) == {3, 4}
    inside = target[target_label == 3].reshape(10, 12, 3)[1:-1, 1:-1]
    original = image[5:13, 6:16]
    assert np.array_equal(inside, original) or np.array_equal(inside, original[:, ::-1])
