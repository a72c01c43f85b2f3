#pragma once

// The one place that names Catch2's header, so that moving to version 3 is one line.
#include <catch2/catch.hpp>
