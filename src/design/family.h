#pragma once

#include <string>
#include <vector>

#include "architecture/model_spec.h"
#include "design/budgets.h"
#include "design/surrogate.h"
#include "guide/guideline.h"
#include "store/results_csv.h"

namespace vitlab::design {

/// What a family is designed from besides the table and its guidelines.
struct DesignRequest {
  core::Json base;  // knobs with `template`; those that the sweep did not vary stay as they are
  std::vector<CostBudget> budgets;
  graph::Index multiple_of = 16;  // of every width
};

/// What the choice would be if one guideline were dropped.
struct WithoutGuideline {
  std::string guideline;  // id
  std::string id;         // of the model chosen then
  bool is_changed = false;
  double gain = 0;  // in the predicted metric
};

/// One model of the family: the best one predicted within its budget, under the guidelines.
struct Variant {
  std::string name;  // M0, M1, …
  CostBudget budget;
  core::Json knobs;
  architecture::ModelSpec spec;
  std::string id;
  graph::Cost cost;
  Prediction predicted;
  std::vector<store::ResultRow> measured;  // speeds in the table of this very model
  std::string binding_guideline;  // whose removal gains most; "" if none changes the choice
  double regret = 0;              // prediction lost against the best without any guideline
  std::vector<WithoutGuideline> without;
  std::int64_t candidates = 0;  // models that met budget and guidelines
};

/// A budget that no model meets under the guidelines, and the one whose removal would help.
struct UnsolvedBudget {
  CostBudget budget;
  std::string reason;
  std::string binding;  // id; "" if none would
};

/// Models of rising cost, one a budget that has a solution.
struct Family {
  std::string template_name;
  core::Json base;
  graph::Index multiple_of = 16;
  std::vector<CostBudget> budgets;  // in the order of the variants
  std::vector<Variant> variants;
  std::vector<UnsolvedBudget> unsolved;
  std::vector<std::string> notes;
};

/// Searches the knobs that the sweep varied, at the levels that it tried and the guidelines leave,
/// times widths (widths_within). Costs are exact; the choice within a budget is by Surrogate, ties
/// by the use of the budget. Within a metric, cost rises from variant to variant. Works without
/// guidelines and with an empty table. Throws UserError for knobs or budgets that make no sense.
Family design_family(const store::ResultsTable& table,
                     const std::vector<guide::Guideline>& guidelines, const DesignRequest& request);

}  // namespace vitlab::design
