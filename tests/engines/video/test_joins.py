"""Joins: color is matched, and what can be seen of them is measured."""

import numpy as np

from engines.video.joins import ColorMatch, JoinMeter, Pixels, delta_e


def picture(seed: int = 0) -> Pixels:
    small = np.random.default_rng(seed).random((12, 16, 3), np.float32)
    return np.kron(small, np.ones((8, 8, 1), np.float32)) * 0.6 + 0.2


def test_a_match_undoes_a_change_of_brightness_and_contrast() -> None:
    wanted = picture()
    made = (wanted * [0.9, 1.1, 1.0] + [0.02, -0.05, 0.01]).astype(np.float32)
    assert delta_e(made, wanted) > 2
    match = ColorMatch.between(made, wanted, wanted.mean((0, 1)))
    assert delta_e(match.apply(made, 0), wanted) < 0.1
    assert delta_e(match.apply(made, 1), wanted) < 0.1


def test_a_match_of_flat_pictures_only_shifts() -> None:
    gray, darker = np.full((8, 8, 3), 0.5, np.float32), np.full((8, 8, 3), 0.4, np.float32)
    match = ColorMatch.between(darker, gray, gray.mean((0, 1)))
    np.testing.assert_allclose(match.apply(darker, 1), gray, atol=1e-6)


def test_colors_that_have_drifted_go_back_slowly_and_not_far() -> None:
    now = np.full((8, 8, 3), 0.5, np.float32)
    near, far = (ColorMatch.between(now, now, np.full(3, usual, np.float32)) for usual in (0.51, 0.9))
    assert [round(float(near.apply(now, part).mean()), 4) for part in (0, 0.5, 1)] == [0.5, 0.505, 0.51]
    assert round(float(far.apply(now, 1).mean()), 4) == 0.52


def test_delta_e_is_that_of_cie_1976() -> None:
    red, green = (np.broadcast_to(np.asarray(one, np.float32), (16, 16, 3)) for one in ((1, 0, 0), (0, 1, 0)))
    assert abs(delta_e(red, green) - 170.57) < 0.1  # L*a*b* 53.24 80.09 67.20 and 87.73 -86.18 83.18
    assert delta_e(red, red) == 0


def moving(count: int, start: int = 0) -> list[Pixels]:
    return [np.roll(picture(), 2 * (start + number), axis=1) for number in range(count)]


def measured(frames: list[Pixels], join: int) -> tuple[float, float, float]:
    meter = JoinMeter(8, 0, (), None, None)
    for number, frame in enumerate(frames):
        meter.see(frame, joins=number == join)
    (found,) = meter.finish()
    return found


def test_a_join_in_even_motion_cannot_be_seen() -> None:
    seconds, difference, motion = measured(moving(8), 4)
    assert seconds == 0.5
    assert 0.9 <= motion <= 1.1
    assert difference < 5


def test_a_jump_is_measured() -> None:
    _, _, motion = measured(moving(4) + moving(4, start=20), 4)
    assert motion > 2


def test_a_meter_that_starts_in_the_middle_finds_the_same() -> None:
    frames = moving(8)
    first = JoinMeter(8, 0, (), None, None)
    for frame in frames[:4]:
        first.see(frame)
    second = JoinMeter(8, 4, first.joins, frames[3], first.change)
    for number, frame in enumerate(frames[4:]):
        second.see(frame, joins=number == 0)
    assert second.finish() == [measured(frames, 4)]
