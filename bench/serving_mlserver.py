"""An ONNX model behind MLServer, which brings no runtime for such models: the least that one has to write."""

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(self.settings.parameters.uri, options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {given.name: NumpyCodec.decode_input(given) for given in payload.inputs}
        outputs = [encoded(name, np.asarray(value)) for name, value in zip(self.names, self.session.run(None, feeds))]
        return InferenceResponse(model_name=self.name, outputs=outputs)


def encoded(name: str, values: np.ndarray):
    return StringCodec.encode_output(name, values.tolist()) if values.dtype.kind in "OU" else NumpyCodec.encode_output(name, values)
