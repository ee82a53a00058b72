// A small charting library for this page: lines with bands, effects with intervals, and the map of flows. It draws SVG and needs no other.

const NS = "http://www.w3.org/2000/svg";
export const LOOKS = [{ colour: "#4d4d4d", dash: "" }, { colour: "#0072b2", dash: "6 2.5" }];
const UP = "#d55e00", DOWN = "#0072b2", FLAT = "#4d4d4d", UP_TEXT = "#b34e00";

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const child of children) made.append(child);
  return made;
}

// Values for people: three significant digits, thousands in groups, a true minus sign.
export function plain(value, signed = false) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  const text = size.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (Number(text.replaceAll(",", "")) === 0 ? "" : value < 0 ? "−" : signed ? "+" : "") + text;
}

function tickText(value, step) {
  let digits = 0;
  while (digits < 8 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits += 1;
  return (value < -1e-12 ? "−" : "") + Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function ticks(low, high, most) {
  const raw = (high - low) / Math.max(1, most), size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * size).find((one) => one >= raw * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++) found.push(at * step);
  return { step, values: found };
}

function span(rows, include) {
  let low = Infinity, high = -Infinity;
  for (const row of rows) for (const value of row) if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  for (const value of include) { low = Math.min(low, value); high = Math.max(high, value); }
  if (!(low < high)) { const room = Math.abs(low) * 0.1 || 1; low -= room; high += room; }
  return [low, high];
}

function textWidth(text) { return 6.6 * text.length; }

// Lines by month, each with a band: spec = {months, series: [{name, look, low, mid, high}], include, unit, step, signed, ceiling}
export function lines(host, spec) {
  const width = Math.max(260, host.clientWidth || 480), height = width < 420 ? 210 : 240;
  const ends = spec.series.map((one) => plain(one.mid.at(-1), spec.signed));
  const right = Math.max(...spec.series.map((one, at) => textWidth(ends[at]))) + 12;
  let [low, high] = span(spec.series.flatMap((one) => [one.low, one.high]), spec.include ?? []);
  if (spec.range) [low, high] = [Math.min(low, spec.range[0]), Math.max(high, spec.range[1])];
  const marks = ticks(low, high, 5);
  const left = Math.max(...marks.values.map((value) => textWidth(tickText(value, marks.step)))) + 10, top = 22, bottom = height - 24;
  const x = (at) => left + (at / Math.max(1, spec.months.length - 1)) * (width - left - right);
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  root.append(svg("text", { x: 0, y: 11 }, spec.unit));
  for (const value of marks.values) {
    const at = y(value);
    if (at < top - 1 || at > bottom + 1) continue;
    root.append(svg("line", { x1: left, x2: width - right, y1: at, y2: at, class: Math.abs(value) < 1e-12 && spec.signed ? "zero" : "grid-line" }));
    root.append(svg("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, tickText(value, marks.step)));
  }
  const years = spec.months.map((month, at) => [month, at]).filter(([month]) => month.endsWith("-01"));
  const every = Math.max(1, Math.ceil((years.length * 46) / (width - left - right)));
  years.forEach(([month, at], place) => {
    root.append(svg("line", { x1: x(at), x2: x(at), y1: bottom, y2: bottom + 4, class: "zero" }));
    if (place % every === 0) root.append(svg("text", { x: x(at), y: bottom + 17, "text-anchor": place ? "middle" : "start" }, month.slice(0, 4)));
  });
  root.append(svg("line", { x1: left, x2: width - right, y1: bottom, y2: bottom, class: "zero" }));
  const path = (row) => row.map((value, at) => {
    const place = `${x(at).toFixed(1)},${y(value).toFixed(1)}`;
    return at === 0 ? `M${place}` : spec.step ? `H${x(at).toFixed(1)}V${y(value).toFixed(1)}` : `L${place}`;
  }).join("");
  for (const one of spec.series) {
    const back = one.low.map((value, at) => [value, at]).reverse();
    const under = back.map(([value, at], place) => {
      const next = spec.step && place > 0 ? `H${x(at).toFixed(1)}` : "";
      return spec.step ? `${place === 0 ? "L" + x(at).toFixed(1) + "," + y(value).toFixed(1) : "V" + y(value).toFixed(1) + next}` : `L${x(at).toFixed(1)},${y(value).toFixed(1)}`;
    }).join("");
    root.append(svg("path", { d: `${path(one.high)}${under}Z`, fill: one.look.colour, "fill-opacity": 0.14 }));
  }
  for (const one of spec.series) {
    root.append(svg("path", { d: path(one.mid), fill: "none", stroke: one.look.colour, "stroke-width": 2, "stroke-dasharray": one.look.dash, "stroke-linejoin": "round" }));
  }
  // the values at the end, pushed apart so that both can be read
  const spots = spec.series.map((one, at) => ({ at, y: y(one.mid.at(-1)), colour: one.look.colour })).sort((a, b) => a.y - b.y);
  for (let at = 1; at < spots.length; at++) spots[at].y = Math.max(spots[at].y, spots[at - 1].y + 14);
  for (const one of spots) {
    const label = svg("text", { x: width - right + 6, y: Math.min(one.y, bottom + 6) + 4, class: "strong" }, ends[one.at]);
    label.style.fill = one.colour;
    root.append(label);
  }
  const cross = svg("line", { y1: top, y2: bottom, class: "cross", visibility: "hidden" });
  const say = svg("text", { y: top - 3, class: "strong", visibility: "hidden" });
  root.append(cross, say);
  const move = (event) => {
    const box = root.getBoundingClientRect(), at = Math.round((((event.clientX - box.left) / box.width) * width - left) / (width - left - right) * (spec.months.length - 1));
    if (at < 0 || at >= spec.months.length) return leave();
    cross.setAttribute("x1", x(at)); cross.setAttribute("x2", x(at));
    say.textContent = `${spec.months[at]}: ${spec.series.map((one) => plain(one.mid[at], spec.signed)).join(" / ")}`;
    say.setAttribute("x", x(at)); say.setAttribute("y", bottom - 5);
    say.setAttribute("text-anchor", x(at) > width / 2 ? "end" : "start");
    cross.setAttribute("visibility", "visible"); say.setAttribute("visibility", "visible");
    return undefined;
  };
  const leave = () => { cross.setAttribute("visibility", "hidden"); say.setAttribute("visibility", "hidden"); };
  root.addEventListener("pointermove", move);
  root.addEventListener("pointerleave", leave);
  host.replaceChildren(...(spec.series.some((one) => one.name) ? [legend(spec.series)] : []), root);
}

function legend(series) {
  const row = document.createElement("p");
  row.className = "legend";
  for (const one of series) {
    const entry = document.createElement("span"), swatch = svg("svg", { viewBox: "0 0 26 8", width: 26, height: 8, "aria-hidden": "true" });
    swatch.append(svg("line", { x1: 0, x2: 26, y1: 4, y2: 4, stroke: one.look.colour, "stroke-width": 2.5, "stroke-dasharray": one.look.dash }));
    entry.append(swatch, ` ${one.name}`);
    row.append(entry);
  }
  return row;
}

function colourOf(value) { return value > 0 ? UP : value < 0 ? DOWN : FLAT; }

// One effect with its interval, and that of the file: spec = {now: {mid, low, high}, file, range: [low, high], unit}
export function strip(host, spec) {
  const width = Math.max(260, host.clientWidth || 600), height = spec.file ? 74 : 58, left = 8, right = width - 8;
  const [low, high] = spec.range;
  const x = (value) => left + ((value - low) / (high - low)) * (right - left);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const marks = ticks(low, high, width < 420 ? 4 : 8), base = height - 20;
  root.append(svg("line", { x1: left, x2: right, y1: base, y2: base, class: "grid-line" }));
  for (const value of marks.values) {
    root.append(svg("line", { x1: x(value), x2: x(value), y1: Math.abs(value) < 1e-12 ? 4 : base, y2: base + 4, class: "zero" }));
    const anchor = x(value) < left + 12 ? "start" : x(value) > right - 12 ? "end" : "middle";
    root.append(svg("text", { x: x(value), y: base + 17, "text-anchor": anchor }, tickText(value, marks.step)));
  }
  const draw = (one, y, colour, wide, isHollow) => {
    if (one.low !== null && one.high !== null) root.append(svg("line", { x1: x(one.low), x2: Math.max(x(one.high), x(one.low) + 1), y1: y, y2: y, stroke: colour, "stroke-width": wide, "stroke-opacity": isHollow ? 1 : 0.5 }));
    root.append(svg("circle", { cx: x(one.mid), cy: y, r: isHollow ? 4 : 6, fill: isHollow ? "#fff" : colour, stroke: colour, "stroke-width": isHollow ? 1.5 : 0 }));
  };
  if (spec.file) {
    draw(spec.file, 38, "#6d6d6d", 1.5, true);
    const atRight = x(spec.file.mid) > width / 2;
    root.append(svg("text", { x: x(spec.file.mid) + (atRight ? -10 : 10), y: 42, "text-anchor": atRight ? "end" : "start" }, "as in the file"));
  }
  draw(spec.now, 17, colourOf(spec.now.mid), 7, false);
  host.replaceChildren(root);
}

// A row of a table: one effect on a common scale
export function dot(host, one, range) {
  const width = 200, height = 22, x = (value) => 6 + ((value - range[0]) / (range[1] - range[0])) * (width - 12);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  root.append(svg("line", { x1: x(0), x2: x(0), y1: 0, y2: height, class: "zero", "vector-effect": "non-scaling-stroke" }));
  if (one.mid !== null && one.mid !== 0) {
    root.append(svg("rect", { x: Math.min(x(0), x(one.mid)), y: 6, width: Math.max(0.5, Math.abs(x(one.mid) - x(0))), height: 10, fill: colourOf(one.mid), "fill-opacity": 0.75 }));
    if (one.low !== null && one.high !== null) root.append(svg("line", { x1: x(one.low), x2: x(one.high), y1: 11, y2: 11, stroke: "#1c1c1c", "stroke-width": 2, "vector-effect": "non-scaling-stroke" }));
  }
  host.replaceChildren(root);
}

function along([a, b, c], part) {
  const at = (k) => (1 - part) ** 2 * a[k] + 2 * part * (1 - part) * b[k] + part ** 2 * c[k];
  return [at(0), at(1)];
}

// The map of flows in one month: spec = {layout, actors, ties: [{value, isLess}], most}
export function flowMap(host, spec) {
  const { layout } = spec;
  const root = svg("svg", { viewBox: `0 0 ${layout.width} ${layout.height}`, "aria-hidden": "true" });
  root.style.maxWidth = `${layout.width * 1.15}px`;
  spec.ties.forEach((tie, at) => {
    const curve = layout.curves[at], [a, b, c] = curve;
    root.append(svg("path", { d: `M${a}Q${b} ${c}`, fill: "none", stroke: "#e3e3df", "stroke-width": 1 }));
    const size = Math.abs(tie.value);
    if (!(size > spec.most * 1e-4)) return;
    const wide = 1 + 11 * Math.sqrt(size / spec.most), colour = tie.colour;
    root.append(svg("path", { d: `M${a}Q${b} ${c}`, fill: "none", stroke: colour, "stroke-width": wide.toFixed(1), "stroke-opacity": 0.55, "stroke-dasharray": tie.dash ?? "" }));
    const [x0, y0] = along(curve, 0.56), [x1, y1] = along(curve, 0.62), turn = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI, arrow = 5 + wide * 0.55;
    root.append(svg("path", { d: `M${-arrow},${-arrow * 0.8}L${arrow},0L${-arrow},${arrow * 0.8}Z`, transform: `translate(${x1.toFixed(1)} ${y1.toFixed(1)}) rotate(${turn.toFixed(1)})`, fill: colour, stroke: "#fff", "stroke-width": 1 }));
  });
  for (const actor of spec.actors) {
    const [x, y, wide, high] = layout.boxes[actor.id], rows = layout.lines[actor.id];
    root.append(svg("rect", { x: x - wide / 2 + 2, y: y - high / 2 + 2, width: wide - 4, height: high - 4, rx: actor.is_proxy ? (high - 4) / 2 : 3, fill: "#f5f5f5", stroke: "#4a4a4a", "stroke-width": 1 }));
    rows.forEach((line, at) => {
      const label = svg("text", { x, y: y + 4.5 + (at - (rows.length - 1) / 2) * 16, "text-anchor": "middle", class: "strong" }, line);
      root.append(label);
    });
  }
  host.replaceChildren(root);
}
export const SIGNS = { up: UP, down: DOWN, upText: UP_TEXT };
