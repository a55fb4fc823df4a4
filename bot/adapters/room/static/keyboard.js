// The keyboard's place on the page: it is never lost when what had it goes, and letters typed where nothing is written mean
// the command line.

let path = []; // what has the keyboard, and all around it
let outside = []; // the same of the page below an open dialog
let pointed = true; // the pointer put it there

/** Whether one may take it: there and not covered by what is open. */
const takes = (element) => element instanceof Element && element !== document.body && element !== document.documentElement && element.isConnected && element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");

function came(event) {
  const around = event.composedPath().filter((element) => element instanceof Element);
  const dialog = event.target.closest("dialog");
  if (!dialog) outside = around;
  path = dialog ? [...around.slice(0, around.indexOf(dialog) + 1), ...outside] : around;
}

/** Where the keyboard was on something that is gone, the nearest around it that is still there takes it. */
function keep() {
  const on = document.activeElement;
  if (!path.length || (on && on !== document.body) || takes(path[0])) return;
  const next = path.find(takes);
  path = outside = [];
  if (!next) return;
  if (!next.matches("a[href], button, input, select, textarea, summary, [tabindex]")) next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

/** `typed(event)`: a letter that belongs to the command line. */
export function start(typed) {
  document.addEventListener("focusin", came);
  document.addEventListener("focusout", (event) => {
    if (event.relatedTarget) return;
    if (takes(event.target)) path = outside = []; // one has left it oneself
    else queueMicrotask(keep);
  });
  new MutationObserver(keep).observe(document.body, { subtree: true, childList: true, attributeFilter: ["hidden", "open"] });
  addEventListener("pointerdown", () => (pointed = true), { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    const letter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Tab" || event.key.startsWith("Arrow")) pointed = false;
    if (!letter || event.defaultPrevented || event.target.closest("input, textarea, select, dialog:not(.winner-screen), [role=slider], aside")) return;
    // whoever reached a button by keyboard may mean a shortcut of what reads the page to them
    if (event.target === document.body || pointed || event.target.closest(".winner-screen")) typed(event);
  });
}
