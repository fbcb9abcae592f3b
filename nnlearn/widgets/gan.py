"""The GAN explorer: what the discriminator believes and what the generator makes, while both learn."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.planes import mixture
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.functions.activations import sigmoid
from nnlearn.layers.basic import LeakyReLU, Linear
from nnlearn.layers.module import Sequential
from nnlearn.study.gan import gan_step, modes_covered
from nnlearn.training.optim import Adam
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, log_slider, move, raster, slider

LOSSES = ("non-saturating", "saturating", "non-saturating + R1")
EVERY, FRAMES, SEEDS = 10, 60, 10  # rounds between two pictures; pictures
SHOWN_NOISE = 99  # the seed of the noise whose samples are shown
BATCH, WIDTH, SIDE, CELLS, RATE = 48, 32, 3.0, 36, 3e-3
ANGLE = np.arange(8) * np.pi / 4
CENTRES = 2 * np.column_stack([np.cos(ANGLE), np.sin(ANGLE)])
NEAR = 0.4  # how close to a centre a sample belongs to it; the chapter trains longer and asks for 0.3
EDGE = np.linspace(-SIDE, SIDE, CELLS)
GRID = np.stack(np.meshgrid(EDGE, EDGE), axis=-1).reshape(-1, 2)
SHOWN = mixture(200, rng=0)[0]  # of the real points
LINES, DOTS = np.linspace(-2, 2, 7), np.linspace(-2, 2, 25)


@dataclass(frozen=True)
class Frame:
    """What one moment of a game looks like."""

    logits: np.ndarray  # (CELLS, CELLS) of D, large where it believes "real"
    samples: np.ndarray  # (N, 2)
    mesh: np.ndarray  # (lines, points, 2) the generator's image of straight lines of noise
    losses: tuple[float, float]  # of D and of G, in the round before


def _network(n_in: int, n_out: int, rng: np.random.Generator) -> Sequential:
    shapes = [(n_in, WIDTH), (WIDTH, WIDTH), (WIDTH, n_out)]
    one, two, three = (Linear(a, b, rng=rng) for a, b in shapes)
    # Of sixteen digits: a page that plays the same game is then the same for longer than it lasts
    return Sequential(one, LeakyReLU(0.2), two, LeakyReLU(0.2), three).astype(np.float64)


@dataclass
class Game:
    """One training run, carried on only as far as somebody wants to see it."""

    loss: str
    ratio: float  # D's learning rate over G's
    latent: int
    beta: float
    seed: int
    frames: list[Frame] = field(default_factory=list)
    diverged: bool = False

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.real = mixture(2000, rng=self.rng)[0].astype(np.float64)
        self.G, self.D = _network(self.latent, 2, self.rng), _network(2, 1, self.rng)
        rates = RATE / np.sqrt(self.ratio), RATE * np.sqrt(self.ratio)
        self.optimizers: Any = tuple(
            Adam(net.parameters(), float(lr), betas=(self.beta, 0.99))
            for net, lr in zip((self.G, self.D), rates, strict=True)
        )
        self.seen = np.random.default_rng(SHOWN_NOISE).standard_normal((240, self.latent))
        self.straight = self._straight()
        self.frames.append(self._look((2 * np.log(2), np.log(2))))

    def _straight(self) -> np.ndarray:
        """Lines along the first axis of noise and, if any, the second: (lines, points, latent)."""
        u, v = np.meshgrid(LINES if self.latent > 1 else [0.0], DOTS, indexing="ij")
        z = np.zeros((*u.shape, self.latent))
        z[..., 0] = v
        if self.latent == 1:
            return z
        z[..., 1] = u
        other = z.copy()
        other[..., 0], other[..., 1] = u, v
        return np.concatenate([z, other])

    def _look(self, losses: tuple[float, float]) -> Frame:
        with no_grad():
            logits = np.clip(plain(self.D(GRID)), -50, 50)
            samples, mesh = plain(self.G(self.seen)), plain(self.G(self.straight))
        return Frame(logits.reshape(CELLS, CELLS), samples, mesh, losses)

    def until(self, frame: int) -> Frame:
        """The moment asked for; the last finite one where the game diverged before."""
        while len(self.frames) <= frame and not self.diverged:
            with np.errstate(all="ignore"):
                for _ in range(EVERY):
                    real = self.real[self.rng.integers(len(self.real), size=BATCH)]
                    noise = self.rng.standard_normal((BATCH, self.latent))
                    losses = gan_step(
                        self.G, self.D, self.optimizers, real, noise,
                        penalty=0.3 if "R1" in self.loss else 0.0, saturating=self.loss == "saturating",
                    )  # fmt: skip
                new = self._look(losses)
            finite = np.isfinite(new.samples).all() and np.isfinite(new.logits).all()
            self.diverged = not (finite and np.isfinite(losses).all() and np.abs(new.samples).max() < 1e3)
            if not self.diverged:
                self.frames.append(new)
        return self.frames[min(frame, len(self.frames) - 1)]


@lru_cache(maxsize=16)  # an hour of play does not fill the memory
def _game(loss: str, ratio: float, latent: int, beta: float, seed: int) -> Game:
    return Game(loss, ratio, latent, beta, seed)


@dataclass(frozen=True)
class State:
    """What is drawn: a moment of the game, and how the losses came to it."""

    frame: Frame
    losses: np.ndarray  # (frames so far, 2)
    covered: int  # modes
    diverged: bool


class GANExplorer(Explorer):
    """Eight blobs on a ring: the discriminator's belief, the generator's samples and mesh, both losses."""

    size = (10.2, 3.9)
    module = "gan"

    def make_controls(self) -> Controls:
        return {
            "frame": slider(f"rounds (each {EVERY})", FRAMES, 0, FRAMES),
            "loss": choice("generator's loss", LOSSES, value=LOSSES[2]),
            "ratio": log_slider("D's rate / G's rate", 1, -1, 1, 0.25, readout_format=".2g"),
            "beta": choice("Adam's β₁", (0.0, 0.5, 0.9), value=0.5),
            "latent": slider("noise dimensions", 2, 1, 8),
            "seed": slider("seed", 0, 0, SEEDS - 1),
        }

    def make_figure(self, figure: Figure) -> None:
        belief, made, losses = figure.subplots(1, 3)
        figure.subplots_adjust(left=0.04, right=0.985, bottom=0.14, top=0.9, wspace=0.2)
        look: dict[str, Any] = {"vmin": 0, "vmax": 1, "alpha": 0.75, "interpolation": None}
        self.image = raster(belief, extent=(-SIDE, SIDE) * 2, origin="lower", cmap=plot.DIVERGING, **look)
        self.dots = []
        for ax, title in ((belief, "D: orange is “real”"), (made, "G: noise, bent")):
            ax.plot(*SHOWN.T, ".", color=plot.GREY, markersize=4)
            self.dots.append(line(ax, "o", color=plot.BLUE, markersize=3))
            ax.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), aspect="equal", title=title)
            ax.grid(False)
        self.mesh = line(made, color=plot.SKY, linewidth=0.8)
        self.curves = [line(losses, color=colour, label=name)
                       for colour, name in ((plot.VERMILION, "D"), (plot.BLUE, "G"))]  # fmt: skip
        losses.axhline(2 * np.log(2), color=plot.GREY, linewidth=1, linestyle=":")
        losses.set(xlim=(0, EVERY * FRAMES), ylim=(-3, 6), xlabel="rounds", title="both losses")
        losses.legend(handles=self.curves, loc="upper right")

    def compute(self, frame: int, loss: str, ratio: float, beta: float, latent: int, seed: int) -> State:
        game = _game(loss, round(ratio, 4), latent, beta, seed)
        now = game.until(frame)
        upto = min(frame, len(game.frames) - 1)
        losses = np.array([f.losses for f in game.frames[: upto + 1]])
        covered = modes_covered(now.samples, CENTRES, NEAR)
        return State(now, losses, covered, frame > upto)

    def draw(self, state: State) -> None:
        frame = state.frame
        self.image.set_data(sigmoid(frame.logits))
        for dots in self.dots:
            dots.set_data(*frame.samples.T)
        gap = np.full((len(frame.mesh), 1, 2), np.nan)  # lifts the pen between two lines
        self.mesh.set_data(*np.concatenate([frame.mesh, gap], axis=1).reshape(-1, 2).T)
        rounds = EVERY * np.arange(len(state.losses))
        move(self.curves, rounds, np.clip(state.losses.T, -3, 6))

    def describe(self, state: State) -> str:
        losses = state.frame.losses
        end = " Then the game diverged: the numbers left every bound." if state.diverged else ""
        return (
            f"After {EVERY * (len(state.losses) - 1)} rounds the samples cover {state.covered} of 8 modes; "
            f"D's loss is {losses[0]:.2f} (1.39 when it cannot tell), G's {losses[1]:.2f}.{end}"
        )

    def scene(self) -> dict[str, Any]:
        frame = self.state.frame
        arrays = {"logits": frame.logits, "samples": frame.samples, "mesh": frame.mesh, "real": SHOWN}
        sent = {name: array.astype(np.float32).tobytes() for name, array in arrays.items()}
        return {**sent, "losses": self.state.losses.tolist(), "diverged": self.state.diverged}

    def page(self) -> dict[str, Any]:
        return {
            "seeds": [numpys(seed) for seed in range(SEEDS)],
            "shown": numpys(SHOWN_NOISE),
            "real": len(SHOWN),
        }
