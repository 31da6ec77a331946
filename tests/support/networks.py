"""Tiny ONNX files of TrustMark's shapes: a plain spread-spectrum pair instead of trained networks.

The encoder adds one pattern of 64 x 64 cells per bit; the decoder takes away what neighbouring cells share and correlates
with the same patterns.
"""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, CELLS, BITS = 256, 64, 100
AMPLITUDE = 0.003  # of -1..1, for each of 100 bits


def write_pair(folder: Path, model: str = "Q") -> tuple[str, str]:
    """Write encoder_<model>.onnx and decoder_<model>.onnx; their SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    patterns = np.random.default_rng(5).choice(np.float32([-1, 1]), (BITS, CELLS * CELLS))
    digests = []
    for name, made in (("encoder", _encoder(patterns)), ("decoder", _decoder(patterns))):
        data = made.SerializeToString()
        (folder / f"{name}_{model}.onnx").write_bytes(data)
        digests.append(hashlib.sha256(data).hexdigest())
    return digests[0], digests[1]


def _encoder(patterns):
    nodes = [
        helper.make_node("Mul", ["secret", "two"], ["doubled"]),
        helper.make_node("Sub", ["doubled", "one"], ["signs"]),
        helper.make_node("MatMul", ["signs", "patterns"], ["flat"]),
        helper.make_node("Reshape", ["flat", "cells"], ["small"]),
        helper.make_node("Resize", ["small", "", "scales"], ["large"], mode="nearest"),
        helper.make_node("Mul", ["large", "amplitude"], ["residual"]),
        helper.make_node("Add", ["cover", "residual"], ["stego"]),
    ]
    constants = {
        "two": np.float32([2]), "one": np.float32([1]), "patterns": patterns, "amplitude": np.float32([AMPLITUDE]),
        "cells": np.int64([1, 1, CELLS, CELLS]), "scales": np.float32([1, 1, SIDE // CELLS, SIDE // CELLS]),
    }  # fmt: skip
    return _model(nodes, constants, {"cover": [1, 3, SIDE, SIDE], "secret": [1, BITS]}, {"stego": [1, 3, SIDE, SIDE]})


def _decoder(patterns):
    bend = np.float32([-1, 4, -6, 4, -1]) / 6
    ring = np.outer(bend, bend)[None, None]
    nodes = [
        helper.make_node("ReduceMean", ["seen", "axes"], ["grey"], keepdims=1),
        helper.make_node("AveragePool", ["grey"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["cells", "ring"], ["detail"], pads=[2, 2, 2, 2]),
        helper.make_node("Tanh", ["scaled"], ["even"]),
        helper.make_node("Reshape", ["even", "row"], ["flat"]),
        helper.make_node("MatMul", ["flat", "turned"], ["bits"]),
    ]
    nodes.insert(3, helper.make_node("Mul", ["detail", "gain"], ["scaled"]))
    constants = {
        "axes": np.int64([1]), "ring": ring, "gain": np.float32([30]), "row": np.int64([1, -1]),
        "turned": np.ascontiguousarray(patterns.T),
    }  # fmt: skip
    return _model(nodes, constants, {"seen": [1, 3, SIDE, SIDE]}, {"bits": [1, BITS]})


def _model(nodes, constants, inputs, outputs):
    values = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in m.items()] for m in (inputs, outputs)]
    kept = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", *values, kept)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 10
    onnx.checker.check_model(made)
    return made
