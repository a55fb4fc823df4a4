// In place of theme.js where this page is a Mini App: dark or light as Telegram is, before the first paint. The colours follow
// (telegram_theme.js). A classic script on purpose; it leaves nothing behind.
(() => {
  let dark = true;
  try {
    const { bg_color: ground } = JSON.parse(new URLSearchParams(location.hash.slice(1)).get("tgWebAppThemeParams"));
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(ground.slice(at, at + 2), 16));
    dark = 0.3 * red + 0.59 * green + 0.11 * blue < 128;
  } catch {
    // opened without a theme: Telegram tells it later
  }
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.classList.add("app");
})();
