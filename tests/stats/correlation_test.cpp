#include "stats/correlation.h"

#include <cmath>
#include <stdexcept>

#include "core/random.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

const std::vector<double> kX{3.5, -1.25, 7.0, 2.0, 2.0, 11.5, 0.75, 4.25, 9.0, -3.0};
const std::vector<double> kY{1.0, 0.5, 2.5, 2.0, 1.5, 3.0, 1.0, -1.0, 4.0, 0.0};
const std::vector<double> kZ{10, 8, 12, 12, 9, 15, 7, 11, 10, 6};

TEST_CASE("correlations agree with SciPy", "[stats]") {
  CHECK(ranks(kX) == std::vector<double>{6, 2, 8, 4.5, 4.5, 10, 3, 7, 9, 1});  // stats.rankdata
  CHECK(pearson(kX, kY) == Approx(0.7063089874527653));                        // stats.pearsonr
  CHECK(spearman(kX, kY) == Approx(0.6768292682926829));                       // stats.spearmanr
  // from the inverse of numpy.corrcoef of the ranks
  CHECK(partial_spearman(kX, kY, kZ) == Approx(0.4599023198806811));
}

TEST_CASE("Spearman sees only the order", "[stats]") {
  std::vector<double> bent;
  for (const double x : kX) bent.push_back(std::exp(x / 3));
  CHECK(spearman(bent, kY) == Approx(spearman(kX, kY)));
  CHECK(spearman(kX, bent) == Approx(1.0));
  CHECK(spearman(kX, kY) == Approx(spearman(kY, kX)));
}

TEST_CASE("a planted size confound vanishes given the size", "[stats]") {
  core::Random random(51);
  std::vector<double> size;
  std::vector<double> proxy;
  std::vector<double> accuracy;
  for (int i = 0; i < 300; ++i) {
    size.push_back(random.normal());
    proxy.push_back(size.back() + 0.3 * random.normal());
    accuracy.push_back(size.back() + 0.3 * random.normal());
  }
  CHECK(bootstrap_spearman(proxy, accuracy, {.draws = 500}).low > 0.7);
  const Estimate partial = bootstrap_partial_spearman(proxy, accuracy, size, {.draws = 500});
  CHECK_FALSE(partial.is_off_zero());
  CHECK(std::abs(partial.value) < 0.15);
}

TEST_CASE("the order of rows does not change a bootstrap interval", "[stats]") {
  const std::vector<double> x(kX.rbegin(), kX.rend());
  const std::vector<double> y(kY.rbegin(), kY.rend());
  const std::vector<double> z(kZ.rbegin(), kZ.rend());
  CHECK(bootstrap_partial_spearman(x, y, z, {.draws = 300}).low ==
        bootstrap_partial_spearman(kX, kY, kZ, {.draws = 300}).low);
}

TEST_CASE("what follows from a constant or from the control is undefined", "[stats]") {
  const std::vector<double> constant(kX.size(), 2.0);
  CHECK(std::isnan(pearson(kX, constant)));
  CHECK(std::isnan(spearman(constant, kY)));
  CHECK(std::isnan(partial_spearman(kX, kY, kX)));
  CHECK(partial_spearman(kX, kY, constant) == spearman(kX, kY));
}

TEST_CASE("columns of unequal or no length break a promise", "[stats]") {
  CHECK_THROWS_AS(pearson(kX, std::vector<double>{1, 2}), std::logic_error);
  CHECK_THROWS_AS(spearman(std::vector<double>{}, std::vector<double>{}), std::logic_error);
  CHECK_THROWS_AS(bootstrap_spearman(kX, std::vector<double>{1, 2}), std::logic_error);
  CHECK_THROWS_AS(ranks(std::vector<double>{std::nan("")}), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
