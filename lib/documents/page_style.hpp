#pragma once
// The style of a page: its only one, embedded in each.

namespace austeer {

inline constexpr const char* page_style = R"css(:root {
  --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --tint: #f3f5f8;
  --warning: #fff4d6; --warning-line: #b07d00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e4e8ec; --soft: #a3adb8; --line: #3a424c; --tint: #1e242b;
    --warning: #3a2f0c; --warning-line: #d9a514;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
  overflow-wrap: break-word;
}
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }
h2 {
  font-size: 1.3rem; margin: 2.2rem 0 .7rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--line);
}
h3 { font-size: 1.08rem; margin: 1.6rem 0 .5rem; }
p { margin: .6rem 0; max-width: 46rem; }
.warning {
  background: var(--warning); border-left: 4px solid var(--warning-line); padding: .6rem .8rem;
}
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .32rem .7rem; text-align: right; font-weight: normal; white-space: nowrap; }
.left { text-align: left; }
thead { border-top: 2px solid var(--soft); border-bottom: 1px solid var(--soft); }
thead th { font-weight: 600; vertical-align: bottom; }
thead .group { text-align: center; border-bottom: 1px solid var(--line); }
tbody { border-bottom: 1px solid var(--line); }
tbody tr:hover { background: var(--tint); }
tbody .section {
  text-align: left; font-weight: 600; background: var(--tint); color: var(--soft);
}
table > tbody:last-of-type { border-bottom: 2px solid var(--soft); }
tfoot td { text-align: left; white-space: normal; color: var(--soft); font-size: .87rem; }
tfoot p { margin: .2rem 0; }
figure { margin: 1.2rem 0; }
img {
  display: block; width: 100%; max-width: 50rem; height: auto; background: #ffffff;
  border: 1px solid var(--line); border-radius: 4px;
}
figcaption { color: var(--soft); font-size: .92rem; margin-top: .4rem; max-width: 46rem; }
dl { margin: .8rem 0; border-top: 1px solid var(--line); }
dl div {
  display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .2rem 1rem;
  padding: .3rem 0; border-bottom: 1px solid var(--line);
}
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
pre {
  background: var(--tint); border: 1px solid var(--line); border-radius: 4px; padding: .7rem .9rem;
  overflow-x: auto; font: .86rem/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace;
}
@media (max-width: 34rem) {
  dl div { grid-template-columns: 1fr; }
}
@media print {
  :root { --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb; --tint: #f3f3f3; }
  .scroll, pre { overflow: visible; }
  figure, tr { break-inside: avoid; }
}
)css";

}  // namespace austeer
