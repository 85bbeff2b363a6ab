//! ONNX models: which ones there are, that they are the ones that were pinned, and running them.
