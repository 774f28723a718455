"""The E-model against figures that are published: ITU-T G.107 (defaults, annex B), G.113 (codecs), G.108 (delay)."""

import pytest

from softswitch.media.quality.e_model import IMPAIRMENTS, Impairment, mean_opinion_score, rating

G729A = Impairment(11.0, 19.0)
G711_WITHOUT_CONCEALMENT = Impairment(0.0, 4.3)


def test_with_all_parameters_at_their_defaults_the_rating_is_that_of_the_recommendation() -> None:
    assert rating() == pytest.approx(93.2, abs=0.05)
    assert mean_opinion_score(rating()) == pytest.approx(4.41, abs=0.005)


@pytest.mark.parametrize(
    ("r", "mos"), [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58), (0.0, 1.0), (100.0, 4.5)]
)
def test_ratings_are_the_scores_of_annex_b(r: float, mos: float) -> None:
    assert mean_opinion_score(r) == pytest.approx(mos, abs=0.01)


def test_a_score_is_never_below_one() -> None:
    assert min(mean_opinion_score(r / 10) for r in range(-1000, 1100)) == 1.0
    assert max(mean_opinion_score(r / 10) for r in range(-1000, 1100)) == 4.5


@pytest.mark.parametrize(
    ("delay_ms", "impairment"), [(50, 1.5), (100, 2.5), (150, 3.7), (200, 7.4), (250, 14), (300, 21)]
)
def test_delay_costs_what_is_known_of_the_default_telephone(delay_ms: float, impairment: float) -> None:
    """Cole and Rosenbluth's fit to the model, 0.024 d + 0.11 (d - 177.3), is within one of it."""
    fit = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    cost = rating() - rating(delay_ms=delay_ms)
    assert cost == pytest.approx(fit, abs=1.0)
    assert cost == pytest.approx(impairment, abs=0.6)


@pytest.mark.parametrize(
    ("codec", "loss_percent", "cost"),
    [
        (IMPAIRMENTS["PCMU"], 1.0, 3.6),
        (IMPAIRMENTS["PCMU"], 3.0, 10.1),
        (IMPAIRMENTS["PCMA"], 10.0, 27.1),
        (G711_WITHOUT_CONCEALMENT, 1.0, 17.9),
        (G711_WITHOUT_CONCEALMENT, 5.0, 51.1),
        (G729A, 0.0, 11.0),
        (G729A, 1.0, 15.2),
        (G729A, 5.0, 28.5),
    ],
)
def test_loss_at_random_costs_by_codec(codec: Impairment, loss_percent: float, cost: float) -> None:
    assert rating() - rating(loss_percent=loss_percent, impairment=codec) == pytest.approx(cost, abs=0.05)


def test_losses_in_bursts_are_worse() -> None:
    single = rating(loss_percent=5.0)
    assert rating(loss_percent=5.0, burst_ratio=2.0) == pytest.approx(single - 1.435, abs=0.01)
    assert rating(loss_percent=5.0, burst_ratio=8.0) < rating(loss_percent=5.0, burst_ratio=2.0)


def test_more_delay_or_loss_is_never_better() -> None:
    by_delay = [rating(delay_ms=delay) for delay in range(0, 1000, 5)]
    by_loss = [rating(loss_percent=loss) for loss in range(101)]
    assert by_delay == sorted(by_delay, reverse=True)
    assert by_loss == sorted(by_loss, reverse=True)
