#include "interop/export_formats.h"

#include <array>

namespace vitlab::interop {

std::span<const ExportFormatName> export_format_names() {
  static constexpr std::array kFormats{
      ExportFormatName{"yaml", "spec.yaml: every layer with its sizes, which vitlab reads back"},
      ExportFormatName{"safetensors", "model.safetensors: the weights under vitlab's names"},
      ExportFormatName{"timm",
                       "timm/: timm.create_model('local-dir:DIR/timm', pretrained=True) loads it"},
      ExportFormatName{"official", "official/model.safetensors: the names of the papers' own code"},
      ExportFormatName{"onnx", "onnx/model.onnx: for ONNX Runtime, TensorRT, OpenVINO"},
      ExportFormatName{"torchscript",
                       "torchscript/model.pt: torch.jit.load, C++ too; deprecated upstream"},
  };
  return kFormats;
}

}  // namespace vitlab::interop
