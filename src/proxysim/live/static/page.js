// The live page. All text is set with textContent, all values come from the server of this machine.

import { LOOKS, SIGNS, dot, flowMap, lines, plain, strip } from "/charts.js";

const $ = (id) => document.getElementById(id);
const stored = "proxysim-live";
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let socket = null, greeting = null, offer = null, waitFor = 500;
let state = null; // what is asked for
let seq = Math.floor(Math.random() * 1e6) * 1000; // number of what is asked for; answers with another one are old
let fresh = false; // whether the answer that is shown is for what is asked for
let lastAnswer = null, lastMap = null, ranges = {}, ofFile = {}, frame = 0, timer = 0, spokenTimer = 0, saving = 0;
const dials = new Map();

function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

// ---- numbers as people read them ---------------------------------------------------------------------------------

function inUnit(value, one) {
  if (one.kind === "share" || one.kind === "provision") return `${Number((100 * value).toPrecision(4))} %`.replace("-", "−");
  const text = Math.abs(value) >= 1e4 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(4)));
  return `${text} ${one.unit}`.trim().replace("-", "−");
}

function stepOf(one) {
  const raw = (one.most - one.least) / 100, size = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5].map((part) => part * size).filter((part) => part <= raw * 1.0001).at(-1) ?? size;
}

function ended(text) { return !text || /[.!?]$/.test(text) ? text : `${text}.`; }

// ---- the connection -----------------------------------------------------------------------------------------------

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", lost);
}

async function lost(event) {
  stale();
  document.body.dataset.state = "lost";
  status("Connection lost. The numbers on the page are old.");
  let reason = "The server of this page does not answer. It may have been stopped; the page tries again by itself.";
  try {
    const answer = await fetch("/alive", { cache: "no-store" });
    if (answer.status === 403) { trouble("The server was started again. Open the new address that proxysim serve printed."); return; }
    if (answer.ok) reason = event.code === 1013 && event.reason ? `${ended(event.reason)} The page tries again by itself.` : "";
  } catch { /* not there */ }
  trouble(reason);
  setTimeout(connect, waitFor);
  waitFor = Math.min(8000, waitFor * 1.7);
}

function trouble(text) { $("trouble").textContent = text; $("trouble").hidden = !text; }
function status(text) { $("status-text").textContent = text; }
function send(message) { if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); }

function take(message) {
  const handlers = { hello, offer: takeOffer, answer: takeAnswer, about: takeAbout, map: takeMap, provisions: takeProvisions, refused };
  if (message.type === "answer" && message.seq < seq) { follow(message); return; }
  if (["answer", "about", "map", "provisions"].includes(message.type) && message.seq !== seq) return; // for something that was asked for before
  handlers[message.type]?.(message);
}

function hello(message) {
  greeting = message;
  waitFor = 500;
  trouble("");
  const chosen = state?.world ?? remembered()?.world ?? message.first;
  $("world").replaceChildren(...message.worlds.map((one) => make("option", { value: one.id, textContent: one.label, title: one.question })));
  $("world").disabled = message.worlds.length < 2;
  const world = message.worlds.some((one) => one.id === chosen) ? chosen : message.first;
  $("world").value = world;
  if (offer && offer.world === world && state) { ask(); return; } // the same page after a lost connection
  openWorld(world, remembered()?.world === world ? remembered().focus : undefined);
}

function openWorld(world, focus) {
  stale();
  status("reading the world …");
  send(focus ? { open: world, focus } : { open: world });
}

function remembered() {
  try { return JSON.parse(sessionStorage.getItem(stored)); } catch { return null; }
}

// ---- what is asked for ----------------------------------------------------------------------------------------------

function ask() {
  if (!state) return;
  seq += 1;
  stale();
  try { sessionStorage.setItem(stored, JSON.stringify(state)); } catch { /* private windows */ }
  $("reset").disabled = !isChanged();
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(post); // at most one message a frame, however fast a slider moves
}

function post() { send({ ...request(), seq, views: views() }); }

function request() {
  const message = { world: state.world, focus: state.focus, changes: state.changes, countermeasures: state.countermeasures, outcome: state.outcome, actor: state.actor, uncertain: state.uncertain };
  if (offer.policies.length) message.policies = state.policies;
  return message;
}

