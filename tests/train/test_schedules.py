"""Schedules: curves in closed form, composition, plateaus, names and refusals."""

import numpy as np
import pytest

from chainrule.train.schedules import SCHEDULES, Clock, Schedule, schedule


N = 120  # updates in a run, 12 in an epoch
STEP = np.arange(float(N))
EPOCH = np.repeat(np.arange(10.0), 12)


def curve(chosen, step=STEP, steps=N, watched=()):
    """The factor of each update."""
    found = schedule(chosen).factor(Clock(np.array(step, float), steps, 12, watched))
    assert found.dtype == np.float64
    assert found.shape == (len(step),)
    return found


def half_cosine(share):
    return (1 + np.cos(np.pi * share)) / 2


# ---- closed forms --------------------------------------------------------------------------------

CURVES = {
    "constant": np.ones(N),
    "inverse_time": 1 / (STEP + 1),
    "inverse_time(offset=50)": 50 / (50 + STEP),
    "inverse_time(unit=epoch)": 1 / (EPOCH + 1),
    "inverse_sqrt": (STEP + 1) ** -0.5,
    "inverse_sqrt(offset=4, unit=epoch)": (1 + EPOCH / 4) ** -0.5,
    "step_decay(every=3)": 0.1 ** (EPOCH // 3),
    "step_decay(factor=0.5, every=25, unit=step)": 0.5 ** (STEP // 25),
    "step_decay(milestones=(7, 2))": 0.1 ** ((EPOCH >= 2) + 1.0 * (EPOCH >= 7)),
    "step_decay(milestones=[30.5], unit=step)": np.where(STEP < 31, 1, 0.1),
    "exponential": 0.95**EPOCH,
    "exponential(factor=0.99, unit=step)": np.exp(STEP * np.log(0.99)),
    "coslog": (1 - np.cos(2 * np.pi * np.log2(1 + 15 * (STEP / N)))) / 2,
    "coslog(cycles=2)": (1 - np.cos(2 * np.pi * np.log2(1 + 3 * (STEP / N)))) / 2,
    "polynomial": 1 - STEP / N,
    "polynomial(power=2, end=0.1)": 0.1 + 0.9 * (1 - STEP / N) ** 2,
    "polynomial(unit=epoch)": 1 - EPOCH / 10,
    "cosine": half_cosine(STEP / N),
    "cosine(end=0.1, unit=epoch)": 0.1 + 0.9 * half_cosine(EPOCH / 10),
    "cosine(cycles=3)": half_cosine(STEP % 40 / 40),
    "reduce_on_plateau": np.ones(N),
    "warmup(steps=20)": np.minimum(STEP / 20, 1),
    "warmup(steps=2, start=0.5, unit=epoch)": np.minimum(0.5 + STEP / 48, 1),
}


@pytest.mark.parametrize("text", CURVES)
def test_curve_is_its_closed_form(text):
    np.testing.assert_allclose(curve(text), CURVES[text], rtol=1e-14, atol=1e-16)


def test_every_curve_has_its_closed_form_here():
    assert {text.split("(")[0] for text in CURVES} == SCHEDULES.keys() - {"join", "product"}


def test_coslog_is_lowest_and_highest_where_the_paper_says():
    """Cycles of 1, 2, 4 and 8 fifteenths of the run, 0 at their ends, 1 where log2 is a half."""
    ends = np.array([0, 1, 3, 7]) * 8
    np.testing.assert_allclose(curve("coslog", ends), np.zeros(4), atol=1e-14)
    peaks = (2 ** np.array([0.5, 1.5, 2.5, 3.5]) - 1) * 8
    np.testing.assert_allclose(curve("coslog", peaks), np.ones(4), atol=1e-14)


@pytest.mark.parametrize("cycles", [7, 49, 93])
def test_restart_falls_on_its_update(cycles):
    """1/49 · 49 is below 1 in floating point."""
    starts = 3.0 * np.arange(cycles)
    found = curve(f"cosine(cycles={cycles})", starts, steps=3 * cycles)
    np.testing.assert_array_equal(found, np.ones(cycles))


@pytest.mark.parametrize(
    "text", ["polynomial(end=0.2)", "cosine(end=0.2)", "cosine(end=0.2, cycles=4)"]
)
def test_curve_stays_at_its_end_after_the_run(text):
    np.testing.assert_allclose(curve(text, [N, N + 1, 3 * N]), 0.2, rtol=1e-14)


@pytest.mark.parametrize("text", [*CURVES, "join", "product"])
def test_factor_of_an_update_does_not_depend_on_the_others(text):
    alone = [curve(text, [step])[0] for step in STEP]
    np.testing.assert_array_equal(curve(text), alone)


# ---- composition ---------------------------------------------------------------------------------


def test_join_gives_each_part_a_run_of_its_own():
    found = curve("join(first=polynomial, steps=20, then=cosine)")
    np.testing.assert_array_equal(found[:20], curve("polynomial", range(20), 20))
    np.testing.assert_array_equal(found[20:], curve("cosine", range(100), 100))


def test_join_of_epochs_is_the_join_of_their_updates():
    by_epoch = curve("join(first=polynomial, steps=4, then=inverse_time, unit=epoch)")
    np.testing.assert_array_equal(
        by_epoch, curve("join(first=polynomial, steps=48, then=inverse_time)")
    )


def test_join_is_associative():
    left = curve(
        "join(first=join(first=inverse_time, steps=9, then=constant), steps=30, then=cosine)"
    )
    right = curve("join(first=inverse_time, steps=9, then=join(steps=21, then=cosine))")
    np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("text", CURVES)
def test_join_after_0_steps_is_the_second_part(text):
    np.testing.assert_array_equal(curve(f"join(steps=0, then={text})"), curve(text))


@pytest.mark.parametrize("text", CURVES)
def test_join_that_outlasts_the_run_is_the_first_part(text):
    np.testing.assert_array_equal(curve(f"join(first={text}, steps={N})"), curve(text))


def test_warmup_that_outlasts_the_run_ends_below_1():
    np.testing.assert_allclose(curve("warmup(steps=480, then=cosine)"), STEP / 480)


def test_warmup_joins_without_a_jump():
    around = curve("warmup(steps=20, then=polynomial(power=2))", [19, 20, 21])
    np.testing.assert_allclose(around, [0.95, 1, 0.99**2])


@pytest.mark.parametrize("text", CURVES)
def test_product_multiplies_in_either_order(text):
    want = curve(text) * curve("cosine")
    np.testing.assert_array_equal(curve(f"product(first={text}, second=cosine)"), want)
    np.testing.assert_array_equal(curve(f"product(first=cosine, second={text})"), want)


# ---- plateaus ------------------------------------------------------------------------------------


def plateau(watched, text="reduce_on_plateau(patience=2)"):
    """The factors of one epoch after `watched`; they are one number."""
    (factor,) = set(curve(text, range(12), watched=watched))
    return factor


def after_each(watched, text):
    return [plateau(watched[:n], text) for n in range(1, len(watched) + 1)]


def test_plateau_is_an_epoch_more_than_the_patience():
    found = after_each([1.0] * 7, "reduce_on_plateau(factor=0.5, patience=2)")
    assert found == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_plateau_is_over_with_a_better_loss():
    assert plateau([1, 1, 1, 0.5, 0.5, 0.5]) == 1


def test_loss_is_better_only_by_more_than_the_threshold():
    text = "reduce_on_plateau(patience=0, threshold=0.1)"
    assert plateau([1, 0.91], text) == 0.1
    assert plateau([1, 0.89], text) == 1


def test_threshold_holds_below_0_too():
    text = "reduce_on_plateau(patience=0, threshold=0.1)"
    assert plateau([-1, -1.09], text) == 0.1
    assert plateau([-1, -1.11], text) == 1


def test_epochs_of_the_cooldown_do_not_count():
    found = after_each([1.0] * 8, "reduce_on_plateau(factor=0.5, patience=0, cooldown=2)")
    assert found == [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_factor_does_not_fall_below_the_smallest():
    assert plateau([1.0] * 90, "reduce_on_plateau(patience=2, smallest=0.03)") == 0.03


def test_loss_that_is_no_number_is_not_better():
    assert plateau([1, np.nan, np.nan, np.nan]) == 0.1


def test_plateaus_reduce_another_schedule():
    text = "product(first=polynomial, second=reduce_on_plateau(patience=0))"
    np.testing.assert_allclose(curve(text, watched=[1, 1]), 0.1 * (1 - STEP / N))


def test_epochs_before_a_part_are_not_watched_by_it():
    text = "warmup(steps=2, unit=epoch, then=reduce_on_plateau(patience=0))"
    assert curve(text, [40], watched=[1, 1, 1])[0] == 1
    assert curve(text, [50], watched=[1, 1, 1, 1])[0] == 0.1


# ---- choice --------------------------------------------------------------------------------------

TEXTS = [
    "cosine",
    "cosine(end=0.01)",
    "step_decay(milestones=(30, 60), unit=step)",
    "warmup(steps=20, then=cosine(end=0.01, cycles=2), start=0.1)",
    "product(first=polynomial, second=reduce_on_plateau(patience=3))",
]


@pytest.mark.parametrize("text", TEXTS)
def test_name_says_every_setting_that_is_not_the_default(text):
    assert schedule(text).name == text


@pytest.mark.parametrize("text", ["cosine(end=0, cycles=1)", "cosine(unit='step')"])
def test_name_leaves_out_what_is_the_default(text):
    assert schedule(text).name == "cosine"


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_chosen_by_its_name_alone(name):
    assert schedule(name).name == name


def test_schedule_is_taken_as_it_is():
    half = Schedule("half", lambda clock: 0.5 * clock.step)
    assert schedule(half) is half


def test_function_of_the_clock_is_a_schedule():
    def ramp(clock):
        return clock.step / clock.steps

    np.testing.assert_array_equal(curve(ramp), STEP / N)
    assert schedule(ramp).name == "ramp"


def test_function_may_give_one_number():
    np.testing.assert_array_equal(curve(lambda clock: 0.5**2), np.full(N, 0.25))


def test_function_is_a_part_of_another_schedule():
    found = SCHEDULES["warmup"](10, then=lambda clock: 1 / (1 + clock.step))
    np.testing.assert_array_equal(curve(found, [10, 11]), [1, 0.5])


def test_function_sees_no_update_beyond_its_part():
    def last_seen(clock):
        return np.full(N, clock.step.max() / clock.steps)

    np.testing.assert_array_equal(curve(SCHEDULES["join"](last_seen, 30))[:30], np.ones(30))


@pytest.mark.parametrize("result", [-1.0, np.nan, np.inf, np.ones(3)])
def test_function_that_gives_no_factors_is_refused(result):
    def bad(clock):
        return result

    with pytest.raises(ValueError, match=r"schedule bad: it returned .*expected a number from 0"):
        curve(bad)


@pytest.mark.parametrize("wrong", [SCHEDULES["cosine"], 0.5, None])
def test_what_is_no_schedule_is_refused(wrong):
    with pytest.raises(TypeError, match=r"expected a name, cosine\(end=0.01\) and the like"):
        schedule(wrong)


REFUSED = [
    ("inverse_time(offset=0)", "inverse_time: offset 0; expected a number above 0"),
    ("inverse_sqrt(offset=-1)", "inverse_sqrt: offset -1; expected a number above 0"),
    ("inverse_time(unit=batch)", "inverse_time: unit 'batch'; expected 'step' or 'epoch'"),
    ("step_decay(every=0)", "step_decay: every 0; expected a number above 0"),
    ("step_decay(factor=-0.1)", "step_decay: factor -0.1; expected a number above 0"),
    ("step_decay(milestones=30)", "step_decay: milestones 30; expected numbers in a tuple"),
    ("step_decay(milestones=(-1,))", "step_decay: milestone -1; expected a number from 0"),
    ("exponential(factor=0)", "exponential: factor 0; expected a number above 0"),
    ("polynomial(power=0)", "polynomial: power 0; expected a number above 0"),
    ("polynomial(end=-0.1)", "polynomial: end -0.1; expected a number from 0"),
    ("cosine(end=None)", "cosine: end None; expected a number from 0"),
    ("cosine(cycles=1.5)", "cosine: cycles 1.5; expected a whole number from 1"),
    ("cosine(cycles=0)", "cosine: cycles 0; expected a whole number from 1"),
    ("reduce_on_plateau(factor=1)", "factor 1; expected a number from 0 to below 1"),
    ("reduce_on_plateau(patience=-1)", "patience -1; expected a whole number from 0"),
    ("reduce_on_plateau(threshold=1)", "threshold 1; expected a number from 0 to below 1"),
    ("reduce_on_plateau(cooldown=0.5)", "cooldown 0.5; expected a whole number from 0"),
    ("reduce_on_plateau(smallest=2)", "smallest 2; expected a number from 0 to 1"),
    ("warmup(steps=-1)", "warmup: steps -1; expected a number from 0"),
    ("warmup(start=-1)", "warmup: start -1; expected a number from 0"),
    ("warmup(unit=batch)", "warmup: unit 'batch'; expected 'step' or 'epoch'"),
    ("join(steps=all)", "join: steps 'all'; expected a number from 0"),
    ("warmup(then=cosin)", "unknown schedule 'cosin'; did you mean 'cosine'?"),
    ("warmup(then=cosine(ends=0))", "unknown setting of schedule cosine: 'ends'"),
    ("constant(rate=1)", "unknown setting of schedule constant: 'rate'"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_setting_that_does_not_fit_is_refused(text, message):
    with pytest.raises(ValueError) as caught:
        schedule(text)
    assert message in str(caught.value)
