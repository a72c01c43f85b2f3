#include "report/page_style.h"

namespace vitlab::report {
namespace {

constexpr std::string_view kStyle = R"(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer,nav{max-width:1200px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:20px;line-height:1.3;margin:52px 0 12px;letter-spacing:-.005em}
h3{font-size:16px;margin:28px 0 8px}
p{margin:0 0 12px;max-width:76ch}
a{color:var(--link)}
.lead{color:var(--muted);overflow-wrap:anywhere}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 0;padding:0;font-size:14px}
.verdict{background:var(--panel);border-left:4px solid var(--s0);margin:28px 0 0;padding:18px 22px 8px;border-radius:0 6px 6px 0}
.verdict h2{margin:0 0 8px;font-size:14px;font-weight:600;color:var(--muted)}
.verdict p{max-width:none;overflow-wrap:anywhere}
.table{overflow-x:auto;margin:0 0 12px}
table{border-collapse:collapse;font-size:14px;line-height:1.4;font-variant-numeric:tabular-nums}
.table>table{min-width:100%}
caption{text-align:left;color:var(--muted);padding:0 0 8px}
th,td{padding:7px 9px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{padding-left:4px}
thead th{border-bottom:1.5px solid var(--axis);vertical-align:bottom;font-weight:600}
tbody th{font-weight:400}
.n{text-align:right;white-space:nowrap}
td small,thead small{display:block;color:var(--muted);font-size:12px;font-weight:400}
td small{white-space:nowrap}
thead .n{white-space:normal}
tr.front>:first-child{font-weight:700}
.wrap{overflow-wrap:anywhere;min-width:9.5em}
.notes{color:var(--muted);font-size:13.5px;padding-left:18px;max-width:84ch}
.notes li{margin:2px 0}
figure{margin:0 0 24px}
figcaption{color:var(--muted);font-size:14px;max-width:84ch;margin-top:8px}
.maps{display:flex;flex-wrap:wrap;gap:10px;margin:0 0 14px}
.map{margin:0}
.map figcaption{font-size:12px;margin-top:3px}
.map img{display:block;image-rendering:pixelated}
.chart{display:block;max-width:100%;height:auto}
.narrow{display:none}
details{margin:10px 0 16px;font-size:14px}
summary{cursor:pointer;color:var(--link)}
details>.table{margin-top:10px;max-height:420px;overflow:auto}
.advice{border:1px solid var(--line);border-radius:6px;padding:14px 18px 6px;margin:0 0 14px;max-width:84ch;overflow-wrap:anywhere}
.advice .statement{font-weight:600}
.grade{display:inline-block;border:1.5px solid currentColor;border-radius:4px;padding:0 7px;margin-right:8px;font-size:13px;font-weight:700}
.advice small{display:block;color:var(--muted);font-size:13.5px;margin:0 0 8px}
pre{background:var(--panel);padding:14px 16px;border-radius:6px;overflow-x:auto;font-size:13.5px}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{color:var(--muted);font-size:13px;padding-top:24px;padding-bottom:48px}
.filter{margin:0 0 10px;padding:6px 10px;font:inherit;font-size:14px;color:inherit;background:var(--page);border:1px solid var(--axis);border-radius:6px;width:min(320px,100%)}
th button{all:unset;cursor:pointer}
th button:hover{text-decoration:underline}
:focus-visible,th button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" \2191"}
th[aria-sort=descending] button::after{content:" \2193"}
.tip{position:fixed;z-index:9;max-width:min(340px,90vw);padding:7px 11px;border-radius:6px;background:var(--ink);color:var(--page);font-size:13px;line-height:1.4;pointer-events:none;overflow-wrap:anywhere}
.tip div+div{opacity:.85}
@media (max-width:640px){
main,header,footer,nav{padding-left:16px;padding-right:16px}
header{padding-top:24px}
h1{font-size:24px}
h2{margin-top:40px}
.verdict{padding:14px 16px 4px}
.wide{display:none}
.narrow{display:block}
th,td{padding:6px 9px}
}
@media print{
body{font-size:11pt}
main,header,footer{max-width:none;padding:0}
nav,.filter{display:none}
figure,.advice,tr{break-inside:avoid}
h2{break-after:avoid}
.table{overflow:visible}
table{font-size:8.5pt}
th,td{padding:4px 6px}
}
)";

constexpr std::string_view kScript = R"(
(function () {
  "use strict";
  var tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);

  function show(text, x, y) {
    tip.textContent = "";
    text.split(" | ").forEach(function (part) {
      var line = document.createElement("div");
      line.textContent = part;
      tip.append(line);
    });
    tip.hidden = false;
    var box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 4)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + "px";
  }

  document.querySelectorAll("svg.chart > * > title").forEach(function (title) {
    var mark = title.parentNode, text = title.textContent;
    title.remove();
    mark.addEventListener("pointermove", function (event) {
      show(text, event.clientX, event.clientY);
    });
    mark.addEventListener("pointerdown", function (event) {
      show(text, event.clientX, event.clientY);
    });
    mark.addEventListener("pointerleave", function () { tip.hidden = true; });
  });

  function key(row, column) {
    var cell = row.cells[column];
    var text = cell.dataset.v || cell.textContent;
    var number = parseFloat(text);
    return isNaN(number) ? text : number;
  }

  function sort(table, column, header) {
    var rises = header.getAttribute("aria-sort") !== "ascending";
    var rows = Array.from(table.tBodies[0].rows);
    rows.sort(function (a, b) {
      var x = key(a, column), y = key(b, column);
      if (x === "–" || y === "–") return (x === "–") - (y === "–");
      var order = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : String(x) < String(y) ? -1 : 1;
      return rises ? order : -order;
    });
    table.tBodies[0].append(...rows);
    table.querySelectorAll("th[aria-sort]").forEach(function (th) { th.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", rises ? "ascending" : "descending");
  }

  document.querySelectorAll("table.sortable").forEach(function (table) {
    Array.from(table.tHead.rows[0].cells).forEach(function (header, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", function () { sort(table, column, header); });
    });
    if (table.tBodies[0].rows.length < 9) return;
    var filter = document.createElement("input");
    filter.type = "search";
    filter.className = "filter";
    filter.placeholder = "Filter rows";
    filter.setAttribute("aria-label", "Filter rows");
    table.parentNode.before(filter);
    filter.addEventListener("input", function () {
      var words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      Array.from(table.tBodies[0].rows).forEach(function (row) {
        var text = row.textContent.toLowerCase();
        row.hidden = !words.every(function (word) { return text.includes(word); });
      });
    });
  });
})();
)";

}  // namespace

std::string_view page_style() { return kStyle; }

std::string_view page_script() { return kScript; }

}  // namespace vitlab::report
