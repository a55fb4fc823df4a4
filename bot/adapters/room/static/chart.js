// The chart of a market, drawn by the page: every outcome's steps, with what happened marked on them.

/** Draws into `host` and follows the market. */
export function create() {}
