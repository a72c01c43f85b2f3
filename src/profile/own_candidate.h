#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "profile/timed_model.h"

namespace vitlab::profile {

/// A model whose weights are read when a form of it is first wanted and let go once it is made;
/// candidates that want the same form at the same time share it.
class ModelForms {
 public:
  ModelForms(std::string name, graph::Graph graph, std::function<model::Weights()> load);

  const std::string& name() const { return name_; }
  const graph::Graph& graph() const { return graph_; }
  /// float32, on the CPU, read anew.
  model::Weights weights() const { return load_(); }
  std::shared_ptr<const PreparedModel> form(const sweep::Protocol& protocol, at::Device device);
  /// About what the model holds in memory when it is run: weights, images and feature maps.
  graph::Index bytes(const sweep::Protocol& protocol) const;

 private:
  std::string name_;
  graph::Graph graph_;
  std::function<model::Weights()> load_;
  std::map<std::string, std::weak_ptr<const PreparedModel>> forms_;
};

/// The model in vitlab's own executor, as a protocol of runtime libtorch asks.
Candidate own_candidate(std::shared_ptr<ModelForms> model, const sweep::Protocol& protocol);

}  // namespace vitlab::profile
