import numpy as np
import pytest

from unet_explorer.training.augment import View
from unet_explorer.training.pipeline import Position, Preparer, stream
from unet_explorer.training.recipe import Augmentation, Sampling
from unet_explorer.training.sampling import Sampler
from unet_explorer.training.store import Pictures

HEIGHT, WIDTH = 16, 20


def pictures(count=10):
    """Class 1 is in every picture, class 2 only in pictures 3 and 7, class 3 nowhere."""
    rng = np.random.default_rng(4)
    images = rng.integers(0, 256, (count, HEIGHT, WIDTH, 3), dtype=np.uint8)
    labels = np.zeros((count, HEIGHT, WIDTH), np.uint8)
    labels[:, 8:] = 1
    for index in (3, 7):
        labels[index, 2:5, 4:8] = 2
    counts = np.stack([np.bincount(label.ravel(), minlength=4) for label in labels])
    return Pictures(tuple(map(str, range(count))), images, labels, counts)


def test_every_picture_comes_once_a_round_in_another_order_each_epoch():
    sampler = Sampler(pictures(), Sampling(), (), seed=1)
    orders = [[sampler.choose(epoch, index)[0] for index in range(20)] for epoch in range(2)]
    for order in orders:
        assert sorted(order[:10]) == sorted(order[10:]) == list(range(10))
        assert order[:10] != order[10:]
    assert orders[0] != orders[1]


def test_rare_classes_are_chosen_with_a_pixel_that_shows_them():
    sampler = Sampler(pictures(), Sampling(rare_share=1.0, power=1.0), (), seed=1)
    chosen = [sampler.choose(0, index) for index in range(300)]
    classes = [int(sampler.pictures.labels[picture][pixel]) for picture, pixel in chosen]
    # With power 1 the chance of class 2 (24 of 3200 pixels) is 1/0.0075 of 1/0.4925 + 1/0.5 + 1/0.0075.
    assert classes.count(2) / 300 == pytest.approx(133.3 / 137.4, abs=0.04)
    assert {picture for (picture, _), number in zip(chosen, classes, strict=True) if number == 2} == {3, 7}
    assert 3 not in classes


def test_choices_depend_on_the_position_alone():
    first, second = (Sampler(pictures(), Sampling(rare_share=0.5), (), seed=2) for _ in range(2))
    forward = [first.choose(1, index) for index in range(30)]
    backward = [second.choose(1, index) for index in reversed(range(30))]
    assert forward == backward[::-1]


def test_pasting_leaves_the_stored_pictures_alone():
    sampler = Sampler(pictures(), Sampling(paste=1.0, paste_classes=("x",), paste_least=5), (2,), seed=1)
    before = sampler.pictures.images.copy()
    image, label = sampler.pasted(0, np.random.default_rng(0))
    assert (label == 2).any()
    assert not np.array_equal(image, before[0])
    np.testing.assert_array_equal(sampler.pictures.images, before)


def test_without_pieces_nothing_is_pasted():
    sampler = Sampler(pictures(), Sampling(paste=1.0, paste_classes=("x",)), (3,), seed=1)
    image, label = sampler.pasted(0, np.random.default_rng(0))
    assert np.shares_memory(image, sampler.pictures.images)
    assert np.shares_memory(label, sampler.pictures.labels)


def test_the_stream_keeps_the_order_and_does_not_depend_on_the_number_of_threads():
    how = Augmentation(flip=0.5, zoom=(0.8, 1.5), brightness=0.1, noise=0.02)
    sampler = Sampler(pictures(), Sampling(rare_share=0.3), (), seed=6)
    prepare = Preparer(sampler, how)
    positions = [Position(epoch, step, 2, View(8, 12, 0.5, 0.6)) for epoch in range(2) for step in range(5)]
    alone = [(position, *batch) for position, batch in stream(positions, prepare, workers=1)]
    crowd = [(position, *batch) for position, batch in stream(positions, prepare, workers=4)]
    assert [row[0] for row in alone] == positions
    for one, other in zip(alone, crowd, strict=True):
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1], other[1])
        np.testing.assert_array_equal(one[2], other[2])


def test_an_error_in_a_thread_reaches_the_loop():
    def fail(position):
        raise ValueError(f"step {position.step}")

    with pytest.raises(ValueError, match="step 0"):
        list(stream([Position(0, 0, 1, View(8, 8, 1, 1))], fail, workers=2))
