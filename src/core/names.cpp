#include "core/names.h"

#include <algorithm>
#include <cstddef>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

// Longer names are never suggested: the table of distances would cost more than the hint is worth.
constexpr std::size_t kLongestName = 128;

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Optimal string alignment distance: insertions, deletions, changes, swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
          folded(a[i - 2]) == folded(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

/// What other tools (timm, PyTorch, W&B, papers' code) call a thing, and what it is called here.
struct Synonym {
  std::string_view other, own;
};
constexpr Synonym kSynonyms[] = {
    {"lr", "learning_rate"},
    {"learning_rate", "lr"},
    {"min_lr", "min_learning_rate"},
    {"wd", "weight_decay"},
    {"bs", "batch_size"},
    {"num_epochs", "epochs"},
    {"n_epochs", "epochs"},
    {"max_epochs", "epochs"},
    {"warmup", "warmup_epochs"},
    {"smoothing", "label_smoothing"},
    {"mixup_alpha", "mixup"},
    {"clip_grad", "clip_norm"},
    {"grad_clip", "clip_norm"},
    {"reprob", "random_erasing"},
    {"hflip", "horizontal_flip"},
    {"crop_pct", "crop_fraction"},
    {"num_classes", "classes"},
    {"nb_classes", "classes"},
    {"img_size", "image_size"},
    {"input_size", "image_size"},
    {"resolution", "image_size"},
    {"embed_dim", "widths"},
    {"embed_dim", "width"},
    {"hidden_dim", "width"},
    {"dims", "widths"},
    {"depth", "depths"},
    {"depths", "depth"},
    {"num_layers", "depth"},
    {"num_heads", "heads"},
    {"n_heads", "heads"},
    {"key_dim", "qk_dim"},
    {"head_dim", "qk_dim"},
    {"window_size", "window"},
    {"patch_size", "patch"},
    {"mlp_ratio", "ffn_ratio"},
    {"act_layer", "activation"},
    {"workers", "loader-threads"},
    {"num_workers", "loader-threads"},
    {"checkpoint", "weights"},
    {"output", "out"},
    {"output_dir", "out"},
    {"dataset", "data"},
    {"data_path", "data"},
};

/// The known name that another tool's word stands for, or "".
std::string counterpart(std::string_view wanted, const std::vector<std::string>& known) {
  std::string word(wanted);
  std::replace(word.begin(), word.end(), '-', '_');
  for (const Synonym& row : kSynonyms)
    if (row.other == word && std::find(known.begin(), known.end(), row.own) != known.end())
      return std::string(row.own);
  return "";
}

/// The longest known name that `wanted` begins with as a word ("deit_tiny" of
/// "deit_tiny_patch16_224"), or "".
std::string longest_beginning(std::string_view wanted, const std::vector<std::string>& known) {
  std::string best;
  for (const std::string& name : known) {
    if (name.size() < 4 || name.size() >= wanted.size() || name.size() <= best.size()) continue;
    const char next = wanted[name.size()];
    if (wanted.starts_with(name) && (next == '_' || next == '.' || next == '-')) best = name;
  }
  return best;
}

}  // namespace

std::string nearest_name(std::string_view wanted, const std::vector<std::string>& known) {
  if (wanted.empty() || wanted.size() > kLongestName) return "";
  const std::size_t limit = std::max<std::size_t>(2, wanted.size() / 3);
  std::size_t best_distance = limit + 1;
  const std::string* best = nullptr;
  for (const std::string& name : known) {
    if (name.size() > wanted.size() + limit || wanted.size() > name.size() + limit) continue;
    const std::size_t distance = edit_distance(wanted, name);
    // Two names that share no letter are not near, however short they are.
    if (distance >= std::max(wanted.size(), name.size())) continue;
    if (distance < best_distance) {
      best_distance = distance;
      best = &name;
    }
  }
  return best == nullptr ? "" : *best;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known) {
  std::string name = counterpart(wanted, known);
  if (name.empty()) name = nearest_name(wanted, known);
  if (name.empty()) name = longest_beginning(wanted, known);
  return name.empty() ? "" : "; did you mean '" + name + "'?";
}

std::string joined(const std::vector<std::string>& names, std::string_view between) {
  std::string text;
  for (const std::string& name : names) {
    if (&name != &names.front()) text += between;
    text += name;
  }
  return text;
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void check_label(std::string_view label, std::string_view what) {
  const auto refuse = [&](const std::string& reason) {
    throw UserError(std::string(what) + " " + quoted_clip(label) + " " + reason);
  };
  if (label.empty()) refuse("is empty; give it a name");
  if (label.size() > 128) refuse("is longer than 128 bytes; shorten it");
  if (label.front() == '-' || label.front() == '.') {
    refuse(std::string("starts with '") + label.front() + "'; start it with a letter or a digit");
  }
  if (label.find('/') != std::string_view::npos) refuse("holds a '/'; a name is not a path");
  if (!is_utf8(label)) refuse("is not valid UTF-8");
  if (printable(label) != label) refuse("holds a control character; remove it");
}

}  // namespace vitlab::core
