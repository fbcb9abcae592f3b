"""The recurrent language model learns by heart and explains bad input."""

import pytest

from nnlearn.models.language_rnn import CharRNN
from tests.support.by_heart import assert_learns_by_heart


def test_language_rnn_tells_a_text_it_has_learned_by_heart():
    assert_learns_by_heart(CharRNN(13, 16, rng=0))


BAD = [
    (lambda: CharRNN(13, 8, cell="LSTM9"), "cell is 'LSTM9', expected one of rnn, gru, lstm"),
    (lambda: CharRNN(13, 8).generate([], 3), "ids is empty"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
