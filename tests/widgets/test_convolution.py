"""The convolution explorer's map, against SciPy's correlation; and what its controls do to one another."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from nnlearn.widgets import ConvolutionExplorer
from nnlearn.widgets.convolution import KERNELS, OWN, load


@pytest.mark.parametrize("setting", [(1, 0, 1), (2, 1, 1), (3, 2, 2), (1, 3, 3)], ids=str)
@pytest.mark.parametrize("picture", ["flower", "digit 3"])
def test_the_map_is_scipys_correlation(setting, picture):
    stride, padding, dilation = setting
    explorer = ConvolutionExplorer(
        picture=picture, preset="emboss", stride=stride, padding=padding, dilation=dilation
    )
    spread = np.zeros((2 * dilation + 1, 2 * dilation + 1))
    spread[::dilation, ::dilation] = np.reshape(KERNELS["emboss"], (3, 3))
    expected = correlate2d(np.pad(load(picture), padding), spread, "valid")[::stride, ::stride]
    np.testing.assert_allclose(explorer.state.output, expected, atol=1e-5)


@pytest.mark.parametrize("setting", [(1, 1, 1), (4, 3, 3)], ids=str)
def test_the_products_add_up_to_the_place_in_the_map(setting):
    stride, padding, dilation = setting
    explorer = ConvolutionExplorer(stride=stride, padding=padding, dilation=dilation, row=63, column=5)
    state = explorer.state
    assert (state.patch * state.kernel).sum() == pytest.approx(state.output[state.at], abs=1e-6)
    assert state.at[0] == len(state.output) - 1, "a place past the end is the last one"


def test_the_kernels_name_follows_its_numbers():
    explorer = ConvolutionExplorer(preset="outline")
    assert explorer.values["w22"] == 4 and explorer.values["w11"] == 0
    explorer.set(w22=5)
    assert explorer.values["preset"] == "sharpen"
    explorer.set(w22=2)
    assert explorer.values["preset"] == OWN


def test_playing_visits_every_place_row_by_row():
    explorer = ConvolutionExplorer(picture="digit 8", padding=0)
    assert explorer.play.max == 35
    for place, at in ((5, (0, 5)), (6, (1, 0)), (35, (5, 5)), (0, (0, 0))):
        explorer.play.value = place
        assert explorer.state.at == at
