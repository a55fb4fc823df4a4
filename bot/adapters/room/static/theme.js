// Sets the theme before the first paint: the reader's choice, else the system's light, else dark.
// A classic script on purpose (modules run after the first paint); it leaves nothing behind.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("outcry-theme");
  } catch {
    // storage may be off: then the choice lasts as long as the page
  }
  const light = chosen ? chosen === "light" : matchMedia("(prefers-color-scheme: light)").matches;
  document.documentElement.dataset.theme = light ? "light" : "dark";
})();