function views() { return [["map-view", "map"], ["provisions-view", "provisions"]].filter(([id]) => $(id).open).map(([, name]) => name); }
function filePolicies() { return offer.policies.filter((one) => one.on).map((one) => one.id); }

function isChanged() {
  return Object.keys(state.changes).length > 0 || state.countermeasures.length > 0 || state.uncertain || String(state.policies) !== String(filePolicies());
}

function stale() {
  fresh = false;
  document.body.dataset.state = "computing";
  $("headline").dataset.fresh = $("pictures").dataset.fresh = "no";
  for (const id of ["provisions", "map"]) $(id).dataset.fresh = "no";
  $("map-table").dataset.fresh = $("changed-box").dataset.fresh = "no";
  $("copy-command").disabled = $("copy-toml").disabled = true;
  $("write").dataset.stale = "yes";
  $("write-n").textContent = "being computed";
  for (const id of ["command", "toml"]) $(id).dataset.fresh = "no";
  if (socket?.readyState === WebSocket.OPEN) status("computing …");
  $("progress-bar").style.width = "0";
}

// ---- the offer: controls ------------------------------------------------------------------------------------------

function takeOffer(message) {
  if (message.world !== $("world").value) return; // another world was chosen meanwhile
  const isSameWorld = offer?.world === message.world;
  offer = message;
  const old = isSameWorld ? state : remembered()?.world === message.world ? remembered() : null;
  const known = new Set(offer.numbers.map((one) => one.path));
  const outcome = offer.outcomes.find((one) => one.id === old?.outcome) ?? offer.outcomes.find((one) => one.id === offer.default.outcome);
  const actor = outcome.actors.find((one) => one.id === old?.actor)?.id ?? outcome.actors.find((one) => one.id === offer.default.actor)?.id ?? outcome.actors[0].id;
  const keptChanges = old?.focus === offer.focus ? Object.entries(old.changes ?? {}) : [];
  state = {
    world: offer.world, focus: offer.focus, changes: Object.fromEntries(keptChanges.filter(([path, value]) => known.has(path) && Number.isFinite(value))),
    countermeasures: (old?.countermeasures ?? []).filter((id) => offer.countermeasures.some((one) => one.id === id)),
    policies: (old?.policies ?? filePolicies()).filter((id) => offer.policies.some((one) => one.id === id)), outcome: outcome.id, actor, uncertain: old?.uncertain === true,
  };
  lastMap = null;
  if (!isSameWorld) { ranges = {}; ofFile = {}; }
  document.title = `${offer.label} – proxysim`;
  $("question").textContent = offer.question || offer.label;
  $("focus").replaceChildren(...offer.focuses.map((one) => make("option", { value: one.id, textContent: one.label })));
  $("focus").value = offer.focus ?? "";
  const about = offer.focuses.find((one) => one.id === offer.focus)?.about ?? "";
  $("focus-about").textContent = `${ended(about)} Compared with “${offer.baseline_label}”.`.trim();
  $("controls").hidden = offer.focus === null;
  if (offer.focus === null) { status("This world has no branch to compare with its baseline."); return; }
  buildControls();
  buildOutcomes();
  ask();
}

function buildControls() {
  dials.clear();
  for (const id of ["terms", "provisions-dials", "more", "levers", "policies"]) $(id).replaceChildren();
  const of = (group) => offer.numbers.filter((one) => one.group === group);
  for (const one of of("pact")) addDial($("terms"), one);
  for (const one of of("provisions")) addDial($("provisions-dials"), one);
  const others = of("other");
  $("numbers").replaceChildren(...others.map((one) => make("option", { value: one.label, label: one.path })));
  $("more-box").hidden = others.length === 0;
  for (const one of others) if (one.path in state.changes) addDial($("more"), one);
  $("levers-box").hidden = offer.countermeasures.length === 0;
  const plainLevers = offer.countermeasures.filter((one) => !one.is_counter);
  for (const one of offer.countermeasures) {
    if (one === plainLevers[0]) $("levers").append(make("p", { className: "note", textContent: "Other changes" }));
    const words = one.cost ? `${ended(one.about)} ${one.cost}` : one.about;
    $("levers").append(toggle("lever", one, words, state.countermeasures.includes(one.id), (on) => {
      state.countermeasures = offer.countermeasures.map((each) => each.id).filter((id) => (id === one.id ? on : state.countermeasures.includes(id)));
      ask();
    }));
  }
  $("policies-box").hidden = offer.policies.length === 0;
  for (const one of offer.policies) {
    $("policies").append(toggle("policy", one, `${one.owner}: ${one.about}`, state.policies.includes(one.id), (on) => {
      state.policies = offer.policies.map((each) => each.id).filter((id) => (id === one.id ? on : state.policies.includes(id)));
      ask();
    }));
  }
  $("uncertain").checked = state.uncertain;
}

