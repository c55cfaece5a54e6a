import itertools
import math

import pytest

from unet_explorer.training.recipe import EarlyStopping, Plateau, Schedule
from unet_explorer.training.schedule import Rules, average_decay, is_better, learning_rate


def test_warm_up_rises_linearly_and_the_cosine_falls_to_its_end():
    how = Schedule("cosine", warm_up=4, final=0.1)
    rates = [learning_rate(how, 2.0, step, 104) for step in range(104)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[54] == pytest.approx(2 * (0.1 + 0.9 / 2))
    assert rates[-1] == pytest.approx(0.2, rel=0.01)
    assert all(a >= b for a, b in itertools.pairwise(rates[4:]))


def test_a_constant_rate_stays():
    assert {learning_rate(Schedule(), 0.3, step, 10) for step in range(10)} == {0.3}


def test_the_average_forgets_its_start():
    assert average_decay(0.999, 0) == 0.1
    assert average_decay(0.999, 90) == 0.91
    assert average_decay(0.999, 10**6) == 0.999


@pytest.mark.parametrize(
    ("monitor", "value", "best", "better"),
    [
        ("val_loss", 0.4, 0.5, True),
        ("val_loss", 0.5, 0.5, False),
        ("val_mean_iou", 0.6, 0.5, True),
        ("val_mean_iou", 0.4, 0.5, False),
        ("val_mean_iou", 0.0, None, True),
        ("val_loss", math.nan, None, False),
    ],
)
def test_losses_fall_and_scores_rise(monitor, value, best, better):
    assert is_better(monitor, value, best) is better


def play(rules, losses):
    factors, stopped = [], None
    for number, loss in enumerate(losses):
        if rules.take({"val_loss": loss}, 1e-3) and stopped is None:
            stopped = number
        factors.append(rules.factor)
    return factors, stopped


def test_plateau_and_stopping_as_article_d_asks():
    rules = Rules(Plateau(patience=2, factor=0.5, least=1e-6), EarlyStopping(patience=4))
    factors, stopped = play(rules, [5, 4, 4, 4, 4, 4, 3, 3])
    assert factors == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]
    assert stopped == 5


def test_the_rate_never_falls_below_the_least():
    rules = Rules(Plateau(patience=1, factor=0.01, least=1e-4), None)
    factors, _ = play(rules, [1, 1, 1])
    assert factors[-1] == pytest.approx(0.1)


def test_rules_go_on_where_they_were():
    plain, cut = (Rules(Plateau(patience=2), EarlyStopping(patience=3)) for _ in range(2))
    losses = [3, 2, 2, 2, 1, 1, 1, 1]
    expected = play(plain, losses)[0]
    first = play(cut, losses[:3])[0]
    fresh = Rules(Plateau(patience=2), EarlyStopping(patience=3))
    fresh.restore(cut.state())
    assert first + play(fresh, losses[3:])[0] == expected
