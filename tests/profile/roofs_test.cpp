#include "profile/roofs.h"

#include "test.hpp"

namespace vitlab {

TEST_CASE("an op is bound by the roof that allows it least") {
  const Roofs roofs{.flops_per_s = 100e9, .bytes_per_s = 10e9, .call_seconds = 1e-6};
  CHECK(bound_of(1e9, 1e6, roofs) == Bound::kCompute);
  CHECK(bound_of(1e6, 1e9, roofs) == Bound::kMemory);
  CHECK(bound_of(1e3, 1e3, roofs) == Bound::kLaunch);
  CHECK(bound_of(0, 0, roofs) == Bound::kLaunch);
  // The ridge is 10 flops a byte.
  CHECK(bound_of(9.9e8, 1e8, roofs) == Bound::kMemory);
  CHECK(bound_of(10.1e8, 1e8, roofs) == Bound::kCompute);
}

TEST_CASE("roofs are positive, in order of size, and measured once") {
  const Roofs roofs = measured_roofs(at::kCPU, at::kFloat);
  CHECK(roofs.flops_per_s > 1e8);
  CHECK(roofs.bytes_per_s > 1e7);
  CHECK(roofs.call_seconds > 0);
  CHECK(roofs.call_seconds < 1e-3);
  const Roofs again = measured_roofs(at::kCPU, at::kFloat);
  CHECK(again.flops_per_s == roofs.flops_per_s);
  CHECK(again.bytes_per_s == roofs.bytes_per_s);
}

}  // namespace vitlab