function toggle(kind, one, words, on, act) {
  const box = make("input", { type: "checkbox", checked: on });
  box.dataset[kind] = one.id;
  box.addEventListener("change", () => act(box.checked));
  const text = make("span", { textContent: one.label, dir: "auto" });
  if (words) text.append(make("small", { textContent: words }));
  return make("label", { className: "switch" }, box, text);
}

function addDial(host, one) {
  if (dials.has(one.path)) { dials.get(one.path).input.focus(); return; }
  const id = `dial-${dials.size}`, step = stepOf(one), least = Math.ceil(one.least / step - 1e-9) * step;
  const input = make("input", { type: "range", id, min: String(Number(Math.max(one.least, least).toPrecision(12))), max: String(one.most), step: String(Number(step.toPrecision(6))) });
  input.dataset.path = one.path;
  const output = make("output", { htmlFor: id }), undo = make("button", { type: "button", className: "undo", textContent: "undo", ariaLabel: `${one.label}: back to the value of the file` });
  const note = make("span", { className: "outside-note", hidden: true });
  const at = (value) => `calc(9px + (100% - 18px) * ${Math.min(1, Math.max(0, (value - Number(input.min)) / (Number(input.max) - Number(input.min))))})`;
  const track = make("div", { className: "track" });
  if (one.low !== null && one.high !== null) {
    const mark = make("span", { className: "spread", title: `range in the file: ${inUnit(one.low, one)} to ${inUnit(one.high, one)}` });
    mark.style.left = at(one.low);
    mark.style.right = `calc(100% - (${at(one.high).slice(5, -1)}))`;
    track.append(mark);
  }
  const file = make("span", { className: "file", title: `in the file: ${inUnit(one.value, one)}` });
  file.style.left = at(one.value);
  track.append(file, input);
  const row = make("div", { className: "dial" }, make("label", { htmlFor: id, textContent: one.label, dir: "auto" }), undo, output, track, note);
  row.title = one.unit ? `${one.path}, ${one.unit}` : one.path;
  const show = () => {
    const value = state.changes[one.path] ?? one.value, moved = one.path in state.changes;
    output.textContent = inUnit(value, one);
    const beyond = moved && ((one.low !== null && value < one.low) || (one.high !== null && value > one.high));
    row.classList.toggle("moved", moved);
    row.classList.toggle("outside", beyond);
    note.hidden = !beyond;
    note.textContent = beyond ? `outside the range of the file, ${inUnit(one.low, one)} to ${inUnit(one.high, one)}` : "";
    const words = [inUnit(value, one)];
    if (moved) words.push(`in the file ${inUnit(one.value, one)}`);
    if (beyond) words.push("outside the range of the file");
    input.setAttribute("aria-valuetext", words.join("; "));
    undo.tabIndex = moved ? 0 : -1;
  };
  input.value = String(state.changes[one.path] ?? one.value);
  input.addEventListener("input", () => {
    const value = Number(Number(input.value).toPrecision(12)), close = Math.abs(value - one.value) < step / 2;
    if (close) delete state.changes[one.path];
    else state.changes[one.path] = Math.min(one.most, Math.max(one.least, value));
    show();
    ask();
  });
  undo.addEventListener("click", () => { delete state.changes[one.path]; input.value = String(one.value); show(); input.focus(); ask(); });
  dials.set(one.path, { input, show });
  host.append(row);
  show();
}

