"use strict";
// Data comes as JSON and is shown with textContent only; Plotly understands a little HTML, so its texts are escaped.
const data = JSON.parse(document.getElementById("data").textContent);
const colours = ["#3b7dd8", "#d9822b", "#2e9e6b", "#c2508e", "#8566d4", "#b59b00", "#0f9fb0", "#c4503c", "#7a8f35", "#a0703c"];
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const safe = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const cut = (text, n) => (text.length > n ? text.slice(0, n - 1) + "…" : text);
const wrap = (text, n) => (cut(text, 240).match(new RegExp(`.{1,${n}}(\\s|$)|.{1,${n}}`, "gs")) || []).map((line) => safe(line.trim())).join("<br>");

function layout(extra) {
  const axis = { gridcolor: css("--line"), zerolinecolor: css("--line"), linecolor: css("--line"), automargin: true };
  return { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: css("--ink"), family: "system-ui, DejaVu Sans, sans-serif", size: 12 },
    margin: { l: 46, r: 16, t: 14, b: 40 }, hoverlabel: { align: "left", bgcolor: css("--card"), bordercolor: css("--line"), font: { color: css("--ink") } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--soft"), activecolor: css("--ink") },
    legend: { orientation: "h", y: -0.14, x: 0, font: { size: 11 } }, ...extra, xaxis: { ...axis, ...(extra.xaxis || {}) }, yaxis: { ...axis, ...(extra.yaxis || {}) } };
}

function drawTrend(box) {
  const score = data.score, names = [...new Set(data.trend.flatMap((step) => step.suites.map((suite) => suite.suite)))];
  const traces = [];
  names.forEach((name, index) => {
    const colour = colours[index % colours.length];
    const rows = data.trend.map((step) => ({ step, suite: step.suites.find((suite) => suite.suite === name) })).filter((row) => row.suite);
    const kinds = rows.every((row) => row.suite.split === "protected") ? [data.protected_score] : ["strict", "lenient"];
    const isKept = (row) => ["base", "promote"].includes(row.step.decision);
    // The line follows the champion; a candidate that was not promoted is a hollow marker beside it.
    kinds.forEach((kind) => [rows.filter(isKept), rows.filter((row) => !isKept(row))].forEach((part, k) => part.length && traces.push({
      type: "scatter", mode: k ? "markers" : "lines+markers", name: `${safe(name)}, ${kind}`, legendgroup: name + kind, showlegend: !k,
      x: part.map((row) => row.step.cycle), y: part.map((row) => 100 * row.suite[kind]), line: { color: colour, dash: kind === "lenient" && kinds.length > 1 ? "dot" : "solid", width: 2 },
      marker: { size: 9, color: k ? css("--card") : colour, line: { color: colour, width: 2 } },
      error_y: { type: "data", symmetric: false, array: part.map((row) => 100 * (row.suite[kind + "_high"] - row.suite[kind])),
        arrayminus: part.map((row) => 100 * (row.suite[kind] - row.suite[kind + "_low"])), color: colour, thickness: 1, width: 3 },
      text: part.map((row) => `${safe(name)} (${row.suite.split}), ${kind}: ${(100 * row.suite[kind]).toFixed(1)} %<br>${row.step.cycle ? "candidate of cycle " + row.step.cycle : "base"}: ${row.step.decision}, n ${row.suite.n}`),
      hoverinfo: "text" })));
  });
  Plotly.react(box, traces, layout({ xaxis: { dtick: 1, tickvals: data.trend.map((step) => step.cycle), ticktext: data.trend.map((step) => (step.cycle ? "cycle " + step.cycle : "base")) },
    yaxis: { title: { text: "right, %" }, range: [-3, 103] } }), { responsive: true, displayModeBar: false });
}

function drawMap(box) {
  const names = [...Object.keys(data.map.labels), null], traces = [];
  const label = (name) => (name === null ? "in no weakness" : cut(data.map.labels[name] || name, 44));
  names.forEach((name, index) => {
    const colour = name === null ? (dark.matches ? "#6d777f" : "#a9b1b6") : colours[index % colours.length];
    [false, true].forEach((failed) => {
      const points = data.map.points.filter((point) => point.weakness === name && Boolean(point.failure_type) === failed);
      if (!points.length) return;
      traces.push({ type: "scatter", mode: "markers", name: safe(label(name)), legendgroup: String(name), x: points.map((p) => p.x), y: points.map((p) => p.y), customdata: points,
        showlegend: !traces.some((trace) => trace.legendgroup === String(name)),
        marker: { color: colour, size: failed ? 8 : 6, symbol: failed ? "x" : "circle-open", opacity: failed ? 0.9 : 0.6, line: { width: failed ? 0 : 1.2 } },
        text: points.map((p) => `<b>${safe(p.suite)}/${safe(p.probe_id)}</b> ${safe(p.failure_type || "right")}<br>${wrap(p.prompt, 60)}<br>gold: ${wrap(p.gold, 60)}<br>answer: ${wrap(p.answer, 60) || "(nothing)"}`), hoverinfo: "text" });
    });
  });
  Plotly.react(box, traces, layout({ xaxis: { showticklabels: false, zeroline: false }, yaxis: { showticklabels: false, zeroline: false }, hovermode: "closest", margin: { l: 12, r: 12, t: 12, b: 12 }, legend: { orientation: "h", y: -0.03, x: 0, font: { size: 11 } } }),
    { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] });
  if (!box.dataset.ready) {
    box.dataset.ready = "yes";
    box.on("plotly_click", (event) => pick(event.points[0].customdata));
  }
}

function pick(point) {
  const target = document.getElementById("picked");
  target.replaceChildren();
  const pairs = document.createElement("dl");
  pairs.className = "pairs";
  [["sample", `${point.suite}/${point.probe_id}`], ["result", point.failure_type || "right"], ["weakness", point.weakness ? `${point.weakness}: ${data.map.labels[point.weakness] || ""}` : "none"],
    ["prompt", point.prompt], ["gold", point.gold], ["answer", point.answer]].forEach(([name, text]) => {
    const dt = document.createElement("dt"), dd = document.createElement("dd"), span = document.createElement("span");
    dt.textContent = name; span.className = "foreign"; span.textContent = text; dd.append(span); pairs.append(dt, dd);
  });
  target.append(pairs);
}

function draw() {
  const trend = document.getElementById("trend-chart"), map = document.getElementById("map-chart");
  if (trend && data.trend.length) drawTrend(trend);
  if (map && data.map.points.length) drawMap(map);
}

document.querySelectorAll("table.sortable thead th").forEach((head) => {
  const button = head.querySelector("button");
  if (!button) return;
  button.addEventListener("click", () => {
    const isUp = head.getAttribute("aria-sort") !== "ascending", column = head.cellIndex, body = head.closest("table").tBodies[0];
    const value = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
    const order = (a, b) => { const [x, y] = [value(a), value(b)]; const [m, n] = [parseFloat(x), parseFloat(y)];
      return isNaN(m) && isNaN(n) ? x.localeCompare(y) : isNaN(m) ? 1 : isNaN(n) ? -1 : m - n; };
    const rows = [...body.rows].sort((a, b) => (isUp ? order(a, b) : order(b, a)));
    head.closest("tr").querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
    body.append(...rows);
  });
});
if (window.Plotly) {
  draw();
  dark.addEventListener("change", draw);
}
