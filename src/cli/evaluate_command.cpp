#include <algorithm>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/text.h"
#include "data/data_spec.h"

namespace vitlab::cli {

namespace {

std::string in_percent(double share) { return core::significant(100 * share, 4); }

std::string share_text(const messages::AccuracyShare& share) {
  return in_percent(share.value) + " % (95 %: " + in_percent(share.low) + " to " +
         in_percent(share.high) + ")";
}

/// The class that images of class `row` were told to be most often, besides it.
std::string most_confused(const messages::EvaluateAnswer& answer, std::size_t row) {
  const std::vector<std::int64_t>& told = answer.confusion[row];
  std::size_t most = row == 0 ? 1 : 0;
  for (std::size_t c = 0; c < told.size(); ++c)
    if (c != row && told[c] > told[most]) most = c;
  if (most >= told.size() || told[most] == 0) return "-";
  return core::printable(answer.per_class[most].name) + " (" + std::to_string(told[most]) + ")";
}

std::string class_table(const messages::EvaluateAnswer& answer) {
  core::TextTable table({"class", "images", "top-1 %", "95 % interval", "most often taken for"});
  for (std::size_t c = 0; c < answer.per_class.size(); ++c) {
    const messages::ClassRow& row = answer.per_class[c];
    table.add({core::printable(row.name), std::to_string(row.images),
               row.top1 ? in_percent(row.top1->value) : "-",
               row.top1 ? in_percent(row.top1->low) + " to " + in_percent(row.top1->high) : "-",
               most_confused(answer, c)});
  }
  return table.str(output_width());
}

std::string text_of(const messages::EvaluateAnswer& answer) {
  std::string text = answer.model + " on the " + std::string(core::word_of(answer.split)) +
                     " split of " + answer.data + ", " + std::to_string(answer.top1.samples) +
                     " images\n";
  text += "top-1  " + share_text(answer.top1) + "\n";
  if (answer.per_class.size() > 5) text += "top-5  " + share_text(answer.top5) + "\n";
  text += "loss   " + core::significant(answer.loss, 5) + " nats\n\n" + class_table(answer);
  text += "\nprepared by: " + architecture::preprocessing_text(answer.preprocessing) +
          (answer.knows_preprocessing ? " (of the weights)" : " (of the data set)") + "\n";
  text += "weights: " + answer.weights + "; " + core::significant(answer.images_per_s, 3) +
          " images/s with reading\n";
  for (const std::string& note : answer.notes) text += "note: " + core::printable(note) + "\n";
  return text;
}

}  // namespace

core::ExitCode run_evaluate(const std::vector<std::string>& words) {
  ModelWords model;
  messages::EvaluateRequest request;
  std::string split = "test";
  Arguments arguments("evaluate", "Accuracy and loss of weights on a split of a data set.",
                      {"vitlab evaluate results/m0_digits --data digits",
                       "vitlab evaluate deit_tiny --weights deit_tiny.pth --layout timm --data "
                       "folder:imagenet --split validation --json"});
  model.declare(arguments, {});
  arguments.option("--data", kDataHelp, request.data, true);
  arguments.option("--split", "test (default), validation or train", split);
  arguments.option("--batch", "images per forward (default: 64)", request.batch, Bounds{1});
  arguments.flag("--skip-broken", kSkipBrokenHelp, request.skip_broken);
  arguments.parse(words);
  request.split = core::read_choice<data::Split>(split, "--split");
  request.data = data::canonical_text(data::parse_data_spec(request.data));
  static_cast<messages::RunnableModel&>(request) = model.runnable();
  const messages::EvaluateAnswer answer = ask_engine(request, "evaluate");
  if (model.json)
    print_json(document_of("evaluate", answer));
  else
    print_text(text_of(answer));
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