function buildOutcomes() {
  $("outcome").replaceChildren(...offer.outcomes.map((one) => make("option", { value: one.id, textContent: one.label })));
  $("outcome").value = state.outcome;
  buildActors();
}

function buildActors() {
  const outcome = offer.outcomes.find((one) => one.id === state.outcome);
  $("actor").replaceChildren(...outcome.actors.map((one) => make("option", { value: one.id, textContent: one.label })));
  if (!outcome.actors.some((one) => one.id === state.actor)) state.actor = outcome.actors[0].id;
  $("actor").value = state.actor;
  $("outcome-about").textContent = outcome.about ? `${outcome.label}: ${outcome.about}.` : "";
}

// ---- answers ----------------------------------------------------------------------------------------------------------

function key() { return JSON.stringify([state.focus, state.outcome, state.actor]); }

// While a slider moves, its picture follows with the answer to an earlier position, and stays marked as old.
function follow(message) {
  const effect = message.effect;
  if (fresh || !state || message.world !== state.world || message.focus !== state.focus || effect.measure !== state.outcome || effect.actor !== state.actor) return;
  lastAnswer = message;
  $("change").textContent = effect.same ? "no change" : effect.change;
  $("change-unit").textContent = effect.same || effect.difference === null ? "" : effect.change_unit;
  $("sentence").textContent = effect.sentence;
  $("sure").textContent = effect.sure;
  drawEffect(true);
  drawMonths();
  document.body.dataset.state = "following";
}

function takeAnswer(message) {
  const effect = message.effect, isFirst = !fresh;
  fresh = true;
  lastAnswer = message;
  document.body.dataset.state = message.done ? "done" : "refining";
  $("headline").dataset.fresh = $("pictures").dataset.fresh = "yes";
  for (const id of ["command", "toml"]) $(id).dataset.fresh = "yes";
  $("write").dataset.stale = "no";
  $("change").textContent = effect.same ? "no change" : effect.change;
  $("change").dataset.seq = String(message.seq);
  $("change").dataset.n = String(message.n);
  $("change-unit").textContent = effect.same || effect.difference === null ? "" : effect.change_unit;
  $("sentence").textContent = effect.sentence;
  const levels = effect.difference === null ? "" : ` From ${effect.baseline_text} to ${effect.value_text}${effect.shown_unit === "index" || effect.shown_unit.startsWith("share") || effect.shown_unit === "percent" ? "" : ` ${effect.shown_unit}`}.`;
  $("sure").textContent = effect.sure + (effect.same ? "" : levels);
  const count = `${message.n.toLocaleString("en-US")} of ${message.of.toLocaleString("en-US")} pairs`;
  status(message.done ? `${message.n.toLocaleString("en-US")} paired runs` : `${count}, refining …`);
  $("progress-bar").style.width = `${(100 * message.n) / message.of}%`;
  drawEffect();
  drawMonths();
  if (message.others) drawOthers(message);
  else if (isFirst) $("others-box").dataset.fresh = "no";
  drawRegimes(message);
  $("command").textContent = message.command;
  $("toml").textContent = message.toml;
  $("write-n").textContent = `${message.n.toLocaleString("en-US")} pairs`;
  for (const name of ["difference", "low", "high"]) $(`exact-${name}`).textContent = effect[name] === null ? "none" : String(effect[name]);
  $("copy-command").disabled = $("copy-toml").disabled = false;
  clearTimeout(spokenTimer); // said once, when the slider rests and the answer is there
  if (message.done) spokenTimer = setTimeout(() => { $("spoken").textContent = `${effect.sentence} ${effect.sure}`; }, 400);
}

