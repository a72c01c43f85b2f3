#pragma once

#include <span>
#include <vector>

#include "stats/intervals.h"

namespace vitlab::stats {

/// Ranks from 1 upwards in the order given; ties share their average rank.
std::vector<double> ranks(std::span<const double> values);

/// Pearson's correlation of two columns of equal length; NaN where either is constant.
double pearson(std::span<const double> x, std::span<const double> y);

/// Spearman's correlation (Pearson of average ranks); NaN where either is constant.
double spearman(std::span<const double> x, std::span<const double> y);

/// Spearman's correlation of x and y given one control (say, parameters):
/// (r_xy - r_xz r_yz) / sqrt((1 - r_xz^2)(1 - r_yz^2)). NaN where x or y is constant or follows
/// from the control; a constant control changes nothing.
double partial_spearman(std::span<const double> x, std::span<const double> y,
                        std::span<const double> control);

/// spearman() with a percentile interval over resampled rows; the order of rows does not matter.
Estimate bootstrap_spearman(std::span<const double> x, std::span<const double> y,
                            const BootstrapSettings& settings = {});
/// partial_spearman() with a percentile interval over resampled rows.
Estimate bootstrap_partial_spearman(std::span<const double> x, std::span<const double> y,
                                    std::span<const double> control,
                                    const BootstrapSettings& settings = {});

}  // namespace vitlab::stats
