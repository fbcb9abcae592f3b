"""Where everything stands in the playground's picture, in pixels from its top left corner."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from matplotlib.path import Path

WIDTH, HEIGHT = 1100, 600
LARGEST, GAP = 64, 7  # a unit's picture, and what is left between two
LEFT, RIGHT = 104, 664  # the middle of the first and of the last column
TOP, MIDDLE, BOTTOM = 52, 232, 412  # of the network
GRID = 72  # points a side at which every unit is computed


@dataclass(frozen=True)
class Layout:
    """The places of a network's units: `sizes` counts the inputs, the units of each layer, the outputs."""

    sizes: tuple[int, ...]

    @cached_property
    def columns(self) -> np.ndarray:
        return np.rint(np.linspace(LEFT, RIGHT, len(self.sizes)))

    @cached_property
    def tile(self) -> int:
        """The side of a unit's picture: as large as the fullest column and the distance of columns allow."""
        between = (RIGHT - LEFT) / (len(self.sizes) - 1)
        return int(min(LARGEST, (BOTTOM - TOP) / max(self.sizes) - GAP, between / 2))

    def rows(self, column: int) -> np.ndarray:
        n = self.sizes[column]
        return np.rint(MIDDLE + (self.tile + GAP) * (np.arange(n) - (n - 1) / 2))

    @cached_property
    def curves(self) -> list[Path]:
        """The connections, layer by layer, in the order of each W's entries."""
        return [
            self.curve(k, i, j)
            for k, (n_in, n_out) in enumerate(pairwise(self.sizes))
            for i in range(n_in)
            for j in range(n_out)
        ]

    def curve(self, layer: int, source: int, unit: int) -> Path:
        """From the right edge of a unit to the left edge of one in the next column."""
        x0, x1 = self.columns[layer] + self.tile / 2, self.columns[layer + 1] - self.tile / 2
        y0, y1 = self.rows(layer)[source], self.rows(layer + 1)[unit]
        bend = 0.5 * (x1 - x0)
        points = [(x0, y0), (x0 + bend, y0), (x1 - bend, y1), (x1, y1)]
        return Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])

    def corner(self, column: int, unit: int) -> tuple[int, int]:
        """(row, column) of a tile's first pixel."""
        return int(self.rows(column)[unit]) - self.tile // 2, int(self.columns[column]) - self.tile // 2
