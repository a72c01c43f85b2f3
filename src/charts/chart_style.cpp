#include "charts/chart_style.h"

#include "core/error.h"

namespace vitlab::charts {
namespace {

constexpr std::string_view kLight =
    "color-scheme:light dark;--page:#fff;--panel:#f5f7f9;--ink:#1a1f24;--muted:#57606a;"
    "--line:#dde2e7;--axis:#8a939c;--link:#005a9c;--band:#8a939c;"
    "--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b0588b;--s4:#2d8fc4;--s5:#b97f00;--s6:#3d444b";

constexpr std::string_view kDark =
    "--page:#14181c;--panel:#1c2227;--ink:#e6e9ec;--muted:#a3acb5;--line:#323a42;--axis:#7a848e;"
    "--link:#7cc0f2;--band:#7a848e;"
    "--s0:#4ba3dc;--s1:#ee8237;--s2:#2bbf94;--s3:#d991bc;--s4:#8fd0f5;--s5:#e6b23c;--s6:#c3cad1";

constexpr std::string_view kChart = R"(
.chart{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
.chart text{fill:var(--ink)}
.chart .tick,.chart .axis-title{fill:var(--muted)}
.chart .legend,.chart .row-label{fill:var(--ink)}
.chart .group,.chart .value,.chart .label{font-weight:600}
.chart path{fill:none}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .axis{stroke:var(--axis);stroke-width:1}
.chart .level{stroke:var(--muted);stroke-width:1.2;stroke-dasharray:5 4}
.chart .front{stroke:var(--muted);stroke-width:1.2;stroke-dasharray:2 3}
.chart .bracket{stroke:var(--muted);stroke-width:1.2}
.chart .band{fill:var(--band);fill-opacity:.28;stroke:var(--band);stroke-opacity:.6;stroke-width:1}
.chart .outlined{fill:none;stroke:var(--muted);stroke-opacity:1;stroke-dasharray:3 3}
.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}
.chart .interval{stroke:var(--c);stroke-width:1.4;stroke-opacity:.6}
.chart .line{stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}
.chart .solid{fill:var(--c);stroke:var(--page);stroke-width:1}
.chart .hollow{fill:var(--page);stroke:var(--c);stroke-width:1.8}
.chart .dashed{stroke-dasharray:6 4;stroke-width:1.4}
.chart .roof{stroke:var(--ink);stroke-width:1.3}
.chart .leader{stroke:var(--axis);stroke-width:.8}
.chart .op{stroke:var(--axis);stroke-width:.8;fill-opacity:.78}
.chart .theirs{fill:var(--ink);stroke:var(--page);stroke-width:1}
.chart .halo{paint-order:stroke;stroke:var(--page);stroke-width:3.5px;stroke-linejoin:round}
.chart .segment{stroke:var(--page);stroke-width:1}
.chart .c0{fill:#0072b2}.chart .c1{fill:#e06a0e}.chart .c2{fill:#f0ae2b}.chart .c3{fill:#d98fbb}.chart .c4{fill:#efe06a}.chart .c5{fill:#a5adb5}
.chart .inside{fill:#14181c}
.chart .i0,.chart .t4,.chart .t5,.chart .t6{fill:#fff}
.h0{fill:#eef4fa}.h1{fill:#d3e3f2}.h2{fill:#adcce6}.h3{fill:#7fb0d8}.h4{fill:#2f6fab}.h5{fill:#1d5a94}.h6{fill:#0f4273}
.chart .cell{stroke:var(--axis);stroke-width:.5}
)";

}  // namespace

std::string colour_style(std::string_view selector) {
  const std::string name(selector);
  return name + "{" + std::string(kLight) + "}\n@media (prefers-color-scheme:dark){" + name + "{" +
         std::string(kDark) + "}}\n@media print{" + name + "{" + std::string(kLight) + "}}";
}

std::string_view chart_style() { return kChart; }

std::string stand_alone(const std::string& svg) {
  constexpr std::string_view kAfter = "</desc>";
  const std::size_t at = svg.find(kAfter);
  core::ensure(at != std::string::npos, "a drawing describes itself");
  std::string alone = svg;
  alone.insert(at + kAfter.size(), "<style>" + colour_style("svg") +
                                       "\nsvg{background:var(--page)}" + std::string(kChart) +
                                       "</style>");
  return alone;
}

}  // namespace vitlab::charts
