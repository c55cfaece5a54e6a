"""What must hold however epochs are shared among phases."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.training.recipe import Recipe

LENGTHS = st.lists(st.integers(1, 500), min_size=1, max_size=12)


def recipe(lengths):
    return Recipe.from_dict(
        {
            "name": "phases",
            "preset": "kitti-16",
            "data": {"name": "kitti"},
            "phases": [{"epochs": length} for length in lengths],
            "losses": [{"name": "cross-entropy"}],
        }
    )


@given(LENGTHS, st.integers(0, 2000))
def test_every_phase_has_its_share_of_the_epochs(lengths, more) -> None:
    epochs = len(lengths) + more

    shares = [phase.epochs for phase in recipe(lengths).with_epochs(epochs).phases]

    assert sum(shares) == epochs
    assert min(shares) >= 1
    exact = [epochs * length / sum(lengths) for length in lengths]
    # No phase has an epoch too many unless it is its only one, and a longer phase never has fewer.
    assert all(share == 1 or share < wanted + 1 for share, wanted in zip(shares, exact, strict=True))
    ordered = sorted(zip(lengths, shares, strict=True))
    by_length = [[share for length, share in ordered if length == own] for own in sorted(set(lengths))]
    assert all(max(short) <= min(long) for short, long in pairwise(by_length))


@given(LENGTHS)
def test_as_many_epochs_as_there_were_are_shared_as_they_were(lengths) -> None:
    whole = recipe(lengths)

    assert whole.with_epochs(whole.epochs) == whole
