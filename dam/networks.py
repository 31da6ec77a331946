"""Neural networks that the user supplies as ONNX files: hashed, bounded, run on the CPU with onnxruntime.

Nothing is ever downloaded. The bytes that were hashed are the bytes that run. onnxruntime is an extra (`[onnx]`).
"""

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dam.errors import EngineError

MAX_BYTES: Final = 512 << 20
Tensor = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A file and what it must be.

    Attributes:
        sha256: 64 hex digits; other bytes are not run.
        ranks: how many dimensions each input has, in order.
    """

    path: Path
    sha256: str
    ranks: tuple[int, ...]


class Network:
    """Loaded at its first use and kept; safe to share between threads."""

    def __init__(self, file: NetworkFile) -> None:
        self._file, self._lock = file, threading.Lock()
        self._session: Any = None
        self._problem = ""
        self._seen: tuple[int, int] | None = None  # time and size of the file that the problem is about

    def problem(self) -> str:
        """Why it cannot run here, as a sentence; "" when it can."""
        with self._lock:
            if self._session is None and (not self._problem or self._look() != self._seen):
                self._seen = self._look()
                self._problem = self._load()
            return self._problem

    def side(self, otherwise: int) -> int:
        """The height and width in px that the first input has, if it has fixed ones."""
        shape = self._ready().get_inputs()[0].shape
        return int(shape[-1]) if isinstance(shape[-1], int) and shape[-1] > 0 else otherwise

    def run(self, *inputs: Tensor) -> Tensor:
        """The first output for inputs in the file's order.

        Raises:
            EngineError: it cannot run here, or the inputs do not fit.
        """
        session = self._ready()
        named = {one.name: value for one, value in zip(session.get_inputs(), inputs, strict=True)}
        try:
            return np.asarray(session.run(None, named)[0], np.float32)
        except Exception as error:  # onnxruntime raises bare exceptions of its own
            raise EngineError(f"{self._file.path.name} failed: {str(error)[:300]}") from error

    def _ready(self) -> Any:
        if problem := self.problem():
            raise EngineError(problem)
        return self._session

    def _look(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._file.path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _load(self) -> str:
        path = self._file.path
        if self._seen is None or not path.is_file():
            return f"{path.name} is not in {str(path.parent)!a}."
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            return f"{path.name} cannot be read in {str(path.parent)!a}: {error.strerror}."
        if len(data) > MAX_BYTES:
            return f"{path.name} is larger than {MAX_BYTES >> 20} MiB."
        digest = hashlib.sha256(data).hexdigest()
        if digest != self._file.sha256.lower():
            return f"{path.name} has the SHA-256 {digest}, expected was {self._file.sha256.lower()}: it is not used."
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when the library is loaded
        try:
            import onnxruntime
        except ImportError:
            return "onnxruntime is not installed: pip install 'headwater-dam[onnx]'."
        try:
            onnxruntime.disable_telemetry_events()
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1  # the ingest works on one file per core already
            options.log_severity_level = 4
            session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  # as above
            return f"{path.name} is no network that onnxruntime can run: {str(error)[:300]}"
        if tuple(len(one.shape) for one in session.get_inputs()) != self._file.ranks:
            return f"{path.name} has other inputs than expected."
        self._session = session
        return ""
