#pragma once

#include <memory>
#include <string>
#include <vector>

#include "facts/head_facts.h"
#include "report/figures.h"

namespace vitlab::report {

/// The heads of a model under its name; a run a seed.
struct NamedHeads {
  std::string name;
  std::vector<std::shared_ptr<const messages::HeadSimilarity>> runs;
};

// Figures of the heads of models; one without the numbers that it needs has empty drawings.

/// Cosines of maps by depth in one run: the three reductions, beside chance and random weights as
/// bands.
Figure head_depth_figure(const messages::HeadSimilarity& heads);
/// Heads x heads of every layer in the first run of each model, by kinds of pairs ("map",
/// "output"); its numbers are the measures of each layer, means over runs.
Figure head_pairs_figure(const std::vector<NamedHeads>& models,
                         const std::vector<std::string>& kinds);
/// What a head is worth against how much it resembles the others: a point a head and run.
Figure head_importance_figure(const std::vector<NamedHeads>& models);

/// The kinds of pairs that any layer of a run holds: maps and outputs first, others by name.
std::vector<std::string> kinds_of_pairs(const messages::HeadSimilarity& heads);
/// Heads x heads of one layer, a matrix a kind; empty without numbers.
std::string layer_pairs_drawing(const messages::LayerHeads& layer, double width);

}  // namespace vitlab::report
