#include "data/data_spec.h"

#include "core/error.h"
#include "test.hpp"

namespace vitlab::data {

using Catch::Matchers::Contains;

TEST_CASE("canonical text reads back to the same data spec and is its own canonical text") {
  for (const char* text :
       {"digits", "synthetic", "synthetic:classes=10,size=64,count=5000",
        "synthetic:count=20,classes=3,seed=4,validation=0.2,test=0.25", "folder:some/where",
        "folder:/a,b/c=d,x,seed=3", "folder:/with:colon,validation=0.1", "cifar10:x",
        "cifar100:x,seed=9", "idx:./y"}) {
    const DataSpec spec = parse_data_spec(text);
    CHECK(parse_data_spec(canonical_text(spec)) == spec);
    CHECK(canonical_text(parse_data_spec(canonical_text(spec))) == canonical_text(spec));
  }
}

TEST_CASE("defaults written out give the same canonical text as defaults left out") {
  CHECK(canonical_text(parse_data_spec("synthetic:classes=10,size=64,count=5000,seed=0")) ==
        "synthetic");
  CHECK(canonical_text(parse_data_spec("synthetic:size=32,classes=4")) ==
        "synthetic:classes=4,size=32");
}

TEST_CASE("a path keeps its commas and equals signs; only trailing words with = are options") {
  const DataSpec spec = parse_data_spec("folder:/a,b/c=d,x,seed=3");
  CHECK(spec.path == "/a,b/c=d,x");
  CHECK(spec.seed == 3);
}

TEST_CASE("misspelled data sets and options name the nearest word") {
  CHECK_THROWS_WITH(parse_data_spec("digts"), Contains("did you mean 'digits'?"));
  CHECK_THROWS_WITH(parse_data_spec("synthetic:clases=4"), Contains("did you mean 'classes'?"));
  CHECK_THROWS_WITH(parse_data_spec("cifar10:x,test=0.1"),
                    Contains("'test' is not an option of cifar10"));
}

TEST_CASE("impossible data texts are refused as the user's error") {
  for (const char* text : {"",
                           ":",
                           "digits:seed=1",
                           "synthetic:classes",
                           "synthetic:classes=",
                           "synthetic:classes=1",
                           "synthetic:classes=121",
                           "synthetic:size=15",
                           "synthetic:count=0",
                           "synthetic:seed=-1",
                           "synthetic:classes=4,classes=5",
                           "synthetic:classes=4x",
                           "synthetic:,",
                           "folder",
                           "folder:",
                           "folder:,seed=1",
                           "synthetic:validation=nan",
                           "synthetic:validation=0.5,test=0.5",
                           "synthetic:count=99999999999999999999",
                           "idx:"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_data_spec(text), core::UserError);
  }
}

}  // namespace vitlab::data
