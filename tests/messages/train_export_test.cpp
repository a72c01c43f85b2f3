#include "messages/export_answer.h"
#include "messages/filler.h"
#include "messages/train_answer.h"
#include "test.hpp"

namespace vitlab::messages {
namespace {

TEST_CASE("reports of trainings and exports read back as what they were written") {
  check_answer<TrainReport>();
  check_answer<TrainAnswer>();
  check_answer<ExportReport>();
  check_answer<ExportAnswer>();
}

}  // namespace
}  // namespace vitlab::messages
