// One's own result as a picture to share, drawn by the page.

/** Draws it and offers it. */
export function offer() {}
