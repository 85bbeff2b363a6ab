#!/usr/bin/env python3
"""Checks the de-quantised models against numpy, and prints the numbers that tests/dequantise.rs holds them to.

    check-dequantised.py PUBLISHED INSTALLED       two files; wants onnx, numpy and onnxruntime from PyPI

Each tensor must be what numpy makes of the published blocks, bit for bit. Then the network runs on the input
x[i] = 37 i mod 256, with numpy's tensors and with ours.
"""
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def dequantised(graph):
    """What numpy makes of the graph's blocks: (x - zero point) * scale, scale and zero point repeated along the axis."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            x, scale, zero = (constants[name] for name in node.input)
            named = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            blocks = [np.repeat(part, named["block_size"], named["axis"]).take(range(x.shape[named["axis"]]), named["axis"])
                      for part in (zero.astype(np.float32), scale)]
            constants[node.output[0]] = (x.astype(np.float32) - blocks[0]) * blocks[1]
        elif node.op_type == "Reshape" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]].reshape(constants[node.input[1]])
    return constants


def run(model):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    [given] = session.get_inputs()
    shape = [side if isinstance(side, int) else 64 for side in given.shape]
    values = (np.arange(np.prod(shape)) * 37 % 256).astype(np.float32).reshape(shape)
    return session.run(None, {given.name: values})


published, installed = map(onnx.load, sys.argv[1:])
reference = dequantised(published.graph)
ours = {tensor.name: numpy_helper.to_array(tensor) for tensor in installed.graph.initializer}
for name, values in ours.items():
    assert values.tobytes() == reference[name].tobytes() and values.shape == reference[name].shape, name
print(len(ours), "tensors,", sum(values.size for values in ours.values()), "values, equal to numpy's, bit for bit")
by_numpy = onnx.ModelProto()
by_numpy.CopyFrom(installed)
for tensor in by_numpy.graph.initializer:
    tensor.CopyFrom(numpy_helper.from_array(reference[tensor.name], tensor.name))
for name, a, b in zip((o.name for o in installed.graph.output), run(installed), run(by_numpy)):
    print(name, "differs by", np.abs(a - b).max(), "first values", [round(float(v), 5) for v in b.ravel()[:8]])
