#include "core/choice.h"

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::core {

void refuse_word(std::string_view what, std::string_view word,
                 const std::vector<std::string>& words) {
  throw UserError(std::string(what) + " must be one of " + joined(words) + ", got " +
                  quoted_clip(word) + did_you_mean(word, words));
}

}  // namespace vitlab::core