function drawEffect(isOld = false) {
  const effect = lastAnswer.effect, factor = effect.factor;
  if (effect.difference === null) { $("strip").replaceChildren(); return; }
  const now = { mid: effect.difference * factor, low: effect.low === null ? null : effect.low * factor, high: effect.high === null ? null : effect.high * factor };
  if (!isChanged() && !isOld) ofFile[key()] = now;
  const file = isChanged() ? ofFile[key()] : undefined;
  const values = [0, now.mid, now.low ?? now.mid, now.high ?? now.mid, ...(file ? [file.mid, file.low ?? file.mid, file.high ?? file.mid] : [])];
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const known = ranges[key()], room = 0.12 * (high - low || 1);
  if (known) [low, high] = [Math.min(low, known[0] + room * 0.01), Math.max(high, known[1] - room * 0.01)];
  if (!known || low < known[0] || high > known[1]) ranges[key()] = [low - room, high + room]; // grows and never shrinks, so that a slider moves the point and not the scale
  strip($("strip"), { now, file, range: ranges[key()] });
  $("strip").setAttribute("aria-label", `Effect ${effect.change} ${effect.change_unit}; ${effect.sure}${file ? ` In the file ${plain(file.mid, true)}.` : ""}`);
}

function drawMonths() {
  const months = lastAnswer.months;
  $("levels-box").hidden = months === null;
  if (months === null) return;
  const outcome = offer.outcomes.find((one) => one.id === state.outcome), actor = outcome.actors.find((one) => one.id === state.actor)?.label ?? "";
  const smoothed = months.smoothed > 1 ? " Means over three months." : "";
  lines($("levels"), {
    months: offer.months, unit: months.unit, include: months.is_index ? [100] : [0],
    series: months.levels.map((row, at) => ({ name: months.names[at], look: LOOKS[at], low: row[0], mid: row[1], high: row[2] })),
  });
  $("levels-caption").textContent = `${outcome.label.replace(" at the end", "")}, ${actor}: median, and band with 90 % of runs.${smoothed}`;
  $("levels").setAttribute("aria-label", `${actor} by month; in the last month ${months.levels.map((row, at) => `${plain(row[1].at(-1))} in ${months.names[at]}`).join(", ")}`);
  const ink = { colour: "#1c1c1c", dash: "" };
  lines($("effect"), { months: offer.months, unit: months.change_unit || months.unit, include: [0], signed: true, series: [{ name: "With the pact minus baseline", look: ink, low: months.effect[0], mid: months.effect[1], high: months.effect[2] }] });
  $("effect-caption").textContent = `The effect: mean difference between the two runs of a pair, and band with 90 % of pairs.${smoothed}`;
  $("effect").setAttribute("aria-label", `Effect by month; in the last month ${plain(months.effect[1].at(-1), true)}`);
}

function drawOthers(message) {
  $("others-box").hidden = message.others.length < 2;
  $("others-box").dataset.fresh = "yes";
  const scaleOf = (isProxy) => {
    const values = message.others.filter((one) => one.is_proxy === isProxy).flatMap((one) => [one.mid ?? 0, one.low ?? 0, one.high ?? 0]);
    const range = [Math.min(0, ...values), Math.max(0, ...values)];
    return range[0] === range[1] ? [0, 1] : range;
  };
  const scales = { true: scaleOf(true), false: scaleOf(false) };
  const rows = message.others.map((one) => {
    const name = make("button", { type: "button", className: "link", textContent: one.label, title: "look at this actor" });
    name.addEventListener("click", () => { state.actor = one.actor; $("actor").value = one.actor; ask(); });
    const cell = make("td", { className: "dots" });
    dot(cell, one, scales[one.is_proxy]);
    return make("tr", { className: one.actor === state.actor ? "chosen" : "" }, make("th", { scope: "row" }, name), make("td", { className: "n", textContent: one.baseline }), make("td", { className: "n", textContent: one.value }),
      make("td", { className: "n", textContent: one.change }), make("td", { className: "quiet", textContent: one.interval }), cell);
  });
  $("others").replaceChildren(...rows);
  const unit = message.effect.shown_unit;
  $("others-note").textContent = `${offer.outcomes.find((one) => one.id === state.outcome).label}${unit ? `, ${unit}` : ""}; ${message.n.toLocaleString("en-US")} pairs.${new Set(message.others.map((one) => one.is_proxy)).size > 1 ? " The bars of proxies and those of states have scales of their own." : ""}`;
}

