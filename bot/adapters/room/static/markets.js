// The markets one may see, with live prices.

/** Draws into `host`. */
export function create() {}
