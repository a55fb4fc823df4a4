// Sounds of the great moments: a few tones made here, no files. Off until somebody switches them on; the choice is kept.

import { h, svg } from "./dom.js";

const KEY = "outcry-sounds";
// each tone: [hertz, begins after s, lasts s, loudness]
const TUNES = {
  tick: [[880, 0, 0.05, 0.12]],
  freeze: [[660, 0, 0.18, 0.14], [494, 0.14, 0.22, 0.14], [330, 0.3, 0.5, 0.14]],
  resume: [[392, 0, 0.14, 0.12], [587, 0.12, 0.24, 0.12]],
  out: [[196, 0, 0.24, 0.22], [147, 0.2, 0.3, 0.22], [98, 0.44, 0.9, 0.24]],
  win: [[523, 0, 0.16, 0.16], [659, 0.14, 0.16, 0.16], [784, 0.28, 0.16, 0.16], [1047, 0.42, 0.7, 0.18], [784, 0.42, 0.7, 0.1]],
};

let audio = null;
let on = stored();

function stored() {
  try {
    return localStorage.getItem(KEY) === "on";
  } catch {
    return false; // storage may be off: then the choice lasts as long as the page
  }
}

/** One of TUNES, where sounds are on. Never throws: a browser may refuse until the page is touched. */
export function play(name) {
  if (!on) return;
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") void audio.resume();
    for (const [hertz, after, lasts, loudness] of TUNES[name]) tone(audio, hertz, audio.currentTime + after, lasts, loudness);
  } catch {
    // no sound then
  }
}

function tone(context, hertz, at, lasts, loudness) {
  const source = context.createOscillator();
  const level = context.createGain();
  source.type = "triangle";
  source.frequency.value = hertz;
  level.gain.setValueAtTime(0, at);
  level.gain.linearRampToValueAtTime(loudness, at + 0.015);
  level.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
  source.connect(level).connect(context.destination);
  source.start(at);
  source.stop(at + lasts + 0.05);
}

/** The switch, for the page's tools. */
export function toggle() {
  const waves = svg("path", { class: "waves", d: "M15.5 8.5a5 5 0 0 1 0 7M18.5 5.5a9 9 0 0 1 0 13" });
  const mute = svg("path", { class: "mute", d: "M16 9.5l5 5M21 9.5l-5 5" });
  const icon = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" }), waves, mute);
  const button = h("button", { type: "button", class: "icon sound", id: "sound", on: { click: change } }, icon);
  const label = () => {
    button.setAttribute("aria-label", "Sounds");
    button.setAttribute("aria-pressed", String(on));
    button.title = on ? "Sounds are on" : "Sounds are off";
  };
  function change() {
    on = !on;
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // see above
    }
    label();
    play("resume");
  }
  label();
  return button;
}