function drawRegimes(message) {
  $("regimes-box").hidden = message.regimes.length === 0;
  const known = $("regimes").children.length === message.regimes.length;
  if (!known) $("regimes").replaceChildren(...message.regimes.map(() => make("figure", {}, Object.assign(make("div", { className: "chart" }), { role: "img" }), make("figcaption"))));
  message.regimes.forEach((one, at) => {
    const [chart, caption] = $("regimes").children[at].children;
    caption.textContent = `${one.label}: share of runs in which it stands, with 95 % intervals. ${one.text}`;
    chart.setAttribute("role", "img");
    chart.setAttribute("aria-label", `${one.label}. ${one.text}`);
    lines(chart, { months: offer.months, unit: "% of runs", include: [0, 100], step: true, series: one.sides.map((row, place) => ({ name: one.names[place], look: LOOKS[place], low: row[0], mid: row[1], high: row[2] })) });
  });
}

function refused(message) {
  if (message.seq !== seq && message.seq !== -1) return;
  document.body.dataset.state = "refused";
  status(message.message);
  if (message.seq === -1) return;
  $("progress-bar").style.width = "0";
}

// ---- what was changed -----------------------------------------------------------------------------------------------

function gradeText(one) { return one.grade ? `${one.grade}, ${one.grade_name}` : "no grade"; }

function takeAbout(message) {
  $("changed-box").dataset.fresh = "yes";
  $("changed-none").hidden = message.changed.length + message.switched.length > 0 || message.uncertain;
  $("changed-box").hidden = message.changed.length === 0;
  $("changed").replaceChildren(...message.changed.map((one) => {
    const name = make("th", { scope: "row" }, make("span", { textContent: `${one.label} `, dir: "auto" }), make("small", {}, make("code", { textContent: one.path }), ` ${one.where}`));
    for (const lever of one.replaced) name.append(make("small", { className: "warn", textContent: `replaces what “${lever}” does to this number` }));
    const range = make("td", { textContent: one.range });
    if (one.outside) range.append(make("small", { className: "warn", textContent: "the new value is outside" }));
    const grade = make("td", { textContent: gradeText(one) });
    for (const source of one.source) grade.append(make("small", { textContent: source, dir: "auto" }));
    return make("tr", {}, name, make("td", { className: "n", textContent: one.file }), make("td", { className: "n", textContent: one.value }), range, grade);
  }));
  const switched = message.switched.map((one) => make("li", { dir: "auto", textContent: `${one.label}: ${one.what}. ${ended(one.about)}` }));
  if (message.uncertain) switched.push(make("li", { textContent: "Every uncertain number is resampled from its range in the file, so the interval also covers what is not known of the numbers." }));
  $("switched").replaceChildren(...switched);
  $("assumed").replaceChildren(...message.assumed.map((one) => make("tr", {}, make("th", { scope: "row" }, make("code", { textContent: one.path })), make("td", { className: "n", textContent: one.before }),
    make("td", { className: "n", textContent: `${one.after} ${one.unit}`.trim() }, one.chain ? make("small", { textContent: one.chain }) : null), make("td", { textContent: one.range }), make("td", { textContent: gradeText(one) }))));
  const counts = {};
  for (const one of message.assumed) counts[gradeText(one)] = (counts[gradeText(one)] ?? 0) + 1;
  const words = Object.entries(counts).map(([name, count]) => `${count} × ${name}`).join("; ");
  $("assumed-note").textContent = `These are all numbers in which the two branches differ${message.more_assumed ? ` (and ${message.more_assumed} more)` : ""}. Evidence: ${words || "none"}.`;
}

// ---- provisions ---------------------------------------------------------------------------------------------------------

function takeProvisions(message) {
  $("provisions").dataset.fresh = "yes";
  if (message.message) { $("provisions").replaceChildren(); $("provisions-note").textContent = message.message; return; }
  const values = message.rows.flatMap((one) => [one.mid ?? 0, one.low ?? 0, one.high ?? 0]), range = [Math.min(0, ...values), Math.max(0, ...values)];
  if (range[0] === range[1]) range[1] = 1;
  $("provisions").replaceChildren(...message.rows.map((one) => {
    const cell = make("td", { className: "dots" });
    dot(cell, one, range);
    return make("tr", {}, make("th", { scope: "row", textContent: one.label }), make("td", { className: "n", textContent: one.change }), make("td", { className: "quiet", textContent: one.interval }), cell);
  }));
  const more = message.n < message.of ? ", refining …" : "";
  $("provisions-note").textContent = `${message.outcome}, ${message.actor}: the total of ${message.total} ${message.unit} divided among the provisions (Shapley values, 95 % intervals); ${message.n} pairs for each combination${more}`;
}

