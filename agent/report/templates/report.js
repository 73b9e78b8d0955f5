"use strict";
// Data comes as JSON and is shown with textContent only; Plotly understands a little HTML, so its texts are escaped.
const data = JSON.parse(document.getElementById("data").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const N_COLOURS = 7, SHAPES = ["circle", "square", "triangle-up", "diamond"];
const colourOf = (index) => css(`--c${index < 0 ? 0 : 1 + (index % N_COLOURS)}`);
const shapeOf = (index) => SHAPES[index < 0 ? 0 : Math.floor(index / N_COLOURS) % SHAPES.length];
const OFFLINE = { responsive: true, showSendToCloud: false, plotlyServerURL: "" }; // plotly 7 offers to upload a chart unless told not to
const ALL = "*", NONE = ""; // what the map shows: everything, what belongs to no weakness, or a weakness by its id
let chosen = ALL, current = null;
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
    const colour = colourOf(index);
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
    yaxis: { title: { text: "right, %" }, range: [-3, 103] } }), { ...OFFLINE, displayModeBar: false });
}

const isShown = (point) => chosen === ALL || (chosen === NONE ? !point.weakness : point.weaknesses.includes(chosen));
const hover = (p) => `<b>${safe(p.suite)}/${safe(p.probe_id)}</b> ${safe(p.failure_type || "right")}<br>${p.weakness ? wrap(data.map.labels[p.weakness] || p.weakness, 60) : "no weakness"}<br>` +
  `<br>${wrap(p.prompt, 60)}<br>gold: ${wrap(p.gold, 60)}<br>answer: ${wrap(p.answer, 60) || "(nothing)"}`;

function drawMap(box) {
  const traces = [];
  // Those of no weakness lie below, what is wrong above what is right.
  [null, ...data.map.legend].forEach((name) => [false, true].forEach((failed) => {
    const index = data.map.legend.indexOf(name), points = data.map.points.filter((point) => (data.map.legend.includes(point.weakness) ? point.weakness : null) === name && Boolean(point.failure_type) === failed);
    if (points.length) traces.push({ type: "scatter", mode: "markers", x: points.map((p) => p.x), y: points.map((p) => p.y), customdata: points, text: points.map(hover), hoverinfo: "text",
      marker: { color: points.map((p) => (chosen && chosen !== ALL && isShown(p) ? colourOf(data.map.legend.indexOf(chosen)) : colourOf(index))), size: failed ? 8 : 7, symbol: shapeOf(index) + (failed ? "" : "-open"), opacity: points.map((p) => (isShown(p) ? (failed ? 0.9 : 0.75) : 0.1)), line: { width: failed ? 0 : 1.4 } } });
  }));
  traces.push({ type: "scatter", mode: "markers", x: current ? [current.x] : [], y: current ? [current.y] : [], hoverinfo: "skip", marker: { color: css("--ink"), size: 17, symbol: "circle-open", line: { width: 2 } } });
  const axis = { visible: false }; // a projection's axes mean nothing
  Plotly.react(box, traces, layout({ xaxis: axis, yaxis: axis, hovermode: "closest", margin: { l: 12, r: 12, t: 12, b: 12 }, showlegend: false, uirevision: "map", dragmode: window.matchMedia("(pointer: coarse)").matches ? false : "zoom" }),
    { ...OFFLINE, displaylogo: false, modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]] });
  if (box.dataset.ready) return;
  box.dataset.ready = "yes";
  box.on("plotly_click", (event) => event.points[0].customdata && pick(event.points[0].customdata));
  box.addEventListener("keydown", (event) => {
    const order = data.map.points.filter(isShown).sort((p, q) => Boolean(q.failure_type) - Boolean(p.failure_type)), at = order.indexOf(current), last = order.length - 1;
    const next = { ArrowRight: Math.min(at + 1, last), ArrowDown: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (event.key === "Escape") choose(ALL);
    else if (next === undefined || !order.length) return;
    else pick(order[next]);
    event.preventDefault();
  });
}

function choose(name) {
  chosen = name;
  document.querySelectorAll(".legend button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.weakness === name)));
  drawMap(document.getElementById("map-chart"));
}

function pick(point) {
  const target = document.getElementById("picked"), box = document.getElementById("map-chart");
  current = point;
  Plotly.restyle(box, { x: [[point.x]], y: [[point.y]] }, [box.data.length - 1]);
  target.replaceChildren();
  const pairs = document.createElement("dl");
  pairs.className = "pairs";
  [["sample", `${point.suite}/${point.probe_id}`], ["result", point.failure_type || "right"], ["weakness", point.weaknesses.map((name) => `${data.map.labels[name] || ""} (${name})`).join("; ") || "none"],
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
  document.querySelectorAll(".legend button").forEach((button) => button.addEventListener("click", () => choose(button.dataset.weakness === chosen ? ALL : button.dataset.weakness)));
  document.querySelectorAll("button.find").forEach((button) => button.addEventListener("click", () => {
    choose(button.dataset.weakness);
    document.getElementById("map").scrollIntoView({ behavior: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    document.getElementById("map-chart").focus({ preventScroll: true });
  }));
  dark.addEventListener("change", draw);
}
