// The address of the old dashboard: newest results and totals, pushed over a WebSocket every two seconds.
const RECONNECT_MS = 5_000;
const SILENCE_MS = 10_000;
const UNKNOWN = "–";
const SYMBOLS = { pending: "○", processing: "◔", completed: "●", failed: "◆" };
let socket = null;
let watchdog;
let lostAt = null;
let wasLive = false;

const known = (value) => typeof value === "number" && Number.isFinite(value);
const count = (value, digits = 0) =>
  known(value) ? value.toLocaleString("en-US", { maximumFractionDigits: digits }) : UNKNOWN;
// Rounded down, so that only what is whole reads 100.
const percent = (value) => (known(value) ? `${Math.floor(value * 10) / 10} %` : UNKNOWN);
const perMinute = (value) => (known(value) ? `${count(value, 1)} per minute` : UNKNOWN);

const CARDS = {
  total_jobs: count,
  completed: count,
  failed: count,
  success_rate: percent,
  throughput_per_minute: perMinute,
};

function show(id, text) {
  document.getElementById(id).textContent = text;
}

function utc(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? UNKNOWN : date.toISOString().slice(0, 19).replace("T", " ");
}

function tookMs(result) {
  if (!result.completed_at) return UNKNOWN;
  return count(Date.parse(result.completed_at) - Date.parse(result.created_at));
}

function highestScore(result) {
  const scores = (result.subsystems ?? []).map((one) => one.anomaly_score).filter(known);
  return scores.length === 0 ? UNKNOWN : Math.max(...scores).toFixed(4);
}

function cell(text, className = "") {
  const element = document.createElement("td");
  element.textContent = text ?? UNKNOWN;
  element.className = className;
  return element;
}

function row(result) {
  const element = document.createElement("tr");
  const status = cell(`${SYMBOLS[result.status] ?? "?"} ${result.status}`);
  status.dataset.status = result.status;
  element.append(
    cell(utc(result.created_at), "number-like"),
    cell(result.satellite_id),
    cell(result.job_id),
    cell(result.model_name),
    cell(result.source),
    status,
    cell(highestScore(result), "number"),
    cell(tookMs(result), "number"),
  );
  return element;
}

function update(message) {
  for (const [name, format] of Object.entries(CARDS)) show(name, format(message.statistics?.[name]));
  const rows = (message.recent_results ?? []).slice(0, 10).map(row);
  if (rows.length > 0) document.getElementById("results").replaceChildren(...rows);
}

function enter(state, text) {
  const connection = document.getElementById("connection");
  document.body.dataset.state = state;
  connection.dataset.state = state;
  if (connection.textContent !== text) connection.textContent = text;
}

async function address() {
  const url = new URL("/api/v1/dashboard/ws", window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const key = sessionStorage.getItem("satellite-telemetry.api-key");
  if (key) url.searchParams.set("ticket", await ticket(key));
  return url;
}

/** A WebSocket takes no header, and the key itself must not stand in an address. */
async function ticket(key) {
  const answer = await fetch("/api/v1/tickets", { method: "POST", headers: { "X-API-Key": key } });
  if (!answer.ok) throw new Error(`the server gives no ticket: ${answer.status}`);
  return (await answer.json()).ticket;
}

function watch(opened) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => lose(opened, "nothing heard for 10 s"), SILENCE_MS);
}

function lose(lost, reason) {
  if (socket !== lost) return;
  socket = null;
  clearTimeout(watchdog);
  lost?.close();
  lostAt ??= new Date();
  const why = reason ? ` (${reason})` : "";
  const what = wasLive
    ? `Connection lost since ${utc(lostAt).slice(11)} UTC${why}: values are old.`
    : `No connection${why}. If this platform asks for an API key, enter it in the new console, in this tab.`;
  enter("lost", `${what} Tries again every 5 s.`);
  setTimeout(connect, RECONNECT_MS);
}

async function connect() {
  if (lostAt === null) enter("connecting", "Connecting");
  let opened;
  try {
    opened = new WebSocket(await address());
  } catch (error) {
    lose(null, error.message);
    return;
  }
  socket = opened;
  watch(opened);
  opened.addEventListener("message", (event) => {
    if (socket !== opened) return;
    const message = JSON.parse(event.data);
    if (message.type !== "update") return;
    watch(opened);
    lostAt = null;
    wasLive = true;
    enter("live", "Live");
    update(message);
  });
  opened.addEventListener("close", (event) => lose(opened, event.reason));
}

connect();
