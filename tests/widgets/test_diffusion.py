"""The diffusion explorer: noise first, the digit asked for last; what a page computes alone is NumPy's."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.study import diffusion
from nnlearn.widgets import DiffusionExplorer, chance
from nnlearn.widgets.diffusion import KEPT, POINTS, STEPS, networks
from nnlearn.widgets.living import as_the_page_has_it, packed
from tests.support.figures import Standing, functions


def test_noise_first_and_a_digit_last():
    explorer = DiffusionExplorer(step=0, digit=0)
    assert explorer.state.left == 100 and 0.7 < explorer.state.picture.std() < 1.3
    explorer.set(step=100)
    assert explorer.state.left == 0 and explorer.state.read == 0
    np.testing.assert_array_equal(explorer.state.picture, explorer.state.belief)


def test_the_order_of_looking_changes_nothing():
    forth, back = DiffusionExplorer(step=40, seed=2), DiffusionExplorer(step=90, seed=2)
    back.set(step=40)
    np.testing.assert_array_equal(forth.state.picture, back.state.picture)


def test_the_judges_shares_are_of_what_the_network_sees():
    state = DiffusionExplorer(step=60, digit=8, guidance=1.0).state
    assert state.shares.sum() == pytest.approx(1, abs=1e-5) and state.shares.min() >= 0
    assert state.read == diffusion.read(diffusion.load_reader(), state.belief.reshape(1, 196))[0]


def test_the_cloud_is_that_of_the_seed_whatever_the_digit():
    one, other = DiffusionExplorer(digit=1).state, DiffusionExplorer(digit=7).state
    np.testing.assert_array_equal(one.points, other.points)
    assert not np.array_equal(one.picture, other.picture)
    moons, which = diffusion.two_moons()
    nearest = ((one.points[:, None] - moons) ** 2).sum(axis=2)
    assert (which[nearest.argmin(axis=1)] == np.arange(POINTS) % 2).mean() > 0.95, "each at its own moon"
    assert np.sqrt(nearest.min(axis=1)).mean() < 0.2


# -- weights in 8 bits ---------------------------------------------------------------------------------------


def test_eight_bits_are_hardly_to_be_seen():
    """Of 2, from white to black, a pixel moves by less than a fiftieth; a judge reads the same digits."""
    asked, judge = np.arange(100) % 10, diffusion.load_reader()
    nets = diffusion.load_denoiser(), as_the_page_has_it(diffusion.load_denoiser())
    exact, page = (diffusion.sample(net, asked, 196, KEPT, 3.0, limit=1, rng=5)[-1] for net in nets)
    assert 1e-3 < np.abs(page - exact).mean() < 0.04
    reads = [diffusion.read(judge, pictures) for pictures in (exact, page)]
    assert (reads[0] == reads[1]).mean() > 0.95 and (reads[1] == asked).mean() > 0.9
    x, _ = diffusion.small_digits()["test"]
    same = diffusion.read(judge, x) == diffusion.read(as_the_page_has_it(diffusion.load_reader()), x)
    assert same.mean() > 0.99


def test_eight_bits_hardly_move_the_cloud():
    nets = diffusion.load_plane(), as_the_page_has_it(diffusion.load_plane())
    exact, page = (diffusion.sample(net, np.arange(POINTS) % 2, 2, KEPT, 3.0, rng=5)[-1] for net in nets)
    assert 1e-4 < np.abs(page - exact).mean() < 0.05


def test_what_a_page_carries_is_small():
    assert len(DiffusionExplorer().as_html("")) < 660_000


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    names = ("Denoiser", "stepBack", "implied", "judged", "layersOf", "normals")
    return functions(browser, "diffusion", *names)


@pytest.mark.parametrize("seed", [0, 7, 20])
def test_the_pages_noise_is_numpys(seed: int, modules: Page):
    count = 40_000
    found = modules.evaluate(
        "([state, n]) => { const noise = nn.normals(state), early = noise(5, 9);"
        " return [noise(0, n), early]; }",
        [chance.numpys(seed), count],
    )
    mine = np.random.default_rng(seed).standard_normal(count)
    np.testing.assert_allclose(found[0], mine, rtol=1e-11)
    assert found[1] == found[0][5:9] and np.abs(mine).max() > 3.6542, "some come from the tail"


@pytest.mark.parametrize("guidance", [0.0, 3.0])
@pytest.mark.parametrize("name", ["plane", "digits"])
@nn.no_grad()
def test_each_step_from_numpys_state_is_numpys(name: str, guidance: float, modules: Page):
    """At the page's weights, with sixteen digits on both sides: the guess, the step and what is believed."""
    load, labels, d, limit = {
        "plane": (diffusion.load_plane, [0, 1, 1, 0, 1], 2, np.inf),
        "digits": (diffusion.load_denoiser, [3, 8], 196, 1.0),
    }[name]
    net, classes = as_the_page_has_it(load()), np.array(labels)
    net.astype(np.float64)
    path = diffusion.sample(net, classes, d, KEPT, guidance, limit, rng=11)
    noise = np.random.default_rng(12).standard_normal((STEPS, len(classes), d))
    found = modules.evaluate(
        """([net, path, noise, classes, kept, w, limit]) => {
            const denoiser = new nn.Denoiser(net), bound = limit ?? Infinity, all = kept.length - 1;
            return noise.map((fresh, k) => {
                const x = Float32Array.from(path[k]), guess = denoiser.guided(x, all - k, classes, w);
                return [guess, nn.stepBack(x, all - k, guess, fresh, kept, bound),
                    nn.implied(x, all - k, guess, kept, bound)].map((values) => [...values]);
            });
        }""",
        [
            packed(load()),
            path[:-1].reshape(STEPS, -1).tolist(),
            noise.reshape(STEPS, -1).tolist(),
            labels,
            KEPT.tolist(),
            guidance,
            limit if np.isfinite(limit) else None,
        ],
    )
    for k, (guess, after, belief) in enumerate(found):
        x, t = path[k], STEPS - k
        mine = diffusion.guided(net, x, t, classes, guidance)
        assert mine.dtype == np.float64
        np.testing.assert_allclose(guess, mine.ravel(), rtol=1e-6, atol=1e-6)
        step = diffusion.denoise_step(x, t, mine, noise[k], KEPT, limit)
        np.testing.assert_allclose(after, step.ravel(), rtol=1e-6, atol=1e-6)
        seen = np.clip((x - np.sqrt(1 - KEPT[t]) * mine) / np.sqrt(KEPT[t]), -limit, limit)
        np.testing.assert_allclose(belief, seen.ravel(), rtol=1e-6, atol=1e-5 / np.sqrt(KEPT[t]) / 10)


