"""Networks as ONNX, the format in which other programs run them (chapter 26).

It needs the package `onnx`: `pip install "nnlearn[onnx]"`.
"""

from collections.abc import Sequence
from typing import Any

from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.models.mlp import MLP

OPSET, IR = 13, 8  # the version of the operators, and of the file


def to_onnx(model: Module, shape: Sequence[int]) -> Any:
    """An `onnx.ModelProto` of a ConvNet or an MLP with ReLU; from "x" (B, *shape) to "logits".

    `onnx.save(to_onnx(model, shape), path)` writes it. Raises TypeError for another model, ValueError for
    another activation, and ImportError where `onnx` is not installed.
    """
    if not isinstance(model, ConvNet | MLP):
        raise TypeError(f"to_onnx: model is a {type(model).__name__}, expected a ConvNet or an MLP")
    if model.activation.__name__ != "relu":
        raise ValueError(f"to_onnx: the activation is {model.activation.__name__}, expected relu")
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as missing:
        raise ImportError('to_onnx: onnx is not installed: pip install "nnlearn[onnx]"') from missing

    def value(name: str, sizes: Sequence[int]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", *sizes])

    nodes = convolutional(model) if isinstance(model, ConvNet) else dense(model)
    out = model.classify if isinstance(model, ConvNet) else model.layers[-1]
    graph = helper.make_graph(
        [helper.make_node(op, inputs, [output], **options) for op, inputs, output, options in nodes],
        type(model).__name__,
        [value("x", shape)],
        [value("logits", out.W.shape[1:])],
        [numpy_helper.from_array(array, name) for name, array in model.state_dict().items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)


Node = tuple[str, list[str], str, dict[str, Any]]  # operator, inputs, output, options


def convolutional(model: ConvNet) -> list[Node]:
    """A ConvNet's graph: convolution, pooling, ReLU, …, one linear layer."""
    nodes: list[Node] = []
    x = "x"
    for k in range(len(model.convolutions)):
        inputs = [x, f"convolutions.{k}.W", f"convolutions.{k}.b"]
        nodes += [
            ("Conv", inputs, f"conv{k}", {"pads": [1, 1, 1, 1]}),
            ("MaxPool", [f"conv{k}"], f"pool{k}", {"kernel_shape": [2, 2], "strides": [2, 2]}),
            ("Relu", [f"pool{k}"], f"relu{k}", {}),
        ]
        x = f"relu{k}"
    return [
        *nodes,
        ("Flatten", [x], "flat", {}),
        ("Gemm", ["flat", "classify.W", "classify.b"], "logits", {}),
    ]


def dense(model: MLP) -> list[Node]:
    """An MLP's graph: linear, ReLU, …, linear."""
    nodes: list[Node] = []
    x, last = "x", len(model.layers) - 1
    for k in range(last):
        nodes += [
            ("Gemm", [x, f"layers.{k}.W", f"layers.{k}.b"], f"gemm{k}", {}),
            ("Relu", [f"gemm{k}"], f"relu{k}", {}),
        ]
        x = f"relu{k}"
    return [*nodes, ("Gemm", [x, f"layers.{last}.W", f"layers.{last}.b"], "logits", {})]
