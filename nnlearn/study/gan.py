"""Generative adversarial networks: the losses of the two players, and one round of their game (chapter 18).

A discriminator D gives each sample a logit: large means "real". A generator G turns noise into samples.
"""

from collections.abc import Callable

import numpy as np

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.tape import grad
from nnlearn.engine.tensor import Tensor
from nnlearn.functions.activations import softplus
from nnlearn.training.optim import Optimizer


def _filled(name: str, **logits: Array) -> None:
    for argument, x in logits.items():
        if x.size == 0:
            raise ValueError(f"{name}: {argument} is empty (its shape is {x.shape}); give at least one logit")


def discriminator_loss(real: Array, fake: Array) -> Result:
    """mean(−log σ(real)) + mean(−log(1 − σ(fake))), from logits.  (B, 1), (B', 1) -> one number

    Twice log 2 where every logit is 0. Raises ValueError when either is empty.

    Source: I. Goodfellow and others (2014).
    """
    _filled("discriminator_loss", real=real, fake=fake)
    return softplus(-real).mean() + softplus(fake).mean()


def generator_loss(fake: Array, saturating: bool = False) -> Result:
    """mean(−log σ(fake)), or, saturating, mean(log(1 − σ(fake))), from logits.  (B, 1) -> one number

    The saturating one is the minimax game's; its gradient vanishes where D is sure that a sample is fake.
    Raises ValueError when `fake` is empty.

    Source: I. Goodfellow and others (2014).
    """
    _filled("generator_loss", fake=fake)
    return -softplus(fake).mean() if saturating else softplus(-fake).mean()


def gradient_penalty(discriminator: Callable[[Array], Result], x: Array) -> Tensor:
    """mean(‖∂D(x)/∂x‖²) / 2, the penalty R1 at real samples x.  (B, …) -> one number, on the tape

    Its own gradient needs second derivatives of D. Raises ValueError when `x` has no batch axis or is empty.

    Source: L. Mescheder, A. Geiger and S. Nowozin (2018).
    """
    x = Tensor(plain(x), requires_grad=True)
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"gradient_penalty: x is {x.shape}, expected a batch of samples (B, …)")
    (slope,) = grad(discriminator(x).sum(), [x], create_graph=True)
    return (slope * slope).sum() / (2 * len(x))


def gan_step(
    generate: Callable[[Array], Result], discriminator: Callable[[Array], Result],
    optimizers: tuple[Optimizer, Optimizer], real: Array, noise: Array,
    penalty: float = 0.0, saturating: bool = False,
) -> tuple[float, float]:  # fmt: skip
    """One round: a step of D on `real` (B, …) and G(noise), then a step of G.  -> both losses before it

    `optimizers` are G's and D's; `penalty` weighs `gradient_penalty` at the real samples (the loss returned
    is without it). Raises ValueError for a negative penalty.
    """
    if penalty < 0:
        raise ValueError(f"gan_step: penalty is {penalty}, expected 0 or more")
    for_G, for_D = optimizers
    with no_grad():
        fake = generate(noise)
    loss_D = discriminator_loss(discriminator(real), discriminator(fake))
    total = loss_D + penalty * gradient_penalty(discriminator, real) if penalty else loss_D
    for_D.zero_grad()
    total.backward()
    for_D.step()
    loss_G = generator_loss(discriminator(generate(noise)), saturating)
    for_G.zero_grad()
    loss_G.backward()
    for_G.step()
    return loss_D.item(), loss_G.item()


def modes_covered(samples: np.ndarray, centres: np.ndarray, radius: float, share: float = 0.02) -> int:
    """How many of the centres (K, d) have at least `share` of the samples (N, d) within `radius`.

    Raises ValueError when the shapes do not fit or there are no samples.
    """
    samples, centres = np.asarray(plain(samples)), np.asarray(centres)
    if samples.ndim != 2 or len(samples) == 0 or centres.ndim != 2 or samples.shape[1] != centres.shape[1]:
        raise ValueError(
            f"modes_covered: samples {samples.shape} and centres {centres.shape} "
            f"must be (N, d) with N > 0, and (K, d)"
        )
    distance = np.linalg.norm(samples[:, None] - centres, axis=-1)  # (N, K)
    return int(((distance < radius).mean(axis=0) >= share).sum())