// ---- the map ------------------------------------------------------------------------------------------------------------

function takeMap(message) {
  const isFirst = lastMap === null;
  lastMap = message;
  $("map").dataset.fresh = $("map-table").dataset.fresh = "yes";
  $("map-tools").hidden = message.ties.length === 0;
  $("map-note").textContent = message.ties.length ? `Mean of ${message.n} pairs, arms sent over each tie, USD m a year. Positions are not geographical.` : "Nobody sends arms to anybody in this world.";
  $("month").max = String(message.months.length - 1);
  if (isFirst && $("month").value === "0") $("month").value = String(Math.min(message.months.length - 1, Math.floor(message.months.length / 2)));
  drawMap();
}

function drawMap() {
  if (!lastMap || !lastMap.ties.length) { $("map").replaceChildren(); $("map-table").replaceChildren(); return; }
  const month = Number($("month").value), side = document.querySelector("input[name=side]:checked").value;
  const valueOf = (tie) => (side === "difference" ? tie.sent[1][month] - tie.sent[0][month] : tie.sent[Number(side)][month]);
  const largest = side === "difference" ? Math.max(...lastMap.ties.flatMap((tie) => tie.sent[0].map((value, at) => Math.abs(tie.sent[1][at] - value)))) : lastMap.most;
  const colourOf = (value) => (side !== "difference" ? LOOKS[Number(side)].colour : value < 0 ? SIGNS.down : SIGNS.up);
  const name = lastMap.months[month], narrow = $("map").clientWidth < 560;
  $("month-name").textContent = name;
  $("month").setAttribute("aria-valuetext", name);
  const ties = lastMap.ties.map((tie) => ({ value: valueOf(tie), colour: colourOf(valueOf(tie)), dash: side === "difference" && valueOf(tie) < 0 ? "7 4" : "" }));
  flowMap($("map"), { layout: lastMap.layouts[narrow ? "narrow" : "wide"], actors: lastMap.actors, ties, most: largest || 1 });
  const labels = Object.fromEntries(lastMap.actors.map((one) => [one.id, one.label]));
  const rows = lastMap.ties.map((tie) => [tie, valueOf(tie)]).filter(([, value]) => Math.abs(value) >= 0.0005).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  $("map-table").replaceChildren(...rows.slice(0, 6).map(([tie, value]) => make("tr", {}, make("th", { scope: "row", textContent: `${labels[tie.from]} → ${labels[tie.to]}`, dir: "auto" }), make("td", { className: "n", textContent: plain(value, side === "difference") }))));
  const what = side === "difference" ? "What the pact adds (solid) or takes away (dashed)" : `Arms sent in the branch “${lastMap.names[Number(side)]}”`;
  $("map-caption").textContent = `${name}. ${what}. Wider lines are larger flows; boxes are states, round boxes are proxies.`;
  $("map").setAttribute("aria-label", `Flows of arms in ${name}: ${rows.slice(0, 4).map(([tie, value]) => `${labels[tie.from]} to ${labels[tie.to]} ${plain(value, side === "difference")}`).join(", ") || "none"}`);
}

function play(on) {
  clearInterval(timer);
  timer = 0;
  $("play").setAttribute("aria-pressed", String(on));
  $("play").textContent = on ? "Pause" : "Play";
  if (!on || !lastMap) return;
  if (Number($("month").value) >= lastMap.months.length - 1) $("month").value = "0";
  timer = setInterval(() => {
    if (Number($("month").value) >= lastMap.months.length - 1) { play(false); return; }
    $("month").value = String(Number($("month").value) + 1);
    drawMap();
  }, calm.matches ? 1000 : 180);
}

// ---- writing it down ----------------------------------------------------------------------------------------------------