@nn.no_grad()
def test_the_pages_judge_is_numpys(modules: Page):
    judge, (x, _) = as_the_page_has_it(diffusion.load_reader()), diffusion.small_digits()["test"]
    judge.astype(np.float64)
    pictures = x[:30].astype(np.float64)
    found = modules.evaluate(
        """([packed, pictures]) => {
            const judge = nn.layersOf(packed);
            return pictures.map((x) => nn.judged(Float64Array.from(x), judge));
        }""",
        [packed(diffusion.load_reader()), pictures.tolist()],
    )
    shares = nn.softmax(judge(pictures.reshape(-1, 1, 14, 14))).data
    np.testing.assert_allclose(found, shares, rtol=1e-6, atol=1e-9)


def test_a_reader_steps_asks_and_plays(browser: Browser, tmp_path: Path):
    reader = Standing(DiffusionExplorer(step=75), browser, tmp_path)
    page, status, now = reader.page, reader.status, {"step": 75}
    expect(status).to_have_text(DiffusionExplorer(**now).sentence)
    expect(page.get_by_alt_text("as it was stored")).to_have_count(0)
    page.get_by_role("slider", name="steps done").press("ArrowRight")
    expect(status).to_have_text(DiffusionExplorer(step=76).sentence)
    page.get_by_role("button", name="8: ").click()
    expect(status).to_have_text(DiffusionExplorer(step=76, digit=8).sentence)
    expect(page.get_by_role("button", name="8: ")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("slider", name="seed").press("End")
    page.get_by_role("slider", name="guidance w").press("ArrowRight")
    now = {"step": 76, "digit": 8, "seed": 20, "guidance": 3.5}
    expect(status).to_have_text(DiffusionExplorer(**now).sentence)
    assert "digit=8" in page.url and "seed=20" in page.url
    reader.press("▶ Play")
    expect(status).to_have_text(DiffusionExplorer(**now | {"step": 100}).sentence)
    expect(page.get_by_role("button", name="▶ Play")).to_be_visible()
    expect(status).to_have_attribute("aria-live", "polite")
    reader.press("▶ Play")  # from the beginning again
    expect(status).to_have_attribute("aria-live", "off")
    page.wait_for_function("document.querySelector('.nn-living').dataset.step < 60")
    reader.press("❚❚ Pause")
    expect(status).to_have_attribute("aria-live", "polite")
    assert not reader.complaints


def test_the_page_ends_where_the_kernel_does(browser: Browser, tmp_path: Path):
    """A hundred steps with rounded weights: the judge's shares on the page are nearly those of the kernel."""
    reader = Standing(DiffusionExplorer(digit=5, seed=4, step=100), browser, tmp_path)
    expected = DiffusionExplorer(digit=5, seed=4, step=100)
    expect(reader.status).to_have_text(expected.sentence)
    found = [float(text) for text in reader.page.locator(".answer span").all_inner_texts()]
    np.testing.assert_allclose(found, expected.state.shares, atol=0.1)


def test_nonsense_in_the_address_is_named(browser: Browser, tmp_path: Path):
    wrong = Standing(
        DiffusionExplorer(), browser, tmp_path, "#diffusion?step=3.7&digit=12&seed=-1&guidance=red&colour=1"
    )
    wrong.says(
        "100 of 100 steps done", "Asked for a 3",
        "step=3.7, digit=12, seed=-1, guidance=red, colour=1, which there is not",
    )  # fmt: skip
    right = Standing(DiffusionExplorer(), browser, tmp_path, "#diffusion?step=40&digit=6&guidance=0.5")
    right.says(DiffusionExplorer(step=40, digit=6, guidance=0.5).sentence)
    assert not wrong.complaints and not right.complaints


def test_networks_are_loaded_once():
    assert networks() is networks()
