#include "profile/timed_run.h"

#include <new>

#include <ATen/CPUGeneratorImpl.h>

#include "profile/environment.h"
#include "profile/stopwatch.h"

namespace vitlab::profile {

void TimedRun::warm_up(double seconds) {
  const Stopwatch watch;
  int runs = 0;
  while (runs < 2 || watch.seconds() < seconds) {
    forward();
    ++runs;
  }
}

at::Tensor timed_images(const graph::Shape& image, graph::Index batch) {
  constexpr std::uint64_t kSeed = 20230511;
  // Linux hands out memory that it does not have and later ends the program.
  const double bytes = 4.0 * static_cast<double>(batch) * static_cast<double>(image.elements());
  const graph::Index usable = usable_memory_bytes();
  if (usable > 0 && bytes > static_cast<double>(usable)) throw std::bad_alloc();
  return at::randn({batch, image[1], image[2], image[3]}, at::detail::createCPUGenerator(kSeed),
                   at::TensorOptions().dtype(at::kFloat));
}

}  // namespace vitlab::profile
