#pragma once

#include "graph/shape.h"

namespace vitlab::similarity {

// Sums over runs of numbers that stay in the cache from one sum to the next. Which number is added
// to which does not depend on the machine, so neither does the result.

/// Sum of (a[k] - centre) (b[k] - centre); of float32 to about 1e-7 of the sum of the terms' sizes.
double dot(const float* a, const float* b, float centre, graph::Index count);
double dot(const double* a, const double* b, double centre, graph::Index count);

/// Sum of a[k] - centre, in float64.
double sum_less(const float* a, float centre, graph::Index count);
double sum_less(const double* a, double centre, graph::Index count);

/// Sum of p ln p, with 0 ln 0 = 0, for p in [0, 1]; of float32 to about 1e-7 of it.
double negative_entropy(const float* p, graph::Index count);
double negative_entropy(const double* p, graph::Index count);

/// The same of (p + q) / 2.
double negative_entropy_of_mean(const float* p, const float* q, graph::Index count);
double negative_entropy_of_mean(const double* p, const double* q, graph::Index count);

}  // namespace vitlab::similarity
