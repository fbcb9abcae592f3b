"""What hangs in the gallery: problems; for each a network, a rival, a way to split, and where it is done."""

from typing import NamedTuple

INPUTS = ("a table", "a picture", "a series or a sound", "words", "a set or a graph", "a situation")
OUTPUTS = ("a class", "a number", "boxes", "a picture", "a sequence", "new examples", "an action")


class Exhibit(NamedTuple):
    """One problem, from what comes in to the notebook in which it is done."""

    problem: str
    comes_in: str  # of INPUTS
    goes_out: str  # of OUTPUTS
    network: str
    rival: str  # to be tried first
    apart: str  # what must not stand on both sides of the split
    where: str  # a notebook, seen from chapters/


EXHIBITS = (
    Exhibit("two kinds of a flower", "a table", "a class", "logistic regression", "the majority",
            "measurements of one plant", "03_slopes.ipynb"),
    Exhibit("a diagnosis from thirty measurements", "a table", "a class", "a dense network",
            "logistic regression", "samples of one patient", "10_training.ipynb"),
    Exhibit("image classification", "a picture", "a class", "a convolutional network", "a dense network",
            "pictures by one hand", "12_convolution.ipynb"),
    Exhibit("object detection", "a picture", "boxes", "convolutions that answer in every cell",
            "a classifier that slides", "pictures by one hand", "28_gallery/object_detection.ipynb"),
    Exhibit("one person, or two, in two pictures", "a picture", "a class",
            "an embedding trained by prototypes", "Fisherfaces, and a classifier's features",
            "people", "28_gallery/faces.ipynb"),
    Exhibit("a head from few X-rays", "a picture", "a picture", "convolutions that correct a first picture",
            "one matrix, learned from the same heads", "what was never seen: lesions",
            "28_gallery/medical_pictures.ipynb"),
    Exhibit("forecasting", "a series or a sound", "a number", "a recurrent network", "a window and a line",
            "what comes later", "13_recurrent.ipynb"),
    Exhibit("spoken words", "a series or a sound", "a class", "a recurrent network",
            "logistic regression on four means", "people", "28_gallery/spoken_words.ipynb"),
    Exhibit("text to speech", "words", "a sequence", "two dense networks on a letter and its neighbours",
            "cut and paste of recordings", "words", "28_gallery/text_to_speech.ipynb"),
    Exhibit("music", "a series or a sound", "new examples", "a recurrent network", "counts of pairs of notes",
            "tunes", "28_gallery/music.ipynb"),
    Exhibit("a simulation learned from films", "a picture", "a sequence", "a network slid over the square",
            "a cubic stencil by least squares, and the solver", "films, and other feeds",
            "28_gallery/simulation.ipynb"),
    Exhibit("sentiment of words", "words", "a class", "a dense network on pieces of words",
            "the word most alike", "words of one family", "28_gallery/sentiment.ipynb"),
    Exhibit("sentences by meaning", "words", "a class", "a fine-tuned BERT", "counts of words",
            "sentences of one text", "17_bert_transfer.ipynb"),
    Exhibit("answers pointed at in a story", "words", "a class", "attention that reads three times",
            "the last sentence that shares a word", "names, places and lengths of stories",
            "28_gallery/question_answering.ipynb"),
    Exhibit("translation", "words", "a sequence", "an encoder–decoder with attention",
            "one without attention", "dates of one day", "15_attention.ipynb"),
    Exhibit("answers to requests", "words", "a sequence", "a GPT tuned on answers", "the same GPT, not tuned",
            "requests with words of their own", "25_assistants.ipynb"),
    Exhibit("text generation", "words", "new examples", "a GPT", "counts of characters", "pages of one novel",
            "16_gpt.ipynb"),
    Exhibit("the shortest tour", "a set or a graph", "a sequence", "a ring of neurons",
            "turning parts of a tour round", "maps on which settings were chosen",
            "28_gallery/shortest_tour.ipynb"),
    Exhibit("pictures out of noise", "a picture", "new examples", "a diffusion model", "a linear code",
            "nothing: look for copies", "19_diffusion.ipynb"),
    Exhibit("papers and packages that are linked", "a set or a graph", "a class", "a graph network",
            "passing labels on", "labels that travel along links", "20_graphs.ipynb"),
    Exhibit("a game", "a situation", "an action", "a network for moves and values, and a search",
            "a search alone", "nothing: it plays itself", "24_reward.ipynb"),
)  # fmt: skip


def pick(comes_in: str, goes_out: str) -> list[Exhibit]:
    """The exhibits that fit best: both ends, else one of them, what comes in before what goes out.

    Raises ValueError for what is not among INPUTS or OUTPUTS.
    """
    for name, value, known in (("comes_in", comes_in, INPUTS), ("goes_out", goes_out, OUTPUTS)):
        if value not in known:
            raise ValueError(f"pick: {name} is {value!r}, expected one of {', '.join(known)}")
    fits = [2 * (one.comes_in == comes_in) + (one.goes_out == goes_out) for one in EXHIBITS]
    return [one for one, fit in zip(EXHIBITS, fits, strict=True) if fit == max(fits)]
