// The button that turns the page dark or light, as theme.js finds it at the next visit.

const KEY = "outcry-theme";
const other = () => (document.documentElement.dataset.theme === "light" ? "dark" : "light");

/** Makes `button` switch; `changed()` is called once it has. */
export function start(button, changed = () => {}) {
  const label = () => {
    button.title = `Switch to the ${other()} theme`;
    button.setAttribute("aria-label", button.title);
  };
  button.addEventListener("click", () => {
    const theme = other();
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // storage may be off: then the choice lasts as long as the page
    }
    label();
    changed();
  });
  label();
}
