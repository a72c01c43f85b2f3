#include "core/processor.h"

#include <fstream>

#include <sys/utsname.h>

namespace vitlab::core {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  utsname machine{};
  return uname(&machine) == 0 ? std::string(machine.machine) + " processor" : "processor";
}

}  // namespace vitlab::core