async function copy(id, what) {
  if (!fresh) return;
  const text = $(id).textContent;
  let done = false;
  try { await navigator.clipboard.writeText(text); done = true; } catch { /* not in this browser: select it instead */ }
  if (!done) {
    const range = document.createRange();
    range.selectNodeContents($(id));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    done = document.execCommand("copy");
  }
  const button = $(id === "command" ? "copy-command" : "copy-toml"), before = button.textContent;
  button.textContent = done ? "Copied" : "Selected; press Ctrl-C";
  $("copied").textContent = done ? `${what} copied` : "Selected";
  setTimeout(() => { button.textContent = before; }, 1500);
}

async function save() {
  const turn = ++saving, body = JSON.stringify({ ...request(), seq: 0 });
  $("save").disabled = true;
  try {
    for (;;) {
      const answer = await fetch("/report", { method: "POST", body, headers: { "content-type": "application/json" } });
      if (turn !== saving) return;
      if (answer.status === 202) {
        const step = await answer.json();
        $("save-note").textContent = `${step.step}${step.total ? `: ${Math.floor((100 * step.done) / step.total)} %` : " …"}`;
        await new Promise((resolve) => { setTimeout(resolve, 700); });
        continue;
      }
      if (!answer.ok) { $("save-note").textContent = (await answer.text()).trim(); return; }
      const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: `${offer.world}-report.html` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      $("save-note").textContent = "Saved. It has its own command line at the end.";
      return;
    }
  } catch {
    $("save-note").textContent = "The connection was lost before the report was finished.";
  } finally {
    $("save").disabled = false;
  }
}

// ---- events ---------------------------------------------------------------------------------------------------------------

$("controls").addEventListener("submit", (event) => event.preventDefault());
$("world").addEventListener("change", () => { seq += 1; state = null; openWorld($("world").value); });
$("focus").addEventListener("change", () => { seq += 1; openWorld(offer.world, $("focus").value); });
$("outcome").addEventListener("change", () => { state.outcome = $("outcome").value; buildActors(); ask(); });
$("actor").addEventListener("change", () => { state.actor = $("actor").value; ask(); });
$("uncertain").addEventListener("change", () => { state.uncertain = $("uncertain").checked; ask(); });
$("policies-all").addEventListener("click", () => { state.policies = offer.policies.map((one) => one.id); buildControls(); ask(); });
$("policies-none").addEventListener("click", () => { state.policies = []; buildControls(); ask(); });
$("reset").addEventListener("click", () => {
  Object.assign(state, { changes: {}, countermeasures: [], policies: filePolicies(), uncertain: false });
  buildControls();
  ask();
  $("h-controls").scrollIntoView({ block: "nearest" });
});
$("add").addEventListener("change", () => {
  const wanted = $("add").value.trim(), one = offer.numbers.find((each) => each.group === "other" && (each.label === wanted || each.path === wanted));
  if (!one) { $("add-note").textContent = wanted ? "No number has that name; choose one from the list." : "These change in every branch, the baseline too."; return; }
  $("add").value = "";
  $("add-note").textContent = "These change in every branch, the baseline too.";
  addDial($("more"), one);
});
$("month").addEventListener("input", () => { play(false); drawMap(); });
$("play").addEventListener("click", () => play(timer === 0));
for (const one of document.querySelectorAll("input[name=side]")) one.addEventListener("change", drawMap);
for (const id of ["map-view", "provisions-view"]) {
  $(id).addEventListener("toggle", () => {
    if (!state) return;
    if (!$(id).open) play(false);
    else if (id === "provisions-view" && !$("provisions").children.length) $("provisions-note").textContent = "Computed when the effect is finished; a large world takes a while …";
    else if (id === "map-view" && !lastMap) $("map-note").textContent = "Computed when the effect is finished …";
    post();
  });
}
$("copy-command").addEventListener("click", () => copy("command", "Command line"));
$("copy-toml").addEventListener("click", () => copy("toml", "World file"));
$("save").addEventListener("click", save);
let wide = 0;
addEventListener("resize", () => {
  if (innerWidth === wide) return;
  wide = innerWidth;
  if (lastAnswer) { drawEffect(); drawMonths(); drawRegimes(lastAnswer); }
  drawMap();
});

connect();
