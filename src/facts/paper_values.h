#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vitlab::facts {

/// A series of published numbers.
struct PaperSeries {
  std::string name;
  std::vector<double> values;
};

/// How many times the images a second of `to` the model `of` reached, both presets: on a V100, on
/// one thread of a CPU, and there in ONNX Runtime.
struct PaperSpeedRatio {
  std::string of;
  std::string to;
  std::optional<double> gpu, cpu, onnx;
};

/// Figures of the EfficientViT paper (Liu et al., CVPR 2023) that reports show beside their own.
struct PaperValues {
  std::vector<std::string> categories;       // Fig 2
  std::vector<PaperSeries> runtime_shares;   // Fig 2: per model, shares of time by category
  std::vector<double> mhsa_shares;           // Fig 3: attention layers over all layers
  std::vector<PaperSeries> mhsa_accuracy;    // Fig 3: ImageNet top-1 at each of them
  double mhsa_memory_bound = 0;              // of Swin-T 1.25x at a share of 0.2
  std::vector<PaperSeries> head_similarity;  // Fig 4: per model, by block
  std::vector<PaperSeries> kept;             // Fig 5: pruned Swin-T, share kept, by block
  std::vector<PaperSpeedRatio> speed_ratios;
};

/// Reads configs/paper/paper_values.yaml out of the program.
PaperValues paper_values();

}  // namespace vitlab::facts
