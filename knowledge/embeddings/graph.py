"""The MiniLM encoder as a serialised ONNX graph, written without torch or the package `onnx`.

The graph holds no weights: every initializer names a byte range of the model's own safetensors
file (ONNX "external data"), so onnxruntime maps that file and all processes share its pages. Linear
layers keep PyTorch's [out, in] layout and are read by `Gemm(transB=1)`: nothing is copied or
transposed. Field numbers are those of onnx.proto3.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FLOAT, INT64 = 1, 7
MICROSOFT = "com.microsoft"  # onnxruntime's own fused operators
LAYER_NORM_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class Shape:
    """What the graph needs of a BERT encoder's config.json."""

    hidden: int
    layers: int
    heads: int


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Where one float32 tensor lies in the weights file (bytes)."""

    dims: tuple[int, ...]
    offset: int
    length: int


def read_places(path: Path) -> dict[str, TensorPlace]:
    """Reads the header of a safetensors file: name → place. Only float32 tensors are listed."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    return {
        name: TensorPlace(
            dims=tuple(entry["shape"]),
            offset=8 + size + entry["data_offsets"][0],
            length=entry["data_offsets"][1] - entry["data_offsets"][0],
        )
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _message(tag: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(tag << 3 | 2) + _varint(len(data)) + data


def _attribute(name: str, value: int | float) -> bytes:
    head = _message(1, name)
    if isinstance(value, float):
        return head + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
    return head + _number(3, value) + _number(20, 2)


def _value_info(name: str, kind: int, dims: Iterable[str | int]) -> bytes:
    shape = b"".join(
        _message(1, _message(2, dim) if isinstance(dim, str) else _number(1, dim)) for dim in dims
    )
    return _message(1, name) + _message(2, _message(1, _number(1, kind) + _message(2, shape)))


@dataclass(slots=True)
class _Graph:
    places: Mapping[str, TensorPlace]
    weights_file: str
    nodes: list[bytes] = field(default_factory=list)
    initializers: list[bytes] = field(default_factory=list)

    def add(self, op: str, *inputs: str, domain: str = "", **attributes: int | float) -> str:
        """Appends one node and returns the name of its output."""
        output = f"{op}_{len(self.nodes)}"
        node = b"".join(_message(1, name) for name in inputs) + _message(2, output)
        node += _message(4, op) + _message(7, domain)
        node += b"".join(_message(5, _attribute(key, value)) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def weight(self, name: str, *, row: int | None = None) -> str:
        """Declares a tensor of the weights file, or one row of it, as an initializer."""
        place = self.places[name]
        dims, offset, length = place.dims, place.offset, place.length
        if row is not None:
            dims, length = dims[1:], length // dims[0]
            offset += row * length
        entries = {"location": self.weights_file, "offset": offset, "length": length}
        tensor = b"".join(_number(1, dim) for dim in dims) + _number(2, FLOAT) + _message(8, name)
        for key, value in entries.items():
            tensor += _message(13, _message(1, key) + _message(2, str(value)))
        self.initializers.append(tensor + _number(14, 1))
        return name

    def integers(self, name: str, values: list[int]) -> str:
        raw = struct.pack(f"<{len(values)}q", *values)
        self.initializers.append(
            _number(1, len(values)) + _number(2, INT64) + _message(8, name) + _message(9, raw)
        )
        return name

    def linear(self, x: str, name: str) -> str:
        return self.add(
            "Gemm", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1
        )

    def norm(self, x: str, name: str) -> str:
        gamma, beta = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", x, gamma, beta, epsilon=LAYER_NORM_EPSILON)


def _embeddings(graph: _Graph) -> str:
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    places = graph.add("Gather", graph.weight("embeddings.position_embeddings.weight"), "positions")
    kind = graph.weight("embeddings.token_type_embeddings.weight", row=0)
    total = graph.add("Add", words, graph.add("Add", places, kind))
    return graph.norm(total, "embeddings.LayerNorm")


def _layer(graph: _Graph, x: str, prefix: str, heads: int) -> str:
    """x and the result are [tokens, hidden].

    Add and LayerNormalization stay two nodes: the fused SkipLayerNormalization took four times as
    long on the CPU. MultiHeadAttention without a mask takes its blocked (flash) path.
    """
    query, key, value = (
        graph.add("Reshape", graph.linear(x, f"{prefix}.attention.self.{part}"), "as_text")
        for part in ("query", "key", "value")
    )
    attended = graph.add("MultiHeadAttention", query, key, value, domain=MICROSOFT, num_heads=heads)
    attended = graph.add("Reshape", attended, "as_tokens")
    mixed = graph.linear(attended, f"{prefix}.attention.output.dense")
    x = graph.norm(graph.add("Add", mixed, x), f"{prefix}.attention.output.LayerNorm")
    wide = graph.add("Gelu", graph.linear(x, f"{prefix}.intermediate.dense"), domain=MICROSOFT)
    narrow = graph.linear(wide, f"{prefix}.output.dense")
    return graph.norm(graph.add("Add", narrow, x), f"{prefix}.output.LayerNorm")


def build_encoder(places: Mapping[str, TensorPlace], weights_file: str, shape: Shape) -> bytes:
    """Serialises the encoder of one text.

    Inputs: `ids` and `positions`, int64 [tokens]. Output: `vector` float [1, hidden], the mean over
    the tokens, of unit length. One text at a time needs no padding and no mask, and was as fast as
    any batch: a chunk's matrices already fill the cores.
    """
    graph = _Graph(places, weights_file)
    graph.integers("as_text", [1, -1, shape.hidden])
    graph.integers("as_tokens", [-1, shape.hidden])
    x = _embeddings(graph)
    for number in range(shape.layers):
        x = _layer(graph, x, f"encoder.layer.{number}", shape.heads)
    mean = graph.add("ReduceMean", x, graph.integers("token_axis", [0]))
    graph.nodes.append(_message(1, mean) + _message(2, "vector") + _message(4, "LpNormalization"))
    body = b"".join(_message(1, node) for node in graph.nodes) + _message(2, "encoder")
    body += b"".join(_message(5, tensor) for tensor in graph.initializers)
    body += _message(11, _value_info("ids", INT64, ("tokens",)))
    body += _message(11, _value_info("positions", INT64, ("tokens",)))
    body += _message(12, _value_info("vector", FLOAT, (1, shape.hidden)))
    opsets = _message(8, _message(1, "") + _number(2, 18))
    opsets += _message(8, _message(1, MICROSOFT) + _number(2, 1))
    return _number(1, 8) + _message(7, body) + opsets
