"""The GAN explorer: a game played twice is the same, however it is looked at, and in a page too."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.study.gan import modes_covered
from nnlearn.widgets import GANExplorer
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.gan import CENTRES, GRID, LOSSES, NEAR, SHOWN, Game
from tests.support.figures import Standing, functions


def test_the_order_of_looking_changes_nothing():
    forth, back = GANExplorer(frame=4, seed=3), GANExplorer(frame=9, seed=3)
    back.set(frame=4)
    np.testing.assert_array_equal(forth.state.frame.samples, back.state.frame.samples)
    np.testing.assert_array_equal(forth.state.losses, back.state.losses)


def test_belief_and_samples_are_those_of_the_networks():
    game = Game("non-saturating", 1.0, 2, 0.5, 0)
    frame = game.until(3)
    with nn.no_grad():
        np.testing.assert_allclose(frame.samples, game.G(game.seen).data, rtol=1e-9)
        corner = game.D(np.array([[-3.0, -3.0]])).data
    assert frame.logits[0, 0] == pytest.approx(corner[0, 0], rel=1e-9)


def test_a_mode_is_covered_with_two_samples_in_a_hundred_near_it():
    state = GANExplorer(frame=30).state
    near = [np.hypot(*(state.frame.samples - centre).T) < NEAR for centre in CENTRES]
    assert state.covered == sum(mode.mean() >= 0.02 for mode in near)


def test_the_generator_learns_the_ring():
    explorer = GANExplorer(frame=0)
    radius = [np.abs(np.linalg.norm(explorer.state.frame.samples, axis=1) - 2).mean()]
    explorer.set(frame=60)
    radius.append(np.abs(np.linalg.norm(explorer.state.frame.samples, axis=1) - 2).mean())
    assert radius[1] < 0.5 * radius[0]


def test_lines_of_noise_reach_from_end_to_end():
    for latent, lines in ((1, 1), (2, 14), (5, 14)):
        assert GANExplorer(frame=0, latent=latent).state.frame.mesh.shape == (lines, 25, 2)


def test_a_game_is_the_same_for_longer_than_it_lasts():
    """One part in 10¹⁵ of every weight is not to be seen after 600 rounds."""
    one, other = (Game("non-saturating + R1", 1.0, 2, 0.5, 0) for _ in range(2))
    for p in other.G.parameters():
        p.data *= 1 + 1e-15
    np.testing.assert_allclose(one.until(60).samples, other.until(60).samples, atol=1e-9)


# -- in a browser --------------------------------------------------------------------------------------------

EXTREMES: list[dict[str, Any]] = [
    {},
    {"loss": LOSSES[0], "ratio": 10.0, "beta": 0.9},
    {"loss": LOSSES[1], "seed": 9},
    {"ratio": 0.1, "beta": 0.0, "latent": 1},
    {"loss": LOSSES[1], "ratio": 10.0, "beta": 0.0, "latent": 8, "seed": 3},
]


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "gan", "Duel", "Network", "adam", "ganStep", "mixture", "Pcg64", "probed")


def played(values: dict[str, Any], frames: int) -> tuple[Game, dict[str, Any]]:
    """A game in NumPy, and what the page needs to play it too."""
    explorer = GANExplorer(frame=0, **values)
    settings = {name: value for name, value in explorer.values.items() if name != "frame"}
    game = Game(**settings | {"ratio": round(settings["ratio"], 4)})
    game.until(frames)
    page = explorer.page()
    return game, {"settings": settings, "start": page["seeds"][settings["seed"]], "shown": page["shown"]}


def weights(net: nn.Module) -> np.ndarray:
    return np.concatenate([p.data.ravel() for p in net.parameters()])


def state(net: nn.Module, optimizer: nn.Adam) -> dict[str, Any]:
    known = optimizer.state_dict()
    slots = [np.ravel(known[name]).tolist() for name in ("mean", "square")]
    return {
        "w": weights(net).tolist(),
        "slots": slots,
        "steps": int(known["steps"][0]),
        "lr": float(optimizer.lr),
    }


@pytest.mark.parametrize("values", EXTREMES, ids=str)
def test_the_pages_game_is_numpys(values: dict[str, Any], modules: Page):
    """From the same draws, to the last frame that both have played: points, weights, pictures, losses."""
    game, given = played(values, frames=8)
    found = modules.evaluate(
        """({ settings, start, shown }) => {
            const duel = new nn.Duel(settings, start, shown), first = [...duel.G.w, ...duel.D.w];
            while (duel.reached < 8) duel.round();
            const frames = duel.frames.map((f) => [f.logits, f.samples, f.mesh].map((values) => [...values]));
            return { first, real: [...duel.real], frames, losses: duel.losses, modes: duel.frames[8].modes };
        }""",
        given,
    )
    fresh = Game(game.loss, game.ratio, game.latent, game.beta, game.seed)
    assert found["first"] == [*weights(fresh.G), *weights(fresh.D)]
    assert found["real"] == game.real.ravel().tolist()
    for mine, frame in zip(found["frames"], game.frames, strict=True):
        for values_, wanted in zip(mine, (frame.logits, frame.samples, frame.mesh), strict=True):
            np.testing.assert_allclose(values_, wanted.ravel(), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found["losses"], [frame.losses for frame in game.frames], rtol=1e-9)
    assert found["modes"] == modes_covered(game.frames[8].samples, CENTRES, NEAR)


@pytest.mark.parametrize("values", EXTREMES, ids=str)
def test_a_round_from_numpys_state_is_numpys(values: dict[str, Any], modules: Page):
    game, _ = played(values, frames=5)
    rng = np.random.default_rng(1)
    real, noise = game.real[rng.integers(2000, size=48)], rng.standard_normal((48, game.latent))
    penalty, saturating = 0.3 if "R1" in game.loss else 0.0, game.loss == "saturating"
    nets = [state(net, by) for net, by in zip((game.G, game.D), game.optimizers, strict=True)]
    found = modules.evaluate(
        """({ nets, beta, real, noise, penalty, saturating, latent }) => {
            const made = nets.map(({ w, slots, steps, lr }, k) => {
                const sizes = [k ? 2 : latent, 32, 32, k ? 1 : 2], optimizer = nn.adam(beta, 0.99);
                const net = new nn.Network({ sizes, activation: "leaky_relu_fifth", optimizer, lr, weights: w });
                net.steps = steps;
                net.slots.forEach((slot, i) => slot.set(slots[i]));
                return net;
            });
            const losses = nn.ganStep(...made, Float64Array.from(real), Float64Array.from(noise), penalty, saturating);
            return { losses, nets: made.map(({ w, slots }) => ({ w: [...w], slots: slots.map((s) => [...s]) })) };
        }""",  # noqa: E501
        {
            "nets": nets, "beta": game.beta, "real": real.ravel().tolist(), "noise": noise.ravel().tolist(),
            "penalty": penalty, "saturating": saturating, "latent": game.latent,
        },
    )  # fmt: skip
    losses = nn.gan_step(game.G, game.D, game.optimizers, real, noise, penalty, saturating)
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-9)
    for mine, net, by in zip(found["nets"], (game.G, game.D), game.optimizers, strict=True):
        after = state(net, by)
        np.testing.assert_allclose(mine["w"], after["w"], rtol=1e-6, atol=1e-9)
        for slot, wanted in zip(mine["slots"], after["slots"], strict=True):
            np.testing.assert_allclose(slot, wanted, rtol=1e-6, atol=1e-12)


def test_the_page_stops_where_a_game_leaves_every_bound(modules: Page):
    _, given = played({}, frames=0)
    found = modules.evaluate(
        """({ settings, start, shown }) => {
            const duel = new nn.Duel(settings, start, shown);
            duel.G.w.fill(1e200);
            for (let k = 0; k < 10; k++) duel.round();
            return [duel.diverged, duel.reached, duel.losses.length];
        }""",
        given,
    )
    assert found == [True, 0, 1], "the last frame that is finite stays"


def test_the_real_points_shown_are_numpys(modules: Page):
    found = modules.evaluate("(start) => [...nn.mixture(200, new nn.Pcg64(start))]", numpys(0))
    assert found == SHOWN.ravel().tolist()


@pytest.mark.parametrize("saturating", [False, True])
def test_the_pull_on_a_sample_is_minus_the_slope_of_gs_loss(saturating: bool, modules: Page):
    """Where D is a plane, 2x − y + 1/2, its slope is known."""
    slope = np.array([2.0, -1.0])
    logits = GRID @ slope + 0.5
    for place in ([0.3, -0.8], [1.1, 1.9], [-2.0, 0.0]):
        found = modules.evaluate("(given) => nn.probed(...given)", [logits.tolist(), place, saturating])
        s = nn.Tensor(np.array([[np.dot(place, slope) + 0.5]]), requires_grad=True)
        nn.generator_loss(s, saturating).backward()
        assert found["belief"] == pytest.approx(1 / (1 + np.exp(-s.data.item())), rel=1e-9)
        np.testing.assert_allclose(found["pull"], -s.grad.item() * slope, rtol=1e-9)


def test_a_reader_sees_the_kernels_game(browser: Browser, tmp_path: Path):
    reader = Standing(GANExplorer(), browser, tmp_path)
    page, now = reader.page, dict[str, Any]()
    expect(reader.status).to_have_text(GANExplorer().sentence, timeout=30_000)
    expect(page.get_by_alt_text("as it was stored")).to_have_count(0)
    page.get_by_label("noise dimensions").press("ArrowLeft")
    page.get_by_label("D's rate / G's rate").press("ArrowRight")
    page.get_by_label("Adam's β₁").select_option("0.9")
    page.get_by_label("generator's loss").select_option("non-saturating")
    page.get_by_label("seed").press("End")
    page.get_by_label("both losses").press("Home")
    for _ in range(3):
        page.get_by_label("both losses").press("ArrowLeft")
    now = {"latent": 1, "ratio": 10**0.25, "beta": 0.9, "loss": LOSSES[0], "seed": 9, "frame": 57}
    expect(reader.status).to_have_text(GANExplorer(**now).sentence, timeout=30_000)
    assert "seed=9" in page.url and "frame=57" in page.url and not reader.complaints


def test_a_reader_plays_and_asks_the_discriminator(browser: Browser, tmp_path: Path):
    reader = Standing(GANExplorer(frame=12), browser, tmp_path)
    page, hint = reader.page, reader.page.locator(".hint")
    expect(reader.status).to_have_text(GANExplorer(frame=12).sentence)
    expect(reader.status).to_have_attribute("aria-live", "polite")
    page.get_by_label("what D believes").press("ArrowRight")
    page.get_by_label("what D believes").press("ArrowUp")
    expect(hint).to_contain_text("At (0.0, 0.3) D believes “real” with")
    told = hint.inner_text()
    reader.press("▶ Play")
    expect(reader.status).to_have_attribute("aria-live", "off")
    page.wait_for_function("document.querySelector('.nn-living').dataset.frame > 16")
    reader.press("❚❚ Pause")
    expect(reader.status).to_have_attribute("aria-live", "polite")
    assert hint.inner_text() != told, "what D believes there has changed"
    losses = page.get_by_label("both losses").bounding_box()
    across = losses["x"] + 44, losses["x"] + losses["width"] - 10
    reader.drag(
        (across[0] + 60, losses["y"] + 60), (across[0] + (across[1] - across[0]) / 3, losses["y"] + 60)
    )
    expect(reader.status).to_have_text(GANExplorer(frame=20).sentence)
    assert not reader.complaints


def test_it_plays_to_the_end_and_from_the_start_again(browser: Browser, tmp_path: Path):
    reader = Standing(GANExplorer(frame=58), browser, tmp_path)
    expect(reader.status).to_have_text(GANExplorer(frame=58).sentence, timeout=30_000)
    reader.press("▶ Play")
    expect(reader.status).to_have_text(GANExplorer().sentence)
    expect(reader.page.get_by_role("button", name="▶ Play")).to_be_visible()
    reader.press("▶ Play")
    reader.page.wait_for_function("document.querySelector('.nn-living').dataset.frame < 20")
    assert not reader.complaints


def test_it_fits_a_narrow_window_and_names_nonsense(browser: Browser, tmp_path: Path):
    address = "#gan?frame=61&loss=hinge&ratio=7&beta=0.9&latent=2.5&seed=ten"
    wrong = Standing(GANExplorer(frame=1), browser, tmp_path, address, width=390)
    wrong.says("After 10 rounds", "frame=61, loss=hinge, ratio=7, latent=2.5, seed=ten, which there is not")
    assert wrong.sideways() == 0 and not wrong.complaints
