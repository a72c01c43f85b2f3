#include "facts/setting.h"

namespace vitlab::facts {

Setting setting_of(const store::ResultRow& row) {
  return {row.device, row.runtime, row.dtype, row.threads, row.batch};
}

std::string setting_text(const Setting& setting) {
  std::string text = setting.device;
  const auto add = [&](const std::string& words) {
    if (!words.empty()) text += (text.empty() ? "" : ", ") + words;
  };
  if (setting.runtime != "vitlab") add(setting.runtime);  // our own goes without saying
  if (setting.threads)
    add(std::to_string(*setting.threads) + (*setting.threads == 1 ? " thread" : " threads"));
  if (setting.batch) add("batch " + std::to_string(*setting.batch));
  add(setting.dtype);
  return text;
}

}  // namespace vitlab::facts
