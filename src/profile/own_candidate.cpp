#include "profile/own_candidate.h"

#include <utility>

#include "graph/memory_plan.h"
#include "model/device.h"

namespace vitlab::profile {

namespace {

/// Keeps the shared form alive as long as its run.
class OwnRun : public TimedRun {
 public:
  OwnRun(std::shared_ptr<const PreparedModel> form, const sweep::Protocol& protocol,
         at::Device device)
      : form_(std::move(form)), model_(*form_, protocol, device) {}

  double forward() override { return model_.forward(); }

 private:
  std::shared_ptr<const PreparedModel> form_;
  TimedModel model_;
};

}  // namespace

ModelForms::ModelForms(std::string name, graph::Graph graph, std::function<model::Weights()> load)
    : name_(std::move(name)), graph_(std::move(graph)), load_(std::move(load)) {}

std::shared_ptr<const PreparedModel> ModelForms::form(const sweep::Protocol& protocol,
                                                      at::Device device) {
  std::weak_ptr<const PreparedModel>& known =
      forms_[(protocol.deploy ? "deploy " : "plain ") + std::string(core::word_of(protocol.dtype)) +
             " " + device.str()];
  if (std::shared_ptr<const PreparedModel> form = known.lock()) return form;
  auto form = std::make_shared<const PreparedModel>(
      prepare_model({name_, graph_, load_()}, protocol, device));
  known = form;
  return form;
}

graph::Index ModelForms::bytes(const sweep::Protocol& protocol) const {
  graph::Index elements = 0;
  for (const graph::Parameter& parameter : graph_.parameters)
    elements += parameter.shape.elements();
  const graph::Index maps =
      graph::plan_memory(graph_, graph::lay_out(graph_), 1).peak_elements * protocol.batch;
  return (elements + maps) *
         static_cast<graph::Index>(at::elementSize(model::scalar_type(protocol.dtype)));
}

Candidate own_candidate(std::shared_ptr<ModelForms> model, const sweep::Protocol& protocol) {
  return {model->name(), protocol, model->bytes(protocol), [model, protocol] {
            const at::Device device = model::open_device(protocol.device);
            return std::make_unique<OwnRun>(model->form(protocol, device), protocol, device);
          }};
}

}  // namespace vitlab::profile
