"""What must hold of every split, whatever the names and groups."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.datasets.splits import (
    grouped_hold_out,
    merge_links,
    shuffled_hold_out,
    similar_groups,
    stratified_hold_out,
)

NAMES = st.sets(st.text(min_size=1, max_size=6), min_size=1, max_size=60)
FRACTIONS = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 2**32)


@given(NAMES, FRACTIONS, SEEDS, st.randoms())
def test_a_shuffled_hold_out_depends_on_the_names_alone(names, fraction, seed, shuffler) -> None:
    order = list(names)
    shuffler.shuffle(order)

    held_out = shuffled_hold_out(order, fraction, seed)

    assert held_out == shuffled_hold_out(sorted(names), fraction, seed)
    assert held_out <= names
    assert len(names) - len(held_out) == round(len(names) * (1 - fraction))


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.sampled_from("abcdefg"), min_size=1), FRACTIONS, SEEDS)
def test_a_grouped_hold_out_never_cuts_a_group(groups, fraction, seed) -> None:
    held_out = grouped_hold_out(groups, fraction, seed)

    learnt = groups.keys() - held_out
    assert not {groups[name] for name in held_out} & {groups[name] for name in learnt}
    assert learnt
    smallest = min(Counter(groups.values()).values())
    assert len(held_out) <= max(round(len(groups) * fraction), smallest)
    assert held_out or len(set(groups.values())) == 1


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.integers(0, 4), min_size=1, max_size=80), FRACTIONS, SEEDS)
def test_a_stratified_hold_out_takes_its_share_of_every_stratum(strata, fraction, seed) -> None:
    held_out = stratified_hold_out(strata, fraction, seed)

    assert abs(len(held_out) - len(strata) * fraction) <= 1
    sizes, taken = Counter(strata.values()), Counter(strata[name] for name in held_out)
    assert all(abs(taken[stratum] - size * fraction) <= 1 for stratum, size in sizes.items())


@given(st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_merged_links_are_the_connected_components(case) -> None:
    count, links = case
    reached = np.eye(count, dtype=bool)
    for one, other in links:
        reached[one, other] = reached[other, one] = True
    for _ in range(count):
        reached = reached @ reached

    assert merge_links(count, links) == [int(np.flatnonzero(row)[0]) for row in reached]


@given(SEEDS, st.integers(2, 8))
def test_a_brighter_copy_is_in_the_group_of_its_picture_and_others_are_not(seed, count) -> None:
    pictures = np.random.default_rng(seed).integers(0, 200, (count, 20, 64, 3)).astype(np.uint8)
    stack = np.concatenate([pictures, pictures[:1] + np.uint8(40)])

    groups = similar_groups(stack, list(range(0, 10 * len(stack), 10)))

    assert groups == [*range(count), 0]


def test_flat_pictures_are_not_alike_for_being_flat_unless_neighbours_say_so() -> None:
    """A picture of one colour has no variance: its distance to all others is 2, as for unrelated ones."""
    flat = np.stack([np.full((20, 64, 3), level, np.uint8) for level in (10, 200)])

    assert similar_groups(flat, [0, 1]) == [0, 1]


def test_neighbours_in_the_recording_are_joined_at_a_looser_threshold() -> None:
    generator = np.random.default_rng(0)
    first, noise = generator.normal(size=(2, 20, 64, 3))
    second = 0.65 * first + np.sqrt(1 - 0.65**2) * noise  # Correlation 0.65, so a distance of about 0.7.
    stack = np.stack([first, second]).clip(-4, 4) * 30 + 128

    assert similar_groups(stack.astype(np.uint8), [5, 8]) == [0, 0]
    assert similar_groups(stack.astype(np.uint8), [5, 9]) == [0, 1]
